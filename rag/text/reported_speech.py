"""Reported speech: which parts of a paragraph somebody is said to have said, and who.

``贺文斌表示，……``, ``他说：“……”``, ``“……。”种粮大户孙福来说，……``. What has a verb of speech and a subject that is no known person is
somebody else's: it ends what another said. Nothing is reported by a verb that is denied (``没有表示``).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.text.person_names import SPEECH, TITLES, People, ends_with_role, names_in
from rag.text.quotations import CLOSING, OPENING, Quotations
from rag.text.view import HAN

REPORTER = "记者"

_FORMAL = "[诉辩述证供]称|主张|要求|陈述|供述|发言|建议|希望|提醒"
_PLAIN = "回忆|感叹|感慨|追问|反问|问道|答道|写道|喊道|笑道|讲道|证实|承认|否认|反映|呼吁"
_VERB = f"{SPEECH}|{_FORMAL}|{_PLAIN}"
_SAYS = re.compile(
    f"(?P<verb>{_VERB})(?:道|说|称|过)?(?:{REPORTER}|本报{REPORTER}|我们|笔者|大家)?(?P<mark>[，,：:。])(?![并且而])"
    f"|[讲谈说提作]出?了[{HAN}]{{1,8}}(?P<colon>[：:])"  # 讲了三点意见：
)
# What an office says, or a party to a case, may take several sentences; the other verbs are of one.
_OF_SEVERAL = re.compile("表示|指出|介绍|强调|明确|陈述|供述|主张|[诉辩述证供]称")
_SURELY_SPEECH = frozenset(SPEECH.split("|")) - {"说"}  # 具体来说，也就是说，
# Parties to a case are named by what they are: 被告辩称，被上诉人答辩称，
_PLEADS = re.compile("[诉辩述证供]称")
_PARTY = re.compile(f"(?P<who>[{HAN}]{{2,8}}?)(?:答|上|反|到庭|当庭)?")
_DENIED = re.compile("(?:没有?|未曾?|并未|不曾?|拒绝|从未|未能|[被由])$")
_ADVERB = "也还则又就再都曾在对向于从经当随同日近今最首第接到笑进如此才只仍并而亦便特反回补始先后"
_BETWEEN = re.compile(f"(?:{TITLES})?(?:(?:[{_ADVERB}]|被问|[{HAN}]着).{{0,11}})?")
_PRONOUN = re.compile(f"[他她](?:[{_ADVERB}].{{0,11}})?")
_UNNAMED = re.compile("(?:相关负责人|有关负责人|新闻发言人|发言人)$")
_CLAUSE = re.compile("[^，。！？；：“”\n]*$")
# What a verb of speech may follow: 在被问及……时，对于水压问题，
_CIRCUMSTANCE = re.compile("(?:^|(?<=[。！？；”\n]))(?:在|对|针对|关于|谈[到及]|当|就)[^。！？；：“”]*，$")
_FURTHEST = 80
_BETWEEN_NAME_AND_VERB = 12
_FURTHEST_NAME = 18
_MOST_IN_A_SENTENCE = 20
_FIRST_PERSON = re.compile("我(?!国)|咱")
_SPEAKS_TO = re.compile("[你您]")
# What passes on another's words, tells of the speaker, or of the occasion: 据统计，他……，会议决定……
_OF_THE_NARRATOR = re.compile(f"据|截至(?:{REPORTER})?发稿|[他她](?!人)|会议|会[上后]|与会|现场|当[天日]|随后")
_CITES = re.compile("，[说称](?![为作得])")  # 出具书面意见，称手机已拿回


@dataclass(frozen=True, slots=True)
class Attribution:
    """What somebody is said to have said.

    Attributes:
        who: the speaker; empty for somebody who is not known.
        start, end: the part of the paragraph that says so, with what is said in the same sentence or quotation.
        goes_on: whether sentences that follow may be of the same speech.
        is_once: whether only those may that show it themselves (``我们``).
    """

    who: str
    start: int
    end: int
    goes_on: bool
    is_once: bool


class Reports:
    """Finds what a text reports, paragraph by paragraph."""

    def __init__(self, people: People) -> None:
        self._people = people
        self.end()

    def end(self) -> None:
        """What comes next has nothing to do with what came before."""
        self._last = ""  # whom the paragraph before named last, whom a pronoun may mean
        self._quoted = ""  # whose quotation is still open

    def speakers(
        self, paragraph: str, spans: Sequence[tuple[int, int]], before: str, *, is_report: bool
    ) -> tuple[list[str], str]:
        """Who says each sentence of a paragraph; empty for the narrator. And who still speaks at its end.

        Args:
            paragraph: readable text.
            spans: its sentences.
            before: who still speaks where it begins.
            is_report: whether it is of a report of what was said, where every verb of speech may open several sentences.
        """
        found = self._found_in(paragraph, before)
        speakers = []
        speaking, is_once = before, False
        first = 0
        for start, end in spans:
            words = paragraph[start:end]
            while first < len(found) and found[first].end <= start:
                first += 1
            own = [each for each in found[first : first + _MOST_IN_A_SENTENCE] if each.start < end]
            if own:
                speakers.append(_who_says_most(own, start, end))
                speaking, is_once = own[-1].who if own[-1].goes_on else "", own[-1].is_once and not is_report
            else:
                if speaking and not self._goes_on(words, speaking, is_once=is_once):
                    speaking = ""
                speakers.append(speaking)
            if words.endswith(CLOSING):
                speaking = ""
        return speakers, speaking

    def opens_with(self, sentence: str) -> bool:
        """Whether a sentence says from its beginning who says it and what follows."""
        first = next(self._attributions(sentence, Quotations(sentence), ""), None)
        return bool(first and first.who and 2 * first.start <= len(sentence) and first.goes_on)

    def _found_in(self, paragraph: str, before: str) -> list[Attribution]:
        """What a paragraph reports; what is still quoted there is no report of its own."""
        if not self._quoted and not _SAYS.search(paragraph):
            self._last = ""
            return []
        quotations = Quotations(paragraph)
        if self._quoted and paragraph.startswith(OPENING):  # a quotation of several paragraphs opens again in each
            found = [Attribution(self._quoted, 0, quotations.end(0), goes_on=False, is_once=False)]
        else:
            found = list(self._attributions(paragraph, quotations, before))
        is_left_open = quotations.is_open and found and not found[-1].goes_on and found[-1].end == len(paragraph)
        self._quoted = found[-1].who if is_left_open else ""
        self._last = found[-1].who if found else ""
        return found

    def _attributions(self, paragraph: str, quotations: Quotations, before: str) -> Iterator[Attribution]:
        """What is reported, in order.

        Args:
            before: who speaks where the paragraph begins, whom a pronoun may mean.
        """
        antecedent, reached = before, 0
        for says in _SAYS.finditer(paragraph):
            clause = _clause_before(paragraph, says.start())
            begins = says.start() - len(clause)
            follows_quotation = paragraph.endswith(CLOSING, 0, begins)
            if quotations.around(says.start()) or (says["mark"] == "。" and not follows_quotation):
                continue
            opens_quotation = paragraph.startswith(OPENING, says.end())
            who = self._subject(clause, says["verb"] or "", is_quoted=opens_quotation or follows_quotation)
            if who is None and _PRONOUN.fullmatch(clause):
                who = self._meant(paragraph[reached:begins], antecedent, at_beginning=begins == 0)
            if who is None:
                if not _is_by_somebody(clause, says["verb"] or ""):
                    continue
                who = ""
            if follows_quotation and reached < begins:  # else the quotation is of who was named before it
                start = quotations.start(begins)
            else:
                circumstance = _CIRCUMSTANCE.search(paragraph, max(0, begins - _FURTHEST), begins)
                start = circumstance.start() if circumstance else begins
            goes_on = False
            if opens_quotation:
                end = quotations.end(says.end())
            elif says["mark"] == "。":
                end = says.end()
            else:
                end, goes_on = quotations.end_of_sentence(says.end()), True
            antecedent, reached = who, end
            yield Attribution(who, start, end, goes_on, is_once=not _OF_SEVERAL.fullmatch(says["verb"] or ""))

    def _subject(self, clause: str, verb: str, *, is_quoted: bool) -> str | None:
        """Who speaks by a clause before a verb of speech; None for nobody that is known.

        Args:
            is_quoted: whether the clause stands beside a quotation.
        """
        if _DENIED.search(clause):
            return None
        places = [(clause.find(name), -len(name), name) for name in self._people.names if name in clause]
        near = [each for each in places if len(clause) - each[0] + each[1] <= _BETWEEN_NAME_AND_VERB]
        if near:
            return min(near)[2]
        unnamed = _UNNAMED.search(clause)
        party = _PARTY.fullmatch(clause) if _PLEADS.fullmatch(verb) else None
        return self._named(clause, is_quoted=is_quoted) or (unnamed and unnamed.group()) or (party and party["who"])

    def _named(self, clause: str, *, is_quoted: bool) -> str:
        """The name in a clause with nothing but an adverb after it, which the words before it or the text bear out."""
        for start, end in names_in(clause, max(0, len(clause) - _FURTHEST_NAME)):
            if not _BETWEEN.fullmatch(clause, end):
                continue
            name = clause[start:end]
            is_again = self._people.is_named_again(name)
            if name[-1] in _ADVERB and end - start > 2 and not is_again:
                continue  # 陶青还表示
            is_introduced = clause.endswith("的", 0, start) or ends_with_role(clause[:start])
            if is_introduced or (start == 0 and (is_quoted or is_again)):
                return name
        return ""

    def _meant(self, between: str, antecedent: str, *, at_beginning: bool) -> str:
        """Whom a pronoun means; empty where that is not sure.

        Args:
            between: what stands between what the antecedent said and the pronoun.
            at_beginning: whether the pronoun opens the paragraph.
        """
        if at_beginning:
            return antecedent or self._last
        is_near = not re.search(f"[他她]|{REPORTER}", between) and not self._people.are_named_in(between)
        return antecedent if is_near else ""

    def _goes_on(self, words: str, speaking: str, *, is_once: bool) -> bool:
        """Whether a sentence after somebody's words is still his, not the narrator's or another's."""
        if is_once and not _FIRST_PERSON.search(words):
            return False
        is_narrated = REPORTER in words.partition("，")[0] or _OF_THE_NARRATOR.match(words) or speaking in words
        return not (is_narrated or _CITES.search(words) or self._people.are_named_in(words))


