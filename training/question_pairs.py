"""Questions with passages that answer them, and with passages that nearly do.

Each question gives a pair with its answer and one without. What nearly answers is what a reader has to tell apart: another
window of the passage, the best wrong passage by words, the passage with its answering sentence gone, and, most of all, the
very passage with a word of the question, or of the passage, put for its sister; and the question narrowed to something
that the passage does not speak of (``四川省规模以上工业增加值增长多少？`` where the figure is of the whole country).
"""

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import SequenceMatcher

from rag.reading.matching import Span
from rag.reading.passages import day_in_words
from training.pairs import Pair
from training.sources import Question, Window, sentences, window_around, windows
from training.swapping import Swap, Swapper

SHORTEST, LONGEST = 200, 420
"""Characters of a window."""
TITLED = 0.5
"""Share of the pairs whose passage stands under its document's title."""
DATED = 0.25
"""Share of the pairs whose passage stands under its document's day."""
MENTIONS = (
    "{year}年",
    "{year}年{month}月",
    "截至{year}年{month}月，",
    "{year}年{month}月{day}日的报道说，",
    "按{year}年{month}月的文件，",
)
"""How a question names the day of the document that it is asked of."""
DAY_NAMED = 0.5
"""Share of the questions with an answer under a day that name it, where nothing else names one."""
CONTRASTED = 0.3
"""Share of the answered pairs with a second sentence that answers the question's sister."""
NEGATIVES = {
    "question": 0.3,
    "narrowed": 0.2,
    "passage": 0.2,
    "named": 0.15,
    "wrong": 0.1,
    "window": 0.1,
    "deleted": 0.1,
    "day": 0.1,
}
"""How often each way to make a passage that does not answer is tried first; another follows where it cannot be gone."""
SHORTEST_NAME = 3
LONGEST_NAME = 8
NAMES_TRIED = 8
"""Names that are drawn for a question, the first of which that nothing around it mentions narrows it."""
NARROWED = ("{name}", "{name}", "{name}的", "{name}的", "在{name}，", "{name}一家的", "对{name}来说，", "{name}那边，")
"""How a question is narrowed to something, of which one with an answer names what its title names."""
NAMED_BY_TITLE = 0.25
"""Share of the questions with an answer under a title that are narrowed to what that names."""
NAME_KINDS = ("ns", "nt", "nz", "nr")
"""Parts of speech of names: of places, organisations, others and persons."""
MOST_NAMES = 4000
BEGINNING = re.compile(r"^(?:截至)?\d+年(?:\d+月)?(?:\d+日)?(?:[底末初]|[一二三四]季度|[上下]半年)?[，,]?")
"""The time that a question begins with; what narrows it stands after that."""
HAN = re.compile("[一-鿿]")


