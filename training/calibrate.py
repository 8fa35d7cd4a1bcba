"""Fits what the reader's logits are worth: ``python -m training.calibrate reader.safetensors --work WORK``.

On documents kept apart from training, all of them in one index: each of their questions goes the whole way of a question up
to the decision whether it is answered, and that is fitted to whether the evidence begins with the sentence that answers it;
each of their claims is read with its document, and that is fitted to whether it is borne out. What a language model's own
margin adds is what it adds to the rules (:mod:`rag.silence`). The weights are written into the head of the file.
"""

import argparse
import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import save_file

from rag.assistant import Assistant
from rag.documents import Document
from rag.prompts import is_chinese
from rag.reading.adapters import read
from rag.reading.calibration import Calibration, Grounds, clipped, probability
from rag.reading.choice import NONE, choose_reader
from rag.reading.findings import find
from rag.reading.network import UNSUPPORTED
from rag.reading.reader import Reader
from rag.silence import MARGIN_ORIGIN, MARGIN_WEIGHT, grounds_of, signals_of
from training import documents, pairs
from training.make_pairs import WRITTEN_KEPT_APART, is_kept
from training.measure import area

FLAGGED = 0.03
"""Share of the claims that are right that may be told to be not."""
CAUGHT = 0.8
"""Share of the wrong claims that must be caught at that for the reader to judge claims in place of rules."""
FEATURES = {
    "margin": 1,
    "ahead": 1,
    "agreed": 1,
    "relevance": 1,
    "lacking": -1,
    "uncovered": -1,
    "missing": -1,
    "foreign": 0,
}
"""What the decision is made from, each with the sign that its weight must have, or 0."""
PENALTY = 1.0


def asked_on_kept(reader: Reader, limit: int | None) -> list[dict[str, Any]]:
    """What speaks for and against an answer to each question of the written documents kept apart, and what is so.

    Returns:
        for each its grounds, whether its document answers it, whether the evidence begins with the sentence that does, and
        its language.
    """
    kept = [each for each in documents.documents() if is_kept(each.title, WRITTEN_KEPT_APART)][:limit]
    found: list[dict[str, Any]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Assistant.open(folder, language_model="extractive", reader=NONE) as one,
    ):
        one.add([Document(text=each.text, path=f"{number}.txt", title=each.title) for number, each in enumerate(kept)])
        selector = one._selector
        for number, document in enumerate(kept):
            for asked in document.questions:
                hits = one.retrieve(asked["q"])
                findings = find(reader, asked["q"], hits, selector.structure)
                evidence = selector.select(asked["q"], hits, None, findings)
                if not evidence or not findings.answer:
                    continue
                first, span = evidence[0], documents.answer_of(document.text, asked)
                is_there = first.document.path == f"{number}.txt" and span is not None
                found.append(
                    {
                        "grounds": asdict(grounds_of(signals_of(asked["q"], evidence), evidence, findings)),
                        "answered": span is not None,
                        "right": bool(
                            is_there and span and first.sentence.start < span[1] and span[0] < first.sentence.end
                        ),
                        "language": "zh" if is_chinese(asked["q"]) else "en",
                    }
                )
    return found


def fitted(features: NDArray[np.float64], truth: Sequence[bool], signs: Sequence[int]) -> tuple[float, list[float]]:
    """Constant and weights of a logistic regression, each weight of the sign it must have.

    Args:
        features: shape (number, features).
        truth: of each.
        signs: of each feature's weight; 0 for any.
    """
    from scipy.optimize import minimize

    scale = features.std(axis=0) + 1e-6
    scaled, true = features / scale, np.asarray(truth, float)

    def loss(weights: NDArray[np.float64]) -> float:
        logits = scaled @ weights[1:] + weights[0]
        return float(np.sum(np.logaddexp(0, logits) - true * logits) + PENALTY / 2 * np.sum(weights[1:] ** 2))

    bounds = [(None, None), *((0 if sign > 0 else None, 0 if sign < 0 else None) for sign in signs)]
    found = minimize(loss, np.zeros(len(signs) + 1), method="L-BFGS-B", bounds=bounds).x
    return float(found[0]), [float(weight) for weight in found[1:] / scale]


