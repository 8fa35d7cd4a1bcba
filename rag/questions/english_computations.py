"""Computations in English questions: ``How much more did Lot A cost than Lot B?``; see :mod:`rag.questions.computations`."""

import re
from dataclasses import replace

from rag.questions.computations import Asked, Computation
from rag.questions.kinds import asks_for_reason
from rag.questions.words import END
from rag.text.quantities import quantities_in

LONGEST = 200
"""Characters of a question that is looked at; a longer one tells of something besides."""
_MORE = "more|higher|greater|larger|longer|heavier|wider|deeper|taller|bigger"
_LESS = "less|fewer|lower|smaller|shorter|lighter|narrower"
_POSITIVE = {
    "longer": "long",
    "heavier": "heavy",
    "wider": "wide",
    "deeper": "deep",
    "taller": "tall",
    "shorter": "long",
    "lighter": "heavy",
    "narrower": "wide",
}
"""What an adjective measures by itself."""
_BY = rf"(?:by )?how (?:much|many) (?P<word>{_MORE}|{_LESS})(?: (?P<counted>(?!did|does|do|is|was|are|were|has|have|had)[a-z]+))?"
_THAN = re.compile(
    rf"{_BY} (?P<aux>did|does|do|is|was|are|were|has|have|had) (?P<first>.+?)(?: (?P<verb>[a-z]+(?: to [a-z]+)?))? than (?:that of )?(?P<second>.+)",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"(?:by )?how much (?:did|has|have) (?P<what>.+?) (?P<word>increased?|grown?|risen?|rise|decreased?|fall|fallen|changed?) (?:from|between) (?P<first>(?:19|20)\d\d) (?:to|and) (?P<second>(?:19|20)\d\d)",
    re.IGNORECASE,
)
_DIFFERENCE = re.compile(
    r"(?:what is|what's|what was) the difference (?:in (?P<measure>.+?) )?between (?P<first>.+?) and (?P<second>.+)",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"(?:what is|what's|what was|what are|what were) the (?:total|combined|sum of the) (?P<measure>.+?) (?:of|for|in) (?P<first>.+?) and (?P<second>.+?)(?: (?:combined|together|in total))?",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"(?:did|does|do|is|was|were|are|has|have) (?P<thing>.+?) (?P<verb>exceed(?:ed)?|more than|over|above|less than|below|under) (?P<limit>.+)",
    re.IGNORECASE,
)
_COLUMN = re.compile(
    r"which (?P<row>.+?) (?:has|had|is|was|recorded|shows|showed) the (?P<word>highest|largest|greatest|most|biggest|lowest|smallest|least|fewest) (?P<measure>.+)",
    re.IGNORECASE,
)
_MOST = frozenset(["highest", "largest", "greatest", "most", "biggest"])
_SPENT = re.compile(
    r"(?:what|how much) did (?P<first>.+?) and (?P<second>.+?) (?P<verb>[a-z]+) (?:in total|together|combined|altogether)",
    re.IGNORECASE,
)
_IN_YEAR = re.compile(r"\bin (?P<year>(?:19|20)\d\d)$")
_ARTICLE = re.compile("^(?:the|an|a) ", re.IGNORECASE)


def english_computation_of(question: str) -> Computation | None:
    """What an English question asks to be calculated; None where that is nothing, or cannot be told."""
    text = END.sub("", question)
    if len(text) > LONGEST or asks_for_reason(text):
        return None
    for pattern, told in (
        (_BETWEEN, _between),
        (_THAN, _than),
        (_DIFFERENCE, _difference),
        (_TOTAL, _total),
        (_SPENT, _spent),
        (_LIMIT, _limited),
        (_COLUMN, _column),
    ):
        if (match := pattern.fullmatch(text)) and (found := told(match)):
            return found
    return None


