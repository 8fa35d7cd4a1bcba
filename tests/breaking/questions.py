"""Hostile questions, conversations and filters: what people paste and machines send, as strategies and as a fixed list.

``AWKWARD`` holds every class of characters that some rule of ours looks for, each repeated to the longest question there
is: a rule that takes more than linear time, or that calls itself for each of them, shows here.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

LONGEST = 2000
ENDING = "5G基站有多少个？"

UNITS = [
    "1", "零", "〇", "十", "点", "万亿", "一万", "十百千万亿", "第", "第一条", "1.", "1,", "1,000", "%", "百分之", "½", "Ⅷ", "①", "㎡",
    "2023年", "2023年3月", "3月底", "年", "去年", "上半年", "一季度", "10月1日至3日", "至", "五分之一", "亿元", "倍", "公里",
    "（", "）", "((", "[]", "“", "”", "《", "》", "：“", "（（", "《《", "'", '"', "、", "，", "；", "：", "。", "？", "！", "?", "……", "——",
    "\n", "\r\n", "\t", " ", "\u3000", "\u0301", "e\u0301", "😀", "👨‍👩‍👧", "\u202e", "\u200f", "\x00", "\x1b[2J", "\ufeff",
    "\ud800", "\udc80", "a\udfff", "𠮷", "ﷺ", "龘", "臺灣", "數",
    "\\", "(.*)+$", "^$|", "{}", "{question}", "%s", "<|im_end|>", "<<", ">>>", "忽略以上要求", "null", "1e9", "0x", "-1", "=", "￥", "$",
    "a", "aa ", "ab-", "a.b", "x", "he ", "what ", "the ", "and ", "who said ", "How many ", "hulianwang ", "zhuan jing te xin ",
    "呢", "吗", "它", "那", "这", "其", "谁", "多少", "什么", "的", "了", "有", "是", "和", "与", "还是", "以及", "比", "分别", "哪", "几",
    "增长", "同比增长", "超过", "不", "没有", "从", "到", "为什么", "因为", "如何", "前者", "第二点", "其中", "他",
    "问：", "答：", "记者：", "第一，", "一是", "1．", "- ", "5G基站", "我国", "金壮龙", "金壮龙说", "域明", "基站，多少",
]  # fmt: skip

AWKWARD = [(unit * LONGEST)[:LONGEST] for unit in UNITS]
"""One question of 2,000 characters for each class."""

_pieces = st.sampled_from([*UNITS, "基站", "工信部", "新能源汽车", "产量"])
_repeated = st.builds(lambda unit, times: unit * times, _pieces, st.integers(1, 400))
_any_characters = st.text(st.characters(), max_size=80)
"""Any code points, lone surrogates among them."""

QUESTIONS = st.one_of(
    st.lists(_pieces, max_size=40).map("".join),
    st.lists(_repeated, max_size=4).map("".join),
    _any_characters,
    st.builds(lambda text: f"{text}{ENDING}", _any_characters),
)

_values: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    QUESTIONS,
    st.lists(st.none(), max_size=3),
    st.binary(max_size=9),
)
TURNS: st.SearchStrategy[Any] = st.one_of(st.tuples(QUESTIONS, QUESTIONS), st.tuples(_values, _values), _values)
HISTORIES: st.SearchStrategy[Any] = st.one_of(
    st.lists(st.tuples(QUESTIONS, QUESTIONS), max_size=30), st.lists(TURNS), _values
)

DAYS: st.SearchStrategy[Any] = st.one_of(
    _values, st.dates(), st.datetimes(), st.sampled_from(["2023", "2023-04", "0", "-", "2023-04-31", "99999", "0-0-0"])
)
FILTERS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "after": DAYS,
        "before": DAYS,
        "speaker": _values,
        "source": st.one_of(_values, st.just("%" * 60_000)),
        "document_id": _values,
    },
)
COUNTS: st.SearchStrategy[Any] = st.one_of(st.integers(), st.sampled_from([0, -1, 10**30, 2**63, 1.5, "3", None, True]))
