"""Parts: a question that asks for several things taken apart into one question for each.

``A和B的产量分别是多少？`` becomes ``A的产量是多少？`` and ``B的产量是多少？``.
"""

import re

from rag.questions.follow_ups import Leans, joined
from rag.questions.words import (
    AMOUNT,
    AMOUNT_END,
    ASK,
    ASKS,
    END,
    ENGLISH_ASK,
    MEASURE,
    MOST_PARTS,
    PART_OF_YEAR,
    PARTICLE,
    TIME,
    YEAR,
    distributed,
)
from rag.text.script import convert

_SAME_THING = re.compile(
    "(?:都|具体|主要|一共|又|各|分)*(?:有|是|包括|分)?(?:哪些|哪几[个条项种类点]?|几[个条项种类点]|什么)(?:方面|内容|措施|举措|做法|要点)?(?:呢|啊)?"
)


def parts_of(question: str, leans: Leans | None = None) -> tuple[str, ...]:
    """A question that asks for several things as one question for each, each standing alone; else just the question.

    Two dates, two things of which a figure is asked, two clauses that both ask: their answers stand in different
    sentences, so each is looked up by itself. A list asked for as one (``哪四方面``) or what several names of one series
    (``增品种、提品质、创品牌``) mean stays whole, since one passage answers it.

    Args:
        leans: tells how a clause leans on the first; without, each stands as it is.

    Returns:
        One to `MOST_PARTS` questions.
    """
    simplified = convert("t2s", question)
    if simplified != question:
        parts = parts_of(simplified, leans)
        return tuple(convert("s2t", part) for part in parts) if len(parts) > 1 else (question,)
    clauses = _clauses(question, leans)
    if len(clauses) == 1:
        apart = _compared(question) or _each(question) or clauses
    else:
        apart = [piece for part in clauses for piece in (_compared(part) or _each(part) or [part])]
        apart = _asked_once(apart)
    return tuple(apart) if 2 <= len(apart) <= MOST_PARTS else (question,)


def _asked_once(parts: list[str]) -> list[str]:
    """Parts without those that only ask once more for what one before them does: ``各是多少`` after ``哪个高``."""
    found: dict[str, str] = {}
    for part in parts:
        found.setdefault(re.sub(f"{ASK}|[^\\w]|[是有为了的各]", "", part), part)
    return list(found.values())


def _clauses(question: str, leans: Leans | None) -> list[str]:
    """The clauses of a question that each ask something, each standing alone."""
    if not re.search("[一-鿿]", question):
        return _english_clauses(question)
    joint = "[？?；;]+|[，,](?:以及|还有|并且|而且|同时|其中|另外|那么|又|而)?|(?<=[少么谁里些])(?:以及|和|并且|还有)(?=.*(?:多少|几|什么|谁|哪|如何|怎))|以及(?=[^，]*(?:多少|几|什么|谁|哪|如何|怎))"
    found: list[str] = []
    place, text = 0, question.strip()
    for match in [*re.finditer(joint, text), None]:
        piece = text[place : match.start() if match else len(text)]
        place_after = match.end() if match else len(text)
        if match and "其中" in match[0]:
            place_after -= 2
        if (
            _is_asking(piece)
            or (found and PARTICLE.search(piece))
            or (found and match is None and re.search("以及$|还有$", text[:place].rstrip()) and END.sub("", piece))
        ):
            found.append(piece)
            place = place_after
    if place < len(text) and found:
        found[-1] = f"{found[-1]}，{text[place:]}"
    found = [END.sub("", piece).strip("，, ") for piece in found if END.sub("", piece).strip()]
    if any(_SAME_THING.fullmatch(piece) for piece in found[1:]):
        return [question]  # 怎么支持，有哪几个方面？ asks for one thing twice
    if len(found) < 2:
        return [question]
    parts = [f"{found[0]}？"]
    for piece in found[1:]:
        asked = piece if ASKS.search(piece) or piece.endswith("呢") else f"{piece}呢"
        amount = re.search("多少|几", parts[0])
        if amount and re.match("多少|几", piece):
            asked = f"{parts[0][: amount.start()]}{piece}"
        leaning = leans(asked, parts[0]) if leans else None
        alone = joined(asked, parts[0], leaning) if leaning and leaning.kind == "leans" else asked
        if not alone:
            return [question]
        parts.append(END.sub("", alone) + "？")
    return parts


def _english_clauses(question: str) -> list[str]:
    """The clauses of an English question that ask, each as a question; what stands for a name is put in for it."""
    shared = re.fullmatch(
        r"(?P<one>how (?:many|much) (?:(?!\b(?:do|does|did|has|have|are|were|is|was)\b).)+?),? and (?P<two>how (?:many|much) .+?) "
        r"(?P<rest>(?:do|does|did|has|have|are|were|is|was)\b.*?)[?]?",
        question.strip(),
        re.IGNORECASE,
    )
    if shared:
        return [f"{shared['one']} {shared['rest']}?", f"H{shared['two'][1:]} {shared['rest']}?"]
    pieces = re.split(rf"[?]\s+|,?\s+and\s+(?=(?:{ENGLISH_ASK})\b)", question.strip(), flags=re.IGNORECASE)
    pieces = [END.sub("", piece) for piece in pieces if END.sub("", piece)]
    if len(pieces) < 2 or not all(
        re.match(rf"(?:and |in \S+,? |by .*?, )?(?:{ENGLISH_ASK}|is|are|was|did|does)\b", piece, re.IGNORECASE)
        and len(piece.split()) > 2
        for piece in pieces
    ):
        return [question]
    names = set(re.findall(r"(?<=\s)[A-Z][a-z]+(?:\s[A-Z][a-z]+)*", pieces[0]))
    if len(names) == 1:
        name = names.pop()
        pieces[1:] = [re.sub(r"\bits\b", f"{name}'s", re.sub(r"\bit\b", name, piece)) for piece in pieces[1:]]
    return [f"{piece[0].upper()}{piece[1:]}?" for piece in pieces]


