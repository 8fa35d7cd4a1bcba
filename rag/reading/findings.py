"""What the reader finds for a question in the passages of a search: which sentences bear on it, and the answer's words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rag.documents import Document
from rag.reading.calibration import REACH, UNCALIBRATED, Calibration
from rag.reading.passages import Passage, passages_of
from rag.reading.reader import Reader, Reading
from rag.retrieval import Hit
from rag.structure import Sentence

READ_FIRST, READ_AT_MOST = 4, 10
"""Passages that are read at once, and passages that are read where those have no sure answer. Of 97 questions on documents
of eight genres the first four held the answer in 96 (``docs/evaluation.md``)."""
SURE = 3.0
"""The margin of an answer from which on no further passages are read."""


@dataclass(frozen=True, slots=True)
class ShortAnswer:
    """The words of a sentence that answer a question.

    Attributes:
        document, sentence: where they stand.
        start, end: the characters of ``sentence.text``.
        margin: how much likelier, in logits, they answer than nothing of their passage does.
    """

    document: Document
    sentence: Sentence
    start: int
    end: int
    margin: float

    @property
    def text(self) -> str:
        """The words as they read."""
        return self.sentence.text[self.start : self.end]

    def stands_in(self, document: Document, sentence: Sentence) -> bool:
        """Whether they are words of this sentence."""
        return (self.document.id, self.sentence.start) == (document.id, sentence.start)


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found.

    Attributes:
        relevance: for each sentence read, by document id and start, how surely it bears on the question, in logits.
        answer: the likeliest answer; None where nothing was read.
        next_margin: the margin of the likeliest answer in any other sentence.
        lacking_words: the words of the question that the passage of the answer does not bear out.
        lacking: how surely the likeliest of its words is not borne out, in logits.
        calibration: what the reader's logits are worth.
    """

    relevance: dict[tuple[str, int], float] = field(default_factory=dict)
    answer: ShortAnswer | None = None
    next_margin: float = -REACH
    lacking_words: tuple[str, ...] = ()
    lacking: float = 0.0
    calibration: Calibration = UNCALIBRATED


def find(
    reader: Reader, question: str, hits: Sequence[Hit], structure: Callable[[Document], Sequence[Sentence]]
) -> Findings:
    """Reads the best hits, and further ones where they have no sure answer.

    Args:
        reader: what reads.
        question: one question, which stands alone.
        hits: best first.
        structure: gives the sentences of a document.
    """
    read: list[tuple[Passage, Reading]] = []
    every = passages_of(hits, structure)
    for first, last in ((0, READ_FIRST), (READ_FIRST, READ_AT_MOST)):
        passages = every[first:last]
        readings = reader.read(
            question,
            [passage.text for passage in passages],
            [passage.spans for passage in passages],
            [passage.heading for passage in passages],
        )
        read += zip(passages, readings, strict=True)
        if any(reading.margin >= SURE for _, reading in read):
            break
    if not read:
        return Findings()
    relevance: dict[tuple[str, int], float] = {}
    for passage, reading in read:
        for sentence, score in zip(passage.sentences, reading.sentences, strict=True):
            place = (passage.document.id, sentence.start)
            relevance[place] = max(score, relevance.get(place, score))
    passage, best = max(read, key=lambda each: each[1].margin)
    answer = _short_answer(passage, best)
    others = (_short_answer(passage, reading) for passage, reading in read)
    next_margin = max(
        (other.margin for other in others if not other.stands_in(answer.document, answer.sentence)), default=-REACH
    )
    lacking = tuple(question[start:end] for start, end in best.missing)
    return Findings(relevance, answer, next_margin, lacking, best.lacking, reader.calibration)


def _short_answer(passage: Passage, reading: Reading) -> ShortAnswer:
    """The answer within one sentence; what goes on into the next is left out."""
    start, end = reading.answer
    number = passage.sentence_at(start)
    first, last = passage.spans[number]
    sentence = passage.sentences[number]
    inside = max(start - first, 0), max(min(end, last) - first, 0)
    return ShortAnswer(passage.document, sentence, *inside, reading.margin)
