"""Words of questions: what a question is made of on its surface: times, places, amounts, the words that ask, lists."""

import re

MOST_PARTS = 4
_DAY = r"(?:3[01]|[12]\d|0?[1-9])[日号]"
_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
PART_OF_YEAR = rf"(?:(?:{_MONTH}[至到—-])?{_MONTH}月份?(?:{_DAY}|底|末|初|[上中下]旬)?|第?[一二三四1-4首]季度末?|[上下]半年|前[一二两三四五六七八九十\d]+个?(?:季度|月)|全年)"
YEAR = r"(?:(?<!\d)(?:(?:19|20)\d\d|\d\d(?=年))|[一二][〇○零一二三四五六七八九]{3})年度?"
_RELATIVE = (
    r"(?:今年|去年|前年|上年|明年|后年|当年|本年度?|上一?个?月|本月|这个月|下个?月|上届|本届|本赛季|上赛季|上个赛季)"
)
_WHEN = (
    rf"(?:{YEAR}(?:{PART_OF_YEAR}|年?[底末初]|中)?|{_RELATIVE}(?:{PART_OF_YEAR}|[底末初]|同期)?|{PART_OF_YEAR}|[年月][底末初]"
    r"|“?十[一二三四五六]五”?(?:时期|期间|期?末)?|目前|现在|如今|当前|最近|最新)"
)
TIME = rf"(?:截至|截止到?|直?到了?|至|在|自|从)?{_WHEN}(?:[至到—-]{_WHEN})?(?:为止|以来|期间|时|内)?"
MEASURE = r"(?:[万亿千百]*(?:个|座|家|项|户|辆|台|名|位|人|件|条|种|类|款|所|只|部|艘|架|份|次|枚|张|本|场|支|届|方面|大|点|吨|元|度|公里|亩|斤|公斤|分|球|块)?)"
AMOUNT = r"(?:(?:进出口|出口|进口|吞吐|装机容|发电|用电|成交|交易|排放|保有)量|总?[产销数总存用客货流容重质电力]量|全长|总长|总投资|增加值|[总额产均]值|总?[金余总销交易贸售口]+额|[比效概税利汇费出生死亡覆盖普及渗透失业合格不良贷款占有增长速利用]*率|(?:营业|销售|财政)?总?收入|净?利润|营收|成本|价格|售价|均价|增速|比重|占比|规模|人数|人口|面积|长度|高度|速度|产能|人次|强度|排名|得分|票房|出口|进口|投资|消费|工资|学费|亏损|负债|支出|寿命|跨度|海拔|总数|用户数|户数|GDP)"
AMOUNT_END = re.compile(f"{AMOUNT}$")
ASK = "为什么|多少|几|什么|啥|谁|哪|怎么|怎样|如何|为何|何时|何地|多[大高长久快远重深]|吗|是否|是不是|有没有|能否|能不能|会不会|可不可以"
ASKS = re.compile(ASK)
END = re.compile(r"[？?。.！!\s]+$")
PARTICLE = re.compile("(?:又|的?情况)?(?:怎么样|如何)?呢$|(?:又|的?情况)?(?<![会要该能])怎么样$")
ENGLISH_ASK = "who|what|when|where|why|how|which"


def distributed(head: str) -> list[str]:
    """``2023年我国A和B的产量`` as ``2023年我国A的产量`` and ``2023年我国B的产量``; empty if no list stands there."""
    opening = re.match(rf"(?:{TIME})?[，,]?(?:在?[^，]{{2,15}}，)?(?:(?:我国|全国|全球|国内)(?![和、与的])的?)?", head)
    shared = opening[0] if opening else ""
    items = _listed(head[len(shared) :])
    if not items:
        return []
    shared_end = re.match(rf"(?P<item>.{{2,}}?)(?P<end>(?:{TIME}|在[^，]+[上中里内]).*)$", items[-1])
    if shared_end and not any(re.search(f"{TIME}|在", item) for item in items[:-1]):
        return [f"{shared}{item}{shared_end['end']}" for item in [*items[:-1], shared_end["item"]]]
    owner, joint, first = items[0].rpartition("的")
    if "的" in items[-1]:
        last, _, tail = items[-1].partition("的")
        if "的" not in items[0]:
            items[-1] = last
            return [f"{shared}{item}的{tail}" for item in items]
    elif joint and all(len(item) <= len(first) + 3 for item in items[1:]):
        return [f"{shared}{owner}的{item}" for item in [first, *items[1:]]]
    amount = AMOUNT_END.search(items[-1])
    if amount and amount.start() and not any(AMOUNT_END.search(item) for item in items[:-1]):
        items[:-1] = [f"{item}{amount[0]}" for item in items[:-1]]
    elif AMOUNT_END.fullmatch(items[-1]) and not joint:
        first_amount = AMOUNT_END.search(items[0])
        if first_amount and first_amount.start():
            whose = items[0][: first_amount.start()]
            items[1:] = [f"{whose}{item}" if AMOUNT_END.fullmatch(item) else item for item in items[1:]]
    timeless = re.sub(f"^{TIME}", "", shared)
    return [f"{timeless if re.match(TIME, item) else shared}{item}" for item in items]


def _listed(text: str) -> list[str]:
    """The two to four things that a phrase names, joined by 和; empty if it is no such list."""
    outside = re.sub("[“《（(][^”》）)]*[”》）)]", lambda match: "〇" * len(match[0]), text)
    if not re.search("和|与|跟|以及|同(?![比期时样类一])|还是", outside) or "〇" in text:
        return []
    items, place = [], 0
    for match in [*re.finditer("、|以及|还是|[和与跟]|同(?![比期时样类一])", outside), None]:
        items.append(text[place : match.start() if match else len(text)].strip())
        place = match.end() if match else len(text)
    return items if 2 <= len(items) <= MOST_PARTS and all(len(item) >= 2 for item in items) else []
