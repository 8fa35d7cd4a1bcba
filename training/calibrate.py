"""Fits what the reader's logits are worth: ``python -m training.calibrate reader.safetensors --work WORK``.

On documents kept apart from training, all of them in one index: each of their questions goes the way of a question up to
the choice of sentences, and that is fitted to which of them answers it, if any does (:mod:`rag.reading.weighing`). Each of
their claims is read with its document, and that is fitted to whether it is borne out. What a language model's own margin
adds is what it adds to the rules (:mod:`rag.silence`). What is fitted is written into the file.
"""

import argparse
import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from rag.assistant import Assistant
from rag.dates import dates_in
from rag.documents import Document
from rag.evidence import CHANCE_WEIGHT, read_of
from rag.reading.adapters import read
from rag.reading.calibration import Calibration, clipped, logit_of, probability
from rag.reading.choice import NONE
from rag.reading.findings import find
from rag.reading.network import UNSUPPORTED
from rag.reading.reader import Reader
from rag.reading.weighing import PREFIX, WORDS, Weighing
from rag.silence import MARGIN_ORIGIN, MARGIN_WEIGHT, confidence
from training import documents, pairs
from training.make_pairs import WRITTEN_KEPT_APART, is_kept
from training.measure import area, open_reader

SILENCED = 0.15
"""Share of the questions answered rightly that may fall below even chance."""
FLAGGED = 0.03
"""Share of the claims that are right that may be told to be not."""
CAUGHT = 0.8
"""Share of the wrong claims that must be caught at that for the reader to judge claims in place of rules."""
UNITS, NETWORKS, STEPS, RATE, DECAY = 8, 3, 150, 0.01, 1.0
"""Hidden units of each of several networks that are put beside each other; how they are trained."""
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the documents kept apart.

    Attributes:
        seen: what is known of each sentence that was read, shape (sentences, features).
        right: which of them answer it, shape (sentences,).
        is_answered: whether its document answers it.
        document: its number.
    """

    seen: NDArray[np.float32]
    right: NDArray[np.bool_]
    is_answered: bool
    document: int


def asked_on_kept(reader: Reader, limit: int | None) -> list[Asked]:
    """All questions of the written documents kept apart, each with what was read of them."""
    kept = [each for each in documents.documents() if is_kept(each.title, WRITTEN_KEPT_APART)][:limit]
    found: list[Asked] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Assistant.open(folder, language_model="extractive", reader=NONE) as one,
    ):
        one.add([Document(text=each.text, path=f"{number}.txt", title=each.title) for number, each in enumerate(kept)])
        selector = one._selector
        for number, document in enumerate(kept):
            for asked in document.questions:
                question, span = asked["q"], documents.answer_of(document.text, asked)
                hits = one.retrieve(question)
                by_rules = confidence(question, selector.select(question, hits))
                findings = find(reader, question, hits, selector.structure, by_rules)
                evidence = selector.compared(question, hits, None, dates_in(question), findings)
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
                found.append(Asked(seen, np.array(right), span is not None, number))
    return found


def fitted(every: Sequence[Asked]) -> Weighing:
    """A network that gives most of the distribution to what answers, or to nothing."""
    seen = np.concatenate([each.seen for each in every])
    origin, scale = seen.mean(axis=0), seen.std(axis=0) + 1e-6
    inputs = torch.tensor((seen - origin) / scale)
    right = torch.tensor(np.concatenate([each.right for each in every])).float()
    of = torch.tensor(np.concatenate([np.full(len(each.seen), number) for number, each in enumerate(every)]))
    none = torch.tensor([0.0 if each.right.any() else 1.0 for each in every])
    made = [_trained(inputs, right, of, none, seed) for seed in range(NETWORKS)]
    return Weighing(
        origin.astype(np.float32),
        scale.astype(np.float32),
        np.concatenate([hidden for hidden, _, _, _ in made], axis=1),
        np.concatenate([constant for _, constant, _, _ in made]),
        np.asarray(np.concatenate([output for _, _, output, _ in made]) / NETWORKS, np.float32),
        np.stack([constant for _, _, _, constant in made]).mean(axis=0),
    )


def _trained(
    inputs: torch.Tensor, right: torch.Tensor, of: torch.Tensor, none: torch.Tensor, seed: int
) -> tuple[NDArray[np.float32], ...]:
    torch.manual_seed(seed)
    hidden, output = torch.nn.Linear(inputs.shape[1], UNITS), torch.nn.Linear(UNITS, 1)
    optimizer = torch.optim.AdamW([*hidden.parameters(), *output.parameters()], lr=RATE, weight_decay=DECAY)
    for _ in range(STEPS):
        likely = output(torch.tanh(hidden(inputs)))[:, 0].clamp(-15, 15).exp()
        total = 1 + torch.zeros_like(none).index_add(0, of, likely)
        answering = none + torch.zeros_like(none).index_add(0, of, likely * right)
        loss = -(answering.clamp_min(1e-6) / total).log().mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    parts = (hidden.weight.T, hidden.bias, output.weight[0], output.bias)
    return tuple(part.detach().numpy().astype(np.float32) for part in parts)


def chosen(weighing: Weighing, asked: Asked) -> tuple[float, bool]:
    """How likely the sentence that is chosen answers, and whether it does."""
    chances = weighing.probabilities(asked.seen)
    best = int(np.argmax(asked.seen[:, WORDS] + CHANCE_WEIGHT * chances / chances.sum()))
    return float(chances[best]), bool(asked.right[best])


def held_out(every: Sequence[Asked]) -> list[tuple[float, bool]]:
    """What is chosen for each question by a network that saw nothing of its document."""
    found: dict[int, tuple[float, bool]] = {}
    for fold in range(FOLDS):
        weighing = fitted([each for each in every if each.document % FOLDS != fold])
        found |= {n: chosen(weighing, each) for n, each in enumerate(every) if each.document % FOLDS == fold}
    return [found[number] for number in range(len(every))]


def expected_calibration_error(probabilities: Sequence[float], truth: Sequence[bool], bins: int = 10) -> float:
    """Mean distance of told probability and share of the true, over bins of like size (Guo et al. 2017)."""
    order = np.argsort(probabilities)
    told, true = np.asarray(probabilities)[order], np.asarray(truth, float)[order]
    parts = zip(np.array_split(told, bins), np.array_split(true, bins), strict=True)
    return float(sum(len(one) * abs(one.mean() - other.mean()) for one, other in parts if len(one)) / len(told))


def fitted_support(lacking: Sequence[float], holds: Sequence[bool]) -> tuple[float, float]:
    """Constant and weight of the logit that a claim is borne out, from the logit that its likeliest word is not."""
    from sklearn.linear_model import LogisticRegression

    weight = min(float(LogisticRegression().fit(np.array(lacking)[:, None], holds).coef_[0, 0]), -1e-3)
    most = float(np.quantile([each for each, true in zip(lacking, holds, strict=True) if true], 1 - FLAGGED))
    return -weight * most, weight


def main() -> None:
    """Fits, prints what it found and writes it into the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="documents")
    options = parser.parse_args()
    reader = open_reader(options.file, as_it_runs=True)
    every = asked_on_kept(reader, options.limit)
    told = held_out(every)
    chances, right = [chance for chance, _ in told], [is_right for _, is_right in told]
    least = float(np.quantile([chance for chance, is_right in told if is_right], SILENCED))
    answered = np.array([each.is_answered for each in every])
    says = np.array(chances) >= least
    print(
        f"questions {len(every)}, chosen rightly {np.mean([each for each, is_one in zip(right, answered, strict=True) if is_one]):.3f}"
    )
    print(f"  answered from {least:.3f} on: right {np.mean((says & right)[answered]):.3f}, ", end="")
    print(f"wrong {np.mean((says & ~np.array(right))[answered]):.3f}, rejected {np.mean(~says[~answered]):.3f}")
    print(f"  area of right {area(chances, right):.3f}, of answerable {area(chances, answered.tolist()):.3f}, ", end="")
    print(f"calibration error {expected_calibration_error(chances, right):.3f}")

    claims = list(pairs.read(options.work / "written-claims-kept.jsonl.gz"))
    rows = [reader.tokenizer.pairs(pair.first, [pair.passage])[0] for pair in claims]
    logits = reader.network.logits(rows)
    lacking = [clipped(float(made[list(row.first), UNSUPPORTED].max())) for row, made in zip(rows, logits, strict=True)]
    holds = [not pair.unsupported for pair in claims]
    constant, weight = fitted_support(lacking, holds)
    caught = np.mean([constant + weight * each < 0 for each, true in zip(lacking, holds, strict=True) if not true])
    held = [probability(constant + weight * each) for each in lacking]
    print(f"claims {len(holds)}, area {area(held, holds):.3f}, caught {caught:.3f} at {FLAGGED} flagged")
    for made in sorted({pair.made for pair in claims}):
        of_kind = [chance for pair, chance in zip(claims, held, strict=True) if pair.made == made]
        print(f"  {made} ({len(of_kind)}): below 0.5 {np.mean([chance < 0.5 for chance in of_kind]):.3f}")

    calibration = Calibration(
        constant=-logit_of(least),
        language_model=MARGIN_WEIGHT,
        language_model_origin=MARGIN_ORIGIN,
        support_constant=constant,
        support=weight,
        checks_claims=float(caught >= CAUGHT),
    )
    print(asdict(calibration))
    tensors, _ = read(options.file)
    kept = {name: tensor for name, tensor in tensors.items() if not name.startswith(PREFIX)}
    fit = {name: torch.from_numpy(part) for name, part in fitted(every).to_tensors().items()}
    save_file(kept | fit, options.file, calibration.to_metadata())
    print(options.file, hashlib.sha256(options.file.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
