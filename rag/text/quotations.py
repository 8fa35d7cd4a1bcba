"""Quotations: where those of a paragraph open and end, and where its sentences end outside them."""

import re
from bisect import bisect_left, bisect_right

OPENING, CLOSING = "“", "”"
_TERMINAL = "。！？\n"
_MARK = re.compile(f"[{OPENING}{CLOSING}{_TERMINAL}]")


class Quotations:
    """The quotations of one paragraph; one may stand in another."""

    def __init__(self, text: str) -> None:
        self._length = len(text)
        self._opening: dict[int, int] = {}
        self._closing: dict[int, int] = {}
        self._marks: list[int] = []
        self._depths = [0]  # before the first mark, and after each
        self._ends: list[int] = []
        opened: list[int] = []
        for mark in _MARK.finditer(text):
            place, character = mark.start(), mark.group()
            if character == OPENING:
                opened.append(place)
            elif character == CLOSING and opened:
                self._opening[place + 1] = opened[-1]
                self._closing[opened.pop()] = place + 1
            self._marks.append(place)
            self._depths.append(len(opened))
            if not opened and (character in _TERMINAL or (character == CLOSING and text[place - 1] in _TERMINAL)):
                self._ends.append(place + 1)
        self.is_open = bool(opened)
        """Whether one is open at the end."""

    def around(self, place: int) -> int:
        """How many are open at a place."""
        return self._depths[bisect_left(self._marks, place)]

    def start(self, end: int) -> int:
        """Where the one that ends at ``end`` opens; ``end`` where none does."""
        return self._opening.get(end, end)

    def end(self, start: int) -> int:
        """Where the one that opens at ``start`` ends, or the end of the paragraph."""
        return self._closing.get(start, self._length)

    def end_of_sentence(self, start: int) -> int:
        """Where the sentence ends that goes on at ``start``, with the marks that close it."""
        place = bisect_right(self._ends, start)
        return self._ends[place] if place < len(self._ends) else self._length
