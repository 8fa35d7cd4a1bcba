"""Extents: words that answer are told with all of the figure or time they hold a part of, and with its bound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.extents import whole


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("补贴最高不超过3000元。", "3000元", "不超过3000元"),
        ("补贴最高不超过3000元。", "3000", "不超过3000元"),
        ("已建成超过264万个5G基站。", "264万个", "超过264万个"),
        ("试用期为六个月以上。", "六个月", "六个月以上"),
        ("工期3至5年。", "5年", "3至5年"),
        ("事故发生于6月17日凌晨3时40分。", "6月17日凌晨", "6月17日凌晨3时40分"),
        ("事故发生于2023年6月17日凌晨3时40分。", "3时40分", "2023年6月17日凌晨3时40分"),
        ("2022年3月至2023年6月施工。", "2022年3月", "2022年3月至2023年6月"),
        ("窗口开放时间为9:00—17:30。", "9:00", "9:00—17:30"),
        ("每次用量350毫升。", "350", "350毫升"),
        ("It holds no more than 300 people.", "300 people", "no more than 300 people"),
        # What stands beside is something else.
        ("距附近3000米的村庄。", "3000米", "3000米"),
        ("由2021年的3.08万人减少到2.96万人。", "2.96万人", "2.96万人"),
        ("由一期工程承担。", "一期工程", "一期工程"),
        ("第十九条规定了罚款。", "第十九条", "第十九条"),
    ],
)
def test_what_belongs_to_a_figure_or_time(text: str, words: str, expected: str) -> None:
    start = text.index(words)
    first, last = whole(text, start, start + len(words))
    assert text[first:last] == expected


@given(st.text("不超过约至3０五十万年月日时分元个，。 -:ab", max_size=40), st.data())
def test_it_only_widens_and_stays_in_the_text(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    first, last = whole(text, start, end)
    assert 0 <= first <= start <= end <= last <= len(text)
    assert whole(text, first, last) == (first, last)
