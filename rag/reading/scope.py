"""The scope of a question: what it says of the document it is about, apart from what it asks.

Who has many documents asks ``竺山学院的荧光显微镜多少钱一台？``, and in the contract of 竺山学院 no sentence about the microscope
repeats that name. To the reader, which sees a passage, a name that is not there is something else; so where the document's
opening names what a question begins with, and the passage does not, the passage is asked the rest. Where the heading that the
passage is read under has the name, it is asked both ways, and the surer reading counts.
"""

from collections.abc import Sequence

from rag.reading.passages import Passage
from rag.text.documents import Document
from rag.text.structure import Sentence
from rag.text.terms import fold

OPENING = 200
"""Characters of a document, beside its title, that tell what it is about. What the whole of it names was tried: more sisters
pass (``docs/notebook.md``)."""
SHORTEST_NAME = 2
SHORTEST_QUESTION = 4
"""Characters that are left to be asked."""
_OF = "的"


def asked_of(question: str, passage: Passage, ends: Sequence[int], every: Sequence[Sentence]) -> list[str]:
    """A question as it is asked of a passage, in one wording or two.

    Args:
        question: one question, which stands alone.
        passage: one that it is asked of.
        ends: where words of the question may end; none is cut in two.
        every: all sentences of the document. Who speaks in it stays in the question, which may ask what that person says.
    """
    opening = opening_of(passage.document)
    told = fold("\n".join((passage.text, *(each.text for each in passage.sentences))))
    speakers = {each.speaker for each in every if each.speaker}
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
            and not any(each in question[start:end] for each in speakers)
            and (question[end] == _OF or question[end - 1 : end + 1] not in passage.document.text)
        )
        if not (end := max(named, default=0)):
            break
        start = end
    if not start:
        return [question]
    rest = question[start:].lstrip(f"{_OF}，,")
    return [rest, question] if folded[:start] in fold(passage.heading) else [rest]


def opening_of(document: Document) -> str:
    """What tells what a document is about, in the form in which it is compared."""
    return fold(f"{document.title}\n{document.text[:OPENING]}")
