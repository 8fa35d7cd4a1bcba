"""Whether follow-ups are understood: sixty conversations about documents of eight genres (``eval/dialogues.jsonl``).

Each turn is taken with the conversation before it as it stands alone. A follow-up is understood where its rewriting says
all that it has to and nothing that it must not; a question that stands alone, and what asks nothing, must stay as typed.
Held with the product's own answers, a conversation shows what that comes to: whether each turn is answered rightly.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from eval.metrics import stands_in
from rag.answering.telling import NOT_FOUND
from rag.errors import UsageError, interface_language
from rag.questions.follow_ups import Leans, understand
from rag.questions.words import END
from rag.text.display import one_line

if TYPE_CHECKING:
    from rag.answers import Answer
    from rag.assistant import Assistant

FILE = Path(__file__).with_name("dialogues.jsonl")
DOCUMENTS = FILE.with_name("genres")
UNTOUCHED = frozenset({"complete", "changed_topic", "small_talk"})
"""Kinds of turns that stay as they are typed."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A turn as it was understood.

    Attributes:
        kind: what sort of turn it is.
        before: the question before, as it stands alone; empty for none.
        question, standalone: as typed, and as it should be understood.
        understood: as it was.
        is_right: whether that will do.
    """

    kind: str
    before: str
    question: str
    standalone: str
    understood: str
    is_right: bool


def dialogues(split: str) -> list[dict[str, Any]]:
    """The conversations of a split: ``tune``, ``test`` or ``all``.

    Raises:
        UsageError: there is no such split.
    """
    every = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    if split not in ("all", *{each["split"] for each in every}):
        raise UsageError(
            zh=f"没有“{split}”这一部分：应是 tune、test 或 all。", en=f"No split '{split}': tune, test or all."
        )
    return [each for each in every if split in ("all", each["split"])]


def heard(every: Sequence[Mapping[str, Any]], leans: Leans | None) -> list[Heard]:
    """All turns of some conversations as they are understood.

    Args:
        leans: tells how a question leans on the one before it; None for a product without a reader.
    """
    found = []
    for dialogue in every:
        history: list[tuple[str, str]] = []
        for turn in dialogue["turns"]:
            question, alone = turn["question"], turn["standalone"]
            understood = understand(question, history, leans).question
            if turn["kind"] in UNTOUCHED:
                is_right = END.sub("", understood) == END.sub("", question)
            else:
                says = all(any(form in understood for form in forms) for forms in turn["says"])
                is_right = says and not any(word in understood for word in turn["says_not"])
            before = history[-1][0] if history else ""
            found.append(Heard(turn["kind"], before, question, alone, understood, is_right))
            history.append((alone, turn["quote"] or NOT_FOUND["zh"]))
    return found


@dataclass(frozen=True, slots=True)
class Said:
    """What became of a turn of a conversation that was held.

    Attributes:
        kind, question, standalone: as :class:`Heard`.
        understood: as it was looked up.
        answer: what was said.
        outcome: as :data:`eval.verdicts.OUTCOMES`; ``unjudged`` for what asks nothing.
    """

    kind: str
    question: str
    standalone: str
    understood: str
    answer: str
    outcome: str


def held(every: Sequence[Mapping[str, Any]], assistant: "Assistant") -> Iterator[Said]:
    """Holds conversations, each turn after what was typed and said before it, and judges what is said.

    Args:
        assistant: over the documents of all conversations.
    """
    for dialogue in every:
        history: list[tuple[str, str]] = []
        for turn in dialogue["turns"]:
            answer = assistant.ask(turn["question"], history=history)
            history.append((turn["question"], answer.text))
            told = (turn["kind"], turn["question"], turn["standalone"], answer.understood, answer.text)
            yield Said(*told, _outcome(turn, answer))


def _outcome(turn: Mapping[str, Any], answer: "Answer") -> str:
    if turn["kind"] == "small_talk":
        return "unjudged"
    if not turn["facts"]:
        return "right" if answer.abstained else "answered"
    if answer.abstained:
        return "silent"
    is_right = all(any(stands_in(form, answer.text) for form in forms) for forms in turn["facts"])
    return "right" if is_right else "wrong"


def outcomes(turns: Iterable[Said]) -> dict[str, dict[str, int]]:
    """How many turns had which outcome, by kind and in ``all``; without what is not judged."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for turn in turns:
        if turn.outcome != "unjudged":
            found["all"][turn.outcome] += 1
            found[turn.kind][turn.outcome] += 1
    return {kind: dict(found[kind]) for kind in sorted(found)}


def show_held(console: Console, turns: Sequence[Said], every: bool) -> None:
    """Prints the outcomes, and with ``every`` each turn that is not right."""
    for kind, counted in outcomes(turns).items():
        told = "  ".join(f"{outcome} {number}" for outcome, number in sorted(counted.items()))
        console.print(f"{kind}  {told}", highlight=False)
    for turn in turns if every else ():
        if turn.outcome not in ("right", "unjudged"):
            line = " | ".join((turn.kind, turn.outcome, turn.question, turn.understood, turn.standalone, turn.answer))
            console.print(one_line(line), markup=False, highlight=False)


def shares(turns: Sequence[Heard]) -> dict[str, Any]:
    """The share of follow-ups ``understood`` and of ``complete`` questions ``changed``, from 0 to 1, with how many there are.

    What asks nothing counts as complete. ``by_kind`` has the share that is right of each kind of turn.
    """
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for turn in turns:
        by_kind[turn.kind].append(turn.is_right)
    leaning = [turn.is_right for turn in turns if turn.kind not in UNTOUCHED]
    standing = [turn.is_right for turn in turns if turn.kind in UNTOUCHED]
    return {
        "follow_ups": len(leaning),
        "understood": sum(leaning) / max(len(leaning), 1),
        "complete": len(standing),
        "changed": 1 - sum(standing) / max(len(standing), 1),
        "by_kind": {kind: sum(right) / len(right) for kind, right in sorted(by_kind.items())},
    }


def show(console: Console, turns: Sequence[Heard], every: bool) -> None:
    """Prints the shares, and with ``every`` each turn that was understood otherwise."""
    found = shares(turns)
    told = {
        "zh": "追问理解对 {understood:.3f}（{follow_ups} 问）；完整的问题被改动 {changed:.3f}（{complete} 问）",
        "en": "follow-ups understood {understood:.3f} of {follow_ups}; complete questions changed {changed:.3f} of {complete}",
    }
    console.print(told[interface_language()].format(**found), highlight=False)
    for kind, share in found["by_kind"].items():
        console.print(f"  {kind} {share:.2f}", highlight=False)
    if every:
        for turn in turns:
            if not turn.is_right:
                line = " | ".join((turn.kind, turn.before, turn.question, turn.understood, turn.standalone))
                console.print(one_line(line), markup=False, highlight=False)
