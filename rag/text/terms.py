"""Terms: what a text is looked up by, the characters and character pairs of Chinese and whole Latin words and numbers.

Character unigrams and bigrams need no dictionary and found more than a word segmenter in our measurements
(docs/benchmarks.md). Text is folded before: traditional characters to simplified, full-width to half-width, upper case to
lower, so that 「５Ｇ基站數量」 finds 「5G基站数量」.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

_HAN = 1
_WORD = 2
_WORDS = re.compile(r"[0-9]+(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[^\W_]+(?:[.\-][^\W_]+)*", re.UNICODE)
STOP_CHARACTERS = frozenset("的了在是和与及或就也都而等这那其之于以对为被把让给从向由啊呢吗吧呀着过")
_QUESTION_WORDS = re.compile(
    "请问|请(?:介绍|说明|列举|列出|告诉我)(?:一下)?|能否介绍一下|介绍一下|多少|什么(?:时候)?|哪些|哪个|哪里|哪儿|哪年|哪几|如何|怎么样?|"
    "怎样|为什么|为何|是否|有没有|能否|能不能|是不是|几个|多大|多高|谁|吗|呢|how many|how much|what|which|when|where|"
    "who|why|how|does|did|is|are|was|were|the|of|in|a|an|to|by|for|on|at|and|or"
)

Terms = NDArray[np.uint64]


class _Folding:
    """Folds characters one for one; each character is looked up once and remembered."""

    def __init__(self) -> None:
        import opencc

        self._simplify = opencc.OpenCC("t2s").convert
        self._folded = np.arange(0x110000, dtype=np.uint32)
        self._kinds = np.zeros(0x110000, dtype=np.uint8)
        self._known = np.zeros(0x110000, dtype=np.bool_)

    def __call__(self, text: str) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
        """Folded code points of a text and the kind of each: 1 a Chinese character, 2 part of a word, 0 neither."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        unknown = np.unique(codes[~self._known[codes]])
        for code in unknown.tolist():
            self._learn(code)
        folded = self._folded[codes]
        return folded, self._kinds[folded]

    def _learn(self, code: int) -> None:
        character = unicodedata.normalize("NFKC", chr(code)).lower() if not 0xD800 <= code < 0xE000 else " "
        character = character if len(character) == 1 else chr(code)
        if _is_han(ord(character)):
            simplified = self._simplify(character)
            character = simplified if len(simplified) == 1 else character
        self._folded[code] = ord(character)
        self._known[code] = True
        kind = _HAN if _is_han(ord(character)) else _WORD if character.isalnum() else 0
        self._kinds[ord(character)] = kind


def _is_han(code: int) -> bool:
    return (
        0x3400 <= code <= 0x4DBF or 0x4E00 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x3FFFF
    )


@cache
def _folding() -> _Folding:
    return _Folding()


@cache
def _word_term(word: str) -> int:
    digest = int.from_bytes(blake2b(word.replace(",", "").encode(), digest_size=8).digest(), "little")
    return digest | 1 << 63


def word_term(word: str) -> int:
    """The term of a folded Latin word or number."""
    return _word_term(word)


def pair_term(pair: str) -> int:
    """The term of two folded Chinese characters."""
    return ord(pair[0]) << 21 | ord(pair[1])


def fold(text: str) -> str:
    """A text in the form in which it is compared: simplified, half-width, lower case; as long as the text."""
    return _folding()(text)[0].tobytes().decode("utf-32-le")


def letters_of(text: str) -> str:
    """A text without punctuation and blanks, in the form in which it is compared."""
    return "".join(filter(str.isalnum, fold(text)))


def terms_of(text: str) -> Terms:
    """All terms of a text, with repetitions: shape (number of terms,).

    A character is its code point, a pair of neighbouring characters ``first << 21 | second``, a Latin word or a number
    a hash with the highest bit set. Stop characters count in pairs only.
    """
    return terms_with_places(text)[0]


def terms_of_each(texts: Sequence[str]) -> list[frozenset[int]]:
    """The distinct terms of each text; of many short ones much faster than one by one."""
    if not texts:
        return []
    terms, places = terms_with_places("\n".join(texts) + "\n")
    ends = np.cumsum([len(text) + 1 for text in texts])
    owners = np.searchsorted(ends, places, side="right")
    order = np.argsort(owners, kind="stable")
    bounds = np.searchsorted(owners[order], np.arange(1, len(texts)))
    return [frozenset(part.tolist()) for part in np.split(terms[order], bounds)]


@lru_cache(maxsize=256)
def query_terms(question: str) -> Terms:
    """The distinct terms of a question, without its question words (``多少``, ``哪些``…): shape (number of terms,).

    Read-only, since they are remembered: every part of retrieval asks for those of the same question.
    """
    folded = fold(question)
    stripped = re.sub(rf"(?<![a-z])(?:{_QUESTION_WORDS.pattern})(?![a-z])", "\n", folded)
    terms = np.unique(terms_of(stripped))
    terms = terms if terms.size else np.unique(terms_of(folded))
    terms.setflags(write=False)
    return terms


def terms_with_places(text: str) -> tuple[Terms, NDArray[np.int64]]:
    """As :func:`terms_of`, with the place in the text at which each begins: two arrays of shape (number of terms,)."""
    codes, kinds = _folding()(text)
    if not codes.size:
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    han = kinds == _HAN
    single = np.flatnonzero(han & ~np.isin(codes, _stop_codes()))
    pair = np.flatnonzero(han[:-1] & han[1:])
    wide = codes.astype(np.uint64)
    pairs = wide[pair] << np.uint64(21) | wide[pair + 1]
    words: list[int] = []
    places: list[int] = []
    if (kinds == _WORD).any():
        # Chinese characters part words, so that 5G基站 is the word 5g and the pair 基站.
        spaced = np.where(han, np.uint32(ord(" ")), codes).tobytes().decode("utf-32-le")
        for match in _WORDS.finditer(spaced):
            words.append(_word_term(match.group()))
            places.append(match.start())
    terms = np.concatenate([wide[single], pairs, np.array(words, dtype=np.uint64)])
    return terms, np.concatenate([single, pair, np.array(places, dtype=np.int64)])


@cache
def _stop_codes() -> NDArray[np.uint32]:
    return np.array(sorted(map(ord, STOP_CHARACTERS)), dtype=np.uint32)
