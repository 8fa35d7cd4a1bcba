"""Trains the reader: ``python -m training.train WORK --hours 1 --device cpu``.

WORK holds the pairs (``training.make_pairs``) and gets ``checkpoint.pt`` every few minutes and ``reader.pt`` at the end; a
run that was stopped goes on from its checkpoint. With ``--begin FILE`` it starts from the weights of an earlier stage.
"""

import argparse
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from embeddings.e5 import decoded_folder
from rag.reading import adapters
from rag.reading.adapters import NOT_KEPT
from rag.reading.model import ReaderModel, load_encoder, split_heads
from training import pairs
from training.batches import UNKNOWN, Batch, batches

SEED = 17
QUESTIONS = ("questions", "written-questions")
CLAIMS = ("claims", "answers", "written-claims", "written-answers", "elsewhere", "opposites", "other-words")
SHARES = {
    "questions": {"named": 0.15, "window": 0.1, "wrong": 0.15, "deleted": 0.3, "question word": 0.4},
    "written-questions": {"wrong": 0.25, "window": 0.3, "deleted": 0.3, "named": 0.5},
    "claims": {
        "sentence": 0.08,
        "stated": 0.12,
        "stated wrongly": 0.12,
        "swapped word": 0.15,
        "negated": 0.1,
        "swapped year": 0.2,
        "swapped number": 0.2,
        "figures otherwise": 0.7,
        "another value": 0.5,
        "paraphrase": 0.3,
        "not_paraphrase": 0.3,
    },
    "written-claims": {
        "sentence": 0.4,
        "stated": 0.5,
        "stated wrongly": 0.4,
        "swapped word": 0.6,
        "swapped number": 0.5,
        "negated": 0.3,
    },
    "answers": {"said back answered": 0.35, "said back wrongly": 0.2, "said back named": 0.25},
    "written-answers": {"said back answered": 0.4, "said back written answered": 0.5, "said back wrongly": 0.4},
    "elsewhere": {"beside another passage": 0.8, "another's answer": 0.6},
    "opposites": {"sentence": 0.3, "stated": 0.5},
}
"""Share of the pairs of a kind that a pass takes, where not all: of kinds that are soon learned, by the loss on what is kept
apart after an hour (most below 0.1, where sentences that answer had 2 and claims written by hand 0.5)."""
QUESTIONS_A_BATCH, CLAIMS_A_BATCH = 16, 24
ENCODER_RATE, HEADS_TIMES = 1e-4, 10
"""The learning rate of the encoder, and how many times that the heads learn at."""
WARM_UP = 0.05
SENTENCE_WEIGHT, SUPPORT_WEIGHT, UNSUPPORTED_COUNTS = 1.0, 2.0, 3.0
"""Weights of the losses beside that of the answer, and of a token that lacks support beside one that does not."""
LONGEST_STEP = 10.0
STEPS_BETWEEN_REPORTS, SECONDS_BETWEEN_CHECKPOINTS = 50, 240


def losses(logits: Tensor, batch: Batch) -> dict[str, Tensor]:
    """The losses of a batch by head; those that its pairs tell nothing of are left out."""
    output = split_heads(logits)
    found: dict[str, Tensor] = {}
    if batch.is_question:
        # The answer lies in the passage, or at the first token: there is none.
        allowed = batch.relevant != UNKNOWN
        allowed[:, 0] = True
        start = output.start.masked_fill(~allowed, -1e4)
        end = output.end.masked_fill(~allowed, -1e4)
        found["answer"] = (functional.cross_entropy(start, batch.start) + functional.cross_entropy(end, batch.end)) / 2
        found["sentence"] = SENTENCE_WEIGHT * _known(output.sentence, batch.relevant)
    if (batch.unsupported != UNKNOWN).any():
        found["support"] = SUPPORT_WEIGHT * _known(output.unsupported, batch.unsupported, UNSUPPORTED_COUNTS)
    verdicts = _verdicts(batch)
    known = verdicts != UNKNOWN
    if known.any():
        # Of the claim as a whole: told at the first token, and by the likeliest of its words.
        whole = output.unsupported[known, 0]
        masked = output.unsupported.masked_fill(batch.attention == 0, -1e4)[known]
        most = torch.stack(
            [row[1 : _length_of_first(ids)].max() for row, ids in zip(masked, batch.token_ids[known], strict=True)]
        )
        for name, logits_of_claim in (("whole", whole), ("some", most)):
            found[name] = functional.binary_cross_entropy_with_logits(logits_of_claim, verdicts[known])
    return found


def _verdicts(batch: Batch) -> Tensor:
    """Whether something of each first text lacks support, shape (pairs,); else unknown."""
    told = (batch.unsupported > 0).any(dim=1).float()
    return torch.where((batch.unsupported != UNKNOWN).any(dim=1), told, batch.some)


def _length_of_first(token_ids: Tensor) -> int:
    """Tokens up to the end of the first text: ``</s>`` is token 2 and follows it."""
    return int((token_ids == 2).nonzero()[0])


def _known(logits: Tensor, truth: Tensor, weight: float = 1.0) -> Tensor:
    known = truth != UNKNOWN
    weights = torch.where(truth[known] > 0, weight, 1.0)
    return functional.binary_cross_entropy_with_logits(logits[known], truth[known], weight=weights)


