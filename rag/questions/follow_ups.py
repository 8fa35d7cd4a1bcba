"""Follow-ups: a follow-up question rewritten so that it stands alone.

``那销量呢？`` after ``2023年一季度新能源汽车的产量是多少？`` becomes ``2023年一季度新能源汽车的销量是多少？``. Rules look at the surface
only: what time a question names, what it is about (its subject) and what it asks of it (its predicate). What no rule is
sure of goes to a language model if there is one, whose answer is checked; else the question before is put in front.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rag.questions.words import (
    AMOUNT,
    AMOUNT_END,
    ASK,
    ASKS,
    END,
    ENGLISH_ASK,
    MEASURE,
    PART_OF_YEAR,
    PARTICLE,
    PLACE,
    PLACES,
    TIME,
    YEAR,
    distributed,
)
from rag.text.script import convert

History = list[tuple[str, str]]
"""Earlier questions of a conversation with their answers, oldest first."""

LONGEST = 200
"""Characters a rewritten question may have; a longer one has taken in more than a question."""

_YEAR_START = re.compile(f"^{YEAR}")
_COUNTED = re.compile(
    rf"(?:多少|几)(?>{MEASURE})(?P<thing>[^，,是有在的了]{{2,}}?)(?P<tail>(?:(?:通|开|接|用)[了过上]|实现|完成|参加|加入|通过|获得|接受).*)?$"
)
_ADVERB = "(?:分别|各自?|一共|总共|共|已经?|又|还|也|累计|同比|环比|将|预计|大约|约|拟按?|主要|具体|究竟|到底|可能|会|要|应该|可以|能)*"
_VERB = (
    "是|(?<![华行因认作成])为(?![什何了])|(?<![所没只还])(?<!(?<![我全中])国)有(?![限关效色机])|拥有|达到?|建成|建设|建有|开通|增长|下降|提高|提升|增加|减少|超过|突破|占|完成|实现|"
    "排|属于|位于|成立|发布(?!会)|出台|生产|销售|招聘?|卖出|卖|投入|投资了|售出|获得|拿|赢|输|进了|收购|缴纳|规定|需要|提出|包括|聚焦|引进|参加|举办|创造|安装|"
    "上涨|下跌|上升|降低|降到|降至|比|较|适用|涨|跌|降|亏|赚"
)
_PREDICATE = re.compile(
    f"{_ADVERB}(?:{_VERB}|[一-鿿][^进拿得卖买花用招投赚赢运写拍吃]了(?={ASK})|[进拿得卖买花用招投赚赢运写拍吃]了(?={ASK})|(?={ASK}))"
)
_SPEECH = "(?:还|也|又|曾|在[^，]{1,20}[上中里])?(?:说|表示|指出|介绍|认为|强调|透露|提到|谈到|讲|称|回应|回答|宣布|坦言|写道)"
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛范彭鲁韦昌马苗凤方俞任袁柳樊谷鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于傅皮齐康伍余元顾孟黄穆萧尹姚邵汪祁毛"
    "狄米明戴宋庞熊纪舒屈项祝董梁杜阮闵席季贾路江童颜郭梅林钟徐邱骆高夏蔡田胡凌霍虞万柯管卢莫房裘缪干解应宗丁邓洪包左石崔龚程邢裴陆荣翁荀甄曲封储靳段巫乌焦巴牧车侯全班秋仲伊宁仇甘厉祖武符刘景詹束龙"
    "叶幸司黎薄印白蒲丛索赖卓屠乔闻党翟谭劳申冉桑桂牛边燕尚温庄晏柴瞿阎连习容向古易戈廖庾居衡步耿满匡文寇广东欧沃利越师巩聂勾敖冷辛那简饶曾关肖辜"
)
_NAME = rf"(?:欧阳|司马|上官|诸葛|[{_SURNAMES}])[一-鿿]{{1,2}}"
_TITLE = "(?:部长|副部长|司长|副司长|主任|副主任|局长|副局长|董事长|总经理|总裁|教授|院士|发言人|主席|总理|总统|书记|市长|省长|律师|法官|教练|院长|校长|经理|首席执行官|CEO|先生|女士|队长)"
_SPEAKER = re.compile(rf"(?P<name>{_NAME})(?:{_TITLE})?(?={_SPEECH})")
_TITLED = re.compile(
    rf"(?:{_TITLE}|由)(?P<after>{_NAME})(?![一-鿿]*公司)|(?P<alone>^{_NAME})(?=[。.，（(]|$)|(?:是|为)(?P<be>{_NAME})(?=[。.，]|$)"
)
_LEAD = re.compile(
    "^(?:(?:好的?|嗯+|哦+|噢|请问|那么|那(?![个些时里种家位项座年次款份天场])|然后|再问一下|另外|还有(?=[，,])|对了|顺便问一下|所以|可是|但是?)[，,、 ]?)+"
)
_HE = re.compile(r"(?<![吉其])[他她](?![人国乡日山])们?")
_IT = re.compile(
    "它们?|(?<![尤极与])其(?![他它实次余间中])|(?:该|这(?![次几一样里么时才就天年]))(?:个|些|项|种|家|位|座|款|份|部|条|届|场|座|所|本)?(?P<noun>[一-鿿]{1,6}?)?(?=[上中里内的是有由在将于，共目还已到为涉多哪对从]|$)"
)
_AMONG = re.compile("^(?:在?(?:其|这|它们|他们)(?:之?中|里面|当中|里)|这里面|其中)[，,]?")
# What a question that leaves out its subject consists of: figures' verbs, adverbs, question words and nothing else.
_HOLLOW = re.compile(
    f"哪[一二两三四五六七八九十几]*[个项种类家方面座条点]|{TIME}|{_VERB}|{ASK}|同比|环比|上年|去年|同期|上个?月|已经?|累计|分别|各自?|一共|总共|共|具体|主要|大概|大约|约|现在|后来|最后|到底|又|还|也|都|就|了|的|呢|啊|呀|哪?些|个|百分点|"
    "百分之|单位|原因|占比|比重|排名|名次|位居|第|增速|增幅|幅度|目标|时候|地方|时间|地点|来源|数据|出处|依据|这|那|样|"
    "方面|内容|措施|部分|其他|其它|别的|例子|意思|说|讲|提|算|做|样子|全国|全球|平均|计划|在|到|至|从|由|与|和|相比|上|前|下|呗|多|少|去|来|以|想|用|今后|之后|以后|将来|如何|[，,、 ]|万|亿|元|家|座|项|名|倍|人|会"
)
_RELATION = "创始人|董事长|总经理|总裁|首席执行官|总部|负责人|作者|校长|队长|主教练|注册资本|会长|法定代表人|承办方|主办方|导演|主演|生效日期|截止日期|特点|优点|缺点|用途"
_RELATION_END = re.compile(f"(?:{_RELATION})$")
_SUBJECTLESS = (
    re.compile("(?:比|较|与|和)[^，]{2,}?(?:高|低|多|少|快|慢|增长|下降|增加|减少|提高)(?:了|出)?(?:多少|几)"),
    re.compile(
        f"(?:单位|原因|排名|占比|依据|来源|(?!GDP|[进出]口|消费|投资|人口){AMOUNT})(?:分别)?(?:是|为|在|有|达)[^，]*(?:{ASK})"
    ),
    re.compile(
        "(?:(?:是|又|从|在|到|由)?(?:什么时候|何时|哪[里年天]|什么地方|谁|哪位|怎么|如何)(?:开始)?)[一-鿿]{2,3}(?<![人国者])(?:的|了)$"
    ),
    re.compile("(?:从|到|在)?(?:什么时候|何时|哪年)(?:开始|结束)?[一-鿿]{2}$"),
    re.compile("为(?:什么|何)[一-鿿]{2,3}$"),
    re.compile(f"(?:{_RELATION})(?:分别|都|又)?(?:是|在|有|为)?(?:{ASK})"),
    re.compile("占[^，的]{0,12}的?(?:比例|比重)?(?:是|为)?(?:多少|几)"),
    re.compile("[一-鿿]{1,2}了(?:多少|几)"),
    re.compile("第[一二三四五六七八九十\\d](?:点|项|条|个|方面|类|步)(?=是|的?具体|有|呢|内容|什么|指)"),
)
_GENERAL = "指标|数字|数据|比例|项目|工程|计划|平台|公司|企业|行业|产业|产品|政策|法律?|规定|标准|技术|系统|概念|问题|措施|地方|城市|国家|学校|模型|活动|会议|球队|比赛|奖项|条例|制度"
_ORDINAL = re.compile("第(?P<number>[一二三四五六七八九十\\d])(?P<what>点|项|条|个|方面|类|种|步|部分)?")
_ORDINALS = "一二三四五六七八九十"
_ENGLISH_TIME = re.compile(
    r"(?:\b(?:in|by|at|as of|since|during|until|for)\s+)?(?:the\s+)?(?:(?:end|start|beginning|first half|second half|(?:first|second|third|fourth) quarter|Q[1-4]|H[12])\s+(?:of\s+)?)?"
    r"(?:(?:January|February|March|April|May|June|July|August|September|October|November|December)\s+)?\b(?:19|20)\d\d\b",
    re.IGNORECASE,
)
_ENGLISH_PRONOUN = re.compile(r"\b(?:he|she|him|it|they|them|his|her|its|their|that|this|those|these)\b", re.IGNORECASE)

_PROMPT = """把最后一个问题改写成不看对话也能懂的完整问题：代词换成所指的名称，补上省略的部分，不回答，不添加对话里没有的内容。只输出改写后的一句话。

