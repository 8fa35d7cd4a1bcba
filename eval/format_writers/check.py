"""How much of what was written comes out of each format when it is loaded: ``python -m eval.format_writers``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from eval.format_writers import file_name, written
from eval.format_writers.content import Content
from eval.format_writers.pieces import deletions, pieces
from eval.format_writers.standing import Standing, folded
from rag.loading import load_bytes
from rag.text.documents import Document

_ORDERED = frozenset({"title", "h1", "h2", "p", "item", "label", "box", "cell", "note", "signature"})
"""Pieces that are read in their order; formats may put the others elsewhere."""
_SHORT, _FAR = 6, 200
"""So short a piece found so far behind the last one, in characters, is another place of the same words."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came out of a file.

    Attributes:
        wanted: number of pieces that the file holds.
        missing: those that are not in its text, with their kind.
        ordered, misplaced: number of pieces with a place in the order, and those that do not stand where it wants them.
        kept: deletions that are in the text.
    """

    wanted: int
    missing: tuple[tuple[str, str], ...]
    ordered: int
    misplaced: tuple[str, ...]
    kept: tuple[str, ...]


def loaded(content: Content, form: str) -> Document:
    """The content written in a format and loaded again.

    Raises:
        LoadError: it cannot be loaded.
        UsageError: a library for writing is missing.
    """
    name = file_name(content, form)
    return load_bytes(written(content, form), name)


def checked(content: Content, form: str, text: str) -> Checked:
    """Looks for everything that the content's file of a format holds in the text that was loaded from it."""
    standing = Standing(text)
    wanted = list(pieces(content, form))
    missing, misplaced, at, ordered = [], [], 0, 0
    for piece in wanted:
        words = folded(piece.text)
        if not any(True for _ in standing.places(piece.text)):
            missing.append((piece.kind, piece.text))
            continue
        if piece.kind not in _ORDERED:
            continue
        ordered += 1
        found = standing.folded.find(words, at)
        if found < 0 or (len(words) < _SHORT and found - at > _FAR):
            misplaced.append(piece.text)
        else:
            at = found + len(words)
    kept = tuple(words for words in deletions(content) if folded(words) in standing.folded)
    return Checked(len(wanted), tuple(missing), ordered, tuple(misplaced), kept)


def table(results: Mapping[str, Sequence[Checked]]) -> Iterable[tuple[str, ...]]:
    """By format: files, pieces, share found, share of those in order, deletions kept; a row of texts each."""
    for form, each in results.items():
        wanted, ordered = sum(one.wanted for one in each), sum(one.ordered for one in each)
        found = 1 - sum(len(one.missing) for one in each) / wanted if wanted else 0
        in_order = 1 - sum(len(one.misplaced) for one in each) / ordered if ordered else 0
        kept = sum(len(one.kept) for one in each)
        yield form, str(len(each)), str(wanted), f"{found:.3f}", f"{in_order:.3f}", str(kept)
