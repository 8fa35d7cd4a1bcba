"""Near-equal documents: MinHash signatures (Broder, 1997; through ``rensa``) and the bands that find them.

Reprints of one text are kept and linked, never dropped: each has a source of its own.
"""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from rag.text.terms import fold

PERMUTATIONS = 128
BANDS = 32
SHINGLE = 5
SIMILAR = 0.7
SHINGLES_AT_ONCE = 100_000

Signature = NDArray[np.uint32]


def signature(text: str) -> Signature:
    """MinHash signature of a readable text: shape (128,).

    The shingles are runs of five letters, digits or characters; punctuation, spaces and line ends do not count, nor
    do width and case of letters, nor traditional against simplified characters.
    """
    from rensa import RMinHash

    letters = "".join(filter(str.isalnum, fold(text)))
    hashed = RMinHash(num_perm=PERMUTATIONS, seed=42)
    count = max(1, len(letters) - SHINGLE + 1)
    for first in range(0, count, SHINGLES_AT_ONCE):  # all at once would take a hundred times the text's memory
        last = min(first + SHINGLES_AT_ONCE, count)
        hashed.update(list({letters[start : start + SHINGLE] for start in range(first, last)}))
    return np.array(hashed.digest(), dtype=np.uint32)


def bands(values: Signature) -> list[int]:
    """Keys of a signature's bands; two texts that share one are candidates. 32 signed 64-bit numbers.

    With 32 bands of 4 rows, texts of Jaccard similarity 0.7 share a band with probability 0.9999, of 0.3 with 0.23.
    """
    rows = values.astype("<u4").reshape(BANDS, -1)
    return [int.from_bytes(blake2b(row.tobytes(), digest_size=8).digest(), "little", signed=True) for row in rows]


def similarity(one: Signature, other: Signature) -> float:
    """Estimated Jaccard similarity of two texts' shingles, from 0 to 1."""
    return float(np.mean(one == other))
