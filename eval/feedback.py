"""``youju eval feedback``: what readers thought of answers, as questions of an evaluation set.

A thumb up says that the answer was right: the question becomes one that must be answered, resting on the spans that were
cited; or, where the answer was to say that the documents do not tell, one that must not. A thumb down with the reason
``should_abstain`` becomes one that must not be answered. Every other thumb down says that something was wrong, not what
would have been right: it is listed as a draft, which a person completes. So is whatever cannot be judged by the words
of its answer alone. A question that needs what was said before it comes with that as its history.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import typer

from eval.actions import write_new
from eval.datasets import Dataset, to_questions_jsonl
from eval.labels import pick
from eval.questions import SPLITS, Gold, Question, Span
from rag.assistant import Assistant
from rag.errors import UsageError
from rag.index.conversations import Rated, gone_citations
from rag.index.saved_conversations import SavedConversations
from rag.index.store import Store
from rag.questions.kinds import asks_for_list, asks_for_reason, asks_for_speaker
from rag.questions.sides import sides_of
from rag.terminal.output import print_json
from rag.text.display import one_line
from rag.text.documents import Document
from rag.text.figures import DATES, Figure, figures_in
from rag.text.terms import fold, query_terms, terms_of
from rag.text.view import readable

MOST_FACTS, MOST_ITEMS = 4, 12
SHORTEST_WORDS, LONGEST_WORDS = 4, 60
_HAN = re.compile("[\u3400-\u9fff]")
_ASKS_WHEN = re.compile(
    r"什么时[候间]|啥时|何时|几时|哪一?[年天日月]|几[月号点]|\bwhen\b|\b(?:what|which) (?:year|date|day|month)\b"
)
# A clause ends at a mark, but not at the comma of 2,640,000.
_CLAUSE = re.compile(r"(?:[^，；。！？,;]|(?<=\d),(?=\d{3}))+")
_TRIMMED = " \t\n，,。；;：:、的了"

WHY: dict[str, tuple[str, str]] = {
    "rated_down": ("答得不好，应有的答案要由人写出", "the answer was not good; a person must write the right one"),
    "unfinished": ("没有答完", "the answer was not finished"),
    "filtered": ("提问时限定了范围，评测时不限定", "it was asked with filters, which an evaluation does not set"),
    "gone": ("引用的文档已移除或改动", "a cited document was removed or has changed"),
    "same_name": ("引用的文档与另一份同名，无法区分", "a cited document has the same file name as another"),
    "uncited": ("答案没有经得起核对的引用", "the answer has no citation that bears it out"),
    "no_facts": ("看不出答案必须说什么，请补上 facts", "what an answer must say is not clear; fill in facts"),
    "many_facts": (
        "答案里的数字太多，请在 facts 里只留必须的",
        "the answer has many figures; leave only those that are needed in facts",
    ),
    "contradicted": ("同一问题的评价互相矛盾", "the same question was rated both ways"),
}
"""Why a question is a draft only: Chinese, English."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A question that a person must complete: as far as it is known, and a key of :data:`WHY`."""

    question: Question
    objection: str

    @property
    def why(self) -> str:
        """The objection in the user's language."""
        return pick(*WHY[self.objection])


@dataclass(frozen=True, slots=True)
class Exported:
    """Feedback as questions.

    Attributes:
        questions: those that can be asked as they are.
        drafts: those that cannot yet.
        documents: what they rest on, each named by its file name.
    """

    questions: tuple[Question, ...]
    drafts: tuple[Draft, ...]
    documents: tuple[Document, ...] = field(repr=False, default=())

    def lines(self) -> list[str]:
        """The questions as lines of JSON, as :func:`eval.questions.load_questions` reads them."""
        return self._lines(self.questions)

    def draft_lines(self) -> list[str]:
        """The drafts in the same form; their notes say what is missing."""
        return self._lines(replace(each.question, note=f"{each.why}；{each.question.note}") for each in self.drafts)

    def _lines(self, questions: Iterable[Question]) -> list[str]:
        return list(to_questions_jsonl(Dataset("feedback", self.documents, tuple(questions))))


def export_questions(rated: Sequence[Rated], store: Store, split: str = "tune") -> Exported:
    """Makes questions of rated turns; of the same question rated again only the last rating counts.

    Args:
        rated: turns with feedback, oldest first.
        store: the index they were asked of; every span that a question rests on is looked up in it.
        split: ``tune`` or ``test``.

    Raises:
        UsageError: there is no such split.
    """
    if split not in SPLITS:
        known = ", ".join(SPLITS)
        raise UsageError(
            zh=f"没有“{split}”这一半；可以是 {known}。", en=f"There is no split '{split}'; known: {known}."
        )
    maker = _Maker(store, split)
    made: dict[str, tuple[Question, str]] = {}
    for each in rated:
        question, objection = maker.made(each)
        before = made.get(question.id)
        if before and not before[1] and not objection and before[0].answerable != question.answerable:
            objection = "contradicted"
        made[question.id] = (question, objection)
    return Exported(
        tuple(question for question, objection in made.values() if not objection),
        tuple(Draft(question, objection) for question, objection in made.values() if objection),
        tuple(maker.documents.values()),
    )


