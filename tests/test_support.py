"""Support: right spans accepted, wrong ones refused, in one language and across two."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from texts import SENTENCES, TEXTS, document_of

from rag.answers import Citation
from rag.checking.support import SUPPORT_THRESHOLD, common_subsequence, says_something, support, without_frame

SOURCE = "网络能力持续提升，截至3月底，我国累计建成5G基站超过264万个，具备千兆网络服务能力的端口数超过1793万个。"


def cited(*texts: str) -> tuple[Citation, ...]:
    return tuple(Citation(document_of(text), 0, len(text), text) for text in texts)


def no_vectors(texts: list[str]) -> NDArray[np.float32]:
    raise AssertionError("texts of one language are compared by their words")


def holds(claim: str, *texts: str) -> bool:
    return support(claim, cited(*texts), no_vectors) >= SUPPORT_THRESHOLD


@pytest.mark.parametrize(
    "claim",
    [
        "到3月底，全国的5G基站已超过264万个。",
        "根据提供的资料，我国累计建成的5G基站超过264万个。",
        "具备千兆服务能力的端口有1793万个。",
        "264万个",
        "264",
    ],
)
def test_a_claim_in_other_words_is_supported(claim: str) -> None:
    assert holds(claim, SOURCE)


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("传统产业不能简单退出，因为它们对国家经济的稳定和发展具有重要意义。", "对这些传统产业，要推动其转型升级，绝不能当成“低端产业”简单退出。"),
        ("网民数量达到10.9亿。", SOURCE),
        ("我国网络购物的规模居世界第一。", SOURCE),
        ("珠穆朗玛峰位于中尼边境线上。", SOURCE),
        ("工信部", "对这些传统产业，要推动其转型升级。"),
        ("。", SOURCE),
    ],
)  # fmt: skip
def test_a_span_that_only_shares_words_does_not_support(claim: str, source: str) -> None:
    assert not holds(claim, source)


def test_order_counts() -> None:
    sentence = "东风公司收购了红旗公司。"
    turned = support("红旗公司收购了东风公司。", cited(sentence), no_vectors)
    assert turned < support(sentence, cited(sentence), no_vectors) == 1


def test_a_statement_supports_itself_and_none_without_its_words() -> None:
    statements = [part for sentences in SENTENCES.values() for part in sentences if part.kind == "statement"]
    for one, other in zip(statements, statements[50:], strict=False):
        assert support(one.text, cited(one.text), no_vectors) == pytest.approx(1)
        shared = set(filter(str.isalnum, one.text)) & set(filter(str.isalnum, other.text))
        if len(shared) < len(set(one.text)) / 4:
            assert not holds(one.text, other.text), (one.text, other.text)


def test_every_longer_clause_has_to_be_borne_out() -> None:
    source = "今年将继续优化疫情防控措施，存量政策和增量政策叠加发力，大力提振市场信心。"
    rest = "主要得益于优化疫情防控措施、存量政策和增量政策叠加发力、提振市场信心"
    assert holds(f"{rest}。", source)
    assert not holds(f"工信部认为中小企业困难已经过去，{rest}。", source)
    assert holds(f"2023年1月至3月，{rest}。", source), "dates are compared elsewhere"


@pytest.mark.parametrize(
    ("claim", "supported"),
    [
        ("By the end of March China had built more than 2.64 million 5G base stations.", True),
        ("Mount Everest stands on the border between China and Nepal.", False),
        ("The bank raised its interest rates twice last year.", False),
    ],
)
def test_across_languages_meaning_decides(embedder: Any, claim: str, supported: bool) -> None:
    assert (support(claim, cited(SOURCE), embedder.documents) >= SUPPORT_THRESHOLD) is supported


def test_a_figure_the_source_lacks_counts_against_a_claim_in_another_language(embedder: Any) -> None:
    right = support("More than 2.64 million 5G base stations were built.", cited(SOURCE), embedder.documents)
    wrong = support("More than 2.84 million 5G base stations were built.", cited(SOURCE), embedder.documents)
    assert wrong < SUPPORT_THRESHOLD <= right


def test_a_name_in_chinese_does_not_make_an_english_claim_chinese(embedder: Any) -> None:
    claim = "China (我国) had built more than 2.64 million 5G base stations by the end of March."
    assert support(claim, cited(SOURCE), embedder.documents) >= SUPPORT_THRESHOLD


@given(TEXTS, TEXTS)
def test_support_is_a_share(claim: str, source: str) -> None:
    if source:
        assert 0 <= support(claim, cited(source), lambda texts: np.eye(2, dtype=np.float32)[[0] * len(texts)]) <= 1


@given(st.text("甲乙丙丁", max_size=12), st.text("甲乙丙丁", max_size=12))
def test_common_subsequence_is_the_longest(one: str, other: str) -> None:
    lengths = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for row, first in enumerate(one, 1):
        for column, second in enumerate(other, 1):
            lengths[row][column] = (
                lengths[row - 1][column - 1] + 1
                if first == second
                else max(lengths[row - 1][column], lengths[row][column - 1])
            )
    assert common_subsequence(one, other) == lengths[-1][-1]


@pytest.mark.parametrize(
    "text", ["根据资料，如下：", "具体内容如下：", "以上是全部内容。", "The answer is as follows:", "——"]
)
def test_what_announces_says_nothing(text: str) -> None:
    assert not says_something(text)


@pytest.mark.parametrize("text", ["264万个。", "着重抓好四个方面工作：", "以上企业共有264家。", "Yes, in China."])
def test_what_states_says_something(text: str) -> None:
    assert says_something(text)


def test_a_frame_is_no_part_of_what_is_said() -> None:
    assert without_frame("根据以上资料显示，基站有264万个。") == "基站有264万个。"
    assert without_frame("According to the documents provided, it rose.") == "it rose."
    assert without_frame("材料工业增长3%。") == "材料工业增长3%。"