def shows_speaker(words: str) -> bool:
    """Whether words are of somebody who speaks: ``我们``, ``您``."""
    return bool(_FIRST_PERSON.search(words) or _SPEAKS_TO.search(words))


def _is_by_somebody(clause: str, verb: str) -> bool:
    """Whether a verb of speech has a subject, if not one that is known, so that another's speech is over."""
    if _DENIED.search(clause) or _FIRST_PERSON.match(clause):
        return False
    return ends_with_role(clause) or (verb in _SURELY_SPEECH and bool(clause))


def _who_says_most(attributions: Sequence[Attribution], start: int, end: int) -> str:
    """The speaker of more than half of a sentence; empty where nobody is."""
    shares: dict[str, int] = {}
    for place, each in enumerate(attributions):
        stop = attributions[place + 1].start if place + 1 < len(attributions) else each.end
        share = min(end, each.end, max(stop, each.start)) - max(start, each.start)
        shares[each.who] = shares.get(each.who, 0) + share
    who = max(shares, key=lambda name: shares[name])
    return who if 2 * shares[who] > end - start else ""


def _clause_before(text: str, end: int) -> str:
    """What stands between the last pause and ``end``."""
    clause = _CLAUSE.search(text, max(0, end - _FURTHEST), end)
    return clause.group() if clause else ""
