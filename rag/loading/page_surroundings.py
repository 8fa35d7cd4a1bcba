"""What of a page is not its text: what hides, what stands around the article, what was struck out.

Where the page's own marks (``<nav>``, ``role``, names of classes) do not tell, links do: outside of the article, a region
that is mostly links leads elsewhere. The article is the smallest element that holds nearly all sentences of the page.
When in doubt, text is kept.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rag.loading.page_measures import NEVER_TEXT, Measure, measured

AROUND, HIDDEN, STRUCK, CONTROL, MEDIA, READING, SILENT = (
    "around", "hidden", "struck", "control", "media", "reading", "silent",
)  # fmt: skip

_BY_TAG = (
    dict.fromkeys(NEVER_TEXT, SILENT)
    | dict.fromkeys(("select", "textarea", "input", "button"), CONTROL)
    | dict.fromkeys(("template", "noscript", "dialog"), HIDDEN)
    | dict.fromkeys(("iframe", "object", "embed", "audio", "video", "canvas"), MEDIA)
    | dict.fromkeys(("del", "s", "strike"), STRUCK)
    | dict.fromkeys(("rt", "rp"), READING)
    | {"nav": AROUND}
)
_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "dialog"})
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_STRIKING = re.compile(r"text-decoration[a-z-]*\s*:[^;]*line-through", re.IGNORECASE)

# Names that designers give to what stands around an article.
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_SURELY_AROUND = frozenset(
    re.findall(
        r"\w+", "nav navbar navigation breadcrumb breadcrumbs crumb crumbs footer copyright sidebar share sharing"
    )
    + re.findall(
        r"\w+", "comments related recommend recommended recommends pagination pager toolbar catlinks editsection"
    )
)
_MAYBE_AROUND = frozenset(
    re.findall(
        r"\w+", "menu comment foot header top bottom left right side aside hot rank login search ad ads advert tool"
    )
    + re.findall(r"\w+", "tools location position print friend friendlink links qrcode toc prev next")
)
_NAMED_TAGS = frozenset(re.findall(r"\w+", "div section ul ol dl aside header footer p span table form"))

_CREDITS = re.compile(r"版权所有|copyright|©|ICP备|公网安备|网站标识码|主办单位|承办单位", re.IGNORECASE)
_LONGEST_CREDITS = 400  # characters
_CRUMBS = re.compile(r"[>›»＞→]|您?(?:的|当前|现在)?(?:所在)?位置")
_LONGEST_CRUMBS = 120
_NEIGHBOUR = re.compile(r"\W*(?:上|下|前|后)一?[篇条页章][\s:：]")
_SIZES = r"(?:特大|超大|大|中|小|默认|标准|A[+-]?|T[|+-]?|\+|-)"
_ACTIONS = (
    r"(?:打印(?:本页|本文|此页|此文)?|关闭(?:窗口|本页|此页)?|收藏(?:本页|本文)?|分享(?:到|至)?|返回(?:顶部|首页|列表)?|微信|微博|新浪微博"
    r"|腾讯微博|QQ空间|QQ好友|QQ|朋友圈|人人网|豆瓣|复制链接|我要纠错|纠错|评论|点赞|举报|朗读|语音播报)"
)
_BETWEEN = r"[\s【】\[\]（）()|｜丨/·:：]*"
_CONTROLS = re.compile(
    rf"{_BETWEEN}(?:(?:字体|字号|字体大小|字号大小){_BETWEEN}(?:{_SIZES}{_BETWEEN})+)?(?:{_ACTIONS}{_BETWEEN})*",
    re.IGNORECASE,
)
_LONGEST_CONTROLS = 80
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_MOST = 0.8  # share of the page's sentences that the article holds


def dropped(root: Any) -> dict[Any, str]:
    """The elements that are not text of the page, each with the kind of what it is; those within them are not named."""
    measures = measured(root)
    page = measures.get(root, Measure())
    path = _path_to_article(root, measures)
    found: dict[Any, str] = {}
    stack: list[tuple[Any, bool]] = [(root, False)]  # an element, and whether it stands beside the article
    while stack:
        element, beside = stack.pop()
        kind = _kind(element, measures, page, path, beside)
        if kind:
            found[element] = kind
            continue
        # Those who stand on the path to the article hold it; what else they hold stands beside it.
        leads_on = bool(path) and element in path and element is not path[-1]
        stack.extend((child, (leads_on and child not in path) or beside) for child in _elements(element))
    found |= dict.fromkeys(_headings_of_nothing(found), AROUND)
    return found


def text_length(element: Any, measures: Mapping[Any, Measure]) -> int:
    """Characters of an element that was measured, without blanks."""
    return measures[element].text if element in measures else 0


def _elements(element: Any) -> Iterator[Any]:
    return (child for child in element if isinstance(child.tag, str))


def _path_to_article(root: Any, measures: Mapping[Any, Measure]) -> list[Any]:
    """The elements from the root down to the smallest that holds nearly all sentences; empty for a page without any."""
    sentences = measures[root].sentences if root in measures else 0
    if not sentences:
        return []
    path = [root]
    while True:
        inner = max(
            (child for child in path[-1] if child in measures and child.tag not in ("p", "span", "ul", "ol", "dl")),
            key=lambda child: measures[child].sentences,
            default=None,
        )
        if inner is None or measures[inner].sentences < _MOST * sentences:
            return path
        path.append(inner)


def _kind(element: Any, measures: Mapping[Any, Measure], page: Measure, path: list[Any], beside: bool) -> str:
    """What kind of thing other than text an element is; empty where it is text."""
    tag, measure = element.tag, measures.get(element, Measure())
    if kind := _BY_TAG.get(tag):
        return kind
    style = element.get("style", "")[:1000]
    if style and _STRIKING.search(style):
        return STRUCK
    most = 2 * measure.text > page.text or tag in ("html", "body")
    if "hidden" in element.attrib or element.get("aria-hidden") == "true" or _HIDING.search(style):
        # Pages show their text by a script, or say their formulas a second time to readers of screens.
        return "" if most or _holds_formula(element) else HIDDEN
    if most or element in path:
        return ""
    if tag == "form" or _is_around(element, tag, measure, page, beside):
        return AROUND
    return ""


def _is_around(element: Any, tag: str, measure: Measure, page: Measure, beside: bool) -> bool:
    within = any(True for _ in element.iterancestors("article", "main", "blockquote")) if tag in _SECTIONS else False
    if element.get("role") in _ROLES:
        return True
    mostly_links = measure.links > 0 and 2 * measure.linked >= measure.text
    if tag in _SECTIONS and (not within or mostly_links):
        return not (tag == "header" and not mostly_links and _holds_only_headline(element))
    if not measure.text:
        return False
    if tag in _NAMED_TAGS and _is_named_around(element, measure, page, mostly_links):
        return True
    if measure.text <= _LONGEST_CONTROLS and tag not in ("table", "article") and _is_control(element):
        return True
    return beside and _leads_elsewhere(element, tag, measure)


_SECTIONS = frozenset({"header", "footer", "aside"})


def _is_named_around(element: Any, measure: Measure, page: Measure, mostly_links: bool) -> bool:
    names = {word.lower() for word in _WORDS.findall(f"{element.get('class', '')} {element.get('id', '')}"[:500])}
    few_sentences = 2.5 * measure.sentences <= page.sentences
    if names & _SURELY_AROUND:
        return few_sentences and element.find(".//h1") is None
    return bool(names & _MAYBE_AROUND) and mostly_links and few_sentences


def _is_control(element: Any) -> bool:
    """Whether an element is a row of buttons: sizes of letters, print, share."""
    text = "".join(element.itertext()).strip()
    if text and _CONTROLS.fullmatch(text):
        several = len(re.findall(_ACTIONS, text)) > 1 or bool(re.match(rf"{_BETWEEN}字[体号]", text))
        return several or "javascript" in (element.get("href") or "") or "onclick" in element.attrib
    return bool(_NEIGHBOUR.match(text)) and element.find(".//a") is not None


def _leads_elsewhere(element: Any, tag: str, measure: Measure) -> bool:
    """Whether a region beside the article is made of links, shows the way to the page, or says whose the site is."""
    if tag == "h1" or element.find(".//h1") is not None:
        return False
    text = "".join(element.itertext()) if measure.text <= _LONGEST_CREDITS else ""
    if _CREDITS.search(text):
        return True
    if measure.links and measure.text <= _LONGEST_CRUMBS and _CRUMBS.search(text):
        return True
    mostly_links = 10 * measure.linked >= 6 * measure.text
    return measure.links > 1 and mostly_links and 10 * measure.sentences <= measure.text


def _holds_only_headline(header: Any) -> bool:
    """Whether a header outside of an article holds the page's headline."""
    return any(heading.find(".//a") is None for heading in header.iter("h1"))


def _holds_formula(element: Any) -> bool:
    return element.find("math") is not None


def _headings_of_nothing(found: Mapping[Any, str]) -> Iterator[Any]:
    """Headings directly above a region that is left out, with nothing else below them."""
    for element, kind in found.items():
        above = element.getprevious() if kind == AROUND else None
        if above is not None and above.tag in _HEADINGS and above not in found and element.getnext() is None:
            yield above
