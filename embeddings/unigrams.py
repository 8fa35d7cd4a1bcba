"""How likely a text is, by the probabilities of the pieces in the embedded model's own vocabulary.

SentencePiece's unigram model (Kudo, ACL 2018) gives each piece of the vocabulary a probability and cuts a text where
their product is greatest. That product tells a word from a slip of the keyboard (``工厂`` is a piece, ``工场`` is not).
"""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embeddings.small_tokenizer import SmallTokenizer

UNKNOWN = -25.0
"""The logarithm for a piece that the vocabulary lacks: less than that of its rarest."""


def log_likelihood(text: str) -> float:
    """The logarithm of a text's probability under the unigram vocabulary; 0 for an empty text, else below it.

    Raises ``WeightsError``: the embedded model is missing or not the published one.
    """
    tokenizer = _tokenizer()
    (row,) = tokenizer.encode([text], special_tokens=False)
    return sum(UNKNOWN if token == tokenizer.unknown else float(tokenizer.log_chances[token]) for token in row.ids)


@cache
def _tokenizer() -> "SmallTokenizer":
    from embeddings.e5 import decoded_folder
    from embeddings.small_tokenizer import open_tokenizer

    return open_tokenizer(decoded_folder())