def _than(match: re.Match[str]) -> Computation | None:
    first, second, verb, word = match["first"], match["second"], match["verb"], match["word"].lower()
    if (year := _IN_YEAR.fullmatch(second)) and (own := _IN_YEAR.search(f"{first}{f' {verb}' if verb else ''}")):
        what = own.string[: own.start()].rstrip()
        return _of_years(what, own["year"], year["year"], word) if what else None
    owner, _, measure = first.rpartition("'s ")
    if owner:  # Lot A's cost … than Lot B's
        second = second.removesuffix("'s").removesuffix(f"'s {measure}")
        asked = _each(f"What is the {measure} of {{}}?", owner, second)
    elif of := re.fullmatch(r"(?:the )?(?P<measure>.+?) of (?P<owner>.+)", first):
        asked = _each(f"What is the {of['measure']} of {{}}?", of["owner"], second.removeprefix("of "))
    elif word in _POSITIVE and match["aux"].lower() in ("is", "was", "are", "were"):
        asked = _each(f"How {_POSITIVE[word]} {match['aux']} {{}}?", f"{first}{f' {verb}' if verb else ''}", second)
    elif verb and match["counted"]:
        asked = _each(f"How many {match['counted']} {match['aux']} {{}} {verb}?", first, second)
    elif verb and match["aux"].lower() in ("did", "does", "do"):
        asked = _each(f"How much {match['aux']} {{}} {verb}?", first, second)
    else:
        return None
    return Computation("difference", asked, word in _MORE.split("|"), *_by(asked))


def _by(asked: tuple[Asked, Asked]) -> tuple[str, str]:
    """How the answer begins where the first is more, and where it is less."""
    names = [each.name for each in asked]
    told = (f"{one[0].upper()}{one[1:]} exceeds {other} by " for one, other in (names, names[::-1]))
    return next(told), next(told)


def _between(match: re.Match[str]) -> Computation:
    return _of_years(match["what"], match["second"], match["first"], match["word"])


def _of_years(what: str, year: str, before: str, word: str) -> Computation:
    """By how much something differs in two years."""
    asked = tuple(Asked(each, f"{what} in {each}", f"What was {what} in {each}?") for each in (year, before))
    stem = f"From {min(year, before)} to {max(year, before)}, {what}"
    stems = f"{stem} increased by ", f"{stem} decreased by "
    more = not word.lower().startswith(("decreas", "fall", *_LESS.split("|")))
    return Computation("difference", asked, more, *(stems if year > before else stems[::-1]))


def _difference(match: re.Match[str]) -> Computation | None:
    measure, first, second = match["measure"], match["first"], match["second"]
    if not measure:
        of = re.fullmatch(r"(?:the )?(?P<measure>.+?) of (?P<owner>.+)", first)
        if not of:
            return None
        measure, first, second = of["measure"], of["owner"], re.sub(r"^(?:that of |of )", "", second)
    asked = _each(f"What is the {_ARTICLE.sub('', measure)} of {{}}?", first, second)
    stem = f"{asked[0].name} and {asked[1].name} differ by "
    return Computation("difference", asked, True, stem, stem)


def _total(match: re.Match[str]) -> Computation:
    asked = _each(f"What is the {match['measure']} of {{}}?", match["first"], match["second"])
    stem = f"{asked[0].name} and {asked[1].name} together: "
    return Computation("sum", asked, True, stem, stem)


def _spent(match: re.Match[str]) -> Computation:
    asked = _each(f"How much did {{}} {match['verb']}?", match["first"], match["second"])
    stem = f"{asked[0].name} and {asked[1].name} together: "
    return Computation("sum", asked, True, stem, stem)


def _limited(match: re.Match[str]) -> Computation | None:
    quantities = quantities_in(match["limit"])
    if len(quantities) != 1 or quantities[0].end != len(match["limit"]) or not quantities[0].unit:
        return None
    limit = replace(quantities[0], qualifier="")
    more = match["verb"].lower() not in ("less than", "below", "under")
    verb = "more than" if more else "less than"
    asked = Asked("", match["thing"], f"What is {match['thing']}?")
    yes, no = f"{verb} {match['limit']}", f"not {verb} {match['limit']}"
    return Computation("limit", (asked,), more, yes, no, limit=limit, measure=match["thing"], words=verb)


def _column(match: re.Match[str]) -> Computation:
    more = match["word"].lower() in _MOST
    word = match["word"].lower()
    measure = _ARTICLE.sub("", match["measure"])
    return Computation("column", (), more, word, word, None, measure, rows=match["row"].removeprefix("of the "))


def _each(asks: str, *names: str) -> tuple[Asked, Asked]:
    first, second = (Asked(_ARTICLE.sub("", name), _ARTICLE.sub("", name), asks.format(name)) for name in names)
    return first, second
