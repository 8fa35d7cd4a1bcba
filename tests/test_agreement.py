"""Facts agree: a claim's figures and dates are those of what it cites, in any way of writing."""

import datetime
import time

import pytest
from agreement_texts import NEWS, OF_SEEDS
from hypothesis import assume, given
from hypothesis import strategies as st
from texts import SEEDS, SENTENCES, TEXTS

from rag.answers import Checks, Citation
from rag.checking.agreement import disagreements, in_figures_of_sources, quantities_nowhere
from rag.checking.verification import verify
from rag.text.documents import Document

APRIL = datetime.date(2023, 4, 21)
STATIONS = "截至3月底，我国累计建成5G基站超过264万个，具备千兆网络服务能力的端口数超过1793万个。"
CENTRES = "截至2023年年底，培育了196个国家级的绿色数据中心，可再生能源电力的平均利用率由2018年的15%提升到50%以上，单站址能耗较商用初期降低20%以上。"


def cited(
    text: str, day: datetime.date | None = APRIL, name: str = "a", speaker: str = "", title: str = "标题"
) -> Citation:
    return Citation(Document(text, name, title, day), 0, len(text), text, speaker)


def missing(claim: str, *citations: Citation) -> tuple[str, ...]:
    return disagreements(claim, citations).missing


@pytest.mark.parametrize(
    ("claim", "source", "expected"),
    [
        ("累计建成5G基站264万户。", STATIONS, "264万户"),
        ("累计建成5G基站264万亿个。", STATIONS, "264万亿"),
        ("累计建成5G基站超过284万个。", STATIONS, "284万"),
        ("累计建成5G基站不到264万个。", STATIONS, "264万"),
        ("China had built 264 million 5G base stations.", STATIONS, "264 million"),
        ("截至2022年3月底，累计建成5G基站264万个。", STATIONS, "2022年3月底"),
        ("截至2023年4月底，累计建成5G基站264万个。", STATIONS, "2023年4月底"),
        ("2023年可再生能源电力的平均利用率为15%。", CENTRES, "2023年"),
        ("进口100亿美元。", "进口100亿元。", "100亿美元"),
        ("价格上涨5个百分点。", "价格上涨5%。", "5个百分点"),
        ("全程不到9公里。", "全程超过9公里。", "9"),
        ("全程不到9000米。", "全程超过9公里。", "9000"),
        ("覆盖40个省和31个行业。", "覆盖31个省和40个行业。", "40"),
    ],
)  # fmt: skip
def test_what_the_source_does_not_say_is_named(claim: str, source: str, expected: str) -> None:
    assert expected in missing(claim, cited(source))


@pytest.mark.parametrize(("text", "day", "paraphrases"), NEWS, ids=[text[:10] for text, _, _ in NEWS])
def test_paraphrases_of_news_agree(text: str, day: str, paraphrases: list[str]) -> None:
    citation = cited(text, datetime.date.fromisoformat(day))
    assert [(claim, found) for claim in paraphrases if (found := missing(claim, citation))] == []


@pytest.mark.parametrize(("name", "quote", "paraphrases"), OF_SEEDS, ids=[quote[:10] for _, quote, _ in OF_SEEDS])
def test_paraphrases_of_the_sample_documents_agree(name: str, quote: str, paraphrases: list[str]) -> None:
    document = SEEDS[name]
    start = document.text.index(quote)
    citation = Citation(document, start, start + len(quote), quote)
    assert [(claim, found) for claim in paraphrases if (found := missing(claim, citation))] == []


def test_every_sentence_agrees_with_itself() -> None:
    for name, sentences in SENTENCES.items():
        document = SEEDS[name]
        for part in sentences:
            citation = Citation(document, part.start, part.end, document.text[part.start : part.end])
            assert missing(part.text, citation) == (), part.text


@given(TEXTS, TEXTS)
def test_any_text_agrees_with_itself_and_any_other_is_compared(text: str, other: str) -> None:
    assume(text)
    assert missing(text, cited(text)) == ()
    found = missing(other, cited(text))
    assert all(fact for fact in found)


@given(st.integers(1, 99_999), st.integers(1, 99_999), st.sampled_from(["万个", "亿元", "%", "辆", "万户", "个百分点"]))
def test_no_other_number_passes(number: int, other: int, unit: str) -> None:
    assume(number != other)
    text = f"目前，相关设施规模为{number}{unit}，运行平稳。"
    assert missing(f"相关设施规模为{number}{unit}", cited(text)) == ()
    assert missing(f"相关设施规模为{other}{unit}", cited(text))


def test_a_date_may_follow_from_the_day_of_publication_and_says_so() -> None:
    agreement = disagreements("截至2023年3月底，我国累计建成5G基站264万个。", (cited(STATIONS),))
    assert agreement.missing == ()
    assert agreement.resolved == ("3月底＝2023-03-31（资料发布于2023-04-21）",)
    assert missing("截至2023年3月底，我国累计建成5G基站264万个。", cited(STATIONS, None)) != ()
    assert disagreements("截至3月底，我国累计建成5G基站264万个。", (cited(STATIONS),)).resolved == ()


