"""The reader in its place: what it finds lies in the documents, and bad weights are refused; without it words decide.

No weights ship yet. Those here are of chance: what they say is nonsense, but must be of the texts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from langchain_core.documents import Document as LangChainDocument
from numpy.typing import NDArray

from embeddings.e5 import decoded_folder
from rag.answering.claims import lead_claim, says
from rag.answers import Citation, UnsupportedWord
from rag.assistant import Assistant
from rag.checking.verification import as_read, verify, verify_all
from rag.errors import UsageError
from rag.reading.adapters import FILE_NAME
from rag.reading.calibration import Calibration
from rag.reading.choice import choose_reader
from rag.reading.claim_reader import ClaimReader, Support
from rag.reading.differences import unfitted_comparing
from rag.reading.findings import ShortAnswer, find
from rag.reading.passages import passages_of
from rag.reading.weighing import CLAIMS, SENTENCES, unfitted
from rag.search.retrieval import Hit
from rag.settings import Settings
from rag.text.documents import Document
from rag.text.structure import Sentence, sentences_of

BRIDGE = Document(
    text="青石桥一期工程于2019年开工，投资2.1亿元。\n桥头茶馆每天八点开门，老板姓郑。\n二期工程由宏远公司承建。",
    path="bridge.txt",
    title="青石桥工程简报",
)
QUESTION = "青石桥一期工程投资多少？"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader's folder: nothing added to the embedder's encoder, heads of chance, sure of every answer."""
    import torch
    from safetensors.torch import save_file

    from rag.reading.adapters import added_by_training, factored
    from rag.reading.model import ReaderModel, load_encoder

    torch.manual_seed(3)
    model = ReaderModel(load_encoder(decoded_folder()))
    state = dict(model.state_dict())
    made = tmp_path_factory.mktemp("reader")
    calibration = Calibration(constant=20.0, foreign_constant=20.0, checks_claims=1.0)
    networks = unfitted().to_tensors(SENTENCES) | unfitted_comparing().to_tensors(CLAIMS)
    weighing = {name: torch.from_numpy(part) for name, part in networks.items()}
    save_file(factored(added_by_training(state, model), 1) | weighing, made / FILE_NAME, calibration.to_metadata())
    return made


# -- what a language model writes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words", "is_said"),
    [
        ("投资了2.1亿元。", "2.1亿元", True),
        ("一期投资21000万元。", "2.1亿元", True),
        ("一期投资1.2亿元。", "2.1亿元", False),
        ("2019年开工。", "2.1亿元", False),
        ("老板是郑师傅。", "姓郑", True),
        ("由远大集团承建。", "宏远公司", False),
        ("宏远公司。", "宏远公司", True),
    ],
)
def test_whether_a_text_says_the_words_that_answer(text: str, words: str, is_said: bool) -> None:
    document = Document(text=f"据悉{words}。", path="a.txt", title="")
    answer = ShortAnswer(document, sentences_of(document.text)[0], 2, 2 + len(words), 5.0)
    assert answer.text == words and says(text, answer) == is_said


# -- claims -----------------------------------------------------------------------------------------------------------


def cited(text: str) -> tuple[Citation, ...]:
    return (Citation(Document(text=text, path="a.txt", title=""), 0, len(text), text),)


def no_vectors(texts: list[str]) -> NDArray[np.float32]:
    pytest.fail("not needed in one language")


def test_the_words_that_lack_support_are_named_with_their_places() -> None:
    claim = "东风二期工程投资2.1亿元。"
    by_rules = verify(claim, cited("东风一期工程投资2.1亿元。"), no_vectors)
    checks = as_read(claim, by_rules, Support(0.1, (((2, 3), 1.0),)))
    assert not checks.supports and checks.support == 0.1
    assert checks.unsupported_words == (UnsupportedWord(2, 3, "二"),) and claim[2:3] == "二"


