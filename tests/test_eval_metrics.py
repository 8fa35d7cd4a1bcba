"""The metrics are what their formulas say, worked by hand; and what holds for every run holds."""

import json
from dataclasses import replace
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models import FakeListChatModel
from numpy.typing import NDArray

from eval import metrics
from eval.judge import Judgement, judge, summarise
from eval.metrics import METRICS, metric_named, peak_memory, risk_coverage
from eval.metrics.answers import _segments, references
from eval.questions import Question, Span
from eval.rows import Passage, Row
from rag.errors import UsageError
from rag.text.numerals import in_digits, value_of
from tests.evaluation_rows import ROWS, cited, claim, question
from tests.hashing_embedder import HashingEmbedder

# -- facts in any form ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "answer", "expected"),
    [
        ("264万", "建成2,640,000个", True),
        ("264万", "about 2.64 million stations", True),
        ("264万", "超过２６４ 万个", True),
        ("264万", "二百六十四万个", True),
        ("264万", "1264万个", False),
        ("1.2万", "12,000户", True),
        ("1.2万", "一万二千户", True),
        ("1.2万", "1万2千户", True),
        ("1.2万", "一千二百户", False),
        ("10.9亿", "10亿9000万", True),
        ("十二家", "共12家", False),
        ("12", "十二家企业", True),
        ("12", "十二五规划", False),
        ("3%", "增长5.3%", False),
        ("3%", "增长百分之3", True),
        ("27.5%", "百分之二十七点五", True),
        ("30%", "三成", True),
        ("1万", "11万家", False),
        ("52", "覆盖52个大类", True),
        ("52", "五十二个大类", True),
        ("62", "占62%；62万座", False),
        ("52", "覆盖5.2个、521个、1.52个、52.1个", False),
        ("2023年4月21日", "发布于2023-04-21", True),
        ("2023年4月21日", "二〇二三年四月二十一日", True),
        ("2023年4月21日", "on April 21, 2023", True),
        ("2023年4月21日", "2023年4月20日", False),
        ("4月21日", "2023年4月21日", True),
        ("钢铁", "鋼鐵、有色", True),
        ("PMI", "ｐｍｉ在50%以上", True),
        ("64K", "网速64 K", True),
        ("低迷", "十分火爆", False),
        ("1.2万", "超1.2万亿元", False),
        ("1万", "达到1万亿", False),
        ("5.75亿", "每秒5.75亿亿次", False),
        ("1.2万", "1.2万家企业", True),
        ("40万亿", "突破40万亿大关", True),
    ],
)
def test_fact_is_found_in_any_form_but_not_inside_another(form: str, answer: str, expected: bool) -> None:
    assert metrics.stands_in(form, answer) is expected


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("一万二千", 12_000),
        ("一万二", 12_000),
        ("一万零五", 10_005),
        ("三百五", 350),
        ("三百零五", 305),
        ("十五", 15),
        ("一亿二千万", 120_000_000),
        ("两万亿", 2 * 10**12),
        ("二〇二三", 2023),
        ("十四五", None),
        ("三四百", None),
        ("一五一十", None),
    ],
)
def test_chinese_numeral(numeral: str, value: int | None) -> None:
    assert value_of(numeral) == value


@pytest.mark.parametrize(
    "text", ["十分", "统一", "万一", "第一", "十四五", "三四百", "千万不要", "一些", "几十万", "一带一路"]
)
def test_words_that_are_no_numbers_stay(text: str) -> None:
    assert in_digits(text) == text


@given(st.integers(1, 10**12 - 1))
def test_numeral_is_read_as_it_was_written(value: int) -> None:
    assert value_of(_written(value)) == value


def _written(value: int) -> str:
    """A number in Chinese, as people are taught to write it."""
    for myriad, size in (("亿", 10**8), ("万", 10**4)):
        if value >= size:
            head, tail = divmod(value, size)
            zero = "零" if 0 < tail < size // 10 else ""
            return _written(head) + myriad + (zero + _written(tail) if tail else "")
    text = ""
    for place, size in (("千", 1000), ("百", 100), ("十", 10), ("", 1)):
        digit = value // size % 10
        if digit:
            text += "零一二三四五六七八九"[digit] + place
        elif text and value % size and not text.endswith("零"):
            text += "零"
    return text


