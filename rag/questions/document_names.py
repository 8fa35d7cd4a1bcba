"""Names of documents: which documents a question names, by their titles, the names of their files or of their folders."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Protocol, TypeVar

from rag.text.terms import fold, letters_of
from rag.text.view import HAN_CHARACTER

SHORTEST_NAME = 3
"""Letters from which on a name that stands in a question, not in quotation marks, names a document."""
LIKE = 0.8
"""How alike what stands in title marks and a title must be for one to be the other, misspelt."""
LEAST_SHARED = 3
"""Character pairs or words of a title that a question must share to name it by a part of it."""
SHORTEST_WORD = 4
_IN_TITLE_MARKS = re.compile("《([^《》]+)》")
_IN_QUOTES = re.compile('[“"「『]([^“”"「」『』]+)[”"」』]')
_FOLDER = re.compile(r"文件夹|目录|\bfolder\b|\bdirectory\b", re.IGNORECASE)
_UNITS = re.compile(f"{HAN_CHARACTER.pattern}+|[^\\W_]+")


class Named(Protocol):
    """A document as a catalogue knows it."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def title(self) -> str:
        """Its title."""

    @property
    def path(self) -> str:
        """Where it came from."""


Entry = TypeVar("Entry", bound=Named)


def documents_named(text: str, entries: Sequence[Entry], *, in_quotes: bool = True) -> list[list[Entry]]:
    """For each name of a document in a text, the documents that may be meant: one is sure, several are not.

    A name in title marks that no document has gives an empty list.

    Args:
        text: a question, or what was said before it.
        entries: the documents that may be named.
        in_quotes: whether what stands in other quotation marks may be a part of a name.
    """
    marked = [_called(name, entries) for name in _IN_TITLE_MARKS.findall(text)]
    quotes = _IN_QUOTES.findall(text) if in_quotes else []
    quoted = [found for name in quotes if (found := _called(name, entries))]
    return marked + quoted or _standing_in(text, entries)


def partly_named(text: str, entries: Sequence[Entry]) -> list[list[Entry]]:
    """The one document to which all points that a text shares with titles (``总结一下噪音办法``); else none.

    Args:
        text, entries: as for :func:`documents_named`.
    """
    wanted = _units(text)
    shared = {entry.id: wanted & _units(entry.title) for entry in entries}
    every = set().union(*shared.values())
    found = [entry for entry in entries if len(shared[entry.id]) >= LEAST_SHARED and shared[entry.id] == every]
    return [found] if len(found) == 1 else []


def in_folder_named(text: str, entries: Sequence[Entry]) -> list[Entry]:
    """The documents of the folder that a text names (``总结“政策”文件夹``); empty where it names none."""
    if not _FOLDER.search(text):
        return []
    letters = letters_of(text)
    inside: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        for folder in _parts(entry.path)[:-1]:
            if len(letters_of(folder)) > 1 and letters_of(folder) in letters:
                inside[folder].append(entry)
    return inside[max(inside, key=len)] if inside else []


def share_named(topic: str, text: str) -> float:
    """The share of a topic's letters that a text names: in pairs of Chinese characters, and in whole other words."""
    folded, letters = fold(text), letters_of(text)
    words = set(_UNITS.findall(folded))
    named = total = 0
    for run in _UNITS.findall(fold(topic)):
        total += len(run)
        if not HAN_CHARACTER.match(run):
            named += len(run) * (run in words)
            continue
        held = [len(run) == 1 and run in letters] * len(run)
        for place, pair in enumerate(pairwise(run)):
            if "".join(pair) in letters:
                held[place] = held[place + 1] = True
        named += sum(held)
    return named / total if total else 0.0


def _called(name: str, entries: Sequence[Entry]) -> list[Entry]:
    """The documents of a name, else those with a name that holds it or is held by it, else those whose name is like it."""
    wanted = letters_of(name)
    if not wanted:
        return []
    names = [(entry, own) for entry in entries for own in _names(entry)]
    ways = (
        lambda own: own == wanted,
        lambda own: wanted in own,
        lambda own: len(own) > SHORTEST_NAME and own in wanted,
        lambda own: SequenceMatcher(None, own, wanted).ratio() >= LIKE,
    )
    for fits in ways:
        if found := list({entry.id: entry for entry, own in names if fits(own)}.values()):
            return found
    return []


def _standing_in(text: str, entries: Sequence[Entry]) -> list[list[Entry]]:
    """The documents whose whole name stands in a text, by that name; none of which a longer one there is made."""
    letters, folded = letters_of(text), fold(text)
    found: dict[str, dict[str, Entry]] = defaultdict(dict)
    for entry in entries:
        file = fold(_parts(entry.path)[-1])
        if "." in file and len(file) > SHORTEST_NAME and file in folded:
            found[letters_of(file)][entry.id] = entry
        for name in _names(entry):
            if len(name) > SHORTEST_NAME and name in letters:
                found[name][entry.id] = entry
    longest = [name for name in found if not any(name != other and name in other for other in found)]
    each = {frozenset(found[name]): list(found[name].values()) for name in longest}
    return list(each.values())


def _names(entry: Named) -> Iterator[str]:
    """The letters of a document's title and of its file's name without the suffix."""
    stem = re.sub(r"\.\w{1,5}$", "", _parts(entry.path)[-1])
    yield from dict.fromkeys(filter(None, (letters_of(entry.title), letters_of(stem))))


def _parts(path: str) -> list[str]:
    return path.replace("\\", "/").split("/")


def _units(text: str) -> set[str]:
    """The character pairs and longer words of a text."""
    found: set[str] = set()
    for run in _UNITS.findall(fold(text)):
        if HAN_CHARACTER.match(run):
            found |= {one + other for one, other in pairwise(run)}
        elif len(run) >= SHORTEST_WORD:
            found.add(run)
    return found
