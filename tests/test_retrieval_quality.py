"""Retrieval: documents meant by their event or day, words spelled by sound, a reranker."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hashing_embedder import HashingEmbedder
from numpy.typing import NDArray

from rag.assistant import Assistant
from rag.errors import UsageError
from rag.index.store import Filters
from rag.search.glossary import in_chinese_words
from rag.search.reranking import load_reranker
from rag.text.documents import Document

SPRING = Document(
    text="主任说，全市已经建成充电桩二千三百个，停车场的改造正在进行。",
    path="spring.txt",
    title="春季情况通报",
    date=datetime.date(2021, 4, 20),
    event="一季度城市建设发布会",
)
AUTUMN = Document(
    text="主任说，全市已经建成充电桩四千五百个，停车场的改造已经完成。",
    path="autumn.txt",
    title="秋季情况通报",
    date=datetime.date(2022, 10, 8),
    event="金秋“开放日”采访活动",
)
OTHER = Document(text="图书馆的阅览室周末开放，读者可以借阅互联网杂志。", path="library.txt", title="图书馆")


@pytest.fixture
def retriever(make_assistant: Callable[..., Any]) -> Any:
    return make_assistant(SPRING, AUTUMN, OTHER).retriever


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("2021年4月的发布会上说建成了多少充电桩", "spring.txt"),
        ("2022年10月的采访中说建成了多少充电桩", "autumn.txt"),
        ("开放日采访时建成了多少充电桩", "autumn.txt"),
        ("城市建设发布会上说建成了多少充电桩", "spring.txt"),
        ("How many 充电桩 were built by the end of March 2021?", "spring.txt"),
    ],
)
def test_a_question_that_names_an_occasion_finds_its_document_first(
    retriever: Any, question: str, expected: str
) -> None:
    assert retriever.retrieve(question)[0].document.path == expected


class Backwards:
    """Prefers the passage that shares the fewest characters with the question."""

    def predict(self, sentences: list[tuple[str, str]]) -> list[float]:
        return [-float(len(set(question) & set(passage))) for question, passage in sentences]


class Wrong:
    def __init__(self, scores: Any) -> None:
        self.scores = scores

    def predict(self, sentences: list[tuple[str, str]]) -> Any:
        return self.scores


def test_a_reranker_decides_the_order(retriever: Any) -> None:
    question = "全市已经建成多少充电桩"
    before = [hit.document.path for hit in retriever.retrieve(question)]
    retriever.reranker = Backwards()
    after = [hit.document.path for hit in retriever.retrieve(question)]
    assert before[-1] == after[0] == "library.txt" and sorted(before) == sorted(after)


@pytest.mark.parametrize("scores", [[1.0], np.zeros((3, 2)), [float("nan")] * 3])
def test_a_reranker_that_gives_no_score_is_refused(retriever: Any, scores: Any) -> None:
    retriever.reranker = Wrong(scores)
    with pytest.raises(UsageError) as refused:
        retriever.retrieve("充电桩")
    assert "分数" in refused.value.zh and "score" in refused.value.en


def test_a_reranker_is_never_loaded_from_a_pickle(tmp_path: Path) -> None:
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "有", "据"]
    (tmp_path / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    BertTokenizerFast(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    model = BertForSequenceClassification(BertConfig(vocab_size=len(words), num_labels=1, **sizes))
    model.save_pretrained(tmp_path)
    assert load_reranker(str(tmp_path)) is not None
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(UsageError) as refused:
        load_reranker(str(tmp_path))
    assert str(tmp_path) in refused.value.zh


def test_a_reranker_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        load_reranker(str(tmp_path))
    assert str(tmp_path) in refused.value.zh and "YOUJU_RERANKER" in refused.value.en
    assert load_reranker(" ") is None


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How many 5G base stations had been built by the end of March 2023?", {"5G", "基站", "建成", "2023年3月底"}),
        ("Which factories lead in energy consumption in EFLOPS?", {"工厂", "能耗", "EFLOPS"}),
        ("Retail sales in the first quarter of 2024", {"零售额", "2024年一季度"}),
        ("Patents of March 5, 2024", {"专利", "2024年3月5日"}),
        ("Goals of the 14th Five-Year Plan", {"十四五", "目标"}),
        ("Why so?", set()),
        ("5G base stations 有多少", set()),
    ],
)
def test_an_english_question_is_put_in_chinese_words(question: str, words: set[str]) -> None:
    found = set(in_chinese_words(question).split())
    assert words <= found and bool(words) == bool(found)


def test_an_english_question_finds_chinese_words(retriever: Any) -> None:
    first = retriever.retrieve("What about charging at the press conference?")[0]
    assert first.document.path == "spring.txt" and first.lexical_rank == 1


@pytest.mark.parametrize("name", ["張偉", "张伟", "Ａｄａ", "ada"])
def test_filters_fold_traditional_characters_width_and_case(make_assistant: Callable[..., Any], name: str) -> None:
    document = Document(
        text="张伟：充电桩已经建成二千三百个。\n\nAda：停车场的改造已经完成。",
        path="talk.txt",
        title="访谈",
        source="张伟与Ada",
        speakers=("张伟", "Ada"),
    )
    retriever = make_assistant(document, OTHER).retriever
    for filters in (Filters(source=name), Filters(speaker=name)):
        hits = retriever.retrieve("充电桩和停车场", filters=filters)
        assert {hit.document.path for hit in hits} == {"talk.txt"}
    assert not retriever.retrieve("充电桩", filters=Filters(source=name + "某"))


class Contrary(HashingEmbedder):
    """Holds what shares most with a question to be the farthest from it."""

    def encode_query(self, texts: list[str]) -> NDArray[np.float32]:
        return -super().encode_query(texts)

    def encode_document(self, texts: list[str]) -> NDArray[np.float32]:
        return super().encode_query(texts)


def test_words_that_one_passage_alone_has_find_it(tmp_path: Path) -> None:
    texts = (
        "会计说，上季度的电费、水费和灯塔的租金已经付清。",
        "岬角上有光。",
        "夜里看得见海面。",
        "航标为船只指示方向。",
    )
    with Assistant.open(tmp_path, embedder=Contrary(), language_model="extractive", reader="none") as one:
        one.add([Document(text=text, path=f"{number}.txt", title="") for number, text in enumerate(texts)])
        first, *others = one.retrieve("灯塔")
    assert first.text == texts[0] and first.lexical_rank == 1
    assert all(other.lexical_rank is None for other in others)
    assert first.dense_rank != 1
