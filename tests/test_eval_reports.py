"""Reports show what is there and nothing else: escaped, complete in themselves, and valid for what reads them."""

import base64
import csv
import hashlib
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from evaluation_rows import ROWS
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from eval.baselines import against, baseline_of, fallen, read_baseline, write_baseline
from eval.metrics import METRICS
from eval.questions import Gold, Question, Span
from eval.reports import charts, export, html, junit, markdown, write_reports
from eval.reports.marked import Mark, excerpts, pieces
from eval.rows import CitedSpan, ClaimCitation, JudgedClaim, Passage, Row
from eval.runs import Run, Source
from eval.summary import report_of
from eval.verdicts import verdict
from rag.errors import UsageError

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> [a](javascript:alert(3)) \u202e倒\u0007 |`*\x00"
TEXT = f"开头。全国建成264万个5G基站。{EVIL}结尾，后面还有很多话。" + "填充。" * 60


def evil_row() -> Row:
    start = TEXT.index("全国")
    span = Span("恶<b>.txt", start, start + 16)
    question = Question(
        f"q<{EVIL}>",
        "number",
        "test",
        f"多少个？{EVIL}",
        ((f"前问{EVIL}", f"前答{EVIL}"),),
        True,
        (("264万", "<i>264万</i>"), ("没有的",)),
        (Gold(span.document, TEXT[span.start : span.end], (span,)),),
        f"注{EVIL}",
    )
    answer = f"建成264万个。{EVIL}"
    claims = (
        JudgedClaim(answer[:8], 0, 8, True, True, True, 1.0, (), (ClaimCitation(0, True, True),)),
        JudgedClaim(answer[8:], 8, len(answer), True, False, True, 0.5, ("<u>3</u>",)),
    )
    return Row(
        question,
        answer=answer,
        confidence=0.7,
        hits=(Passage(span, 1.0),),
        evidence=(span,),
        citations=(CitedSpan(span, True, TEXT[span.start : span.end]),),
        claims=claims,
        seconds=0.4,
        language_model=f"model{EVIL}",
    )


def run_of(*rows: Row, ids: tuple[str, ...] | None = None, folder: Path | None = None) -> Run:
    sources = {"恶<b>.txt": Source("恶<b>.txt", f"题{EVIL}", "2023-04-21", TEXT)}
    settings = {"language_model": "extractive", "embedder": f"e{EVIL}", "youju": "0"}
    names = tuple(row.question.id for row in rows)
    return Run(ids or names, rows, settings, {"began": "2024-01-01T00:00:00+00:00", "commit": "abc"}, sources, folder)


@pytest.fixture(scope="module")
def whole() -> Run:
    return run_of(evil_row(), *ROWS)


# -- HTML -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_page_escapes_everything_and_runs_only_our_script(
    language: str, whole: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOUJU_LANGUAGE", language)
    text = html.page(whole, report_of(whole), {"name": EVIL, "summary": report_of(whole)["summary"]}).text
    tree = lxml_html.document_fromstring(text)
    [script] = tree.findall(".//script")
    digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
    policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert f"script-src 'sha256-{digest}'" in policy and "default-src 'none'" in policy
    assert not tree.findall(".//img") and not tree.findall(".//i") and not tree.findall(".//u")
    assert not [name for element in tree.iter() for name in element.attrib if name.lower().startswith("on")]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08]", text)
    assert tree.xpath("//h1")[0].text_content().strip()
    expected = {"zh": ("事实全对", "zh-CN"), "en": ("fact accuracy", "en")}[language]
    assert expected[0] in text and tree.get("lang") == expected[1]
    shown = "".join(tree.xpath("//tbody[@id='q1']")[0].itertext())
    assert "<script>alert(1)</script>" in shown and "javascript:alert(3)" in shown


def test_page_asks_nothing_of_the_network(whole: Run) -> None:
    tree = lxml_html.document_fromstring(html.page(whole, report_of(whole)).text)
    for element in tree.iter():
        for name, value in element.attrib.items():
            assert name.rpartition("}")[2] not in ("src", "href", "srcset", "action", "data"), (
                element.tag,
                name,
                value,
            )
    assert "url(" not in tree.findall(".//style")[0].text and "@import" not in tree.findall(".//style")[0].text


def test_page_shows_claims_facts_and_citations_beside_gold(whole: Run) -> None:
    tree = lxml_html.document_fromstring(html.page(whole, report_of(whole)).text)
    [item] = tree.xpath("//tbody[@id='q1']")
    assert [element.text_content() for element in item.xpath(".//p[@class='answer']//span[@class='supported']")] == [
        "建成264万个。"
    ]
    assert len(item.xpath(".//span[@class='unsupported']")) == 1
    assert [element.get("class") for element in item.xpath(".//ul[@class='required']/li")] == ["given", "missing"]
    assert "全国建成264万个5G基站" in item.xpath(".//blockquote/mark[@class='cited gold']")[0].text_content()
    assert item.xpath(".//blockquote//sup")[0].text == "1"
    assert len(tree.xpath("//tbody[starts-with(@id, 'q')]")) == len(whole.rows)
    assert {option.get("value") for option in tree.xpath("//select[@data-filter='split']/option")} == {
        "",
        "test",
        "tune",
    }
    for button in tree.xpath("//button"):
        assert button.text_content().strip() and button.get("type") == "button"


def test_page_of_a_partial_run_and_of_an_empty_one_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    partial = run_of(ROWS[0], ids=("q1", "q2", "q3"))
    assert "1/3" in html.page(partial, report_of(partial)).text
    empty = run_of(ids=("q1",))
    assert "还没有回答任何题" in html.page(empty, report_of(empty)).text
    assert "还没有" in markdown.summary(report_of(empty))


def test_page_lists_no_more_questions_than_a_browser_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "MOST_QUESTIONS", 2)
    many = run_of(*ROWS)
    text = html.page(many, report_of(many)).text
    assert text.count('<tbody id="q') == 2 and "rows.jsonl" in text


def test_charts_are_svg_with_descriptions(whole: Run) -> None:
    for title, note, specification in html._specifications(whole, report_of(whole)):
        drawn = charts.draw(specification)
        root = ElementTree.fromstring(drawn)
        assert root.tag.endswith("svg") and title and note
        assert "NaN" not in drawn and "<script" not in drawn
    assert "aria-label" in drawn


@pytest.mark.parametrize("missing", ["vl_convert", "jinja2"])
def test_missing_library_is_told_and_costs_only_its_part(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(__import__("sys").modules, missing, None)
    html._template.cache_clear()
    try:
        write_reports(run_of(*ROWS, folder=tmp_path))
    finally:
        html._template.cache_clear()
    assert "pip install 'youju[eval]'" in caplog.text
    assert {"report.json", "report.md", "junit.xml"} <= {file.name for file in tmp_path.iterdir()}
    assert (tmp_path / "report.html").exists() == (missing == "vl_convert")


# -- marks ------------------------------------------------------------------------------------------------------------


@given(
    text=st.text(min_size=1, max_size=60),
    places=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 60)), max_size=5),
    window=st.tuples(st.integers(0, 60), st.integers(1, 60)),
)
def test_pieces_are_the_text_again(text: str, places: list[tuple[int, int]], window: tuple[int, int]) -> None:
    start = min(window[0], len(text) - 1)
    end = min(start + window[1], len(text))
    marks = [Mark(first, first + length, "cited", number) for number, (first, length) in enumerate(places)]
    cut = pieces(text, start, end, marks)
    assert "".join(piece.text for piece in cut) == text[start:end]
    at = start
    for piece in cut:
        for offset in range(at, at + len(piece.text)):
            assert bool(piece.kinds) == any(mark.start <= offset < mark.end for mark in marks)
        at += len(piece.text)
    shown = [mark.number for mark in marks if mark.start < end and mark.end > start]
    assert sorted(number for piece in cut for number in piece.numbers) == sorted(shown)


def test_excerpts_show_the_place_that_was_cited_and_join_what_is_near() -> None:
    source = Source("a.txt", "甲", "", "字" * 2000)
    places = (Span("a.txt", 1500, 1510), Span("a.txt", 100, 110))
    question = replace(evil_row().question, gold=(Gold("a.txt", "字" * 10, places),))
    cited = tuple(CitedSpan(Span("a.txt", start, start + 20), True, "") for start in (105, 150, 900))
    found = excerpts(replace(evil_row(), question=question, citations=cited), {"a.txt": source})
    assert [(excerpt.start, excerpt.end) for excerpt in found] == [(40, 230), (840, 980)]
    assert ("cited", "gold") in {piece.kinds for piece in found[0].pieces}
    assert found[0].before and found[0].after
    assert excerpts(evil_row(), {}) == []


# -- for machines -----------------------------------------------------------------------------------------------------


def test_junit_names_every_question_and_why_it_failed(whole: Run) -> None:
    run = run_of(*whole.rows, ids=(*whole.ids, "left"))
    text = junit.document(run)
    [suite] = ElementTree.fromstring(text.encode())
    assert suite.get("tests") == str(len(whole.rows) + 1) and suite.get("skipped") == "1"
    cases = suite.findall("testcase")
    assert len(cases) == len(whole.rows) + 1
    outcomes = [verdict(row).outcome for row in whole.rows]
    assert suite.get("errors") == str(outcomes.count("error")) == str(len(suite.findall(".//error")))
    failed = suite.findall(".//failure")
    assert suite.get("failures") == str(len(failed)) == str(sum(o in ("wrong", "silent", "answered") for o in outcomes))
    assert all(failure.get("message") and failure.get("type") for failure in failed)
    assert cases[0].find("failure").get("message") == "缺少：没有的"  # type: ignore[union-attr]


def test_report_is_json_that_gives_the_rows_back(whole: Run) -> None:
    report = json.loads(json.dumps(report_of(whole), allow_nan=False))
    assert [Row.from_dict(row) for row in report["rows"]] == list(whole.rows)
    assert set(report["outcomes"]) == set(whole.ids)
    assert sum(point["questions"] for point in report["calibration"]) > 0
    assert report == json.loads(json.dumps(report_of(whole)))


def test_markdown_takes_no_orders_from_the_texts(whole: Run) -> None:
    text = markdown.summary(report_of(whole), report_of(whole))
    assert "<script>" not in text and "[a](" not in text and "\u202e" not in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in tables} == {7, 5}
    assert "±0" in text


def test_csv_holds_every_row_and_metric_and_no_formula(whole: Run) -> None:
    row = replace(ROWS[0], answer="=HYPERLINK(1)", question=replace(ROWS[0].question, id="@x"))
    table = export.exported(run_of(row, *whole.rows), "csv")
    assert table.startswith("\ufeff")
    read = list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"), newline="")))
    assert len(read) == len(whole.rows) + 1
    assert read[0]["answer"] == "'=HYPERLINK(1)" and read[0]["id"] == "'@x"
    assert read[1]["answer"] == whole.rows[0].answer
    assert set(METRICS) <= read[0].keys()
    assert float(read[1]["fact_recall"]) == 0.5


def test_ragas_lines_have_the_same_columns_and_types(whole: Run) -> None:
    samples = [json.loads(line) for line in export.exported(whole, "ragas").split("\n") if line]
    assert len(samples) == len(whole.rows)
    shapes = {tuple((key, type(value).__name__) for key, value in sample.items()) for sample in samples}
    assert len(shapes) == 1
    assert {"user_input", "response", "retrieved_contexts", "reference", "reference_contexts"} <= samples[0].keys()
    assert samples[0]["retrieved_contexts"] == [samples[0]["reference_contexts"][0]]
    assert samples[0]["reference"] == "264万；没有的"


def test_unknown_export_lists_the_known_ones(whole: Run) -> None:
    with pytest.raises(UsageError, match="csv, ragas"):
        export.exported(whole, "excel")


# -- baselines --------------------------------------------------------------------------------------------------------


def changed(report: dict[str, Any], **outcomes: str) -> dict[str, Any]:
    return {**report, "outcomes": {**report["outcomes"], **outcomes}}


def test_baseline_is_small_and_read_back(whole: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    baseline = baseline_of(report_of(whole), "mine")
    write_baseline(baseline, file)
    read = read_baseline(file)
    assert read["outcomes"] == baseline["outcomes"] and read["name"] == "mine"
    compared = against(read, baseline)
    assert not compared.won and not compared.lost and not fallen(read, baseline)
    before = file.read_bytes()
    with pytest.raises(UsageError, match="--replace"):
        write_baseline(baseline, file)
    assert file.read_bytes() == before
    write_baseline(baseline, file, replace=True)


def test_baseline_tells_what_was_won_and_lost_over_the_same_questions() -> None:
    report = report_of(run_of(*ROWS))
    first, second, third = list(report["outcomes"])[:3]
    before = baseline_of(changed(report, **{first: "right", second: "wrong", third: "right"}), "")
    now = baseline_of(changed(report, **{first: "wrong", second: "right", third: "right"}), "")
    compared = against(before, now)
    assert (compared.won, compared.lost) == ((second,), (first,))
    assert third in compared.both_right
    now["outcomes"][first][0] = "another question"
    assert against(before, now).lost == () and first in against(before, now).only_second
    now["outcomes"] = {}
    with pytest.raises(UsageError):
        against(before, now)


def test_metric_worse_than_the_whole_interval_is_named() -> None:
    report = report_of(run_of(*ROWS))
    before, now = baseline_of(report, ""), baseline_of(json.loads(json.dumps(report)), "")
    now["summary"]["all"]["metrics"]["fact_accuracy"]["value"] = -1
    now["summary"]["all"]["metrics"]["false_rejection_rate"]["value"] = 2
    now["summary"]["all"]["metrics"]["seconds_median"]["value"] = 1e9
    assert [line.split(" ")[0] for line in fallen(before, now)] == ["事实全对", "误拒（可答）"]


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 99, "outcomes": {}, "summary": {}}', "{}"])
def test_file_that_is_no_baseline_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.json"
    file.write_text(text)
    with pytest.raises(UsageError, match=r"odd\.json"):
        read_baseline(file)
    with pytest.raises(UsageError, match="nowhere"):
        read_baseline("nowhere")
