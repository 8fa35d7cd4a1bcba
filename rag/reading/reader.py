"""The reader: finds the answer to a question in passages, the sentences that bear on it, and what of a claim lacks support.

One network (``rag.reading.model``) does all three in one pass a passage. What it says of a passage does not depend on where
the passage came from or on the embedder.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.reading.network import END, SENTENCE, START, UNSUPPORTED, Logits, Network
from rag.reading.tokens import PairTokenizer, PairTokens, Span

LONGEST_ANSWER = 80
"""Tokens of an answer."""
LIKELY = 24
"""Starts and ends of an answer that are tried with each other."""
LACKS = 0.5
"""The probability from which on a token counts as lacking support."""
EDGES = " \t\r\n\u3000，。；：、！？,;:!?"
"""Characters that no answer begins or ends with."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a passage says to a question. Spans are of characters.

    Attributes:
        answer: where in the passage the answer stands, if it has one.
        margin: how much likelier, in logits, that is than that there is none.
        sentences: for each span asked about, how surely it bears on the question, in logits.
        missing: what of the question the passage does not bear out.
    """

    answer: Span
    margin: float
    sentences: tuple[float, ...]
    missing: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Support:
    """What of a claim its evidence bears out.

    Attributes:
        probability: that all of it is borne out.
        unsupported: the characters of the claim that are not.
    """

    probability: float
    unsupported: tuple[Span, ...]


class Reader:
    """Reads questions and claims with passages.

    Args:
        network: what runs the network.
        tokenizer: makes its rows.
    """

    def __init__(self, network: Network, tokenizer: PairTokenizer) -> None:
        self.network = network
        self.tokenizer = tokenizer

    def read(
        self,
        question: str,
        passages: Sequence[str],
        sentences: Sequence[Sequence[Span]] | None = None,
        headings: Sequence[str] | None = None,
    ) -> list[Reading]:
        """What each passage says to a question.

        Args:
            question: one question, which stands alone.
            passages: about 300 characters each; what is beyond 320 tokens is not read.
            sentences: of each passage, the spans to be weighed.
            headings: of each passage, what is known of it, such as its document's title; empty for nothing.
        """
        headings = headings or [""] * len(passages)
        texts = [
            f"{heading}\n{passage}" if heading else passage for heading, passage in zip(headings, passages, strict=True)
        ]
        pairs = self.tokenizer.pairs(question, texts)
        logits = self.network.logits([pair.ids for pair in pairs])
        found = []
        for number, (pair, made) in enumerate(zip(pairs, logits, strict=True)):
            shift = len(headings[number]) + 1 if headings[number] else 0
            asked = sentences[number] if sentences else ()
            found.append(_reading(pair, made, passages[number], shift, asked))
        return found

    def support(self, claims: Sequence[tuple[str, str]]) -> list[Support]:
        """What of each claim its evidence bears out.

        Args:
            claims: each with its evidence.
        """
        pairs = [self.tokenizer.pairs(claim, [evidence])[0] for claim, evidence in claims]
        logits = self.network.logits([pair.ids for pair in pairs])
        return [_support(pair, made) for pair, made in zip(pairs, logits, strict=True)]


def _reading(pair: PairTokens, logits: Logits, passage: str, shift: int, sentences: Sequence[Span]) -> Reading:
    places = [place for place in pair.passage if pair.spans[place][1] > shift]
    if not places:
        return Reading((0, 0), -np.inf, tuple(-np.inf for _ in sentences), ())
    first, last, score = best_span(logits[places, START], logits[places, END])
    start, end = pair.spans[places[first]][0] - shift, pair.spans[places[last]][1] - shift
    margin = score - float(logits[0, START] + logits[0, END])
    spans = [(pair.spans[place][0] - shift, pair.spans[place][1] - shift) for place in places]
    weighed = tuple(_mean_within(span, spans, logits[places, SENTENCE]) for span in sentences)
    missing = _joined(pair, logits)
    return Reading(_trimmed(passage, max(start, 0), end), margin, weighed, missing)


def best_span(starts: Logits, ends: Logits) -> tuple[int, int, float]:
    """The likeliest start and end of an answer, end not before start, and the sum of their logits. Both of shape (tokens,)."""
    best = (0, 0, -np.inf)
    likely_ends = np.argsort(ends)[::-1][:LIKELY]
    for start in np.argsort(starts)[::-1][:LIKELY]:
        for end in likely_ends:
            if start <= end < start + LONGEST_ANSWER and (score := float(starts[start] + ends[end])) > best[2]:
                best = (int(start), int(end), score)
    if best[2] == -np.inf:  # no likely end follows a likely start
        start = int(np.argmax(starts))
        best = (start, start, float(starts[start] + ends[start]))
    return best


def _mean_within(span: Span, spans: Sequence[Span], logits: Logits) -> float:
    within = [place for place, (start, end) in enumerate(spans) if start < span[1] and span[0] < end]
    return float(logits[within].mean()) if within else -np.inf


def _support(pair: PairTokens, logits: Logits) -> Support:
    if not pair.first:
        return Support(1.0, ())
    probability = _sigmoid(logits[list(pair.first), UNSUPPORTED])
    return Support(float(1 - probability.max()), _joined(pair, logits))


def _joined(pair: PairTokens, logits: Logits) -> tuple[Span, ...]:
    """The characters of the first text whose tokens lack support; neighbours joined."""
    found: list[Span] = []
    for place in pair.first:
        start, end = pair.spans[place]
        if start == end or _sigmoid(logits[place, UNSUPPORTED]) < LACKS:
            continue
        if found and found[-1][1] >= start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(found)


def _sigmoid(logits: Logits) -> Logits:
    made: Logits = (1 / (1 + np.exp(-logits))).astype(np.float32)
    return made


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[start] in EDGES:
        start += 1
    while end > start and text[end - 1] in EDGES:
        end -= 1
    return start, end
