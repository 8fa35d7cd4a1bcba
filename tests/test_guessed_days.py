"""Days that only the name of a file tells: used last, marked wherever they show, and never to tell what 3月底 means."""

import csv
import datetime
import io
import json
from collections.abc import Iterator
from pathlib import Path

import docx
import pytest
from hashing_embedder import HashingEmbedder
from rich.console import Console
from youju_process import run

from rag.answering.prompts import passages
from rag.answers import Citation, hit_to_dict
from rag.assistant import Assistant
from rag.checking.agreement import disagreements
from rag.index.indexing import Report
from rag.langchain import YoujuRetriever
from rag.loading import load, load_bytes
from rag.loading.publication import day_in_name
from rag.reading.evidence import EvidenceSelector
from rag.reading.passages import passages_of
from rag.terminal.screen import show_answer, show_documents, show_hits
from rag.text.documents import Document

DAY = datetime.date(2024, 4, 2)
NAME = "2024-04-02 充电桩建设情况.txt"
TEXT = "充电桩建设情况\n\n截至3月底，我国累计建成充电桩1286个。市民满意度继续提高。"
CLAIM = "截至2024年3月底，我国累计建成充电桩1286个。"
MARK, MARK_ENGLISH = "2024-04-02（据文件名推测）", "2024-04-02 (guessed from the file's name)"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Assistant]:
    """An assistant over one file, whose name alone tells a day."""
    (tmp_path / NAME).write_text(TEXT, "utf-8")
    with Assistant.open(tmp_path / "index", embedder=HashingEmbedder(), language_model="extractive") as opened:
        opened.add(tmp_path / NAME)
        yield opened


def only(opened: Assistant) -> Document:
    (entry,) = opened.documents()
    return opened.document(entry.id)


def cited(document: Document) -> Citation:
    start = document.text.index("截至")
    end = document.text.index("。") + 1
    return Citation(document, start, end, document.text[start:end])


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "2024-03-05 关于下达计划的通知.docx",
        "20240305.pdf",
        "沙洲县公报（2024年3月5日）.txt",
        "沙洲县公报(2024.3.5).txt",
        "公报_2024_03_05_二.pdf",
        "IMG_20240305_123456.jpg",
        "２０２４年３月５日.txt",
        "二〇二四年三月五日公报.docx",
        "2024年3月5号通知2.docx",
        "20240305v2.docx",
        "截屏2024-03-05 12.30.45.png",
        "20240305 2024-03-05.txt",
        "2024-03-05",
    ],
)
def test_a_whole_day_in_a_name_is_found(name: str) -> None:
    assert day_in_name(name) == datetime.date(2024, 3, 5)


@pytest.mark.parametrize(
    "name",
    [
        "13800138000.txt",
        "沙政发〔2024〕12号.docx",
        "20241301.txt",
        "2023-02-30.txt",
        "2024年公报.docx",
        "2024年3月公报.docx",
        "202403.pdf",
        "2024-03.pdf",
        "20240305123456.txt",
        "010-20240305.txt",
        "110101202403050011.txt",
        "2024-03-05-001.pdf",
        "192.2024.3.5.txt",
        "第20240305号.docx",
        "20240305号文件.docx",
        "合同号：20240305.docx",
        "No.20240305.pdf",
        "HT20240305.pdf",
        "2024-03-05至2024-03-12.docx",  # which of them?
        "stdin",
        "",
    ],
)
def test_other_numbers_in_a_name_are_no_day(name: str) -> None:
    assert day_in_name(name) is None


# -- in which order days are trusted ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "sidecar", "expected", "is_guessed"),
    [
        (NAME, TEXT, "", "2024-04-02", True),
        (NAME, f"标题\n2024年4月8日\n{TEXT}", "", "2024-04-08", False),
        (NAME, f"标题\n2024年4月8日\n{TEXT}", f'["{NAME}"]\ndate = 2024-04-09', "2024-04-09", False),
        ("2024-04-02.md", f"---\ndate: 2024-04-10\n---\n{TEXT}", "", "2024-04-10", False),
        (NAME, TEXT, f'["{NAME}"]\ntitle = "题"', "2024-04-02", True),
        ("充电桩.txt", TEXT, "", None, False),
    ],
    ids=["name", "dateline", "documents.toml", "front matter", "documents.toml without a day", "none"],
)
def test_the_name_of_a_file_comes_last(
    tmp_path: Path, name: str, text: str, sidecar: str, expected: str | None, is_guessed: bool
) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    if sidecar:
        (tmp_path / "documents.toml").write_text(sidecar, "utf-8")
    document = load(tmp_path / name)
    assert document.date == (datetime.date.fromisoformat(expected) if expected else None)
    assert document.date_is_guessed is is_guessed
    assert document.trusted_date == (None if is_guessed else document.date)