class Training:
    """One run, which can be stopped and gone on with.

    Args:
        options: of the command line.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.work: Path = options.work
        folder = decoded_folder()
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        torch.manual_seed(SEED)
        self.model = ReaderModel(load_encoder(folder)).to(options.device)
        if options.begin:
            self._begin(options.begin)
        for module in self.model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = options.dropout
        for parameter in self.model.encoder.embeddings.parameters():
            parameter.requires_grad = False  # word vectors are the embedder's own, and shared with it
        for layer in self.model.encoder.encoder.layer[: options.frozen]:
            layer.requires_grad_(False)
        heads = [*self.model.heads.parameters(), *self.model.matches.parameters()]
        encoder = [each for each in self.model.encoder.parameters() if each.requires_grad]
        self.optimizer = torch.optim.AdamW(
            [{"params": encoder, "lr": options.rate}, {"params": heads, "lr": HEADS_TIMES * options.rate}],
            weight_decay=0.01,
        )
        self.step, self.spent = 0, 0.0
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._share_of_rate)

    def _begin(self, weights: Path) -> None:
        """Takes the weights of an earlier stage: what it wrote, or what ships, which knows less of them."""
        if weights.suffix == ".safetensors":
            adapters.apply(adapters.read(weights)[0], self.model, str(weights))
        else:
            self.model.load_state_dict(torch.load(weights, weights_only=True), strict=False)

    def _share_of_rate(self, _: int) -> float:
        """Rises, then falls to nothing at the end of the time that the run may take."""
        done = self.spent / (3600 * self.options.hours) if self.step else 0.0
        return min(1.0, (done + 1e-3) / WARM_UP, max(0.0, 1 - done) / (1 - WARM_UP))

    def batches(self) -> Iterator[Batch]:
        """Batches of questions and of claims by chance, without end."""
        chance = random.Random(SEED + 1000 * self.options.stage)
        questions = self._passes(QUESTIONS, QUESTIONS_A_BATCH, chance)
        claims = self._passes(CLAIMS, CLAIMS_A_BATCH, chance)
        while True:
            yield next(claims if chance.random() < self.options.claims else questions)

    def _passes(self, names: Sequence[str], size: int, chance: random.Random) -> Iterator[Batch]:
        """The questions or the claims in batches, pass after pass; of what is soon learned each pass takes a part."""
        every = [
            (SHARES.get(name, {}).get(pair.made, 1.0) * float(self.options.parts.get(name, 1.0)), pair)
            for name in names
            if (path := self.work / f"{name}.jsonl.gz").exists()  # some are made on demand
            for pair in pairs.read(path)
        ]
        while True:
            taken = [pair for share, pair in every if chance.random() < share]
            yield from batches(self.tokenizer, taken, size, random.Random(chance.random()))

    def run(self) -> None:
        """Trains until the time is over."""
        checkpoint = self.work / "checkpoint.pt"
        if checkpoint.exists():
            self._restore(torch.load(checkpoint, weights_only=True))
        self.model.train()
        told: dict[str, list[float]] = defaultdict(list)
        saved = time.monotonic()
        for number, batch in enumerate(self.batches()):
            if number < self.step:
                continue
            began = time.monotonic()
            for name, loss in self._train(batch).items():
                told[name].append(loss)
            self.step += 1
            # A step that took longer was stopped in the middle, and not by its work.
            self.spent += min(time.monotonic() - began, LONGEST_STEP)
            self.schedule.step()
            if self.step % STEPS_BETWEEN_REPORTS == 0:
                means = {name: round(sum(values) / len(values), 4) for name, values in told.items()}
                print(self.step, f"{self.spent / 60:.1f} min", means, flush=True)
                told.clear()
            if time.monotonic() - saved > SECONDS_BETWEEN_CHECKPOINTS:
                self._save(checkpoint)
                saved = time.monotonic()
            if self.spent > 3600 * self.options.hours:
                break
        torch.save(self._trained(), self.work / "reader.pt")
        checkpoint.unlink(missing_ok=True)

    def _train(self, batch: Batch) -> dict[str, float]:
        device = self.options.device
        batch = batch.to(device)
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device, dtype=torch.bfloat16, enabled=self.options.half):
            logits = self.model(batch.token_ids, batch.attention, batch.matches)
        found = losses(logits, batch)
        torch.autograd.backward(torch.stack(list(found.values())).sum())
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return {name: loss.item() for name, loss in found.items()}

    def _save(self, path: Path) -> None:
        state = {
            "model": self._trained(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "spent": self.spent,
        }
        torch.save(state, path.with_suffix(".partial"))
        path.with_suffix(".partial").replace(path)
        torch.save(self._trained(), self.work / "reader-so-far.pt")

    def _trained(self) -> dict[str, Tensor]:
        return {name: each for name, each in self.model.state_dict().items() if not name.startswith(NOT_KEPT)}

    def _restore(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"], strict=False)
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.spent = state["step"], state["spent"]
        print(f"going on from step {self.step}", flush=True)


def main() -> None:
    """Reads the command line and trains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--hours", type=float, default=1.0, help="of training; rates fall to nothing at their end")
    parser.add_argument("--rate", type=float, default=ENCODER_RATE, help="learning rate of the encoder")
    parser.add_argument("--dropout", type=float, default=0.0, help="0.1 where pairs are seen many times")
    parser.add_argument(
        "--frozen", type=int, default=0, help="lowest layers that stay as they are; four save a quarter"
    )
    parser.add_argument("--claims", type=float, default=0.4, help="share of the batches that are claims")
    parser.add_argument(
        "--parts",
        nargs="*",
        default=[],
        help="how much of a file of pairs a pass takes, NAME=SHARE, of what it takes else",
    )
    parser.add_argument("--stage", type=int, default=1, help="another order of the pairs")
    parser.add_argument("--begin", type=Path, help="weights of an earlier stage, or those that ship")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--half", action="store_true", help="bfloat16, on processors built for it")
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    options.parts = dict(part.split("=") for part in options.parts)
    if options.threads:
        torch.set_num_threads(options.threads)
    Training(options).run()


if __name__ == "__main__":
    main()
