"""Words given to somebody else: a question may say that one person said what the documents have another say."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answering.silence import uncovered
from rag.questions.kinds import asks_for_speaker
from rag.reading.evidence import Evidence
from rag.text.person_names import SPEECH

LEAD = 60
"""Characters before a sentence that lead up to it."""
NEARLY_ALL = 0.3
"""The share of a question that somebody's words may lack and still be what it speaks of."""
CLEARLY = 0.25
"""How much more of the question one person must say than another for it to be theirs."""
_SAYS = f"[^，。？?]{{0,24}}?(?:{SPEECH})"


@dataclass(frozen=True, slots=True)
class Misattribution:
    """Words that a question gives to somebody else than the documents.

    Attributes:
        evidence: the sentence that says them, with who says it.
        named: whom the question gives them to.
    """

    evidence: Evidence
    named: str


def spoken_by_another(question: str, evidence: Sequence[Evidence]) -> Misattribution | None:
    """The sentence whose words a question gives to somebody else; None where none is.

    That is one which says nearly all of it, where nothing that the person named says comes near.
    """
    speakers = {name for part in evidence for name in part.document.speakers}
    named = [name for name in speakers if re.search(re.escape(name) + _SAYS, question)]
    if len(named) != 1 or asks_for_speaker(question):
        return None
    asked = re.sub(re.escape(named[0]) + _SAYS, "", question)
    rest = [(uncovered(asked, _with_lead(part)), part) for part in evidence if part.sentence.speaker]
    own = min((share for share, part in rest if named[0] in part.sentence.speaker), default=1.0)
    others = [(share, part) for share, part in rest if named[0] not in part.sentence.speaker]
    share, part = min(others, key=lambda pair: pair[0], default=(1.0, None))
    is_theirs = part is not None and share <= NEARLY_ALL and share + CLEARLY <= own
    return Misattribution(part, named[0]) if part and is_theirs else None


def _with_lead(part: Evidence) -> str:
    """A sentence after what leads up to it, which names what it speaks of."""
    start, end = part.sentence.start, part.sentence.end
    return part.document.text[max(0, start - LEAD) : end]
