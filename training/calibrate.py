"""Fits what the reader's logits are worth: ``python -m training.calibrate reader.safetensors --work WORK``.

On documents kept apart from training, all of them in one index: each of their questions goes the way of a question up to
the choice of sentences, and that is fitted to which of them answers it, if any does (:mod:`rag.reading.weighing`). Each of
their claims is read with what is cited for it, and its differences are fitted to whether it is borne out
(:mod:`training.calibrate_claims`). What is fitted is written into the file.
"""

import argparse
import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file

from rag.assistant import Assistant
from rag.reading.adapters import read
from rag.reading.calibration import logit_of, probability
from rag.reading.choice import NONE
from rag.reading.evidence import CHANCE_WEIGHT, read_of
from rag.reading.findings import find
from rag.reading.reader import Reader
from rag.reading.weighing import CLAIMS, FARTHEST, SENTENCES, Weighing
from rag.text.documents import Document
from rag.text.script import is_chinese
from training import calibrate_claims, documents
from training.calibrate_claims import Claimed
from training.documents import Written
from training.measure import area, open_readers
from training.small_network import fitted_network

SILENCED = 0.12
"""Share of the questions answered rightly that may fall below even chance."""
FLAGGED = 0.08
"""Share of the claims that are right that may be told to be not. Half of those kept apart are in other words than their
document; what is told to be wrong is written once more or quoted."""
UNITS, STEPS, DECAY = 8, 150, 1.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the documents kept apart.

    Attributes:
        seen: what is known of each sentence that was read, shape (sentences, features).
        words: the score of each by rules, words and vectors, shape (sentences,).
        right: which of them answer it, shape (sentences,).
        is_answered: whether its document answers it.
        is_chinese: else it is in English.
        is_indexed: whether its document is in the index at all.
        kind: of its document.
    """

    seen: NDArray[np.float32]
    words: NDArray[np.float64]
    right: NDArray[np.bool_]
    is_answered: bool
    is_chinese: bool
    is_indexed: bool
    kind: str


def asked_on_kept(reader: Reader, one: Assistant, kept: Sequence[Written]) -> list[Asked]:
    """All questions of some documents, each with what was read for it.

    Args:
        one: with those of these documents that are indexed, the number of each its path; what is asked about the others
            has no answer.
    """
    found: list[Asked] = []
    selector = one._selector
    for number, document in enumerate(kept):
        for asked in document.questions:
            question = asked["q"]
            span = documents.answer_of(document.text, asked) if is_indexed(number) else None
            hits = one.retrieve(question)
            findings = find(reader, question, hits, selector.structure)
            evidence = selector.compared(question, hits, None, findings)
            places, seen = read_of(question, evidence, findings)
            if not places:
                continue
            right = [
                span is not None
                and evidence[place].document.path == f"{number}.txt"
                and evidence[place].sentence.start < span[1]
                and span[0] < evidence[place].sentence.end
                for place in places
            ]
            words = np.array([evidence[place].score for place in places])
            told = (span is not None, is_chinese(question), is_indexed(number), document.kind)
            found.append(Asked(seen, words, np.array(right), *told))
    return found


def is_indexed(number: int) -> bool:
    """Whether a document kept apart is in the index: a fourth is not, so that some questions are about what is not there."""
    return number % 4 != 3


def fitted(every: Sequence[Asked]) -> Weighing:
    """A network that gives most of the distribution to what answers, or to nothing."""
    right = torch.tensor(np.concatenate([each.right for each in every])).float()
    of = torch.tensor(np.concatenate([np.full(len(each.seen), number) for number, each in enumerate(every)]))
    none = torch.tensor([0.0 if each.right.any() else 1.0 for each in every])

    def loss(scores: torch.Tensor) -> torch.Tensor:
        likely = scores.clamp(-FARTHEST, FARTHEST).exp()
        total = 1 + torch.zeros_like(none).index_add(0, of, likely)
        answering = none + torch.zeros_like(none).index_add(0, of, likely * right)
        return -(answering.clamp_min(1e-6) / total).log().mean()

    return fitted_network(np.concatenate([each.seen for each in every]), loss, UNITS, STEPS, DECAY)


def chosen(weighing: Weighing, asked: Asked) -> tuple[float, bool]:
    """How likely the sentence that is chosen answers, and whether it does."""
    chances = weighing.probabilities(asked.seen)
    best = int(np.argmax(asked.words + CHANCE_WEIGHT * chances / chances.sum()))
    return float(chances[best]), bool(asked.right[best])


def held_out(every: Sequence[Asked]) -> list[tuple[float, bool]]:
    """What is chosen for each question by a network that saw nothing of its kind of documents."""
    found: dict[int, tuple[float, bool]] = {}
    for kind in sorted({each.kind for each in every}):
        weighing = fitted([each for each in every if each.kind != kind])
        found |= {number: chosen(weighing, each) for number, each in enumerate(every) if each.kind == kind}
    return [found[number] for number in range(len(every))]


def reliability(
    probabilities: Sequence[float], truth: Sequence[bool], bins: int = 10
) -> list[tuple[float, float, int]]:
    """Told probability and share of the true in bins of like size, with how many are in each: a reliability diagram."""
    order = np.argsort(probabilities)
    told, true = np.asarray(probabilities)[order], np.asarray(truth, float)[order]
    parts = zip(np.array_split(told, bins), np.array_split(true, bins), strict=True)
    return [(float(one.mean()), float(other.mean()), len(one)) for one, other in parts if len(one)]


def expected_calibration_error(diagram: Sequence[tuple[float, float, int]]) -> float:
    """Mean distance of told probability and share of the true (Guo et al. 2017)."""
    return sum(count * abs(told - true) for told, true, count in diagram) / sum(count for *_, count in diagram)


def show(title: str, probabilities: Sequence[float], truth: Sequence[bool]) -> None:
    """Prints a reliability diagram as a row of told and true."""
    if diagram := reliability(probabilities, truth):
        row = "  ".join(f"{told:.2f}/{true:.2f}" for told, true, _ in diagram)
        print(f"  {title} ({len(truth)}), told/true: {row}; error {expected_calibration_error(diagram):.3f}")


def told_of_questions(every: Sequence[Asked]) -> tuple[float, float]:
    """Prints how well questions are answered, and gives the least probability that is answered, in Chinese and in English."""
    told = held_out(every)
    chances, right = np.array([chance for chance, _ in told]), np.array([is_right for _, is_right in told])
    chinese = np.array([each.is_chinese for each in every])
    answered, indexed = np.array([each.is_answered for each in every]), np.array([each.is_indexed for each in every])
    in_chinese = float(np.quantile(chances[right & chinese], SILENCED))
    has_english = (right & ~chinese).any()
    in_english = float(np.quantile(chances[right & ~chinese], SILENCED)) if has_english else in_chinese
    says = chances >= np.where(chinese, in_chinese, in_english)
    print(f"questions {len(every)}, chosen rightly {right[answered].mean():.3f}")
    print(
        f"  answered from {in_chinese:.3f} on, in English {in_english:.3f}: right {(says & right)[answered].mean():.3f}, "
        f"wrong {(says & ~right)[answered].mean():.3f}, rejected {(~says[~answered]).mean():.3f} "
        f"(indexed {(~says[~answered & indexed]).mean():.3f}, not indexed {(~says[~indexed]).mean():.3f})"
    )
    of_right, of_answerable = area(chances.tolist(), right.tolist()), area(chances.tolist(), answered.tolist())
    print(f"  area of right {of_right:.3f}, of answerable {of_answerable:.3f}")
    for title, is_one in (("Chinese", chinese), ("English", ~chinese)):
        show(title, chances[is_one].tolist(), right[is_one].tolist())
    return in_chinese, in_english


def told_of_claims(claims: Sequence[Claimed]) -> float:
    """Prints how well claims are judged beside the rules, and gives the score above which one is told to be wrong."""
    scores, wrong = calibrate_claims.held_out(claims), np.array([each.is_wrong for each in claims])
    weights = calibrate_claims.weights_of(claims)
    most = float(np.quantile(np.array(scores)[~wrong], 1 - FLAGGED, weights=weights[~wrong], method="inverted_cdf"))
    flagged = np.array(scores) > most
    caught = float(np.mean(flagged[wrong]))
    told, wrongly = area(scores, wrong.tolist()), np.mean(flagged[~wrong])
    print(f"claims {len(claims)}, area {told:.3f}, caught {caught:.3f} at {wrongly:.3f} flagged")
    written = np.array([each.made in calibrate_claims.WRITTEN for each in claims])
    told = area(np.array(scores)[written].tolist(), wrong[written].tolist())
    print(
        f"  written by authors {written.sum()}, area {told:.3f}, caught {flagged[written & wrong].mean():.3f} ", end=""
    )
    print(f"at {flagged[written & ~wrong].mean():.3f} flagged")
    by_rules = np.array([each.is_flagged_by_rules for each in claims])
    most_by_rules = float(np.quantile(np.array(scores)[~wrong], 1 - by_rules[~wrong].mean()))
    caught_as_rules_flag = float(np.mean(np.array(scores)[wrong] > most_by_rules))
    print(f"  rules: caught {by_rules[wrong].mean():.3f} at {by_rules[~wrong].mean():.3f} flagged, ", end="")
    print(f"where the reader catches {caught_as_rules_flag:.3f}")
    show("claims", [probability(score) for score in scores], wrong.tolist())
    for made in sorted({each.made for each in claims}):
        of_kind = np.array([each.made == made for each in claims])
        print(f"  {made} ({of_kind.sum()}): flagged {flagged[of_kind].mean():.3f}")
    return most


def main() -> None:
    """Fits, prints what it found and writes it into the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="about how many documents, of all kinds")
    parser.add_argument("--claims", type=int, default=6000, help="about how many claims, of all kinds")
    uses = ("questions", "claims")
    parser.add_argument("--of", nargs="*", choices=uses, default=uses, help="what the weights are to judge")
    options = parser.parse_args()
    reader, claim_reader = open_readers(options.file)
    kept = [each for each in documents.documents() if each.kind in documents.KEPT_KINDS]
    kept = kept[:: max(1, len(kept) // options.limit)] if options.limit else kept
    with (
        tempfile.TemporaryDirectory() as folder,
        Assistant.open(folder, language_model="extractive", reader=NONE) as one,
    ):
        one.add(
            [
                Document(text=each.text, path=f"{number}.txt", title=each.title)
                for number, each in enumerate(kept)
                if is_indexed(number)
            ]
        )
        every = asked_on_kept(reader, one, kept) if "questions" in options.of else []
        claims = (
            calibrate_claims.claims_of_kept(claim_reader, one._selector, options.work, options.claims)
            if "claims" in options.of
            else []
        )
    before, calibration = read(options.file)
    tensors: dict[str, Any] = {**before}
    if claims:
        most = told_of_claims(claims)
        tensors |= calibrate_claims.fitted(claims).to_tensors(CLAIMS)
        calibration = replace(calibration, support_constant=most, checks_claims=1.0)
    if every:
        least, least_in_english = told_of_questions(every)
        tensors |= fitted(every).to_tensors(SENTENCES)
        calibration = replace(
            calibration,
            constant=-logit_of(least),
            foreign_constant=-logit_of(least_in_english),
            chooses_evidence=1.0,
        )
    print(asdict(calibration))
    save_file(tensors, options.file, calibration.to_metadata())
    print(options.file, hashlib.sha256(options.file.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
