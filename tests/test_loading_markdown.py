"""Markdown: its bytes are its text, and its front matter says what it is."""

from __future__ import annotations

import datetime

import pytest

from rag.loading import encode_back, load_bytes

DAY = datetime.date(2023, 5, 6)
FILES: dict[str, tuple[str, tuple[str, datetime.date | None, str]]] = {
    "yaml": (
        '---\ntitle: "关于\\"防汛\\"的说明" # 注\ndate: 2023-05-06 10:00:00 +0800\nauthor:\n  - 李明\n  - 王五\n---\n# 另题\n',
        ('关于"防汛"的说明', DAY, "李明"),
    ),
    "yaml in Chinese, with what is no text": (
        "---\n标题: |\n  块\n题目: '县''报'\n日期: 2023年5月6日\n来源: [甲, 乙]\nx: &a 1\n...\n正文",
        ("县'报", DAY, "甲"),
    ),
    "toml": (
        "+++\r\ntitle = '说明'\r\ndate = 2023-05-06T10:00:00Z\r\nauthors = ['甲']\r\n+++\r\n文",
        ("说明", DAY, "甲"),
    ),
    "no title in it": ("---\nlayout: post\n---\n开头一段\n# 题\n文", ("题", None, "")),
    "no title anywhere": ("---\nlayout: post\n---\n开头一段\n", ("开头一段", None, "")),
    "broken toml": ("+++\ntitle = \n+++\n# 题", ("题", None, "")),
    "never closed": ("---\ntitle: 无尾\n正文", ("title: 无尾", None, "")),
    "a rule, not front matter": ("---\n\n首段文字\n\n---\n尾", ("首段文字", None, "")),
    "not at the beginning": ("# 题\n---\ntitle: 别题\n---\n", ("题", None, "")),
    "a value of a colon": ("---\ntitle: 通知: 防汛\nurl: https://a.invalid/b\n---\n文", ("通知: 防汛", None, "")),
}


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("suffix", [".md", ".markdown"])
def test_front_matter(name: str, suffix: str, codec: str) -> None:
    written, expected = FILES[name]
    written += "\n经济运行总体平稳，城乡居民收入持续增加。\n"
    document = load_bytes(written.encode(codec), f"a{suffix}")
    assert (document.title, document.date, document.source) == expected
    assert document.text == written
    assert encode_back(document) == written.encode(codec)


def test_plain_text_has_no_front_matter() -> None:
    assert load_bytes("---\ntitle: 题\n---\n文".encode(), "a.txt").title == "文"


def test_hostile_front_matter_takes_no_time() -> None:
    for inside in ("a: '" * 200_000, "x" * 1_000_000, '"\\' * 300_000, "+++\n" * 200_000):
        assert load_bytes(f"---\ntitle: 题\n{inside}\n---\n文".encode(), "a.md").text
