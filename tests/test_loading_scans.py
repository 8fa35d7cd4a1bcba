"""Scans and images: pages are drawn and made into pictures here, and the text that is recognised is expected exactly."""

import io
import math
import struct
import subprocess
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hashing_embedder import HashingEmbedder
from PIL import Image, ImageFilter
from reportlab.pdfgen.canvas import Canvas

from rag.answers import hit_to_dict
from rag.assistant import Assistant
from rag.errors import LoadError
from rag.formats import images, pdf, recognition, scans
from rag.formats.recognition import OutOfTimeError, WrittenLine, WrittenPage
from rag.formats.scans import Scans
from rag.loading import load, load_bytes, reading_time
from rag.loading.base import Extracted

WIDTH, HEIGHT = 595.0, 842.0
needs_recognition = pytest.mark.skipif(not recognition.is_installed(), reason="needs the extra ocr")

Drawn = Sequence[tuple[float, float, str]]
REPORT: Drawn = (
    (72, 100, "Quarterly report 2023"),
    (72, 140, "Industrial output grew by 3.5% in the first quarter."),
    (72, 180, "Retail sales reached 264.8 million, up 6.2%."),
)
REPORT_TEXT = "\n".join(text for _, _, text in REPORT)


def picture(drawn: Drawn, dots: float = 200, height: float = 250) -> Image.Image:
    """A page with text at places in points from the upper left, as a picture; the lower it is, the sooner it is read."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(WIDTH, height))
    canvas.setFont("Helvetica", 12)
    for x, y, text in drawn:
        canvas.drawString(x, height - y, text)
    canvas.showPage()
    canvas.save()
    document = pypdfium2.PdfDocument(file.getvalue())
    try:
        image: Image.Image = document[0].render(scale=dots / 72).to_pil().convert("RGB")
        return image
    finally:
        document.close()


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def scan(*pictures: Image.Image) -> bytes:
    """A PDF without a text layer."""
    return saved(pictures[0], "PDF", resolution=200, save_all=True, append_images=pictures[1:])


def mixed(image: Image.Image) -> bytes:
    """A page with a text layer, and one without."""
    from reportlab.lib.utils import ImageReader

    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(WIDTH, HEIGHT))
    canvas.setFont("Helvetica", 12)
    canvas.drawString(72, 700, "A page that has text.")
    canvas.showPage()
    canvas.drawImage(ImageReader(image), 0, 0, WIDTH, HEIGHT)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def marked(extracted: Extracted) -> str:
    return " ".join(extracted.text[begin:end] for begin, end in extracted.unsure)


@needs_recognition
def test_a_page_without_a_text_layer_is_recognised_where_files_are_read() -> None:
    document = load_bytes(mixed(picture(REPORT, height=HEIGHT)), "a.pdf")
    assert document.text == f"A page that has text.\f{REPORT_TEXT}"
    assert document.page_starts == (0, len("A page that has text.\f"))
    count = sum(not character.isspace() for character in REPORT_TEXT)
    assert document.left_out == (
        (
            f"第 2 页没有文字层，已识别文字（共 {count} 字）",
            f"page 2 has no text layer; recognised ({count} characters)",
        ),
    )


@needs_recognition
def test_columns_are_read_one_after_the_other_and_paragraphs_are_joined() -> None:
    left = ["The first column tells what", "was measured in the spring", "and who has measured it by", "which means."]
    right = ["The second column says how", "the figures were reckoned", "and what they are worth to", "the readers."]
    drawn = [(72.0, 100.0 + 16 * row, text) for row, text in enumerate(left)]
    drawn += [(330.0, 100.0 + 16 * row, text) for row, text in enumerate(right)]
    assert pdf.extract(scan(picture(drawn)), "a.pdf").text == f"{' '.join(left)}\n{' '.join(right)}"


@needs_recognition
def test_a_table_is_read_as_one() -> None:
    rows = [
        ("Region", "Output", "Growth"),
        ("North", "1284.6", "3.5%"),
        ("South", "957.1", "-2.4%"),
        ("West", "86.0", "11.9%"),
    ]
    drawn = [
        (72.0 + 150 * column, 100.0 + 18 * row, text)
        for row, cells in enumerate(rows)
        for column, text in enumerate(cells)
    ]
    extracted = pdf.extract(scan(picture(drawn)), "a.pdf")
    assert extracted.text == "\n".join(
        ["| Region | Output | Growth |", "| --- | --- | --- |", *(f"| {' | '.join(row)} |" for row in rows[1:])]
    )


@needs_recognition
@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_that_lies_on_its_side_is_turned(turn: int) -> None:
    extracted = pdf.extract(scan(picture(REPORT, height=HEIGHT).rotate(turn, expand=True)), "a.pdf")
    assert extracted.text == REPORT_TEXT


@needs_recognition
def test_characters_that_are_unsure_are_told_and_marked() -> None:
    blurred = picture(REPORT, dots=75).filter(ImageFilter.GaussianBlur(1.2))
    extracted = images.extract(saved(blurred, "PNG"), "a.png")
    assert extracted.unsure
    assert list(extracted.unsure) == sorted(extracted.unsure)
    assert all(0 <= begin < end <= len(extracted.text) for begin, end in extracted.unsure)
    unsure = sum(end - begin for begin, end in extracted.unsure)
    assert f"其中 {unsure} 字不太确定" in extracted.left_out[0][0]
    assert f"{unsure} of them unsure" in extracted.left_out[0][1]


def test_unsure_characters_are_found_again_in_the_text() -> None:
    def line(text: str, *unsure: int) -> WrittenLine:
        return WrittenLine(text, tuple(0.3 if at in unsure else 1.0 for at in range(len(text))), 0, 0, 1, 1)

    found = Scans({2: [line("共 264", 2, 3), line("共 264"), line("不在文中", 0)], 3: [line("万个", 1)]})
    text = "共 264\f共 264 共 264\f万个。"
    spans = found.unsure_in(text, (0, 6, 18))
    assert spans == ((8, 10), (19, 20))
    assert [text[begin:end] for begin, end in spans] == ["26", "个"]


@needs_recognition
@pytest.mark.parametrize(("suffix", "kind"), [(".png", "PNG"), (".jpg", "JPEG"), (".bmp", "BMP"), (".webp", "WEBP")])
def test_images(suffix: str, kind: str) -> None:
    extracted = images.extract(saved(picture(REPORT), kind, quality=95), f"a{suffix}")
    assert extracted.text == REPORT_TEXT
    assert extracted.page_starts == (0,)
    count = sum(not one.isspace() for one in REPORT_TEXT)
    assert [zh[: zh.index(" 字")] for zh, _ in extracted.left_out] == [f"图片里的文字是识别出来的（共 {count}"]


@needs_recognition
def test_pages_of_a_tiff_are_pages() -> None:
    pages = [picture([(72, 100, text)], dots=150) for text in ("The first page.", "The second page.")]
    blank = Image.new("RGB", pages[0].size, "white")
    raw = saved(pages[0].convert("1"), "TIFF", save_all=True, append_images=[blank, pages[1]])
    extracted = images.extract(raw, "a.tiff")
    assert extracted.text == "The first page.\f\fThe second page."
    assert extracted.page_starts == (0, 16, 17)
    assert extracted.left_out[1] == (
        "没有识别出文字的页 1 页（第 2 页）",
        "pages on which no text was recognised: 1 (page 2)",
    )


@needs_recognition
def test_the_first_picture_of_an_animation_is_read_and_the_others_are_told() -> None:
    pages = [picture([(72, 100, text)], dots=150) for text in ("The first page.", "The second page.")]
    extracted = images.extract(saved(pages[0], "WEBP", save_all=True, append_images=pages[1:], quality=95), "a.webp")
    assert extracted.text == "The first page."
    assert extracted.left_out[1:] == (("动画的其他画面 1 幅", "other pictures of an animation: 1"),)


@needs_recognition
def test_a_tiff_of_too_many_pages_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_PAGES", 20)  # making 5,000 takes half a minute
    image = Image.new("1", (8, 8), 1)
    with pytest.raises(LoadError, match="20"):
        images.extract(saved(image, "TIFF", save_all=True, append_images=[image] * 20), "a.tiff")


@needs_recognition
def test_transparent_and_turned_pictures_are_seen_as_a_viewer_shows_them() -> None:
    plain = picture(REPORT, dots=150)
    transparent = Image.new("RGBA", plain.size, (0, 0, 0, 0))
    transparent.paste((0, 0, 0, 255), mask=plain.convert("L").point(lambda value: 255 - value))
    assert images.extract(saved(transparent, "PNG"), "a.png").text == REPORT_TEXT
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    assert images.extract(saved(plain.rotate(90, expand=True), "JPEG", exif=exif), "a.jpg").text == REPORT_TEXT


@needs_recognition
def test_lines_that_take_too_much_memory_at_once_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much(*_: Any) -> None:
        raise RuntimeError("std::bad_alloc")

    monkeypatch.setattr(recognition, "each", too_much)
    assert images.extract(saved(picture(REPORT), "PNG"), "a.png").text == REPORT_TEXT


LINE = "共有三千人参加了这次会议。"


@needs_recognition
def test_pages_that_take_too_much_memory_are_told_and_the_others_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes: list[Any] = [MemoryError, WrittenPage([WrittenLine(LINE, (1.0,) * len(LINE), 0, 40, 100, 50)], 100, 100)]

    def recognised(_: Any) -> Any:
        outcome = outcomes.pop(0)
        if outcome is MemoryError:
            raise MemoryError
        return outcome

    monkeypatch.setattr(scans, "written_page", recognised)
    extracted = pdf.extract(scan(*[Image.new("1", (20, 20))] * 2), "a.pdf")
    assert extracted.text == f"\f{LINE}"
    assert extracted.left_out[1] == (
        "内存不够，没有识别的页 1 页（第 1 页）；可调高 YOUJU_FILE_MEMORY_MB 后重新加入",
        "pages not recognised for lack of memory: 1 (page 1); raise YOUJU_FILE_MEMORY_MB and add it again",
    )
    outcomes.append(MemoryError)
    with pytest.raises(LoadError, match=r"内存不够.*YOUJU_FILE_MEMORY_MB"):
        images.extract(saved(Image.new("1", (20, 20)), "PNG"), "a.png")


Took = Callable[[Sequence[float], float, float], list[tuple[int, int]]]


@pytest.fixture
def pages_take(monkeypatch: pytest.MonkeyPatch) -> Iterator[Took]:
    """Sets how many seconds the recognition of each page takes, and the limits; gives what is told of the pages."""

    def set_to(page_seconds: Sequence[float], seconds: float, recognition_seconds: float) -> list[tuple[int, int]]:
        now, told, each = [0.0], [], iter(page_seconds)  # type: tuple[list[float], list[tuple[int, int]], Iterator[float]]

        def recognised(_: Any) -> WrittenPage:
            takes, left = next(each), reading_time.seconds_left()
            now[0] += min(takes, left)
            if takes > left:
                raise OutOfTimeError
            return WrittenPage([WrittenLine(LINE, (1.0,) * len(LINE), 0, 40, 100, 50)], 100, 100)

        monkeypatch.setattr(reading_time, "monotonic", lambda: now[0])  # its own: that of all would halt event loops
        monkeypatch.setattr(scans, "written_page", recognised)
        reading_time.begin(seconds, recognition_seconds, lambda page, pages: told.append((page, pages)))
        return told

    yield set_to
    monkeypatch.undo()
    reading_time.begin(math.inf, math.inf, lambda page, pages: None)


def late(number: int, pages: str, variable: str) -> tuple[str, str]:
    """The line about pages for which there was no time."""
    zh = f"时间不够，没有识别的页 {number} 页（第 {pages.replace(', ', '、')} 页）；可调高 {variable} 后重新加入"
    named = f"page{'s' if number > 1 else ''} {pages}"
    return zh, f"pages not recognised for lack of time: {number} ({named}); raise {variable} and add it again"


@needs_recognition
def test_as_long_as_pages_keep_coming_all_are_recognised(pages_take: Took) -> None:
    told = pages_take([40] * 25, 60, 7_200)
    extracted = pdf.extract(scan(*[Image.new("1", (20, 20))] * 25), "a.pdf")
    assert extracted.text == "\f".join([LINE] * 25)
    assert told == [(number, 25) for number in range(1, 26)]
    assert not any("时间不够" in zh for zh, _ in extracted.left_out)


@needs_recognition
def test_a_page_that_takes_too_long_costs_that_page(pages_take: Took) -> None:
    pages_take([40, 50, 40], 60, 7_200)
    raw = saved(Image.new("1", (20, 20)), "TIFF", save_all=True, append_images=[Image.new("1", (20, 20))] * 2)
    extracted = images.extract(raw, "a.tiff")
    assert extracted.text == f"{LINE}\f\f{LINE}"
    assert extracted.left_out[1:] == (late(1, "2", "YOUJU_FILE_SECONDS"),)


@needs_recognition
def test_when_the_time_for_all_pages_is_over_what_was_recognised_is_kept(pages_take: Took) -> None:
    pages_take([40] * 5, 60, 100)
    extracted = pdf.extract(scan(*[Image.new("1", (20, 20))] * 5), "a.pdf")
    assert extracted.text == f"{LINE}\f{LINE}\f\f\f"
    assert extracted.left_out[1:] == (late(3, "3, 4, 5", "YOUJU_RECOGNITION_SECONDS"),)


@needs_recognition
@pytest.mark.parametrize(("seconds", "all_seconds", "variable"), [(60, 7_200, "YOUJU_FILE_SECONDS"), (60, 30, "YOUJU_RECOGNITION_SECONDS")])  # fmt: skip
def test_a_file_for_which_no_time_is_left_at_all_is_refused_for_that(
    pages_take: Took, seconds: float, all_seconds: float, variable: str
) -> None:
    image = Image.new("1", (20, 20))
    for read in (lambda: pdf.extract(scan(image), "a.pdf"), lambda: images.extract(saved(image, "PNG"), "a.png")):
        pages_take([50], seconds, all_seconds)
        with pytest.raises(LoadError, match=variable):
            read()


def png(width: int, height: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def cut(kind: str) -> bytes:
    raw = saved(picture(REPORT, dots=72), kind)
    return raw[: len(raw) // 2]


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "cut.png": (lambda: cut("PNG"), "damaged"),
    "cut.jpg": (lambda: cut("JPEG"), "damaged"),
    "cut.tiff": (lambda: cut("TIFF"), "damaged"),
    "cut.bmp": (lambda: cut("BMP"), "damaged"),
    "cut.webp": (lambda: cut("WEBP"), "damaged"),
    "bomb.png": (lambda: png(60_000, 60_000, bytes(1_000_000)), "50 million pixels"),
    "large.png": (lambda: png(10_000, 6_000, bytes(60_006_000)), "50 million pixels"),
    "none.png": (lambda: png(0, 0, b""), "damaged"),
    "blank.png": (lambda: saved(Image.new("L", (400, 400), 255), "PNG"), "no text"),
    "dot.png": (lambda: saved(Image.new("L", (1, 1), 0), "PNG"), "no text"),
    "thin.png": (lambda: saved(Image.new("L", (3, 20_000), 0), "PNG"), "no text"),
    "text.bmp": ("这不是图片。".encode, "damaged"),
}


@needs_recognition
@pytest.mark.parametrize("name", HOSTILE)
def test_images_that_cannot_be_read_are_refused(name: str) -> None:
    make, told = HOSTILE[name]
    with pytest.raises(LoadError) as caught:
        images.extract(make(), name)
    assert name in caught.value.en and told in caught.value.en


@needs_recognition
def test_pages_of_one_short_line_are_found() -> None:
    extracted = pdf.extract(
        scan(*[picture([(x, y, "Page 1")], height=HEIGHT) for x, y in ((72, 100), (280, 400))]), "a.pdf"
    )
    assert extracted.text == "Page 1\fPage 1"


@needs_recognition
def test_a_long_screenshot_is_read_from_top_to_bottom() -> None:
    part = picture(REPORT, dots=120).crop((100, 120, 900, 340))
    long = Image.new("RGB", (800, 220 * 8), "white")
    for number in range(8):
        long.paste(part, (0, 220 * number))
    assert images.extract(saved(long, "PNG"), "a.png").text == "\n".join([REPORT_TEXT] * 8)


def test_without_the_extra_files_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (pdf, images):
        monkeypatch.setattr(module, "is_installed", lambda: False)
    image = picture(REPORT, dots=72)
    for refused in (lambda: pdf.extract(scan(image), "a.pdf"), lambda: images.extract(saved(image, "PNG"), "a.png")):
        with pytest.raises(LoadError) as caught:
            refused()
        assert 'pip install "youju[ocr]"' in caught.value.zh and 'pip install "youju[ocr]"' in caught.value.en
    extracted = pdf.extract(mixed(image), "a.pdf")
    assert extracted.text == "A page that has text.\f"
    assert extracted.left_out == (("没有文字层的页 1 页（第 2 页）", "pages without a text layer: 1 (page 2)"),)


@cache
def chinese_font() -> str:
    """The file of a font with Chinese characters that this machine has; empty without any."""
    try:
        listed = subprocess.run(["fc-list", ":lang=zh-cn", "file"], capture_output=True, text=True, timeout=20).stdout
    except OSError:
        return ""
    return next(iter(sorted(line.rstrip(": ") for line in listed.splitlines())), "")


@needs_recognition
@pytest.mark.skipif(not chinese_font(), reason="needs a font with Chinese characters")
def test_chinese() -> None:
    from PIL import ImageDraw, ImageFont

    lines = [
        "全县一季度经济运行情况",
        "截至2023年3月底，我国累计建成5G基站超过264万个。",
        "一季度新能源汽车销售158.6万辆，同比增长26.2%。",
    ]
    image = Image.new("RGB", (1200, 400), "white")
    for number, text in enumerate(lines):
        ImageDraw.Draw(image).text((60, 60 + 90 * number), text, (20, 20, 20), ImageFont.truetype(chinese_font(), 36))
    assert images.extract(saved(image, "PNG"), "a.png").text == "\n".join(lines)


@needs_recognition
@pytest.mark.skipif(not chinese_font(), reason="needs a font with Chinese characters")
def test_what_is_unsure_goes_with_the_picture_into_the_index_and_what_is_found_there(tmp_path: Path) -> None:
    from PIL import ImageDraw, ImageFont

    image = Image.new("RGB", (1000, 300), "white")
    lines = [
        "沙洲县充电桩建设情况通报",
        "截至2024年3月底，全县累计建成充电桩1286个。",
        "市民满意度继续提高，各项工作有序推进。",
    ]
    for number, text in enumerate(lines):
        ImageDraw.Draw(image).text((40, 40 + 80 * number), text, (20, 20, 20), ImageFont.truetype(chinese_font(), 36))
    (tmp_path / "通报.png").write_bytes(saved(image.filter(ImageFilter.GaussianBlur(4)), "PNG"))
    document = load(tmp_path / "通报.png")
    assert document.unsure
    with Assistant.open(tmp_path / "index", embedder=HashingEmbedder(), language_model="extractive") as opened:
        opened.add(document)
        (entry,) = opened.documents()
        assert opened.document(entry.id).unsure == document.unsure
        (hit,) = opened.retrieve("充电桩建成了多少个？")
        told = hit_to_dict(hit)["unsure"]
        assert [(each["start"], each["end"]) for each in told] == list(document.unsure_within(hit.start, hit.end))
        assert told and all(document.text[each["start"] : each["end"]] == each["text"] for each in told)