# -- every metric, by hand --------------------------------------------------------------------------------------------


def _f(precision: float, recall: float, beta: float = 1.2) -> float:
    return (1 + beta**2) * precision * recall / (recall + beta**2 * precision)


BY_HAND = {
    "recall_at_1": (0 + 1 / 2 + 0 + 0) / 4,
    "recall_at_3": (0 + 2 / 2 + 0 + 0) / 4,
    "recall_at_5": 1 / 4,
    "recall_at_10": 2 / 4,
    "mrr_at_10": (1 / 7 + 1 + 0 + 0) / 4,
    "ndcg_at_10": ((1 / log2(8) + 1 / log2(9)) / (1 / log2(2) + 1 / log2(3)) + 1 + 0 + 0) / 4,
    "evidence_recall": 1 / 4,
    "fact_accuracy": 1 / 4,
    "fact_recall": (2 / 2 + 1 / 2 + 0 + 0) / 4,
    # 甲和丙 against 甲丙: the longest common run is one segment; 乙 against 甲乙 as well
    "character_f1": (2 * 1 / (3 + 2) + 2 * 1 / (1 + 2) + 0 + 0) / 4,
    "exact_match": 0.0,
    # 甲和丙 against 甲、丙: two of three characters in order; 乙 against 甲、乙: one of one and of three
    "rouge_l": (_f(2 / 3, 2 / 3) + _f(1, 1 / 3) + 0 + 0) / 4,
    "claim_citation_recall": (1 / 2 + 1 / 1 + 0 + 0 + 1 / 1) / 5,  # q1, q2, q4, n2, n3
    "claim_citation_precision": (1 / 3 + 2 / 2 + 0 + 0 + 1 / 1) / 5,
    "citation_precision": (1 / 2 + 2 / 2 + 0) / 3,
    "citation_recall": (1 / 2 + 2 / 2 + 0) / 3,
    "sentence_accuracy": (1 + 1 + 0 + 0) / 4,
    "exact_span_rate": 4 / 5,
    "numeric_consistency_rate": 2 / 3,
    "unsupported_claim_rate": 2 / 5,
    "rejection_rate": 2 / 3,
    "false_rejection_rate": 1 / 4,
    # losses by falling confidence: q1 0, q2 1, n3 1, n2 0, q3 1, n1 1, q4 1
    "aurc": (0 / 1 + 1 / 2 + 2 / 3 + 2 / 4 + 3 / 5 + 4 / 6 + 5 / 7) / 7,
    "excess_aurc": ((1 / 2 - 0) + (2 / 3 - 1 / 3)) / 7,
    "evidence_seconds_median": 0.35,
    "evidence_seconds_p95": 0.5 + 0.75 * 0.1,
    "first_token_seconds_median": 1.0,
    "first_token_seconds_p95": 0.5 + 0.95 * 1.0,
    "seconds_median": 3.5,
    "seconds_p95": 5.75,
    "prompt_tokens": 200,
    "generated_tokens": 20,
}


@pytest.mark.parametrize("name", METRICS)
def test_metric_by_hand(name: str) -> None:
    assert METRICS[name](ROWS) == pytest.approx(BY_HAND[name])


@pytest.mark.parametrize("name", METRICS)
def test_metric_says_what_it_is_and_is_none_without_rows(name: str) -> None:
    metric = METRICS[name]
    assert metric.name == name
    assert metric.description and metric.formula and metric.source
    assert metric([]) is None
    documentation = (Path(__file__).parents[1] / "docs" / "evaluation.md").read_text(encoding="utf-8")
    assert metric.documentation in documentation.splitlines()


def test_per_row_is_the_metric_of_one_row() -> None:
    assert metrics.fact_accuracy.per_row(ROWS[0]) == 1.0
    assert METRICS["unsupported_claim_rate"].per_row(ROWS[0]) == 0.5
    assert METRICS["rejection_rate"].per_row(ROWS[0]) is None


def test_unknown_metric_lists_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        metric_named("bleu")
    assert "bleu" in caught.value.en and "fact_accuracy" in caught.value.en


# -- retrieval --------------------------------------------------------------------------------------------------------


