"""What the commands work with, opened as the user names it: an index, its documents, an embedder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import UsageError
from rag.messages import both, say
from rag.terminal import output

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.index.store import Store


@contextmanager
def opened_assistant(
    index: str | Path | None, *, quiet: bool = False, makes: bool = False, **options: Any
) -> "Iterator[Assistant]":
    """The assistant for an index; one that a user names is made only where he adds to it (``makes``)."""
    from rag.assistant import Assistant

    named = named_index(index)
    if named and not makes:
        with opened_store(named):
            pass
    with output.file_progress(say("preparing"), quiet=quiet) as progress:
        assistant = Assistant.open(named, progress=progress, **options)
    try:
        yield assistant
    finally:
        assistant.close()


@contextmanager
def opened_store(folder: Path) -> "Iterator[Store]":
    """An existing index as it is, whatever its embedder."""
    from rag.index.store import Store

    store = Store.open_as_it_is(folder)
    try:
        yield store
    finally:
        store.close()


def named_index(index: str | Path | None) -> Path | None:
    """Folder of the index that the user names; None where he means the sample documents."""
    from rag.settings import Settings

    given = index or Settings.from_environment().index
    return Path(os.path.expanduser(given)) if given else None


def window_index() -> Path:
    """Folder of the index that the chat window keeps where the user names none: documents and conversations last there.

    Unlike the sample index it is no cache, so it lies among the user's data, or in ``$YOUJU_HOME``.
    """
    home = os.environ.get("YOUJU_HOME", "").strip()
    if home:
        return Path(home).expanduser().absolute() / "window"
    from platformdirs import user_data_path

    return user_data_path("youju", appauthor=False) / "window"


def own_index(index: str | None) -> Path:
    """The index to change; the embedded one cannot be."""
    named = named_index(index)
    if named is None:
        raise UsageError(*both("needs_index"))
    return named


def index_folder(index: str | None, embedder: str | None) -> Path:
    """Folder of the index asked for; that of the sample documents is made when it is not there."""
    named = named_index(index)
    if named:
        return named
    with opened_assistant(None, embedder=embedder) as assistant:
        assistant.retriever.refresh()
        return assistant.store.folder


def entries_of(index: str | None, *, in_short: bool = False) -> tuple[list[Any], dict[str, str]]:
    """The documents of an index, and what each says in short, by its id, where that is wanted."""
    named = named_index(index)
    if named:
        with opened_store(named) as store:
            return store.entries(), _in_short(store) if in_short else {}
    with opened_assistant(None) as assistant:
        return assistant.documents(), _in_short(assistant.store) if in_short else {}


def _in_short(store: Any) -> dict[str, str]:
    from rag.index.introductions import Introductions

    introductions = Introductions(store)
    known = introductions.known()
    short = {entry.id: known[entry.id].short if entry.id in known else None for entry in store.entries()}
    return {key: introductions.short(key) if told is None else told for key, told in short.items()}


def chosen_embedder(setting: str | None) -> Any:
    from embeddings import load
    from rag.settings import Settings

    return load(setting or Settings.from_environment().embedder)


def document_id(store: "Store", given: str) -> str:
    """Id of the document that an id or a path names."""
    absolute = os.path.abspath(os.path.expanduser(given))
    for entry in store.entries():
        if given in (entry.id, entry.path) or entry.path == absolute:
            return entry.id
    return store.document(given).id
