"""Reading: spans that are always of the texts, whatever the texts and the weights are; weights that are whole or refused."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.e5 import decoded_folder
from embeddings.eight_bits import multiplies_eight_bits
from embeddings.encoder import MODEL_FILE, mapped_tensors
from embeddings.errors import WeightsError
from rag.reading import choice
from rag.reading.adapters import FILE_NAME, OWN, apply, read
from rag.reading.calibration import Calibration, clipped
from rag.reading.choice import DEFAULT, SHIPPED, choose_reader
from rag.reading.claim_reader import ClaimReader
from rag.reading.differences import ByRules, differences, pieces, stands_for, unfitted_comparing
from rag.reading.matching import KINDS, NO_TEXT, STEPS, matches, stretches
from rag.reading.model import ReaderModel, load_encoder
from rag.reading.network import END, HEADS, START, EncoderNetwork, Logits, Network, RememberingNetwork
from rag.reading.reader import EDGES, LONGEST_ANSWER, Reader, best_span, said_back
from rag.reading.tokens import LONGEST_PAIR, PairTokenizer, PairTokens
from rag.reading.torch_network import TorchNetwork, groups, multiplies_half
from rag.reading.weighing import CLAIMS, SENTENCES, Candidate, Echo, Lacking, Weighing, features, unfitted
from training.documents import KEPT_KINDS, documents

PASSAGES = [
    "东风一期工程投资2.1亿元，由宏远公司承建。二期工程尚未立项。",
    "。",
    "全镇有９个村，①每村％。",
    "x" * 900,
    "\u3000 \n",
]


@pytest.fixture(scope="module")
def reader() -> Reader:
    """The embedder's encoder under heads of chance: what it says is nonsense, but must be of the texts."""
    folder = decoded_folder()
    chance = np.random.default_rng(3)
    kept = {
        name: part / 10 * chance.standard_normal(part.shape) if name in OWN else part * 0
        for name, part in read(SHIPPED / FILE_NAME)[0].items()
    }
    return Reader(RememberingNetwork(EncoderNetwork(folder, kept, HEADS, "")), PairTokenizer(folder))


def assert_within(spans: tuple[tuple[int, int], ...], text: str) -> None:
    assert all(0 <= start <= end <= len(text) for start, end in spans)


@pytest.mark.parametrize("heading", ["", "东风县水电站概况", "题" * 50])
@pytest.mark.parametrize("question", ["东风二期工程投资多少？", "？", "问" * 300])
def test_what_is_read_lies_in_its_texts(reader: Reader, question: str, heading: str) -> None:
    sentences = [[(0, 3), (0, len(passage))] for passage in PASSAGES]
    readings = reader.read(question, PASSAGES, sentences, [heading] * len(PASSAGES))
    assert len(readings) == len(PASSAGES)
    for passage, reading, spans in zip(PASSAGES, readings, sentences, strict=True):
        assert_within((reading.answer,), passage)
        answer = passage[slice(*reading.answer)]
        assert not answer or (answer[0] not in EDGES and answer[-1] not in EDGES)
        assert len(reading.sentences) == 2
        for (start, end), sentence in zip(spans, reading.sentences, strict=True):
            assert start <= sentence.answer[0] <= sentence.answer[1] <= end or sentence.answer == (0, 0)


@pytest.mark.parametrize("question", ["东风二期工程投资多少？", "？", "", "问" * 300])
def test_a_question_is_said_back_with_any_answer(reader: Reader, question: str) -> None:
    assert said_back("东风二期工程投资多少？ ", "2.1亿元") == "东风二期工程投资多少？2.1亿元"
    answers = ["2.1亿元", "，", "x" * 900]
    echoes = reader.echoes(question, answers, PASSAGES[:3])
    assert len(echoes) == 3 and all(np.isfinite([echo.question, echo.answer]).all() for echo in echoes)
    assert reader.echoes(question, [], []) == []


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=150)), min_size=1, max_size=3))
def test_what_lacks_support_lies_in_the_claim(reader: Reader, claims: list[tuple[str, str]]) -> None:
    for claim, evidence in claims:
        support = ClaimReader(reader.network, reader.tokenizer).support(claim, evidence, ByRules(0, 1.0))
        assert_within(support.unsupported, claim)
        assert 0 <= support.probability <= 1


