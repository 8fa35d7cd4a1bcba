"""Questions said back with an answer: whether it is the answer to the very thing asked, told word by word.

The reader finds what would answer a question; then it reads the question once more, with these words behind it, beside the
sentence they stand in, as a claim (``rag.reading.reader.said_back``). What of the question that sentence does not bear out
shows an answer about a sister thing: ``二期造价多少？336万元`` where the sentence tells of 一期.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from rag.reading.matching import Span
from rag.reading.reader import said_back
from training.documents import TITLED
from training.pairs import Pair
from training.question_pairs import SHORTEST, under_heading
from training.sources import Question, sentences, sentences_at, window_around

LONGEST_ANSWER = 40
"""Characters of an answer that is said back."""


def of_question_pairs(made: Iterable[Pair], chance: random.Random) -> Iterator[Pair]:
    """Each question whose passage answers it, or nearly does, with these words."""
    for pair in made:
        span = pair.answer or pair.nearly
        if span and span[1] - span[0] <= LONGEST_ANSWER:
            first = said_back(pair.first, pair.passage[slice(*span)])
            passage = _around(pair, span, chance)
            yield Pair(first, passage, False, unsupported=pair.unsupported, made=f"said back {pair.made}")


def with_wrong_answers(questions: Sequence[Question], chance: random.Random) -> Iterator[Pair]:
    """Each question with the answer of another question about the same passage, where it is of a like form."""
    about: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        if question.answer and question.answer[1] - question.answer[0] <= LONGEST_ANSWER:
            about[question.context].append(question)
    for context, asked in about.items():
        for question in asked:
            others = [other for other in asked if _is_another(question.answer_text, other.answer_text)]
            if not others:
                continue
            other = chance.choice(others)
            assert other.answer
            window = window_around(context, other.answer, SHORTEST, chance.random())
            title = question.title.replace("_", " ") if chance.random() < TITLED else ""
            pair = under_heading(
                Pair(question.text, window.text, True, nearly=window.inside(other.answer)), title, chance
            )
            assert pair.nearly
            first = said_back(question.text, other.answer_text)
            place = len(first) - len(other.answer_text)
            unsupported: tuple[Span, ...] = ((place, len(first)),)
            passage = _around(pair, pair.nearly, chance)
            yield Pair(first, passage, False, unsupported=unsupported, made="said back wrongly")


def _is_another(answer: str, other: str) -> bool:
    """Whether both tell a number or neither does, and none holds the other."""
    has_number = [any(character.isdigit() for character in text) for text in (answer, other)]
    return has_number[0] == has_number[1] and answer not in other and other not in answer


def _around(pair: Pair, span: Span, chance: random.Random) -> str:
    """The sentence that a span stands in with up to two neighbours on each side, under the pair's heading."""
    heading, text = pair.passage[: pair.heading], pair.passage[pair.heading :]
    spans = sentences(text)
    first, last = sentences_at(spans, (span[0] - pair.heading, span[1] - pair.heading))
    first = max(0, first - chance.choice((0, 1, 1, 2)))
    last = min(len(spans) - 1, last + chance.choice((0, 1, 1, 2)))
    return heading + text[spans[first][0] : spans[last][1]]
