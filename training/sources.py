"""The public reading-comprehension sets that the reader is trained on and measured by, and windows of their passages.

Each file holds one JSON object a line (see ``Question``). Which may be trained on, and under which licence, stands in
README.md.
"""

import json
import lzma
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

SENTENCE = re.compile(r"[^。！？；!?;\n]*[。！？；!?;\n]+[”’」』）)]*|[^。！？；!?;\n]+$")
"""A sentence with the mark that ends it. Sentences follow each other without gaps."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a passage.

    Attributes:
        id: in its set.
        title: of the document that the passage is from.
        context: the passage.
        text: the question.
        answer: the characters ``(start, end)`` of the answer in the passage; None where it has none.
        is_open: whether it has an answer that is not a span of the passage, such as yes or no.
    """

    id: str
    title: str
    context: str
    text: str
    answer: tuple[int, int] | None
    is_open: bool = False

    @property
    def answer_text(self) -> str:
        """The words of the answer; empty where there is none."""
        return self.context[slice(*self.answer)] if self.answer else ""


@dataclass(frozen=True, slots=True)
class Window:
    """Whole sentences of a passage.

    Attributes:
        text: of the window.
        start: where it stands in the passage.
    """

    text: str
    start: int

    @property
    def end(self) -> int:
        """Where it ends in the passage."""
        return self.start + len(self.text)

    def inside(self, span: tuple[int, int]) -> tuple[int, int]:
        """Where a span of the passage stands in it."""
        return span[0] - self.start, span[1] - self.start


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a ``.jsonl.xz`` file."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def questions(path: Path) -> list[Question]:
    """The questions of a set. Answers that are not where the set says they are, are looked for, else left out."""
    found = []
    for row in rows(path):
        context, answers = row["context"], row["answers"]
        answer = _place(context, answers[0]) if answers else None
        if answers and answer is None:
            continue
        is_open = not answers and not row.get("impossible", False)
        found.append(Question(row["id"], row["title"], context, row["question"], answer, is_open))
        if english := row.get("question_en"):
            found.append(Question(f"{row['id']}-en", row["title"], context, english, answer, is_open))
    return found


def _place(context: str, answer: dict[str, Any]) -> tuple[int, int] | None:
    start, text = answer["start"], answer["text"]
    if context[start : start + len(text)] != text:
        start = context.find(text)
    return (start, start + len(text)) if start >= 0 and text else None


def sentences(text: str) -> list[tuple[int, int]]:
    """The sentences of a text as ``(start, end)``, without gaps."""
    return [match.span() for match in SENTENCE.finditer(text) if match.end() > match.start()]


def sentences_at(spans: list[tuple[int, int]], span: tuple[int, int]) -> tuple[int, int]:
    """The numbers of the first and of the last sentence that a span is in."""
    first = next(number for number, (_, end) in enumerate(spans) if end > span[0])
    return first, next(number for number, (_, end) in enumerate(spans) if end >= span[1])


def windows(text: str, characters: int) -> list[Window]:
    """A passage in windows of whole sentences, each about ``characters`` long; a longer sentence is cut."""
    cuts = [0]
    for start, end in sentences(text):
        while end - cuts[-1] > characters:
            cuts.append(start if start > cuts[-1] else cuts[-1] + characters)
    cuts.append(len(text))
    return [Window(text[start:end], start) for start, end in pairwise(cuts) if text[start:end].strip()]


def window_around(text: str, span: tuple[int, int], characters: int, share_before: float) -> Window:
    """The window of whole sentences around a span, ``share_before`` of its other characters before it."""
    spans = sentences(text)
    first, last = sentences_at(spans, span)
    room = max(characters - (spans[last][1] - spans[first][0]), 0)
    before, after = room * share_before, room * (1 - share_before)
    while first > 0 and spans[first][0] - spans[first - 1][0] <= before:
        first -= 1
        before -= spans[first][1] - spans[first][0]
    while last + 1 < len(spans) and spans[last + 1][1] - spans[last][1] <= after:
        last += 1
        after -= spans[last][1] - spans[last][0]
    start, end = spans[first][0], spans[last][1]
    if end - start > 2 * characters:  # a sentence without end: cut it around the span
        start = max(start, span[0] - int(characters * share_before))
        end = min(end, max(span[1], start + characters))
    return Window(text[start:end], start)
