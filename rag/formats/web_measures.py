"""How much text stands in each region of a page, and how much of it in links and in sentences."""

import re
from dataclasses import dataclass
from typing import Any

NEVER_TEXT = frozenset(
    re.findall(r"\w+", "script style noscript template head title select textarea input button datalist svg")
)
"""Elements that never hold text of the page."""

REGIONS = frozenset(
    re.findall(
        r"\w+",
        "html body div section article main aside header footer nav form table center ul ol dl details figure span p h1 a tbody tr",
    )
)
"""Elements that are measured."""

_SENTENCE = re.compile(r"[。！？；，]|[a-z]{2}[.,;] ")
_BLANKS = re.compile(r"\s+")


@dataclass(slots=True)
class Measure:
    """What stands in an element, in characters without blanks.

    Attributes:
        text: all text.
        linked: text in links.
        links: number of links with words or pictures.
        sentences: text outside of links with a punctuation mark of sentences.
    """

    text: int = 0
    linked: int = 0
    links: int = 0
    sentences: int = 0

    def take(self, inner: "Measure") -> None:
        """Counts what stands in an element within this one."""
        self.text += inner.text
        self.linked += inner.linked
        self.links += inner.links
        self.sentences += inner.sentences

    def say(self, text: str | None, in_link: bool) -> None:
        """Counts a piece of text."""
        length = len(_BLANKS.sub("", text)) if text else 0
        self.text += length
        if in_link:
            self.linked += length
        elif length and _SENTENCE.search(text or ""):
            self.sentences += length


def measured(root: Any) -> dict[Any, Measure]:
    """The measures of a page's regions that hold any text."""
    from lxml.etree import iterwalk

    found: dict[Any, Measure] = {}
    stack = [Measure()]
    links_open = 0
    walker = iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walker:
        tag = element.tag
        if event == "start":
            stack.append(Measure())
            if tag in NEVER_TEXT:
                walker.skip_subtree()
            else:
                links_open += tag == "a"
                stack[-1].say(element.text, links_open > 0)
            continue
        if event == "end":
            if tag == "a":
                links_open -= 1
                stack[-1].links += stack[-1].text > 0 or len(element) > 0
            inner = stack.pop()
            if inner.text and (tag in REGIONS or (tag == "td" and len(element))):
                found[element] = inner
            stack[-1].take(inner)
        stack[-1].say(element.tail, links_open > 0)
    return found
