"""llama.cpp inside this process, through xllamacpp: loading, one request at a time, stopping, unloading.

What was found by trying (xllamacpp 2026.10), and what is done about it here:

- A server also listens on 127.0.0.1 without a key, and that cannot be switched off: it is given a socket file in a
  private folder and a random key, and the socket file is removed as soon as the server runs, so nobody can connect.
- A call without streaming cannot be stopped, and a streaming one only at its callbacks: every request streams, and
  reports its progress after each batch of the prompt, so that it stops while the prompt is read as well.
- What a callback raises is swallowed: the callback only hands over, everything else happens in the caller's thread.
- A process that ends while a call runs is aborted: at exit every request is stopped and waited for.
- Errors come as a vague ``RuntimeError``, as a returned ``{"error": …}`` and as ``ValueError``; each becomes a
  `LanguageModelError` that says what to do.
"""

import atexit
import logging
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections import deque
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Condition, Event, Lock, Thread
from typing import Any, Literal

from embeddings.weights import Weights, assemble, verify
from rag.errors import LanguageModelError, WeightsError
from rag.language_models import gguf
from rag.language_models.failures import PromptTooLongError
from rag.language_models.weights import LOCAL_EXTRA, engine_obstacle

logger = logging.getLogger(__name__)

BATCH_TOKENS = 128
"""Tokens read between two chances to stop; smaller costs speed, larger makes stopping slower."""

PROMPT_CACHE_MIB = 256
"""Memory for prompts read before, 28 KB a token for the default model; llama.cpp's own default is 8 GiB."""

LONGEST_FOLDER_PATH = 80
"""Bytes that leave room for the rest of a socket's path, which the system limits to 104 or 108."""

POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Settings:
    """What one loaded model is: calls with equal settings share it.

    ``weights`` describes a published file: it is assembled if necessary and checked by its hash. Other files are
    checked by their header.
    """

    path: Path
    context_tokens: int
    threads: int
    weights: Weights | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What happens before the first token.

    ``waiting``: ``total`` requests are ahead; ``assembling``: ``done`` of ``total`` bytes; ``loading``: the file;
    ``reading``: ``done`` of ``total`` tokens of the prompt.
    """

    stage: Literal["waiting", "assembling", "loading", "reading"]
    done: int = 0
    total: int = 0


Chunk = dict[str, Any]
"""A chunk of a chat completion in OpenAI's form."""

Message = Chunk | Progress


@dataclass(eq=False, slots=True)
class _Job:
    """One request on its way; ``messages`` ends with ``None``."""

    request: dict[str, Any]
    messages: "SimpleQueue[Message | None]" = field(default_factory=SimpleQueue)
    stopped: Event = field(default_factory=Event)
    failure: BaseException | None = None

    def take(self, chunk: dict[str, Any]) -> bool:
        """Callback of llama.cpp; true stops it. Must not raise, for nobody would hear it."""
        if self.stopped.is_set():
            return True
        try:
            self.messages.put(_read(chunk))
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            self.failure = error
            return True
        return False


