"""Trains what tells how a question leans on the one before it: ``python -m training.follow_ups FILE --begin reader.safetensors``.

``training/dialogues.jsonl.xz`` holds conversations written for training: each turn as it was typed and as it stands alone.
Which words of the question before come back, and which of those typed only point there, follows by laying the three beside
each other. One dialogue in ten is kept apart.
"""

import argparse
import hashlib
import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from embeddings.e5 import decoded_folder
from rag.questions.follow_ups import Leaning, joined
from rag.questions.words import ASKS, END
from rag.reading import adapters
from rag.reading.leaning import CARRIED, DROPPED, HEADS, KINDS, STANDS, LeaningReader
from rag.reading.model import ReaderModel, load_encoder
from rag.reading.tokens import PairTokenizer, PairTokens
from rag.reading.torch_network import TorchNetwork, padded
from training import documents, sisters
from training.sources import rows
from training.swapping import Swap, Swapper

DIALOGUES = Path(__file__).with_name("dialogues.jsonl.xz")
SEED, KEPT_ONE_IN = 3, 10
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9.,%'-]*|.", re.DOTALL)
MOST_ADDED = 4
"""Words of a question that stands alone which nobody typed; one with more teaches nothing."""
BATCH, SORTED_TOGETHER = 24, 8
WARM_UP, DROPOUT, HEADS_TIMES = 0.06, 0.1, 10
TOKENS_WEIGHT = 2.0
UNKNOWN = -1
REPLACED = 2500
"""Questions of written documents that are asked again of a sister."""
WIDENED = {"word": 0, "ordinal": 1, "year": 1, "number": 1}
"""Kinds of swaps, each with how many of the characters behind it are typed as well: ``二审``, ``2022年``, ``8000元``."""
PERIODS = ("一季度", "二季度", "三季度", "四季度", "上半年", "下半年", "1月", "3月", "5月", "8月", "12月", "全年")
PERIOD = re.compile("第?[一二三四]季度|[上下]半年|1?[0-9]月份?(?![0-9])")
LED_INTO = 0.4
"""Share of the questions put after another that a word leads into."""
LEADS = (
    "那",
    "那么",
    "请问",
    "请问一下，",
    "其实",
    "对了，",
    "另外",
    "还有，",
    "我想问问，",
    "再问一下，",
    "介绍一下，",
    "好，那",
)
ENGLISH_LEADS = ("And ", "So ", "By the way, ", "OK, ", "Then ", "Also, ")


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of a conversation.

    Attributes:
        before: the question before, as it stands alone; empty where there is none.
        question: what was typed.
        standalone: the same as it stands alone.
        leaning: how it leans.
    """

    before: str
    question: str
    standalone: str
    leaning: Leaning


def turns_of(dialogue: dict[str, Any]) -> Iterator[Turn]:
    """The turns of a dialogue that can be learned from."""
    before = ""
    for turn in dialogue["turns"]:
        question, alone, kind = turn["question"], turn["standalone"], turn["kind"]
        if kind == "small_talk":
            yield Turn(before, question, alone, Leaning("talk"))
            continue
        if kind in ("complete", "changed_topic"):
            yield Turn(before, question, alone, Leaning())
        elif before:
            carried, dropped, added = laid_beside(before, question, alone)
            if carried and added <= MOST_ADDED:
                yield Turn(before, question, alone, Leaning("leans", carried, dropped))
        before = alone


def replaced(questions: Sequence[str], swapper: Swapper, chance: random.Random) -> Iterator[Turn]:
    """Questions asked again of a sister of something in them: ``罗某一审判了多久？`` and then ``二审呢``."""
    for before in questions:
        periods = [Swap(*match.span(), PERIODS, "period") for match in PERIOD.finditer(before)]
        swaps = periods or [
            swap
            for swap in swapper.swaps(before)
            if swap.kind in WIDENED and not ASKS.search(before, swap.start, swap.end)
        ]
        if not swaps:
            continue
        swap = chance.choice(swaps)
        other = chance.choice(swap.others)
        end = min(swap.end + WIDENED.get(swap.kind, 0), len(before))
        lead = chance.choice(("", "", "", "那", "那么", "换成", "要是"))
        tail = chance.choice(("呢", "呢？", "的呢？", "", "呢"))
        thing = other + before[swap.end : end]
        if thing in before or END.search(before[swap.end : end]):
            continue
        carried = [(start, stop) for start, stop in ((0, swap.start), (end, len(before))) if start < stop]
        dropped = [(0, len(lead))] if lead else []
        dropped += [(len(lead + thing), len(lead + thing + tail))] if tail else []
        alone = before[: swap.start] + thing + before[end:]
        yield Turn(before, lead + thing + tail, alone, Leaning("leans", carried, dropped))


def laid_beside(before: str, question: str, alone: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]], int]:
    """What of the question before comes back, what of that typed is gone, and what of the whole question is of neither.

    Returns:
        Spans of words of the question before, spans of words of the one typed, and a number of words.
    """
    words = {"before": _words(before), "question": _words(question), "alone": _words(alone)}
    texts = {name: [text.lower() for text, _ in found] for name, found in words.items()}
    of_question, of_before, taken = set[int](), set[int](), set[int]()
    for ours, theirs, size in SequenceMatcher(
        None, texts["question"], texts["alone"], autojunk=False
    ).get_matching_blocks():
        of_question |= set(range(ours, ours + size))
        taken |= set(range(theirs, theirs + size))
    rest = ["" if place in taken else text for place, text in enumerate(texts["alone"])]
    for ours, theirs, size in SequenceMatcher(None, texts["before"], rest, autojunk=False).get_matching_blocks():
        of_before |= set(range(ours, ours + size))
        taken |= set(range(theirs, theirs + size))
    carried = [span for place, (_, span) in enumerate(words["before"]) if place in of_before]
    dropped = [span for place, (_, span) in enumerate(words["question"]) if place not in of_question]
    added = sum(text.isalnum() for place, text in enumerate(texts["alone"]) if place not in taken)
    return carried, dropped, added


def _words(text: str) -> list[tuple[str, tuple[int, int]]]:
    return [(match[0], match.span()) for match in WORD.finditer(text)]


@dataclass(frozen=True, slots=True)
class Row:
    """A turn as tokens with what is known of each: whether it is carried or dropped; and of the whole."""

    pair: PairTokens
    truth: tuple[int, ...]
    kind: int

    @classmethod
    def of(cls, tokenizer: PairTokenizer, turn: Turn) -> "Row":
        """A turn as a row."""
        (pair,) = tokenizer.pairs(turn.question, [turn.before])
        truth = [UNKNOWN] * len(pair.ids)
        if turn.leaning.kind == "leans":
            for places, spans in ((pair.passage, turn.leaning.carried), (pair.first, turn.leaning.dropped)):
                known = {character for start, end in spans for character in range(start, end)}
                for place in places:
                    start, end = pair.spans[place]
                    if end > start:
                        truth[place] = int(2 * len(known & set(range(start, end))) >= end - start)
        return cls(pair, tuple(truth), KINDS.index(turn.leaning.kind))


def batches(every: Sequence[Row], chance: random.Random) -> Iterator[list[Row]]:
    """Rows in batches of like length."""
    order = chance.sample(every, len(every))
    size = BATCH * SORTED_TOGETHER
    found = []
    for first in range(0, len(order), size):
        together = sorted(order[first : first + size], key=lambda row: len(row.pair.ids))
        found += [together[place : place + BATCH] for place in range(0, len(together), BATCH)]
    chance.shuffle(found)
    yield from found


def loss_of(model: ReaderModel, batch: Sequence[Row]) -> Tensor:
    """How far the model is from what is known of a batch."""
    token_ids, attention, matches = padded([row.pair for row in batch])
    truth = torch.full(token_ids.shape, UNKNOWN)
    is_before = torch.zeros(token_ids.shape, dtype=torch.bool)
    for number, row in enumerate(batch):
        truth[number, : len(row.truth)] = torch.tensor(row.truth)
        is_before[number, list(row.pair.passage)] = True
    logits = model(token_ids, attention, matches)
    of_token = torch.where(is_before, logits[..., CARRIED], logits[..., DROPPED])
    known = truth != UNKNOWN
    of_kind = functional.cross_entropy(logits[:, 0, STANDS:], torch.tensor([row.kind for row in batch]))
    if not known.any():
        return of_kind
    return of_kind + TOKENS_WEIGHT * functional.binary_cross_entropy_with_logits(of_token[known], truth[known].float())


def train(model: ReaderModel, learned: Sequence[Turn], tokenizer: PairTokenizer, passes: float, rate: float) -> None:
    """Trains the heads and those layers that are not frozen."""
    chance = random.Random(SEED)
    every = [Row.of(tokenizer, turn) for turn in learned]
    alone = [turn for turn in learned if turn.leaning.kind != "leans"]
    heads = [*model.heads.parameters(), *model.matches.parameters()]
    encoder = [parameter for parameter in model.encoder.parameters() if parameter.requires_grad]
    groups = [{"params": encoder, "lr": rate}, {"params": heads, "lr": HEADS_TIMES * rate}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    steps, step, began, told = int(passes * len(every) / BATCH), 0, time.monotonic(), 0.0
    share = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda number: min(1.0, (number + 1) / steps / WARM_UP) * max(0.0, 1 - number / steps)
    )
    while step < steps:
        others = [elsewhere(turn, learned, chance) for turn in chance.sample(alone, len(alone) // 2)]
        for batch in batches([*every, *(Row.of(tokenizer, turn) for turn in others)], chance):
            model.train()
            optimizer.zero_grad()
            loss = loss_of(model, batch)
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            share.step()
            step, told = step + 1, told + loss.item()
            if step % 50 == 0:
                print(f"{step} of {steps}, {time.monotonic() - began:.0f} s, loss {told / 50:.3f}", flush=True)
                told = 0.0
            if step >= steps:
                break


def elsewhere(turn: Turn, every: Sequence[Turn], chance: random.Random) -> Turn:
    """What stands alone does so after any question, where there is none, and with a word that leads into it."""
    before = chance.choice(("", chance.choice(every).before, chance.choice(every).before))
    question = turn.question
    if turn.leaning.kind == "stands" and chance.random() < LED_INTO:
        question = chance.choice(LEADS if re.search("[一-鿿]", question) else ENGLISH_LEADS) + question
    return Turn(before, question, turn.standalone, turn.leaning)


def measured(reader: LeaningReader, kept: Sequence[Turn]) -> str:
    """How well turns kept apart are told apart and put together."""
    right: dict[str, list[bool]] = {kind: [] for kind in KINDS}
    whole = []
    for turn in kept:
        leaning = reader(turn.question, turn.before)
        right[turn.leaning.kind].append(leaning.kind == turn.leaning.kind)
        if turn.leaning.kind == "leans":
            text = joined(turn.question, turn.before, leaning) if leaning.kind == "leans" else ""
            whole.append(plain(text) == plain(turn.standalone))
    told = ", ".join(f"{kind} {sum(each) / len(each):.3f} of {len(each)}" for kind, each in right.items() if each)
    return f"told apart: {told}; put together word for word {sum(whole) / max(len(whole), 1):.3f}"


def plain(text: str) -> str:
    """A question without what joins and ends it, to compare it by."""
    return re.sub(r"[\W的是在里中]", "", text).lower()


def main() -> None:
    """Reads the command line, trains, measures and writes the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--begin", type=Path, help="weights of a reader (.pt or .safetensors) to begin from")
    parser.add_argument("--passes", type=float, default=3.0)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--frozen", type=int, default=6, help="lowest layers that stay as they are")
    parser.add_argument("--rank", type=int, default=32)
    options = parser.parse_args()
    torch.manual_seed(SEED)
    folder = decoded_folder()
    tokenizer = PairTokenizer(folder)
    model = ReaderModel(load_encoder(folder), HEADS)
    if options.begin:
        begin(model, options.begin)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = DROPOUT
    for part in (model.encoder.embeddings, *model.encoder.encoder.layer[: options.frozen]):
        part.requires_grad_(False)
    every = [list(turns_of(dialogue)) for dialogue in rows(DIALOGUES)]
    learned = [turn for number, turns in enumerate(every) if number % KEPT_ONE_IN for turn in turns]
    kept = [turn for turns in every[::KEPT_ONE_IN] for turn in turns]
    chance = random.Random(SEED)
    written = [each for each in documents.documents() if each.kind not in documents.KEPT_KINDS]
    asked = [question["q"] for each in written for question in each.questions]
    swapper = Swapper(sisters.read("train"), chance)
    learned += islice(replaced(chance.sample(asked, len(asked)), swapper, chance), REPLACED)
    print(f"{len(learned)} turns to learn from, {len(kept)} kept apart")
    train(model, learned, tokenizer, options.passes, options.rate)
    print("as trained:", measured(LeaningReader(TorchNetwork(model), tokenizer), kept))
    base = ReaderModel(load_encoder(folder), HEADS)
    small = adapters.factored(adapters.added_by_training(model.state_dict(), base), options.rank)
    save_file(small, options.file)
    adapters.apply(small, base, str(options.file))
    print("as written:", measured(LeaningReader(TorchNetwork(base), tokenizer), kept))
    content = options.file.read_bytes()
    print(options.file, f"{len(content) / 1e6:.1f} MB", hashlib.sha256(content).hexdigest())


def begin(model: ReaderModel, file: Path) -> None:
    """Takes the encoder of a reader; its heads are of other things."""
    if file.suffix == ".safetensors":
        reader = ReaderModel(load_encoder(decoded_folder()))
        adapters.apply(adapters.read(file)[0], reader, str(file))
        trained = reader.state_dict()
    else:
        trained = torch.load(file, weights_only=True)
    own = {name: tensor for name, tensor in trained.items() if not name.startswith("heads.")}
    model.load_state_dict(own, strict=False)


if __name__ == "__main__":
    main()
