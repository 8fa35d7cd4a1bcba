"""Terms that a document defines: who ``乙方`` is in a contract, ``申请人`` in an award, whom a short name stands for.

A contract tells in its head who 乙方 is, and speaks of 乙方 from there on; who asks about it uses the name. Two ways of
defining are read: a labelled line (``乙方（受托方）：寰砚物业服务有限公司``), whose label is used again in the text, and a name
with its short form behind it (``釉泽新材料有限公司（以下简称“釉泽新材”）``).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from rag.text.terms import fold
from rag.text.view import HAN_CHARACTER

HEAD = 5000
"""Characters within which a document defines its terms; a long one is not searched to its end."""
LEAST_USES = 2
"""How often a label must stand in the text without a colon to be a term."""
SHORTEST_NAME = 2
"""Characters of a name by which somebody may be called."""
_LABEL = (
    r"^[ \t\u3000]*(?P<term>{})(?:[（(][^（()）\n]{{1,12}}[）)])?[：:][ \t\u3000]*(?P<name>[^\n，,。；;：:（(]{{2,40}})"
)
_LABELLED = re.compile(_LABEL.format(r"[\u4e00-\u9fff]{2,8}"), re.MULTILINE)
_SHORT_FORM = re.compile(
    r"(?P<name>[^\n，,。；;：:（(]{2,40})[（(](?:以下|下)?(?:统称|简称|称)为?[“‘「]?(?P<term>[^“”‘’「」（()）\n]{2,12})[”’」]?[）)]"
)


@dataclass(frozen=True, slots=True)
class DefinedTerm:
    """A term with what it stands for.

    Attributes:
        term: ``申请人``.
        name: whom or what the document says that is.
        longer: labels of the document that hold the term and are others, such as ``第二被申请人``.
    """

    term: str
    name: str
    longer: tuple[str, ...] = ()

    def end_in(self, text: str) -> int | None:
        """Where the term ends in a text, the first time that it is not part of a longer one; None where it is not there."""
        start = text.find(self.term)
        while start >= 0:
            end = start + len(self.term)
            before = text[start - 1 : end] if start else ""
            if not (before and any(before in label for label in self.longer)):
                return end
            start = text.find(self.term, end)
        return None


@lru_cache(maxsize=64)
def defined_terms(text: str) -> tuple[DefinedTerm, ...]:
    """The terms that a document defines, less those that it defines twice in different ways, as several contracts in one do.

    Args:
        text: a document's.
    """
    head = text[:HEAD]
    names: dict[str, list[str]] = {}
    for match in (*_LABELLED.finditer(head), *_SHORT_FORM.finditer(head)):
        names.setdefault(match["term"], []).append(match["name"].strip())
    found = []
    for term, own in names.items():
        if text.count(term) < LEAST_USES + len(own) or not all(map(_is_name, own)):
            continue
        again = re.finditer(_LABEL.format(re.escape(term)), text[HEAD:], re.MULTILINE)
        told = [*own, *(match["name"].strip() for match in again)]
        longest = max(told, key=len)
        if term not in longest and all(name in longest for name in told):
            longer = tuple(sorted(each for each in names if term in each and term != each))
            found.append(DefinedTerm(term, longest, longer))
    return tuple(found)


def named_in(words: str, terms: Sequence[DefinedTerm]) -> list[tuple[DefinedTerm, str]]:
    """The terms whose names a question or claim uses, each with its words for it: ``寰砚物业`` of ``寰砚物业服务有限公司``.

    Words that are part of several names name none of them.
    """
    found = []
    folded = fold(words)
    for term in terms:
        match = SequenceMatcher(None, folded, fold(term.name), autojunk=False).find_longest_match()
        called, own = (text[match.a : match.a + match.size] for text in (folded, words))
        others = (fold(each.name) for each in terms if each.name not in term.name and term.name not in each.name)
        if match.size >= SHORTEST_NAME and not any(called in other for other in others):
            found.append((term, own))
    return found


def _is_name(text: str) -> bool:
    return bool(HAN_CHARACTER.search(text)) and not any(map(str.isdigit, text))
