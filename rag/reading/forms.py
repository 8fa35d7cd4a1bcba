"""Forms: what a sentence gains because it has the form of what is asked, where no reader reads or it leaves sentences alike."""

import re
from collections.abc import Iterable, Sequence

from rag.questions.kinds import (
    asks_for_list,
    asks_for_speaker,
)
from rag.search.retrieval import Hit
from rag.text.enumerations import announces, names_several
from rag.text.structure import Sentence

QUOTED_BONUS = 0.2
ENUMERATION_BONUS = 0.12
ANNOUNCEMENT_BONUS = 0.15
SPEAKER_BONUS = 0.1
NAMED_SPEAKER_BONUS = 0.15
OTHER_SPEAKER_PENALTY = 0.2
_QUOTED = re.compile("[“《「]([^”》」]{2,30})[”》」]")


def fit_of_form(question: str, sentence: Sentence, speakers: Sequence[str]) -> float:
    """What a sentence gains because it has the form of what is asked: a list, somebody's words.

    Args:
        speakers: who speaks in the document; a sentence may tell what one of them did.
    """
    gain = 0.0
    if asks_for_list(question) and names_several(sentence.text):
        gain += ENUMERATION_BONUS
    if asks_for_list(question) and announces(sentence.text):
        gain += ANNOUNCEMENT_BONUS
    if asks_for_speaker(question) and (sentence.speaker or any(name in sentence.text for name in speakers)):
        gain += SPEAKER_BONUS
    if any(word in sentence.text for word in _QUOTED.findall(question)):
        gain += QUOTED_BONUS
    return gain


def speakers_named(question: str, hits: Iterable[Hit]) -> set[str]:
    """The speakers of the passages' documents whom a question names."""
    return {name for hit in hits for name in hit.document.speakers if name in question}


def fit_of_speaker(sentence: Sentence, named: set[str]) -> float:
    """What a sentence gains because somebody whom the question names says it, or loses because somebody else does."""
    if not named or not sentence.speaker:
        return 0.0
    return NAMED_SPEAKER_BONUS if any(name in sentence.speaker for name in named) else -OTHER_SPEAKER_PENALTY
