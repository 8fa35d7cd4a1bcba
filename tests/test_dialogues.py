"""The dialogues that understanding of follow-up questions is measured on (``eval/dialogues.jsonl``)."""

from pathlib import Path
from typing import Any

import pytest

from eval.dialogues import UNTOUCHED, dialogues

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
