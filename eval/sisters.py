"""Sister words to make right claims wrong with: words that stand in each other's place and mean another thing.

They were mined from news (``training/sisters.py``) and cut in two by word: this half was kept from the training of the
reader, and no list of the product was made from it.
"""

import lzma
from functools import cache
from pathlib import Path

KEPT = Path(__file__).with_name("sisters.tsv.xz")


@cache
def read(file: Path = KEPT) -> dict[str, tuple[str, ...]]:
    """The sisters of each word, the commonest first; a word a line, then its sisters, separated by tabs."""
    lines = lzma.decompress(file.read_bytes()).decode().split("\n")
    return {word: tuple(found) for word, *found in (line.split("\t") for line in lines)}
