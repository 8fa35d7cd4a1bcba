"""Turns: who speaks, from paragraph to paragraph, in interviews, press conferences, speeches and reports.

Three forms are told apart: a label at the head of a paragraph (:mod:`rag.text.turn_labels`), a speech or letter of one
person (:mod:`rag.text.addresses`), and reported speech (:mod:`rag.text.reported_speech`). Reported speech ends with its
paragraph; it goes on where items of a list follow, where its quotation is still open, and in a section that opens with
it, which is a report of what was said. What is not known to be somebody's is nobody's.
"""

import re
from collections.abc import Sequence

from rag.text.addresses import address_of, is_of_the_editor
from rag.text.person_names import People
from rag.text.reported_speech import REPORTER, Reports, shows_speaker
from rag.text.turn_labels import Label, Labels, Paragraph
from rag.text.view import is_list_item

# Items that a speaker counts by word of mouth.
_SPOKEN_ITEM = re.compile(
    "[一二三四五六七八九十]{1,3}是|第[一二三四五六七八九十]{1,3}[，,]|(?:首先|其次|再次|最后)[，,]"
)


class Turns:
    """Follows who speaks from paragraph to paragraph of a readable text."""

    def __init__(self, paragraphs: Sequence[Paragraph], speakers: tuple[str, ...] = ()) -> None:
        """Reads the paragraphs once to learn who speaks.

        Args:
            paragraphs: the readable paragraphs of a document, in order.
            speakers: the people known to speak in it; where there is one only, ``答：`` is taken to be that person.
        """
        self._paragraphs = paragraphs
        people = People((each.text for each in paragraphs if each.kind != "table"), speakers)
        self._labels = Labels(paragraphs, people, speakers)
        self._address = None if self._labels else address_of(paragraphs, people)
        self._reports = Reports(people)
        self._headings = 0
        self._turn: Label | None = None
        self.end()

    def end(self) -> None:
        """Nobody speaks any longer."""
        self._turn = None
        self._reported = ""  # who is still speaking, by the narrator
        self._is_first = False  # whether the next paragraph opens a section
        self._is_report = False  # whether the section is one of what was said
        self._in_list = False
        self._led_in = self._leads_in = False  # whether the paragraph before, or this, ends with a colon
        self._reports.end()

    def end_at_heading(self, *, is_pull_quote: bool) -> None:
        """Whoever spoke speaks no longer; at a pull quote, which stands out of its place, who answers goes on.

        Args:
            is_pull_quote: whether the headings of the text stand between its lines.
        """
        self._headings += 1
        goes_on = is_pull_quote and self._turn is not None and not self._turn.asking
        if not goes_on:
            self.end()
            self._is_first = self._headings > 1  # the first is the title

    def is_head(self, place: int) -> bool:
        """Whether a paragraph only tells who says what follows, and when."""
        label = self._labels.at(place)
        return label is not None and label.is_head

    def is_message(self, place: int) -> bool:
        """Whether the paragraph is what somebody says below his name and the time, so that it is no heading."""
        return place > 0 and self.is_head(place - 1)

    def enter(self, place: int) -> int:
        """Reads the label of the paragraph at a place; returns where what is said begins."""
        label = self._labels.at(place)
        text = self._paragraphs[place].text.rstrip()
        self._led_in, self._leads_in = self._leads_in, text.endswith("：")
        if label:
            self.end()
            self._turn = label
            self._leads_in = text.endswith("：") and len(text) > label.end
            return label.end
        if self._labels.is_field(place):
            if self._led_in:
                self._leads_in = True  # 现提出两套方案：方案一：…
            elif self._turn or not self._reported:
                self.end()
        elif self._turn and not self._goes_on(place):
            self.end()
        return 0

    def speakers_of(self, place: int, spans: Sequence[tuple[int, int]]) -> list[tuple[str, str]]:
        """Speaker and kind of each sentence of a paragraph that was entered.

        Args:
            spans: the sentences of its text.
        """
        text = self._paragraphs[place].text
        if is_of_the_editor(text):
            return [("", "statement")] * len(spans)
        if self._turn:
            kind = "question" if self._turn.asking else "statement"
            found = [(self._turn.who, kind)] * len(spans)
            if text.startswith("“", self._turn.end) and not self._labels.is_conversation:
                self.end()  # what is quoted ends with its quotation
            return found
        if self._address:
            is_his = self._address.first <= place < self._address.end and not self._labels.is_entry(place)
            return [(self._address.who if is_his else "", "statement")] * len(spans)
        return [(who, "statement") for who in self._reported_in(text, spans)]

    def _reported_in(self, text: str, spans: Sequence[tuple[int, int]]) -> list[str]:
        """Who is said to say each sentence of a paragraph without a label."""
        if self._is_first and spans:
            self._is_report = self._reports.opens_with(text[slice(*spans[0])])
        is_item = bool(_SPOKEN_ITEM.match(text)) or (is_list_item(text) and (self._led_in or self._in_list))
        before = self._reported if self._is_report or is_item else ""
        found, self._reported = self._reports.speakers(text, spans, before, is_report=self._is_report)
        self._is_first, self._in_list = False, is_item
        return found

    def _goes_on(self, place: int) -> bool:
        """Whether a paragraph without a label is of the turn before it: the last turn may be over where nothing shows it."""
        assert self._turn is not None
        text = self._paragraphs[place].text
        if self._labels.stands_alone(place - 1) or is_of_the_editor(text):
            return True
        if len(self._turn.who) > 1 and self._turn.who in text:
            return False
        if self._turn.asking:
            return self._labels.are_answered
        if not self._labels.is_after_last(place):
            return True
        is_seen = REPORTER in text.partition("，")[0]
        return not is_seen and (self._labels.go_on or shows_speaker(text))