def test_passages_cover_a_quote_together() -> None:
    halves = (Passage(Span("a.txt", 90, 104)), Passage(Span("c.txt", 0, 9)), Passage(Span("a.txt", 104, 110)))
    row = Row(question("q"), hits=halves)
    assert METRICS["recall_at_1"]([row]) == 0
    assert METRICS["mrr_at_10"]([row]) == pytest.approx(1 / 3)
    assert METRICS["recall_at_3"]([row]) == 1 / 2


def test_documents_are_judged_where_there_are_no_spans() -> None:
    asked = Question("r", "retrieval", "test", "问", (), True, (), ())
    hits = tuple(Passage(Span(name, 0, 9)) for name in ("x.txt", "a.txt", "x.txt", "b.txt"))
    row = Row(asked, hits=hits, relevance=(("a.txt", 2), ("b.txt", 1), ("z.txt", 1), ("x.txt", 0)))
    assert METRICS["recall_at_3"]([row]) == pytest.approx(1 / 3)
    assert METRICS["recall_at_5"]([row]) == pytest.approx(2 / 3)
    assert METRICS["mrr_at_10"]([row]) == pytest.approx(1 / 2)
    gain, best = 2 / log2(3) + 1 / log2(4), 2 / log2(2) + 1 / log2(3) + 1 / log2(4)
    assert METRICS["ndcg_at_10"]([row]) == pytest.approx(gain / best)
    assert METRICS["fact_accuracy"]([row]) is None
    assert metrics.is_right(row) is None


def test_gold_is_covered_by_spans_together_but_each_place_alone() -> None:
    gold = question("q").gold[0]
    assert metrics.covered(gold, [Span("a.txt", 100, 103), Span("a.txt", 102, 106)]) == pytest.approx(0.6)
    assert metrics.covered(gold, [Span("a.txt", 100, 104), Span("b.txt", 4, 8)]) == pytest.approx(0.4)
    assert metrics.covered(gold, []) == 0


# -- CMRC2018 and ROUGE-L ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "said", "f1", "exact"),
    [
        ("北京大学", "北京大学", 1, 1),
        ("北京大学", "“北京大学”。", 1, 1),
        ("北京大学", "他毕业于北京大学", 2 * 4 / (4 + 8), 0),
        ("北京大学", "北京的大学", 2 * 2 / (4 + 5), 0),  # the longest common substring, not subsequence
        ("Windows XP系统", "windows xp", 2 * 2 / (4 + 2), 0),  # a Latin word is one segment
        ("1,234.5元", "1,234.5", 2 * 1 / (2 + 1), 0),  # and so is a number
        ("北京", "上海", 0, 0),
        ("北京", "", 0, 0),
    ],
)
def test_cmrc2018(expected: str, said: str, f1: float, exact: int) -> None:
    row = Row(question("q", facts=((expected,),)), answer=said)
    assert METRICS["character_f1"]([row]) == pytest.approx(f1)
    assert METRICS["exact_match"]([row]) == exact


def test_best_of_several_references_counts() -> None:
    row = Row(question("q", facts=(("北京大学", "北大"),)), answer="北大")
    assert METRICS["character_f1"]([row]) == METRICS["exact_match"]([row]) == METRICS["rouge_l"]([row]) == 1
    assert references(Row(question("q"))) == ["甲、乙", "甲、丙"]


def test_segments_mix_characters_and_words() -> None:
    assert _segments("2023年，GDP增长 5.2%！") == ["2023", "年", "gdp", "增", "长", "5.2", "%"]


def test_rouge_l_by_hand() -> None:
    # common subsequence 北京大学: 4 of 5 characters said, 4 of 4 expected
    row = Row(question("q", facts=(("北京大学",),)), answer="北京的大学")
    assert METRICS["rouge_l"]([row]) == pytest.approx(_f(4 / 5, 4 / 4))


# -- citations after ALCE ---------------------------------------------------------------------------------------------

ON_GOLD = (cited("a.txt", 100, 110), cited("a.txt", 200, 204), cited("c.txt", 0, 9), cited("a.txt", 102, 104))


