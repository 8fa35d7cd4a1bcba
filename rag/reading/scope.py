"""The scope of a question: what it says of the document it is about, apart from what it asks.

Who has many documents asks ``竺山学院的荧光显微镜多少钱一台？``, and in the contract of 竺山学院 no sentence about the microscope
repeats that name. To the reader, which sees a passage, a name that is not there is something else; so where the document's
opening names what a question begins with, and the passage does not, the passage is asked the rest.
"""

from collections.abc import Sequence

from rag.reading.passages import Passage
from rag.text.documents import Document
from rag.text.terms import fold

OPENING = 200
"""Characters of a document, beside its title, that tell what it is about. What the whole of it names was tried: more sisters
pass (``docs/notebook.md``)."""
SHORTEST_NAME = 2
SHORTEST_QUESTION = 4
"""Characters that are left to be asked."""
_OF = "的"


def within(question: str, passage: Passage, ends: Sequence[int]) -> str:
    """What a question asks of a passage, without the names of the passage's document that it begins with.

    Args:
        question: one question, which stands alone.
        passage: one that it is asked of.
        ends: where words of the question may end; none is cut in two.
    """
    opening, told = opening_of(passage.document), fold(passage.text)
    folded, last = fold(question), len(question) - SHORTEST_QUESTION
    start = 0
    while start <= last:
        named = (
            end
            for end in ends
            if start + SHORTEST_NAME <= end <= last
            and folded[start:end].isalpha()
            and folded[start:end] in opening
            and folded[start:end] not in told
            and (question[end] == _OF or question[end - 1 : end + 1] not in passage.document.text)
        )
        if not (end := max(named, default=0)):
            break
        start = end
    return question[start:].lstrip(f"{_OF}，,") or question


def opening_of(document: Document) -> str:
    """What tells what a document is about, in the form in which it is compared."""
    return fold(f"{document.title}\n{document.text[:OPENING]}")
