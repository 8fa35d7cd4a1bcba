"""Gist: the sentences that carry a document, in its order, without a language model.

A document is taken section by section: from each come the few sentences whose words are most its own, of these the embedder
tells how near they are to the whole document, to its title and heading, and to each other. So what is chosen is what the
document turns on, from all over it, and nothing twice; not what happens to stand first.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from rag.text.documents import Document
from rag.text.enumerations import is_item
from rag.text.instructions import is_instruction
from rag.text.lengths import written_length
from rag.text.structure import LONGEST_SENTENCE, Sentence, sentences_of
from rag.text.terms import letters_of, terms_of_each
from rag.text.view import CLOSING, HAN_CHARACTER

Embed = Callable[[list[str]], NDArray[np.float32]]
"""Gives unit vectors of texts: shape (number of texts, dimension)."""

SECTION_CHARACTERS = 500
"""A longer stretch under one heading is several sections."""
MOST_SECTIONS = 40
"""More sections than these are read as larger ones."""
LEAST_COMPARED, COMPARED = 3, 120
"""Sentences of a section whose vectors are made, at least, and of a document, about."""
SHORT_SENTENCES, SHORT_LENGTH, LOOKED_AT = 2, 120, 50_000
"""Sentences and length of what tells a document in short, and characters of it that are looked at."""
SHORTEST, SHORTEST_WORDS, EASY = 10, 5, 90
"""Letters of a Chinese sentence and words of another that says enough to stand alone; letters beyond which it is long."""
SAME = 0.93
"""Likeness of two sentences from which on the second says nothing new."""
NOVELTY = 0.5
WHOLE, OWN_SECTION, NAMED, WORDS = 1.0, 0.4, 0.5, 0.4
OPENS_DOCUMENT, OPENS_SECTION, LEANS, IS_ITEM, IS_LABELLED, IS_LONG, IS_CUT = 0.2, 0.8, 0.8, 0.1, 0.3, 0.3, 0.6
"""What counts for a sentence and against it, beside its likeness in standard deviations."""
LONGEST_TOGETHER = 110
"""Characters of clauses between semicolons that are taken together."""
MOST_ENUMERATED = 3
"""Marks of enumeration from which on a labelled line is a list of names."""

OVER = 0.1
"""Share of the length asked for by which a summary may be longer or shorter."""

_ENDS = re.compile(f"[。！；｡…!;.][{CLOSING}]*$")
_QUOTATION_MARKS = (("“", "”"), ("「", "」"), ("『", "』"), ("（", "）"), ("(", ")"))
_CONTACT = re.compile(
    r"@\w|https?://|www\.|(?<!\d)(?:0\d{2,3}[-—－]\s?\d{7,8}|1[3-9]\d{9}|400[-—－]?\d{3}[-—－]?\d{3,4})(?!\d)"
)
_LABELLED = re.compile(r"^[^，。：:；]{1,12}[：:]")
_REMARK = re.compile("^[（(]?(?:注|备注|资料来源|数据来源|来源)[：:]")
_CUT = re.compile(f"[；;][{CLOSING}]*$")
_LABEL_REST = 15
# Words that lean on what stands before them.
_LEANING = re.compile(
    r"^(?:其中|此外|另外|同时|因此|所以|但是?|然而|不过|而且|并且|对此|为此|据此|这|那|该|上述|前款|他|她|它|其|此|于是|随后|"
    r"also\b|but\b|however\b|therefore\b|thus\b|moreover\b|this\b|these\b|that\b|those\b|he\b|she\b|it\b|they\b|such\b)",
    re.IGNORECASE,
)
_ITEM_MARK = re.compile(
    r"^(?:[（(][一二三四五六七八九十\d]{1,3}[）)]|[一二三四五六七八九十]{1,3}、|\d{1,2}(?:[.．](?!\d)|[、)）]))\s*"
)
_ANNOUNCING = re.compile(r"如下[^。；]{0,12}[。；]$|\bas follows\W*$", re.IGNORECASE)
_ASIDE = re.compile(r"[（(](?![一二三四五六七八九十\d]{1,3}[）)])")


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A sentence, in as many pieces as its semicolons make of it.

    Attributes:
        section: the number of its section.
        opens_document, opens_section: whether it is the first there.
        is_cut: whether it is but a part of its sentence, or an item that leans on what announces its list.
    """

    sentences: tuple[Sentence, ...]
    section: int
    opens_document: bool
    opens_section: bool
    is_cut: bool

    @property
    def text(self) -> str:
        return "".join(sentence.text for sentence in self.sentences)

    @property
    def heading(self) -> str:
        return self.sentences[0].heading


