"""The embedded model's tokenizer with only those pieces loaded that a text may hold.

The whole of it, 250,000 pieces, takes the library ``tokenizers`` the better part of a second to load and 280 MB to hold. What
becomes of a text depends on no piece that is not part of the text, and the library makes a tokenizer of the few that are in
a millisecond. So the pieces lie on disk as a sorted table, and each call has its own tokenizer, which is why any number of
threads may call at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Encoding, Tokenizer

FOLDER = "pieces"
"""Of a model's folder, where the table is."""
PIECES, TOKENS, CHANCES, LONGEST, FRAME = "pieces.npy", "tokens.npy", "chances.npy", "longest.json", "tokenizer.json"
"""The pieces, sorted; the token of each; the logarithm of the probability of each token; of how many characters the longest
piece is that begins with a character; and the tokenizer with no pieces but what stands for the unknown, the rarest, from
which the library reckons how unlikely the unknown is, and those around a text."""

Text = str | tuple[str, str]
"""One text, or two in one row."""


class TokenRow(NamedTuple):
    """A text, or two, as tokens.

    Attributes:
        ids: the tokens as the model knows them.
        encoding: their places in the texts; the numbers of tokens that it has itself mean nothing beyond one call.
    """

    ids: list[int]
    encoding: Encoding


class SmallTokenizer:
    """Makes the same tokens of texts as the whole tokenizer. Safe to use from several threads.

    Args:
        folder: of a model, into which :func:`write_pieces` has written.
    """

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._pieces: NDArray[np.str_] = np.load(folder / FOLDER / PIECES, mmap_mode="r", allow_pickle=False)
        self._tokens: NDArray[np.int32] = np.load(folder / FOLDER / TOKENS, allow_pickle=False)
        self.log_chances: NDArray[np.float32] = np.load(folder / FOLDER / CHANCES, allow_pickle=False)
        """Of each token: the logarithm of its probability. Shape (tokens,)."""
        self._longest: dict[str, int] = json.loads((folder / FOLDER / LONGEST).read_text("utf-8"))
        frame = (folder / FOLDER / FRAME).read_text("utf-8")
        self._frame: Any = Tokenizer.from_str(frame)
        self._always = self._found([piece for piece, _ in json.loads(frame)["model"]["vocab"]])
        self.unknown = next(iter(self._always.values()))
        """The token of what is no piece."""

    def encode(
        self,
        texts: Sequence[Text],
        *,
        special_tokens: bool = True,
        longest: int = 0,
        cut: Literal["longest_first", "only_second"] = "longest_first",
    ) -> list[TokenRow]:
        """The texts as tokens.

        Args:
            texts: each one text or two.
            special_tokens: whether each stands between its special tokens.
            longest: tokens beyond which a row is cut; 0 for none.
            cut: which of two texts is.
        """
        from tokenizers import Tokenizer
        from tokenizers.models import Unigram

        held = self._always | self._found(list(self._stretches(texts)))
        pieces = [(piece, float(self.log_chances[token])) for piece, token in held.items()]
        tokenizer: Any = Tokenizer(Unigram(pieces, unk_id=0, byte_fallback=False))
        tokenizer.normalizer = self._frame.normalizer
        tokenizer.pre_tokenizer = self._frame.pre_tokenizer
        tokenizer.post_processor = self._frame.post_processor
        if longest:
            tokenizer.enable_truncation(longest, strategy=cut)
        rows: list[Encoding] = tokenizer.encode_batch(list(texts), add_special_tokens=special_tokens)
        return [TokenRow([held.get(piece, self.unknown) for piece in row.tokens], row) for row in rows]

    def _stretches(self, texts: Iterable[Text]) -> set[str]:
        """All that might be a piece in the texts."""
        normalise, words_of = self._frame.normalizer.normalize_str, self._frame.pre_tokenizer.pre_tokenize_str
        parts = [part for text in texts for part in ((text,) if isinstance(text, str) else text)]
        words = {word for part in parts for word, _ in words_of(normalise(part))}
        return {
            word[start : start + length]
            for word in words
            for start, character in enumerate(word)
            for length in range(1, self._longest.get(character, 0) + 1)
        }

    def _found(self, stretches: list[str]) -> dict[str, int]:
        """Those that are pieces, and the token of each, in the order given."""
        asked = np.array(stretches, self._pieces.dtype)
        places = np.minimum(np.searchsorted(self._pieces, asked), len(self._pieces) - 1)
        places = places[self._pieces[places] == asked]
        return dict(zip(self._pieces[places].tolist(), self._tokens[places].tolist(), strict=True))


def write_pieces(tokenizer: Tokenizer, folder: Path) -> None:
    """Writes what a :class:`SmallTokenizer` reads into a model's folder.

    Args:
        tokenizer: the whole of it, with a unigram model.
        folder: the model's.
    """
    settings = json.loads(tokenizer.to_str())
    pieces, chances = zip(*settings["model"]["vocab"], strict=True)
    tokens = np.argsort(np.array(pieces)).astype(np.int32)
    around = settings["post_processor"]["special_tokens"]
    always = [settings["model"]["unk_id"], int(np.argmin(chances)), *(pieces.index(piece) for piece in around)]
    settings["model"] |= {"vocab": [[pieces[token], chances[token]] for token in always], "unk_id": 0}
    longest: dict[str, int] = {}
    for piece in pieces:
        longest[piece[0]] = max(longest.get(piece[0], 0), len(piece))
    (folder / FOLDER).mkdir()
    for name, values in (
        (PIECES, np.array(pieces)[tokens]),
        (TOKENS, tokens),
        (CHANCES, np.array(chances, np.float32)),
    ):
        with (folder / FOLDER / name).open("wb") as file:
            np.save(file, values, allow_pickle=False)
    (folder / FOLDER / LONGEST).write_text(json.dumps(longest, ensure_ascii=False), "utf-8")
    (folder / FOLDER / FRAME).write_text(json.dumps(settings, ensure_ascii=False), "utf-8")


def open_tokenizer(folder: Path) -> SmallTokenizer:
    """The tokenizer of a model's folder, opened once for all who use it.

    Raises:
        OSError: the folder holds none.
    """
    return _opened(folder, (folder / FOLDER / PIECES).stat().st_mtime_ns)


@lru_cache(1)
def _opened(folder: Path, changed: int) -> SmallTokenizer:
    return SmallTokenizer(folder)
