"""The evaluation set: questions with the facts an answer must hold and the spans it must rest on."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from rag.errors import UsageError
from rag.settings import SEEDS

QUESTIONS = Path(__file__).with_name("questions.jsonl")
SPLITS = ("tune", "test")
ANSWERABLE_KINDS = {
    "number": "a figure, with its date",
    "date": "a figure that the documents give for several dates, such as the 5G base stations",
    "list": "all items of a list",
    "speaker": "who said it",
    "reason": "why, or what for",
    "comparison": "two figures, from one document or two",
    "colloquial": "everyday wording, misspelt words, traditional characters, pinyin",
    "english": "an English question on the Chinese text",
    "followup": "understood only with the history",
    "premise": "assumes what the documents deny; the answer must say so",
}
UNANSWERABLE_KINDS = {
    "near": "right subject, wrong year, country, organisation or indicator",
    "outside": "not in the documents at all",
}
KINDS = ANSWERABLE_KINDS | UNANSWERABLE_KINDS


class Span(NamedTuple):
    """Characters ``start`` to ``end`` of a document, named by its file name."""

    document: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Gold:
    """Something an answer must rest on: a quote, or any of those that say the same elsewhere.

    Attributes:
        document: file name of the document.
        quote: the words, verbatim in the document.
        spans: every place where the quote or one of its alternatives stands; each of them serves.
    """

    document: str
    quote: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One row of the set.

    Attributes:
        id: kind and number, such as ``num-01``.
        kind: one of :data:`KINDS`.
        split: ``tune`` (thresholds and prompts may be chosen by it) or ``test`` (only looked at).
        question: what is asked.
        history: earlier questions with their answers, oldest first.
        answerable: whether the documents answer it.
        facts: what the answer must hold; each fact with the written forms that are accepted for it.
        gold: what the answer must rest on, all of it.
        note: for people.
    """

    id: str
    kind: str
    split: str
    question: str
    history: tuple[tuple[str, str], ...]
    answerable: bool
    facts: tuple[tuple[str, ...], ...]
    gold: tuple[Gold, ...]
    note: str = ""


def load_questions(path: str | Path | None = None) -> list[Question]:
    """The questions of a JSON-lines file; without one, the set that ships.

    Raises:
        UsageError: the file cannot be read or a row is malformed; the message names file, line and field.
    """
    file = Path(path) if path else QUESTIONS
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(zh=f"读不了题集 {file}：{reason}", en=f"Cannot read the questions {file}: {reason}") from error
    questions: dict[str, Question] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        question = _Row(file, number, line).question()
        if question.id in questions:
            raise _wrong(file, number, "id", f"“{question.id}”重复", f"'{question.id}' occurs twice")
        questions[question.id] = question
    return list(questions.values())


def seed_text(name: str) -> str | None:
    """Text of a sample document by its file name; None where there is none of that name."""
    return _seed_texts().get(name)


@cache
def _seed_texts() -> dict[str, str]:
    from rag.loading import load

    return {file.name: load(file).text for file in sorted(SEEDS.glob("*.txt"))}


