"""Generated files, texts, numerals, dates and questions: exact spans, a clear refusal or a result, never anything else."""

from __future__ import annotations

import datetime
import io
import itertools
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import pytest
from corpus import make_index, open_assistant, text_of
from effort import Effort, Figures
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from rag.assistant import Assistant
from rag.errors import LoadError, YoujuError
from rag.loading import load_bytes
from rag.text.chunks import chunk
from rag.text.dates import dates_in
from rag.text.facts import facts_of
from rag.text.figures import figures_in
from rag.text.numerals import in_digits, in_digits_with_places
from rag.text.structure import sentences_of
from rag.text.surrogates import is_storable
from rag.text.view import view
from tests.texts import TEXTS, document_of

BOUND = 20.0
"""No single text of this size, file of some KB or question takes longer, in seconds of a processor: others do not count."""

_NUMBERS = st.text("零〇一二两三四五六七八九十百千万亿点．.0123456789０１２３％%年月日第几数", max_size=40)
_DATES = st.lists(
    st.sampled_from([*"一二三四五六七八九十〇零两", "年", "月", "日", "底", "初", "季度", "上半年", "截至", "目前", "去年", "今年", "同期", "2023", "23", "13", "32", "0", "-", "/", ".", "至", "到", "Q5", "十四五", "期末", "end of ", "March ", "February 30", "H1 ", " 2023", "first ", "nine ", "months", "9999", "0000"]),
    max_size=12,
).map("".join)  # fmt: skip
_SURROGATES = st.text(st.characters(categories=["Cs", "Lo", "Nd", "Po"]), max_size=12)
_ANY = (
    TEXTS
    | _NUMBERS
    | _DATES
    | _SURROGATES
    | st.sampled_from(["万亿" * 999, "（" * 1500, "。" * 1900, "1" * 1900, "第" * 1900])
)


def _explore(effort: Effort, figures: Figures, name: str, property_: Any, *strategies: Any, examples: int = 60) -> None:
    """Tries a property, counts it, and holds each try against the bound; a long run takes its share of ten minutes."""

    def timed(*values: Any) -> None:
        began = time.process_time()
        figures.timed(name, lambda: property_(*values))
        assert time.process_time() - began < BOUND

    figures.counts[name] += effort.explore(timed, *strategies, examples=effort.of(examples, 500), seconds=SHARES[name])


SHARES = {"loaders": 200.0, "texts": 100.0, "numerals": 40.0, "dates": 60.0, "questions": 200.0}
"""Seconds of a long run: ten minutes in all."""


# -- loaders ----------------------------------------------------------------------------------------------------------


def _pdf() -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, pageCompression=0)
    for page in range(3):
        canvas.drawString(72, 720, f"Page {page}: 2.64 million stations by the end of March 2023.")
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def _docx() -> bytes:
    stream, made = io.BytesIO(), docx.Document()
    made.add_heading("标题", 1)
    made.add_paragraph(text_of("甲"))
    table = made.add_table(2, 2)
    table.cell(0, 0).text, table.cell(1, 1).text = "年份", "264万个"
    made.save(stream)
    return stream.getvalue()


_HTML = f"<!DOCTYPE html><html><head><meta charset=utf-8><title>标题</title></head><body><p>{text_of('乙')}</p><ul><li>一<table><tr><td>1</table></ul></body></html>"
VALID = {
    "a.txt": text_of("丙").encode(),
    "b.txt": text_of("丙").encode("gb18030"),
    "c.txt": text_of("丙").encode("utf-16"),
    "d.md": f"# 标题\n\n**重点**：{text_of('丁')}".encode(),
    "e.html": _HTML.encode(),
    "f.pdf": _pdf(),
    "g.docx": _docx(),
}
_PLACES = st.floats(0, 1, exclude_max=True)
_EDITS = st.lists(
    st.tuples(st.sampled_from(["flip", "cut", "insert", "double", "zero"]), _PLACES, st.integers(0, 255)),
    min_size=1,
    max_size=3,
)


def _edited(raw: bytes, edits: list[tuple[str, float, int]]) -> bytes:
    for kind, place, value in edits:
        at = int(place * len(raw))
        if kind == "flip":
            raw = raw[:at] + bytes([value]) + raw[at + 1 :]
        elif kind == "cut":
            raw = raw[:at] + raw[at + value :]
        elif kind == "insert":
            raw = raw[:at] + bytes([value]) * (1 + value % 7) + raw[at:]
        elif kind == "double":
            raw = raw[:at] + raw[at : at + value] * 2 + raw[at + value :]
        else:
            raw = raw[:at] + bytes(value) + raw[at + value :]
    return raw


def _mutated(name: str, edits: list[tuple[str, float, int]], inside: bool) -> bytes:
    """A valid file with edits; those of a packed format inside of its main part, so that its checksums are right."""
    raw = VALID[name]
    if not (inside and name.endswith(".docx")):
        return _edited(raw, edits)
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(stream, "w") as new:
        for member in old.namelist():
            content = old.read(member)
            new.writestr(member, _edited(content, edits) if member == "word/document.xml" else content)
    return stream.getvalue()


