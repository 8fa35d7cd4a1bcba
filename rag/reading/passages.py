"""Passages as they are read: the sentences of a hit in one text, under what is known of where they stand."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from rag.answers import Citation
from rag.reading.matching import Span
from rag.reading.times import Told, each_in_full
from rag.search.retrieval import Hit
from rag.text.defined_terms import DefinedTerm, defined_terms, named_in
from rag.text.documents import Document
from rag.text.structure import Sentence

LONGEST_PASSAGE = 400
"""Characters that are read at once, about 260 tokens; a chunk has 300."""
LONGEST_HEADING = 60
"""Characters of a title and of a section's heading; what is beyond tells little and takes the room of the passage."""
LONGEST_LABEL = 60
"""Characters of what stands before the words of a speaker."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What is read of a hit.

    Attributes:
        document: where it stands.
        sentences: all that stand in it, in order.
        told: each with its times in full.
        spans: where each, as told, stands in ``text``.
        text: the sentences as told, paragraphs on lines of their own.
        heading: the document's title, and the heading of the section.
    """

    document: Document
    sentences: tuple[Sentence, ...]
    told: tuple[Told, ...]
    spans: tuple[Span, ...]
    text: str
    heading: str

    def sentence_at(self, place: int) -> int:
        """The number of the sentence that a character of ``text`` is in."""
        return next((number for number, (_, end) in enumerate(self.spans) if place < end), len(self.spans) - 1)

    def around(self, number: int) -> str:
        """A sentence with the one before it and the one after it, under the heading."""
        first, last = max(number - 1, 0), min(number + 1, len(self.spans) - 1)
        text = self.text[self.spans[first][0] : self.spans[last][1]]
        return f"{self.heading}\n{text}" if self.heading else text


def passages_of(
    hits: Sequence[Hit], structure: Callable[[Document], Sequence[Sentence]], about: str = ""
) -> list[Passage]:
    """Hits as passages; one that is too long to be read at once makes several.

    Args:
        hits: in any order.
        structure: gives the sentences of a document.
        about: the question they are read for.
    """
    found = []
    for hit in hits:
        every = structure(hit.document)
        numbers = [place for place, each in enumerate(every) if each.start < hit.end and hit.start < each.end]
        sentences = [every[number] for number in numbers]
        told = told_in_full(hit.document, sentences, every, about)
        labels = {every[number].start: label for number in numbers if (label := _label(hit.document, every, number))}
        for group in in_groups(sentences):
            in_full = tuple(told[each.start] for each in group)
            text, spans = in_one_text(
                [replace(each, text=own.text) for each, own in zip(group, in_full, strict=True)],
                labels=labels,
            )
            found.append(
                Passage(hit.document, tuple(group), in_full, tuple(spans), text, _heading(hit.document, group))
            )
    return found


def told_in_full(
    document: Document, sentences: Sequence[Sentence], every: Sequence[Sentence], about: str = ""
) -> dict[int, Told]:
    """Sentences with their times in full, and who is meant by a term that the document defines, by their start.

    Args:
        sentences: of the document.
        every: all of its sentences; what stands before one in its paragraph may tell its year.
        about: the question or claim they are read for: ``乙方`` is read as ``乙方（寰砚物业）`` where it says 寰砚物业.
    """
    found: dict[int, Told] = {}
    terms = [each for each in defined_terms(document.text) if each.term not in document.speakers] if about else []
    named = named_in(about, terms)
    for paragraph in sorted({each.paragraph for each in sentences}):
        last = max(each.start for each in sentences if each.paragraph == paragraph)
        before = [each for each in every if each.paragraph == paragraph and each.start <= last]
        told = each_in_full([each.text for each in before], document.trusted_date, document.title)
        found |= {each.start: _explained(own, named) for each, own in zip(before, told, strict=True)}
    return found