def export_feedback(index: str | None, out: Path, split: str = "tune", *, as_json: bool = False) -> None:
    """Writes the feedback kept in an index as questions into ``out``, and drafts beside it (``out.drafts.jsonl``).

    Args:
        index: the folder; None means ``YOUJU_INDEX``, and without that the sample documents.

    Raises:
        UsageError: nothing was rated, or a file is there already.
        StoreError: there is no such index.
    """
    if index:
        Store.open_as_it_is(Path(index).expanduser()).close()  # one that is not there is told, not made
    with Assistant.open(index) as assistant:
        exported = export_questions(SavedConversations(assistant.store).rated(), assistant.store, split)
    if not exported.questions and not exported.drafts:
        raise UsageError(
            zh="这个索引里还没有对回答的评价；在对话窗口里点赞或点踩后再导出。",
            en="No answer of this index was rated yet; rate some in the chat window first.",
        )
    drafts = out.with_suffix(".drafts.jsonl")
    written = [(out, exported.lines()), (drafts, exported.draft_lines())]
    for file, lines in written:
        if lines and file.exists():
            raise UsageError(zh=f"{file} 已存在，不会覆盖。", en=f"{file} is there already and is not overwritten.")
    for file, lines in written:
        if lines:
            write_new(file, "".join(f"{line}\n" for line in lines))
    if as_json:
        print_json(_summary(exported, out, drafts))
        return
    count, left = len(exported.questions), len(exported.drafts)
    if count:
        typer.echo(pick(f"导出 {count} 题 → {out}", f"{count} questions exported → {out}"))
    if left:
        typer.echo(pick(f"{left} 题待人补全 → {drafts}", f"{left} drafts for a person to complete → {drafts}"))
    for draft in exported.drafts:
        typer.echo(f"  {one_line(draft.question.question)}  （{draft.why}）")


def _summary(exported: Exported, out: Path, drafts: Path) -> dict[str, Any]:
    return {
        "questions": [question.id for question in exported.questions],
        "file": str(out) if exported.questions else None,
        "drafts": [
            {"id": draft.question.id, "question": draft.question.question, "why": draft.objection}
            for draft in exported.drafts
        ],
        "drafts_file": str(drafts) if exported.drafts else None,
    }


class _Maker:
    """Makes questions of turns, and gathers the documents they rest on."""

    def __init__(self, store: Store, split: str) -> None:
        self.documents: dict[str, Document] = {}
        self._store = store
        self._split = split
        self._names = Counter(Path(entry.path).name for entry in store.entries())

    def made(self, rated: Rated) -> tuple[Question, str]:
        """A turn as a question, and what stands against asking it; empty where nothing does."""
        turn, feedback, answer = rated.turn, rated.turn.feedback, rated.turn.answer
        assert feedback is not None
        abstained = bool(answer and answer["abstained"])
        answerable = not abstained if feedback.good else feedback.reason != "should_abstain"
        history = rated.history if answer is None or answer["understood"] not in ("", turn.question) else ()
        history = tuple((asked, said) for asked, said in history if asked.strip() and said.strip())
        gold, objection = self._gold(answer) if answer and answerable and feedback.good else ((), "")
        facts = _facts(answer["understood"] or turn.question, answer) if gold and answer else ()
        if not feedback.good and feedback.reason != "should_abstain":
            objection = "rated_down"
        elif answer is None:
            objection = "unfinished"
        elif turn.filters:
            objection = "filtered"
        elif answerable and not objection:
            most = MOST_ITEMS if asks_for_list(turn.question) else MOST_FACTS
            objection = "no_facts" if not facts else "many_facts" if len(facts) > most else ""
        said = "；".join(filter(None, ("👍" if feedback.good else f"👎 {feedback.reason}", feedback.comment.strip())))
        return (
            Question(
                id=f"feedback-{_identity(turn.question, history)}",
                kind=_kind(turn.question, history, facts) if answerable else "outside" if feedback.good else "near",
                split=self._split,
                question=turn.question,
                history=history,
                answerable=answerable,
                facts=facts,
                gold=gold,
                note=f"{turn.asked:%Y-%m-%d} {one_line(said)}",
            ),
            objection,
        )

    def _gold(self, answer: dict[str, Any]) -> tuple[tuple[Gold, ...], str]:
        """What the claims that were borne out cite, and what stands against resting on it."""
        numbers = {number for claim in _borne_out(answer) for number in claim["citations"]}
        citations = [citation for citation in answer["citations"] if citation["number"] in numbers]
        if not citations:
            return (), "uncited"
        if gone_citations(self._store, {"citations": citations}):
            return (), "gone"
        if any(self._names[Path(citation["path"]).name] > 1 for citation in citations):
            return (), "same_name"
        gold = {}
        for citation in citations:
            name, quote = self._named(citation["document_id"]), citation["quote"]
            spans = [Span(name, citation["start"], citation["end"])]
            for other in citation["reprints"]:
                spans += self._also(other["document_id"], quote)
            gold[spans[0]] = Gold(name, quote, tuple(spans))
        return tuple(gold.values()), ""

    def _also(self, document_id: str, quote: str) -> list[Span]:
        """Where a reprint holds the quote in the same words; nowhere where it is gone or has no name of its own."""
        try:
            document = self._store.document(document_id)
        except UsageError:
            return []
        start = document.text.find(quote)
        if start < 0 or self._names[Path(document.path).name] > 1:
            return []
        return [Span(self._named(document_id), start, start + len(quote))]

    def _named(self, document_id: str) -> str:
        """The file name of a document, under which it is gathered."""
        document = self._store.document(document_id)
        name = Path(document.path).name
        self.documents[name] = replace(document, path=name)
        return name