def test_a_fact_that_the_reader_is_sure_of_is_not_called_missing() -> None:
    claim, source = "全县新增托位1000个。", cited("全县新增托位近一千二百个。")
    by_rules = verify(claim, source, no_vectors)
    assert by_rules.missing_facts
    assert as_read(claim, by_rules, Support(0.9)).facts_agree
    assert as_read(claim, by_rules, Support(0.1)).missing_facts == by_rules.missing_facts


def test_a_claim_that_cites_nothing_is_not_borne_out_whatever_the_reader_holds() -> None:
    assert not as_read("全县有9个村。", verify("全县有9个村。", (), no_vectors), Support(0.99)).supports


class NeverAsked:
    """A network that must not be asked."""

    def logits(self, pairs: object) -> list[NDArray[np.float32]]:
        pytest.fail("read")


def test_what_is_quoted_word_for_word_is_not_read(folder: Path) -> None:
    known = choose_reader(str(folder)).for_claims
    assert known
    reader = ClaimReader(NeverAsked(), known.tokenizer, known.calibration, known.comparing)
    (checks,) = verify_all(
        ["桥头茶馆每天八点开门，老板姓郑。"],
        [cited(BRIDGE.text)],
        lambda each: sentences_of(each.text),
        no_vectors,
        reader,
    )
    assert checks.support == 1


# -- answers ----------------------------------------------------------------------------------------------------------


def test_every_citation_is_exact_whatever_the_weights_say(
    make_assistant: Callable[..., Assistant], folder: Path
) -> None:
    opened = make_assistant(BRIDGE, reader=str(folder))
    for question in (QUESTION, "茶馆老板姓什么？", "Who builds the second phase?"):
        answer = opened.ask(question)
        assert answer.confidence > 0.9 and answer.claims
        for citation in answer.citations:
            assert BRIDGE.text[citation.start : citation.end] == citation.quote
    record = opened.ask(QUESTION).to_record()
    assert record["models"]["reader"]["name"] == str(folder) and len(record["models"]["reader"]["sha256"]) == 64


def test_the_words_that_answer_cite_their_very_place() -> None:
    sentence = sentences_of(BRIDGE.text)[0]
    start = sentence.text.index("2.1亿元")
    claim = lead_claim(ShortAnswer(BRIDGE, sentence, start, start + 5, 4.0))
    (citation,) = claim.citations
    assert claim.text == citation.quote == "2.1亿元" == BRIDGE.text[citation.start : citation.end]


def test_words_that_a_line_break_cuts_cite_their_sentence() -> None:
    document = Document(text="工程投资2.1\n亿元。", path="a.txt", title="")
    sentence = Sentence(0, len(document.text), "工程投资2.1亿元。", "", "", "statement", 0)
    start = sentence.text.index("2.1亿元")
    (citation,) = lead_claim(ShortAnswer(document, sentence, start, start + 5, 4.0)).citations
    assert citation.quote == document.text[sentence.start : sentence.end]


def test_what_is_found_lies_in_the_documents(make_assistant: Callable[..., Assistant], folder: Path) -> None:
    long = Document(text="。".join(f"第{number}户种了{number}亩玉米" for number in range(300)), path="l.txt", title="")
    opened = make_assistant(BRIDGE, long)
    reader = choose_reader(str(folder)).reader
    assert reader
    hits = opened.retrieve(QUESTION)
    found = find(reader, QUESTION, hits, lambda document: sentences_of(document.text))
    assert found.answer and found.answer.text in found.answer.sentence.text
    starts = {(d.id, sentence.start) for d in (BRIDGE, long) for sentence in sentences_of(d.text)}
    assert found.read.keys() <= starts
    assert find(reader, QUESTION, [], lambda document: sentences_of(document.text)).answer is None


