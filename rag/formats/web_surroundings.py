"""What of a page is not its text: what hides, what stands around the article, what was struck out.

Where the page's own marks (``<nav>``, ``role``, names of classes) do not tell, links do: outside of the article, a region
that is mostly links leads elsewhere. The article is the smallest element that holds nearly all sentences of the page.
When in doubt, text is kept.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rag.formats.web_measures import NEVER_TEXT, Measure, measured

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
    [
        "nav",
        "navbar",
        "navbox",
        "navigation",
        "breadcrumb",
        "breadcrumbs",
        "crumb",
        "crumbs",
        "pagination",
        "pager",
        "toolbar",
        "sidebar",
        "footer",
        "printfooter",
        "copyright",
        "noprint",
        "share",
        "sharing",
        "comment",
        "comments",
        "related",
        "recommend",
        "recommended",
        "recommends",
        "catlinks",
        "editsection",
        "jump",
    ]
)
_MAYBE_AROUND = frozenset(
    [
        "menu",
        "foot",
        "header",
        "top",
        "bottom",
        "left",
        "right",
        "side",
        "aside",
        "hot",
        "rank",
        "login",
        "search",
        "ad",
        "ads",
        "advert",
        "tool",
        "tools",
        "location",
        "position",
        "print",
        "friend",
        "friendlink",
        "links",
        "qrcode",
        "toc",
        "prev",
        "next",
    ]
)
_LINE_NUMBERS = frozenset({"gutter", "lineno", "linenos"})  # beside code
_NAMED_TAGS = frozenset(
    ["div", "section", "ul", "ol", "dl", "aside", "header", "footer", "p", "span", "table", "td", "form", "a"]
)

_CREDITS = re.compile(r"版权所有|copyright|©|ICP备|公网安备|网站标识码|主办单位|承办单位", re.IGNORECASE)
_LONGEST_CREDITS = 400  # characters
_CRUMBS = re.compile(r"[>›»＞→]")
_FIRST_CRUMB = re.compile(r"[您你当前现在所的]{0,8}位置\s*[:：]|(?:网站|本[院站])?(?:首\s*页|主\s*页)\s*[>›»＞→/]")
_ATTACHMENT = re.compile(r"\.(?:docx?|wps|xlsx?|et|pdf|pptx?|ofd|zip|rar|txt|csv)$", re.IGNORECASE)
_LONGEST_CRUMBS = 120
_NEIGHBOUR = re.compile(r"\W*(?:上|下|前|后)一?[篇条页章][\s:：]")
_SIZES = r"(?:特大|超大|大|中|小|默认|标准|A[+-]?|\+|-)"
_ACTIONS = (
    r"(?:打印(?:本页|本文|此页|此文)?|关闭(?:窗口|本页|此页)?|收藏(?:本页|本文)?|分享(?:到|至)?|返回(?:顶部|首页|列表)?|微信|微博|新浪微博"
    r"|腾讯微博|QQ(?:空间|好友)?|朋友圈|人人网|豆瓣|复制链接|我要纠错|纠错|评论|点赞|在看|举报|朗读|语音播报)"
)
_BETWEEN = r"[\s【】\[\]（）()|｜丨/·:：]*"
_CONTROLS = re.compile(
    rf"{_BETWEEN}(?:字[体号](?:大小)?{_BETWEEN}(?:{_SIZES}{_BETWEEN})++)?(?:{_ACTIONS}{_BETWEEN})*+", re.IGNORECASE
)
_ACTION = re.compile(_ACTIONS, re.IGNORECASE)
_SIZES_NAMED = re.compile(rf"{_BETWEEN}字[体号]")
_LONGEST_CONTROLS = 80
_SECTIONS = frozenset({"header", "footer", "aside"})
_WHOLE = frozenset({"table", "article", "h1"})
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_MOST = 0.8  # share of the page's sentences that the article holds


def dropped(root: Any) -> dict[Any, str]:
    """The elements that are not text of the page, each with the kind of what it is; those within them are not named."""
    page = _Page(root)
    found: dict[Any, str] = {}
    stack: list[tuple[Any, bool]] = [(root, False)]  # an element, and whether it stands beside the article
    while stack:
        element, beside = stack.pop()
        if kind := page.kind(element, beside):
            found[element] = kind
            continue
        # Those who stand on the path to the article hold it; what else they hold stands beside it.
        leads_on = element in page.path and element is not page.path[-1]
        beside = beside and element.tag != "table"  # a table of data stays whole
        stack.extend((child, beside or (leads_on and child not in page.path)) for child in element)
    found |= dict.fromkeys(_headings_of_nothing(found), AROUND)
    return found


class _Page:
    """A page whose article has been found.

    Attributes:
        path: the elements from the root down to the article; empty for a page without sentences.
    """

    def __init__(self, root: Any) -> None:
        self._measures = measured(root)
        self._all = self._measures.get(root, Measure())
        self.path = _path_to_article(root, self._measures)
        self._has_headline = bool(self.path) and any(_has_no_link(heading) for heading in self.path[-1].iter("h1"))

    def kind(self, element: Any, beside: bool) -> str:
        """What kind of thing other than text an element is; empty where it is text."""
        tag = element.tag
        if not isinstance(tag, str):
            return ""
        if kind := _BY_TAG.get(tag):
            return kind
        if not element.attrib and element not in self._measures:
            return ""  # most elements of a long page
        style = element.get("style", "")[:1000]
        if style and _STRIKING.search(style):
            return STRUCK
        measure = self._measures.get(element, Measure())
        is_most = 2 * measure.text > self._all.text or tag in ("html", "body")
        if "hidden" in element.attrib or element.get("aria-hidden") == "true" or _HIDING.search(style):
            # Pages show their text by a script, or say their formulas a second time to readers of screens.
            return "" if is_most or element.find("math") is not None else HIDDEN
        if element in self.path or (is_most and not (beside and self._has_headline)):
            return ""
        return AROUND if self._is_around(element, measure, beside) else ""

    def _is_around(self, element: Any, measure: Measure, beside: bool) -> bool:
        tag = element.tag
        mostly_links = measure.links > 0 and 2 * measure.linked >= measure.text
        if element.get("role") in _ROLES:
            return True
        if tag == "form":
            return self._is_form(element, measure)
        if tag in _SECTIONS:
            within = next(element.iterancestors("article", "main", "blockquote"), None) is not None
            if not any(map(_has_no_link, element.iter("h1"))) and (mostly_links or not within):
                return True
        if not measure.text:
            return False
        if tag in _NAMED_TAGS and self._is_named_around(element, measure, mostly_links):
            return True
        if measure.text <= _LONGEST_CONTROLS and tag not in _WHOLE and _is_control(element, measure):
            return True
        return beside and _leads_elsewhere(element, measure)

    def _is_form(self, form: Any, measure: Measure) -> bool:
        """Whether a form is filled in; ASP.NET wraps whole pages in one, old pages the rows of a table."""
        if form.getparent().tag in ("table", "tbody") or 5 * measure.sentences > 2 * self._all.sentences:
            return False
        return not measure.sentences or next(form.iter("input", "select", "textarea", "button"), None) is not None

    def _is_named_around(self, element: Any, measure: Measure, mostly_links: bool) -> bool:
        names = {word.lower() for word in _WORDS.findall(f"{element.get('class', '')} {element.get('id', '')}"[:500])}
        if element.tag == "td":
            return bool(names & _LINE_NUMBERS) and "".join("".join(element.itertext()).split()).isdecimal()
        # A block may say a little; a paragraph or words within one that say something are text.
        few_sentences = 5 * measure.sentences <= 2 * self._all.sentences * (element.tag not in ("p", "span", "a"))
        is_named = bool(names & _SURELY_AROUND) or (mostly_links and bool(names & _MAYBE_AROUND))
        return is_named and few_sentences and not any(map(_has_no_link, element.iter("h1")))


def _path_to_article(root: Any, measures: Mapping[Any, Measure]) -> list[Any]:
    """The elements from the root down to the smallest that holds nearly all sentences; empty for a page without any."""
    sentences = measures[root].sentences if root in measures else 0
    if not sentences:
        return []
    path = [root]
    # A sentence or a heading of its own makes an element the article, even where one of its sections holds nearly all.
    while not any(_is_own(child, measures) for child in path[-1]):
        inner = max(
            (child for child in path[-1] if child in measures and child.tag not in ("p", "span", "ul", "ol", "dl")),
            key=lambda child: measures[child].sentences,
            default=None,
        )
        if inner is None or measures[inner].sentences < _MOST * sentences:
            break
        path.append(inner)
    return path


def _is_own(child: Any, measures: Mapping[Any, Measure]) -> bool:
    return child.tag in ("h2", "h3") or (child.tag == "p" and child in measures and measures[child].sentences > 0)


def _is_control(element: Any, measure: Measure) -> bool:
    """Whether an element is a row of buttons (sizes of letters, print, share), the way here, or the way to the next page."""
    text = "".join(element.itertext()).strip()
    if not text:
        return False
    if measure.links and not measure.sentences and (_NEIGHBOUR.match(text) or _FIRST_CRUMB.match(text)):
        return True
    if not _CONTROLS.fullmatch(text):
        return False
    if _SIZES_NAMED.match(text):
        return True
    links = [element, *element.iter("a")]
    if any("javascript:" in (link.get("href") or "") or "onclick" in link.attrib for link in links):
        return True
    # Words of a table or a list may name actions without being buttons.
    return measure.links > 0 and len(_ACTION.findall(text)) > 1 and element.tag not in ("td", "tr", "tbody")


def _leads_elsewhere(element: Any, measure: Measure) -> bool:
    """Whether a region beside the article is made of links, shows the way to the page, or says whose the site is."""
    if next(element.iter("h1"), None) is not None:
        return False
    text = "".join(element.itertext()) if measure.text <= _LONGEST_CREDITS else ""
    if _CREDITS.search(text):
        return True
    if measure.links and measure.text <= _LONGEST_CRUMBS and _CRUMBS.search(text):
        return True
    if measure.links < 2 or 10 * measure.linked < 6 * measure.text or 10 * measure.sentences > measure.text:
        return False
    return not any(_ATTACHMENT.search(link.get("href", "")) for link in element.iter("a"))


def _has_no_link(heading: Any) -> bool:
    return heading.find(".//a") is None


def _headings_of_nothing(found: Mapping[Any, str]) -> Iterator[Any]:
    """Headings directly above a region that is left out, with nothing else below them."""
    for element, kind in found.items():
        above = element.getprevious() if kind == AROUND and element.tag not in ("span", "a") else None
        if above is not None and above.tag in _HEADINGS and above not in found and element.getnext() is None:
            yield above