对话：
问：2022年甲公司的营业收入是多少？
答：35亿元。
最后的问题：它的净利润呢？
改写：2022年甲公司的净利润是多少？

对话：
问：谁主持了这次会议？
答：李明主持了会议。
最后的问题：他提出了什么要求？
改写：李明在这次会议上提出了什么要求？

对话：
<<<
{conversation}
>>>
最后的问题：{question}
改写："""


@dataclass(frozen=True, slots=True)
class Understood:
    """A question as it is looked up.

    Attributes:
        question: it stands alone; shown to the user where it was rewritten.
        rewritten: whether it differs from what was asked.
        by: what rewrote it: ``rules``, ``model``, or nothing.
        new_subject: it needs nothing of the conversation before and speaks of something else.
    """

    question: str
    rewritten: bool = False
    by: Literal["", "rules", "model"] = ""
    new_subject: bool = False


def understand(question: str, history: History, complete: Callable[[str], str] | None = None) -> Understood:
    """A question of a conversation as one that stands alone.

    Args:
        question: what is asked now.
        history: earlier questions with their answers, oldest first; as asked or as rewritten.
        complete: a language model that continues a prompt; asked only where the rules are not sure.

    Raises:
        Whatever ``complete`` raises.
    """
    if not history:
        return Understood(question)
    simplified = convert("t2s", question)
    if simplified != question:
        asked = [(convert("t2s", before), convert("t2s", answer)) for before, answer in history]
        understood = understand(simplified, asked, complete)
        text = convert("s2t", understood.question) if understood.rewritten else question
        return Understood(text, understood.rewritten, understood.by, understood.new_subject)

    if stands_alone(question):
        subject = " ".join(before for before, _ in history[-3:])
        return Understood(question, new_subject=_overlap(question, subject) < 0.2)
    turns = _resolved(history)
    rewritten = by_rules(question, turns)
    if rewritten:
        return Understood(rewritten, rewritten != question, "rules" if rewritten != question else "")
    this = _IT.search(_core(question))
    if (
        this
        and this["noun"]
        and not this[0].startswith(("该", "这些", "这个"))
        and not re.fullmatch(_GENERAL, this["noun"])
        and not _HE.search(question)
    ):
        return Understood(question, new_subject=True)  # 这届世界杯 of which nobody spoke
    if complete is not None:
        rewritten = _by_model(question, turns, complete)
        if rewritten:
            return Understood(rewritten, rewritten != question, "model" if rewritten != question else "")
    return Understood(f"{turns[-1][0]} {question}"[-2000:], True, "rules")


def stands_alone(question: str) -> bool:
    """Whether a question can be understood without the ones before it."""
    text = _core(question)
    if not re.search("[一-鿿]", question):
        return _stands_alone_in_english(text)
    if PARTICLE.search(text):
        fragment = PARTICLE.sub("", text)
        return bool(ASKS.search(fragment)) and not _leans(fragment)
    if not ASKS.search(text) and len(text) <= 12 and not re.search("介绍|解释|说明|总结|列出|概括|比较", text):
        return False
    return not _leans(text)


def _leans(text: str) -> bool:
    """Whether a question has a pronoun without antecedent, or leaves out what it is about."""
    if not _HOLLOW.sub("", text):
        return True
    if _AMONG.match(text) or re.search(
        "前者|后者|上面|上述|以上(?:这|几|内容|措施|提到|所说|[两三四五六])|刚才|你说的|前面提到|同一?(?:时期|期|年)(?=[^，]*呢)",
        text,
    ):
        return True
    if any(pattern.match(text) for pattern in _SUBJECTLESS):
        return True
    for pattern in (_HE, _IT):
        for match in pattern.finditer(text):
            before = _HOLLOW.sub("", re.sub(TIME, "", text[: match.start()]))
            following = text[match.end() :]
            # 这次大会, 这一年 with its name beside it, and a pronoun after what it stands for, need nothing from before.
            if len(before) >= 2 or (
                pattern is _IT and match["noun"] is None and match[0] in ("该", "这") and following
            ):
                continue
            return True
    rest = re.sub(f"^(?:{TIME})[，,]?", "", text)
    after = re.sub(f"^{_ADVERB}", "", rest)
    if re.match("(?:增长|下降|提高|提升|增加|减少|达到?|超过|突破|占|排|降到?|涨|跌)", after):
        return len(_HOLLOW.sub("", after)) < 2
    return False


def _core(question: str) -> str:
    """A question without the words that lead into it and the mark at its end."""
    return END.sub("", _LEAD.sub("", question.strip()))


def _resolved(history: History) -> History:
    """The conversation with each question as it stands alone."""
    turns: History = []
    for asked, answer in history[-6:]:
        question = asked
        if turns and not stands_alone(asked):
            question = by_rules(asked, turns) or f"{turns[-1][0]} {asked}"
        turns.append((question, answer))
    return turns


def by_rules(question: str, turns: History) -> str:
    """The question rewritten where a rule is sure, else an empty text."""
    before, answer = turns[-1]
    text = _core(question)
    if not re.search("[一-鿿]", question):
        return _by_english_rules(text, turns)
    for rule in (_ordinal, _of_one, _who_or_why, _further, _fragment, _among, _pronoun, _ellipsis):
        rewritten = rule(text, before, answer, turns)
        if rewritten and len(rewritten) <= LONGEST:
            return END.sub("", rewritten) + "？"
    return ""


@dataclass(frozen=True, slots=True)
class _Frame:
    """A question as ``[time][subject][predicate]``; joined they are the question without its mark."""

    time: str
    subject: str
    predicate: str


def _frame(question: str) -> _Frame:
    text = _core(question)
    time = re.match(f"(?:{TIME})(?:的|[，,])?", text)
    head = time[0] if time else ""
    rest = text[len(head) :]
    copula = re.search(f"{_ADVERB}(?:又?是|为|在|达到?)(?={ASK})", rest)
    if copula and copula.start() >= 2 and not ASKS.search(rest[: copula.start()]):
        return _Frame(head, rest[: copula.start()].rstrip("，, "), rest[copula.start() :])
    for match in _PREDICATE.finditer(rest):
        if match.start() >= 2 and ASKS.search(rest, match.start()):
            return _Frame(head, rest[: match.start()].rstrip("，, "), rest[match.start() :])
    return _Frame(head, "", rest)


def _topic(question: str, time: bool = True) -> str:
    """What a question is about, as a noun phrase, with its time in front if wanted; empty if it cannot be told."""
    frame = _frame(question)
    counted = _COUNTED.search(frame.predicate)
    subject = frame.subject
    if counted:
        thing = counted["thing"]
        subject = f"{subject}{'' if not subject or subject in ('我国', '全国', '国内', '中国') else '的'}{thing}"
    elif not subject:
        defined = re.match(f"(?:什么是|(?:啥|哪些|谁)(?:{_VERB})了?)(?P<thing>.{{2,}})", frame.predicate)
        subject = defined["thing"] if defined else ""
    if not subject or ASKS.search(subject) or subject.endswith("在") or _SPEAKER.search(_core(question)):
        return ""
    return f"{frame.time if time else ''}{subject}"


def _statement(question: str, answer: str) -> str:
    """What question and answer say together, as a clause; empty if it cannot be put into one."""
    said = END.sub("", re.split("[。！？\n]", answer.strip())[0])
    asked = _core(question)
    if len(said) >= 8 and not re.fullmatch(r"[\d.,%％万亿个座家元]+", said):
        return said if len(said) <= 80 else ""
    place = re.search(rf"多少{MEASURE}|几{MEASURE}|谁|什么|哪[里年]|何时", asked)
    if said and place:
        return f"{asked[: place.start()]}{said}{asked[place.end() :]}"
    return ""


def _ordinal(text: str, before: str, answer: str, turns: History) -> str:
    """``第二点呢？`` names an item that the answer lists."""
    match = _ORDINAL.search(text)
    if not match or not (match["what"] or "上面" in text) or len(text) > 16:
        return ""
    number = int(match["number"]) if match["number"].isdigit() else _ORDINALS.index(match["number"]) + 1
    items = _items(answer)
    if not 1 <= number <= len(items):
        return ""
    rest = PARTICLE.sub("", text[match.end() :])
    return f"“{items[number - 1]}”{rest or '具体是什么'}"


def _items(answer: str) -> list[str]:
    """What an answer lists: by 一是, 第一, 1. or bullets, else by 、 or ； in one sentence."""
    marked = re.split(
        rf"(?:^|(?<=[：:；;。，,\n ]))(?:第?[{_ORDINALS}](?:是|、|，|方面|来)|\d{{1,2}}[.、)）]|[（(][{_ORDINALS}\d][)）]|[-•])",
        answer,
    )
    if len(marked) > 2:
        pieces = marked[1:]
    else:
        listed = re.split("[:：]|包括|分别是|分别为|(?<!就)是", answer, maxsplit=1)[-1]
        pieces = re.split("[；;]" if re.search("[；;]", listed) else "[、]|和(?=[^、和]+$)|以及", listed)
    return [item for item in (piece.strip(" ，,；;。：:\n") for piece in pieces) if item]


def _of_one(text: str, before: str, answer: str, turns: History) -> str:
    """前者 and 后者 are the two things the question before names."""
    match = re.search("前者|后者", text)
    pair = [END.sub("", each) for each in distributed(re.split(ASK, _core(before))[0])] if match else []
    if not match or len(pair) != 2:
        return ""
    return text.replace(match[0], pair[match[0] == "后者"])


def _who_or_why(text: str, before: str, answer: str, turns: History) -> str:
    """``谁说的？`` and ``为什么？`` ask about what was just answered."""
    statement = _statement(before, answer)
    if re.fullmatch(
        "(?:这|那|这话|这句话|这个数据|这个)?(?:话|数据)?是?(?:谁|哪位|什么人)(?:说|讲|提出|介绍|公布)的?", text
    ):
        return f"“{statement}”是谁说的" if statement else ""
    if re.fullmatch(
        "(?:这是|那是)?(?:为什么|为何|为啥|怎么会|什么原因|原因是什么|是什么原因)(?:呢|会这样|这样|啊)?", text
    ):
        return f"为什么{statement}" if statement and not re.match("因为|由于", statement) else ""
    return ""


def _further(text: str, before: str, answer: str, turns: History) -> str:
    """``具体有哪些？`` asks for the things counted, ``还有呢？`` for more of what was asked."""
    if re.fullmatch(
        "(?:具体|分别|都|主要|又)?(?:有|是|包括)?(?:哪些|哪[一二两三四五六七八九十几]+[个项种类家方面座条点]+|什么|啥)(?:方面|内容|措施)?(?:呢)?",
        text,
    ):
        if text in ("什么", "啥", "是什么"):
            return ""
        core = _core(before)
        counted = re.search(rf"(?:多少|几)(?P<measure>{MEASURE})(?=[^，]{{2,}}$)", core)
        if counted:
            return f"{core[: counted.start()]}哪些{core[counted.end() :]}"
        counted = re.search(rf"(?P<asked>多少|几){MEASURE}$", core)
        if counted and counted.start() and counted["asked"] == "几":
            return f"{core[: counted.start()]}哪{core[counted.start() :]}"
        topic = _topic(before)
        return f"{topic}{text.removesuffix('呢')}" if topic else ""
    if re.fullmatch("还有(?:呢|吗|别的吗|其他的?吗|哪些|什么|谁|没有|其他的?呢|别的呢)", text):
        said = END.sub("", answer.strip())
        return f"除了{said}，{before}" if 0 < len(said) <= 40 else f"{END.sub('', before)}，还有其他的吗"
    return ""


def _fragment(text: str, before: str, answer: str, turns: History) -> str:
    """``X呢？`` asks the question before with X in the place of what is like it."""
    fragment = PARTICLE.sub("", text)
    if fragment == text and (ASKS.search(text) or len(text) > 20):
        time_only = re.fullmatch(f"(?P<time>{TIME})[，,]?(?:又|则)?(?:是|有|为)?多少(?:{MEASURE})", text)
        return _at_time(time_only["time"], before) if time_only else ""
    if not fragment or ASKS.search(fragment) or _HE.search(fragment) or _IT.search(fragment):
        return ""
    if fragment in ("同比", "环比"):
        topic = _topic(before)
        return f"{topic}{fragment}增长多少" if topic else ""
    if fragment in ("人均", "平均", "每人"):
        subject = _frame(before).subject
        amount = AMOUNT_END.search(subject)
        return _core(before).replace(subject, f"{subject[: amount.start()]}{fragment}{amount[0]}") if amount else ""
    time = re.match(f"(?P<time>{TIME})(?P<same>的?同期)?(?:的|[，,])?", fragment)
    if not time:
        return _with_thing(fragment, before)
    thing = fragment[time.end() :]
    at_time = _at_time(time["time"] + (time["same"] or ""), before)
    return _with_thing(thing, at_time) if thing else at_time


def _at_time(time: str, before: str) -> str:
    """The question before at another time: of a time without year, the year is kept."""
    core = _core(before)
    old = list(re.finditer(TIME, core))
    if len(old) > 1:
        return ""
    if not old:
        return f"{time}，{core}" if re.match("截|直?到|至", time) else f"{time}{core}"
    said, bare = old[0][0], re.sub("^(?:截至|截止到?|直?到了?|至|在|自|从)", "", time)
    opening = re.match("(?:截至|截止到?|直?到了?|至|在|自|从)?", said)
    old_opening = opening[0] if opening else ""
    old_bare = said[len(old_opening) :]
    year = _YEAR_START.match(old_bare)
    if bare.endswith("同期"):
        digits = re.match(r"\d{4}", old_bare)
        years = {"去年": 1, "上年": 1, "前年": 2}.get(bare[:2])
        if not digits or not years:
            return ""
        bare = f"{int(digits[0]) - years}{old_bare[4:]}"
    elif year and re.fullmatch(f"{PART_OF_YEAR}|年[底末初]", bare):
        bare = year[0] + bare.removeprefix("年")
    new_opening = time[: len(time) - len(bare)] if time.endswith(bare) else ""
    return f"{core[: old[0].start()]}{new_opening or old_opening}{bare}{core[old[0].end() :]}"


def _with_thing(thing: str, before: str) -> str:
    """The question before with one of its parts replaced by what is named now."""
    thing = thing.strip("，, 的")
    frame = _frame(before)
    core = _core(before)
    place = PLACE.search(re.sub(TIME, lambda match: "〇" * len(match[0]), core))
    if PLACE.fullmatch(thing) and place and place[0] != thing:
        return core.replace(place[0], thing, 1)
    speaker = _SPEAKER.search(core)
    if speaker and re.fullmatch(f"{_NAME}(?:{_TITLE})?", thing):
        return core.replace(speaker["name"], thing, 1)
    sided = re.fullmatch(f"(?:{PLACES})(?P<side>[一-鿿]{{1,3}})", thing)
    side = re.search(f"(?:{PLACES}){sided['side']}", core) if sided else None
    if side:
        return core.replace(side[0], thing, 1)
    subject, predicate = frame.subject, frame.predicate
    if not subject:
        return ""
    if re.fullmatch(_NAME, thing) and re.fullmatch(_NAME, subject):
        return f"{frame.time}{thing}{predicate}"
    counted = _COUNTED.search(predicate)
    is_amount = bool(AMOUNT_END.search(thing))
    if counted and not _alike(thing, subject):
        return _counting(thing, frame, counted)
    pieces = subject.split("的")
    # The part most like the new one gives way; else an amount takes the place of an amount, and a thing of the thing.
    alike = [_alike(thing, piece) for piece in pieces]
    amount = AMOUNT_END.search(pieces[-1])
    if is_amount and amount and (AMOUNT_END.fullmatch(thing) or len(pieces) > 1):
        short = AMOUNT_END.fullmatch(thing) and len(pieces) == 1
        pieces[-1] = pieces[-1][: amount.start()] + thing if short else thing
    elif is_amount and AMOUNT_END.fullmatch(thing) and not amount:
        return f"{frame.time}{subject}的{thing}是多少" if ASKS.search(predicate) else ""
    elif max(alike) > 0:
        index = alike.index(max(alike))
        pieces[index] = _in_place_of(pieces[index], thing)
    else:
        held = re.match("我国|全国|全球|中国|国内|世界", pieces[0])
        kept = held[0] if held and len(held[0]) < len(pieces[0]) and not PLACE.match(thing) else ""
        tail = amount[0] if amount and len(pieces) == 1 and not is_amount and amount.start() else ""
        pieces[0] = kept + _in_place_of(pieces[0].removeprefix(kept), thing) + (f"的{tail}" if tail else "")
        if len(subject) - len("的".join(pieces)) > 6:
            return ""  # much would be lost: what was named now was perhaps only a part of it
    return f"{frame.time}{'的'.join(pieces)}{predicate}"


def _in_place_of(old: str, new: str) -> str:
    """A new thing where the old one was: its time, and what it happens in or is ruled by, are kept."""
    where = re.match("(?:.*(?:规定的?|[^以之][上中里内](?=[^，]{2,})))", old)
    kept = where[0] if where and len(where[0]) < len(old) else ""
    time = re.search(TIME, old[len(kept) :])
    after = time[0] if time and time.end() == len(old) - len(kept) else ""
    before = time[0] if time and not after and time.start() == 0 else ""
    return f"{kept}{before}{new}{after}"


def _counting(thing: str, frame: _Frame, counted: re.Match[str]) -> str:
    """``我国有多少个基站`` about another thing: what the old measure word and verb no longer fit is left out."""
    asked, old = frame.predicate, counted["thing"]
    if AMOUNT_END.search(thing) and not AMOUNT_END.search(old):
        owner = (
            frame.subject if not frame.subject or frame.subject in ("我国", "全国", "国内") else f"{frame.subject}的"
        )
        return f"{frame.time}{owner}{thing}{'是' if not thing.endswith(('用户', '人')) else '有'}多少"
    tail = counted["tail"] or ""
    if thing[-1] == old[-1]:
        return f"{frame.time}{frame.subject}{asked[: counted.start('thing')]}{thing}{tail}"
    verb = asked[: counted.start()]
    if re.search("建成|建设|建有|开通", verb) and thing.endswith(("户", "人", "人口", "员工")):
        return f"{frame.time}{frame.subject}{thing}有多少"
    return f"{frame.time}{frame.subject}{verb}多少{thing}{tail}"


def _alike(new: str, old: str) -> int:
    """How many characters two names share at their ends, two at least; at the start it shows names of one series."""
    for length in range(min(len(new), len(old)), 1, -1):
        if new[-length:] == old[-length:] or new[:length] == old[:length]:
            return length
    return 0


def _among(text: str, before: str, answer: str, turns: History) -> str:
    """``其中有几座在中国？`` speaks of the things counted before."""
    match = _AMONG.match(text)
    topic = _topic(before) if match else ""
    if not match or not topic:
        return ""
    rest = PARTICLE.sub("", text[match.end() :])
    if rest != text[match.end() :]:
        rest += "有多少"
    return f"{topic}中{'，' if rest.startswith(('在',)) else ''}{rest}"


def _pronoun(text: str, before: str, answer: str, turns: History) -> str:
    """他 is the person last named, 它 and 这个平台 what the question before is about."""
    person = _HE.search(text)
    if person:
        name = _person(turns)
        return text[: person.start()] + name + text[person.end() :] if name and not person[0].endswith("们") else ""
    match = _IT.search(text)
    if not match:
        return ""
    noun = match["noun"]
    if noun and not match[0].startswith(("它", "其")):
        named = _named(noun, turns)
        if named:
            return text[: match.start()] + named + text[match.end() :]
        return ""
    topic = _topic(before, time=not re.search(TIME, text))
    if not topic:
        return ""
    topic = topic.strip("，")
    if not text.startswith(match[0]) or (AMOUNT_END.search(topic) and match[0] in ("它", "其")):
        topic = _owner(topic)
    following = text[match.end() :].removeprefix("的")
    joint = "的" if match[0] == "其" or text[match.end() :].startswith("的") else ""
    following = PARTICLE.sub("", following)
    asked = "" if ASKS.search(following) else "是多少"
    if asked and not AMOUNT_END.search(following):
        return ""
    return f"{text[: match.start()]}{topic}{joint}{following}{asked}"


def _owner(topic: str) -> str:
    """``华为的营收`` without its amount: what the amount is of."""
    amount = AMOUNT_END.search(topic) or _RELATION_END.search(topic)
    owner = topic[: amount.start()].removesuffix("的") if amount else topic
    return owner if len(owner) >= 2 else topic


def _person(turns: History) -> str:
    """The person last named in the conversation, the latest turn first; empty where nobody surely is."""
    for before, answer in reversed(turns):
        short = END.sub("", answer)
        if re.search("谁|哪位", before) and re.fullmatch("[一-鿿]{2,4}|[一-鿿]+·[一-鿿]+", short):
            return short
        for said in (before, answer):
            match = _SPEAKER.search(said)
            if match:
                return match["name"]
            match = _TITLED.search(said)
            if match:
                return match["after"] or match["alone"] or match["be"]
            owner = re.match(
                rf"({_NAME})(?=的|是|在|出生|毕业|担任|获|为|打|进|赢|何|什么|哪|有)",
                _frame(said).subject + _frame(said).predicate,
            )
            owner = owner or re.search(f"({_NAME})(?=拿|获得|夺得|进了|赢|打进|来自|当选|出任|担任)", said)
            if owner and not re.match(
                "金牌|高校|项目|华为|方面|江苏|时代|金融|成都|安徽|云南|广东|广西|宁夏|宁波", owner[1]
            ):
                return owner[1]
    return ""


def _named(noun: str, turns: History) -> str:
    """The full name that ends in ``noun`` and was said last: ``国家产融合作平台`` for 平台."""
    for before, answer in reversed(turns):
        for said in (_core(before), answer):
            for match in re.finditer(rf"[《“]?[一-鿿A-Za-z0-9·]{{1,16}}{noun}[》”]?", said):
                name = re.sub(rf"^(?:.*(?:{TIME}))", "", match[0])
                name = re.sub(
                    "^.*(?:多少[个家座项]|几[个家座项]|什么时候|叫做?|什么|哪[个些家]?|(?<![国所])有|建成了|建设了|发布了|推出了|是|了|在)",
                    "",
                    name,
                )
                if len(name) > len(noun):
                    return name
    topic = _topic(turns[-1][0], time=False)
    return topic if len(topic) <= 20 and re.fullmatch(_GENERAL, noun) else ""


def _ellipsis(text: str, before: str, answer: str, turns: History) -> str:
    """``增长了多少？`` says nothing of what grew: the subject of the question before, and its time unless one is named."""
    if not _leans(text) or _HE.search(text) or _IT.search(text):
        return ""
    asks_apart = any(pattern.match(text) for pattern in _SUBJECTLESS[1:])
    if not asks_apart and re.match("谁|为什么|什么|怎么|如何|哪", text):
        return ""
    time = re.match(f"(?P<time>{TIME})[，,]?", text)
    rest = PARTICLE.sub("", text[time.end() :] if time else text)
    topic = _topic(before, time=False)
    if not topic:
        return ""
    asked = "" if ASKS.search(rest) else "是多少"
    if re.match("单位|原因|排名|占比|比重|增速|增幅|依据|来源", rest):
        topic += "的"
    elif asks_apart:
        # When, who and another amount are asked of the thing itself, not of its length or price, nor at one time.
        return f"{_owner(topic)}{rest}{asked}"
    grown = re.match("(?:同比)?(?:增长|下降|上涨|下跌)", _frame(before).predicate)
    if grown and rest.startswith(("比", "较")) and rest.endswith("百分点"):
        topic += grown[0]
    return with_time(f"{time[0] if time else ''}{topic}{rest}{asked}", before)


def with_time(text: str, before: str) -> str:
    """A question at the time of the question before, unless it names one itself."""
    compared = re.match("(?:.*?)(?:比|较)(?:上年|去年|前年)", text)
    if re.search(TIME, text) and not compared:
        return text
    return _frame(before).time + text


def _stands_alone_in_english(text: str) -> bool:
    if re.match(r"(?:and|but|so|what about|how about|also)\b", text, re.IGNORECASE):
        return (
            bool(re.match(rf"(?:and|but|so|also)[, ]+(?:{ENGLISH_ASK})\b(?! about)", text, re.IGNORECASE))
            and len(text.split()) > 5
            and not _ENGLISH_PRONOUN.search(text)
        )
    if len(text.split()) <= 2:
        return False
    pronoun = _ENGLISH_PRONOUN.search(text)
    if not pronoun:
        return True
    # A name before the pronoun, or a noun after that and this, is what it stands for.
    before = text[: pronoun.start()].split()
    return any(word[:1].isupper() for word in before[1:]) or bool(
        re.search(
            r"\b(?:says?|said|show|mean|believe|claim)s? that \w+ \w+|\bso that\b|\bis it (?:true|possible)\b",
            text,
            re.IGNORECASE,
        )
    )


def _by_english_rules(text: str, turns: History) -> str:
    before, answer = turns[-1]
    core = END.sub("", before.strip())
    fragment = re.sub(
        r"^(?:and|but|so|also|what about|how about)[, ]+(?:what about |how about )?", "", text, flags=re.IGNORECASE
    ).strip()
    said = END.sub("", answer.strip())
    if re.fullmatch(r"who (?:said|says|claimed|stated) (?:that|this|so|it)", fragment, re.IGNORECASE):
        return (
            f"Who said that {said[:1].lower() if re.match('(?:The|A|It|In|By|There) ', said) else said[:1]}{said[1:]}?"
            if len(said.split()) > 3
            else ""
        )
    time = _ENGLISH_TIME.fullmatch(fragment)
    old = list(_ENGLISH_TIME.finditer(core))
    if time:
        if len(old) == 1:
            new = (
                fragment if not re.match(r"(?:19|20)\d\d", fragment) else re.sub(r"(?:19|20)\d\d$", fragment, old[0][0])
            )
            return f"{core[: old[0].start()]}{' ' if old[0][0][0] == ' ' else ''}{new.strip()}{core[old[0].end() :]}?"
        return "" if old else f"{core} {fragment if ' ' in fragment else f'in {fragment}'}?"
    if fragment != text and len(fragment.split()) <= 4 and not re.match(ENGLISH_ASK, fragment, re.IGNORECASE):
        name = re.search(r"(?<=\s)(?:[A-Z][a-z]+(?:\s[A-Z][a-z]+)*)", re.sub(_ENGLISH_TIME, "", core))
        if fragment[:1].isupper() and name:
            return core.replace(name[0], fragment, 1) + "?"
        asked = re.match(
            r"(How (?:many|much) )(\w+(?: \w+)??)(?= (?:did|does|do|has|have|had|were|was|are|is|will|can)\b)", core
        )
        if asked:
            return f"{asked[1]}{fragment}{core[asked.end() :]}?"
    named = set(re.findall(r"(?<=\s)[A-Z][a-z]+(?:\s[A-Z][a-z]+)*", re.sub(_ENGLISH_TIME, "", core)))
    if re.search(r"\bits?\b", fragment) and len(named) == 1 and not re.search(r"\b(?:he|she|him)\b", fragment):
        name = named.pop()
        return re.sub(r"\bits\b", f"{name}'s", re.sub(r"\bit\b", name, fragment)) + "?"
    pronoun = re.search(r"\b(?:he|she|him)\b", fragment)
    if pronoun:
        for asked_before, said_before in reversed(turns):
            for source in (asked_before, said_before):
                names = re.findall(r"[A-Z][a-z]+(?:\s[A-Z][a-z]+)+", source)
                if names:
                    return (
                        f"{fragment[:1].upper()}{fragment[1 : pronoun.start()]}{names[-1]}{fragment[pronoun.end() :]}?"
                    )
    return ""


def _by_model(question: str, turns: History, complete: Callable[[str], str]) -> str:
    """The question as a language model rewrites it, if that keeps to the conversation, else an empty text."""
    conversation = "\n".join(f"问：{_fenced(before)}\n答：{_fenced(answer)}" for before, answer in turns[-2:])
    reply = complete(_PROMPT.format(conversation=conversation, question=_fenced(question))).strip()
    rewritten = re.sub("^(?:改写后?|问题)[:：]", "", reply).strip(' “”"')
    return rewritten if _is_sane(rewritten, question, turns) else ""


def _fenced(text: str) -> str:
    """Text of user or document that cannot close the fence or pose as another line of the prompt."""
    text = re.sub("<{2,}|>{2,}|<\\|.*?\\|>", " ", " ".join(text.split()))
    return re.sub("(最后的问题|改写|对话|问|答)[:：]", r"\1 ", text)[:300]


def _is_sane(rewritten: str, question: str, turns: History) -> bool:
    if not 0 < len(rewritten) <= LONGEST or "\n" in rewritten:
        return False
    if not (rewritten.endswith(("？", "?")) or ASKS.search(rewritten)):
        return False
    named = r"\d+(?:\.\d+)?|[A-Za-z]{2,}|(?<=[“《])[^”》]+(?=[”》])"
    if any(name not in rewritten for name in re.findall(named, question)):
        return False
    said = question + "".join(before + answer for before, answer in turns)
    if any(name not in said for name in re.findall(named, rewritten)):
        return False
    allowed = set(said) | set("的是有多少什么哪些在中于和与为了吗个关于，。？?、“”《》 具体情况说谁")
    added = [character for character in rewritten if character not in allowed]
    return len(added) <= len(rewritten) // 10


def _overlap(question: str, before: str) -> float:
    """The share of a question's character pairs, without the words that ask, that the questions before have too."""
    pairs = Counter(_pairs(question))
    return sum((pairs & Counter(_pairs(before))).values()) / max(1, sum(pairs.values()))


def _pairs(text: str) -> list[str]:
    text = re.sub(f"{ASK}|我国|[^一-鿿A-Za-z0-9]", " ", text.lower())
    return [text[place : place + 2] for place in range(len(text) - 1) if " " not in text[place : place + 2]]
