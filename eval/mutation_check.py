"""The mutation check: does the check of claims notice when a right claim is made wrong, and leave right claims alone?

Right claims are the gold quotes of the evaluation set, the sentences of documents, and the right answers of a run,
which are paraphrases. Each is checked as it is and in all its mutations, against the spans it rests on.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eval.labels import pick
from eval.metrics.answers import is_right
from eval.mutations import KINDS, Mutation, Sample, mutations, words_of
from eval.questions import SPLITS, Question, load_questions
from eval.runs import Run, Source
from eval.statistics import Interval
from rag.answers import Citation
from rag.checking.agreement import disagreements
from rag.checking.verification import verify_all
from rag.errors import UsageError
from rag.loading import load
from rag.reading.choice import choose_reader
from rag.reading.claim_reader import ClaimReader
from rag.settings import SEEDS, Settings
from rag.text.display import one_line
from rag.text.documents import Document
from rag.text.structure import Sentence, sentences_of

SEED = 20260
ORIGINS = {
    "gold": ("题集的引文", "gold quotes"),
    "sentences": ("文档的句子", "sentences of the documents"),
    "run": ("评测的回答", "answers of the run"),
}
"""Where right claims come from, in Chinese and English."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of all, with the interval of the share."""

    count: int
    total: int

    @property
    def interval(self) -> Interval | None:
        """The share with its Wilson interval at 95 % (Wilson 1927); None where there is nothing to count."""
        if not self.total:
            return None
        share, z = self.count / self.total, 1.959964
        middle = (share + z * z / (2 * self.total)) / (1 + z * z / self.total)
        half = z * sqrt(share * (1 - share) / self.total + z * z / (4 * self.total**2)) / (1 + z * z / self.total)
        return Interval(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the check noticed.

    Attributes:
        caught: by kind, how many mutated claims were flagged.
        flagged: by origin, how many right claims were flagged.
        missed: mutations that passed.
        alarms: right claims that were flagged, with the facts that were held to be missing.
    """

    caught: dict[str, Share]
    flagged: dict[str, Share]
    missed: tuple[Mutation, ...]
    alarms: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def all_caught(self) -> Share:
        """Mutated claims of all kinds."""
        return _sum(self.caught.values())

    @property
    def all_flagged(self) -> Share:
        """Right claims of all origins."""
        return _sum(self.flagged.values())

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "caught": {kind: _share_to_dict(share) for kind, share in {"all": self.all_caught, **self.caught}.items()},
            "flagged": {
                kind: _share_to_dict(share) for kind, share in {"all": self.all_flagged, **self.flagged}.items()
            },
            "missed": [asdict(mutation) for mutation in self.missed],
            "alarms": [{"claim": claim, "missing": list(missing)} for claim, missing in self.alarms],
        }


def measure(samples: Sequence[Sample], seed: int = SEED, reader: ClaimReader | None = None) -> Outcome:
    """Checks every claim as it is and in all its mutations, against the spans it rests on.

    Args:
        reader: compares claims with what they rest on; without one, only their facts are compared.
    """
    generator = random.Random(seed)
    caught: dict[str, list[bool]] = {kind: [] for kind in KINDS}
    flagged: dict[str, list[bool]] = {}
    missed: list[Mutation] = []
    alarms: list[tuple[str, tuple[str, ...]]] = []
    documents = {citation.document.id: citation.document for sample in samples for citation in sample.citations}
    words = words_of(documents.values())
    for sample in samples:
        (missing,) = _missing([sample.claim], sample.citations, reader)
        flagged.setdefault(sample.origin, []).append(bool(missing))
        if missing:
            alarms.append((sample.claim, missing))
            continue
        changed = list(mutations(sample, words, generator))
        found = _missing([mutation.claim for mutation in changed], sample.citations, reader)
        for mutation, noticed in zip(changed, found, strict=True):
            caught[mutation.kind].append(bool(noticed))
            if not noticed:
                missed.append(mutation)
    return Outcome(
        {kind: Share(sum(found), len(found)) for kind, found in caught.items() if found},
        {origin: Share(sum(found), len(found)) for origin, found in flagged.items()},
        tuple(missed),
        tuple(alarms),
    )


def _missing(
    claims: Sequence[str], citations: tuple[Citation, ...], reader: ClaimReader | None
) -> list[tuple[str, ...]]:
    """What of each claim its citations do not bear out: its facts, and the words that a reader names."""
    if reader is None:
        return [disagreements(claim, citations).missing for claim in claims]
    checked = verify_all(claims, [citations] * len(claims), _sentences, _no_vectors, reader)
    return [
        ()
        if checks.facts_agree and checks.supports
        else (*checks.missing_facts, *(word.text for word in checks.unsupported_words)) or (claim,)
        for claim, checks in zip(claims, checked, strict=True)
    ]


def _no_vectors(texts: list[str]) -> NDArray[np.float32]:
    """Vectors of texts, for which no claim and source of one language ask."""
    return np.empty((len(texts), 0), np.float32)


# -- right claims ---------------------------------------------------------------------------------------------------


def of_gold(questions: Iterable[Question], documents: Iterable[Document]) -> list[Sample]:
    """The gold quotes of questions, each resting on the sentences that it lies in."""
    by_name = {_name(document): document for document in documents}
    samples = {}
    for question in questions:
        for gold in question.gold:
            document = by_name.get(gold.document)
            for span in gold.spans[:1]:
                if document is None or span.document != gold.document:
                    continue
                over = [part for part in _sentences(document) if part.start < span.end and span.start < part.end]
                if over:
                    claim = Citation(document, span.start, span.end, document.text[span.start : span.end]).text
                    samples[claim] = Sample(claim, tuple(_cited(document, part) for part in over), "gold")
    return list(samples.values())


def of_documents(documents: Iterable[Document]) -> list[Sample]:
    """The statements of documents, each resting on itself."""
    return [
        Sample(part.text, (_cited(document, part),), "sentences")
        for document in documents
        for part in _sentences(document)
        if part.kind == "statement" and len(part.text) >= 8
    ]


def of_run(run: Run, split: str) -> list[Sample]:
    """The cited claims of the right answers of a run.

    What the check of facts said of them when the run was made is not asked, so that false alarms are counted.
    """
    documents = {name: _document(source) for name, source in run.sources.items()}
    samples = []
    for row in run.rows:
        if split not in ("all", row.question.split) or row.abstained or not row.question.facts or not is_right(row):
            continue
        for claim in row.claims:
            citations = []
            for cited in claim.citations:
                span = row.citations[cited.number].span
                document = documents[span.document]
                part = next((part for part in _sentences(document) if part.start <= span.start < part.end), None)
                citations.append(_at(document, span.start, span.end, part))
            if citations and claim.supports:
                samples.append(Sample(claim.text, tuple(citations), "run"))
    return samples


def _document(source: Source) -> Document:
    return Document(source.text, source.name, source.title, date.fromisoformat(source.date) if source.date else None)


def _name(document: Document) -> str:
    return document.path.replace("\\", "/").rsplit("/", 1)[-1]


@lru_cache(maxsize=64)
def _sentences(document: Document) -> list[Sentence]:
    return sentences_of(document.text, document.speakers)


def _cited(document: Document, part: Sentence) -> Citation:
    return _at(document, part.start, part.end, part)


def _at(document: Document, start: int, end: int, part: Sentence | None) -> Citation:
    quote = document.text[start:end]
    return Citation(document, start, end, quote, part.speaker if part else "", part.heading if part else "")


def _sum(shares: Iterable[Share]) -> Share:
    listed = list(shares)
    return Share(sum(share.count for share in listed), sum(share.total for share in listed))


def _share_to_dict(share: Share) -> dict[str, Any]:
    interval = share.interval
    return {"count": share.count, "total": share.total, **(asdict(interval) if interval else {})}


# -- the command ----------------------------------------------------------------------------------------------------


def check(run: Run | None, split: str, seed: int = SEED) -> Outcome:
    """Measures on the gold quotes of a split, the sample documents, and the answers of a run if one is given.

    Raises:
        UsageError: there is no such split.
    """
    if split not in (*SPLITS, "all"):
        raise UsageError(
            zh=f"没有“{split}”这一半；可选：{'、'.join((*SPLITS, 'all'))}。",
            en=f"There is no split '{split}'; choose from {', '.join((*SPLITS, 'all'))}.",
        )
    documents = [load(file) for file in sorted(SEEDS.glob("*.txt"))]
    questions = [question for question in load_questions() if split in ("all", question.split)]
    samples = [*of_gold(questions, documents), *of_documents(documents)]
    reader = choose_reader(Settings.from_environment().reader).for_claims
    return measure(samples + (of_run(run, split) if run else []), seed, reader)


def show(console: Console, outcome: Outcome, every: bool) -> None:
    """Prints the share of mutations caught by kind and of right claims flagged by origin.

    Args:
        every: print each mutation that passed and each right claim that was flagged.
    """
    table = _table(
        pick("改动", "mutation"),
        pick("识破", "caught"),
        pick("共", "of"),
        pick("比例（95% 区间）", "share (95 % interval)"),
    )
    for kind, share in {"": outcome.all_caught, **outcome.caught}.items():
        table.add_row(pick(*KINDS[kind]) if kind else pick("全部", "all"), *_cells(share))
    console.print(table)
    console.print()
    table = _table(
        pick("正确的话", "right claims"),
        pick("误报", "flagged"),
        pick("共", "of"),
        pick("比例（95% 区间）", "share (95 % interval)"),
    )
    for origin, share in {"": outcome.all_flagged, **outcome.flagged}.items():
        table.add_row(pick(*ORIGINS[origin]) if origin else pick("全部", "all"), *_cells(share))
    console.print(table)
    if every:
        for mutation in outcome.missed:
            console.print(Text(f"{pick('放过', 'passed')} {pick(*KINDS[mutation.kind])}: {one_line(mutation.claim)}"))
        for claim, missing in outcome.alarms:
            console.print(Text(f"{pick('误报', 'flagged')} {'、'.join(missing)}: {one_line(claim)}"))


def passes(outcome: Outcome, caught: float | None, flagged: float | None) -> bool:
    """Whether at least a share of the mutations of each kind was caught, and at most a share of right claims flagged."""
    shares = [share.interval for share in outcome.caught.values()]
    enough = caught is None or all(share.value >= caught for share in shares if share)
    alarms = outcome.all_flagged.interval
    return enough and (flagged is None or alarms is None or alarms.value <= flagged)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def _cells(share: Share) -> tuple[str, str, str]:
    found = share.interval
    text = f"{found.value:.3f} ({found.low:.3f}–{found.high:.3f})" if found else "–"
    return str(share.count), str(share.total), text
