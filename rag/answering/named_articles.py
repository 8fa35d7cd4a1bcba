"""Articles that a question asks for by their number: they are given whole, as the law has them, or said not to be there."""

from collections.abc import Callable, Sequence

from rag.reading.evidence import Evidence
from rag.search.retrieval import Hit
from rag.text.articles import ArticleName, article_asked_for, article_in, has_articles
from rag.text.documents import Document
from rag.text.structure import Sentence

LEAST_NAMED = 0.5
"""Share of the words before an article's number that the title of its document must hold, by pairs of characters."""
SHORTEST_NAME = 4
"""Characters before the number from which on they name a document."""


def named_article(
    question: str, hits: Sequence[Hit], structure: Callable[[Document], Sequence[Sentence]]
) -> tuple[Evidence, ...] | None:
    """The article that a question asks for, of the document that it names or else the first that has it.

    Args:
        hits: the passages found, best first.
        structure: gives the sentences of a document.

    Returns:
        Its sentences, none where no document that fits has it; None where a question asks for no article, or none of the
        documents found is divided into articles.
    """
    name = article_asked_for(question)
    if name is None:
        return None
    documents = {hit.document.id: hit for hit in hits}
    divided = [hit for hit in documents.values() if has_articles(structure(hit.document))]
    if not divided:
        return None
    fitting = sorted((hit for hit in divided if _fits(name, hit.document)), key=lambda hit: -_named(name, hit.document))
    for hit in fitting:
        if found := article_in(structure(hit.document), name):
            return tuple(Evidence(hit.document, each, hit.reprints, 1.0, None, 1.0) for each in found)
    return ()


def _fits(name: ArticleName, document: Document) -> bool:
    return len(_words(name)) < SHORTEST_NAME or _named(name, document) >= LEAST_NAMED


def _named(name: ArticleName, document: Document) -> float:
    words = _words(name)
    pairs = [words[place : place + 2] for place in range(len(words) - 1)]
    return sum(pair in document.title for pair in pairs) / len(pairs) if pairs else 0.0


def _words(name: ArticleName) -> str:
    return "".join(character for character in name.before if character.isalnum())
