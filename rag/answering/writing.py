"""Writing: how the text of an answer comes about, by a chat model or by quoting the evidence."""

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Protocol

from rag.answering.prompts import messages
from rag.checking.citations import claims_in
from rag.language_models.calls import Calls
from rag.questions.kinds import asks_for_list, asks_for_reason, asks_for_speaker
from rag.reading.evidence import Evidence
from rag.text.enumerations import is_item
from rag.text.terms import query_terms, terms_of
from rag.tracing.trace import Trace

QUOTED_SENTENCES = 3
QUOTED_SHARE = 0.85
QUOTED_GAIN = 0.15
LIST_SHARE = 0.7
NEXT = 2
MOST_CLAIMS, LONGEST_CLAIM, MOST_DIGITS = 60, 1000, 300
"""Claims of a model's text, and characters and digits of one, that are checked: each figure of each claim is compared with
each of the best documents."""

_DIGITS = frozenset("0123456789零〇一二两三四五六七八九十百千万亿")


class Writer(Protocol):
    """Writes an answer from evidence, piece by piece. Closing the iterator stops the writing."""

    usage: dict[str, int]
    writes_freely: bool
    """Whether it finds words of its own, so that a claim may come out right when written again."""

    def write(self, question: str, evidence: list[Evidence]) -> Iterator[str]:
        """The answer in pieces, in order."""


class ExtractiveWriter:
    """No language model: the answer is the best evidence sentences, verbatim.

    Args:
        names_speakers: whether what is quoted stands after the name of who says it, where a person is asked for.
    """

    writes_freely = False

    def __init__(self, *, names_speakers: bool = True) -> None:
        self.usage: dict[str, int] = {}
        self._names_speakers = names_speakers

    def write(self, question: str, evidence: list[Evidence]) -> Iterator[str]:
        """The best sentence, then those nearly as good that say something more of what was asked."""
        named = self._names_speakers and asks_for_speaker(question)
        chosen = self.choose(question, evidence)
        is_list = bool(listed(question, evidence))
        for before, part in zip([None, *chosen], chosen, strict=False):
            speaker = part.sentence.speaker if named else ""
            prefix = f"{speaker}：" if speaker and speaker not in part.sentence.text else ""
            parting = joint(before, part) if before and is_list else "\n" if before else ""
            yield parting + prefix + part.sentence.text

    def choose(self, question: str, evidence: list[Evidence]) -> list[Evidence]:
        """The sentences to quote, best first; a list that is asked for comes whole."""
        if not evidence:
            return []
        best = evidence[0]
        if items := listed(question, evidence):
            return items
        if asks_for_reason(question):
            return [best, *self._beside(best, evidence)]
        wanted = set(query_terms(question).tolist())
        chosen = [best]
        covered = set(terms_of(best.sentence.text).tolist()) & wanted
        for part in evidence[1:]:
            more = (set(terms_of(part.sentence.text).tolist()) & wanted) - covered
            worthwhile = len(more) >= QUOTED_GAIN * len(wanted) and part.score >= QUOTED_SHARE * best.score
            if worthwhile and len(chosen) < QUOTED_SENTENCES:
                chosen.append(part)
                covered |= more
        return chosen

    def _beside(self, best: Evidence, evidence: list[Evidence]) -> list[Evidence]:
        """The evidence from the same paragraph that stands next to the best sentence: its cause, or its purpose."""
        same = [
            part
            for part in evidence[1:]
            if part.document.id == best.document.id and part.sentence.paragraph == best.sentence.paragraph
        ]
        before = [part for part in same if abs(best.sentence.start - part.sentence.end) <= NEXT]
        after = [part for part in same if abs(part.sentence.start - best.sentence.end) <= NEXT]
        return [*before, *after]


class ChatModelWriter:
    """A LangChain chat model writes the answer; one call, one job.

    Args:
        calls: to the model.
        name: what it is called in the trace.
        trace: where its prompts and answers are told.
    """

    writes_freely = True

    def __init__(self, calls: Calls, name: str = "", trace: Trace | None = None) -> None:
        self.calls = calls
        self.usage: dict[str, int] = {}
        self._name = name
        self._trace = trace or Trace()

    def write(self, question: str, evidence: list[Evidence]) -> Iterator[str]:
        """The model's answer as it is generated.

        Raises:
            LanguageModelError: the model cannot be loaded or fails, or writes more than can be checked.
        """
        self.usage = {}
        prompt = messages(question, evidence)
        with self._trace.step("write", question) as step:
            step.attributes["model"] = self._name
            step.details["prompt"] = [{"role": role, "text": text} for role, text in prompt]
            written: list[str] = []
            try:
                with closing(self._generated(prompt)) as pieces:
                    for piece in pieces:
                        written.append(piece)
                        yield piece
            finally:
                step.details["output"] = "".join(written)
                step.attributes |= {"characters": len(step.details["output"]), **self.usage}
        if not _can_be_checked("".join(written)):
            raise self.calls.refused(
                zh=f"写得太多或句子太长，无法逐句核对（至多 {MOST_CLAIMS} 句，每句 {LONGEST_CLAIM} 字）。",
                en=f"wrote more than can be checked claim by claim ({MOST_CLAIMS} of {LONGEST_CLAIM} characters at most).",
            )

    def _generated(self, prompt: list[tuple[str, str]]) -> Generator[str, None, None]:
        """The pieces that the model writes; stopping early stops it."""
        with closing(self.calls.stream(prompt)) as stream:
            for piece in stream:
                usage = getattr(piece, "usage_metadata", None)
                if usage:
                    self.usage = {key: usage[key] for key in ("input_tokens", "output_tokens") if key in usage}
                if piece.text:
                    yield str(piece.text)


def _can_be_checked(text: str) -> bool:
    claims = [text[start:end] for start, end in claims_in(text)]
    figures = (sum(character in _DIGITS for character in claim) for claim in claims)
    longest = max(map(len, claims), default=0)
    return len(claims) <= MOST_CLAIMS and longest <= LONGEST_CLAIM and max(figures, default=0) <= MOST_DIGITS


def listed(question: str, evidence: list[Evidence]) -> list[Evidence]:
    """The first list among the best sentences: what announces it, then what its items say; empty where there is none.

    Where no list is asked for, it is that which the best sentence announces, which says nothing without. The items came with
    the sentence that announces them, or with another item, and have its score.
    """
    for part in evidence if asks_for_list(question) else evidence[:1]:
        if part.score < LIST_SHARE * evidence[0].score:
            break
        if not asks_for_list(question) and not part.sentence.text.endswith(("：", ":")):
            break
        items = [item for item in evidence if item.document.id == part.document.id and item.score == part.score]
        if len(items) > 1:
            return sorted(items, key=lambda item: item.sentence.start)
    return []


def joint(before: Evidence, after: Evidence) -> str:
    """What stands between two sentences that are quoted: nothing where one goes on with the paragraph of the other, else a new line."""
    one, other = before.sentence, after.sentence
    goes_on = (
        before.document.id == after.document.id
        and one.paragraph == other.paragraph
        and 0 <= other.start - one.end <= NEXT
        and not is_item(other)
    )
    return (" " if one.text.isascii() else "") if goes_on else "\n"