def test_loaders(effort: Effort, figures: Figures) -> None:
    mutated = st.builds(
        lambda name, edits, inside: (name, _mutated(name, edits, inside)),
        st.sampled_from(sorted(VALID)),
        _EDITS,
        st.booleans(),
    )
    starts = st.sampled_from([b"", b"%PDF-1.4\n", b"PK\x03\x04", b"<html>", b"\xff\xfe", b"\xef\xbb\xbf"])
    noise = st.tuples(
        st.sampled_from([*sorted(VALID), "stdin", "h.bin", ""]),
        st.builds(
            bytes.__add__,
            starts,
            st.binary(max_size=400) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")),
        ),
    )

    def loads(file: tuple[str, bytes]) -> None:
        name, raw = file
        try:
            found = load_bytes(raw, name or "x")
        except LoadError:
            figures.counts["files refused"] += 1
            return
        figures.counts["files taken"] += 1
        assert all(map(is_storable, (found.text, found.title, found.source, found.path)))
        assert list(found.page_starts) == sorted(found.page_starts)
        assert all(0 <= start <= len(found.text) for start in found.page_starts)
        _assert_spans(found.text)

    _explore(effort, figures, "loaders", loads, mutated | mutated | noise, examples=120)


# -- texts ------------------------------------------------------------------------------------------------------------


def _assert_spans(text: str) -> None:
    """What is read of a text stands in it, in order, and no sentence or chunk reaches over its ends."""
    seen = view(text)
    assert len(seen.text) == len(seen.offsets)
    assert all(0 <= place < len(text) for place in seen.offsets)
    assert all(a <= b for a, b in zip(seen.offsets, seen.offsets[1:], strict=False))
    sentences = sentences_of(text)
    assert all(0 <= sentence.start < sentence.end <= len(text) for sentence in sentences)
    assert all(one.end <= other.start for one, other in itertools.pairwise(sentences))
    for size in (60, 300):
        parts = chunk(sentences, size)
        assert [part.start for part in parts] == sorted(part.start for part in parts)
        assert all(0 <= part.start < part.end <= len(text) and part.text for part in parts)
        assert not sentences or (parts[0].start, parts[-1].end) == (sentences[0].start, sentences[-1].end)


def test_texts(effort: Effort, figures: Figures) -> None:
    def reads(text: str, published: datetime.date | None) -> None:
        _assert_spans(text)
        document = document_of(text, date=published)
        for fact in facts_of(document):
            assert 0 <= fact.start <= fact.value_start < fact.value_end <= fact.end <= len(text)

    _explore(effort, figures, "texts", reads, st.lists(_ANY, max_size=5).map("\n".join), st.none() | st.dates())


def test_numerals(effort: Effort, figures: Figures) -> None:
    def rewrites(text: str) -> None:
        shown, places = in_digits_with_places(text)
        assert shown == in_digits(text)
        assert len(places) == len(shown) + 1 and places == sorted(places)
        assert places[0] == 0 and places[-1] == len(text)
        for figure in figures_in(text):
            assert 0 <= figure.start < figure.end <= len(text)

    _explore(effort, figures, "numerals", rewrites, _NUMBERS | _ANY, examples=100)


def test_dates(effort: Effort, figures: Figures) -> None:
    def dates(text: str, published: datetime.date | None, year: int | None) -> None:
        found = dates_in(text, published, year)
        assert all(0 <= date.start < date.end <= len(text) for date in found)
        assert all(one.end <= other.start for one, other in itertools.pairwise(found))

    years = st.none() | st.integers(1, 9999)
    _explore(effort, figures, "dates", dates, _DATES | _ANY, st.none() | st.dates(), years, examples=100)


# -- questions --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder: Path = tmp_path_factory.mktemp("questions") / "index"
    make_index(folder)
    with open_assistant(folder) as assistant:
        yield assistant


def test_questions(asked: Assistant, effort: Effort, figures: Figures) -> None:
    words = st.sampled_from(
        [
            "5G基站",
            "我国建成了多少个",
            "截至2023年3月底",
            "金壮龙",
            "同比增长",
            "？",
            "那",
            "呢",
            "和",
            "比",
            "more than ",
            "how many ",
            "不是",
            "为什么",
        ]
    )
    questions = st.lists(words | _ANY, min_size=1, max_size=5).map("".join)
    histories = st.lists(st.tuples(questions, questions), max_size=2)
    filters = st.dictionaries(
        st.sampled_from(["after", "before", "speaker", "source", "document_id"]), _DATES | _SURROGATES, max_size=1
    )

    def asks(question: str, history: list[tuple[str, str]], given: dict[str, str]) -> None:
        for ask in (
            lambda: [(hit.document, hit.start, hit.end, None) for hit in asked.retrieve(question, 4, **given)],
            lambda: [
                (one.document, one.start, one.end, one.quote)
                for one in asked.ask(question, history=history, passages=4, **given).citations
            ],
            lambda: [
                (one.citation.document, one.citation.start, one.citation.end, one.citation.quote)
                for one in asked.timeline(question, **given).points
            ],
        ):
            try:
                found = ask()
            except YoujuError:
                figures.counts["questions refused"] += 1
                continue
            for document, start, end, quote in found:
                figures.counts["spans"] += 1
                assert 0 <= start < end <= len(document.text)
                assert quote is None or document.text[start:end] == quote

    _explore(effort, figures, "questions", asks, questions, histories, st.just({}) | filters, examples=15)
