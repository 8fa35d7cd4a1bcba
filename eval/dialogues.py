"""Whether follow-ups are understood: sixty conversations about documents of eight genres (``eval/dialogues.jsonl``).

Each turn is taken with the conversation before it as it stands alone. A follow-up is understood where its rewriting says
all that it has to and nothing that it must not; a question that stands alone, and what asks nothing, must stay as typed.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from rag.answering.telling import NOT_FOUND
from rag.errors import UsageError, interface_language
from rag.questions.follow_ups import Leans, understand
from rag.questions.words import END
from rag.text.display import one_line

FILE = Path(__file__).with_name("dialogues.jsonl")
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