def expected_calibration_error(probabilities: Sequence[float], truth: Sequence[bool], bins: int = 10) -> float:
    """Mean distance of told probability and share of the true, over bins of like size (Guo et al. 2017)."""
    order = np.argsort(probabilities)
    told, true = np.asarray(probabilities)[order], np.asarray(truth, float)[order]
    parts = zip(np.array_split(told, bins), np.array_split(true, bins), strict=True)
    return float(sum(len(one) * abs(one.mean() - other.mean()) for one, other in parts if len(one)) / len(told))


def main() -> None:
    """Fits, prints what it found and writes it into the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="documents")
    options = parser.parse_args()
    reader = choose_reader(str(options.file.parent)).reader
    assert reader
    tensors, _ = read(options.file)
    told: dict[str, float] = {"language_model": MARGIN_WEIGHT, "language_model_origin": MARGIN_ORIGIN}

    asked = asked_on_kept(reader, options.limit)
    grounds = [Grounds(**each["grounds"]) for each in asked]
    right = [each["right"] for each in asked]
    constant, weights = fitted(np.array([_features(each) for each in grounds]), right, list(FEATURES.values()))
    told |= {"constant": constant, **dict(zip(FEATURES, weights, strict=True))}

    claims = list(pairs.read(options.work / "written-claims-kept.jsonl.gz"))
    rows = [reader.tokenizer.pairs(pair.first, [pair.passage])[0] for pair in claims]
    logits = reader.network.logits([row.ids for row in rows])
    lacking = [clipped(float(made[list(row.first), UNSUPPORTED].max())) for row, made in zip(rows, logits, strict=True)]
    holds = [not pair.unsupported for pair in claims]
    _, (weight,) = fitted(np.array(lacking)[:, None], holds, [-1])
    constant = -weight * float(
        np.quantile([each for each, true in zip(lacking, holds, strict=True) if true], 1 - FLAGGED)
    )
    told |= {"support_constant": constant, "support": weight}

    caught = np.mean([constant + weight * each < 0 for each, true in zip(lacking, holds, strict=True) if not true])
    told["checks_claims"] = float(caught >= CAUGHT)
    calibration = Calibration(**told)
    print(json.dumps(told, indent=1))
    chances = [calibration.answered(each) for each in grounds]
    for language in ("zh", "en"):
        chosen = [(each, chance) for each, chance in zip(asked, chances, strict=True) if each["language"] == language]
        if chosen:
            print(language, _rates(*zip(*chosen, strict=True)))
    held = [probability(constant + weight * each) for each in lacking]
    print(f"claims: {len(holds)}, area {area(held, holds):.3f}, caught {caught:.3f} at {FLAGGED} flagged")
    for made in sorted({pair.made for pair in claims}):
        of_kind = [chance for pair, chance in zip(claims, held, strict=True) if pair.made == made]
        print(f"  {made} ({len(of_kind)}): below 0.5 {np.mean([chance < 0.5 for chance in of_kind]):.3f}")
    save_file(tensors, options.file, calibration.to_metadata())
    print(options.file, hashlib.sha256(options.file.read_bytes()).hexdigest())


def _features(grounds: Grounds) -> list[float]:
    return [clipped(float(getattr(grounds, name))) for name in FEATURES]


def _rates(asked: Sequence[dict[str, Any]], chances: Sequence[float]) -> dict[str, Any]:
    """Of the answerable questions how many are answered rightly and wrongly, of the others how many are rejected."""
    answerable = [
        (each["right"], chance >= 0.5) for each, chance in zip(asked, chances, strict=True) if each["answered"]
    ]
    others = [chance < 0.5 for each, chance in zip(asked, chances, strict=True) if not each["answered"]]
    right = [each["right"] for each in asked]
    return {
        "questions": len(asked),
        "right": round(float(np.mean([is_right and told for is_right, told in answerable])), 3),
        "wrong": round(float(np.mean([told and not is_right for is_right, told in answerable])), 3),
        "rejected": round(float(np.mean(others)), 3) if others else None,
        "area": round(area(list(chances), right), 3),
        "calibration error": round(expected_calibration_error(chances, right), 3),
    }


if __name__ == "__main__":
    main()
