"""Answers taken away as files: made here, and given by the page itself (``given.js``), with no request and no file kept."""

import base64
import json
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from rag.exports.saving import exported
from ui.conversations import Turn
from ui.html import Html, element
from ui.texts import Language

SCRIPT = Path(__file__).with_name("given.js").read_text("utf-8")
KINDS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html",
    "md": "text/markdown",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
}
"""The media types of what can be taken away, by the suffix of the file."""
RECORD = "json"
"""The suffix of the record of one answer, which can be verified later."""


def has_record(turn: Turn) -> bool:
    """Whether a turn is over and was answered, so that it can be taken away."""
    return turn.answer is not None and "record" in turn.answer


def given(turns: Sequence[Turn], kind: str, language: Language, title: str = "") -> Html:
    """A file with the answers of those turns that have one, for the page to give; empty where none has.

    Args:
        turns: of one conversation, oldest first.
        kind: one of ``KINDS``; of one answer its ``RECORD``, too.
        language: of what the file says besides the answers.
        title: of a conversation; of one answer its question is the title.
    """
    records = [turn.answer["record"] for turn in turns if turn.answer and has_record(turn)]
    if records and kind == RECORD:
        made, media_type = json.dumps(records[-1], ensure_ascii=False, indent=2).encode(), "application/json"
    elif records and kind in KINDS:
        made, media_type = exported(records, f".{kind}", language, title), KINDS[kind]
    else:
        return Html()
    content = base64.b64encode(made).decode()
    moment = re.sub(r"\W", "", records[-1]["times"]["asked"][:19])
    name = f"youju-{moment}{'-conversation' if title else ''}.{kind}"
    return element("span", data_given=secrets.token_hex(8), data_file=name, data_type=media_type, data_content=content)