def test_a_passage_is_read_the_same_beside_any_other(reader: Reader) -> None:
    question = "全镇有几个村？"
    together = reader.read(question, PASSAGES)
    for passage, reading in zip(PASSAGES, together, strict=True):
        (alone,) = reader.read(question, [passage])
        assert alone.answer == reading.answer
        assert alone.margin == pytest.approx(reading.margin, abs=1e-3)


def test_whatever_runs_the_network_the_same_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of pairs of questions and passages nobody was trained on: the same answers, and scores within a tolerance."""
    many = 500 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 100
    pairs = [
        (asked["q"], f"{document.title}\n{document.text[:240]}")
        for document in documents()
        if document.kind in KEPT_KINDS
        for asked in document.questions[: many // 100 + 1]
    ][:many]
    assert len(pairs) == many
    tokenizer = PairTokenizer(decoded_folder())
    rows = [tokenizer.pairs(question, [passage])[0] for question, passage in pairs]
    kept = read(SHIPPED / FILE_NAME)[0]

    def in_torch(in_half: bool) -> TorchNetwork:
        model = ReaderModel(load_encoder(decoded_folder()))
        apply(kept, model, "")
        return TorchNetwork(model, in_half=in_half)

    reference = in_torch(in_half=False).logits(rows)
    monkeypatch.setattr("embeddings.encoder.multiplies_eight_bits", lambda: False)
    found = EncoderNetwork(decoded_folder(), kept, HEADS, "").logits(rows)
    monkeypatch.undo()
    assert max(np.abs(one - other).max() for one, other in zip(found, reference, strict=True)) < 1e-3
    answers = [answer_of(row, each) for row, each in zip(rows, reference, strict=True)]
    assert [answer_of(row, each)[:2] for row, each in zip(rows, found, strict=True)] == [each[:2] for each in answers]
    networks: list[Network] = [EncoderNetwork(decoded_folder(), kept, HEADS, "")] if multiplies_eight_bits() else []
    networks += [in_torch(in_half=True)] if multiplies_half() else []
    for network in networks:
        nearly = [answer_of(row, each) for row, each in zip(rows, network.logits(rows), strict=True)]
        apart = np.array([abs(one[2] - other[2]) for one, other in zip(nearly, answers, strict=True)])
        assert np.mean([one[:2] == other[:2] for one, other in zip(nearly, answers, strict=True)]) >= 0.96
        assert np.mean(apart) < 0.2 and np.quantile(apart, 0.99) < 0.8


def test_where_onnxruntime_is_missing_torch_reads_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    question, passages = "东风一期工程投资多少？", PASSAGES[:1]
    expected = choose_reader(DEFAULT).reader
    assert expected
    monkeypatch.setattr(choice, "_CHOICES", {})
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    reader = choose_reader(DEFAULT).reader
    assert reader and reader is not expected
    assert reader.read(question, passages)[0].answer == expected.read(question, passages)[0].answer
    assert "onnxruntime" in caplog.text


def answer_of(row: PairTokens, logits: Logits) -> tuple[int, int, float]:
    """First and last token of the answer, and its margin over there being none."""
    first, last, score = best_span(logits[list(row.passage), START], logits[list(row.passage), END])
    return first, last, score - float(logits[0, START] + logits[0, END])


def test_tokens_know_their_places() -> None:
    tokenizer = PairTokenizer(decoded_folder())
    for passage, pair in zip(PASSAGES, tokenizer.pairs("全镇有９个村？", PASSAGES), strict=True):
        assert len(pair.ids) == len(pair.spans) <= LONGEST_PAIR
        assert_within(tuple(pair.spans[place] for place in pair.passage), passage)
        assert_within(tuple(pair.spans[place] for place in pair.first), "全镇有９个村？")


@given(st.text("一二期程。", max_size=12), st.text("一二期程。", max_size=12))
def test_a_stretch_is_the_longest_that_both_texts_hold(first: str, second: str) -> None:
    def longest(place: int, text: str, other: str) -> int:
        every = itertools.product(range(place + 1), range(place + 1, len(text) + 1))
        return max((end - start for start, end in every if text[start:end] in other), default=0)

    of_first, of_second = stretches(first, second)
    assert of_first.tolist() == [longest(place, first, second) for place in range(len(first))]
    assert of_second.tolist() == [longest(place, second, first) for place in range(len(second))]


def test_a_word_that_the_passage_lacks_is_told_from_one_that_it_holds() -> None:
    claim, passage = (
        "东风二期工程",
        "東風一期工程投資２億元",
    )  # traditional and full-width characters are the same words
    spans, texts = [(0, 0), *((place, place + 1) for place in range(6)), (6, 8)], [None, *[0] * 6, 1]
    found = matches(claim, passage, spans, texts)
    best = [(number - 1) // STEPS % STEPS for number in found[1:]]
    assert found[0] == NO_TEXT and max(found) < KINDS
    assert best == [2, 2, 0, 3, 3, 3, 0]
    assert found[3] != found[7], "of which text a token is"


@pytest.mark.parametrize(
    ("claim", "evidence", "apart", "in_place_of"),
    [
        ("东风二期工程投资2.1亿元。", "东风一期工程投资2.1亿元。", ["二"], [1]),
        ("由县财政局负责实施", "由县教育局负责实施。", ["财政"], [2]),
        ("县长李文涛出席会议。", "副县长李文涛出席会议。", [], []),
        ("全镇有九个村", "村庄共九个，都在全镇西边", ["有", "村"], [None, 0]),
        ("环比增长2.1%。", "7月，同比增长2.1%。", ["环"], [1]),
        ("申请人为劳动者。", "申请人为用人单位，住址不详。", ["劳动者"], [4]),
        ("", "全镇有9个村。", [], []),
    ],
)
def test_where_a_claim_departs_from_its_evidence(
    claim: str, evidence: str, apart: list[str], in_place_of: list[int | None]
) -> None:
    found = pieces(claim, stretches(claim, evidence)[0])
    assert [claim[start:end] for start, end in found] == apart
    assert [stands_for(claim, evidence, piece) for piece in found] == in_place_of


@given(st.text(max_size=40), st.text(max_size=80), st.lists(st.floats(-40, 40), min_size=1, max_size=5))
def test_differences_are_numbers_whatever_the_texts(claim: str, evidence: str, lacking: list[float]) -> None:
    words = [((place, place + 1), logit) for place, logit in enumerate(lacking)]
    seen = differences(claim, evidence, words, 0.0, ByRules(1, 0.5))
    assert seen.shape == unfitted_comparing().origin.shape and np.isfinite(seen).all()
    (score,) = unfitted_comparing().scores(seen[None])
    assert (score > 0) == (max(lacking) > 0) or abs(max(lacking)) < 1e-3


@given(st.lists(st.tuples(st.floats(-9, 9, width=32), st.floats(-9, 9, width=32)), min_size=1, max_size=20))
def test_the_best_span_is_the_best_of_all(scores: list[tuple[float, float]]) -> None:
    starts, ends = np.array(scores, dtype=np.float32).T
    first, last, score = best_span(starts, ends)
    every = [
        float(starts[start] + ends[end])
        for start, end in itertools.product(range(len(scores)), repeat=2)
        if start <= end < start + LONGEST_ANSWER
    ]
    assert first <= last and score == float(starts[first] + ends[last]) == max(every)


@given(st.lists(st.integers(1, 320), max_size=60), st.integers(320, 2000))
def test_each_row_is_in_one_group_and_no_group_is_too_large(lengths: list[int], most: int) -> None:
    found = groups(lengths, most)
    assert sorted(itertools.chain(*found)) == list(range(len(lengths)))
    assert all(max(lengths[number] for number in group) * len(group) <= most for group in found)


def test_weights_are_factored_and_applied(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    from rag.reading.adapters import added_by_training, apply, factored, read, tuned
    from rag.reading.model import ReaderModel, load_encoder

    torch.manual_seed(5)
    model = ReaderModel(load_encoder(decoded_folder()))
    trained = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    name = "encoder.encoder.layer.3.attention.self.query.weight"
    trained[name] += torch.randn(384, 2) @ torch.randn(2, 384) / 100
    trained["heads.bias"] += 1
    file = tmp_path / "reader.safetensors"
    fitted = Calibration(constant=0.5, support_constant=-2.0)
    save_file(factored(added_by_training(trained, model), 4), file, fitted.to_metadata())
    kept, calibration = read(file)
    assert calibration == fitted
    encoder = mapped_tensors(decoded_folder() / MODEL_FILE)
    apply(kept, model, str(file))
    ours = tuned(kept, encoder, HEADS, str(file))
    for key, tensor in model.state_dict().items():
        assert torch.allclose(tensor, trained[key], atol=5e-4), key
        assert np.allclose(ours[key.removeprefix("encoder.")], tensor, atol=1e-6), key

    whole = file.read_bytes()
    file.write_bytes(whole[:-100])
    with pytest.raises(WeightsError, match="safetensors"):
        read(file)
    file.write_bytes(whole)
    with pytest.raises(WeightsError, match=r"nowhere\.safetensors"):
        read(tmp_path / "nowhere.safetensors")
    save_file({"heads.weight": torch.zeros(2, 2)}, file, {"calibration": '{"unheard of": 1}'})
    with pytest.raises(WeightsError, match="unheard of"):
        read(file)
    save_file({"heads.weight": torch.zeros(2, 2, dtype=torch.bfloat16)}, file)
    with pytest.raises(WeightsError, match=r"reader\.safetensors"):
        read(file)
    save_file({"heads.weight": torch.zeros(2, 2)}, file)
    kept, calibration = read(file)
    assert calibration == Calibration()
    with pytest.raises(WeightsError, match=r"reader\.safetensors"):
        apply(kept, model, str(file))
    with pytest.raises(WeightsError, match=r"reader\.safetensors"):
        tuned(kept, encoder, HEADS, str(file))


@given(st.floats(0, 1), st.floats(0, 1))
def test_more_of_a_chance_is_never_less_sure(one: float, other: float) -> None:
    calibration = Calibration(constant=0.7)
    less, greater = (calibration.answered(chance) for chance in sorted((one, other)))
    assert 0 <= less <= greater <= 1


LOGITS = st.floats(-40, 40)
CANDIDATES = st.builds(
    Candidate,
    relevance=LOGITS | st.just(float("-inf")),
    answer=LOGITS | st.just(float("-inf")),
    is_likeliest=st.booleans(),
    rank=st.integers(0, 9),
    length=st.integers(1, 5000),
    echo=st.none() | st.builds(Echo, LOGITS, LOGITS, LOGITS),
)


@given(
    st.lists(CANDIDATES, min_size=1, max_size=30),
    LOGITS,
    st.builds(Lacking, LOGITS, LOGITS),
    st.booleans(),
)
def test_chances_and_that_of_none_make_one_distribution(
    candidates: list[Candidate], margin: float, lacking: Lacking, is_foreign: bool
) -> None:
    seen = features(candidates, margin, lacking, is_foreign)
    chances = unfitted().probabilities(seen)
    assert seen.shape[0] == len(candidates) and np.isfinite(seen).all()
    assert (chances > 0).all() and chances.sum() < 1
    most = max(clipped(each.relevance) for each in candidates)
    assert clipped(candidates[int(np.argmax(chances))].relevance) == pytest.approx(most, abs=0.01)


def test_a_weighing_comes_back_as_it_was_kept() -> None:
    one = unfitted()
    again = Weighing.from_tensors(one.to_tensors(SENTENCES), SENTENCES, one)
    assert all((getattr(one, name) == getattr(again, name)).all() for name in one.__dataclass_fields__)
    with pytest.raises(ValueError, match="not calibrated"):
        Weighing.from_tensors({}, CLAIMS, one)
    with pytest.raises(ValueError, match="features"):
        Weighing.from_tensors(one.to_tensors(SENTENCES), SENTENCES, unfitted_comparing())
    kept = one.to_tensors(SENTENCES) | {"weighing.hidden": np.zeros((3, 1), np.float32)}
    with pytest.raises(ValueError, match="dimension"):
        Weighing.from_tensors(kept, SENTENCES, one)


def test_what_was_read_lately_is_not_read_again(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    before = reader.read("村里有几口井？", PASSAGES)
    monkeypatch.setattr(EncoderNetwork, "logits", lambda *_: pytest.fail("read again"))
    assert reader.read("村里有几口井？", PASSAGES) == before
