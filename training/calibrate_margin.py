"""Fits what the embedded language model's margin is worth beside the reader: ``python -m training.calibrate_margin``.

Questions about documents kept apart from training go the way of a question up to the decision; where the reader leaves it
open, the language model is asked whether the evidence answers. How much its answer counts is fitted to whether the
evidence holds the answer. What is printed stands in ``rag/answering/silence.py``. About eight seconds a question.
"""

import argparse
import tempfile

import numpy as np
from sklearn.linear_model import LogisticRegression

from rag.answering.answerability import margin
from rag.answering.deciding import SURE, UNSURE
from rag.answering.silence import MARGIN_REACH, confidence
from rag.assistant import Assistant
from rag.language_models import choose
from rag.language_models.calls import Calls
from rag.reading.calibration import logit_of
from rag.reading.choice import DEFAULT, choose_reader
from rag.reading.findings import find
from rag.text.documents import Document
from rag.text.script import is_chinese
from training import documents
from training.calibrate import is_indexed
from training.measure import area


def main() -> None:
    """Reads the command line, asks, fits and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=200, help="how many are left to the language model")
    parser.add_argument("--documents", type=int, default=145, help="about how many documents, of all kinds kept apart")
    options = parser.parse_args()
    kept = [each for each in documents.documents() if each.kind in documents.KEPT_KINDS]
    kept = kept[:: max(1, len(kept) // options.documents)]
    reader = choose_reader(DEFAULT).for_evidence
    assert reader is not None
    choice = choose("local")
    assert choice.chat_model is not None
    known: list[tuple[float, float, bool]] = []
    with tempfile.TemporaryDirectory() as folder, Assistant.open(folder, language_model="extractive") as one:
        indexed = [
            Document(text=each.text, path=f"{number}.txt", title=each.title)
            for number, each in enumerate(kept)
            if is_indexed(number)
        ]
        one.add(indexed)
        calls = Calls(choice.chat_model, choice.name, one.limits)
        every = [(number, each, asked) for number, each in enumerate(kept) for asked in each.questions]
        for place in np.random.default_rng(11).permutation(len(every)):
            number, document, asked = every[place]
            hits = one.retrieve(asked["q"])
            findings = find(reader, asked["q"], hits, one._selector.structure)
            evidence = one._selector.select(asked["q"], hits, None, findings)
            sure = confidence(asked["q"], evidence, findings)
            if not is_chinese(asked["q"]) or not UNSURE <= sure <= SURE:
                continue
            own = margin(calls, asked["q"], evidence)
            if own is None:
                continue
            span = documents.answer_of(document.text, asked) if is_indexed(number) else None
            holds = span is not None and any(
                each.document.path == f"{number}.txt" and each.sentence.start < span[1] and span[0] < each.sentence.end
                for each in evidence
            )
            known.append((logit_of(sure), own, holds))
            if len(known) % 20 == 0:
                tell(known)
            if len(known) >= options.questions:
                break
    tell(known)


def tell(known: list[tuple[float, float, bool]]) -> None:
    """Prints the weight and the origin that fit, and what they win: areas under the curve, the second held out in tenths."""
    sure, own, truth = (np.array(column, float) for column in zip(*known, strict=True))
    if len(set(truth)) < 2:
        return
    seen = np.stack([sure, own], axis=1)
    fit = LogisticRegression(C=10).fit(seen, truth)
    (of_sure, of_own), constant = fit.coef_[0], fit.intercept_[0]
    held_out = np.empty(len(truth))
    for tenth in range(10):
        inside = np.arange(len(truth)) % 10 == tenth
        if len(set(truth[~inside])) == 2 and inside.any():
            held_out[inside] = (
                LogisticRegression(C=10).fit(seen[~inside], truth[~inside]).decision_function(seen[inside])
            )
    print(
        f"{len(truth)} questions, evidence holds the answer in {truth.mean():.2f}; beside a logit of weight 1 the margin weighs "
        f"{of_own / of_sure:.2f} from {-constant / of_own:.2f} on (at most {MARGIN_REACH} from it); area of the reader alone "
        f"{area(sure.tolist(), truth.astype(bool).tolist()):.3f}, of the margin alone "
        f"{area(own.tolist(), truth.astype(bool).tolist()):.3f}, of both {area(held_out.tolist(), truth.astype(bool).tolist()):.3f}; "
        f"coefficients {of_sure:.3f}, {of_own:.3f}, {constant:.3f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
