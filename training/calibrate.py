"""Fits what the reader's logits are worth: ``python -m training.calibrate reader.safetensors --work WORK``.

On documents kept apart from training, all of them in one index: each of their questions goes the whole way of a question up
to the decision whether it is answered, and that is fitted to whether its document answers it; each of their claims is read
with its document, and that is fitted to whether it is borne out. The weights are written into the head of the file.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
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
from rag.reading.choice import choose_reader
from rag.reading.findings import find
from rag.reading.network import UNSUPPORTED
from rag.reading.reader import Reader
from rag.silence import grounds_of, signals_of
from training import documents, pairs
from training.make_pairs import WRITTEN_KEPT_APART, is_kept
from training.measure import area

FALSELY_REJECTED = 0.06
"""Share of the answerable questions that may fall below even chance."""
FLAGGED = 0.03
"""Share of the claims that are right that may."""
CAUGHT = 0.8
"""Share of the wrong claims that must be caught at that for the reader to judge claims in place of rules."""
FEATURES = ("margin", "relevance", "lacking", "uncovered", "missing", "foreign")


def grounds_on_kept(reader: Reader, limit: int | None) -> tuple[list[Grounds], list[bool], list[str]]:
    """What speaks for and against an answer to each question of the written documents kept apart, and whether one is there."""
    kept = [each for each in documents.documents() if is_kept(each.title, WRITTEN_KEPT_APART)][:limit]
    found: list[Grounds] = []
    truth: list[bool] = []
    kinds: list[str] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Assistant.open(folder, language_model="extractive", reader="none") as one,
    ):
        one.add([Document(text=each.text, path=f"{number}.txt", title=each.title) for number, each in enumerate(kept)])
        selector = one._selector
        for document in kept:
            for asked in document.questions:
                hits = one.retrieve(asked["q"])
                findings = find(reader, asked["q"], hits, selector.structure)
                evidence = selector.select(asked["q"], hits, None, findings)
                if not evidence or not findings.answer:
                    continue
                found.append(grounds_of(signals_of(asked["q"], evidence), evidence, findings))
                truth.append(asked["a"] is not None)
                kinds.append("zh" if is_chinese(asked["q"]) else "en")
    return found, truth, kinds


def fitted(features: NDArray[np.float64], truth: Sequence[bool], spared: float) -> tuple[float, list[float]]:
    """Constant and weights of a logistic regression; the constant is then raised until few of the true fall below zero.

    Args:
        features: shape (number, features).
        truth: of each.
        spared: the share of the true that may fall below zero.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0, max_iter=1000).fit(features, truth)
    weights = model.coef_[0]
    scores = features @ weights
    least = float(np.quantile(scores[np.asarray(truth)], spared))
    return max(-least, float(model.intercept_[0])), [float(weight) for weight in weights]


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
    grounds, answered, languages = grounds_on_kept(reader, options.limit)
    features = np.array([_features(each) for each in grounds], float)
    constant, weights = fitted(features, answered, FALSELY_REJECTED)
    told: dict[str, float] = dict(zip(("constant", *FEATURES), (constant, *weights), strict=True))

    claims = list(pairs.read(options.work / "written-claims-kept.jsonl.gz"))
    rows = [reader.tokenizer.pairs(pair.first, [pair.passage])[0] for pair in claims]
    logits = reader.network.logits([row.ids for row in rows])
    lacking = [clipped(float(made[list(row.first), UNSUPPORTED].max())) for row, made in zip(rows, logits, strict=True)]
    right = [not pair.unsupported for pair in claims]
    constant, (weight,) = fitted(np.array(lacking)[:, None], right, FLAGGED)
    told |= {"support_constant": constant, "support": weight}

    caught = np.mean([constant + weight * each < 0 for each, true in zip(lacking, right, strict=True) if not true])
    told["checks_claims"] = float(caught >= CAUGHT)
    calibration = Calibration(**told)
    chances = [calibration.answered(each) for each in grounds]
    print(json.dumps(told, indent=1))
    print(f"questions: {len(answered)}, area {area(chances, answered):.3f}", _rates(chances, answered))
    print(f"  margin alone: area {area([each.margin for each in grounds], answered):.3f}")
    for language in ("zh", "en"):
        chosen = [number for number, each in enumerate(languages) if each == language]
        if len({answered[number] for number in chosen}) == 2:
            print(
                f"  {language}:",
                _rates([chances[number] for number in chosen], [answered[number] for number in chosen]),
            )
    held = [probability(constant + weight * each) for each in lacking]
    print(f"claims: {len(right)}, area {area(held, right):.3f}", _rates(held, right))
    for made in sorted({pair.made for pair in claims}):
        of_kind = [chance for pair, chance in zip(claims, held, strict=True) if pair.made == made]
        print(f"  {made} ({len(of_kind)}): below 0.5 {np.mean([chance < 0.5 for chance in of_kind]):.3f}")
    tensors, _ = read(options.file)
    save_file(tensors, options.file, calibration.to_metadata())


def _features(grounds: Grounds) -> list[float]:
    return [
        clipped(grounds.margin),
        clipped(grounds.relevance),
        clipped(grounds.lacking),
        grounds.uncovered,
        float(grounds.missing),
        float(grounds.foreign),
    ]


def _rates(chances: Sequence[float], truth: Sequence[bool]) -> dict[str, Any]:
    pairs_of = list(zip(chances, truth, strict=True))
    return {
        "rejected": round(float(np.mean([chance < 0.5 for chance, true in pairs_of if not true])), 3),
        "falsely rejected": round(float(np.mean([chance < 0.5 for chance, true in pairs_of if true])), 3),
        "calibration error": round(expected_calibration_error(chances, truth), 3),
    }


if __name__ == "__main__":
    main()