class Gist:
    """What a document says in few sentences; its sections are read one after another.

    Args:
        sentences: all of the document.
        title: its title.
        compared: of how many sentences vectors are made, about.
    """

    def __init__(self, sentences: Sequence[Sentence], title: str, compared: int = COMPARED) -> None:
        self._title = title
        self._sections = _sections(sentences)
        every = [candidate for section in self._sections for candidate in section]
        self._words = dict(zip(map(id, every), _word_scores(every).tolist(), strict=True))
        self._per_section = max(LEAST_COMPARED, compared // max(1, len(self._sections)))
        self._shortlist: list[_Candidate] = []
        self._vectors: list[NDArray[np.float32]] = []
        self._named: list[NDArray[np.float32]] = []

    @property
    def sections(self) -> int:
        """How many sections there are to read; 0 where no sentence stands alone."""
        return len(self._sections)

    def read(self, number: int, embed: Embed | None) -> None:
        """Reads a section, from 0: takes the few sentences whose words are most the document's own.

        Args:
            embed: gives vectors; without it words alone decide, which takes hardly any time.
        """
        section = self._sections[number]
        best = sorted(range(len(section)), key=lambda at: -self._words[id(section[at])] - _form(section[at]))
        chosen = [section[at] for at in sorted(best[: self._per_section])]
        self._shortlist += chosen
        if embed:
            self._vectors.append(embed([each.text for each in chosen]))
            self._named.append(embed([f"{self._title} {each.heading}".strip() or each.text for each in chosen]))

    def carrying(self, length: int, most: int | None = None) -> list[tuple[Sentence, ...]]:
        """The sentences that carry what was read, in the document's order, each in the pieces that semicolons make of it.

        Args:
            length: how long they may be together, as :func:`rag.text.lengths.written_length` counts; one is there in any case.
            most: how many there may be.
        """
        found = self._shortlist
        if not found:
            return []
        merit = WORDS * _standard(np.array([self._words[id(each)] for each in found]))
        merit += np.array([_form(each) for each in found])
        likeness = _likeness_of_words(found)
        if self._vectors:
            own, named = np.concatenate(self._vectors), np.concatenate(self._named)
            centre = own.mean(axis=0)
            merit += WHOLE * _standard(own @ centre) + NAMED * _standard((own * named).sum(axis=1))
            merit += OWN_SECTION * _standard(_to_section(own, found))
            likeness = np.maximum(likeness, _spread(own - centre))
        return [found[place].sentences for place in sorted(_chosen(found, merit, likeness, length, most))]


def in_short(document: Document) -> str:
    """The two sentences that carry a document, by words alone, of its beginning where it is long; empty where it has none."""
    sentences = sentences_of(document.text[:LOOKED_AT], document.speakers)
    gist = Gist(sentences, document.title)
    for number in range(gist.sections):
        gist.read(number, None)
    chosen = gist.carrying(SHORT_LENGTH, SHORT_SENTENCES)
    return "".join(as_quoted("".join(piece.text for piece in pieces)) for pieces in chosen)


def as_quoted(text: str) -> str:
    """A sentence as it stands outside its list: without the mark of an item."""
    return _ITEM_MARK.sub("", text)


def stands_alone(sentence: Sentence) -> bool:
    """Whether a sentence is whole and states something by itself: no heading, cell, question, salutation or contact line."""
    text = sentence.text
    letters = letters_of(text)
    is_short = len(letters) < SHORTEST if HAN_CHARACTER.search(text) else len(text.split()) < SHORTEST_WORDS
    says_little = _REMARK.match(text) or _ANNOUNCING.search(text) or _ASIDE.match(text)
    if is_short or says_little or not _may_stand(sentence):
        return False
    label = _LABELLED.match(text)
    is_bare = label and (len(letters_of(text[label.end() :])) < _LABEL_REST or text.count("、") >= MOST_ENUMERATED)
    return not is_bare


def _may_stand(sentence: Sentence) -> bool:
    """Whether a sentence may stand in a summary, beside others."""
    text = sentence.text
    if sentence.kind != "statement" or sentence.lead or sentence.tail or not _ENDS.search(text):
        return False
    inner = as_quoted(text)
    is_whole = all(inner.count(opening) == inner.count(closing) for opening, closing in _QUOTATION_MARKS)
    is_piece = len(text) > LONGEST_SENTENCE - len("。”")
    return is_whole and not is_piece and not _CONTACT.search(text) and not is_instruction(text)


def _sections(sentences: Sequence[Sentence]) -> list[list[_Candidate]]:
    """The sentences that stand alone by the section that they stand in, as many of them as are read apart."""
    length = sum(len(sentence.text) for sentence in sentences)
    longest = max(SECTION_CHARACTERS, length // MOST_SECTIONS)
    found: list[list[_Candidate]] = []
    said: set[str] = set()
    heading, held = "", 0
    for pieces, is_cut in whole_sentences(sentences):
        letters = letters_of("".join(piece.text for piece in pieces))
        if letters in said:
            continue
        said.add(letters)
        is_new = pieces[0].heading != heading and (length <= MOST_SECTIONS * SECTION_CHARACTERS or held >= longest // 2)
        if not found or is_new or held + len(letters) > longest:
            found.append([])
            held = 0
        heading = pieces[0].heading
        held += len(letters)
        opens_section = not found[-1]
        found[-1].append(_Candidate(pieces, len(found) - 1, opens_section and len(found) == 1, opens_section, is_cut))
    return found


def whole_sentences(sentences: Sequence[Sentence]) -> Iterator[tuple[tuple[Sentence, ...], bool]]:
    """The sentences that stand alone, clauses between semicolons together where they are short; else each is told to be cut."""
    group: list[Sentence] = []
    for sentence, following in zip(sentences, [*sentences[1:], None], strict=True):
        group.append(sentence)
        goes_on = following and (following.paragraph, following.speaker) == (sentence.paragraph, sentence.speaker)
        if goes_on and _CUT.search(sentence.text):
            continue
        pieces, group = tuple(group), []
        if not stands_alone(pieces[0]):
            continue  # what follows leans on it
        is_short = sum(len(piece.text) for piece in pieces) <= LONGEST_TOGETHER
        if len(pieces) == 1 or (is_short and all(map(_may_stand, pieces))):
            yield pieces, bool(_CUT.search(pieces[-1].text))
        else:
            yield from (((piece,), bool(number)) for number, piece in enumerate(pieces) if stands_alone(piece))


def _form(candidate: _Candidate) -> float:
    """What place and form tell for and against a sentence."""
    text = candidate.text
    return (
        OPENS_DOCUMENT * candidate.opens_document
        + OPENS_SECTION * candidate.opens_section
        - LEANS * bool(_LEANING.match(text))
        - IS_ITEM * is_item(candidate.sentences[0])
        - IS_LABELLED * bool(_LABELLED.match(text))
        - IS_CUT * candidate.is_cut
        - IS_LONG * max(0.0, len(text) / EASY - 1)
    )


def _word_scores(candidates: Sequence[_Candidate]) -> NDArray[np.float64]:
    """How much of what a document says again and again each sentence says, whatever its length."""
    terms = terms_of_each([candidate.text for candidate in candidates])
    counts = Counter(term for own in terms for term in own)
    weight = {term: log(count) for term, count in counts.items()}
    return np.array([sum(weight[term] for term in own) / sqrt(len(own) + 1) for own in terms])


def _likeness_of_words(candidates: Sequence[_Candidate]) -> NDArray[np.float64]:
    """How alike sentences are by their words, from 0 to 1: shape (sentences, sentences)."""
    terms = terms_of_each([candidate.text for candidate in candidates])
    return np.array([[len(one & other) / max(1, min(len(one), len(other))) for other in terms] for one in terms])


def _spread(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """How alike sentences are beside what all of them share: shape (sentences, sentences)."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions = vectors / np.maximum(lengths, 1e-6)
    alike: NDArray[np.float32] = directions @ directions.T
    return alike


def _to_section(vectors: NDArray[np.float32], candidates: Sequence[_Candidate]) -> NDArray[np.float64]:
    """How near each sentence is to the middle of its section."""
    numbers = np.array([candidate.section for candidate in candidates])
    near = np.zeros(len(candidates))
    for number in np.unique(numbers):
        within = numbers == number
        near[within] = vectors[within] @ vectors[within].mean(axis=0)
    return near


def _standard(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Values as multiples of their standard deviation from their mean."""
    spread: NDArray[np.float64] = (values - values.mean()) / max(float(values.std()), 1e-6)
    return np.clip(spread, -2.5, 2.5)


def _chosen(
    candidates: Sequence[_Candidate],
    merit: NDArray[np.float64],
    likeness: NDArray[np.floating],
    length: int,
    most: int | None,
) -> list[int]:
    """The places of the best sentences, one of each section before a second of any, each new beside those chosen."""
    left = most or len(candidates)
    chosen: list[int] = []
    taken: Counter[int] = Counter()
    waiting = list(range(len(candidates)))
    room = length
    while waiting and left > 0:
        nearest = likeness[:, chosen].max(axis=1) if chosen else np.zeros(len(candidates))
        worth = merit - NOVELTY * nearest
        best = min((taken[candidates[place].section], -worth[place], place) for place in waiting)[2]
        waiting.remove(best)
        own = written_length(candidates[best].text)
        if nearest[best] >= SAME or (chosen and own > room + OVER * length):
            continue
        chosen.append(best)
        taken[candidates[best].section] += 1
        room -= own
        left -= 1
        if room < OVER * length:
            break
    return chosen
