"""What a reader knows: ``python -m training.measure READER.pt --work WORK --reading READING``.

- kept: pairs of documents that were kept apart from training: whether answered and unanswered are told apart (area under
  the curve), the sentence with the answer picked, claims with a changed word caught at the share of right ones flagged.
- court: questions on court judgments (measuring only), in windows as an index would cut them.
"""

import argparse
import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from embeddings.e5 import decoded_folder
from rag.reading.adapters import apply, read
from rag.reading.calibration import UNCALIBRATED
from rag.reading.claim_reader import ClaimReader
from rag.reading.differences import ByRules
from rag.reading.model import ReaderModel, load_encoder
from rag.reading.reader import Reader
from rag.reading.tokens import PairTokenizer
from rag.reading.torch_network import TorchNetwork
from training import pairs
from training.sources import Question, questions, sentences, windows

WINDOW = 300
CLAIMS_KEPT = ("claims-kept.jsonl.gz", "elsewhere-kept.jsonl.gz")


def open_readers(file: Path) -> tuple[Reader, ClaimReader]:
    """Readers of questions and of claims with the weights of a training run (``.pt``), or those that ship (``.safetensors``)."""
    folder = decoded_folder()
    model = ReaderModel(load_encoder(folder))
    calibration = UNCALIBRATED
    if file.suffix == ".pt":
        model.load_state_dict(torch.load(file, weights_only=True), strict=False)
    else:
        kept, calibration = read(file)
        apply(kept, model, str(file))
    network, tokenizer = TorchNetwork(model), PairTokenizer(folder)
    return Reader(network, tokenizer, calibration), ClaimReader(network, tokenizer, calibration)


def area(scores: Sequence[float], truth: Sequence[bool]) -> float:
    """Area under the receiver operating characteristic: how often a true one scores above a false one, from 0 to 1."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, scores))


def caught_at(scores: Sequence[float], wrong: Sequence[bool], flagged: float) -> float:
    """The share of the wrong that score below the value below which ``flagged`` of the right do."""
    right = sorted(score for score, is_wrong in zip(scores, wrong, strict=True) if not is_wrong)
    least = right[int(flagged * len(right))]
    return float(np.mean([score < least for score, is_wrong in zip(scores, wrong, strict=True) if is_wrong]))


def measure_questions(reader: Reader, every: Sequence[Question]) -> dict[str, float]:
    """Questions on whole passages: the best sentence of all windows and of the right one, and whether any answers at all."""
    picked, picked_in_window, inside, margins, answered = [], [], [], [], []
    for question in every:
        found = windows(question.context, WINDOW)
        spans = [sentences(window.text) for window in found]
        readings = reader.read(question.text, [window.text for window in found], spans, [question.title] * len(found))
        best = max(readings, key=lambda reading: reading.margin)
        margins.append(best.margin)
        answered.append(question.answer is not None)
        if question.answer:
            best_of_windows = []
            for window, reading, of_window in zip(found, readings, spans, strict=True):
                own, span = max(zip(reading.sentences, of_window, strict=True), key=lambda each: each[0].relevance)
                answer = window.inside(question.answer)
                best_of_windows.append((own.relevance, span[0] < answer[1] and answer[0] < span[1]))
                if window.start <= question.answer[0] < window.end:
                    picked_in_window.append(best_of_windows[-1][1])
            picked.append(max(best_of_windows, key=lambda each: each[0])[1])
            window = found[readings.index(best)]
            start, end = best.answer[0] + window.start, best.answer[1] + window.start
            inside.append(start < question.answer[1] and question.answer[0] < end)
    figures = {
        "questions": len(every),
        "sentence, of the passage": float(np.mean(picked)),
        "sentence, of the window that holds the answer": float(np.mean(picked_in_window)),
        "span touches": float(np.mean(inside)),
    }
    if not all(answered):
        figures["no-answer area"] = area(margins, answered)
    return figures


def measure_pairs(reader: Reader, claim_reader: ClaimReader, work: Path) -> dict[str, float]:
    """The pairs kept apart."""
    asked = list(pairs.read(work / "questions-kept.jsonl.gz"))
    margins, truth = [], []
    by_kind: dict[str, list[float]] = defaultdict(list)
    for pair in asked:
        (reading,) = reader.read(pair.first, [pair.passage])
        margins.append(reading.margin)
        truth.append(pair.answer is not None)
        by_kind[pair.made.split()[0]].append(reading.margin)
    figures = {"no-answer area": area(margins, truth)}
    positive = [margin for margin, is_true in zip(margins, truth, strict=True) if is_true]
    for kind, found in sorted(by_kind.items()):
        if kind not in ("answered", "contrasted"):
            scores, labels = positive + found, [True] * len(positive) + [False] * len(found)
            figures[f"  against {kind} ({len(found)})"] = area(scores, labels)
    claims = [pair for name in CLAIMS_KEPT for pair in pairs.read(work / name)]
    rules = ByRules(missing=0, support=1.0)  # what they hold is left out of it
    support = [claim_reader.support(pair.first, pair.passage, rules) for pair in claims]
    wrong = [bool(pair.unsupported) or bool(pair.some_unsupported) for pair in claims]
    scores = [each.probability for each in support]
    figures["claims area"] = area(scores, [not each for each in wrong])
    figures["claims caught at 0.03 flagged"] = caught_at(scores, wrong, 0.03)
    right = [score for score, is_wrong in zip(scores, wrong, strict=True) if not is_wrong]
    for kind in sorted({pair.made for pair, is_wrong in zip(claims, wrong, strict=True) if is_wrong}):
        of_kind = [score for pair, score in zip(claims, scores, strict=True) if pair.made == kind]
        labels = [False] * len(right) + [True] * len(of_kind)
        figures[f"  {kind} ({len(of_kind)}): caught"] = caught_at(right + of_kind, labels, 0.03)
    return figures


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--reading", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=600, help="questions on court judgments")
    options = parser.parse_args()
    reader, claim_reader = open_readers(options.reader)
    court = [
        each for each in questions(options.reading / "measure" / "court_judgments_dev.jsonl.xz") if not each.is_open
    ]
    random.Random(5).shuffle(court)
    for name, figures in (
        ("kept", measure_pairs(reader, claim_reader, options.work)),
        ("court", measure_questions(reader, court[: options.limit])),
    ):
        print(name)
        for what, figure in figures.items():
            print(f"  {what}: {figure:.3f}")


if __name__ == "__main__":
    main()
