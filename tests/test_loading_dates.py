"""Days of publication: from datelines and metadata values, and none rather than a wrong one."""

import datetime

import pytest

from rag.loading.publication import date_in_text, day_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("标题\n2023年04月21日 00:30\n4月20日，国新办举行新闻发布会", "2023-04-21"),
        ("标题\n2023-03-05\n正文", "2023-03-05"),
        ("标题\n发布时间：2023-03-05 10:00 来源：新华网\n正文", "2023-03-05"),
        ("标题\n来源：新华网 2023/3/5 10:00:01\n正文", "2023-03-05"),
        ("正文" * 400 + "\n工业和信息化部\n2023年3月5日\n", "2023-03-05"),
        ("新华社北京2023年1月2日电 题：全力以赴稳工业", "2023-01-02"),
        ("2020-01-01\n发布日期：2023-03-05\n正文", "2023-03-05"),
    ],
)
def test_datelines(text: str, expected: str) -> None:
    assert date_in_text(text) == datetime.date.fromisoformat(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "新华社北京1月2日电 2023年是全面贯彻落实党的二十大精神的开局之年",
        "中新网7月22日电 双胞胎迎来一周岁生日，它们2022年7月22日出生",  # anniversaries are why no year is guessed
        "2023年3月5日，十四届全国人大一次会议开幕",
        "有效期至 2025年12月31日",
        "本办法自2020年1月1日起施行",
        "2023-02-30\n正文",
        "2020-01-01\n2023-03-05\n正文",
        "正文" * 400 + "\n2023-03-05\n" + "正文" * 400,
        "编号 2023-03-05-001",
    ],
)
def test_what_is_no_dateline(text: str) -> None:
    assert date_in_text(text) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("D:20230305120000+08'00'", "2023-03-05"),
        ("20230305", "2023-03-05"),
        ("2023-03-05T10:00:00+08:00", "2023-03-05"),
        ("2023年3月5日", "2023-03-05"),
    ],
)
def test_metadata_values(value: str, expected: str) -> None:
    assert day_of(value) == datetime.date.fromisoformat(expected)


@pytest.mark.parametrize("value", ["", "yesterday", "D:20231345", "20230305123"])
def test_metadata_values_without_a_day(value: str) -> None:
    assert day_of(value) is None
