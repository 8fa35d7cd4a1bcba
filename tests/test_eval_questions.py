"""The evaluation set holds what it is documented to hold, every row stands in its documents, malformed rows are refused."""

import json
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from eval.metrics import stands_in
from eval.questions import KINDS, UNANSWERABLE_KINDS, Question, load_questions, seed_text
from rag.errors import UsageError
from rag.text.figures import figures_in

QUESTIONS = load_questions()
# Questions of each kind, half of them in `tune` and half in `test`. The table in docs/evaluation.md says the same.
SIZES = {
    "number": 12,
    "date": 12,
    "list": 10,
    "speaker": 6,
    "reason": 8,
    "comparison": 8,
    "colloquial": 12,
    "english": 8,
    "followup": 8,
    "premise": 8,
    "near": 18,
    "outside": 18,
}
GIVEN = {
    "id": "num-01",
    "kind": "number",
    "split": "tune",
    "question": "多少？",
    "history": [],
    "answerable": True,
    "facts": [["18%"]],
    "gold": [{"document": "003_d101504f9048af62.txt", "quote": "电信业务总量同比增长18%"}],
    "note": "",
}


def _places(question: Question) -> str:
    """All that the gold of a question says, in every place that serves."""
    return "\n".join(
        (seed_text(span.document) or "")[span.start : span.end] for gold in question.gold for span in gold.spans
    )


# -- the set ----------------------------------------------------------------------------------------------------------


def test_set_is_sorted_unique_and_balanced_as_documented() -> None:
    identifiers = [question.id for question in QUESTIONS]
    assert identifiers == sorted(set(identifiers))
    assert len({(question.question, question.history) for question in QUESTIONS}) == len(QUESTIONS)
    assert set(SIZES) == set(KINDS)
    assert Counter(question.kind for question in QUESTIONS) == SIZES
    halves = Counter((question.kind, question.split) for question in QUESTIONS)
    assert halves == {(kind, split): size // 2 for kind, size in SIZES.items() for split in ("tune", "test")}


def test_id_begins_like_the_kind() -> None:
    assert all(question.id[:4] == f"{question.kind[:3]}-" for question in QUESTIONS)


def test_gold_quotes_are_verbatim() -> None:
    for question in QUESTIONS:
        for gold in question.gold:
            assert gold.quote in (seed_text(gold.document) or ""), question.id
            assert gold.quote in {(seed_text(span.document) or "")[span.start : span.end] for span in gold.spans}


def test_every_fact_stands_in_the_gold() -> None:
    for question in QUESTIONS:
        if question.kind != "speaker":  # a name stands at the head of its turn, not in the sentence
            said = _places(question)
            assert all(any(stands_in(form, said) for form in forms) for forms in question.facts), question.id


def test_every_form_with_a_figure_is_the_figure_of_the_gold() -> None:
    for question in QUESTIONS:
        said = _places(question)
        for form in (form for forms in question.facts for form in forms):
            if figures_in(form) or any(character.isdigit() for character in form):
                assert stands_in(form, said), (question.id, form)


def test_reprint_serves_as_well_as_the_original() -> None:
    for question in QUESTIONS:
        for gold in question.gold:
            documents = {span.document[:3] for span in gold.spans}
            assert ("002" in documents) == ("004" in documents), question.id


def test_question_does_not_give_its_facts_away() -> None:
    gives_away = {
        question.id
        for question in QUESTIONS
        if question.facts and all(any(stands_in(form, question.question) for form in forms) for forms in question.facts)
    }
    assert not gives_away


def test_unanswerable_rows_have_no_facts_and_say_what_the_documents_hold() -> None:
    for question in QUESTIONS:
        assert question.answerable != (question.kind in UNANSWERABLE_KINDS)
        if not question.answerable:
            assert not question.facts and not question.gold
            assert question.note, question.id


def test_no_fact_is_asked_in_both_halves() -> None:
    for one, other in combinations((question for question in QUESTIONS if question.answerable), 2):
        if one.split != other.split:
            common = {forms[0] for forms in one.facts} & {forms[0] for forms in other.facts}
            spans = [(a, b) for x in one.gold for y in other.gold for a in x.spans for b in y.spans]
            shared = any(a.document == b.document and a.start < b.end and b.start < a.end for a, b in spans)
            assert not (common and shared), (one.id, other.id)


def test_followups_and_only_few_others_have_history() -> None:
    assert all(question.history for question in QUESTIONS if question.kind == "followup")
    assert {question.kind for question in QUESTIONS if question.history} <= {"followup", "near"}


def test_the_same_figure_is_asked_at_four_dates() -> None:
    facts = [question.facts[0][0] for question in QUESTIONS if question.kind == "date"]
    assert facts[:4] == ["228万", "234万", "264万", "383.7万"]


# -- malformed rows ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "riddle"}, "kind"),
        ({"split": "train"}, "split"),
        ({"question": " "}, "question"),
        ({"history": [["只有问"]]}, "history"),
        ({"answerable": "yes"}, "answerable"),
        ({"answerable": False}, "facts"),
        ({"kind": "near"}, "answerable"),
        ({"facts": []}, "facts"),
        ({"facts": [[]]}, "facts"),
        ({"gold": []}, "gold"),
        ({"gold": [{"document": "999.txt", "quote": "甲"}]}, "gold[0].document"),
        ({"gold": [{"document": "003_d101504f9048af62.txt", "quote": "并无此句"}]}, "gold[0].quote"),
        ({"gold": ["甲"]}, "gold[0]"),
        ({"gold": [{**GIVEN["gold"][0], "alternatives": [{"quote": "甲"}]}]}, "gold[0].alternatives[0]"),  # type: ignore[index]
        ({"note": None}, "note"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_malformed_row_names_file_line_and_field(changes: dict[str, Any], field: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    rows = [GIVEN, {**GIVEN, "id": "num-02", **changes}]
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_questions(file)
    assert f"{file} 第 2 行，字段 {field}：" in caught.value.zh
    assert f"{file}, line 2, field {field}: " in caught.value.en


@pytest.mark.parametrize(
    ("text", "expected"),
    [("{", "line 1, field -"), ("[]", "line 1, field -"), ("{}", "line 1, field kind: is missing")],
)
def test_line_that_is_no_row_is_refused(text: str, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_questions(file)
    assert expected in caught.value.en


def test_repeated_id_and_missing_file_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text(f"{json.dumps(GIVEN)}\n\n{json.dumps(GIVEN)}\n", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_questions(file)
    assert "line 3, field id" in caught.value.en
    with pytest.raises(UsageError) as caught:
        load_questions(tmp_path / "none.jsonl")
    assert "none.jsonl" in caught.value.en
