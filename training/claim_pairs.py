"""Claims with evidence that bears them out, and claims that differ from it in a word, a figure, a role or a bound.

A claim is a sentence of a passage, whole or in part, reworded where that can be done surely, or a question turned into a
statement by its answer. Its evidence is the sentence with its neighbours. What is then changed in it is known by its place.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from rag.reading.matching import Span
from training import figures_otherwise
from training.pairs import Pair
from training.sources import Question, rows, sentences
from training.swapping import Swap, Swapper

SHORTEST, LONGEST = 8, 90
"""Characters of a claim."""
COMMA = re.compile("(?<=[，、；,])")
BRACKETED = re.compile(r"（[^（）]{1,30}）|\([^()]{1,30}\)")
BOUND = re.compile(r"超过|不足|不到|至少|最多|不超过|近|多达|逾")
SAME_BOUNDS = (
    ("超过", "逾", "多于", "突破"),
    ("不足", "不到", "少于"),
    ("至少", "不少于", "不低于"),
    ("最多", "至多", "不超过"),
)
"""Words for one bound, each of which may stand for the others."""
NEARLY = ("约", "大约", "约为", "大约为", "差不多", "")
"""Words that leave a figure open, and none: that a figure is about right may be left out."""
LINKS = ("为", "是", "达", "达到", "共", "共有", "共计", "")
"""Words between a thing and its figure that say the same."""
_AHEAD = r"(?=[\d一二两三四五六七八九十百千]*[\d一二两三四五六七八九十百千万亿])"
TOLD_OTHERWISE = (
    *((re.compile(f"(?:{'|'.join(words)})了?{_AHEAD}"), words) for words in SAME_BOUNDS),
    (re.compile(f"(?<=[一-鿿])(?:大?约为?){_AHEAD}"), NEARLY),
    (re.compile(f"(?<=[一-鿿]{{2}})(?<!认)(?<!因)(?:为|达到?|共[有计]?){_AHEAD}"), LINKS),
)
"""What stands before a figure, with what may stand there as well."""
PLANNED = re.compile("将(?=[一-鿿])|计划|拟(?=[一-鿿])|预计|力争|有望")
NEGATED = re.compile("没有|尚未|未(?=[一-鿿])|不(?=[会能是再予得])")
AUXILIARY = re.compile("(?<=[一-鿿])(?=是|有|为|能|可以|会)")
RATIO = re.compile(r"(\d+(?:\.\d+)?)%")
TEN_THOUSAND = re.compile(r"(\d+(?:\.\d+)?)万(?!亿)")
MONTH = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")
# A question's asking words, each with what may answer it, and what of it stays in the statement.
ASKING = (
    (re.compile("哪一?年|何年"), re.compile(r"\d{2,4}年?|.{0,4}年")),
    (re.compile("什么时候|何时|哪一?天|什么时间"), re.compile(r".*[年月日时前后]")),
    (re.compile("谁|哪位|什么人|哪个人"), re.compile(r"[一-鿿·A-Za-z ]{2,15}")),
    (re.compile("哪里|哪儿|何处|什么地方|何地"), re.compile(r"[一-鿿·A-Za-z ]{2,15}")),
    (re.compile("多少(?=[一-鿿])|几(?=[一-鿿])"), re.compile(r"[\d.,]+[万亿千百]?|[一二三四五六七八九十百千万]+")),
    (re.compile("多少"), re.compile(r"[\d.,]+.{1,4}")),
    (re.compile("(?:哪一?|什么)(?:个|家|座|种|所)?(?=[一-鿿]{2})"), re.compile(r"[一-鿿·A-Za-z\d]{2,12}")),
    (re.compile("什么"), re.compile(r"[一-鿿·A-Za-z\d]{2,12}")),
)


@dataclass(slots=True)
class ClaimPairs:
    """Makes pairs of claims.

    Attributes:
        questions: whose passages claims are drawn from.
        swapper: puts sisters.
        chance: what decides.
        per_passage: sentences taken from each passage.
    """

    questions: Sequence[Question]
    swapper: Swapper
    chance: random.Random
    per_passage: int = 3

    def __iter__(self) -> Iterator[Pair]:
        for context in sorted({question.context for question in self.questions}):
            spans = [span for span in sentences(context) if SHORTEST <= span[1] - span[0] <= 160]
            for number in self.chance.sample(range(len(spans)), min(self.per_passage, len(spans))):
                claim = self._reworded(context[slice(*spans[number])])
                evidence = self._evidence(context, spans, number)
                if SHORTEST <= len(claim) <= LONGEST:
                    yield Pair(claim, evidence, False, unsupported=(), made="sentence")
                    yield from self._changed(claim, evidence)
                    yield from self._figures(claim, evidence)
        yield from self._stated()

    def _figures(self, claim: str, evidence: str) -> Iterator[Pair]:
        """The claim with its figures written otherwise, with one of another value, and with another bound."""
        told = figures_otherwise.told_otherwise(claim, self.chance)
        if told == claim:
            return
        yield Pair(told, evidence, False, unsupported=(), made="figures otherwise")
        for make, how, share in (
            (figures_otherwise.with_another_value, "another value", 0.7),
            (figures_otherwise.with_another_bound, "another bound", 1.0),
        ):
            if self.chance.random() < share and (made := make(told, self.chance)):
                text, place = made
                if text[slice(*place)] not in evidence:
                    yield Pair(text, evidence, False, unsupported=(place,), made=how)

    def _evidence(self, context: str, spans: list[Span], number: int) -> str:
        """The sentence with up to two neighbours on each side, sometimes without the line between."""
        first = max(0, number - self.chance.choice((0, 0, 1, 2)))
        last = min(len(spans) - 1, number + self.chance.choice((0, 0, 1, 2)))
        return context[spans[first][0] : spans[last][1]]

    def _reworded(self, sentence: str) -> str:
        """A sentence in part, and in other figures."""
        text = sentence.strip().lstrip("”’」』）)")
        if self.chance.random() < 0.4:
            text = BRACKETED.sub("", text)
        clauses = [clause for clause in COMMA.split(text) if clause]
        if len(clauses) > 1 and self.chance.random() < 0.6:
            count = self.chance.randint(1, len(clauses))
            first = self.chance.randint(0, len(clauses) - count)
            clauses = clauses[first : first + count]
            if self.chance.random() < 0.15:
                clauses = [clause.strip("，、；,。！？!?;") + "，" for clause in clauses]
                self.chance.shuffle(clauses)
        text = "".join(clauses).rstrip("，、；,。！？!?;") + self.chance.choice(("。", "。", ""))
        for pattern, words in TOLD_OTHERWISE:
            if self.chance.random() < 0.5:
                text = pattern.sub(lambda match, words=words: self.chance.choice(words), text)  # type: ignore[misc]
        for pattern, written in ((RATIO, _percent), (TEN_THOUSAND, _in_full), (MONTH, _dashed)):
            if self.chance.random() < 0.25:
                text = pattern.sub(written, text)
        return text

    def _changed(self, claim: str, evidence: str) -> Iterator[Pair]:
        """The claim with something of it changed, if it allows a change."""
        makers = [
            self._swapped,
            self._swapped,
            self._swapped,
            self._without_bound,
            self._turned_round,
            self._negated,
            self._told_as_fact,
        ]
        self.chance.shuffle(makers)
        for make in makers:
            if made := make(claim, evidence):
                text, places, how = made
                yield Pair(text, evidence, False, unsupported=tuple(places), made=how)
                return

    def _swapped(self, claim: str, evidence: str) -> tuple[str, list[Span], str] | None:
        swaps = self.swapper.swaps(claim)
        if not swaps:
            return None
        # Words first: figures are many and easily told.
        words = [swap for swap in swaps if swap.kind != "number"]
        swap = self.chance.choice(words if words and self.chance.random() < 0.8 else swaps)
        # In one of three, what is put in stands elsewhere in the evidence.
        avoid = claim if self.chance.random() < 0.33 else evidence + claim
        inner = [other for other in swap.others if other in evidence]
        if avoid == claim and inner:
            swap = Swap(swap.start, swap.end, tuple(inner), swap.kind)
        made = self.swapper.apply(claim, swap, avoid)
        if made is None:
            return None
        return made[0], [made[1]], f"swapped {swap.kind}"

    def _without_bound(self, claim: str, evidence: str) -> tuple[str, list[Span], str] | None:
        """``超过40%`` told as ``40%``: the figure is not what the evidence says."""
        for bound in BOUND.finditer(claim):
            figure = re.match(r"\d[\d.,]*[%％万亿千百]*", claim[bound.end() :])
            if figure:
                return (
                    claim[: bound.start()] + claim[bound.end() :],
                    [(bound.start(), bound.start() + figure.end())],
                    "without bound",
                )
        return None

    def _turned_round(self, claim: str, evidence: str) -> tuple[str, list[Span], str] | None:
        """Two words of a kind in each other's place: ``甲起诉乙`` told as ``乙起诉甲``."""
        swaps = [swap for swap in self.swapper.swaps(claim) if swap.kind in ("word", "year", "number", "name")]
        pairs = [
            (one, other)
            for one, other in pairwise(swaps)
            if one.kind == other.kind
            and claim[one.start : one.end] != claim[other.start : other.end]
            and (one.kind != "word" or claim[other.start : other.end] in one.others)
            and not re.search("[、和与或及]", claim[one.end : other.start])
        ]
        if not pairs:
            return None
        one, other = self.chance.choice(pairs)
        left, right = claim[one.start : one.end], claim[other.start : other.end]
        middle = claim[one.end : other.start]
        text = claim[: one.start] + right + middle + left + claim[other.end :]
        second = one.start + len(right) + len(middle)
        return text, [(one.start, one.start + len(right)), (second, second + len(left))], "turned round"

    def _negated(self, claim: str, evidence: str) -> tuple[str, list[Span], str] | None:
        if match := NEGATED.search(claim):
            after = claim[: match.start()] + claim[match.end() :]
            return after, [(match.start(), min(match.start() + 2, len(after)))], "negation gone"
        if match := AUXILIARY.search(claim):
            word = "没" if claim[match.end() :].startswith("有") else "不"
            text = claim[: match.end()] + word + claim[match.end() :]
            return text, [(match.end(), match.end() + 2)], "negated"
        return None

    def _told_as_fact(self, claim: str, evidence: str) -> tuple[str, list[Span], str] | None:
        match = PLANNED.search(claim)
        if not match:
            return None
        text = claim[: match.start()] + "已" + claim[match.end() :]
        return text, [(match.start(), min(match.start() + 3, len(text)))], "told as fact"

    def _stated(self) -> Iterator[Pair]:
        """Questions as statements, with their own answer and with one that is wrong."""
        answers = [question.answer_text for question in self.questions if question.answer]
        for question in self.questions:
            if question.answer is None:
                continue
            answer = question.answer_text
            if not (asking := asking_in(question.text, answer)):
                continue
            spans = sentences(question.context)
            number = next(number for number, (_, end) in enumerate(spans) if end > question.answer[0])
            evidence = self._evidence(question.context, spans, number)
            if answer not in evidence:
                continue
            text, _ = stated(question.text, asking, answer)
            yield Pair(text, evidence, False, unsupported=(), made="stated")
            for _ in range(8):
                other = self.chance.choice(answers)
                if other not in evidence and asking_in(question.text, other) == asking and other != answer:
                    text, place = stated(question.text, asking, other)
                    yield Pair(text, evidence, False, unsupported=(place,), made="stated wrongly")
                    break
            changed = self._changed(stated(question.text, asking, answer)[0], evidence)
            yield from changed


