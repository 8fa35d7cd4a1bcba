"""Claims that are true somewhere else: right ones beside another passage, or said of another subject.

A claim that differs from its evidence by a word teaches a reader to look for that word. One that says what its evidence does
not speak of at all shares words with it only by chance, and needs no word changed to be unsupported: ``“三品”行动是指…`` beside
``第三，扩大消费。``. Nor does it help a claim that its figure stands in the evidence, if it stands there of something else.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from training.claim_pairs import LONGEST, SHORTEST, asking_in, stated
from training.pairs import Pair
from training.sources import Question, sentences, sentences_at

LIKEST = 6
"""Passages that share most with a claim, of which one of another document is taken."""
SAME_DOCUMENT = 12
"""Characters in a row from which on two passages may be of one document."""
ALIKE = 0.6
"""Share of a claim's pairs of characters that a sentence has from which on it may tell what the claim says."""
NOUNS = ("n", "eng", "j", "l", "i", "vn", "an")
"""Kinds of words that a subject may end with, as jieba names them."""
WITHIN = ("a", "b", "f", "s", "t", "k", "h", "q", "m", "uj", "g")
"""Kinds that may stand in a subject before its last word."""
SHORTEST_SUBJECT, LONGEST_SUBJECT = 2, 30
"""Characters of a subject."""


@dataclass(slots=True)
class ElsewherePairs:
    """Makes such pairs of right claims.

    Attributes:
        right: claims with their evidence, which bears them out.
        questions: with their passages.
        chance: what decides.
        subject_of: gives the subject that a clause begins with.
    """

    right: Sequence[Pair]
    questions: Sequence[Question]
    chance: random.Random
    subject_of: Callable[[str], str] = field(default_factory=lambda: subject_of)

    def __iter__(self) -> Iterator[Pair]:
        yield from self._beside_other_passages()
        yield from self._of_another_subject()
        yield from self._answers_of_other_questions()

    def _beside_other_passages(self) -> Iterator[Pair]:
        """Each claim beside the likest sentences of another passage."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        passages = list(dict.fromkeys(pair.passage for pair in self.right))
        vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(2, 2), sublinear_tf=True)
        known = vectorizer.fit_transform(passages).T.tocsr()
        stretches = {passage: _stretches(passage) for passage in passages}
        for start in range(0, len(self.right), 500):
            some = self.right[start : start + 500]
            shared = (vectorizer.transform([pair.first for pair in some]) @ known).toarray()
            for pair, row in zip(some, shared, strict=True):
                # Not always the likest: what is cited for a claim may have little to do with it.
                likest = row.argsort()[::-1][: self.chance.choice((LIKEST, 4 * LIKEST))].tolist()
                self.chance.shuffle(likest)
                for place in likest:
                    if stretches[pair.passage].isdisjoint(stretches[passages[place]]):
                        passage = self._around_likest(pair.first, passages[place])
                        if not _tells(passage, pair.first):
                            yield replace(
                                pair,
                                passage=passage,
                                heading=0,
                                unsupported=None,
                                some_unsupported=True,
                                made="beside another passage",
                            )
                        break

    def _around_likest(self, claim: str, passage: str) -> str:
        """The sentence that shares most with a claim, with up to two neighbours on each side."""
        spans = sentences(passage)
        best = max(range(len(spans)), key=lambda number: share_in(claim, passage[slice(*spans[number])]))
        first = max(0, best - self.chance.choice((0, 0, 1, 2)))
        last = min(len(spans) - 1, best + self.chance.choice((0, 0, 1, 2)))
        return passage[spans[first][0] : spans[last][1]]

    def _of_another_subject(self) -> Iterator[Pair]:
        """Each claim with the subject of another in place of its own, by chance of one about the same passage."""
        subjects = {pair.first: self.subject_of(pair.first) for pair in self.right}
        everywhere = [subject for subject in subjects.values() if subject]
        in_passage = {
            passage: [subject for span in sentences(passage) if (subject := self.subject_of(passage[slice(*span)]))]
            for passage in dict.fromkeys(pair.passage for pair in self.right)
        }
        for pair in self.right:
            if not (own := subjects[pair.first]):
                continue
            near = [other for other in in_passage[pair.passage] if _is_another(own, other)]
            far = [
                other
                for other in self.chance.sample(everywhere, min(8, len(everywhere)))
                if _is_another(own, other) and other not in pair.passage
            ]
            for others in (near, far):
                if others and self.chance.random() < 0.7:
                    # Of a like length, for they are more often of one kind.
                    other = min(others, key=lambda other: abs(len(other) - len(own)))
                    text = other + pair.first[len(own) :]
                    if SHORTEST <= len(text) <= LONGEST and text.rstrip("。") not in pair.passage:
                        yield replace(pair, first=text, unsupported=((0, len(other)),), made="another subject")

    def _answers_of_other_questions(self) -> Iterator[Pair]:
        """A question turned into a statement by the answer of another, beside the sentence that this stands in."""
        about: dict[str, list[Question]] = defaultdict(list)
        for question in self.questions:
            if question.answer:
                about[question.context].append(question)
        for context, asked in about.items():
            spans = sentences(context)
            for question in asked:
                asking = asking_in(question.text, question.answer_text)
                others = [
                    other
                    for other in asked
                    if _is_another(question.answer_text, other.answer_text)
                    and asking
                    and asking_in(question.text, other.answer_text) == asking
                ]
                if not others or not asking:
                    continue
                other = self.chance.choice(others)
                assert other.answer and question.answer
                text, place = stated(question.text, asking, other.answer_text)
                first, last = sentences_at(spans, other.answer)
                first = max(0, first - self.chance.choice((0, 0, 1)))
                last = min(len(spans) - 1, last + self.chance.choice((0, 0, 1)))
                evidence = context[spans[first][0] : spans[last][1]]
                if SHORTEST <= len(text) <= LONGEST:
                    # Where the right answer stands there too it is the other that lacks support; else what it is said of.
                    known = (place,) if question.answer_text in evidence else None
                    yield Pair(
                        text,
                        evidence,
                        False,
                        unsupported=known,
                        some_unsupported=None if known else True,
                        made="another's answer",
                    )


def subject_of(claim: str) -> str:
    """The subject that a clause begins with, by the kinds of its words; empty where that is not told."""
    import jieba.posseg

    jieba.setLogLevel(60)
    words = jieba.posseg.lcut(claim[:LONGEST_SUBJECT], HMM=False)
    length = end = 0
    for number, word in enumerate(words):
        follows = words[number + 1].flag if number + 1 < len(words) else ""
        length += len(word.word)
        if word.flag.startswith(NOUNS):
            end = length
        elif not word.flag.startswith(WITHIN) and not (word.flag == "v" and follows == "uj"):
            break
    is_one = SHORTEST_SUBJECT <= end <= min(LONGEST_SUBJECT - 1, len(claim) - SHORTEST_SUBJECT)
    return claim[:end] if is_one else ""


def share_in(claim: str, passage: str) -> float:
    """Share of a claim's pairs of characters that stand in a passage, from 0 to 1."""
    pairs = [claim[place : place + 2] for place in range(len(claim) - 1)]
    return sum(pair in passage for pair in pairs) / max(len(pairs), 1)


def _tells(passage: str, claim: str) -> bool:
    return any(share_in(claim, passage[slice(*span)]) > ALIKE for span in sentences(passage))


def _stretches(passage: str) -> frozenset[str]:
    return frozenset(passage[place : place + SAME_DOCUMENT] for place in range(len(passage) - SAME_DOCUMENT + 1))


def _is_another(one: str, other: str) -> bool:
    return one not in other and other not in one
