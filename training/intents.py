"""Trains what tells questions about the assistant and the collection: ``python -m training.intents FILE``.

``training/intents.jsonl`` holds examples of each class (:data:`rag.questions.intents.CLASSES`): some to learn from, some
in other wordings kept apart (``held_out``), and topics that are put for ``{topic}``. Ordinary questions are all that are
asked in ``training/written/`` and the dialogues, some with a greeting or thanks before them. How sure a class must be is
chosen so that no ordinary question is taken for it by classifiers that have not seen that question.
"""

import argparse
import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch import Tensor
from torch.nn import functional

import embeddings
from rag.questions.intents import CLASSES, ORDINARY, SOME_NAME, IntentClassifier, as_classified
from rag.text.script import is_chinese
from training import documents, sisters
from training.follow_ups import DIALOGUES
from training.sources import rows

EXAMPLES = Path(__file__).with_name("intents.jsonl")
EVAL = Path(__file__).parents[1] / "eval"
SEED, FOLDS = 5, 5
TOPICS = 6
"""How many topics are put into an example that has a place for one."""
GREETED = 2000
"""Ordinary questions that a greeting or thanks stands before."""
NETWORKS, UNITS, STEPS, DECAY = 3, 32, 100, 1e-3
ORDINARY_SHARE = 0.5
"""Weight of all ordinary questions together in the loss; the other classes share the rest."""
MARGIN = 0.1
"""How far from the likeliest mistake to certainty a class must be, as a share of that way."""
LEAST = 0.8
"""How likely a class must be at least, where mistakes were not likely."""

Array = NDArray[np.float32]
Example = tuple[str, str]
"""A question as it is told from others, and its class."""


def written(part: str) -> list[dict[str, Any]]:
    """The examples of a part, ``train`` or ``held_out``, as the file has them."""
    lines = map(json.loads, EXAMPLES.read_text("utf-8").splitlines())
    return [line for line in lines if line.get("part") == part]


def topics(chinese: bool) -> list[str]:
    """What a question may be about."""
    lines = map(json.loads, EXAMPLES.read_text("utf-8").splitlines())
    listed = [line["topic"] for line in lines if "topic" in line and is_chinese(line["topic"]) == chinese]
    return listed + (sorted(filter(is_chinese, sisters.read("train"))) if chinese else [])


def filled(text: str, chance: random.Random) -> Iterator[str]:
    """An example with topics in its place for one; as it is where it has none."""
    if "{topic}" not in text:
        yield text
        return
    there = topics(is_chinese(text.replace("{topic}", "")) or text == "{topic}")
    for _ in range(TOPICS):
        yield text.format(topic=chance.choice(there))


def examples() -> list[Example]:
    """What is learned from, without the questions of :func:`ordinary`, each once."""
    chance = random.Random(SEED)
    lines = written("train")
    greetings = [line["text"] for line in lines if line["intent"] in ("greeting", "thanks")]
    found = [(text, line["intent"]) for line in lines for text in filled(line["text"], chance)]
    # A greeting before it does not change what is asked.
    found += [
        (_behind(chance.choice(greetings), text), intent)
        for text, intent in found
        if intent not in ("greeting", "thanks") and chance.random() < 0.3
    ]
    asked = [question for question in ordinary() if len(question) < 60]
    found += [(_behind(chance.choice(greetings), question), ORDINARY) for question in chance.sample(asked, GREETED)]
    return list({as_classified(text): intent for text, intent in found}.items())


def ordinary() -> list[str]:
    """All questions that were written about documents, as they are told apart, each once."""
    asked = [question["q"] for document in documents.documents() for question in document.questions]
    turns = [turn for dialogue in rows(DIALOGUES) for turn in dialogue["turns"] if turn["kind"] != "small_talk"]
    asked += [turn[name] for turn in turns for name in ("question", "standalone")]
    return list(dict.fromkeys(as_classified(question) for question in asked))


def evaluated() -> dict[str, list[str]]:
    """The ordinary questions of the evaluation sets, as they are told apart; nothing is learned or chosen from them."""
    files = {
        "genres": sorted(EVAL.glob("genres/*/questions.jsonl")),
        "formats": [EVAL / "formats" / "questions.jsonl"],
        "questions": [EVAL / "questions.jsonl"],
        "development": [EVAL / "development.jsonl"],
        "dialogues": [EVAL / "dialogues.jsonl"],
    }
    found = {}
    for name, paths in files.items():
        lines = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]
        turns = [turn for line in lines for turn in line.get("turns", [line]) if turn["kind"] != "small_talk"]
        found[name] = [as_classified(turn["question"]) for turn in turns]
    return found


def _behind(greeting: str, question: str) -> str:
    if is_chinese(question):
        return f"{greeting.rstrip('？！?!')}，{question}"
    return f"{greeting.rstrip('？！?!')}, {question}"


