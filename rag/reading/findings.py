"""What the reader finds for a question in the passages of a search: which sentences bear on it, and the answer's words."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, repeat

from rag.reading.calibration import UNCALIBRATED, Calibration
from rag.reading.designators import is_of_a_sister
from rag.reading.labels import NO_LABELS, LabelWeights
from rag.reading.passages import Passage, passages_of
from rag.reading.reader import Reader, Reading, SentenceReading, trimmed
from rag.reading.scope import asked_of
from rag.reading.weighing import Echo, Lacking, Weighing, unfitted
from rag.search.retrieval import Hit
from rag.text.documents import Document
from rag.text.structure import Sentence
from rag.text.terms import fold, letters_of

READ = 3
"""Passages that are read. Among documents kept apart two, three and four do alike; with ten the reader went wrong more often
(``docs/notebook.md``)."""
SAID_BACK = 3
"""Sentences with whose answer the question is said back."""


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
class ReadSentence:
    """What the reader holds of a sentence.

    Attributes:
        relevance: how surely it bears on the question, in logits.
        answer: the margin of the likeliest answer within it.
        is_likeliest: whether its passage has no likelier one.
        rank: of its passage, from 0.
        echo: what it holds of the question said back with that answer; None where that was not read.
    """

    relevance: float
    answer: float
    is_likeliest: bool
    rank: int
    echo: Echo | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found.

    Attributes:
        read: for each sentence read, by document id and start, what the reader holds of it.
        answer: the likeliest answer; None where nothing was read.
        lacking: what its passage holds of the question.
        weighing: what the reader's logits are worth beside all else that is known of a sentence.
        labels: what the heads of cells add to that.
        calibration: what that is worth.
    """

    read: dict[tuple[str, int], ReadSentence] = field(default_factory=dict)
    answer: ShortAnswer | None = None
    lacking: Lacking = field(default_factory=Lacking)
    weighing: Weighing = field(default_factory=unfitted)
    labels: LabelWeights = NO_LABELS
    calibration: Calibration = UNCALIBRATED

    def of(self, document: Document, sentence: Sentence) -> ReadSentence | None:
        """What the reader holds of a sentence; None where it was not read."""
        return self.read.get((document.id, sentence.start))


def find(
    reader: Reader,
    question: str,
    hits: Sequence[Hit],
    structure: Callable[[Document], Sequence[Sentence]],
) -> Findings:
    """Reads the best hits.

    Args:
        reader: what reads.
        question: one question, which stands alone.
        hits: best first.
        structure: gives the sentences of a document.
    """
    passages = list(islice(_distinct(hits, structure, question), READ))
    if not passages:
        return Findings()
    ends = reader.tokenizer.ends(question)
    wordings = [asked_of(question, each, ends, structure(each.document)) for each in passages]
    asked, readings = zip(*map(_read, repeat(reader), wordings, passages), strict=True)
    readings = tuple(_of_the_thing_itself(question, *each) for each in zip(passages, readings, strict=True))
    read: dict[tuple[str, int], ReadSentence] = {}
    answers = [_short_answer(passage, reading) for passage, reading in zip(passages, readings, strict=True)]
    echoes = _echoes(reader, asked, passages, readings)
    for rank, (passage, reading, answer) in enumerate(zip(passages, readings, answers, strict=True)):
        for number, (sentence, own) in enumerate(zip(passage.sentences, reading.sentences, strict=True)):
            is_likeliest = answer.stands_in(passage.document, sentence)
            found = ReadSentence(own.relevance, own.margin, is_likeliest, rank, echoes.get((rank, number)))
            place = (passage.document.id, sentence.start)
            if place not in read or own.relevance > read[place].relevance:  # passages may overlap
                read[place] = found
    best = max(range(len(answers)), key=lambda rank: answers[rank].margin)
    return Findings(read, answers[best], readings[best].lacking, reader.weighing, reader.labels, reader.calibration)


def _read(reader: Reader, wordings: Sequence[str], passage: Passage) -> tuple[str, Reading]:
    """The surest reading of a passage that is asked a question in several wordings, with that wording."""
    found = ((each, reader.read(each, [passage.text], [passage.spans], [passage.heading])[0]) for each in wordings)
    return max(found, key=lambda each: each[1].margin)


def _of_the_thing_itself(question: str, passage: Passage, reading: Reading) -> Reading:
    """A reading without what is said of a sister of the very thing asked about: such sentences bear on nothing."""
    sisters = {
        number
        for number, told in enumerate(passage.told)
        if is_of_a_sister(question, told.text, passage.around(number), passage.document.text)
    }
    if not sisters:
        return reading
    sentences = tuple(SentenceReading() if number in sisters else own for number, own in enumerate(reading.sentences))
    if passage.sentence_at(reading.answer[0]) not in sisters:
        return replace(reading, sentences=sentences)
    best = max(sentences, key=lambda own: own.margin)
    return replace(reading, sentences=sentences, answer=best.answer, margin=best.margin)


def _distinct(
    hits: Sequence[Hit], structure: Callable[[Document], Sequence[Sentence]], question: str
) -> Iterator[Passage]:
    """The passages of hits, less those of which each sentence stands in better ones under the same heading.

    People keep one paper as .docx, .pdf and .xlsx; its copies would take the places of what else there is to read.
    """
    known: set[tuple[str, str]] = set()
    for hit in hits:
        for passage in passages_of([hit], structure, question):
            told = {(fold(passage.heading), letters_of(each.text)) for each in passage.told}
            if not told <= known:
                known |= told
                yield passage


def _echoes(
    reader: Reader, asked: Sequence[str], passages: Sequence[Passage], readings: Sequence[Reading]
) -> dict[tuple[int, int], Echo]:
    """What the sentences that bear most on the question hold of it with their answers, by passage and sentence.

    Args:
        asked: the question as it is asked of each passage.
    """
    answering = [
        (sentence.relevance, rank, number, answer)
        for rank, (passage, reading) in enumerate(zip(passages, readings, strict=True))
        for number, sentence in enumerate(reading.sentences)
        if (answer := passage.text[slice(*sentence.answer)])
    ]
    best = sorted(answering, key=lambda each: -each[0])[:SAID_BACK]
    return {
        (rank, number): echo
        for _, rank, number, answer in best
        for echo in reader.echoes(asked[rank], [answer], [passages[rank].around(number)])
    }


def _short_answer(passage: Passage, reading: Reading) -> ShortAnswer:
    """The answer within one sentence; what goes on into the next is left out."""
    start, end = reading.answer
    number = passage.sentence_at(start)
    first, last = passage.spans[number]
    told = passage.told[number]
    inside = told.span(*trimmed(told.text, max(start - first, 0), max(min(end, last) - first, 0)))
    return ShortAnswer(passage.document, passage.sentences[number], *inside, reading.margin)