def _borne_out(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [claim for claim in answer["claims"] if claim["supported"] and claim["citations"]]


def _facts(question: str, answer: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    """What an answer must say, as the rated answer says it: the asked names, dates or figures, else its own words."""
    claims = _borne_out(answer)
    if asks_for_speaker(question):
        cited = {number for claim in claims for number in claim["citations"]}
        speakers = {one["speaker"] for one in answer["citations"] if one["number"] in cited and one["speaker"]}
        named = sorted(speaker for speaker in speakers if speaker in answer["text"] and speaker not in question)
        if named:
            return tuple((speaker,) for speaker in named)
    figures = [found for claim in claims if (found := _figures(question, claim["text"]))]
    if figures:
        needed = figures if len(sides_of(question)) > 1 else figures[:1]
        return tuple((written,) for written in dict.fromkeys(one for found in needed for one in found))
    quotes = {citation["number"]: readable(citation["quote"]) for citation in answer["citations"]}
    for claim in claims:
        words = _own_words(question, claim["text"], [quotes[number] for number in claim["citations"]])
        if words:
            items = words.split("、") if asks_for_list(question) else [words]
            return tuple((item,) for item in dict.fromkeys(item.strip(_TRIMMED) for item in items) if item)
    return ()


def _figures(question: str, text: str) -> list[str]:
    """The figures of a claim that its question does not name: dates only where a date is asked or there is no other.

    Of the figures of a long claim those in the clause that shares most words with the question.
    """
    asked = {figure.key for figure in figures_in(question)}
    figures = figures_in(text)
    amounts = [figure for figure in figures if figure.kind not in DATES and figure.key not in asked]
    if amounts and not _ASKS_WHEN.search(fold(question)):
        if len(amounts) > MOST_FACTS:
            amounts = _nearest(question, text, amounts)
        return list(dict.fromkeys(figure.written.strip() for figure in amounts))
    return list(dict.fromkeys(_dates(text, [figure for figure in figures if figure.kind in DATES], asked)))


def _nearest(question: str, text: str, figures: Sequence[Figure]) -> list[Figure]:
    """The figures of the clause that shares most terms with the question; of the first such clause."""
    wanted = set(query_terms(question).tolist())
    clauses = [match.span() for match in _CLAUSE.finditer(text)]
    shared = {
        span: len(wanted & set(terms_of(text[slice(*span)]).tolist()))
        for span in clauses
        if any(span[0] <= figure.start < span[1] for figure in figures)
    }
    start, end = max(shared, key=lambda span: shared[span])
    return [figure for figure in figures if start <= figure.start < end]


def _dates(text: str, parts: Sequence[Figure], asked: set[Any]) -> list[str]:
    """Dates as they are written, their parts put together; without those that the question names."""
    dates: list[list[Figure]] = []
    for part in parts:
        if dates and dates[-1][-1].end == part.start:
            dates[-1].append(part)
        else:
            dates.append([part])
    return [text[date[0].start : date[-1].end] for date in dates if any(part.key not in asked for part in date)]


def _own_words(question: str, claim: str, quotes: Sequence[str]) -> str:
    """The longest words of a claim that stand in what it cites and not in the question; empty where they are few."""
    said, best = fold(claim), (0, 0)
    for quote in quotes:
        for block in SequenceMatcher(None, said, fold(quote), autojunk=False).get_matching_blocks():
            best = max(best, (block.size, -block.a))
    words = claim[-best[1] : -best[1] + best[0]].strip(_TRIMMED)
    fits = SHORTEST_WORDS <= len(words) <= LONGEST_WORDS and "\n" not in words
    return words if fits and fold(words) not in fold(question) else ""


def _kind(question: str, history: Sequence[tuple[str, str]], facts: Sequence[Sequence[str]]) -> str:
    """The kind of an answerable question, as :data:`eval.questions.KINDS` names them."""
    if history:
        return "followup"
    if not _HAN.search(question):
        return "english"
    kinds = {
        "speaker": asks_for_speaker(question),
        "reason": asks_for_reason(question),
        "comparison": len(sides_of(question)) > 1,
        "list": asks_for_list(question),
        "number": any(figures_in(form) for fact in facts for form in fact),
    }
    return next((kind for kind, asked in kinds.items() if asked), "colloquial")


def _identity(question: str, history: Sequence[tuple[str, str]]) -> str:
    asked = "\0".join([fold(question), *(fold(before) for before, _ in history)])
    return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()[:10]
