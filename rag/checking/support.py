"""Support: how far the spans that a claim cites bear out its words, or across languages its meaning.

Figures, dates and names are compared elsewhere (:mod:`rag.checking.agreement`); this is the rest of the sentence. In one language
the score is the mean of three shares of the claim that the cited spans hold: its characters, its character pairs and
words, and its longest common subsequence with them (order counts). The weights that a logistic regression found for the
three were nearly equal, and an embedder's cosine added nothing. Across languages, where hardly a character is shared,
the score is the embedder's cosine similarity, scaled, and the share of the claim's figures.

``python -m eval.calibration`` measures the rates of the thresholds again; docs/notebook.md has the table.
"""

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rag.answers import Citation
from rag.text.dates import dates_in
from rag.text.figures import DATES, figures_in, missing_figures
from rag.text.terms import letters_of, terms_of
from rag.text.view import HAN_CHARACTER

Embed = Callable[[list[str]], NDArray[np.float32]]
"""Gives unit vectors of texts: shape (number of texts, dimension)."""

PAIRS = 1 << 21
"""Terms (:func:`rag.text.terms.terms_of`) from here on are character pairs, words and numbers, those below characters."""

SUPPORT_THRESHOLD = 0.5
"""Support from which on a claim counts as borne out."""

CLAUSE_FLOOR = 0.22
"""Support that every longer clause of a claim needs: one that says something of its own makes the claim unsupported."""
LONG_CLAUSE = 8

_CLAUSE_ENDS = re.compile(r"[，；。：！？]|[,;:](?!\d)")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_SIMILARITY_FLOOR = 0.75
_SIMILARITY_CEILING = 0.83
# What only says that there is a source: 根据资料，… According to the documents provided, …
_FRAME = re.compile(
    r"^\s*(?:(?:根据|依据|按照|基于|从|据)?(?:以上|上述|所给|给出|提供|现有|相关|的)*(?:资料|材料|文档|文件|信息|内容|报道)(?:中|里|的|显示|表明|所述|可知|可见|来看|提到|指出)*[，,:：]\s*"
    r"|(?:according to|based on) the (?:information|documents?|sources?|passages?|text|context|evidence)(?: provided| given| above)?,?\s+)",
    re.IGNORECASE,
)
_ANNOUNCES = re.compile(
    "(?:具体)?(?:内容|情况|答案|要点|结论|主要)?(?:如下|包括以下(?:几)?[个点方面项]*|有以下(?:几)?[个点方面项]*|以下(?:几)?[个点方面项]*)"
    "|^(?:以上|上述)(?:就?是|为|即)(?:全部|相关|主要)?(?:的)?(?:资料|信息|内容|回答|答案|要点)*"
    "|^(?:希望|如需|如有)[^。]*"
    r"|\b(?:the|here) (?:(?:answers?|points|details|list) )?(?:is|are) (?:as follows|the following|the (?:answers?|points|details|list))\b",
    re.IGNORECASE,
)


def without_frame(claim: str) -> str:
    """A claim without the words that only say that there is a source (``根据资料，``)."""
    return _FRAME.sub("", claim)


def says_something(text: str) -> bool:
    """Whether a sentence of an answer states anything that could be checked; ``根据资料，如下：`` does not."""
    return bool(terms_of(_ANNOUNCES.sub("", without_frame(text))).size)


def support(claim: str, citations: tuple[Citation, ...], embed: Embed) -> float:
    """How far the cited spans bear out a claim, from 0 to 1; a claim repeated word for word has 1.

    Args:
        claim: one sentence of an answer.
        citations: the spans it cites; without any the support is 0.
        embed: gives unit vectors of texts, shape (number of texts, dimension); called only across languages.
    """
    if not citations:
        return 0.0
    said = without_frame(claim)
    texts = [citation.text for citation in citations]
    if are_of_one_language(said, "\n".join(texts)):
        told = "\n".join([*texts, *(f"{citation.speaker}\n{citation.heading}" for citation in citations)])
        least = min((shared_words(clause, told) for clause in _long_clauses(said)), default=1.0)
        whole = shared_words(said, "\n".join(texts))
        return whole if least >= CLAUSE_FLOOR else min(whole, least)
    return shared_meaning(said, texts, embed)


def _long_clauses(claim: str) -> list[str]:
    """The clauses of a claim that say more than a few words, their dates left out: those are compared elsewhere."""
    for mention in reversed(dates_in(claim)):
        claim = f"{claim[: mention.start]} {claim[mention.end :]}"
    return [clause for clause in _CLAUSE_ENDS.split(claim) if len(letters_of(clause)) >= LONG_CLAUSE]


def shared_words(claim: str, cited: str) -> float:
    """Mean of the shares of a claim's characters, of its pairs and words, and of its subsequence that ``cited`` holds."""
    wanted, held = set(terms_of(claim).tolist()), set(terms_of(cited).tolist())
    characters = {term for term in wanted if term < PAIRS}
    longer = wanted - characters
    shares = [len(part & held) / len(part) for part in (characters, longer) if part]
    letters = letters_of(claim)
    if not letters:
        return 0.0
    return sum([*shares, common_subsequence(letters, letters_of(cited)) / len(letters)]) / (len(shares) + 1)


def shared_meaning(claim: str, cited: list[str], embed: Embed) -> float:
    """Scaled cosine similarity to the nearest of the cited texts, halved where the claim's figures are not in them."""
    vectors = embed([claim, *cited])
    similarity = float((vectors[1:] @ vectors[0]).max())
    scaled = min(1.0, max(0.0, (similarity - _SIMILARITY_FLOOR) / (_SIMILARITY_CEILING - _SIMILARITY_FLOOR)))
    return scaled * (1 + shared_figures(claim, "\n".join(cited))) / 2


def shared_figures(claim: str, cited: str) -> float:
    """Share of a claim's figures, other than dates, that ``cited`` holds; 1 where it has none."""
    figures = {figure.written for figure in figures_in(claim) if figure.kind not in DATES}
    return 1 - len(figures & set(missing_figures(claim, cited))) / len(figures) if figures else 1.0


def common_subsequence(one: str, other: str) -> int:
    """Length of the longest common subsequence, with the bits of an integer for the positions of ``one``.

    After Hyyrö, "Bit-parallel LCS-length computation revisited" (2004).
    """
    places: dict[str, int] = {}
    for place, character in enumerate(one):
        places[character] = places.get(character, 0) | 1 << place
    everywhere = (1 << len(one)) - 1
    unmatched = everywhere
    for character in other:
        matches = unmatched & places.get(character, 0)
        unmatched = ((unmatched + matches) | (unmatched - matches)) & everywhere
    return len(one) - unmatched.bit_count()


def are_of_one_language(claim: str, cited: str) -> bool:
    """Whether claim and source are both mainly Chinese or both not; a bare figure is of any language."""
    if not HAN_CHARACTER.search(claim) and not _LATIN_WORD.search(claim):
        return True
    return _is_chinese(claim) == _is_chinese(cited)


def _is_chinese(text: str) -> bool:
    return len(HAN_CHARACTER.findall(text)) >= len(_LATIN_WORD.findall(text))
