"""An ordinary ``tokenizers`` tokenizer from a SentencePiece unigram vocabulary and its normalisation table."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from embeddings.packed import Vocabulary

LEAF = 1 << 8
VALUE = 1 << 31


def unigram_tokenizer(vocabulary: Vocabulary, replacements: dict[str, str]) -> Tokenizer:
    """The tokenizer of XLM-RoBERTa, as SentencePiece ``nmt_nfkc`` with surplus white space removed does it.

    The table knows single characters only, whereas ``nmt_nfkc`` also composes sequences (``か`` + ``゙`` to ``が``);
    Unicode composition after it brings that back.
    """
    from tokenizers import Regex, Tokenizer, normalizers
    from tokenizers.models import Unigram
    from tokenizers.normalizers import NFC, Precompiled, Replace
    from tokenizers.pre_tokenizers import Metaspace, Sequence, WhitespaceSplit
    from tokenizers.processors import TemplateProcessing

    tokenizer = Tokenizer(Unigram(list(vocabulary.pieces), unk_id=vocabulary.unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [Precompiled(character_map(replacements)), NFC(), Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = Sequence([WhitespaceSplit(), Metaspace(prepend_scheme="always")])
    first, last = (vocabulary.pieces[token][0] for token in (vocabulary.beginning, vocabulary.end))
    tokenizer.post_processor = TemplateProcessing(
        single=f"{first} $A {last}",
        pair=f"{first} $A {last} {last} $B {last}",
        special_tokens=[(first, vocabulary.beginning), (last, vocabulary.end)],
    )
    return tokenizer


def character_map(replacements: dict[str, str]) -> bytes:
    """The table as SentencePiece's precompiled map: u32 size, a double-array trie, the texts each ended by a zero byte.

    Trie units are those of darts-clone: a node's children stand at ``base ^ byte``, a unit holds its own byte, whether
    a value follows, and the distance to its base. UTF-8 has no character that begins another, so that a node has
    either children or a value. Nodes with children get 256 units of their own, which needs no search for free places;
    each value gets one unit at the end.
    """
    inner = {b""} | {key[:length] for key in map(str.encode, replacements) for length in range(1, len(key))}
    base = {prefix: 256 * (number + 1) for number, prefix in enumerate(sorted(inner, key=lambda key: (len(key), key)))}
    position = {prefix: base[prefix[:-1]] ^ prefix[-1] for prefix in inner if prefix}
    units = [0] * (256 * (len(inner) + 1))
    units[0] = _unit(0, base[b""], 0)
    for prefix, place in position.items():
        units[place] = _unit(place, base[prefix], prefix[-1])
    texts = bytearray()
    for character, text in sorted(replacements.items()):
        key = character.encode()
        place = base[key[:-1]] ^ key[-1]
        units[place] = _unit(place, len(units), key[-1]) | LEAF
        units.append(VALUE | len(texts))
        texts += text.encode() + b"\0"
    units += [0] * (-len(units) % 256)  # a reader may look at any unit of a block it has come to
    trie = struct.pack(f"<{len(units)}I", *units)
    return struct.pack("<I", len(trie)) + trie + bytes(texts)


def _unit(place: int, base: int, label: int) -> int:
    distance = place ^ base
    if distance >= 1 << 21:
        raise ValueError("normalisation table too large for one trie")
    return distance << 10 | label
