"""References in the form of GB/T 7714-2015, as far as what is known of a document allows.

Of electronic resources (4.6 there): title[type]. publisher, year: page(day of publication)[day of citing]. address. Ours
are kept as files and of no known type, so their mark is ``[Z]``; what was read from an address is ``[EB/OL]``. In a
numbered list the author may be left out where none is known (8.1), and an estimated date stands in square brackets (8.4).
"""

import re
from collections.abc import Sequence
from typing import Any

from rag.exports.visible import one_line

_ADDRESS = re.compile(r"https?://[^\s<>]+", re.ASCII)


def reference(cited: dict[str, Any], pages: Sequence[int], asked: str) -> str:
    """The reference to a document.

    Args:
        cited: a citation of it, as a record has it.
        pages: those that are cited, ascending.
        asked: the day on which it was read, for what has an address.
    """
    title, publisher = one_line(cited["title"]), one_line(cited["source"])
    day = f"[{cited['date']}]" if cited.get("date_is_guessed") and cited["date"] else cited["date"] or ""
    place = ", ".join(map(str, pages))
    if _ADDRESS.fullmatch(cited["path"]):
        dates = (f"({day})" if day else "") + f"[{asked}]"
        issued = f"{publisher}: {place}{dates}" if publisher and place else f"{publisher}{dates}"
        return f"{title}[EB/OL]. {issued}. {one_line(cited['path'])}."
    issued = ", ".join(filter(None, [publisher, day]))
    if place:
        issued = f"{issued}: {place}" if issued else place
    return f"{title}[Z]. {issued}." if issued else f"{title}[Z]."
