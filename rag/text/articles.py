"""Articles of laws and rules: ``第十九条``, its paragraphs (款) and items (项), by their numbers.

An article begins a paragraph with its number and goes on to the next article or heading. The paragraphs of an article are
its lines that are no items; an item is a line that begins with ``（二）``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.text.numerals import value_of
from rag.text.structure import Sentence

_NUMERAL = r"[一二三四五六七八九十百千零〇两\d]{1,7}"
_NAMED = re.compile(
    rf"第(?P<article>{_NUMERAL})条(?:之(?P<insert>{_NUMERAL}))?(?:第(?P<paragraph>{_NUMERAL})款)?(?:第?[（(]?(?P<item>{_NUMERAL})[）)]?项)?"
)
# What may stand behind the name of an article in a question for it and nothing else.
_ASKED_FOR = re.compile(
    r"\s*(?:中|里|具体|主要|都|又|的|是|了|有|讲|说|写|规定|内容|条文|原文|全文)*(?:什么|哪些|怎么|如何|怎样|啥)?(?:样|的|规定|内容|说|写|讲|要求)*[?？。！\s]*$"
)
_REFERS = re.compile("[的、和至到]|规定的|所[列称]")
_ITEM = re.compile(rf"[（(]({_NUMERAL})[）)]")


@dataclass(frozen=True, slots=True)
class ArticleName:
    """The number of an article, or of a paragraph or an item of it.

    Attributes:
        article: as digits, ``19`` or ``19-1`` for ``第十九条之一``.
        paragraph, item: as digits; empty for the whole article.
        before: what stands before it in the question, such as the name of the law.
    """

    article: str
    paragraph: str
    item: str
    before: str


def article_asked_for(question: str) -> ArticleName | None:
    """The article that a question asks for and nothing else, ``第十九条规定了什么``; None where it asks something of it."""
    found = list(_NAMED.finditer(question))
    if len(found) != 1 or not _ASKED_FOR.match(question, found[0].end()):
        return None
    match = found[0]
    numbers = [_digits(match[part]) for part in ("paragraph", "item")]
    return ArticleName(_article_number(match), numbers[0], numbers[1], question[: match.start()])


def has_articles(sentences: Sequence[Sentence]) -> bool:
    """Whether a text is divided into articles."""
    return any(_opens(sentence) for sentence in sentences)


def articles_of(sentences: Sequence[Sentence]) -> Iterator[tuple[str, list[Sentence]]]:
    """Each article of a text by the words that name it there (``第三条``), with its sentences, in order."""
    known: set[str] = set()
    for sentence in sentences:
        number = _opens(sentence)
        if number and number not in known and (named := _NAMED.match(sentence.text)):
            known.add(number)
            yield named.group(), article_in(sentences, ArticleName(number, "", "", ""))


def article_in(sentences: Sequence[Sentence], name: ArticleName) -> list[Sentence]:
    """The sentences of an article, or of the paragraph or item of it that is named; empty where there is none.

    Args:
        sentences: of a document, in order.
    """
    found: list[Sentence] = []
    paragraph = -1
    for sentence in sentences:
        begins = sentence.paragraph != paragraph
        paragraph = sentence.paragraph
        if begins and (number := _opens(sentence)):
            if found:
                break
            if number == name.article:
                found.append(sentence)
        elif found and sentence.kind == "heading":
            break
        elif found:
            found.append(sentence)
    return _part(found, name) if name.paragraph or name.item else found


def _part(article: list[Sentence], name: ArticleName) -> list[Sentence]:
    """The paragraph or item of an article that is named."""
    lines: dict[int, list[Sentence]] = {}
    for sentence in article:
        lines.setdefault(sentence.paragraph, []).append(sentence)
    paragraphs: list[list[Sentence]] = []  # each with its items
    for line in lines.values():
        if _ITEM.match(line[0].text) and paragraphs:
            paragraphs[-1] += line
        else:
            paragraphs.append(list(line))
    if name.paragraph:
        number = int(name.paragraph)
        paragraphs = paragraphs[number - 1 : number] if number else []
    if not name.item:
        return [sentence for paragraph in paragraphs for sentence in paragraph]
    items = [line for line in lines.values() if (match := _ITEM.match(line[0].text)) and _digits(match[1]) == name.item]
    return next((line for line in items if any(line[0] in paragraph for paragraph in paragraphs)), [])


def _opens(sentence: Sentence) -> str:
    match = _NAMED.match(sentence.text)
    if not match or match["paragraph"] or match["item"] or _REFERS.match(sentence.text, match.end()):
        return ""
    return _article_number(match)


def _article_number(match: re.Match[str]) -> str:
    insert = match["insert"]
    return f"{_digits(match['article'])}-{_digits(insert)}" if insert else _digits(match["article"])


def _digits(numeral: str | None) -> str:
    """A numeral in digits; empty where it is none."""
    value = (int(numeral) if numeral.isdecimal() else value_of(numeral)) if numeral else None
    return "" if value is None else str(int(value))