def asking_in(question: str, answer: str) -> Span | None:
    """Where a question has its one asking word, if the answer can stand there."""
    for pattern, fits in ASKING:
        if found := list(pattern.finditer(question)):
            return found[0].span() if len(found) == 1 and fits.fullmatch(answer) else None
    return None


def stated(question: str, asking: Span, answer: str) -> tuple[str, Span]:
    """The statement that the answer makes of the question, and where the answer stands in it."""
    start, end = asking
    before, after = question[:start], question[end:].rstrip("？?吗呢 ")
    if re.fullmatch(r"[\d.,]*\d", answer) and after.startswith("年"):
        after = after[1:] if answer.endswith("年") else after
    return f"{before}{answer}{after}。", (start, start + len(answer))


def paraphrases(path: Path) -> Iterator[Pair]:
    """PAWS-X: pairs of sentences that share most words and say the same, or do not."""
    for row in rows(path):
        is_same = row["label"] == "paraphrase"
        for one, other in ((row["premise"], row["hypothesis"]), (row["hypothesis"], row["premise"])):
            if SHORTEST <= len(one) <= LONGEST:
                yield Pair(
                    one,
                    other,
                    False,
                    unsupported=() if is_same else None,
                    some_unsupported=not is_same,
                    made=row["label"],
                )


def _percent(match: re.Match[str]) -> str:
    return f"百分之{match[1]}"


def _in_full(match: re.Match[str]) -> str:
    number = float(match[1]) * 10_000
    return f"{number:,.0f}" if number == round(number) else match[0]


def _dashed(match: re.Match[str]) -> str:
    return f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}"