class Engine:
    """A model that is loaded at its first request; requests are answered one after the other, in order of arrival.

    A request runs in a thread of its own, so the caller can be interrupted (Ctrl-C) or leave at any moment; the
    model is free again at the next callback: one token, or one batch of the prompt, later.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._server: Any = None
        self._jobs: deque[_Job] = deque()
        self._changed = Condition()

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._server is not None

    def stream(self, request: dict[str, Any], cancelled: Event | None = None) -> Generator[Message, None, None]:
        """Answer a chat request (OpenAI's form): progress first, then chunks as they are made.

        Closing the iterator, or setting ``cancelled``, stops the work; with ``cancelled`` the iterator just ends.
        Raises `LanguageModelError`; a failed loading is tried again by the next request.
        """
        job = _Job({**request, "stream": True, "return_progress": True})
        try:
            with self._changed:  # the thread waits for this block, so the job is there when it looks for it
                Thread(target=self._work, args=(job,), name="youju-language-model", daemon=True).start()
                self._jobs.append(job)
            while not (cancelled and cancelled.is_set()):
                try:
                    message = job.messages.get(timeout=POLL_SECONDS)
                except Empty:
                    continue
                if message is None:
                    break
                yield message
        finally:
            job.stopped.set()
        if job.failure is not None:
            raise job.failure

    def close(self) -> None:
        """Stop the requests under way, wait for them, and unload. A later request loads the model again."""
        with self._changed:
            leaving = list(self._jobs)
            for job in leaving:
                job.stopped.set()
            self._changed.wait_for(lambda: not any(job in self._jobs for job in leaving))
            self._server = None

    def _work(self, job: _Job) -> None:
        try:
            if self._wait_for_turn(job):
                self._answer(job)
        except _StoppedError:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            job.failure = error
        finally:
            with self._changed:
                self._jobs.remove(job)
                self._changed.notify_all()
            job.messages.put(None)

    def _wait_for_turn(self, job: _Job) -> bool:
        """Wait until no request is ahead; false if stopped before."""
        told = 0
        with self._changed:
            while (ahead := self._jobs.index(job)) and not job.stopped.is_set():
                if ahead != told:
                    job.messages.put(Progress("waiting", total=ahead))
                    told = ahead
                self._changed.wait(POLL_SECONDS)
        return not job.stopped.is_set()

    def _answer(self, job: _Job) -> None:
        server = self._server
        if server is None:
            job.messages.put(Progress("loading"))
            began = time.perf_counter()
            server = self._server = _load(self._settings, job)
            seconds = time.perf_counter() - began
            logger.info("language model loaded: file=%s seconds=%.2f", self._settings.path.name, seconds)
        try:
            if not job.stopped.is_set():
                server.handle_chat_completions(job.request, job.take)
        except (ValueError, RuntimeError) as error:
            raise _request_refused(str(error)) from error
        finally:
            del server  # an error that is kept keeps this frame, which must not keep the model in memory


def _load(settings: Settings, job: _Job) -> Any:
    """Check the file and load it; seconds, or up to a minute when it has to be assembled first."""
    if found := engine_obstacle():
        raise found
    name = settings.path.name
    if settings.weights:
        name = settings.weights.name
        _provide(settings.weights, settings.path, job)
    else:
        name = gguf.check(settings.path).name or name
    xllamacpp = _import()
    folder = _private_folder()
    try:
        return xllamacpp.Server(_parameters(xllamacpp, settings, folder))
    except RuntimeError as error:
        size = f"{settings.path.stat().st_size / 1e9:.1f} GB"
        raise LanguageModelError(
            zh=f"llama.cpp 无法载入 {name}（{settings.path}，{size}）。文件头完整，可能是这个版本不支持这种模型，"
            "或内存不足。请换一个模型，或关闭其他程序后重试。",
            en=f"llama.cpp cannot load {name} ({settings.path}, {size}). Its header is whole; this version may not "
            "support the model, or memory is short. Use another model, or close other programs and try again.",
        ) from error
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def _import() -> Any:
    try:
        import xllamacpp
    except ImportError as error:  # that it is installed was checked before: a system library is missing
        raise LanguageModelError(
            zh=f"xllamacpp 已安装但无法载入：{error}。请重新安装：{LOCAL_EXTRA}",
            en=f"xllamacpp is installed and cannot be imported: {error}. Reinstall it: {LOCAL_EXTRA}",
        ) from error
    return xllamacpp


def _provide(weights: Weights, path: Path, job: _Job) -> None:
    """Make sure that the published file is at ``path``, assembled from the installed parts where that is needed."""

    def report(done: int, total: int) -> None:
        if job.stopped.is_set():
            raise _StoppedError
        job.messages.put(Progress("assembling", done, total))

    try:
        try:
            assemble(weights, path, report)
        except WeightsError:
            if path.is_file():
                verify(weights, path)  # says what is wrong with the file, which helps more than what is not installed
            raise
    except WeightsError as error:
        raise LanguageModelError(zh=error.zh, en=error.en) from error


class _StoppedError(Exception):
    """The caller left while the file was being assembled; nobody hears this."""


def _parameters(xllamacpp: Any, settings: Settings, folder: Path | None) -> Any:
    """The measured settings; see docs of each in llama.cpp's ``common_params``."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(settings.path)
    parameters.n_ctx = settings.context_tokens
    parameters.fit_params = False  # nothing to fit on a processor; it would cost a second
    parameters.n_parallel = 1  # more would divide the context and gain nothing on a processor
    parameters.n_batch = parameters.n_ubatch = BATCH_TOKENS
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = settings.threads
    parameters.no_extra_bufts = settings.threads >= 2  # no second copy of the weights: 600 MB for 15 % of writing
    parameters.cache_ram_mib = PROMPT_CACHE_MIB
    parameters.verbosity = -1
    parameters.endpoint_slots = False
    parameters.ui = False
    parameters.api_keys = [secrets.token_hex(32)]
    if folder:
        parameters.hostnames = [str(folder / "model.sock")]  # the ending is what makes it a socket file
    return parameters


def _private_folder() -> Path | None:
    """A new folder that only this user can enter; ``None`` where a socket file is impossible (the key remains)."""
    if sys.platform == "win32":
        return None
    for parent in (tempfile.gettempdir(), "/tmp"):
        if len(os.fsencode(parent)) < LONGEST_FOLDER_PATH:
            with suppress(OSError):
                return Path(tempfile.mkdtemp(prefix="youju-", dir=parent))
    return None


def _read(chunk: dict[str, Any]) -> Message:
    """Progress, or the chunk as it is; raises what an error object means."""
    if error := chunk.get("error"):
        if error.get("type") == "exceed_context_size_error":
            raise PromptTooLongError(error.get("n_prompt_tokens"), error.get("n_ctx"))
        raise _request_refused(str(error.get("message", error)))
    if progress := chunk.get("prompt_progress"):
        return Progress("reading", progress["processed"], progress["total"])
    return chunk


def _request_refused(reason: str) -> LanguageModelError:
    return LanguageModelError(
        zh=f"本地语言模型拒绝了请求：{reason}",
        en=f"The local language model refused the request: {reason}",
    )


_engines: dict[Settings, Engine] = {}
_lock = Lock()
_abandoned: list[dict[Settings, Engine]] = []


def engine(settings: Settings) -> Engine:
    """The one engine of this process for these settings; nothing is loaded yet."""
    with _lock:
        return _engines.setdefault(settings, Engine(settings))


def close_all() -> None:
    """Stop and unload every model of this process; called at exit, where a running call would abort the process."""
    with _lock:
        engines = list(_engines.values())
    for each in engines:
        each.close()


def _begin_anew() -> None:
    """In a forked child the threads of llama.cpp are gone: its engines must be neither used nor destroyed there."""
    global _engines, _lock
    _abandoned.append(_engines)
    _engines, _lock = {}, Lock()


atexit.register(close_all)
with suppress(AttributeError):  # only where there is fork
    os.register_at_fork(after_in_child=_begin_anew)
