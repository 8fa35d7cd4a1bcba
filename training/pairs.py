"""What the reader is trained on: a question or claim, a passage, and what is true of the two."""

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rag.reading.matching import Span


@dataclass(frozen=True, slots=True)
class Pair:
    """A question or claim with a passage. All spans are of characters, ``(start, end)``.

    Attributes:
        first: the question or the claim.
        passage: what it is read with.
        is_question: or a claim.
        answer: of a question, its answer in the passage; None where the passage has none.
        relevant: of a question, the sentences of the passage that bear on it.
        unsupported: what of ``first`` the passage does not bear out; None where that is not known.
        some_unsupported: where ``unsupported`` is not known: whether something is.
        nearly: of a question without an answer, what would be its answer if the passage spoke of the very thing asked.
        heading: characters of the passage that are a line put before it, with its end.
        made: how it was made, for counting.
    """

    first: str
    passage: str
    is_question: bool
    answer: Span | None = None
    relevant: tuple[Span, ...] = ()
    unsupported: tuple[Span, ...] | None = None
    some_unsupported: bool | None = None
    nearly: Span | None = None
    heading: int = 0
    made: str = ""

    def under(self, heading: str) -> "Pair":
        """The pair with a line before its passage, such as the document's title."""
        shift = len(heading) + 1
        moved = tuple((start + shift, end + shift) for start, end in self.relevant)
        answer, nearly = (span and (span[0] + shift, span[1] + shift) for span in (self.answer, self.nearly))
        return replace(
            self,
            passage=f"{heading}\n{self.passage}",
            answer=answer,
            relevant=moved,
            nearly=nearly,
            heading=self.heading + shift,
        )


def write(path: Path, pairs: Iterable[Pair]) -> int:
    """Writes pairs, one JSON object a line; returns how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=3) as file:
        for pair in pairs:
            file.write(json.dumps(asdict(pair), ensure_ascii=False) + "\n")
            count += 1
    return count


def read(path: Path) -> Iterator[Pair]:
    """The pairs of a file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            for name in ("relevant", "unsupported"):
                if row[name] is not None:
                    row[name] = tuple(map(tuple, row[name]))
            for name in ("answer", "nearly"):
                if row[name]:
                    row[name] = tuple(row[name])
            yield Pair(**row)