def _explained(told: Told, named: Sequence[tuple[DefinedTerm, str]]) -> Told:
    """A sentence with the name of each term in brackets behind it, where it does not name it itself."""
    for term, name in named:
        if name not in told.text and (end := term.end_in(told.text)):
            told = told.with_note(end, f"（{name}）")
    return told


def in_groups(sentences: Sequence[Sentence]) -> Iterator[list[Sentence]]:
    """Neighbouring sentences of about as many characters together as are read at once."""
    group: list[Sentence] = []
    length = 0
    for sentence in sentences:
        if group and length + len(sentence.text) > LONGEST_PASSAGE:
            yield group
            group, length = [], 0
        group.append(sentence)
        length += len(sentence.text)
    if group:
        yield group


def _heading(document: Document, sentences: Sequence[Sentence]) -> str:
    """The document's title and day, and the heading of the section that the first sentence stands in."""
    title = document.title[:LONGEST_HEADING]
    if document.trusted_date:
        title = f"{day_in_words(document.trusted_date)} {title}".strip()
    section = sentences[0].heading[:LONGEST_HEADING] if sentences else ""
    is_new = section and section not in title and all(section != sentence.text for sentence in sentences)
    return f"{title} {section}".strip() if is_new else title


def day_in_words(day: date) -> str:
    """A day as Chinese text writes it: ``2024年7月5日``."""
    return f"{day.year}年{day.month}月{day.day}日"


def cited_passage(
    citations: Sequence[Citation],
    structure: Callable[[Document], Sequence[Sentence]],
    about: str = "",
    *,
    in_full: bool = True,
) -> str:
    """What a claim is compared with: the sentences it cites, each document's under its title.

    Args:
        citations: of the claim.
        structure: gives the sentences of a document.
        about: the claim.
        in_full: whether times and terms are told in full.
    """
    documents = {citation.document.id: citation.document for citation in citations}
    texts = []
    for document in documents.values():
        spans = [(each.start, each.end) for each in citations if each.document.id == document.id]
        sentences = [
            sentence
            for sentence in structure(document)
            if any(sentence.start < end and start < sentence.end for start, end in spans)
        ]
        told = told_in_full(document, sentences, structure(document), about) if in_full else {}
        lines = []
        for sentence in sentences:
            text = told[sentence.start].text if in_full else sentence.text
            lines.append(f"{sentence.speaker}：{text}" if sentence.speaker else text)
        texts.append("\n".join([_heading(document, sentences), *lines]).strip())
    return "\n".join(texts)


def _label(document: Document, every: Sequence[Sentence], number: int) -> str:
    """What stands before the words of a speaker in the document: ``消费者代表尤桂兰（退休教师）``; empty where nothing does.

    A question may name a speaker by any of it.
    """
    sentence, end = every[number], every[number - 1].end if number else 0
    label = document.text[end : sentence.start].strip().rstrip("：:“").strip()
    is_label = sentence.speaker and sentence.speaker in label and len(label) <= LONGEST_LABEL and "\n" not in label
    return label if is_label else ""


def in_one_text(
    sentences: Sequence[Sentence], *, with_speakers: bool = True, labels: Mapping[int, str] | None = None
) -> tuple[str, list[Span]]:
    """Sentences one after another, a new paragraph on a new line; with where each of them stands.

    Args:
        with_speakers: whether what somebody says stands after the name, as in a transcript.
        labels: what stands there in place of the name alone, by the starts of sentences.
    """
    text, spans = "", []
    before = None
    for sentence in sentences:
        if before is not None:
            between = "" if sentence.paragraph == before.paragraph else "\n"
            text += between or (" " if text[-1:].isascii() else "")
        if with_speakers and sentence.speaker and (before is None or sentence.speaker != before.speaker):
            text += f"{(labels or {}).get(sentence.start, sentence.speaker)}："
        spans.append((len(text), len(text) + len(sentence.text)))
        text += sentence.text
        before = sentence
    return text, spans
