"""The documents that attribution of speech is measured on (``eval/speakers``), and the measure."""

import subprocess
import sys
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from eval.speakers import compared, documents, shares
from rag.errors import UsageError
from rag.text.structure import Sentence

DOCUMENTS = documents("all")


def test_there_are_six_of_each_kind_three_in_each_half() -> None:
    assert len({each["id"] for each in DOCUMENTS}) == len(DOCUMENTS) == 48
    counted = Counter((each["kind"], each["half"]) for each in DOCUMENTS)
    assert len(counted) == 16 and set(counted.values()) == {3}
    assert {each["half"] for each in documents("test")} == {"test"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=[each["id"] for each in DOCUMENTS])
def test_what_a_document_marks_stands_in_it(document: dict[str, Any]) -> None:
    text = document["text"]
    assert 250 <= len(text) <= 900 and text.startswith(document["title"])
    quotes = sorted([*document["speech"], *document["optional"]], key=lambda quote: quote["start"])
    for quote in quotes:
        assert text[quote["start"] : quote["start"] + len(quote["quote"])] == quote["quote"]
        assert quote["speaker"] in text
    for before, after in pairwise(quotes):
        assert before["start"] + len(before["quote"]) <= after["start"], "quotes do not overlap"
    assert bool(document["speech"]) == (document["kind"] != "none")


def sentence(text: str, words: str, speaker: str) -> Sentence:
    start = text.index(words)
    return Sentence(start, start + len(words), words, speaker, "", "statement", 0)


def test_a_sentence_is_right_by_more_than_half_and_the_same_person() -> None:
    text = "他走了。“甲乙丙丁。”王毅说。天晴。公司表示，好。"
    document = {
        "kind": "news",
        "text": text,
        "speech": [{"quote": "“甲乙丙丁。”王毅说。", "start": 4, "speaker": "王毅"}],
        "optional": [{"quote": "公司表示，好。", "start": 18, "speaker": "公司"}],
    }

    def measured(*sentences: Sentence) -> dict[str, float]:
        return shares([compared(document, lambda _: list(sentences))])["news"]

    right = sentence(text, "“甲乙丙丁。”", "部长王毅")
    assert measured(right) == {"attributed": 1, "precision": 1.0, "quotes": 1, "recall": 1.0}
    assert measured(sentence(text, "“甲乙丙丁。”", "李强"))["precision"] == 0
    assert measured(right, sentence(text, "天晴。", "王毅"))["precision"] == 0.5
    assert measured(sentence(text, "王毅说。天晴。公司表示，好。", "王毅"))["precision"] == 0
    assert measured(right, sentence(text, "公司表示，好。", "公司"))["attributed"] == 1, "either will do"
    assert measured(right, sentence(text, "公司表示，好。", "王毅"))["precision"] == 0.5
    assert measured() == {"attributed": 0, "precision": 1.0, "quotes": 1, "recall": 0.0}


def test_nothing_is_put_into_anybodys_mouth() -> None:
    found = shares(compared(document) for document in documents("tune"))["all"]
    assert found["precision"] >= 0.98 and found["recall"] >= 0.9


def test_the_command_refuses_a_half_that_is_none() -> None:
    with pytest.raises(UsageError):
        documents("nonsense")
    run = subprocess.run(
        [sys.executable, "-m", "eval.speakers", "--half", "nonsense"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 1 and "nonsense" in run.stderr and "Traceback" not in run.stderr
