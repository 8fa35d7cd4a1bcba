"""The places of a text's spans on the page that it was read from: these, on the drawn page, and no others."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from rag.errors import LoadError, OriginalError
from rag.loading import load, processes
from rag.loading.base import Place
from rag.loading.pictures import page_picture, places_on_page
from rag.text.documents import Document
from tests.test_pictures import image_document, report

TEXT = (
    "The county of Shazhou cut eleven thousand tonnes of reed in the year under review and sold most of it to mills "
    "along the river. Prices held until the rains of autumn, when barges could no longer reach the lower landing."
)
WORDS = TEXT.split()


def cited(document: Document, quote: str, page: int = 1) -> list[Place]:
    found = re.search(r"\s+".join(map(re.escape, quote.split())), document.text)
    assert found, quote
    return places_on_page(document, page, [found.span()])


def only_red_is_framed(document: Document, places: list[Place], page: int = 1) -> bool:
    """Whether the boxes hold all that is drawn in red, and nothing that is drawn in black."""
    image = np.asarray(Image.open(io.BytesIO(page_picture(document, page))).convert("RGB")).astype(int)
    height, width = image.shape[:2]
    inside = np.zeros((height, width), bool)
    for left, top, right, bottom in places:
        # Boxes reach from ascent to descent, and so does what is drawn at an edge; half a pixel's blur is left out.
        inside[round(top * height) : round(bottom * height), round(left * width) : round(right * width)] = True
    red = (image[..., 0] > 200) & (image[..., 1] < 100)
    black = image.max(axis=2) < 60
    assert red.any() and black.any()
    return bool((red & ~inside).sum() < 0.02 * red.sum()) and not (black & inside).any()


def lines_of(words: list[str], most: int = 34) -> list[str]:
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) >= most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def in_two_columns(canvas: Any) -> list[str]:
    """Two columns drawn row by row across the page, in red the foot of one and the head of the other."""
    left = lines_of(WORDS)
    right = lines_of([word.upper() for word in WORDS])
    for row in range(len(left)):
        for x, column, marked in ((70, left, row == len(left) - 1), (320, right, row == 0)):
            canvas.setFillColorRGB(1 if marked else 0, 0, 0)
            if row < len(column):
                canvas.drawString(x, 700 - 15 * row, column[row])
    return [left[-1], right[0]]


def in_a_table(canvas: Any) -> list[str]:
    """A table with rules in which most cells say the same, one of them red, under a running head that says it, too."""
    canvas.drawString(70, 800, "12.5 15.0")
    names = ["Place", "Reed", "Straw", "Hemp"]
    rows = [names] + [[f"District number {row}", "12.5", "15.0", "12.5"] for row in range(1, 5)]
    for number, row in enumerate(rows):
        for column, said in enumerate(row):
            canvas.setFillColorRGB(1 if (number, column) == (3, 2) else 0, 0, 0)
            canvas.drawString(75 + 110 * column, 655 - 20 * number, said)
    for each in range(6):
        canvas.line(70, 670 - 20 * each, 510, 670 - 20 * each)
    for each in range(5):
        canvas.line(70 + 110 * each, 670, 70 + 110 * each, 570)
    return ["15.0"]


def turned(canvas: Any) -> list[str]:
    """A page that is shown turned by a quarter and cut on all sides."""
    canvas.setPageRotation(90)
    canvas.setCropBox((40, 100, 700, 580))
    for number, line in enumerate(lines_of(WORDS, 60)):
        canvas.setFillColorRGB(1 if number == 1 else 0, 0, 0)
        canvas.drawString(70, 540 - 16 * number, line)
    return [lines_of(WORDS, 60)[1]]


def document_of(path: Path, *pages: Callable[[Any], list[str]]) -> tuple[Document, list[str]]:
    """The document of a PDF with the pages that are drawn, and what these say is in red."""
    canvas = Canvas(str(path), pagesize=(595, 842))
    quotes: list[str] = []
    for page in pages:
        canvas.setFont("Helvetica", 11)
        quotes += page(canvas)
        canvas.showPage()
    canvas.save()
    return load(path), quotes


@pytest.mark.parametrize("page", [in_two_columns, turned])
def test_what_is_cited_is_framed_on_the_picture(tmp_path: Path, page: Callable[[Any], list[str]]) -> None:
    document, quotes = document_of(tmp_path / "a.pdf", page)
    places = [place for quote in quotes for place in cited(document, quote)]
    assert len(places) == len(quotes) and only_red_is_framed(document, places)


def test_a_cell_is_framed_among_others_that_say_the_same(tmp_path: Path) -> None:
    document, (quote,) = document_of(tmp_path / "a.pdf", in_a_table)
    start = document.text.index(quote, document.text.index("District number 3"))
    places = places_on_page(document, 1, [(start, start + len(quote))])
    assert len(places) == 1 and only_red_is_framed(document, places)


def test_what_goes_on_over_the_page_is_framed_on_both(tmp_path: Path) -> None:
    lines = lines_of([f"{word}{number}" for number, word in enumerate(WORDS * 20)], 80)
    marked = range(44, 47)

    def part(first: int) -> Callable[[Any], list[str]]:
        def page(canvas: Any) -> list[str]:
            for row, line in enumerate(lines[first : first + 46]):
                canvas.setFillColorRGB(1 if first + row in marked else 0, 0, 0)
                canvas.drawString(70, 780 - 15 * row, line)
            return []

        return page

    document, _ = document_of(tmp_path / "a.pdf", part(0), part(46))
    quote = " ".join(lines[44:47])
    for number, count in ((1, 2), (2, 1)):
        places = cited(document, quote, number)
        assert len(places) == count and only_red_is_framed(document, places, number)


def test_each_cell_is_framed_in_its_own_place_however_the_table_was_drawn(tmp_path: Path) -> None:
    rows, columns = 6, 4

    def page(canvas: Any) -> list[str]:
        """A table drawn column by column; read row by row, it says nearly the same."""
        for column in range(columns):
            for row in range(rows):
                canvas.drawString(75 + 110 * column, 655 - 20 * row, f"{min(row, column)}.5")
        for each in range(rows + 1):
            canvas.line(70, 670 - 20 * each, 510, 670 - 20 * each)
        for each in range(columns + 1):
            canvas.line(70 + 110 * each, 670, 70 + 110 * each, 550)
        return []

    document, _ = document_of(tmp_path / "a.pdf", page)
    cells = list(re.finditer(r"\d\.5", document.text))
    assert len(cells) == rows * columns
    for number, cell in enumerate(cells):
        ((left, top, right, bottom),) = places_on_page(document, 1, [cell.span()])
        row, column = divmod(number, columns)
        assert 70 + 110 * column < 595 * left < 595 * right < 180 + 110 * column
        assert 842 - 670 + 20 * row < 842 * (top + bottom) / 2 < 842 - 650 + 20 * row


def test_what_the_page_does_not_say_is_not_framed(tmp_path: Path) -> None:
    document = load(report(tmp_path / "report.pdf"))
    other = replace(document, text=document.text.replace("第1期", "第8期"))
    assert len(cited(other, "库容为4.1亿立方米")) == 1
    assert cited(other, "第8期") == [] == cited(other, "库容", 2)


def test_only_pdf_has_places_and_only_while_the_file_is_the_same(tmp_path: Path) -> None:
    Image.new("L", (60, 80), 255).save(tmp_path / "scan.png")
    assert places_on_page(image_document(tmp_path / "scan.png"), 1, [(0, 1)]) == []
    path = report(tmp_path / "report.pdf")
    document = load(path)
    assert len(cited(document, "第2期库容", 2)) == 1
    assert cited(document, "第2期库容", 1) == []
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(OriginalError, match="改动过"):
        cited(document, "第2期库容", 2)


@pytest.mark.parametrize("reply", [{}, {"places": 5}, {"places": [["a"] * 4]}, {"places": [[0.1, 0.2, 7.0, 0.3]]}])
def test_a_reply_that_is_no_place_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reply: Any) -> None:
    document = load(report(tmp_path / "report.pdf"))
    monkeypatch.setattr(processes._Readers, "ask", lambda *_, **__: (reply, b""))
    with pytest.raises(LoadError, match=r"report\.pdf"):
        cited(document, "第1期库容")