def test_a_value_and_its_date_come_from_one_source() -> None:
    january = cited("我国建成开通5G基站228万个。", datetime.date(2023, 1, 2), "january")
    april = cited(STATIONS, APRIL, "april")
    assert missing("截至2023年3月底，建成5G基站228万个。", january, april) == ("2023年3月底",)
    assert missing("截至2023年3月底，建成5G基站264万个。", january, april) == ()
    assert missing("从2023年1月的228万个增加到2023年3月底的264万个。", january, april) == ()


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("累計建成5G基站超過264萬個", STATIONS),
        ("累计建成５Ｇ基站超过２６４万个", STATIONS),
        ("累计建成5G基站二百六十四万个", STATIONS),
        ("粮食产量四十五万六千吨", "粮食产量45.6万吨。"),
    ],
)
def test_ways_of_writing_agree(claim: str, source: str) -> None:
    assert missing(claim, cited(source)) == ()


def test_missing_facts_are_told_as_the_claim_writes_them() -> None:
    assert missing("粮食产量三百五十七万吨", cited("粮食产量45.6万吨。")) == ("三百五十七万吨",) or missing(
        "粮食产量三百五十七万吨", cited("粮食产量45.6万吨。")
    ) == ("三百五十七万",)
    assert missing("產量２８４萬個", cited("产量264万个。")) == ("２８４萬",)


def test_the_verdict_reports_what_is_missing_and_what_was_resolved() -> None:
    checks = verify("截至2023年3月底，建成5G基站284万个。", (cited(STATIONS),), lambda texts: pytest.fail("not needed"))
    assert isinstance(checks, Checks)
    assert (checks.facts_agree, checks.missing_facts) == (False, ("284万",))
    assert checks.resolved == ("3月底＝2023-03-31（资料发布于2023-04-21）",)


def test_nothing_is_compared_without_a_citation() -> None:
    assert missing("建成5G基站284万个。") == ()


def test_long_texts_are_checked_in_time() -> None:
    claim = STATIONS * 20
    begun = time.process_time()
    missing(claim.replace("264", "284"), cited(CENTRES * 20))
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("claim", "source", "told"),
    [
        ("粮食总产量达到45.6万吨。", "粮食总产量达四十五万六千吨。", "粮食总产量达到四十五万六千吨。"),
        ("出口设备14000台，共1,386万人。", "出口设备1.4万台，1386万人。", "出口设备1.4万台，共1386万人。"),
        ("产值增长5。", "产值增长5%。", "产值增长5。"),
        ("产值为7亿元。", "产值为6亿元。", "产值为7亿元。"),
    ],
)
def test_a_claim_may_be_told_in_the_figures_of_its_sources(claim: str, source: str, told: str) -> None:
    retold = in_figures_of_sources(claim, (cited(source),))
    assert retold.text == told
    assert retold.span(0, len(told)) == (0, len(claim))


@given(TEXTS, TEXTS)
def test_a_claim_told_otherwise_knows_its_places(claim: str, source: str) -> None:
    assume(claim)
    retold = in_figures_of_sources(claim, (cited(source),) if source else ())
    assert len(retold.text) == len(retold.places)
    assert all(0 <= start < end <= len(claim) for start, end in retold.places)
    assert list(retold.places) == sorted(retold.places)


def test_a_date_of_one_document_does_not_vouch_for_the_value_of_another() -> None:
    january = "建成开通5G基站228万个，千兆光网具备覆盖5亿户家庭的能力。"
    april = "2023年04月21日\n截至3月底，我国累计建成5G基站超过264万个"
    cited = tuple(
        Citation(Document(text=text, path=f"{number}.txt", title=""), 0, len(text), text)
        for number, text in enumerate((january, april))
    )
    assert disagreements("截至2023年3月底，建成开通5G基站228万个。", cited).missing
    assert not disagreements("截至2023年3月底，建成开通5G基站264万个。", cited).missing


@pytest.mark.parametrize(
    ("claim", "source", "retold"),
    [
        ("全程约9000米。", "全程约9公里，比原路线增加约15分钟。", "全程约9公里。"),
        ("最长可以设到720分钟。", "可在1至12小时之间设定。", "最长可以设到12小时。"),
        ("有效期是三年。", "铝塑板包装36个月，塑料瓶装24个月。", "有效期是36个月。"),
        ("The road is 9 km long.", "全程9000米。", "The road is 9000米 long."),
    ],
)
def test_as_much_in_another_unit_is_no_other_figure(claim: str, source: str, retold: str) -> None:
    assert missing(claim, cited(source)) == () and quantities_nowhere(claim, (cited(source),)) == ()
    assert in_figures_of_sources(claim, (cited(source),)).text == retold


@pytest.mark.parametrize(
    ("claim", "source", "nowhere"),
    [
        ("全程约8000米。", "全程约9公里。", ("8000",)),
        ("最长可以设到700分钟。", "可在1至12小时之间设定。", ("700",)),
        ("可在三十日内起诉。", "可自收到裁决书之日起十五日内起诉。", ("三十日",)),
        ("这两个村的收入都不足30万元。", "苔岭、麂坪两村集体收入不足30万元。", ()),
        ("这三个村的收入都不足30万元。", "苔岭、麂坪两村集体收入不足30万元。", ("三",)),
        ("2023年共两起。", "去年共两起。", ()),
    ],
)
def test_a_quantity_that_stands_nowhere_is_named(claim: str, source: str, nowhere: tuple[str, ...]) -> None:
    assert quantities_nowhere(claim, (cited(source),)) == nowhere
