"""RGB: whether a language model copes with noise, refuses, integrates, and notices what is false.

Source: Chen et al., "Benchmarking Large Language Models in Retrieval-Augmented Generation", AAAI 2024; repository
chen700564/RGB, whose ``evalue.py`` is followed: the same seed gives the same passages in the same order. A line::

    {"id": 0, "query": …, "answer": …, "positive": […], "negative": […]}

``answer`` is a text, or a list all of whose elements are required, each a text or a list of accepted forms. In
``zh_int.json`` ``positive`` is a list of lists, one for each part of the answer; ``zh_fact.json`` adds
``positive_wrong`` (the same passages with the answer replaced) and ``fakeanswer``.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.datasets.base import Collection, Dataset, gold_of, places
from eval.datasets.reading import Value, json_lines, one_file
from eval.questions import Gold, Question, Span
from rag.errors import UsageError
from rag.text.documents import Document

PROTOCOLS = {
    "noise": ("zh_refine.json", "zh.json"),
    "rejection": ("zh_refine.json", "zh.json"),
    "integration": ("zh_int.json",),
    "counterfactual": ("zh_fact.json",),
}
"""Protocol → the files of the folder it is made from, the corrected one first."""

_BY_NAME = {"_int.": "integration", "_fact.": "counterfactual"}

SEED = 2333
PASSAGES = 5
REFUSALS = ("信息不足", "insufficient information")
ERROR_REPORTS = ("事实性错误", "factual errors")


def load(
    path: Path,
    name: str,
    protocol: str = "",
    noise: float = 0.0,
    passages: int = PASSAGES,
    correct: float = 0.0,
    seed: int = SEED,
) -> Dataset:
    """Reads a file of RGB, or a folder that holds the protocol's file.

    Args:
        path: the file or folder.
        name: what to call the data set.
        protocol: one of :data:`PROTOCOLS`; empty means what the file's name says (``_int``, ``_fact``), else noise.
        noise: share of noise passages, below 1 (the paper: 0, .2, .4, .6, .8; integration 0, .2, .4). Rejection shows
            noise only, and takes none.
        passages: how many passages are shown with each question.
        correct: counterfactual only: share of passages shown as they were before the answer was replaced.
        seed: fixes which passages are taken and their order, question by question.

    Raises:
        UsageError: an option has no possible value, there is no such file, or a row is malformed.
    """
    chosen = protocol or next((known for part, known in _BY_NAME.items() if part in path.name), "noise")
    _check(chosen, noise, passages, correct)
    rate = 1.0 if chosen == "rejection" else noise
    collection = Collection(
        name, {"protocol": chosen, "noise": rate, "passages": passages, "correct": correct, "seed": seed}
    )
    for row in json_lines(one_file(path, PROTOCOLS[chosen])):
        take = _Taking(row, random.Random(seed), passages, rate, correct)
        _ask(collection, row, chosen, take)
    return collection.dataset()


def labels(text: str, question: Question) -> tuple[bool, ...]:
    """For each required fact whether one of its forms stands in an answer, as ``checkanswer`` decides it.

    Letter case is ignored and blanks of the answer are left out; blanks of the forms are not.
    """
    said = text.replace(" ", "").lower()
    return tuple(any(form.lower() in said for form in forms) for forms in question.facts)


def is_correct(text: str, question: Question) -> bool:
    """Whether an answer holds every fact and does not refuse."""
    found = labels(text, question)
    return bool(found) and all(found) and not is_refusal(text)


def is_refusal(text: str) -> bool:
    """Whether an answer says that the passages do not suffice, in the words that RGB's prompt asks for."""
    return any(words in text.replace(" ", "") or words in text for words in REFUSALS)


def reports_error(text: str) -> bool:
    """Whether an answer says that the passages are false, in the words that RGB's prompt asks for."""
    return any(words in text.replace(" ", "") or words in text for words in ERROR_REPORTS)


def score(dataset: Dataset, answers: Mapping[str, str]) -> dict[str, float]:
    """RGB's measures over all questions of a data set; a question without an answer counts as answered wrongly.

    ``accuracy`` = |correct| / |questions|; for rejection instead ``rejection_rate`` = |refused| / |questions|; for
    counterfactual also ``error_detection_rate`` = |error reported| / |questions| and ``error_correction_rate`` =
    |error reported and correct| / |error reported| (0 where none was).

    Args:
        dataset: loaded by :func:`load`.
        answers: question id → what was answered.
    """
    said = [(question, answers.get(question.id, "")) for question in dataset.questions]
    number = max(1, len(said))
    if dataset.protocol["protocol"] == "rejection":
        return {"rejection_rate": sum(is_refusal(text) for _, text in said) / number}
    values = {"accuracy": sum(is_correct(text, question) for question, text in said) / number}
    if dataset.protocol["protocol"] == "counterfactual":
        noticed = [(question, text) for question, text in said if reports_error(text)]
        mended = sum(is_correct(text, question) for question, text in noticed)
        values["error_detection_rate"] = len(noticed) / number
        values["error_correction_rate"] = mended / max(1, len(noticed))
    return values


