"""What stands in the same place: another figure or date in the very surroundings in which the claim has its own."""

from collections.abc import Sequence

from rag.checking.compared_texts import PlacedFact, Span, Text
from rag.text.periods import Period

_STRONG = 2


def substituted(said: Text, sources: Sequence[Text]) -> set[Span]:
    """Facts in whose very surroundings the source says another fact of the same kind.

    Of several sources only those count that have the fact of the claim at all, if any has.
    """
    having: dict[Span, list[bool]] = {}
    lacking: dict[Span, list[bool]] = {}
    for source in sources:
        for fact in said.facts_beside(source):
            best, has = (0, True), False
            for other in source.facts:
                if not _are_alike(fact, other):
                    continue
                left, right = _common(fact.before, other.before), _common(fact.after, other.after)
                same = _is_same(fact, other)
                has = has or same
                if same or (left >= _STRONG and right >= _STRONG):
                    best = max(best, (left + right, same))
            (having if has else lacking).setdefault((fact.start, fact.end), []).append(not best[1])
    return {span for span, wrong in (lacking | having).items() if (all(wrong) if span in having else any(wrong))}


def _are_alike(fact: PlacedFact, other: PlacedFact) -> bool:
    """Whether both are dates or both figures; percentage points stand in the place of nothing else."""
    if isinstance(fact.key, Period) or isinstance(other.key, Period):
        return isinstance(fact.key, Period) and isinstance(other.key, Period)
    return (fact.key[1] == "百分点") == (other.key[1] == "百分点")


def _is_same(fact: PlacedFact, other: PlacedFact) -> bool:
    if isinstance(fact.key, Period) and isinstance(other.key, Period):
        return fact.key.holds(other.key) or other.key.holds(fact.key)
    return fact.key == other.key


def _common(one: str, other: str) -> int:
    """Number of characters that both begin with; at least two where both end with them."""
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return max(count, _STRONG) if count == len(one) == len(other) else count
