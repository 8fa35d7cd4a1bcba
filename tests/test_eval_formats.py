"""The set of documents in eight formats: what is written comes out again, and the questions stand on it."""

import datetime
import io
import json
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from eval.datasets import Dataset, load_dataset
from eval.format_writers import FORMATS, file_name, written
from eval.format_writers.__main__ import main
from eval.format_writers.check import Checked, checked, loaded, table
from eval.format_writers.content import Cell, Content, content_of, contents_in, readable
from eval.format_writers.numbering import number_of
from eval.format_writers.pieces import filled, pieces
from eval.format_writers.standing import Standing
from eval.questions import SPLITS
from rag.errors import UsageError

SET = Path(__file__).resolve().parent.parent / "eval/formats"
CONTENTS = contents_in(SET / "contents")
ROWS = [json.loads(line) for line in (SET / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
BARS = {"md": 1.0, "txt": 1.0}
"""Share of pieces that has to be found in each format; all of those have to be in order."""

SMALL = """
name = "河湾村用水价格"
date = 2024-05-06
formats = "md html txt csv"
automatic = true
footnotes = ["按表计。"]
blocks = [
  { title = "河湾村用水价格[^1]" },
  { p = "第一条　每月{-3-}{+6+}日抄表，水池容积2×10^{4} m^{3}。" },
  { table = '''
    类别 | 水价（元） | <
    ^ | 夏季 | 冬季
    ===
    居民 | 2.5 | 2.1
    商户 | 12.5 | 5
  ''', caption = "价格表", notes = ["注：学校同居民。"] },
  { list = ["带上水表卡", "带上身份证"] },
]
"""


@pytest.fixture
def small(tmp_path: Path) -> Content:
    file = tmp_path / "water.toml"
    file.write_text(SMALL, encoding="utf-8")
    return content_of(file)


def test_the_set_is_as_large_and_as_divided_as_told() -> None:
    assert len(CONTENTS) == 31 and sum(len(content.formats) for content in CONTENTS.values()) == 223
    assert {form for content in CONTENTS.values() for form in content.formats} == set(FORMATS)
    names = [file_name(content, form) for content in CONTENTS.values() for form in content.formats]
    assert len(set(names)) == len(names)
    assert len(ROWS) == 441 and len({row["id"] for row in ROWS}) == len({row["question"] for row in ROWS}) == 441
    halves = {split: {row["content"] for row in ROWS if row["split"] == split} for split in SPLITS}
    assert halves["tune"].isdisjoint(halves["test"]) and [len(halves[split]) for split in SPLITS] == [16, 15]
    assert Counter(row["split"] for row in ROWS) == {"tune": 227, "test": 214}
    unanswerable = [row["kind"] for row in ROWS if not row["answerable"]]
    assert len(unanswerable) == 147 and set(unanswerable) == {"sister", "outside"}


def test_facts_and_quotes_stand_in_the_content() -> None:
    texts = {key: plain("\n".join(piece.text for piece in pieces(each, "md"))) for key, each in CONTENTS.items()}
    lines = {key: [line for each in content.tables for line in filled(each)] for key, content in CONTENTS.items()}
    answerable = [row for row in ROWS if row["answerable"]]
    assert len(answerable) == 294 and all(row["gold"] for row in answerable)
    for row in answerable:
        for forms in row["facts"]:
            assert any(plain(form) in texts[row["content"]] for form in forms), row["id"]
        for gold in row["gold"]:
            assert plain(gold["quote"]) in texts[row["content"]], row["id"]
            cells = {gold["row"], gold["quote"]} if "row" in gold else set()
            assert any(cells <= set(line) for line in lines[row["content"]] or [[]]), row["id"]


def plain(text: str) -> str:
    """A text without blanks, and without commas within figures."""
    return Standing(text.replace(",", "")).folded


@pytest.mark.parametrize("form", BARS)
def test_what_is_written_comes_out_again(form: str) -> None:
    results = [checked(each, form, loaded(each, form).text) for each in CONTENTS.values() if form in each.formats]
    assert [result.kept for result in results if result.kept] == []
    wanted = sum(result.wanted for result in results)
    assert wanted > 1500 and sum(len(result.missing) for result in results) <= (1 - BARS[form]) * wanted
    assert [result.misplaced for result in results if result.misplaced] == []


def test_the_check_sees_what_is_missing_misplaced_or_not_deleted(small: Content) -> None:
    text = loaded(small, "txt").text
    assert checked(small, "txt", text) == Checked(17, (), 15, (), ())
    assert checked(small, "txt", text.replace("12.5", "")).missing == (("cell", "12.5"),)
    assert checked(small, "txt", text.replace("注：学校同居民。", "")).missing == (("note", "注：学校同居民。"),)
    moved = text.replace("注：学校同居民。", "").replace("价格表", "注：学校同居民。价格表", 1)
    assert checked(small, "txt", moved).misplaced == ("注：学校同居民。",)
    assert checked(small, "txt", text.replace("每月6日", "每月36日")).kept == ("条　每月3",)
    rows = list(table({"txt": [checked(small, "txt", text.replace("12.5", ""))], "csv": []}))
    assert rows == [("txt", "1", "17", "0.941", "1.000", "0"), ("csv", "0", "0", "0.000", "0.000", "0")]


def test_contents_are_read(small: Content) -> None:
    assert small.title == "河湾村用水价格" and small.date == datetime.date(2024, 5, 6)
    grid = small.tables[0]
    assert grid.heads == 2 and grid.rows[0] == (Cell("类别", 2, 1), Cell("水价（元）", 1, 2), None)
    assert filled(grid)[1] == ["类别", "夏季", "冬季"] and filled(grid)[0] == ["类别", "水价（元）", "水价（元）"]
    assert readable("每月{-3-}{+6+}日2×10^{4} m^{3}[^1]//CO_{2}", "[{}]") == "每月6日2×10⁴ m³[1]\nCO₂"


def test_markdown_text_and_csv_are_as_people_write_them(small: Content) -> None:
    assert written(small, "md").decode() == (
        "# 河湾村用水价格[^1]\n\n第一条　每月6日抄表，水池容积2×10⁴ m³。\n\n价格表\n\n"
        "| 类别 | 水价（元） |  |\n| --- | --- | --- |\n|  | 夏季 | 冬季 |\n| 居民 | 2.5 | 2.1 |\n| 商户 | 12.5 | 5 |\n\n"
        "注：学校同居民。\n\n- 带上水表卡\n- 带上身份证\n\n[^1]: 按表计。\n"
    )
    assert written(small, "txt").decode() == (
        "河湾村用水价格[1]\r\n\r\n　　第一条　每月6日抄表，水池容积2×10⁴ m³。\r\n价格表\r\n类别\t水价（元）\r\n\t夏季\t冬季\r\n"
        "居民\t2.5\t2.1\r\n商户\t12.5\t5\r\n注：学校同居民。\r\n- 带上水表卡\r\n- 带上身份证\r\n[1] 按表计。\r\n"
    )
    assert written(small, "csv").decode("utf-8-sig") == (
        "价格表,,\r\n类别,水价（元）,\r\n,夏季,冬季\r\n居民,2.5,2.1\r\n商户,12.5,5\r\n注：学校同居民。,,\r\n"
    )


def test_html_has_spans_lists_and_changes(small: Content) -> None:
    page = written(small, "html").decode()
    assert '<th rowspan="2">类别</th><th colspan="2">水价（元）</th>' in page and "<ul>\n<li>带上水表卡</li>" in page
    assert "每月<del>3</del><ins>6</ins>日" in page and "m<sup>3</sup>" in page


def test_docx_numbers_by_rule_and_keeps_changes(small: Content) -> None:
    with zipfile.ZipFile(io.BytesIO(written(small, "docx"))) as archive:
        body = archive.read("word/document.xml").decode()
        assert "第一条" not in body and "w:numPr" in body and '<w:delText xml:space="preserve">3</w:delText>' in body
        assert 'w:lvlText w:val="第%1条"' in archive.read("word/numbering.xml").decode()
        assert "按表计。" in archive.read("word/footnotes.xml").decode() and "w:vMerge" in body and "w:gridSpan" in body
        assert b"2024-05-06T00:00:00Z" in archive.read("docProps/core.xml")
    assert [number_of(each) for each in ("3", "十", "十二", "二十一", "九")] == [3, 10, 12, 21, 9]


def test_xlsx_has_numbers_with_formats_and_merged_cells() -> None:
    pytest.importorskip("xlsxwriter")
    with zipfile.ZipFile(io.BytesIO(written(CONTENTS["quarterly"], "xlsx"))) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert "<v>8642.5</v>" in sheet and '<mergeCell ref="B4:E4"/>' in sheet
        assert '"#,##0.0"' in archive.read("xl/styles.xml").decode()


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_content_gives_the_same_bytes(form: str) -> None:
    pytest.importorskip("reportlab")
    pytest.importorskip("xlsxwriter")
    content = CONTENTS["communique"]
    assert written(content, form) == written(content, form) != written(CONTENTS["thermos"], form)


@pytest.mark.parametrize(
    ("form", "library", "package"),
    [("docx", "docx", "python-docx"), ("xlsx", "xlsxwriter", "xlsxwriter"), ("pdf", "reportlab", "reportlab")],
)
def test_a_missing_library_is_named(form: str, library: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [each for each in sys.modules if each.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UsageError, match=f"pip install {package}"):
        written(CONTENTS["thermos"], form)


def test_words_are_found_whatever_stands_between_them() -> None:
    text = "| 居民 | 2.5 |\n| 商户 | 12.5 |\n每月[^1]6日抄\n表。居民 2.5"
    standing = Standing(text)

    def shown(places: Any) -> list[str]:
        return [text[start:end] for start, end in places]

    assert shown(standing.places("每月6日抄表")) == ["每月[^1]6日抄\n表"]
    assert shown(standing.places("2.5")) == ["2.5", "2.5"], "not within 12.5"
    assert list(standing.places("5")) == [] and list(standing.places("夏季")) == []
    assert standing.beside("12.5", "商户") == [(20, 24)] and standing.beside("商户", "12.5", before=True) == [(15, 17)]
    assert standing.beside("2.5", "居民") == [(42, 45)], "the nearest"
    assert standing.beside("2.5", "居民", rows=2) == [(7, 10), (42, 45)]


def gold_lines(dataset: Dataset, identifier: str) -> list[str]:
    """The lines that the gold spans of a question stand in."""
    question = next(each for each in dataset.questions if each.id == identifier)
    texts = {document.path: document.text for document in dataset.documents}
    spans = [(texts[span.document], span) for gold in question.gold for span in gold.spans]
    return [text[text.rfind("\n", 0, span.start) + 1 : text.index("\n", span.end)] for text, span in spans]


def test_every_quote_is_found_and_a_cell_in_its_row() -> None:
    dataset = load_dataset("formats", SET, format="md", documents="shown")
    assert len(dataset.documents) == 31 and len(dataset.questions) == 441 and dataset.notes == ()
    assert all(document.path.endswith(".md") for document in dataset.documents)
    assert gold_lines(dataset, "communique-01") == ["| 云坑乡 | 3.08 | 2.96 | — |"]
    assert len(gold_lines(dataset, "budget-01")) == 2, "two tables tell it"
    assert gold_lines(dataset, "posts-04") == [
        "| A01 | 区疾病预防控制中心 | 检验员 | 3 | 本科及以上 | 医学检验技术 | 35周岁 |"
    ]
    for question in dataset.questions:
        assert len(question.gold) == len(next(row for row in ROWS if row["id"] == question.id)["gold"])
        assert len(dataset.passages[question.id]) == 1


def test_formats_take_turns_by_the_questions_id() -> None:
    dataset = load_dataset("formats", SET, kinds="issuer", documents="shown")
    suffixes = Counter(passages[0].path.partition(".")[2] for passages in dataset.passages.values())
    assert len(dataset.questions) + sum(note.count for note in dataset.notes if "left out" in note.en) == 16
    assert len(suffixes) >= 4 and {question.kind for question in dataset.questions} == {"issuer"}
    for question in dataset.questions:
        path = dataset.passages[question.id][0].path
        assert all(span.document == path for gold in question.gold for span in gold.spans)


def test_all_documents_together_serve_alike() -> None:
    dataset = load_dataset("formats", SET, kinds="speaker,outside", documents="all")
    assert dataset.passages == {} and dataset.protocol == {"format": "", "documents": "all"}
    assert {name for grades in dataset.relevance.values() for name in grades} <= {
        each.path for each in dataset.documents
    }
    assert load_dataset("formats", SET, format="txt", kinds="-table,-sister", documents="all").questions


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("kind", "nonsense", "kind"),
        ("split", "dev", "split"),
        ("content", "elsewhere", "content"),
        ("gold", [{"quote": "不在"}], "gold"),
        ("gold", [{"quote": "12.5", "row": "居民"}], "gold"),
        ("gold", [], "gold"),
        ("facts", [], "facts"),
    ],
)
def test_malformed_rows_name_line_and_field(tmp_path: Path, field: str, value: Any, message: str) -> None:
    (tmp_path / "contents").mkdir()
    (tmp_path / "contents/water.toml").write_text(SMALL, encoding="utf-8")
    row = {
        **{
            "id": "water-01",
            "content": "water",
            "kind": "table",
            "split": "tune",
            "question": "商户夏天水价？",
            "note": "",
        },
        **{"answerable": True, "facts": [["12.5元"]], "gold": [{"quote": "12.5", "row": "商户"}]},
    }
    file = tmp_path / "questions.jsonl"
    file.write_text(json.dumps(row), encoding="utf-8")
    dataset = load_dataset("formats", tmp_path, format="md")
    assert dataset.questions[0].gold[0].quote == "12.5" and dataset.relevance == {"water-01": {"河湾村用水价格.md": 1}}
    file.write_text(json.dumps(row | {field: value}), encoding="utf-8")
    with pytest.raises(UsageError, match=f"questions.jsonl.*{message}"):
        load_dataset("formats", tmp_path)


@pytest.mark.parametrize("options", [{"format": "odt"}, {"documents": "some"}])
def test_unknown_values_of_options_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=next(iter(options.values()))):
        load_dataset("formats", SET, **options)


@pytest.mark.parametrize(
    "text",
    ["name = ", 'name = "a"', SMALL.replace("居民 | 2.5 | 2.1", "居民 | 2.5"), SMALL.replace("title =", "headline =")],
)
def test_malformed_contents_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"a\.toml"):
        contents_in(tmp_path)
    with pytest.raises(UsageError, match="toml"):
        contents_in(tmp_path / "empty")


@pytest.mark.slow
def test_the_command_writes_and_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("reportlab")
    pytest.importorskip("xlsxwriter")
    main(str(tmp_path))
    assert len(list(tmp_path.iterdir())) == 223 and "2174" in capsys.readouterr().out