@dataclass(frozen=True, slots=True)
class _Taking:
    """How passages are taken from one row. The draws are those of ``evalue.py``, one for one."""

    row: Value
    draw: random.Random
    passages: int
    noise: float
    correct: float

    def simple(self) -> list[str]:
        positive, negative = _passages(self.row["positive"]), _passages(self.row["negative"])
        noisy = math.ceil(self.passages * self.noise)
        if self.noise < 1:
            if noisy > len(negative):
                noisy = len(negative)
            elif self.passages - noisy > len(positive):
                noisy = self.passages - len(positive)
        return self._shuffled(positive[: self.passages - noisy] + negative[:noisy])

    def integration(self) -> list[str]:
        """One passage for each part of the answer, more of each in turn, and noise for the rest."""
        groups = [_passages(group) for group in self.row["positive"].items()]
        for group in groups:
            self.draw.shuffle(group)
        wanted = self.passages - math.ceil(self.passages * self.noise)
        longest = max(map(len, groups), default=0)
        rounds = [[group[at] for group in groups if at < len(group)] for at in range(longest)]
        taken = rounds[0] if rounds else []
        rest = [passage for later in rounds[1:] for passage in later]
        taken = taken + rest[: max(0, wanted - len(taken))]
        return self._shuffled(taken + _passages(self.row["negative"])[: max(0, self.passages - len(taken))])

    def counterfactual(self) -> list[str]:
        positive, wrong = _passages(self.row["positive"]), _passages(self.row["positive_wrong"])
        noisy, right = (math.ceil(self.passages * share) for share in (self.noise, self.correct))
        wanted = max(0, self.passages - noisy - right)
        pairs = range(min(len(positive), len(wrong)))
        chosen = self.draw.sample(pairs, min(len(pairs), wanted))
        left = [at for at in pairs if at not in chosen]
        taken = [wrong[at] for at in chosen]
        if right and left:
            taken += [positive[at] for at in self.draw.sample(left, min(len(left), right))]
        return self._shuffled(taken + _passages(self.row["negative"])[:noisy])

    def _shuffled(self, taken: list[str]) -> list[str]:
        self.draw.shuffle(taken)
        return taken


def _ask(collection: Collection, row: Value, protocol: str, take: _Taking) -> None:
    ways = {"integration": take.integration, "counterfactual": take.counterfactual}
    shown = [collection.passage(text) for text in ways.get(protocol, take.simple)() if text.strip()]
    facts = _facts(row["answer"])
    refused = protocol == "rejection"
    positive = set() if refused else _positive(row, protocol)
    helpful = [document for document in shown if document.text in positive]
    gold = _gold(facts, helpful)
    if len(shown) < take.passages:
        collection.note("段落不够数的题", "questions with fewer passages than asked for")
    if not refused and protocol != "counterfactual" and len(gold) < len(facts):
        collection.note(
            "有答案不在所示正例原文中的题", "questions with an answer verbatim in no positive passage shown"
        )
    collection.ask(
        row["id"].identifier(),
        protocol,
        row["query"].text(),
        facts=() if refused else facts,
        gold=gold,
        answerable=not refused,
        passages=shown,
        relevance={document.path: 1 for document in helpful},
        note=f"fakeanswer: {row['fakeanswer'].identifier()}" if row.has("fakeanswer") else "",
    )


def _positive(row: Value, protocol: str) -> set[str]:
    if protocol == "integration":
        return {text for group in row["positive"].items() for text in _passages(group)}
    return set(_passages(row["positive"]))


def _passages(value: Value) -> list[str]:
    """Passages as given; a blank one takes part in the drawing, but is not shown."""
    return [passage.string() for passage in value.items()]


def _facts(answer: Value) -> list[tuple[str, ...]]:
    if not isinstance(answer.content, list):
        return [(answer.identifier(),)]
    facts = [
        tuple(form.identifier() for form in item.items()) if isinstance(item.content, list) else (item.identifier(),)
        for item in answer.items()
    ]
    if not facts or not all(facts):
        raise answer.wrong("没有答案", "holds no answer")
    return facts


def _gold(facts: Sequence[Sequence[str]], documents: Sequence[Document]) -> list[Gold]:
    """For each fact that stands in a passage: every place of each of its forms."""
    texts = {document.path: document.text for document in documents}
    found = [
        [
            Span(document, place, place + len(form))
            for document, text in texts.items()
            for form in forms
            for place in places(text, form)
        ]
        for forms in facts
    ]
    return [gold_of(spans, texts) for spans in found if spans]


def _check(protocol: str, noise: float, passages: int, correct: float) -> None:
    if protocol not in PROTOCOLS:
        known = ", ".join(PROTOCOLS)
        raise UsageError(
            zh=f"没有协议 {protocol}；已知的有：{known}。", en=f"Unknown protocol {protocol}; known: {known}."
        )
    if passages < 1:
        raise UsageError(zh=f"passages 应大于 0，不是 {passages}。", en=f"passages must be positive, not {passages}.")
    for option, share in (("noise", noise), ("correct", correct)):
        if not 0 <= share <= 1:
            raise UsageError(
                zh=f"{option} 应在 0 到 1 之间，不是 {share}。", en=f"{option} must be 0 to 1, not {share}."
            )
    if noise == 1 or (protocol == "rejection" and noise):
        raise UsageError(
            zh="只给噪声段落请用 protocol='rejection'，且不再给 noise。",
            en="For noise passages alone use protocol='rejection', and give no noise.",
        )
    if correct and protocol != "counterfactual":
        raise UsageError(zh="correct 只用于 counterfactual。", en="correct belongs to counterfactual.")
