"""Days of publication: from datelines and metadata values, and none rather than a wrong one."""

import datetime

import pytest

from rag.loading.publication import date_in_text, day_of, source_in_text


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
        ("标题\n柳河县交通运输局 2024年11月6日\n正文", "2024-11-06"),
        ("标题\n（沙洲县统计局 2024年3月20日发布）\n正文", "2024-03-20"),
        ("正文" * 400 + "\n审判长　姚晋\n二〇二三年九月十五日\n书记员　童欣", "2023-09-15"),
        ("正文" * 400 + "\n某省人民政府\n二○二四年十二月二十八日", "2024-12-28"),
        ("| 索引号 | A1 | 成文日期 | 2024年3月5日 |\n正文", "2024-03-05"),
        ("成文日期：2024年3月5日 发布日期：2024年3月8日\n正文", "2024-03-08"),
        ("正文" * 400 + "\n望川县人民政府办公室2024年3月5日印发", "2024-03-05"),
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
        "报名时间：2024年6月1日\n正文",
        "会议定于2024年6月1日\n正文",
        "二〇二三年九月一日起施行",
    ],
)
def test_what_is_no_dateline(text: str) -> None:
    assert date_in_text(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("标题\n发布时间：2023-03-05 10:00 来源：新华网\n正文", "新华网"),
        ("标题\n发布单位：栾溪县统计局　国家统计局栾溪调查队\n正文", "栾溪县统计局"),
        ("标题\n柳河县交通运输局 2024年11月6日\n正文", "柳河县交通运输局"),
        ("标题\n（沙洲县统计局2024年3月20日发布）\n正文", "沙洲县统计局"),
        ("正文" * 200 + "。\n桐溪县第二实验小学\n2025年6月20日", "桐溪县第二实验小学"),
        ("正文" * 200 + "。\n监督电话：0593-7712345\n云渡县交通运输局\n2025年2月10日", "云渡县交通运输局"),
        ("正文" * 200 + "。\n审判长　姚晋\n审判员　严修\n2025年2月10日", ""),
        ("正文" * 200 + "。\n2025年6月20日", ""),
        ("标题\n会议定于2024年6月1日\n正文", ""),
        ("资金来源于财政。正文", ""),
    ],
)
def test_who_published_it(text: str, expected: str) -> None:
    assert source_in_text(text) == expected


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