@dataclass(slots=True)
class QuestionPairs:
    """Makes pairs of questions.

    Attributes:
        questions: of all sets.
        swapper: makes sister questions.
        chance: what decides.
        names: finds the names in a text.
    """

    questions: Sequence[Question]
    swapper: Swapper
    chance: random.Random
    names: Callable[[str], Iterable[str]] = field(default_factory=lambda: names_in)
    _wrong: dict[str, list[Window]] = field(default_factory=dict)
    _other_names: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Pair]:
        self._wrong = best_wrong_windows(self.questions)
        contexts = sorted({question.context for question in self.questions})
        every = sorted({name for context in contexts for name in self.names(context)})
        self._other_names = self.chance.sample(every, min(MOST_NAMES, len(every)))
        for question in self.questions:
            if question.answer is None:
                continue
            window = self._window(question)
            answered = self._answered(question, window)
            yield self._titled(answered, question)
            unanswered = self._unanswered(question, window, answered)
            # The title of the document would give the name that the passage lacks; the day has its heading.
            yield unanswered if unanswered.made in ("named", "another day") else self._titled(unanswered, question)

    def _window(self, question: Question) -> Window:
        assert question.answer
        length = self.chance.randint(SHORTEST, LONGEST)
        return window_around(question.context, question.answer, length, self.chance.random())

    def _titled(self, pair: Pair, question: Question) -> Pair:
        title = question.title.replace("_", " ") if self.chance.random() < TITLED else ""
        if title and pair.answer and self.chance.random() < NAMED_BY_TITLE:
            told = pair.first + pair.passage[slice(*pair.answer)]  # a question that names its answer asks nothing
            names = [name for name in self.names(title) if name not in told]
            if names and HAN.search(pair.first):
                pair = replace(pair, first=self._narrowed(pair.first, self.chance.choice(names))[0])
        return under_heading(pair, title, self.chance)

    def _answered(self, question: Question, window: Window) -> Pair:
        assert question.answer
        answer = window.inside(question.answer)
        relevant = tuple(span for span in sentences(window.text) if span[0] < answer[1] and answer[0] < span[1])
        pair = Pair(question.text, window.text, True, answer, relevant, (), made="answered")
        return self._contrasted(pair) if self.chance.random() < CONTRASTED else pair

    def _contrasted(self, pair: Pair) -> Pair:
        """With the answering sentence once more, of another thing: before it or after it."""
        shared = self._shared(pair)
        if not shared or len(pair.relevant) != 1 or not pair.answer:
            return pair
        start, end = pair.relevant[0]
        sentence = pair.passage[start:end]
        _, word = self.chance.choice(shared)
        other = self._other(word, pair.first + pair.passage)
        if not other or word not in sentence:
            return pair
        sister = sentence.replace(word, other)
        answer = pair.passage[slice(*pair.answer)]
        for swap in self.swapper.swaps(answer):
            if changed := self.swapper.apply(answer, swap, avoid=pair.passage):
                sister = sister.replace(answer, changed[0])
                break
        if self.chance.random() < 0.5:
            passage = pair.passage[:end] + sister + pair.passage[end:]
            return Pair(pair.first, passage, True, pair.answer, pair.relevant, (), made="contrasted")
        passage, shift = pair.passage[:start] + sister + pair.passage[start:], len(sister)
        moved = (pair.answer[0] + shift, pair.answer[1] + shift)
        return Pair(pair.first, passage, True, moved, ((start + shift, end + shift),), (), made="contrasted")

    def _unanswered(self, question: Question, window: Window, answered: Pair) -> Pair:
        kinds = list(NEGATIVES)
        first = self.chance.choices(kinds, [NEGATIVES[kind] for kind in kinds])[0]
        for kind in (first, "question", "named", "window", "deleted", "wrong"):
            if pair := self._without_answer(kind, question, window, answered):
                return pair
        return Pair(question.text, answered.passage[:1] or "。", True, made="empty")

    def _without_answer(self, kind: str, question: Question, window: Window, answered: Pair) -> Pair | None:
        assert question.answer
        answer = question.answer_text
        if kind == "question":
            return self._sister_question(answered)
        if kind == "passage":
            return self._sister_passage(answered)
        if kind == "named":
            return self._renamed_passage(answered)
        if kind == "narrowed":
            return self._narrowed_question(answered, question.title)
        if kind == "day":
            return of_another_day(answered, question.title.replace("_", " "), self.chance)
        if kind == "wrong":
            found = [each for each in self._wrong.get(question.id, ()) if answer not in each.text]
        elif kind == "window":
            found = [
                each
                for each in windows(question.context, self.chance.randint(SHORTEST, LONGEST))
                if answer not in each.text and not (each.start < question.answer[1] and question.answer[0] < each.end)
            ]
        else:
            kept = "".join(
                window.text[start:end] for start, end in sentences(window.text) if answer not in window.text[start:end]
            )
            found = [Window(kept, 0)] if len(kept) > SHORTEST // 2 and answer not in kept else []
        if not found:
            return None
        return Pair(question.text, self.chance.choice(found).text, True, made=kind)

    def _sister_question(self, answered: Pair) -> Pair | None:
        """The question about a sister that the passage does not name."""
        shared = self._shared(answered)
        if not shared:
            return None
        swap, _ = self.chance.choice(shared)
        changed = self.swapper.apply(answered.first, swap, avoid=answered.passage)
        if changed is None:
            return None
        text, place = changed
        nearly = answered.answer
        return Pair(text, answered.passage, True, unsupported=(place,), nearly=nearly, made=f"question {swap.kind}")

    def _narrowed_question(self, answered: Pair, title: str) -> Pair | None:
        """The question of something that the passage does not speak of; None where it is not in Chinese."""
        avoid = title + answered.passage + answered.first
        drawn = self.chance.sample(self._other_names, min(NAMES_TRIED, len(self._other_names)))
        names = [name for name in drawn if name not in avoid]
        if not names or not HAN.search(answered.first):
            return None
        text, place = self._narrowed(answered.first, names[0])
        return Pair(
            text, answered.passage, True, unsupported=(place,), nearly=answered.answer, made="question narrowed"
        )

    def _narrowed(self, question: str, name: str) -> tuple[str, Span]:
        """The question with what narrows it, after the time that it begins with; and where the name stands."""
        begins = BEGINNING.match(question)
        start = begins.end() if begins else 0
        words = self.chance.choice(NARROWED)
        place = start + words.index("{")
        return question[:start] + words.format(name=name) + question[start:], (place, place + len(name))

    def _sister_passage(self, answered: Pair) -> Pair | None:
        """The passage about a sister that the question does not name."""
        shared = self._shared(answered)
        if not shared:
            return None
        swap, word = self.chance.choice(shared)
        other = self._other(word, answered.first + answered.passage)
        if not other:
            return None
        passage, nearly = _put_for(answered, word, other)
        places: tuple[Span, ...] = ((swap.start, swap.end),)
        return Pair(answered.first, passage, True, unsupported=places, nearly=nearly, made=f"passage {swap.kind}")

    def _renamed_passage(self, answered: Pair) -> Pair | None:
        """The passage about something of another name: what it shares longest with the question, put for another title."""
        assert answered.answer
        answer = answered.passage[slice(*answered.answer)]
        match = SequenceMatcher(None, answered.first, answered.passage, autojunk=False).find_longest_match()
        name = answered.first[match.a : match.a + match.size].strip("，。、的在是了")
        if len(name) < SHORTEST_NAME or name in answer or answer in name:
            return None
        place = answered.first.index(name)
        titles = [self.chance.choice(self.questions).title for _ in range(8)]
        others = [title for title in titles if len(title) <= 2 * len(name) and title not in answered.first]
        if not others:
            return None
        passage, nearly = _put_for(answered, name, others[0])
        if answer not in passage:
            return None
        lacks: tuple[Span, ...] = ((place, place + len(name)),)
        return Pair(answered.first, passage, True, unsupported=lacks, nearly=nearly, made="named")

    def _shared(self, pair: Pair) -> list[tuple[Swap, str]]:
        """The swaps of the question whose word the answering sentences say too, outside the answer."""
        assert pair.answer
        said = "".join(pair.passage[start:end] for start, end in pair.relevant)
        answer = pair.passage[slice(*pair.answer)]
        words = [(swap, pair.first[swap.start : swap.end]) for swap in self.swapper.swaps(pair.first)]
        return [(swap, word) for swap, word in words if word and word in said and word not in answer and swap.others[0]]

    def _other(self, word: str, avoid: str) -> str:
        for swap in self.swapper.swaps(word):
            others = [other for other in swap.others if other and other not in avoid]
            if (swap.start, swap.end) == (0, len(word)) and others:
                return self.chance.choice(others)
        return ""


