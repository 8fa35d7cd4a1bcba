"""The catalogue: what is said of the assistant and of the documents as a collection, without a word of their text.

Such an answer is a statement of the program's own: it has no claims and no citations, and counts only what the filters of
the question let through.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.index.store import Entry, Filters, Store
from rag.language_models import EXTRACTIVE
from rag.messages import Language, say_in
from rag.questions.intents import Told
from rag.search.retrieval import Hit
from rag.text.display import one_line
from rag.text.documents import Document
from rag.text.instructions import is_instruction
from rag.text.view import without_invisible

LISTED = 10
"""Documents or people that are listed; how many more there are is told."""
NAMED = 3
"""Documents that are named behind a person."""
NEAR_SHARE = 0.5
"""Share of the nearest document's score from which on another is near, too."""
LONGEST_TITLE = 80
_QUOTES = {"zh": ("《", "》"), "en": ("“", "”")}
_BRACKETS = {"zh": ("（", "）", "，", "、"), "en": (" (", ")", ", ", ", ")}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Answers from what is known of the documents.

    Attributes:
        store: holds them.
        filters: of the question.
        retrieve: finds passages for a question; the filters are in it.
        model: the name of what writes answers.
    """

    store: Store
    filters: Filters
    retrieve: Callable[[str], list[Hit]]
    model: str

    def answer(self, intent: Told, question: str, language: Language) -> tuple[str, tuple[Hit, ...]]:
        """What is said to a question of this intent, and the passages that come nearest where it is ``about`` something."""
        every = self.store.entries()
        within = self.store.within(self.filters)
        entries = [entry for entry in every if within is None or entry.id in within]
        if intent in ("greeting", "thanks", "identity", "abilities"):
            return self._of_itself(intent, entries, language), ()
        if not entries:
            key = "nothing_in_scope" if every else "no_documents_yet"
            return say_in(language, key, held=_held(len(every), language)), ()
        hits: tuple[Hit, ...] = ()
        if intent == "about":
            hits = tuple(self.retrieve(question))
            lines = _nearest(hits, language)
        elif intent == "speakers":
            lines = self._speakers(entries, language)
        elif intent == "documents":
            lines = _documents(entries, language)
        else:
            lines = _by_date(entries, intent == "newest", language)
        if within is not None:
            lines[0] += _space(language) + say_in(language, "only_in_scope", held=_held(len(every), language))
        return "\n".join(lines), hits

    def _of_itself(self, intent: Told, entries: Sequence[Entry], language: Language) -> str:
        if intent == "thanks":
            return say_in(language, "nothing_asked")
        quotes, count = self.model == EXTRACTIVE, len(entries)
        key = "no_documents_yet" if not count else "one_can_be_asked" if count == 1 else "can_be_asked"
        held = say_in(language, key, held=_held(count, language))
        writer = say_in(language, "quoted_by" if quotes else "written_by", model=self.model)
        return say_in(language, intent, held=held, writer=writer)

    def _speakers(self, entries: Sequence[Entry], language: Language) -> list[str]:
        """Who speaks, those in most documents first, each with the titles of some of these."""
        known = {entry.id: entry for entry in entries}
        found = sorted(self.store.speakers(self.filters).items(), key=lambda one: (-len(one[1]), one[0]))
        if not found:
            return [say_in(language, "nobody_speaks", held=_held(len(entries), language))]
        between = _BRACKETS[language][3]
        lines = []
        for name, identifiers in found:
            titles = between.join(_title(known[each], language) for each in identifiers[:NAMED] if each in known)
            if len(identifiers) > NAMED:
                titles += say_in(language, "and_more_documents", n=len(identifiers))
            lines.append(say_in(language, "speaks_in", name=one_line(name), titles=titles))
        first = say_in(language, "speaker_is" if len(found) == 1 else "speakers_are", n=len(found))
        return [first, *listed_lines(lines, language)]


def _documents(entries: Sequence[Entry], language: Language) -> list[str]:
    """How many documents there are, from when to when, and which."""
    days = sorted(entry.date for entry in entries if entry.date)
    dates = say_in(language, "dated_between", first=days[0], last=days[-1]) if days and days[0] < days[-1] else ""
    held = _held(len(entries), language)
    first = say_in(language, "one_document_held" if len(entries) == 1 else "documents_held", held=held, dates=dates)
    return [first.strip(), *listed_lines([named_entry(entry, language) for entry in entries], language)]


def _by_date(entries: Sequence[Entry], newest: bool, language: Language) -> list[str]:
    """The newest document, or the oldest, then the others from there on; of how many no date is known."""
    dated = sorted((entry for entry in entries if entry.date), key=lambda entry: str(entry.date), reverse=newest)
    if not dated:
        return [say_in(language, "none_is_dated", held=_held(len(entries), language))]
    kind = "newest" if newest else "oldest"
    first = [entry for entry in dated if entry.date == dated[0].date]
    if len(first) == 1:
        line = say_in(language, f"{kind}_is", named=named_entry(first[0], language))
    else:
        line = say_in(language, f"{kind}_are", n=len(first), day=first[0].date)
    if undated := len(entries) - len(dated):
        line += _space(language) + say_in(language, "some_undated", n=undated)
    if len(dated) == 1:
        return [line]
    listed = listed_lines([named_entry(entry, language) for entry in dated], language)
    return [line, say_in(language, f"{kind}_first"), *listed]


def _nearest(hits: Sequence[Hit], language: Language) -> list[str]:
    """The documents whose passages come nearest, the nearest first; that they are about it is not said."""
    found: dict[str, Document] = {}
    for hit in hits:
        if hit.score >= NEAR_SHARE * hits[0].score:
            found.setdefault(hit.document.id, hit.document)
    if not found:
        return [say_in(language, "nothing_near")]
    first = say_in(language, "comes_nearest" if len(found) == 1 else "come_nearest", n=len(found))
    return [first, *listed_lines([named_entry(document, language) for document in found.values()], language)]


def listed_lines(lines: Sequence[str], language: Language) -> list[str]:
    """A list, cut with the number of what is left out."""
    listed = [f"{number}. {line}" for number, line in enumerate(lines[:LISTED], 1)]
    left_out = len(lines) - LISTED
    return [*listed, say_in(language, "more_left_out", n=left_out)] if left_out > 0 else listed


def named_entry(entry: Entry | Document, language: Language, *, is_dated: bool = True) -> str:
    """A document by its title, day and source; a guessed day is told to be guessed.

    Args:
        is_dated: whether it is told where no day is known.
    """
    day = str(entry.date or (say_in(language, "undated") if is_dated else ""))
    if entry.date and entry.date_is_guessed:
        day = say_in(language, "day_guessed", day=day)
    opening, closing, comma, _ = _BRACKETS[language]
    source = "" if is_instruction(entry.source) else one_line(entry.source)
    facts = comma.join(filter(None, (day, source)))
    return f"{_title(entry, language)}{opening}{facts}{closing}" if facts else _title(entry, language)


def _title(entry: Entry | Document, language: Language) -> str:
    """The title of a document on one line; of one that speaks to an assistant its file's name, or its id."""
    names = (entry.title, entry.path.replace("\\", "/").rpartition("/")[2], entry.id)
    title = next(name for name in names if name.strip() and (name == entry.id or not is_instruction(name)))
    title = without_invisible(one_line(title))
    opening, closing = _QUOTES[language]
    return f"{opening}{title if len(title) <= LONGEST_TITLE else title[:LONGEST_TITLE] + '…'}{closing}"


def _held(count: int, language: Language) -> str:
    return say_in(language, "one_document" if count == 1 else "some_documents", n=count)


def _space(language: Language) -> str:
    return " " if language == "en" else ""
