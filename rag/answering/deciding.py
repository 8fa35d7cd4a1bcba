"""Deciding: whether what was found answers, with what a language model itself holds of it, and else what comes nearest."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from rag.answering.answerability import margin
from rag.answering.finding import Part
from rag.answering.margins import tells_margins
from rag.answering.nearest import Nearest, nearest
from rag.answering.silence import beside_model, signals_of
from rag.language_models.calls import Calls
from rag.questions.kinds import asks_for_speaker
from rag.reading.choice import ReaderChoice
from rag.reading.evidence import EvidenceSelector
from rag.tracing.trace import Trace

DOUBT = 0.15
"""The confidence from which on a language model's doubt does not silence what the words answer: it is quoted then."""
UNSURE, SURE = 0.05, 0.98
"""Confidences between which a language model is asked whether it can answer."""


@dataclass(frozen=True, slots=True)
class Decider:
    """Decides what is answered.

    Attributes:
        selector: gives the sentences of documents.
        reader: tells what a sentence lacks of a question, where it can.
        least: the confidence from which on a question is answered.
        calls: what is asked of the language model; None without one.
        model: its name.
        trace: where every step is told.
    """

    selector: EvidenceSelector
    reader: ReaderChoice
    least: float
    calls: Calls | None
    model: str
    trace: Trace

    def decided(self, part: Part) -> Part:
        """A part as :meth:`_weighed`, where it is not answered with what comes nearest; what was decided is told."""
        with self.trace.step("decide", part.question) as step:
            weighed = self._weighed(part)
            if not weighed.is_answered(self.least):
                weighed = replace(weighed, nearest=self._nearest(weighed))
            step.attributes |= {
                "confidence": round(weighed.confidence, 4),
                "threshold": self.least,
                "answered": weighed.is_answered(self.least),
                "values": len(part.points),
                "corrected": weighed.is_corrected,
                "quoted": weighed.is_quoted,
            }
            step.tell(**_grounds(weighed))
        return weighed

    def _weighed(self, part: Part) -> Part:
        """A part with what the language model itself holds of its evidence added to the confidence.

        It is asked where the words leave the question open; on the prompt of the answer, which it reads but once.
        """
        settled = (
            part.points or part.computed or part.misattribution or asks_for_speaker(part.question)
        )  # the prompt names no speakers
        is_open = UNSURE <= part.confidence <= SURE
        if settled or self.calls is None or not tells_margins(self.calls.chat_model) or not is_open:
            return part
        with self.trace.step("doubt", part.question) as step:
            own = margin(self.calls, part.question, part.evidence)
            step.attributes |= {"model": self.model, **({} if own is None else {"margin": round(own, 4)})}
        if own is None:
            return part
        weighed = replace(part, confidence=beside_model(part.confidence, own))
        silenced = part.is_answered(self.least) and not weighed.is_answered(self.least)
        if silenced and (part.is_respelled or weighed.confidence >= DOUBT):
            # A model denies what only the spelling makes unanswerable, and is often in doubt; what the documents say is
            # the answer.
            return replace(part, is_quoted=True)
        return weighed

    def _nearest(self, part: Part) -> Nearest | None:
        """What comes nearest to a part that is not answered; None without a reader."""
        reader = self.reader.for_evidence
        return nearest(reader, part.question, part.evidence, self.selector.structure) if reader else None


def _grounds(part: Part) -> dict[str, Callable[[], Any]]:
    """What spoke for and against answering a part, for the trace."""
    return {
        "missing": lambda: list(part.nearest.words) if part.nearest else [],
        "signals": lambda: asdict(signals_of(part.question, part.evidence)) if part.evidence else {},
        "values_found": lambda: [point.text for point in part.points],
        "correction": lambda: _correcting(part),
    }


def _correcting(part: Part) -> str:
    """The sentence that corrects a part; empty where none does."""
    found = part.misattribution or (part.nearest if part.is_corrected else None)
    return found.evidence.sentence.text if found else ""
