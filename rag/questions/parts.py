"""Parts: a message that asks several things taken apart into one question for each, by its punctuation and joining words.

``一期投资多少？二期呢？`` becomes ``一期投资多少？`` and ``二期投资多少？``. What one question asks of several things (``A和B的产量分别是
多少？``) stays one: its sentences are chosen together.
"""

import re

from rag.questions.follow_ups import Leans, joined
from rag.questions.words import ASKS, END, ENGLISH_ASKS
from rag.text.script import convert, is_chinese

MOST_PARTS = 6
_ENDS = re.compile(r"[？?；;]+\s*|\n+")
_JOINTS = re.compile(f"[，,](?:以及|还有|并且|而且|另外|同时)?|以及|还有|[和与](?={ASKS.pattern})")
SHORTEST = 3
"""Characters of a clause that asks: ``谁和谁`` asks once."""
_ENGLISH_JOINTS = re.compile(rf",?\s+and\s+(?=(?:{ENGLISH_ASKS})\b)", re.IGNORECASE)
_REMAINS = re.compile("呢$")


def parts_of(question: str, leans: Leans | None = None) -> tuple[str, ...]:
    """A message that asks several things as one question for each, each standing alone; else just the question.

    Args:
        leans: tells how a question leans on the one before it; without, each stands as it is.

    Returns:
        One to `MOST_PARTS` questions; a message with more is left whole.
    """
    return tuple(alone for alone, _ in parts_as_typed(question, leans))


def parts_as_typed(question: str, leans: Leans | None = None) -> tuple[tuple[str, str], ...]:
    """As :func:`parts_of`, each with the same question as it was typed: what stands alone may have been taken to lean."""
    simplified = convert("t2s", question)
    if simplified != question:
        simple = parts_as_typed(simplified, leans)
        back = tuple((convert("s2t", alone), convert("s2t", typed)) for alone, typed in simple)
        return back if len(back) > 1 else ((question, question),)
    pieces = [piece for sentence in _ENDS.split(question) for piece in _asking(sentence)]
    if not 2 <= len(pieces) <= MOST_PARTS:
        return ((question, question),)
    mark = "？" if is_chinese(question) else "?"
    parts: dict[str, str] = {}
    for piece in pieces:
        before = next(reversed(parts), "")
        leaning = leans(piece, before) if leans and before else None
        if leaning and leaning.kind == "talk":
            continue
        typed = f"{END.sub('', piece)}{mark}"
        alone = joined(piece, before, leaning) if leaning and leaning.kind == "leans" else ""
        parts.setdefault(f"{END.sub('', alone)}{mark}" if alone else typed, typed)
    return tuple(parts.items()) if len(parts) > 1 else ((question, question),)


def _asking(sentence: str) -> list[str]:
    """The clauses of a sentence that each ask something, with those that ask nothing before them or at the end."""
    if not is_chinese(sentence):
        return [piece for piece in map(str.strip, _ENGLISH_JOINTS.split(sentence)) if piece]
    found: list[str] = []
    place = 0
    for match in [*_JOINTS.finditer(sentence), None]:
        piece = sentence[place : match.start() if match else len(sentence)].strip()
        is_asking = len(piece) >= SHORTEST and ASKS.search(piece)
        if is_asking or (found and _REMAINS.search(piece)):
            found.append(piece)
            place = match.end() if match else len(sentence)
    if rest := END.sub("", sentence[place:]).strip():
        found = [*found[:-1], f"{found[-1]}，{rest}"] if found else [rest]
    return found