def _is_asking(piece: str) -> bool:
    """Whether a clause asks: 谁, 多少, 什么; not 几 in 近几年, 哪些 after 不论, or the verb of saying alone."""
    return (
        bool(re.search(f"{ASK}", re.sub("[近前这过去好十]几[年天个月]|什么的|吗啡|不[管论][^，]*", "", piece)))
        and len(END.sub("", piece)) >= 3
    )


def _each(question: str) -> list[str]:
    """``A和B分别是多少？``: one question for A, one for B; likewise for two dates."""
    text = END.sub("", question.strip())
    match = re.search(
        r"[，,]?(?:分别|各自|各)(?=(?P<asked>(?:[^，的分]{0,4}(?=多少|几))?(?:又|都|同比|环比|约|大约)*(?:是|有|为|达到?|增长|下降|占|达|在|于|提高|减少|上涨|下跌|生产|销售|拿|获得?|卖)?了?(?:多少|几|谁|什么(?:时候|地方|$)|哪[年里天一]|何时|多[大高长少远重久快]).*)$)",
        text,
    )
    counts = re.fullmatch(
        rf"(?P<head>.*?)(?P<one>多少{MEASURE}[^，多少和]+)(?:和|以及|、|，)(?P<two>多少{MEASURE}[^，多少]+)", text
    )
    if counts:
        return [f"{counts['head']}{counts[each]}？" for each in ("one", "two")]
    if not match:
        return []
    head, asked = text[: match.start()], match["asked"]
    dates = rf"(?P<one>{TIME})(?P<joint>、|和|与|跟|以及|及)(?P<two>{TIME})(?:(?:、|和|与|以及|及)(?P<three>{TIME}))?(?P<of>的)?"
    found = re.search(dates, head)
    if found:
        return [
            f"{head[: found.start()]}{time}{head[found.end() :]}{asked}？"
            for time in _full_times([found["one"], found["two"], found["three"]])
        ]
    return [f"{thing}{asked}？" for thing in distributed(head)]


def _full_times(times: list[str | None]) -> list[str]:
    """Times of a list, the year of the first given to those that name none: 2023年3月初和3月底."""
    said = [time for time in times if time]
    year = re.search(YEAR, said[0])
    opening = re.match("截至|截止到?|在|到", said[0])
    if opening:
        said[1:] = [time if time.startswith(opening[0]) else f"{opening[0]}{time}" for time in said[1:]]
    return [
        f"{time[: part.start()]}{year[0]}{part[0]}"
        if year and index and (part := re.search(f"{PART_OF_YEAR}$", time)) and not re.search(YEAR, time)
        else time
        for index, time in enumerate(said)
    ]


def _compared(question: str) -> list[str]:
    """``A和B的产量哪个增长更快？`` asks for two figures."""
    text = END.sub("", question.strip())
    match = re.search(
        rf"(?:相比)?[，,]?(?:哪个|哪一?[年家种项座届方者月些]|谁)的?(?P<how>[^，更]{{0,6}}?(?:{AMOUNT})|(?:同比)?(?:增长|下降|上涨|下跌|提高|增加|减少|增|涨|降)得?|)(?:更|比较|最|要)?(?P<adjective>快|慢|高|低|多|少|大|小|长|短|贵|便宜|重|远)(?:一些|一点|些|呢)?$",
        text,
    )
    if not match:
        return []
    head, how = text[: match.start()].rstrip("，,"), match["how"]
    what = how if re.search(AMOUNT, how) else ""
    verb = re.search("增长|下降|上涨|下跌|提高|增加|减少|增|涨|降", how)
    found = re.search(rf"(?P<one>{TIME})(?:和|与|跟|还是)(?P<two>{TIME})", head)
    if found:
        things = [
            f"{head[: found.start()]}{time}{head[found.end() :]}" for time in _full_times([found["one"], found["two"]])
        ]
    else:
        things = distributed(head)
    unit = {
        "快": "多快",
        "长": "多长",
        "远": "多远",
        "重": "多重",
        "贵": "多少钱",
        "便宜": "多少钱",
        "大": "多大",
        "高": "多高",
    }
    asked = f"{verb[0]}多少" if verb else "是多少"
    if not verb and not what and things and not AMOUNT_END.search(things[0]):
        asked = "有多少" if match["adjective"] in "多少" else unit.get(match["adjective"], "")
        if not asked:
            return []
    return [f"{thing}{f'的{what}' if what and not verb else ''}{asked}？" for thing in things]