class _Row:
    """Reads one line; every error names file, line and field."""

    def __init__(self, file: Path, number: int, line: str) -> None:
        self.file = file
        self.number = number
        try:
            self.values: Any = json.loads(line)
        except json.JSONDecodeError as error:
            raise self.wrong("-", f"不是 JSON（{error.msg}）", f"is not JSON ({error.msg})") from error
        if not isinstance(self.values, dict):
            raise self.wrong("-", "不是 JSON 对象", "is not a JSON object")
        unknown = sorted(self.values.keys() - set(Question.__dataclass_fields__))
        if unknown:
            raise self.wrong(unknown[0], "不认识这个字段", "is unknown")

    def wrong(self, field: str, zh: str, en: str) -> UsageError:
        return _wrong(self.file, self.number, field, zh, en)

    def question(self) -> Question:
        kind = self.one_of("kind", tuple(KINDS))
        answerable = self.value(
            "answerable", lambda value: isinstance(value, bool), "应是 true 或 false", "is not a bool"
        )
        facts = self.value(
            "facts", _are_facts, "应是列表，每项是非空的写法列表", "is not a list of lists of written forms"
        )
        gold = self.gold()
        for field, filled in (("facts", bool(facts)), ("gold", bool(gold))):
            if filled != answerable:
                raise self.wrong(
                    field, "可答的题必须有，不可答的必须为空", "must be given exactly where answerable is true"
                )
        if answerable != (kind in ANSWERABLE_KINDS):
            raise self.wrong("answerable", f"与题型 {kind} 不符", f"does not fit the kind {kind}")
        history = self.value("history", _is_history, "应是 [问, 答] 的列表", "is not a list of [question, answer]")
        return Question(
            id=self.text("id"),
            kind=kind,
            split=self.one_of("split", SPLITS),
            question=self.text("question"),
            history=tuple((asked, said) for asked, said in history),
            answerable=answerable,
            facts=tuple(map(tuple, facts)),
            gold=gold,
            note=self.value("note", lambda value: isinstance(value, str), "应是文字", "is not text"),
        )

    def value(self, field: str, fits: Callable[[Any], bool], zh: str, en: str) -> Any:
        if field not in self.values:
            raise self.wrong(field, "缺少这个字段", "is missing")
        if not fits(self.values[field]):
            raise self.wrong(field, zh, en)
        return self.values[field]

    def text(self, field: str) -> str:
        return str(self.value(field, _is_text, "应是非空的文字", "is not a text or is empty"))

    def one_of(self, field: str, known: tuple[str, ...]) -> str:
        allowed = ", ".join(known)
        return str(self.value(field, lambda value: value in known, f"应是 {allowed} 之一", f"is none of {allowed}"))

    def gold(self) -> tuple[Gold, ...]:
        items = self.value("gold", lambda value: isinstance(value, list), "应是列表", "is not a list")
        return tuple(self.one_gold(f"gold[{place}]", item) for place, item in enumerate(items))

    def one_gold(self, field: str, item: Any) -> Gold:
        spans = self.spans(field, item)
        others = item.get("alternatives", [])
        if not isinstance(others, list):
            raise self.wrong(f"{field}.alternatives", "应是列表", "is not a list")
        for place, other in enumerate(others):
            spans += self.spans(f"{field}.alternatives[{place}]", other)
        return Gold(item["document"], item["quote"], tuple(spans))

    def spans(self, field: str, item: Any) -> list[Span]:
        if not isinstance(item, dict) or not all(_is_text(item.get(key)) for key in ("document", "quote")):
            raise self.wrong(field, "应有 document 和 quote 两个文字", "lacks the texts document and quote")
        name, quote = item["document"], item["quote"]
        text = seed_text(name)
        if text is None:
            raise self.wrong(f"{field}.document", f"没有文档“{name}”", f"names no known document: '{name}'")
        spans = [Span(name, start, start + len(quote)) for start in _places(quote, text)]
        if not spans:
            raise self.wrong(f"{field}.quote", f"不在 {name} 里：“{quote}”", f"does not stand in {name}: '{quote}'")
        return spans


def _wrong(file: Path, number: int, field: str, zh: str, en: str) -> UsageError:
    return UsageError(
        zh=f"{file} 第 {number} 行，字段 {field}：{zh}。", en=f"{file}, line {number}, field {field}: {en}."
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_facts(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(forms, list) and forms and all(map(_is_text, forms)) for forms in value
    )


def _is_history(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(turn, list) and len(turn) == 2 and all(map(_is_text, turn)) for turn in value
    )


def _places(quote: str, text: str) -> list[int]:
    places = []
    at = text.find(quote)
    while at >= 0:
        places.append(at)
        at = text.find(quote, at + 1)
    return places
