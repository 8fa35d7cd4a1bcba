"""Footnotes and endnotes of Word: marks in the text, numbered together in the order in which it calls them."""

from typing import Any

from rag.formats.word_elements import WORD

Called = list[tuple[Any, Any]]
"""The notes that a text has called, in order; each with whoever reads its part."""


class Notes:
    """The notes of one document.

    Args:
        parts: by the name of the element that calls them (``footnoteReference``) what reads their part, and its root.
        called: the notes called so far, to which this document's are added; an embedded document goes on with its host's.
    """

    def __init__(self, parts: dict[str, tuple[Any, Any]], called: Called) -> None:
        self._called = called
        self._numbers: dict[tuple[str, str], int] = {}
        self._notes = {
            (name, note.get(WORD + "id", "")): (story, note)
            for name, (story, root) in parts.items()
            for note in root
            if isinstance(note.tag, str) and note.get(WORD + "type", "normal") == "normal"
        }

    def mark(self, reference: Any) -> str:
        """The mark of a note at its place (``[^1]``); empty where the document has no such note."""
        key = (str(reference.tag).removeprefix(WORD), reference.get(WORD + "id", ""))
        if key not in self._notes:
            return ""
        if key not in self._numbers:
            self._called.append(self._notes[key])
            self._numbers[key] = len(self._called)
        return f"[^{self._numbers[key]}]"