def test_an_answer_that_goes_on_into_the_next_sentence_ends_before_its_sign(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, text = choose_reader(str(folder)).reader, "设特等奖1名，奖金2万元；一等奖3名，每名奖金8000元。"
    assert reader
    read = reader.read
    beyond = (text.index("2万元"), text.index("3名"))
    monkeypatch.setattr(reader, "read", lambda *asked: [replace(each, answer=beyond) for each in read(*asked)])
    hit = Hit(Document(text=text, path="a.txt", title=""), 0, len(text), text, (), 1.0, 1, None, None, ())
    found = find(reader, "一共发多少奖金？", [hit], lambda document: sentences_of(document.text))
    assert found.answer and found.answer.text == "2万元"


def test_copies_of_a_passage_do_not_take_the_place_of_others(folder: Path) -> None:
    reader = choose_reader(str(folder)).reader
    assert reader
    copies = [replace(BRIDGE, path=f"{number}.txt", id=f"copy{number}") for number in range(3)]
    other = Document(text="青石桥三期工程投资5.4亿元。", path="o.txt", title="")
    same_words = replace(BRIDGE, title="白石桥工程简报", path="w.txt", id="words")
    hits = [
        Hit(each, 0, len(each.text), each.text, (), 1.0, 1, None, None, ()) for each in (*copies, same_words, other)
    ]
    found = find(reader, QUESTION, hits, lambda document: sentences_of(document.text))
    assert {document for document, _ in found.read} == {copies[0].id, same_words.id, other.id}


def test_the_day_of_a_document_is_read_with_it() -> None:
    dated = replace(BRIDGE, date=date(2024, 7, 5))
    (passage,) = passages_of(
        [Hit(dated, 0, len(dated.text), dated.text, (), 1.0, 1, None, None, ())],
        lambda document: sentences_of(document.text),
    )
    assert passage.heading == "2024年7月5日 青石桥工程简报"


# -- which reader ------------------------------------------------------------------------------------------------------


def test_without_a_reader_words_decide(make_assistant: Callable[..., Assistant]) -> None:
    answer = make_assistant(BRIDGE).ask(QUESTION)
    assert not answer.abstained and "2.1亿元" in answer.text
    assert answer.to_record()["models"]["reader"] is None


@pytest.mark.parametrize("content", [None, b"", b"\xff" * 100, b'\x08\0\0\0\0\0\0\0{"a":1}'])
def test_a_folder_without_a_reader_is_refused(
    make_assistant: Callable[..., Assistant], tmp_path: Path, content: bytes | None
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    if content is not None:
        (mine / FILE_NAME).write_bytes(content)
    with pytest.raises(UsageError, match="YOUJU_READER") as refused:
        make_assistant(BRIDGE, reader=str(mine))
    assert str(mine) in refused.value.zh and str(mine) in refused.value.en


def test_the_reader_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUJU_READER", "/a/folder")
    assert Settings.from_environment().reader == "/a/folder"


# -- in other hands ----------------------------------------------------------------------------------------------------


def test_as_a_compressor_it_gives_sentences_with_their_places(
    make_assistant: Callable[..., Assistant], folder: Path
) -> None:
    opened = make_assistant(BRIDGE, reader=str(folder))
    documents = [
        LangChainDocument(page_content=text, metadata={"n": number})
        for number, text in enumerate((BRIDGE.text, "", "　"))
    ]
    (kept,) = opened.as_compressor(least=0.0).compress_documents(documents, QUESTION)
    assert kept.metadata["n"] == 0 and 0 <= kept.metadata["relevance_score"] <= 1
    assert "\n".join(BRIDGE.text[start:end] for start, end in kept.metadata["spans"]) == kept.page_content
    assert not opened.as_compressor(least=1.1).compress_documents(documents, QUESTION)


def test_without_a_reader_there_is_no_compressor(make_assistant: Callable[..., Assistant]) -> None:
    with pytest.raises(UsageError, match="YOUJU_READER"):
        make_assistant(BRIDGE).as_compressor()
