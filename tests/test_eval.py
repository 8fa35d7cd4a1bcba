"""The evaluation set is well-formed, and the metrics are what their docstrings say, worked by hand."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval import metrics
from eval.command import evaluate
from eval.metrics import METRICS
from eval.questions import KINDS, UNANSWERABLE_KINDS, Gold, Question, Span, load_questions, seed_text
from eval.rows import CitedSpan, Row
from eval.run import run, summarise
from rag.assistant import Assistant
from rag.errors import UsageError, YoujuError
from rag.evidence import Evidence

QUESTIONS = load_questions()
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


@pytest.fixture(scope="module")
def assistant() -> Iterator[Assistant]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("YOUJU_INDEX", raising=False)
        with Assistant.open(language_model="extractive") as opened:
            yield opened


# -- the set ----------------------------------------------------------------------------------------------------------


def test_set_is_sorted_unique_and_balanced_as_documented() -> None:
    identifiers = [question.id for question in QUESTIONS]
    assert identifiers == sorted(set(identifiers))
    assert len(QUESTIONS) == 60
    assert Counter(question.split for question in QUESTIONS) == {"tune": 30, "test": 30}
    kinds = Counter(question.kind for question in QUESTIONS)
    assert set(kinds) == set(KINDS)
    halves = Counter((question.kind, question.split) for question in QUESTIONS)
    assert all(abs(halves[kind, "tune"] - halves[kind, "test"]) <= 1 for kind in KINDS)
    assert sum(not question.answerable for question in QUESTIONS) == 18
    assert kinds["near"] == kinds["outside"] == 9


def test_gold_quotes_are_verbatim_and_hold_the_facts() -> None:
    for question in QUESTIONS:
        assert question.answerable != (question.kind in UNANSWERABLE_KINDS)
        for gold in question.gold:
            assert gold.quote in (seed_text(gold.document) or "")
            assert all((seed_text(span.document) or "")[span.start : span.end] for span in gold.spans)
        quotes = "\n".join(gold.quote for gold in question.gold)
        if question.kind != "speaker":  # a name stands at the head of its turn, not in the sentence
            assert all(any(metrics.stands_in(form, quotes) for form in forms) for forms in question.facts), question.id


def test_the_same_figure_is_asked_at_four_dates() -> None:
    facts = [question.facts[0][0] for question in QUESTIONS if question.kind == "date"]
    assert facts == ["228万", "234万", "264万", "383.7万"]


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


# -- metrics, by hand -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "answer", "expected"),
    [
        ("264万", "建成2,640,000个", True),
        ("264万", "about 2.64 million stations", True),
        ("264万", "超过２６４ 万个", True),
        ("264万", "1264万个", False),
        ("3%", "增长5.3%", False),
        ("3%", "增长百分之3", True),
        ("1万", "11万家", False),
        ("52", "覆盖52个大类", True),
        ("62", "占62%；62万座", False),
        ("52", "覆盖5.2个、521个、1.52个、52.1个", False),
        ("钢铁", "鋼鐵、有色", True),
        ("PMI", "ｐｍｉ在50%以上", True),
        ("64K", "网速64 K", True),
        ("低迷", "十分火爆", False),
    ],
)
def test_fact_is_found_in_any_form_but_not_inside_another(form: str, answer: str, expected: bool) -> None:
    assert metrics.stands_in(form, answer) is expected


def _question(identifier: str, *, answerable: bool = True, facts: int = 2) -> Question:
    gold = (Gold("a.txt", "0123456789", (Span("a.txt", 100, 110), Span("b.txt", 0, 10))),)
    two = (*gold, Gold("a.txt", "abcd", (Span("a.txt", 200, 204),)))
    forms = (("甲",), ("乙", "丙"))[:facts]
    kind = "number" if answerable else "near"
    return Question(
        identifier, kind, "tune", "问", (), answerable, forms if answerable else (), two if answerable else ()
    )


def _cited(*spans: tuple[str, int, int], exact: bool = True) -> tuple[CitedSpan, ...]:
    return tuple(CitedSpan(Span(*span), exact, "") for span in spans)


ROWS = [
    # both facts; evidence covers both quotes (5 of 10, 4 of 4); citations: one on gold, one not; recall 1 of 2
    Row(
        _question("q1"),
        answer="甲和丙",
        hits=tuple(Span("a.txt", 0, 250) if n == 6 else Span("c.txt", 0, 9) for n in range(10)),
        evidence=(Span("a.txt", 105, 120), Span("a.txt", 190, 210)),
        citations=_cited(("a.txt", 104, 120), ("a.txt", 300, 310)),
        claims=(True, False),
    ),
    # one fact of two; evidence covers 4 of 10 only; the reprint in b.txt is cited, and both quotes are
    Row(
        _question("q2"),
        answer="乙",
        hits=(Span("b.txt", 0, 10), Span("a.txt", 0, 250)),
        evidence=(Span("b.txt", 0, 4), Span("a.txt", 200, 204)),
        citations=_cited(("b.txt", 0, 50), ("a.txt", 200, 203)),
        claims=(True,),
    ),
    Row(_question("q3"), answer="没有", abstained=True),
    Row(_question("q4"), error="RuntimeError: 坏了"),
    Row(_question("n1", answerable=False), answer="没有", abstained=True),
    Row(_question("n2", answerable=False), answer="资料中没有提到这个数字。", claims=(False,)),
    Row(
        _question("n3", answerable=False),
        answer="是3。",
        citations=_cited(("a.txt", 0, 3), exact=False),
        claims=(True,),
    ),
]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fact_accuracy", 1 / 4),
        ("fact_recall", (2 / 2 + 1 / 2 + 0 + 0) / 4),
        ("evidence_recall", 1 / 4),
        ("recall_at_5", 1 / 4),
        ("recall_at_10", 2 / 4),
        ("citation_precision", (1 / 2 + 2 / 2 + 0) / 3),
        ("citation_recall", (1 / 2 + 2 / 2 + 0) / 3),
        ("exact_span_rate", 4 / 5),
        ("unsupported_claim_rate", 2 / 5),
        ("rejection_rate", 2 / 3),
        ("false_rejection_rate", 1 / 4),
    ],
)
def test_metric_by_hand(name: str, expected: float) -> None:
    assert METRICS[name](ROWS) == pytest.approx(expected)


def test_every_metric_is_tested_by_hand_and_none_without_rows() -> None:
    tested = {name for name, _ in test_metric_by_hand.pytestmark[0].args[1]}  # type: ignore[attr-defined]
    assert tested == set(METRICS)
    assert all(metric([]) is None for metric in METRICS.values())


def test_answer_that_holds_the_facts_is_not_silent_whatever_else_it_says() -> None:
    row = Row(_question("q"), answer="甲、乙；资料没有提到丁。")
    assert not metrics.is_silent(row)
    assert metrics.is_silent(replace(row, answer="资料没有提到丁。"))
    assert metrics.is_silent(replace(row, answer="The passages do not mention it."))


def test_gold_is_covered_by_spans_together_but_each_place_alone() -> None:
    gold = _question("q").gold[0]
    assert metrics.covered(gold, [Span("a.txt", 100, 103), Span("a.txt", 102, 106)]) == pytest.approx(0.6)
    assert metrics.covered(gold, [Span("a.txt", 100, 104), Span("b.txt", 4, 8)]) == pytest.approx(0.4)
    assert metrics.covered(gold, []) == 0


# -- running ----------------------------------------------------------------------------------------------------------


def test_small_run_gives_sane_numbers(assistant: Assistant) -> None:
    asked = [question for question in QUESTIONS if question.kind in ("date", "outside")]
    seen: list[tuple[int, int]] = []
    rows = run(assistant, asked, progress=lambda done, total, row: seen.append((done, total)))
    assert seen == [(n, len(asked)) for n in range(1, len(asked) + 1)]
    summary = summarise(rows)
    assert summary["all"]["errors"] == 0
    assert summary["kind"]["date"]["fact_accuracy"] >= 0.75
    assert summary["kind"]["date"]["recall_at_10"] == 1
    assert summary["kind"]["outside"]["rejection_rate"] >= 0.75
    assert summary["kind"]["outside"]["fact_accuracy"] is None
    assert set(summary["split"]) == {"tune", "test"}
    assert summary["all"]["questions"] == sum(part["questions"] for part in summary["split"].values())


def test_question_that_fails_is_recorded_and_the_others_are_asked(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [question for question in QUESTIONS if question.kind == "date"]
    select = assistant._selector.select

    def failing(question: str, *arguments: Any) -> list[Evidence]:
        if question == asked[1].question:
            raise YoujuError(zh="坏了", en="broken")
        return select(question, *arguments)

    monkeypatch.setattr(assistant._selector, "select", failing)
    rows = run(assistant, asked, "extractive")
    assert [bool(row.error) for row in rows] == [False, True, False, False]
    assert "YoujuError" in rows[1].error
    assert summarise(rows)["all"]["errors"] == 1


def test_command_prints_tables_and_writes_json(
    assistant: Assistant, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.console import Console

    few = [question for question in QUESTIONS if question.kind in ("date", "near")]
    monkeypatch.setattr("eval.command.load_questions", lambda: few)
    out = tmp_path / "results.json"
    assert evaluate(assistant, Console(width=120), "extractive", "tune", out, as_json=False)
    printed = capsys.readouterr().out
    assert "tune" in printed and "date" in printed
    results = json.loads(out.read_text(encoding="utf-8"))
    assert results["language_model"] == "extractive"
    assert {row["id"] for row in results["rows"]} == {q.id for q in few if q.split == "tune"}
    assert set(METRICS) <= set(results["summary"]["all"])


def test_command_refuses_unknown_split_missing_folder_and_other_index(assistant: Assistant, tmp_path: Path) -> None:
    from rich.console import Console

    with pytest.raises(UsageError, match="train"):
        evaluate(assistant, Console(), None, "train", None, as_json=True)
    with pytest.raises(UsageError, match="nowhere"):
        evaluate(assistant, Console(), None, "tune", tmp_path / "nowhere" / "out.json", as_json=True)
    with Assistant.open(tmp_path / "empty") as empty, pytest.raises(UsageError, match="YOUJU_INDEX"):
        evaluate(empty, Console(), None, "tune", None, as_json=True)
