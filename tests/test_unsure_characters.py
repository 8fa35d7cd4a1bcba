"""Characters that recognition is not sure of: where they stand, kept in the index, told with what is cited."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from texts import document_of

from rag.answers import Answer
from rag.assistant import Assistant
from rag.errors import LoadError
from rag.formats.recognition import WrittenLine
from rag.formats.scans import SURE, Scans
from rag.loading import file_replies, worker
from rag.loading.base import Extracted
from rag.records.record import checked_record
from rag.terminal.screen import show_answer
from rag.text.documents import Document, are_spans_of
from rag.text.doubts import doubtful_figures

TEXT = "充电桩建设情况\n\n截至2024年3月底，我国累计建成充电桩1286个。\n\n市民满意度继续提高，投诉减少37件。"
QUESTION = "我国累计建成充电桩多少个？"
LINES = st.lists(st.text("共计264万个，。 ab", max_size=8), max_size=6)
SPANS = st.lists(st.tuples(st.integers(-1, 12), st.integers(-1, 12)), max_size=4)


def spans_of(text: str, *words: str) -> tuple[tuple[int, int], ...]:
    return tuple((text.index(word), text.index(word) + len(word)) for word in words)


def recognised(*words: str) -> Document:
    """A document of an image, of which some words are unsure."""
    return Document(TEXT, "/srv/扫描.png", "充电桩", page_starts=(0,), encoding="png", unsure=spans_of(TEXT, *words))


# -- where they stand -------------------------------------------------------------------------------------------------


@given(LINES, st.data())
def test_spans_of_unsure_characters_lie_in_the_text(lines: list[str], data: st.DataObject) -> None:
    """Whatever the layout makes of the lines of pages: joins, parts, moves or drops them."""
    sureness = st.sampled_from([0.0, 0.5, SURE, 1.0])
    written = [
        WrittenLine(line, tuple(data.draw(sureness) for _ in line), 0, 0, 1, 1) for line in lines if line.strip()
    ]
    pages = [data.draw(st.permutations(lines)), data.draw(LINES)]
    texts = [data.draw(st.sampled_from(["\n", "", " "])).join(page) for page in pages]
    text, starts = "\f".join(texts), (0, len(texts[0]) + 1)
    found = Scans({1: written, 2: written}).unsure_in(text, starts)
    assert are_spans_of(text, found)
    assert Document(text, "a.png", "A", unsure=found).unsure_within(0, len(text)) == found
    assert not any(text[start:end].isspace() for start, end in found)


@given(st.text("字符", max_size=10), SPANS)
def test_a_document_takes_no_others(text: str, spans: list[tuple[int, int]]) -> None:
    places = [place for start, end in spans for place in range(start, end)]
    is_right = all(start < end for start, end in spans) and places == sorted({*places} & {*range(len(text))})
    assert are_spans_of(text, spans) is is_right
    if not is_right:
        with pytest.raises(ValueError, match=r"a\.png"):
            Document(text, "a.png", "A", unsure=tuple(spans))


@given(st.sets(st.integers(0, 19)), st.integers(0, 20), st.integers(0, 20))
def test_those_within_a_span_are_found(places: set[int], start: int, end: int) -> None:
    document = document_of("字" * 20, unsure=tuple((place, place + 1) for place in sorted(places)))
    found = [place for first, last in document.unsure_within(start, end) for place in range(first, last)]
    assert found == [place for place in sorted(places) if start <= place < end]


@pytest.mark.parametrize("spans", [[[0, 99]], [[2, 1]], [[3, 4], [1, 2]], [[-1, 1]], [["a", "b"]], [[1]], "x", None])
def test_a_reader_that_tells_others_is_not_believed(spans: object) -> None:
    """The process that reads files may have been taken over by one."""
    header = worker._described(Extracted("一二三四五", unsure=((1, 2),))) | {"unsure": spans}
    with pytest.raises(LoadError, match=r"a\.png"):
        file_replies.extracted(header, "一二三四五".encode(), "a.png")


def test_of_very_many_the_rest_of_the_text_is_unsure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MOST_UNSURE", 2)
    header = worker._described(Extracted("一二三四五六七", unsure=((0, 1), (2, 3), (4, 5))))
    assert header["unsure"] == ((0, 1), (2, 7))


# -- what rests on them -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unsure", "said", "expected"),
    [
        (["8"], "我国累计建成充电桩1286个。", ("1286",)),
        (["8"], "There are 1,286 charging points.", ("1,286",)),
        (["市民"], "我国累计建成充电桩1286个。", ()),
        (["建成"], "我国累计建成充电桩1286个。", ()),
        (["8", "37"], "建成1286个，投诉减少37件，满意度提高。", ("1286", "37")),
        (["8"], "建成9999个。", ()),
    ],
)
def test_figures_that_rest_on_them_are_told(unsure: list[str], said: str, expected: tuple[str, ...]) -> None:
    document = recognised(*unsure)
    assert doubtful_figures(said, [(document, 0, len(document.text))]) == expected


def test_a_figure_that_stands_elsewhere_surely_is_sure() -> None:
    document, other = recognised("8"), document_of("充电桩一共有1286个。")
    spans = [(document, 0, len(document.text)), (other, 0, len(other.text))]
    assert doubtful_figures("建成1286个。", spans) == ()


# -- kept and told ----------------------------------------------------------------------------------------------------


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Assistant]:
    with Assistant.open(tmp_path / "index", embedder=HashingEmbedder(), language_model="extractive") as opened:
        opened.add(recognised("8", "满意度"))
        yield opened


def told(answer: Answer) -> str:
    console = Console(width=200, file=io.StringIO(), record=True)
    show_answer(console, answer)
    return console.export_text()


def test_they_are_kept_in_the_index(library: Assistant, tmp_path: Path) -> None:
    (entry,) = library.documents()
    library.edit(entry.id, title="别的题")
    assert library.document(entry.id).unsure == spans_of(TEXT, "8", "满意度")
    library.rebuild(chunk_size=100)
    library.close()
    with Assistant.open(tmp_path / "index", embedder=HashingEmbedder()) as opened:
        assert opened.document(entry.id).unsure == spans_of(TEXT, "8", "满意度")
        opened.add(Document(TEXT, "/srv/扫描.png", "充电桩"))
        (entry,) = opened.documents()
        assert opened.document(entry.id).unsure == (), "another state of the file"


def test_an_answer_tells_which_of_its_words_rest_on_them(library: Assistant) -> None:
    answer = library.ask(QUESTION)
    (citation,) = answer.citations
    (start, _), *_ = spans_of(TEXT, "8")
    assert citation.unsure == ((start, start + 1),)
    assert [claim.unsure_figures for claim in answer.claims] == [("1286",)]
    json = answer.to_dict()
    assert json["citations"][0]["unsure"] == [{"start": start, "end": start + 1, "text": "8"}]
    assert json["claims"][0]["unsure_figures"] == ["1286"]
    assert json["hits"][0]["unsure"][0] == {"start": start, "end": start + 1, "text": "8"}
    record = checked_record(answer.to_record())
    assert record["citations"][0]["unsure"] == json["citations"][0]["unsure"]
    assert record["claims"][0]["unsure_figures"] == ["1286"]
    shown = told(answer)
    assert "（识别自图片，可能有误：1286）" in shown and "这些字可能有误：8" in shown


def test_an_answer_that_rests_on_none_tells_nothing(library: Assistant) -> None:
    answer = library.ask("投诉减少了多少件？")
    assert answer.citations and not any(claim.unsure_figures for claim in answer.claims)
    library.add(Document(TEXT, "/srv/扫描.png", "充电桩"))
    answer = library.ask(QUESTION)
    assert "可能有误" not in told(answer) and not any(each["unsure"] for each in answer.to_dict()["citations"])


def test_a_figure_at_its_date_tells_it(library: Assistant) -> None:
    timeline = library.timeline("充电桩")
    assert [(point.fact.written, point.to_dict()["is_unsure"]) for point in timeline.points] == [("1286个", True)]
    console = Console(width=200, file=io.StringIO(), record=True)
    console.print(timeline.to_table())
    assert "识别自图片，可能有误" in console.export_text()
    sure = Document(TEXT.replace("1286", "1300"), "/srv/打印.txt", "充电桩")
    library.add(sure)
    timeline = library.timeline("充电桩")
    rows = list(csv.DictReader(io.StringIO(timeline.to_csv())))
    assert {row["value"]: row["is_unsure"] for row in rows} == {"1286": "yes", "1300": "no"}
    drawing = timeline.to_svg()
    assert (
        ">1286个 (?)<" in drawing
        and ">1300个<" in drawing
        and "识别自图片，可能有误 / recognised on an image" in drawing
    )
