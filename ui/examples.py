"""Example questions to begin with: of the sample documents, or of the documents that are there, made beside the page's other work."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, zip_longest

from rag.assistant import Assistant
from rag.errors import YoujuError
from rag.index.introductions import Introduction
from rag.index.rows import Entry
from rag.text.script import is_chinese
from ui.texts import Language

OFFERED = 3
LOOKED_AT = 4
"""Documents of which questions are made for the first page, those added last."""
LONGEST_TITLE = 40

SEEDS: dict[Language, tuple[str, ...]] = {
    "zh": (
        "截至2023年3月底我国建成了多少个5G基站？",
        "2023年一季度新能源汽车和太阳能电池的产量哪个增长更快？",
        "谁说传统产业绝不能当成“低端产业”简单退出？",
    ),
    "en": (
        "How many 5G base stations had China built by the end of March 2023?",
        "What share of the world's lighthouse factories is in China?",
        "How many internet users does China have?",
    ),
}
"""Questions about the sample documents, each of which they answer."""


class Examples:
    """What may be asked of an index; the same for all visitors who read the same language."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._making = threading.Lock()

    def offered(self, language: Language) -> list[str]:
        """Up to three questions that the documents answer, as far as they are made already."""
        return examples(self._assistant.documents(), self._assistant.introductions(), language)

    def make(self) -> Iterator[None]:
        """Makes what :meth:`offered` offers, a document at a time, until enough of them have a question."""
        documents = self._assistant.documents()
        if _are_seeds(documents):
            return
        found = 0
        for entry in _latest(documents)[:LOOKED_AT]:
            with suppress(YoujuError), self._making:  # what cannot be read, or is gone by now, is passed over
                self._assistant.in_short(entry.id)
                found += bool(self._assistant.questions_for(entry.id))
            yield
            if found >= OFFERED:
                return


def examples(documents: Sequence[Entry], introductions: Mapping[str, Introduction], language: Language) -> list[str]:
    """Up to three questions for the documents that are there, each of another document while there are any.

    Those of another language than the reader's are left out; what is lacking, is asked of a document as a whole.

    Args:
        introductions: what is made of the documents already, by their ids.
    """
    if _are_seeds(documents):
        return list(SEEDS[language])
    latest = [(entry, introductions[entry.id]) for entry in _latest(documents) if entry.id in introductions]
    questions = [
        [question for question in introduction.questions or () if is_chinese(question) == (language == "zh")]
        for _, introduction in latest
    ]
    in_turn = [question for question in chain.from_iterable(zip_longest(*questions)) if question]
    whole = [_of_the_whole(entry, language) for entry, introduction in latest if introduction.short and entry.title]
    return list(dict.fromkeys([*in_turn, *whole]))[:OFFERED]


def _of_the_whole(entry: Entry, language: Language) -> str:
    title = entry.title if len(entry.title) <= LONGEST_TITLE else f"{entry.title[: LONGEST_TITLE - 1]}…"
    return f"《{title}》主要讲了什么？" if language == "zh" else f"What is 《{title}》 about?"


def _are_seeds(documents: Sequence[Entry]) -> bool:
    return bool(documents) and all(entry.path.startswith("seeds/") for entry in documents)


def _latest(documents: Sequence[Entry]) -> list[Entry]:
    """Those that were added last come first."""
    return sorted(documents, key=lambda entry: entry.added, reverse=True)
