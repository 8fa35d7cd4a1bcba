"""What the documents do tell where they do not answer: the sentence nearest to the question, and what it lacks of it.

Which words of a question a sentence does not bear out is for the reader to say, as of a claim: of ``东风二期工程投资多少？``
beside ``东风一期工程投资2.1亿元。`` it is ``二期``. A question that asks why takes for granted what it asks the reason of
(``产量为什么下降？``), so it is read without its ``为什么``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rag.answers import Citation
from rag.questions.kinds import without_asking_why
from rag.reading.evidence import Evidence
from rag.reading.passages import cited_passage
from rag.text.documents import Document
from rag.text.structure import Sentence

if TYPE_CHECKING:
    from rag.reading.reader import Reader

MOST_MISSING = 0.4
"""The share of a question that a sentence may lack and still be near it."""
_LABEL = {
    "zh": "资料没有提到{words}，与此最接近的内容是：",
    "en": "The documents do not mention {words}; the nearest that they do say is: ",
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
    """The best sentence, if it is about what is asked but for some words; None where there is nothing like that.

    Args:
        reader: tells which words a sentence does not bear out.
        question: one that the evidence does not answer.
        evidence: the sentences chosen for it, best first.
        structure: gives the sentences of a document.
    """
    if not evidence:
        return None
    document, start, end = evidence[0].document, evidence[0].sentence.start, evidence[0].sentence.end
    asked = without_asking_why(question)
    cited = Citation(document, start, end, document.text[start:end])
    lacking = reader.unsupported(asked, cited_passage((cited,), structure))
    words = tuple(asked[start:end] for start, end in lacking)
    letters = sum(map(str.isalnum, asked))
    is_near = 0 < sum(map(str.isalnum, "".join(words))) <= MOST_MISSING * letters
    return Nearest(words, evidence[0]) if is_near else None
