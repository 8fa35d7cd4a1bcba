"""Subjects: a figure of a claim has to be of the same thing as in the span that it cites."""

import datetime

import pytest
from texts import document_of, evidence_of

from rag.answers import Citation
from rag.checking.agreement import disagreements
from rag.text.documents import Document
from rag.text.structure import sentences_of

LOANS = "平台已支持4100多家企业，融资规模超过了2700亿元。"
GROWTH = "一季度电信业务收入同比增长7.7%，云计算等业务收入增长24.5%，拉动电信业务收入增长4.8个百分点。"
SHARE = "全市工业增加值占地区生产总值的31.7%，规模以上工业增加值同比增长3.6%。"
SALES = "1—3月份，新能源汽车产销分别完成165万辆和158.6万辆。"


def missing(claim: str, text: str) -> tuple[str, ...]:
    document = Document(text, "a", "标题", datetime.date(2023, 4, 21))
    return disagreements(claim, (Citation(document, 0, len(text), text),)).missing


@pytest.mark.parametrize(
    ("claim", "source", "figure"),
    [
        ("中小企业发展基金的总额为2700亿元。", LOANS, "2700亿元"),
        ("云计算业务收入的增速比电信业务收入高4.8个百分点。", GROWTH, "4.8个百分点"),
        ("全市工业占地区生产总值的比重为3.6%。", SHARE, "3.6%"),
        ("新能源汽车销量为165万辆。", SALES, "165万辆"),
        ("锂电池产量增长22.5%。", "新能源汽车产量增长22.5%。", "22.5%"),
    ],
)
def test_a_figure_of_another_thing_is_noticed(claim: str, source: str, figure: str) -> None:
    assert figure in missing(claim, source)


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("平台支持的企业融资规模超过2700亿元。", LOANS),
        ("一季度电信业务收入增长7.7%。", GROWTH),
        ("云计算业务拉动电信业务收入增长4.8个百分点。", GROWTH),
        ("全市工业占地区生产总值的比重为31.7%。", SHARE),
        ("规上工业增速为3.6%。", SHARE),
        ("新能源汽车销量为158.6万辆。", SALES),
        ("新能源车的产量是165万辆。", SALES),
        ("有6.2亿人使用5G手机。", "截至3月底，我国5G移动电话用户6.2亿户。"),
        ("2023年1月CPI上涨0.2%。", "2023年1月，居民消费价格指数上涨0.2%。"),
    ],
)
def test_other_words_for_the_same_thing_agree(claim: str, source: str) -> None:
    assert missing(claim, source) == ()


def test_what_was_named_before_is_still_spoken_of() -> None:
    document = document_of("青岚港去年完成了扩建。货物吞吐能力提高到1200万吨。")
    part = evidence_of(document, sentences_of(document.text)[1])
    start, end = part.sentence.start, part.sentence.end
    cited = Citation(document, start, end, document.text[start:end])
    assert disagreements("青岚港的货物吞吐能力提高到1200万吨。", (cited,)).missing == ()
    assert disagreements("白沙机场的旅客吞吐能力提高到1200万吨。", (cited,)).missing != ()


def test_whoever_is_named_behind_a_claim_has_said_it() -> None:
    text = "我国5G基站超过264万个。"
    cited = Citation(Document(text, "a", "标题"), 0, len(text), text, "赵志国")
    assert disagreements("我国5G基站超过264万个（赵志国）。", (cited,)).missing == ()
    assert disagreements("我国5G基站超过264万个（金壮龙）。", (cited,)).missing == ("金壮龙",)
