"""Everyday words: a question in spoken Chinese in the words that documents use (``卖了多少辆`` → ``销量是多少辆``).

A table of our own: what people say for the vocabulary of public affairs and economy. It is language, not knowledge of
any document; whether a question is taken in these words is decided by how much surer the documents are of it
(:mod:`rag.answering.steps`).
"""

import re

from rag.text.script import convert

_OPENS_NO_WORD = "(?<![制打建改创铸塑营构再织])"
_TABLE: tuple[tuple[str, str], ...] = (
    # what only colours a question
    ("来着|有人知道[吗不没]?|谁知道|求问|请教一下|求解|(?:我)?想?问一下|老铁们?|大伙儿?|老百姓|哈(?=[，,？?]|$)", ""),
    ("咱们?中国|咱们?国家|咱们?国|俺们?国|咱们?(?=[这那自的家])", "我国"),
    # things
    ("(?<!新能源)电动(?:汽)?车|新能源车", "新能源汽车"),
    ("光伏电池片?|光伏板", "太阳能电池"),
    ("上网的人|网友们?", "网民"),
    ("在?网上买东西|网上?购物?(?!零售)", "网络零售"),
    ("拿手机付[钱款]|手机付[钱款]|手机支付|扫码付[钱款]?", "移动支付"),
    ("手机用户|用手机的人", "移动电话用户"),
    ("(?<!中)小(?:公司|企业|厂子?|老板们?|微企业)", "中小企业"),
    ("老行当|老行业|老产业|旧产业|老厂子", "传统产业"),
    ("(?<!大)(?:工业|制造业?)大户", "工业大省"),
    ("减碳", "降碳"),
    ("(?:拖着|欠着|拖欠|欠)(?:企业|公司|厂家|人家)?的?(?:钱|款|账(?!款))(?:不[还给付])?|赖账", "拖欠账款"),
    ("诈骗电话|电话诈骗|骗子电话", "电信网络诈骗"),
    ("机器人装了", "机器人装机"),
    # amounts
    ("(?P<head>网络零售|消费)(?:一?共)?花了多少钱", r"\g<head>额是多少"),
    ("卖(?:出去?|掉)?了?(?P<amount>多少|几)", r"销量是\g<amount>"),
    ("卖(?:得|的)(?:怎么样|好不好|咋样)", "销量怎么样"),
    ("卖不动|卖不出去", "销量下降"),
    ("(?<!专)卖(?:出去?|掉)?了?(?![点家场方弄])", "销售"),
    (f"{_OPENS_NO_WORD}造(?:出来?)?了?(?P<amount>多少|几)", r"产量是\g<amount>"),
    (f"{_OPENS_NO_WORD}造(?:出来)(?:了)?", "生产"),
    ("盘子", "规模"),
    ("(?:占|顶)(?P<whole>[^，。？?]{0,8}?)的?多大(?:一?块|份儿)(?!额)", r"占\g<whole>的多少"),
    ("(?:上?涨|多)了多少|涨幅(?:多少|多大)", "增长多少"),
    ("(?:跌|掉|少)了多少", "下降多少"),
    ("翻了多少倍|翻了几倍", "增长了多少倍"),
    # deeds
    ("头一个|头一位|打头阵?的", "第一位"),
    ("(?:专门的?)?动作(?=[？?吗呢]|$)", "行动"),
    ("有(?:啥|什么|哪些)(?:好)?(?:招儿?|法子|路子|办法|招数)", "有哪些举措"),
    ("松松?绑|减轻?负担?(?!轻)", "减轻负担"),
    ("搞起来|弄起来|整起来", "发展"),
    ("咋整治?", "怎么整治"),
    ("咋(?:样)?(?!么)", "怎么"),
    ("啥(?!子)", "什么"),
)
_TWICE = re.compile("([\u4e00-\u9fff]{3,})\\1")
_PATTERNS = tuple((re.compile(spoken), formal) for spoken, formal in _TABLE)


def in_formal_words(question: str) -> str:
    """A question with its everyday words as documents write them, in simplified characters; as it is where it has none."""
    formal = convert("t2s", question)
    for spoken, written in _PATTERNS:
        formal = spoken.sub(written, formal)
    if formal == convert("t2s", question):
        return question
    return _TWICE.sub(r"\1", formal).strip(" ，,")