def names_in(text: str) -> Iterator[str]:
    """The names in a text, of what it is about and of what it mentions."""
    import jieba.posseg

    jieba.setLogLevel(60)
    for word, kind in jieba.posseg.lcut(text):
        if kind in NAME_KINDS and 2 <= len(word) <= LONGEST_NAME:
            yield word


def _put_for(answered: Pair, word: str, other: str) -> tuple[str, Span | None]:
    """The passage with a word of it put for another, and where what was the answer stands then, if it still does."""
    assert answered.answer
    start, end = answered.answer
    passage = answered.passage.replace(word, other)
    moved = len(answered.passage[:start].replace(word, other))
    nearly = (moved, moved + end - start)
    return passage, nearly if passage[slice(*nearly)] == answered.passage[start:end] else None


def under_heading(pair: Pair, title: str, chance: random.Random) -> Pair:
    """The pair under its document's title, if any, and by chance under its day, which a question with an answer may name."""
    if chance.random() >= DATED:
        return pair.under(title) if title else pair
    day = _day(chance)
    headed = pair.under(f"{day_in_words(day)} {title}".strip())
    if pair.answer is None or not _is_of_no_day(pair, title) or chance.random() >= DAY_NAMED:
        return headed
    return replace(headed, first=_mention(day, chance) + pair.first)


def of_another_day(answered: Pair, title: str, chance: random.Random) -> Pair | None:
    """The question about the document of another year; None where a year is told already."""
    if not _is_of_no_day(answered, title):
        return None
    day = _day(chance)
    other = day.replace(year=day.year + chance.choice((-2, -1, 1, 2)))
    headed = answered.under(f"{day_in_words(day)} {title}".strip())
    mention = _mention(other, chance)
    place = mention.index(str(other.year))
    unsupported: tuple[Span, ...] = ((place, place + len(f"{other.year}年")),)
    return replace(
        headed,
        first=mention + answered.first,
        answer=None,
        relevant=(),
        unsupported=unsupported,
        nearly=headed.answer,
        made="another day",
    )


def _day(chance: random.Random) -> date:
    return date(chance.randint(2008, 2026), chance.randint(1, 12), chance.randint(1, 28))


def _is_of_no_day(pair: Pair, title: str) -> bool:
    return "年" not in pair.first + pair.passage + title and HAN.search(pair.first) is not None


def _mention(day: date, chance: random.Random) -> str:
    return chance.choice(MENTIONS).format(year=day.year, month=day.month, day=day.day)


def best_wrong_windows(questions: Sequence[Question], most: int = 6) -> dict[str, list[Window]]:
    """For each question the windows of other passages that share most with it, by weighed pairs of characters."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    contexts = sorted({question.context for question in questions})
    pool = [(context, window) for context in contexts for window in windows(context, LONGEST)]
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True)
    passages = vectorizer.fit_transform([window.text for _, window in pool])
    found: dict[str, list[Window]] = {}
    for start in range(0, len(questions), 500):
        batch = questions[start : start + 500]
        scores = (vectorizer.transform([question.text for question in batch]) @ passages.T).toarray()
        for question, row in zip(batch, scores, strict=True):
            best = row.argsort()[::-1][: most * 2]
            others = [pool[place][1] for place in best if pool[place][0] != question.context]
            found[question.id] = others[:most]
    return found
