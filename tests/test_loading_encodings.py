"""Which encoding a text is in: right on the whole file, byte for byte, and refused rather than guessed."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import LoadError, UsageError
from rag.loading import encode_back, load_bytes
from rag.loading.encodings import ENCODINGS, decode

SEEDS = Path(__file__).parents[1] / "seeds"
SIMPLIFIED = "工业和信息化部部长金壮龙日前接受了新华社记者采访，介绍我国已建成超过二百三十四万个基站。\r\n"
TRADITIONAL = "工業和信息化部部長日前接受了記者採訪，介紹我國已建成超過二百三十四萬個基站，並回答了提問。\r\n"
ENGLISH = "The quick brown fox jumps over the lazy dog; def f(x): return x + 1\n"

chinese = st.text(st.sampled_from(sorted(set(SIMPLIFIED + TRADITIONAL) - set("\r\n"))), min_size=30)


@pytest.mark.parametrize("key", [key for key, encoding in ENCODINGS.items() if encoding.accepted])
def test_each_encoding_is_found_and_encodes_back(key: str) -> None:
    text = TRADITIONAL if key in ("cp950", "big5hkscs") else SIMPLIFIED + TRADITIONAL
    raw = ENCODINGS[key].mark + text.encode(ENCODINGS[key].codec)
    document = load_bytes(raw, "a.txt")
    assert document.text == text
    assert document.encoding == (key if key != "big5hkscs" else "cp950")  # the two agree on this text
    assert encode_back(document) == raw


@pytest.mark.parametrize("late", ["朱镕基", "王喆", "镕"])
@pytest.mark.parametrize("before", [SIMPLIFIED * 400, ENGLISH * 50 + "会议在北京举行。"])
def test_rare_names_late_in_a_file(before: str, late: str) -> None:
    assert decode((before + late).encode("gb18030"), "a") == (before + late, "gb18030")


@pytest.mark.parametrize("late", ["朱鎔基", "游錫堃", "王喆"])
def test_rare_names_late_in_a_big5_file(late: str) -> None:
    raw = (TRADITIONAL * 400 + late).encode("big5hkscs")
    text, key = decode(raw, "a")
    assert text == TRADITIONAL * 400 + late
    assert ENCODINGS[key].codec in ("cp950", "big5hkscs")


def test_one_wrong_byte_at_the_end_of_a_long_utf_8_file_is_not_overlooked() -> None:
    raw = (SIMPLIFIED * 5000).encode() + b"\xff"
    with pytest.raises(LoadError, match=str(len(raw))):
        load_bytes(raw, "a.txt")


def test_a_large_file_cut_within_a_character_is_refused() -> None:
    with pytest.raises(LoadError, match=r"a\.txt"):
        load_bytes((SIMPLIFIED * 3000).encode("gb18030")[:-3], "a.txt")


@pytest.mark.parametrize("text", ["中国", "你好", "北京", "好", "5G基站", "新华社"])
def test_very_short_gb18030_files(text: str) -> None:
    assert decode(text.encode("gb18030"), "a")[0] == text


@pytest.mark.parametrize("text", ["é", "café", "中", "Привет", "日本語です", "مرحبا", "a", "😀", "锟斤拷"])
def test_very_short_utf_8_files(text: str) -> None:
    assert decode(text.encode(), "a") == (text, "utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "The hall is £64 on weekdays, £80 on Sundays, £20 less for members; a deposit of £50 is due.",
        "Keep it at 5°C to 25°C, never above 30°C. Lead: 12 µg/L ± 3 µg/L.",
        "A crème brûlée is 6 pounds; “naïve” guests pay more – at least €2.",
    ],
)
def test_western_signs_among_letters_are_not_read_as_chinese(text: str) -> None:
    assert decode(text.encode(), "a.txt") == (text, "utf-8")


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("これは日本語のテキストです。東京は日本の首都です。", "shift_jis"),
        ("これは日本語のテキストです。東京は日本の首都です。", "euc_jp"),
        ("안녕하세요. 오늘은 날씨가 좋습니다. 서울은 대한민국의 수도입니다.", "euc_kr"),
        ("Привет, мир! Это русский текст.", "cp1251"),
        ("The naïve café in Zürich", "latin-1"),
        ("déjà vu", "latin-1"),
    ],
)
def test_neighbouring_encodings_are_refused_not_read_as_chinese(text: str, codec: str) -> None:
    with pytest.raises(LoadError) as caught:
        load_bytes(text.encode(codec), "a.txt")
    assert "UTF-8" in caught.value.zh and "UTF-8" in caught.value.en


@pytest.mark.parametrize("file", sorted(SEEDS.glob("*.txt")), ids=lambda file: file.name[:3])
@pytest.mark.parametrize("key", ["gb18030", "utf-16-le", "utf-16-be", "utf-16-le-sig", "utf-16-be-sig", "utf-8-sig"])
def test_real_documents_in_other_encodings(file: Path, key: str) -> None:
    text = file.read_bytes().decode()
    raw = ENCODINGS[key].mark + text.encode(ENCODINGS[key].codec)
    assert decode(raw, file.name) == (text, key)


@settings(max_examples=60, deadline=None)
@given(text=chinese, key=st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le-sig", "utf-16-be-sig", "gb18030"]))
def test_any_chinese_text_comes_back_byte_for_byte(text: str, key: str) -> None:
    raw = ENCODINGS[key].mark + text.encode(ENCODINGS[key].codec)
    document = load_bytes(raw, "a.txt")
    assert document.text == text
    assert encode_back(document) == raw


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.sampled_from(sorted(set(TRADITIONAL) - set("\r\n"))), min_size=30))
def test_any_traditional_text_comes_back_from_big5(text: str) -> None:
    raw = text.encode("big5")
    document = load_bytes(raw, "a.txt")
    assert document.text == text
    assert encode_back(document) == raw


@settings(max_examples=200, deadline=None)
@given(raw=st.binary(max_size=400))
def test_any_bytes_are_loaded_losslessly_or_refused(raw: bytes) -> None:
    try:
        document = load_bytes(raw, "a.txt")
    except LoadError:
        return
    assert encode_back(document) == raw
    document.text.encode()  # no lone surrogates


def test_encode_back_refuses_extracted_text() -> None:
    with pytest.raises(UsageError):
        encode_back(load_bytes("<p>字</p>".encode(), "a.html"))


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16-le-sig", "utf-16-be-sig"])
def test_a_mark_that_the_content_belies_is_refused(mark: str) -> None:
    with pytest.raises(LoadError, match=r"a\.txt"):
        load_bytes(ENCODINGS[mark].mark + b"\xff\xd8\x00\xd8\xff", "a.txt")
