"""Chunks: spans of a document at sentence and turn boundaries, the unit that is embedded and retrieved."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from rag.text.structure import Sentence

DEFAULT_SIZE = 300


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of a document.

    Attributes:
        start, end: the exact span in ``Document.text``.
        text: how it reads; this is what is embedded and lexically indexed.
        speakers: who speaks in it, in order of appearance.
    """

    start: int
    end: int
    text: str
    speakers: tuple[str, ...]


def chunk(sentences: list[Sentence], size: int = DEFAULT_SIZE) -> list[Chunk]:
    """Packs sentences into chunks of at most ``size`` readable characters.

    A chunk never crosses a heading, nor the change from one speaker to another, except that a question stays with the
    beginning of its answer. A sentence longer than ``size`` is a chunk of its own (none is longer than
    ``structure.LONGEST_SENTENCE``). A small rest (under a quarter of ``size``) joins the chunk before it in the same
    turn.
    """
    if size < 20:
        raise ValueError(f"the size of a chunk must be at least 20 characters, not {size}")
    return [_chunk(group) for turn in _turns(sentences) for group in _pack(turn, size)]


def speakers_of(sentences: Iterable[Sentence]) -> tuple[str, ...]:
    """Who speaks in sentences, in order of appearance."""
    return tuple(dict.fromkeys(sentence.speaker for sentence in sentences if sentence.speaker))


def _turns(sentences: list[Sentence]) -> Iterator[list[Sentence]]:
    """Groups of sentences that may share a chunk: a heading with what follows it, a question with its answer."""
    turn: list[Sentence] = []
    for before, sentence in pairwise([None, *sentences]):
        assert sentence is not None
        if before is not None and turn and _is_boundary(before, sentence):
            yield turn
            turn = []
        turn.append(sentence)
    if turn:
        yield turn


def _is_boundary(before: Sentence, sentence: Sentence) -> bool:
    if sentence.kind == "heading":
        return before.kind != "heading"
    if before.kind == "heading":
        return False
    if sentence.kind == "question":
        return before.kind != "question" or before.speaker != sentence.speaker
    return before.speaker != sentence.speaker and before.kind != "question"


def _pack(turn: list[Sentence], size: int) -> list[list[Sentence]]:
    groups: list[list[Sentence]] = []
    length = 0
    for sentence in turn:
        if groups and length + len(sentence.text) <= size:
            groups[-1].append(sentence)
            length += len(sentence.text)
        else:
            groups.append([sentence])
            length = len(sentence.text)
    if len(groups) > 1 and length < size / 4:
        rest = groups.pop()
        groups[-1] += rest
    return groups


def _chunk(group: list[Sentence]) -> Chunk:
    return Chunk(group[0].start, group[-1].end, "\n".join(_readable_paragraphs(group)), speakers_of(group))


def _readable_paragraphs(group: list[Sentence]) -> Iterator[str]:
    paragraph = ""
    for before, sentence in pairwise([None, *group]):
        assert sentence is not None
        if before is not None and before.paragraph != sentence.paragraph:
            yield paragraph
            paragraph = ""
        joint = " " if paragraph and paragraph[-1].isascii() and sentence.text[0].isascii() else ""
        paragraph += joint + sentence.text
    yield paragraph
