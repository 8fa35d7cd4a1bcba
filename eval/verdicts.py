"""What became of one question, and if it is not as it should be, why: for CI, for baselines and for the report."""

from dataclasses import dataclass

from eval.metrics import is_right, is_silent, stands_in
from eval.rows import Row
from rag.errors import interface_language

OUTCOMES = ("right", "wrong", "silent", "answered", "error", "unjudged")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a question.

    Attributes:
        outcome: ``right`` (also where silence is), ``wrong``, ``silent`` though the documents answer, ``answered``
            though they do not, ``error``, or ``unjudged`` where no facts are known.
        zh, en: why it is not right; empty where it is.
    """

    outcome: str
    zh: str = ""
    en: str = ""

    @property
    def reason(self) -> str:
        """Why it is not right, in the user's language."""
        return self.zh if interface_language() == "zh" else self.en


def verdict(row: Row) -> Verdict:
    """What became of a question: every required fact given, or silence where the documents do not answer."""
    if row.error:
        return Verdict("error", row.error, row.error)
    broken = sum(not citation.exact for citation in row.citations)
    if broken:
        return Verdict("wrong", f"{broken} 处引文与原文不符", f"{broken} citations are not what the document says")
    right = is_right(row)
    if right is None:
        return Verdict("unjudged")
    if right:
        return Verdict("right")
    if not row.question.answerable:
        return Verdict("answered", "资料没有答案，却作了答", "answered what the documents do not answer")
    missing = [forms[0] for forms in row.question.facts if not any(stands_in(form, row.answer) for form in forms)]
    if is_silent(row):
        return Verdict("silent", "资料有答案，却没有作答", "declined what the documents answer")
    return Verdict("wrong", f"缺少：{'、'.join(missing)}", f"missing: {', '.join(missing)}")
