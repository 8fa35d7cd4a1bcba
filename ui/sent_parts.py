"""What a page holds already is not sent to it again: the turns of a conversation, and the sources of each.

A page keeps what stood in each place of such a list (``page.js``). Where the same comes there again, it gets an empty element
with its digest, so that what is sent for a question hardly grows with the conversation.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence

from ui.html import Html, element, join, name_of, with_attribute

MOST_PAGES = 512
"""Pages that are remembered, those used last; another is sent everything once more."""


class SentParts:
    """What each page was sent last, place by place. Safe to use from several threads."""

    def __init__(self) -> None:
        self._sent: OrderedDict[tuple[str, str], list[str]] = OrderedDict()
        self._lock = threading.Lock()

    def new_of(self, page: str, component: str, parts: Sequence[Html]) -> Html | None:
        """The parts, for those that the page holds in their place an empty element; None where it holds just these.

        What this gives has to be sent: the page counts as holding it.

        Args:
            page: the session of a page; of one without a session everything is sent.
            component: where on the page they are shown.
            parts: elements, in their order.
        """
        if not page:
            return join(parts)
        digests = [hashlib.sha256(part.encode()).hexdigest()[:8] for part in parts]
        with self._lock:
            before = self._sent.pop((page, component), None)
            self._sent[page, component] = digests
            if len(self._sent) > MOST_PAGES:
                self._sent.popitem(last=False)
        if digests == before:
            return None
        held = dict(enumerate(before or ()))
        return join(
            element(name_of(part), data_held=digest)
            if held.get(place) == digest
            else with_attribute(part, "data-part", digest)
            for place, (part, digest) in enumerate(zip(parts, digests, strict=True))
        )

    def forget(self, page: str, component: str) -> None:
        """Everything is sent to a page once more: it may show something else."""
        with self._lock:
            self._sent.pop((page, component), None)