def test_the_properties_of_a_file_give_no_day() -> None:
    stream, made = io.BytesIO(), docx.Document()
    made.core_properties.created = made.core_properties.modified = datetime.datetime(2022, 5, 6)
    made.add_paragraph("没有日期的一份。")
    made.save(stream)
    assert load_bytes(stream.getvalue(), "通知.docx").date is None
    assert load_bytes(stream.getvalue(), "通知20240305.docx").date == datetime.date(2024, 3, 5)


# -- what a guessed day may be used for -------------------------------------------------------------------------------


def test_a_guessed_day_tells_no_time_until_a_reader_has_settled_it(library: Assistant, tmp_path: Path) -> None:
    document = only(library)
    assert (document.date, document.date_is_guessed) == (DAY, True)
    assert library.timeline("充电桩").points == ()
    assert library.retrieve("充电桩", after="2024-01-01") == []
    assert disagreements(CLAIM, (cited(document),)).missing

    library.edit(document.id, title="充电桩通报")
    assert only(library).date_is_guessed, "another field was edited"
    library.edit(document.id, date=DAY)
    settled = only(library)
    assert (settled.date, settled.date_is_guessed) == (DAY, False)
    (point,) = library.timeline("充电桩").points
    assert point.as_of.last == datetime.date(2024, 3, 31)
    assert library.retrieve("充电桩", after="2024-01-01")
    found = disagreements(CLAIM, (cited(settled),))
    assert not found.missing and found.resolved

    report = Report()
    library.add(tmp_path / NAME, report=report)
    assert report.unchanged, "what the reader has settled is not guessed again"
    (tmp_path / NAME).write_text(TEXT + "新的。", "utf-8")
    report = Report()
    library.add(tmp_path / NAME, report=report)
    assert report.replaced and not report.guessed_dates
    assert only(library).trusted_date == DAY
    library.edit(only(library).id, date=None)
    assert (only(library).date, only(library).date_is_guessed) == (None, False)


def test_a_table_of_figures_marks_a_guessed_day(library: Assistant) -> None:
    for number, is_guessed in ((1300, True), (1400, False)):
        text = f"截至2024年{number // 100 - 9}月底，全区充电桩总数为{number}个。"
        library.add(Document(text, f"{number}.txt", "充电桩", DAY, date_is_guessed=is_guessed))
    rows = csv.DictReader(io.StringIO(library.timeline("充电桩").to_csv()))
    told = [(row["value"], row["date"], row["date_is_guessed"]) for row in rows]
    assert told == [("1400", str(DAY), "no"), ("1300", str(DAY), "yes")]


def test_what_reads_and_writes_is_not_told_a_guessed_day(library: Assistant) -> None:
    selector = EvidenceSelector(library.retriever)

    def told() -> tuple[str, str]:
        hits = library.retrieve("充电桩")
        (passage,) = passages_of(hits, selector.structure)
        evidence = selector.select("截至2024年3月底建成多少个充电桩？", hits)
        return passage.heading + passage.text, passages(evidence)

    read, written = told()
    assert "2024年" not in read and "2024" not in written
    library.edit(only(library).id, date=DAY)
    read, written = told()
    assert "2024年4月2日" in read and "截至2024年3月底" in read and "2024-04-02" in written


def test_documents_are_sorted_by_guessed_days_too(tmp_path: Path) -> None:
    with Assistant.open(tmp_path, embedder=HashingEmbedder(), language_model="extractive") as opened:
        opened.add([load_bytes(f"第{name}份。".encode(), name) for name in ("20240102.txt", "20240304.txt", "无.txt")])
        assert [entry.path for entry in opened.documents()] == ["20240304.txt", "20240102.txt", "无.txt"]


# -- where it shows ---------------------------------------------------------------------------------------------------


def test_the_command_line_marks_it(library: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    added = run("add", tmp_path / NAME, "--index", tmp_path / "other").output
    assert "2024-04-02 是据文件名推测的" in added and "--date" in added
    (entry,) = json.loads(run("list", "--index", tmp_path / "other", "--json").output)
    assert (entry["date"], entry["date_is_guessed"]) == ("2024-04-02", True)
    for language, mark in (("zh", MARK), ("en", MARK_ENGLISH)):
        monkeypatch.setenv("YOUJU_LANGUAGE", language)
        for show in (
            lambda console: show_documents(console, library.documents()),
            lambda console: show_hits(console, library.retrieve("充电桩")),
            lambda console: show_answer(console, library.ask("我国累计建成充电桩多少个？")),
        ):
            console = Console(width=200, file=io.StringIO(), record=True)
            show(console)
            assert mark in console.export_text()


def test_programs_are_told(library: Assistant) -> None:
    (hit,) = library.retrieve("充电桩")
    assert hit_to_dict(hit)["date_is_guessed"] is True
    (found,) = YoujuRetriever(assistant=library).invoke("充电桩")
    assert (found.metadata["date"], found.metadata["date_is_guessed"]) == ("2024-04-02", True)
    record = library.ask("我国累计建成充电桩多少个？").to_record()
    assert [each["date_is_guessed"] for each in record["citations"]] == [True]
