"""Silence: how surely the evidence answers the question; below a threshold the documents do not answer it.

Where a reader reads, that is its own calibrated judgment (:mod:`rag.reading.weighing`). Without one, how much of the
question the best sentence holds, how near in meaning it is, and whether anything is of the time asked about are weighed by
hand; that tells off what is about something else, and little more. A language model's own margin
(:mod:`rag.answering.answerability`) is added where there is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.questions.kinds import asks_for_list
from rag.reading.calibration import logit_of, probability
from rag.reading.evidence import SENTENCES, Evidence, is_foreign
from rag.reading.timeliness import is_of
from rag.settings import Caution
from rag.text.dates import dates_in
from rag.text.mentions import DateMention
from rag.text.terms import query_terms, terms_of

if TYPE_CHECKING:
    from rag.reading.findings import Findings

CONFIDENT = 0.58
THRESHOLDS: dict[Caution, float] = {"lenient": 0.4, "balanced": CONFIDENT, "strict": 0.75}
"""The least confidence that is answered: ``lenient`` answers more, ``strict`` is silent more often. On documents kept apart
0.16 of the right answers lie below ``balanced``: more than that costs as many right answers as it saves wrong ones."""
AROUND = 120
"""Characters before a sentence in which a date may be named that holds on."""
LEAST_SIMILARITY = 0.70
"""The embedded embedder's similarities all lie above this, even those of unrelated sentences."""
MARGIN_ORIGIN = 3.2
MARGIN_WEIGHT = 0.9
MARGIN_REACH = 4.0
"""What a language model's margin adds to the logit: its distance from the origin, at most this far. Fitted on 110 questions
about documents kept apart (``training/calibrate_margin.py``): the reader alone tells in 0.88 of the pairs which question its
evidence answers, the margin alone in 0.86, both in 0.92."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What is weighed where no reader reads.

    Attributes:
        similarity: the highest cosine similarity of a sentence to the question.
        is_foreign: whether the question is in another language than the evidence; words then cannot be compared.
        uncovered: the share of the question's terms that the sentence with most of them does not hold.
        lacks_time: whether no sentence is of the time asked about.
    """

    similarity: float
    is_foreign: bool
    uncovered: float
    lacks_time: bool


@dataclass(frozen=True, slots=True)
class Weights:
    """What :class:`Signals` count, in logits.

    Attributes:
        origin: the similarity at which similarity counts nothing.
        constant: for a question all of which is covered, at the origin.
        similarity: for each hundredth above the origin.
        uncovered: for the share uncovered.
        lacks_time: decides alone.
    """

    origin: float
    constant: float
    similarity: float
    uncovered: float
    lacks_time: float = -12.0

    def score(self, signals: Signals) -> float:
        """The logit of the probability that the question is answered."""
        return (
            self.constant
            + self.similarity * 100 * (signals.similarity - self.origin)
            + self.uncovered * signals.uncovered
            + self.lacks_time * signals.lacks_time
        )


WEIGHTS = Weights(0.90, 1.13, 0.96, -1.52)
# In another script only the meaning can be compared.
FOREIGN_WEIGHTS = Weights(0.777, 0.0, 0.6, 0.0)
# The similarities of another embedder may lie lower altogether; words alone decide then.
WORD_WEIGHTS = Weights(0.0, 2.4, 0.0, -4.0)


def confidence(question: str, evidence: Sequence[Evidence], findings: "Findings | None" = None) -> float:
    """How surely the evidence answers the question, from 0 to 1; the assistant answers from ``CONFIDENT`` on.

    Args:
        findings: what the reader found, where one read; else words and the embedder decide.
    """
    if not evidence:
        return 0.0
    if findings and findings.answer:
        # The items of a list are sentences of their own, and each of them answers; a long list is no surer for its length.
        answering = evidence[:SENTENCES] if asks_for_list(question) else evidence[:1]
        chance = sum(part.chance or 0.0 for part in answering)
        return findings.calibration.answered(chance, is_foreign(question, evidence))
    found = signals_of(question, evidence)
    weights = FOREIGN_WEIGHTS if found.is_foreign else WEIGHTS if found.similarity >= LEAST_SIMILARITY else WORD_WEIGHTS
    return probability(weights.score(found))


def beside_model(confidence: float, margin: float) -> float:
    """A confidence with what a language model itself holds of the evidence added, from 0 to 1.

    Args:
        confidence: without it.
        margin: the model's own (:func:`rag.answering.answerability.margin`).
    """
    from_origin = max(-MARGIN_REACH, min(MARGIN_REACH, margin - MARGIN_ORIGIN))
    return probability(logit_of(confidence) + MARGIN_WEIGHT * from_origin)


def signals_of(question: str, evidence: Sequence[Evidence]) -> Signals:
    """What speaks for and against an answer; ``evidence`` is not empty."""
    dates = dates_in(question)
    return Signals(
        similarity=max(part.similarity or 0.0 for part in evidence),
        is_foreign=is_foreign(question, evidence),
        uncovered=min(uncovered(question, _known_of(part)) for part in evidence),
        lacks_time=bool(dates) and _is_of_another_time(dates[-1], evidence),
    )


def uncovered(asked: str, text: str) -> float:
    """The share of a question's terms (:func:`rag.text.terms.query_terms`) that a text does not hold, from 0 to 1."""
    wanted = set(query_terms(asked).tolist())
    return len(wanted - set(terms_of(text).tolist())) / len(wanted) if wanted else 0.0


def _known_of(part: Evidence) -> str:
    """A sentence with what a reader of it knows: title, occasion, heading, speakers."""
    document, sentence = part.document, part.sentence
    return "\n".join(
        (sentence.text, document.title, document.event, document.source, sentence.heading, *document.speakers)
    )


def _is_of_another_time(asked: DateMention, evidence: Sequence[Evidence]) -> bool:
    """Whether no sentence is of a time; evidence that neither names nor has any date may be of any."""
    told = [(part.document.trusted_date, _dates_of(part)) for part in evidence]
    known = any(published or dates for published, dates in told)
    return known and not any(is_of(asked, published, dates) for published, dates in told)


def _dates_of(part: Evidence) -> list[DateMention]:
    """The times that a sentence names, and those named shortly before it."""
    before = part.document.text[max(0, part.sentence.start - AROUND) : part.sentence.start]
    # Each by itself: a year that is only compared with (高于去年四季度) does not go over to the next sentence.
    published = part.document.trusted_date
    return dates_in(part.sentence.text, published) + dates_in(before, published)
