"""What the documents do tell where they do not answer: the sentence nearest to the question, and what it lacks of it.

Which words of a question a sentence does not bear out is for the reader to say, as of a claim: of ``东风二期工程投资多少？``
beside ``东风一期工程投资2.1亿元。`` it is ``二期``. A question that asks why takes for granted what it asks the reason of
(``产量为什么下降？``), so it is read without its ``为什么``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rag.answering.silence import uncovered
from rag.answers import Citation
from rag.questions.kinds import without_asking_why
from rag.questions.words import ASKS
from rag.reading.evidence import Evidence
from rag.reading.passages import cited_passage
from rag.reading.scope import opening_of
from rag.text.documents import Document
from rag.text.structure import Sentence
from rag.text.terms import fold

if TYPE_CHECKING:
    from rag.reading.reader import Reader

COMPARED = 3
"""Sentences that are compared."""
MOST_MISSING = 0.4
"""The share of a question that a sentence may lack and still be near it."""
MOST_UNCOVERED = 0.8
"""The share of its terms that it may not hold word for word."""
_LABEL = {
    "zh": "资料中没有找到回答；最接近的内容没有提到{words}：",
    "en": "The documents hold no answer; what comes nearest does not mention {words}: ",
}
_QUOTED = {"zh": ("“{}”", "、"), "en": ("“{}”", ", ")}


@dataclass(frozen=True, slots=True)
class Nearest:
    """The sentence nearest to a question that the documents do not answer.

    Attributes:
        words: what it lacks, in the words of the question.
        evidence: the sentence.
    """

    words: tuple[str, ...]
    evidence: Evidence

    def label(self, language: Literal["zh", "en"]) -> str:
        """The assistant's own words before the sentence; they claim nothing but the lack."""
        mark, joint = _QUOTED[language]
        return _LABEL[language].format(words=joint.join(map(mark.format, self.words)))


def nearest(
    reader: "Reader", question: str, evidence: Sequence[Evidence], structure: Callable[[Document], Sequence[Sentence]]
) -> Nearest | None:
    """Of the best sentences the one that lacks least of what is asked; None where none is about it but for some words.

    Args:
        reader: tells which words a sentence does not bear out.
        question: one that the evidence does not answer.
        evidence: the sentences chosen for it, best first.
        structure: gives the sentences of a document.
    """
    asked = without_asking_why(question)
    most = MOST_MISSING * _letters_in(asked)
    about = [part for part in evidence[:COMPARED] if uncovered(asked, part.sentence.text) <= MOST_UNCOVERED]
    found = (Nearest(_lacking(reader, asked, part, structure), part) for part in about)
    near = [each for each in found if 0 < _letters_in("".join(each.words)) <= most]
    return min(near, key=lambda each: _letters_in("".join(each.words)), default=None)


def _lacking(
    reader: "Reader", asked: str, part: Evidence, structure: Callable[[Document], Sequence[Sentence]]
) -> tuple[str, ...]:
    """The words of a question that a sentence, under its title and heading, does not bear out."""
    document, start, end = part.document, part.sentence.start, part.sentence.end
    cited = Citation(document, start, end, document.text[start:end])
    lacking = reader.unsupported(asked, cited_passage((cited,), structure, asked))
    words = (asked[start:end] for start, end in lacking)
    opening = opening_of(document)
    # 谁 names nothing that could be lacking, and what the document is about it does not lack.
    return tuple(word for word in words if _letters_in(ASKS.sub("", word)) and fold(word) not in opening)


def _letters_in(text: str) -> int:
    """How many letters and digits a text has."""
    return sum(map(str.isalnum, text))
