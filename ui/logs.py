"""What the server logs: failures by kind and place, and questions only where whoever started it wants them logged.

An exception's own text may hold a question or a piece of a document, and so may a traceback, which ends in it. So the
log has neither.
"""

import logging
import traceback
from pathlib import Path

from rag.errors import StoreError, YoujuError
from rag.tracing.logs import allows_questions

FRAMES = 4

logger = logging.getLogger(__name__)


def told_where(error: BaseException) -> str:
    """The type of an exception and the last places it went through, in one line."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    places = " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__} at {places or '?'}"


def for_others(error: YoujuError) -> YoujuError:
    """An error as a client may know it: what is wrong with the index names its place, which only the log is told."""
    if not isinstance(error, StoreError):
        return error
    logger.error("%s", error)
    return YoujuError(
        zh="索引现在不能读写；原因见服务器的日志。",
        en="The index cannot be read or written now; the server's log says why.",
    )


def asked(client: str, question: str) -> None:
    """Logs a question, and who asked it, if that is wanted."""
    if allows_questions():
        logger.info("%s asked: %s", client or "?", question)
