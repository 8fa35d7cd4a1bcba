"""Kinds of questions: what kind of answer a question asks for, told from its words, in Chinese and English.

Each function answers for one kind, and a question may be of several: ``2024年的三项措施分别由谁提出`` asks for a list
and for a person. The words are looked for in the folded question: half-width, lower case, simplified characters.
"""

import re

from rag.text.script import is_chinese
from rag.text.terms import fold

_FIGURE = re.compile(
    r"多少|多大|多高|多快|多长|多久|(?<!哪)几[个家座坐万亿千百成年倍户条名位人部辆台件次级款所岁]|(?<!哪)几项|几分之|百分之几|"
    r"(?:占比|比重|比例|份额|增速|增幅|涨幅|降幅|规模|总量)[^，,。]{0,4}(?:怎么?样|如何|是什么|呢|[？?]|$)|"
    r"\bhow (?:many|much|large|big|fast|high|far|long|old)\b|\bpercent|\bshare of|\bwhat (?:number|proportion|rate)\b"
)
_LIST = re.compile(
    r"哪些|哪几|哪[“「\"]?[二两三四五六七八九十]|有啥|(?:分别|各自?)[是为有指](?!多|几)|分别[^，,。多几]{1,6}什么|包括什么|包含什么|都有什么|"
    r"几?[个项类种条点方]?(?:方面|措施|举措|行业|领域|任务|工作|重点|目标|特点|原则|步骤|阶段|内容|环节)[^，,。]{0,8}(?:是什么|有什么|为何|怎么)|"
    r"[二两三四五六七八九十\d][个项类种条点大](?!月)[^，,。]{0,12}(?:是什么|是啥|指什么)|"
    r"(?:采取|推出|提出|出台|实施|做了|有)[^，,。]{0,12}什么[^，,。]{0,8}(?:措施|举措|政策|办法|行动|安排|打算|计划)|"
    r"\bwhich (?!one\b)\w+s\b|\blist\b|\bwhat are\b|\bname (?:the|all)\b|\bwhat (?:\w+ )?(?:measures|steps|industries|areas|sectors|things)\b"
)
_SPEAKER = re.compile(
    r"谁(?!知道|能想)|哪[一个]?家(?:媒体|报社|电视台|报纸|通讯社)|什么媒体|记者(?:叫|是)什么|叫什么名字|姓名|哪[位个名](?:官员|领导|负责人|部长|发言人|专家|学者|记者|人(?!群|口)|嘉宾|先生|女士|司长|局长)|哪一?位|何人|什么人|"
    r"\bwho\b|\bwhose\b|\bwhich (?:official|person|speaker|minister|expert)\b"
)
_REASON = re.compile(
    r"为什么|为何|为啥|为了什么|为的是|凭什么|怎么会|原因|理由|缘故|何以|目的|图什么|有何意义|有什么[用意]|有何作用|什么作用|意义何在|好处|"
    r"\bwhy\b|\bwhat for\b|\breason|\bpurpose|\bhow come\b"
)
_COMPARISON = re.compile(
    r"分别|各[有是为占达到自]|差多少|有[何什]么?不同|异同|实际[^，。]{0,8}(?:计划|目标)|(?:计划|目标).{0,24}实际|各[^，,。]{0,6}(?:多少|几)|哪[一个种家边项座条款类年月][^，,。]{0,6}[更高大多快低小少慢]|谁(?:更|比较)|[更较]?[高低多少快慢大小][了出]?(?:多少|几)|相比|比起|相差|差距|区别|不同|"
    r"变化|增加了多少|差别|对比|从多少|之间|\b(?:compare|compared|difference|respectively|versus|vs|than|both|each)\b"
)
_TIME = re.compile(
    r"什么时[候间]|何时|哪[一]?[年天日月]|几[月号点]|几时|多会儿|啥时[候间]?|\bwhen\b|\b(?:what|which) (?:year|date|day|month)\b"
)

_ACTIONS = re.compile(
    r"措施|举措|方面|工作|安排|任务|步骤|打算|方向|重点是|要点|行动|做法|办法|建议|分别指|\b(?:measures|steps|actions|tasks|priorities|aspects)\b"
)


_REPORTER = re.compile(r"记者|媒体|作者|署名|提问|谁问|问的|编辑|\b(?:reporter|journalist|author|byline|asked)\b")


def asks_for_figure(question: str) -> bool:
    """Whether the answer is a number: ``多少``, ``几个``, ``how many``."""
    return bool(_FIGURE.search(fold(question)))


def asks_for_list(question: str) -> bool:
    """Whether the answer names several things: ``哪些``, ``哪几类``, ``四个方面是什么``."""
    return bool(_LIST.search(fold(question)))


def asks_for_speaker(question: str) -> bool:
    """Whether the answer is a person: ``谁说``, ``哪位官员``, ``who``."""
    return bool(_SPEAKER.search(fold(question)))


def asks_for_reason(question: str) -> bool:
    """Whether the answer is a cause or a purpose: ``为什么``, ``目的``, ``why``."""
    return bool(_REASON.search(fold(question)))


def without_asking_why(question: str) -> str:
    """A question without the words that ask for the reason: what is left is what it takes for granted."""
    return _REASON.sub("", question) if is_chinese(question) else question


def asks_for_comparison(question: str) -> bool:
    """Whether two or more values are set against each other: ``分别``, ``哪个更高``, ``than``."""
    return bool(_COMPARISON.search(fold(question)))


def asks_for_time(question: str) -> bool:
    """Whether the answer is a date: ``什么时候``, ``哪一年``, ``when``."""
    return bool(_TIME.search(fold(question)))


def asks_for_actions(question: str) -> bool:
    """Whether the points of a programme are wanted (``哪些措施``, ``四个方面的工作``), which texts number one by one."""
    return asks_for_list(question) and bool(_ACTIONS.search(fold(question)))


def asks_about_reporter(question: str) -> bool:
    """Whether it is about who asked or wrote, so that bylines and reporters' questions are evidence."""
    return bool(_REPORTER.search(fold(question)))
