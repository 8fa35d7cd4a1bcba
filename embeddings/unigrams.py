"""How likely a text is, by the probabilities of the pieces in the embedded model's own vocabulary.

SentencePiece's unigram model (Kudo, ACL 2018) gives each piece of the vocabulary a probability and cuts a text where
their product is greatest. That product tells a word from a slip of the keyboard (``工厂`` is a piece, ``工场`` is not).
"""

import json
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

UNKNOWN = -25.0
"""The logarithm for a piece that the vocabulary lacks: less than that of its rarest."""


def log_likelihood(text: str) -> float:
    """The logarithm of a text's probability under the unigram vocabulary; 0 for an empty text, else below it.

    Raises ``WeightsError``: the embedded model is missing or not the published one.
    """
    tokenizer, chances = _vocabulary()
    return sum(chances.get(piece, UNKNOWN) for piece in tokenizer.encode(text, add_special_tokens=False).tokens)


@cache
def _vocabulary() -> "tuple[Tokenizer, dict[str, float]]":
    from tokenizers import Tokenizer

    from embeddings.e5 import decoded_folder

    written = (decoded_folder() / "tokenizer.json").read_text("utf-8")
    return Tokenizer.from_str(written), dict(json.loads(written)["model"]["vocab"])
