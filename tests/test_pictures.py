"""Pages as pictures: the page that was read, drawn from the very file, or the reason why there is none."""

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from rag.errors import LoadError, OriginalError, UsageError
from rag.loading import load, load_bytes, processes
from rag.loading.base import MOST_PICTURE_PIXELS
from rag.loading.pictures import page_picture, size_of
from rag.text.documents import Document


def report(path: Path, pages: int = 2) -> Path:
    """A PDF whose page n says so in Chinese and has a black box n inches above its foot."""
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    canvas = Canvas(str(path), pagesize=(595, 842))
    for number in range(1, pages + 1):
        canvas.setFont("STSong-Light", 14)
        canvas.drawString(80, 700, f"龙潭水库第{number}期库容为4.{number}亿立方米。")
        canvas.rect(100, 72 * number, 200, 36, fill=1)
        canvas.showPage()
    canvas.save()
    return path


def image_document(path: Path, pages: int = 1) -> Document:
    """The document of an image, as recognition would make it."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    starts = tuple(range(pages))
    return Document("字" * pages, str(path), "图", page_starts=starts, encoding="image", digest=digest)


def seen(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture)).convert("RGB")


def test_the_page_that_is_wanted_is_drawn(tmp_path: Path) -> None:
    document = load(report(tmp_path / "report.pdf"))
    assert "第2期" in document.text[document.page_starts[1] :]
    for number in (1, 2):
        picture = page_picture(document, number)
        image = seen(picture)
        assert image.size == size_of(picture) and image.width * image.height <= 1.01 * MOST_PICTURE_PIXELS
        assert image.width / image.height == pytest.approx(595 / 842, abs=0.01)
        scale = image.width / 595
        boxes = [
            image.getpixel((round(200 * scale), round((842 - 72 * page - 18) * scale))) == (0, 0, 0) for page in (1, 2)
        ]
        assert boxes == [number == 1, number == 2]


def test_an_image_is_its_own_page(tmp_path: Path) -> None:
    halves = Image.new("RGBA", (3000, 2000), (255, 0, 0, 255))
    halves.paste((0, 0, 255, 255), (1500, 0, 3000, 2000))
    halves.paste((0, 0, 0, 0), (0, 1000, 3000, 2000))
    halves.save(tmp_path / "scan.png")
    drawn = seen(page_picture(image_document(tmp_path / "scan.png"), 1))
    assert drawn.width * drawn.height <= MOST_PICTURE_PIXELS
    width, height = drawn.size
    places = [(width // 4, height // 4), (width * 3 // 4, height // 4), (width // 4, height * 3 // 4)]
    assert [drawn.getpixel(place) for place in places] == [(255, 0, 0), (0, 0, 255), (255, 255, 255)]

    frames = [Image.new("L", (60, 80), shade) for shade in (255, 0)]
    frames[0].save(tmp_path / "scan.tiff", save_all=True, append_images=frames[1:])
    document = image_document(tmp_path / "scan.tiff", pages=2)
    assert [seen(page_picture(document, number)).getpixel((30, 40)) for number in (1, 2)] == [(255,) * 3, (0,) * 3]


def test_another_file_in_its_place_is_not_shown(tmp_path: Path) -> None:
    path = report(tmp_path / "report.pdf")
    document = load(path)
    page_picture(document, 1)  # and kept
    report(path, pages=3)
    reasons = [_refused(document, 1)]
    path.unlink()
    reasons.append(_refused(document, 1))
    (tmp_path / "elsewhere.pdf").write_bytes(b"%PDF-1.7")
    path.symlink_to(tmp_path / "elsewhere.pdf")
    reasons.append(_refused(document, 1))
    assert "改动过" in reasons[0].zh and "no longer where" in reasons[1].en and "changed" in reasons[2].en
    kept = load_bytes(report(tmp_path / "upload.pdf").read_bytes(), "upload.pdf")
    assert "没有保留" in _refused(kept, 1).zh


def _refused(document: Document, number: int) -> OriginalError:
    """Why a page is not shown: told with the file's name, without its place."""
    with pytest.raises(OriginalError) as caught:
        page_picture(document, number)
    for told in (caught.value.zh, caught.value.en):
        assert Path(document.path).name in told and str(Path(document.path).parent) + "/" not in told
    return caught.value


def test_a_page_that_is_not_there_is_told(tmp_path: Path) -> None:
    document = load(report(tmp_path / "report.pdf"))
    for number in (0, -1, 3):
        with pytest.raises(UsageError, match="共 2 页"):
            page_picture(document, number)
    (tmp_path / "a.txt").write_text("没有分页的文字。", "utf-8")
    with pytest.raises(UsageError, match="没有分页"):
        page_picture(load(tmp_path / "a.txt"), 1)


def test_a_file_that_cannot_be_drawn_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"%PDF-1.7 broken")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(LoadError, match="已损坏"):
        page_picture(Document("字", str(path), "坏", page_starts=(0,), encoding="pdf", digest=digest), 1)

    document = load(report(tmp_path / "report.pdf"))
    good = page_picture(document, 1)
    large = good[:16] + (60_000).to_bytes(4, "big") * 2 + good[24:]
    replies: list[Any] = [b"", b"<script>alert(1)</script>" * 9, good[:-8], large]
    for reply in replies:  # what a reader sends that a file has taken over
        monkeypatch.setattr(processes, "draw", lambda *_, reply=reply: reply)
        with pytest.raises(LoadError, match="画不出来"):
            page_picture(document, 2)
