"""Spelling: slips of sound are put right by the documents' words; what is well spelt stays, known to them or not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from embeddings import WeightsError, e5, unigrams
from embeddings.unigrams import log_likelihood
from rag.assistant import Assistant
from rag.index.lexical import LexicalIndex
from rag.search.spelling import corrected
from rag.text.documents import Document

TEXT = """青榆乳业2023年年度报告
公司首先在各门店推出低温酸奶，全年营业收入12.4亿元。互联网渠道的用户达到310万户，比上年增长8%。
公司的粪污处理工程已经完工，总工期十一个月，由行政部门验收。
"""


OTHER = "湖边的茶馆每天八点开门，冬天改为九点。店主姓郑，也卖湖鲜。"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder: Path = tmp_path_factory.mktemp("spelling")
    with Assistant.open(folder, language_model="extractive", reader="none") as opened:
        opened.add([Document(text=TEXT, path="report.txt", title="年度报告")])
        yield opened


@pytest.fixture(scope="module")
def lexical(assistant: Assistant) -> LexicalIndex:
    return assistant.retriever.lexical()


def test_a_search_reads_slips_of_sound_too(tmp_path: Path) -> None:
    with Assistant.open(tmp_path, language_model="extractive", reader="none") as opened:
        opened.add([Document(text=TEXT, path="report.txt", title=""), Document(text=OTHER, path="tea.txt", title="")])
        first = opened.retrieve("hulianwang用护")[0]
    assert first.document.path == "report.txt" and first.lexical_rank == 1


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("青榆乳业的用护有多少？", "青榆乳业的用户有多少？"),
        ("营业收如是多少？", "营业收入是多少？"),
        ("hulianwang渠道的用户有多少？", "互联网渠道的用户有多少？"),
        ("How much did Qingyu Dairy earn (青榆乳业)?", "How much did 青榆 Dairy earn (青榆乳业)?"),
        ("hu lian wang渠道的用户有多少？", "互联网渠道的用户有多少？"),
    ],
)
def test_a_slip_of_sound_is_put_right(lexical: LexicalIndex, typed: str, meant: str) -> None:
    assert corrected(typed, lexical, log_likelihood) == meant


@pytest.mark.parametrize(
    "question",
    [
        "用这台收割机收小麦要多少转？",
        "如果拖着工程款不付，利息按每天多少算？",
        "司机捡到乘客落在车上的东西，几小时内上交？",
        "光在真空中的速度是多少？",
        "How many users does Qingyu have?",
    ],
)
def test_what_is_well_spelt_stays_though_the_documents_do_not_know_it(lexical: LexicalIndex, question: str) -> None:
    assert corrected(question, lexical, log_likelihood) == question


def test_a_word_is_likelier_than_a_slip() -> None:
    assert log_likelihood("灯塔工厂") > log_likelihood("灯塔工场")
    assert log_likelihood("") == 0.0
    assert log_likelihood("很") > log_likelihood("很好的") > log_likelihood("很好的\U00020000")


def test_where_the_embedded_vocabulary_cannot_be_read_the_question_stays_and_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> Path:
        raise WeightsError("缺少权重", "weights are missing")

    with Assistant.open(tmp_path, language_model="extractive", reader="none") as assistant:
        assistant.add([Document(text=TEXT, path="report.txt", title="年度报告")])
        monkeypatch.setattr(e5, "decoded_folder", missing)
        unigrams._tokenizer.cache_clear()
        answer = assistant.ask("互联网渠道的用护达到多少户？")
    assert answer.understood == "互联网渠道的用护达到多少户？"