@pytest.mark.parametrize(
    ("citations", "supported", "recall", "precision"),
    [
        ([(0, True, True)], True, 1, 1),
        ([(0, True, True)], False, 0, 0),  # what an unsupported claim cites is not precise
        ([(0, True, False), (1, True, False)], True, 1, 1),  # each sufficient
        ([(0, False, True), (1, False, True)], True, 1, 1),  # only together
        ([(0, True, True), (2, False, False)], True, 1, 1 / 2),  # the second adds nothing
        ([(2, True, True)], True, 0, 1),  # supported, but not where the answer stands
        ([(3, True, True)], True, 1, 1),  # a figure of two characters, cited to them alone
        ([], False, 0, 0),
    ],
)
def test_alce(citations: list[tuple[int, bool, bool]], supported: bool, recall: float, precision: float) -> None:
    row = Row(question("q"), answer="甲", citations=ON_GOLD, claims=(claim("甲", supported, *citations),))
    assert METRICS["claim_citation_recall"]([row]) == recall
    assert METRICS["claim_citation_precision"]([row]) == precision


def test_figures_of_a_claim_are_looked_up_in_its_own_citations() -> None:
    quotes = (cited("a.txt", 0, 9, "网民一万二千人"), cited("a.txt", 9, 12, "占3%"))
    rate = METRICS["numeric_consistency_rate"]
    right = Row(question("q"), citations=quotes, claims=(claim("网民1.2万人。", False, (0, True, True)),))
    assert rate([right]) == 1  # whatever the assistant's own checks say
    assert rate([replace(right, claims=(claim("网民1.2万人，占3%。", True, (0, True, True)),))]) == 0
    assert rate([replace(right, claims=(claim("网民很多。", True, (0, True, True)),))]) is None


# -- silence ----------------------------------------------------------------------------------------------------------


def test_answer_that_holds_the_facts_is_not_silent_whatever_else_it_says() -> None:
    row = Row(question("q"), answer="甲、乙；资料没有提到丁。")
    assert not metrics.is_silent(row)
    assert metrics.is_silent(replace(row, answer="资料没有提到丁。"))
    assert metrics.is_silent(replace(row, answer="The passages do not mention it."))


def test_risk_coverage_curve_by_hand() -> None:
    points = [(point.threshold, point.coverage, point.risk) for point in risk_coverage(ROWS)]
    expected = [(0.9, 1, 0), (0.8, 2, 1), (0.7, 3, 2), (0.6, 4, 2), (0.3, 5, 3), (0.2, 6, 4), (0.0, 7, 5)]
    assert points == [(threshold, pytest.approx(k / 7), pytest.approx(lost / k)) for threshold, k, lost in expected]
    assert risk_coverage([]) == []


def test_equal_confidences_share_their_loss() -> None:
    rows = [replace(ROWS[0], confidence=0.5), replace(ROWS[1], confidence=0.5)]
    assert METRICS["aurc"](rows) == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert METRICS["excess_aurc"](rows) == pytest.approx((1 / 2 + 1 / 2) / 2 - (0 + 1 / 2) / 2)


# -- what holds for every run -----------------------------------------------------------------------------------------

SPANS = st.builds(lambda document, start, size: Span(document, start, start + size), st.sampled_from(["a.txt", "b.txt"]), st.integers(0, 220), st.integers(1, 60))  # fmt: skip


@st.composite
def rows(draw: st.DrawFn, number: int) -> Row:
    """Any result of a question."""
    asked = question(f"q{number}", answerable=draw(st.booleans()))
    if draw(st.integers(0, 9)) == 0:
        return Row(asked, error="坏了")
    citations = tuple(cited(*span, "有3个", exact=draw(st.booleans())) for span in draw(st.lists(SPANS, max_size=3)))
    places = st.tuples(st.integers(0, max(0, len(citations) - 1)), st.booleans(), st.booleans())
    of_claim = st.lists(places, max_size=2 if citations else 0)
    texts = st.sampled_from(["有3个。", "有4个。", "甲。"])
    return Row(
        asked,
        answer=draw(st.sampled_from(["甲", "甲和乙", "没有提到。", "丙、甲", "5G"])),
        abstained=draw(st.booleans()),
        confidence=draw(st.one_of(st.none(), st.sampled_from([0.0, 0.25, 0.5, 1.0]))),
        hits=tuple(Passage(span) for span in draw(st.lists(SPANS, max_size=10))),
        evidence=tuple(draw(st.lists(SPANS, max_size=4))),
        citations=citations,
        claims=tuple(claim(draw(texts), draw(st.booleans()), *draw(of_claim)) for _ in range(draw(st.integers(0, 2)))),
    )


