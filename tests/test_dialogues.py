"""The dialogues that understanding of follow-up questions is measured on (``eval/dialogues.jsonl``)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eval.dialogues import UNTOUCHED, dialogues, held, outcomes
from rag.text.documents import Document

EVAL = Path(__file__).parent.parent / "eval"
DIALOGUES = dialogues("all")


def test_there_are_sixty_in_eight_genres_and_no_document_is_in_both_halves() -> None:
    assert len(DIALOGUES) == 60 and len({each["genre"] for each in DIALOGUES}) == 8
    assert len({each["id"] for each in DIALOGUES}) == 60
    halves = [{each["document"] for each in DIALOGUES if each["split"] == split} for split in ("tune", "test")]
    assert all(halves) and not halves[0] & halves[1]


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=[each["id"] for each in DIALOGUES])
def test_what_a_dialogue_expects_agrees_with_itself_and_its_document(dialogue: dict[str, Any]) -> None:
    text = (EVAL / "genres" / dialogue["genre"] / dialogue["document"]).read_text(encoding="utf-8")
    assert 3 <= len(dialogue["turns"]) <= 6
    for turn in dialogue["turns"]:
        understood = turn["standalone"]
        if turn["kind"] in UNTOUCHED:
            assert understood == turn["question"]
        assert all(any(form in understood for form in forms) for forms in turn["says"])
        assert not any(word in understood for word in turn["says_not"])
        assert (turn["quote"] is None) == (not turn["facts"])
        if turn["quote"]:
            assert turn["quote"] in text
            assert all(any(form in turn["quote"] for form in forms) for forms in turn["facts"])


def test_conversations_are_held_and_judged_by_what_is_said(make_assistant: Callable[..., Any]) -> None:
    text = "云岭药片说明书\n\n用法用量：成人每日两次，每次一片，连续服用十四天。\n\n本品应在阴凉处保存。\n"
    assistant = make_assistant(Document(text, "pills.txt", "云岭药片说明书"))
    turns = [
        ("complete", "云岭药片成人每日服几次？", [["两次"]]),
        ("small_talk", "谢谢", []),
        ("out_of_document", "云岭药片由哪家公司生产？", []),
        ("complete", "云岭药片要连续服用多少天？", [["三十天"]]),
    ]
    said = list(
        held(
            [
                {
                    "turns": [
                        {"kind": kind, "question": asked, "standalone": asked, "facts": facts}
                        for kind, asked, facts in turns
                    ]
                }
            ],
            assistant,
        )
    )
    assert [turn.outcome for turn in said] == ["right", "unjudged", "right", "wrong"]
    assert said[3].understood == turns[3][1] and "十四天" in said[3].answer
    assert outcomes(said) == {
        "all": {"right": 2, "wrong": 1},
        "complete": {"right": 1, "wrong": 1},
        "out_of_document": {"right": 1},
    }