def fitted(vectors: Array, classes: NDArray[np.int64]) -> IntentClassifier:
    """The classifier of some questions: networks begun differently, put beside each other.

    How likely a class must be is not chosen yet.
    """
    origin, scale = vectors.mean(axis=0), vectors.std(axis=0) + 1e-6
    inputs, wanted = torch.tensor((vectors - origin) / scale), torch.tensor(classes)
    counts = torch.bincount(wanted, minlength=len(CLASSES)).float()
    weight = torch.full_like(counts, (1 - ORDINARY_SHARE) / (len(CLASSES) - 1)) / counts
    weight[CLASSES.index(ORDINARY)] = ORDINARY_SHARE / counts[CLASSES.index(ORDINARY)]
    networks = [_network(inputs, wanted, weight[wanted], SEED + number) for number in range(NETWORKS)]
    hidden, hidden_constants, output, constants = zip(*networks, strict=True)
    layers = (
        torch.cat(hidden, dim=1),
        torch.cat(hidden_constants),
        torch.cat(output) / NETWORKS,
        torch.stack(constants).mean(dim=0),
    )
    arrays = (origin, scale, *(each.numpy() for each in layers), np.full(len(CLASSES), LEAST))
    names = IntentClassifier.__dataclass_fields__
    kept = {name: np.asarray(array, np.float16) for name, array in zip(names, arrays, strict=True)}
    return IntentClassifier.from_tensors(kept)  # as the file will hold it


def _network(inputs: Tensor, wanted: Tensor, weight: Tensor, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Weights and constants of the hidden units, and of the classes, of a network that fits some questions."""
    torch.manual_seed(seed)
    first, last = torch.nn.Linear(inputs.shape[1], UNITS), torch.nn.Linear(UNITS, len(CLASSES))
    optimizer = torch.optim.LBFGS(
        [*first.parameters(), *last.parameters()], max_iter=STEPS, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        losses = functional.cross_entropy(last(torch.tanh(first(inputs))), wanted, reduction="none")
        found = (losses * weight).sum() + DECAY * (first.weight.square().sum() + last.weight.square().sum())
        torch.autograd.backward(found)
        return found

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return first.weight.T.detach(), first.bias.detach(), last.weight.T.detach(), last.bias.detach()


def least_sureness(
    vectors: Array, classes: NDArray[np.int64], asked: NDArray[np.bool_], named: NDArray[np.bool_]
) -> Array:
    """How likely each class must be for no ordinary question to be taken for it, by classifiers that have not seen it.

    Args:
        vectors, classes: of all that is learned from.
        asked: which are questions of documents, not written to be mistaken.
        named: which name something in title marks: whether that is a document decides whether ``《…》讲啥？`` asks for a summary.
    """
    summaries = [CLASSES.index("summary"), CLASSES.index("brief")]
    folds = np.random.default_rng(SEED).permutation(len(classes)) % FOLDS
    mistaken = np.zeros(len(CLASSES), np.float32)
    for fold in range(FOLDS):
        found = fitted(vectors[folds != fold], classes[folds != fold])
        unseen = (folds == fold) & asked
        likely = found.probabilities(vectors[unseen])
        likely[np.ix_(named[unseen], summaries)] = 0
        mistaken = np.maximum(mistaken, likely.max(axis=0))
    return np.maximum(LEAST, mistaken + MARGIN * (1 - mistaken))


def vectors_of(texts: Sequence[str]) -> Array:
    """The embedded embedder's vectors of questions."""
    return embeddings.load("default").queries(texts)


def told(found: IntentClassifier, lines: Sequence[dict[str, Any]], vectors: Array) -> str:
    """How many of each class are recognised, and what the others are taken for."""
    intents = [found.intent(vector) or ORDINARY for vector in vectors]
    result = []
    for name in CLASSES:
        own = [(line["text"], intent) for line, intent in zip(lines, intents, strict=True) if line["intent"] == name]
        wrong = [f"{text} → {intent}" for text, intent in own if intent != name]
        result.append(f"{name}: {len(own) - len(wrong)} of {len(own)}  {'; '.join(wrong)}")
    return "\n".join(result)


def main() -> None:
    """Trains, tells what the examples kept apart are taken for, writes the weights and tells their SHA-256."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)  # the same sums in the same order
    learned = dict(examples())
    questions = [question for question in ordinary() if question not in learned]
    asked = np.arange(len(learned) + len(questions)) >= len(learned)
    learned |= dict.fromkeys(questions, ORDINARY)
    named = np.array([SOME_NAME in question for question in learned])
    vectors = vectors_of(list(learned))
    classes = np.array([CLASSES.index(intent) for intent in learned.values()])
    tensors = fitted(vectors, classes).to_tensors() | {
        "least": least_sureness(vectors, classes, asked, named).astype(np.float16)
    }
    found = IntentClassifier.from_tensors(tensors)
    lines = written("held_out")
    print(told(found, lines, vectors_of([as_classified(line["text"]) for line in lines])))
    print("least:", dict(zip(CLASSES, found.least.round(3).tolist(), strict=True)))
    for name, asked_of in evaluated().items():
        intents = map(found.intent, vectors_of(asked_of))
        taken = [f"{text} → {intent}" for text, intent in zip(asked_of, intents, strict=True) if intent]
        print(f"{name}: {len(taken)} of {len(asked_of)} taken for none to the documents  {'; '.join(taken)}")
    save_file(tensors, options.file)
    content = options.file.read_bytes()
    print(options.file, f"{len(content) / 1e3:.1f} kB", hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    main()