RUNS = st.integers(1, 6).flatmap(lambda count: st.tuples(*(rows(number) for number in range(count))))


@given(RUNS, st.randoms())
def test_shares_lie_between_0_and_1_and_order_does_not_count(run: tuple[Row, ...], random: Any) -> None:
    shuffled = random.sample(run, len(run))
    for metric in METRICS.values():
        value = metric(run)
        assert metric(shuffled) == pytest.approx(value)
        if value is not None and metric.unit == "share":
            assert -1e-12 <= value <= 1 + 1e-12


@given(RUNS)
def test_row_survives_json(run: tuple[Row, ...]) -> None:
    for row in run:
        assert Row.from_dict(json.loads(json.dumps(row.to_dict(), ensure_ascii=False))) == row


@given(st.lists(st.booleans(), min_size=1, max_size=6))
def test_perfect_run_is_perfect(answerable: list[bool]) -> None:
    run = [_perfect(number, holds) for number, holds in enumerate(answerable)]
    for metric in METRICS.values():
        value = metric(run)
        if metric.unit == "share" and metric.name != "aurc" and value is not None:
            assert value == pytest.approx(1.0 if metric.better == "higher" else 0.0, abs=1e-12)


def _perfect(number: int, answerable: bool) -> Row:
    asked = question(f"q{number}", answerable=answerable)
    if not answerable:
        return Row(asked, answer="没有", abstained=True, confidence=0.0)
    spans = tuple(gold.spans[0] for gold in asked.gold)
    return Row(
        asked,
        answer="甲、乙",
        confidence=1.0,
        hits=(Passage(Span("a.txt", 0, 300)),),
        evidence=spans,
        citations=tuple(cited(*span, "3个") for span in spans),
        claims=(claim("甲、乙3个", True, (0, True, False), (1, True, False)),),
    )


# -- rows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"version": 0}, "version 0"),
        ({"colour": "red"}, "colour"),
        ({"hits": [{"span": {"document": "a.txt"}}]}, "'q1' cannot be read"),
        ({"question": {}}, "'q1' cannot be read"),
        ({"claims": None}, "'q1' cannot be read"),
    ],
)
def test_row_of_another_version_or_garbled_is_refused(changes: dict[str, Any], expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        Row.from_dict(ROWS[0].to_dict() | changes)
    assert expected in caught.value.en


def test_peak_memory_is_that_of_a_real_process() -> None:
    peak = peak_memory()
    assert peak is None or 10**7 < peak < 10**12


# -- the judge --------------------------------------------------------------------------------------------------------


def _unit_vectors(texts: list[str]) -> NDArray[np.float32]:
    vectors = HashingEmbedder().encode_query(texts)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _judged(row: Row, *replies: str) -> list[Judgement]:
    model = FakeListChatModel(responses=list(replies))
    return list(judge([row], model, _unit_vectors, lambda span: f"{span.document}的原文"))


def test_judge_by_hand() -> None:
    (judgement,) = _judged(ROWS[0], "1 是\n2. 否", "1. 问\n2. 问\n")
    assert (judgement.id, judgement.faithfulness, judgement.verdicts) == ("q1", 0.5, (True, False))
    assert judgement.relevance == pytest.approx(1.0)
    assert judgement.questions == ("问", "问")


def test_judge_that_is_not_understood_is_counted_and_not_guessed() -> None:
    (unclear,) = _judged(ROWS[0], "都可以得出。", "")
    assert unclear == Judgement("q1", None, None)
    (evasive,) = _judged(ROWS[0], "1：是\n2：是", "无")
    assert (evasive.faithfulness, evasive.relevance) == (1.0, 0.0)
    assert summarise([unclear, evasive]) == {"judged": 2, "faithfulness": 1.0, "relevance": 0.0, "not_understood": 1}
    assert summarise([])["faithfulness"] is None


def test_judge_leaves_out_abstentions_and_errors() -> None:
    assert _judged(ROWS[2], "1 是") == _judged(ROWS[3], "1 是") == []
