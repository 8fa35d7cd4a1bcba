"""Which documents the next question is put to: each can be chosen, and so can a folder with all that lies in it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rag.errors import UsageError
from rag.index.rows import Entry
from rag.text.view import without_invisible
from ui.paths import shown_path
from ui.texts import Language, say

MOST_OFFERED = 200
_FOLDER = "folder:"


def offered(
    entries: Sequence[Entry], folders: Sequence[str], query: str, chosen: Iterable[str], language: Language
) -> tuple[list[tuple[str, str]], list[str]]:
    """What can be chosen, each by name and value, and what of the chosen is still there.

    Folders come first, then documents in the order given. What is chosen is offered whatever the search.

    Args:
        entries: all documents.
        folders: those that were added, to which paths are relative.
        query: words, each of which is in the title, the source or the path.
        chosen: values.
    """
    lying = Counter(filter(None, (folder_of(entry, folders) for entry in entries)))
    names = {_FOLDER + folder: say("scope_folder", language, name=folder, n=lying[folder]) for folder in sorted(lying)}
    names |= {entry.id: without_invisible(entry.title) for entry in entries}
    searched = {value: value.removeprefix(_FOLDER).casefold() for value in names if value.startswith(_FOLDER)}
    searched |= {
        entry.id: "\n".join((entry.title, entry.source, shown_path(entry.path, folders))).casefold()
        for entry in entries
    }
    words, kept = query.casefold().split(), [value for value in chosen if value in names]
    fitting = [value for value in names if value in kept or all(word in searched[value] for word in words)]
    fitting.sort(key=lambda value: value not in kept)
    return [(names[value], value) for value in fitting[: max(MOST_OFFERED, len(kept))]], kept


def folder_of(entry: Entry, folders: Sequence[str]) -> str:
    """The folder of a document as others see it; empty where there is none."""
    return shown_path(entry.path, folders).replace("\\", "/").rpartition("/")[0]


def limits(
    entries: Sequence[Entry], folders: Sequence[str], chosen: Sequence[str], language: Language
) -> dict[str, str]:
    """The filters that the chosen make: ``documents`` as people read it, ``document_ids`` parted by blanks.

    Raises:
        UsageError: nothing that was chosen is there any more.
    """
    if not chosen:
        return {}
    wanted = set(chosen)
    found = [entry for entry in entries if entry.id in wanted or _FOLDER + folder_of(entry, folders) in wanted]
    if not found:
        raise UsageError(
            zh="所选的资料都已不在；请在左栏重新选择，或取消选择。",
            en="None of the chosen sources is there any more; choose others in the left column, or none.",
        )
    return {"documents": told(entries, chosen, language), "document_ids": " ".join(entry.id for entry in found)}


def told(entries: Sequence[Entry], chosen: Sequence[str], language: Language) -> str:
    """The chosen in a few words: one by its name, several by how many."""
    titles = {entry.id: entry.title for entry in entries}
    if len(chosen) == 1:
        return titles.get(chosen[0], chosen[0].removeprefix(_FOLDER))
    return say("scope_chosen", language, n=len(chosen))
