"""Silence: whether the evidence answers the question at all.

The values were chosen on the ``tune`` half of eval/questions.jsonl, which holds 21 answerable and 9 unanswerable
questions. 49 more questions, kept apart, say how near the edge the values lie. In Chinese there is room: the
combined score of unrelated questions is at most 0.888, that of related ones at least 0.911. In English there is none:
one of 8 unrelated questions passes.

| | tune: rejected, falsely rejected | test: rejected, falsely rejected |
|---|---|---|
| coverage ≥ 0.35 or similarity ≥ 0.935 | 5 of 9, 4 of 21 | 5 of 9, 6 of 21 |
| as below, without years and countries | 4 of 9, 0 of 21 | 5 of 9, 0 of 21 |
| and years | 7 of 9, 0 of 21 | 6 of 9, 0 of 21 |
| and countries | 8 of 9, 0 of 21 | 8 of 9, 0 of 21 |

A logistic regression on coverage, similarity and year did no better. The similarities are those of the embedded embedder;
with one whose similarities are lower, coverage decides for a question in the evidence's own script.
"""

import re

from rag.evidence import Evidence
from rag.figures import years_in
from rag.lexical import fold
from rag.prompts import is_chinese

COVERAGE_THRESHOLD = 0.35
COVERAGE_SHARE = 0.04
NEARNESS_THRESHOLD = 0.90
FOREIGN_SIMILARITY_THRESHOLD = 0.785
CONFIDENT = 0.5
# What confidence 0, CONFIDENT and 1 stand for.
COVERAGES = (0.0, COVERAGE_THRESHOLD, 1.0)
NEARNESSES = (0.80, NEARNESS_THRESHOLD, 1.04)
FOREIGN_SIMILARITIES = (0.70, FOREIGN_SIMILARITY_THRESHOLD, 0.95)
_LAST_YEAR = re.compile("去年|上年|上一年")
_COUNTRIES = re.compile(
    "美国|日本|德国|英国|法国|韩国|印度|俄罗斯|欧盟|加拿大|澳大利亚|意大利|西班牙|巴西|墨西哥|新加坡|越南|泰国|马来西亚|"
    "印度尼西亚|印尼|菲律宾|沙特|阿联酋|伊朗|以色列|土耳其|埃及|南非|阿根廷|瑞典|瑞士|荷兰|波兰|乌克兰|朝鲜|蒙古国|巴基斯坦"
)


def is_answerable(question: str, evidence: list[Evidence]) -> bool:
    """Whether the best evidence holds enough of the question to be an answer to it.

    Not where the question names years, and the evidence and the days of its documents none of them; nor where it names
    a foreign country that the evidence does not. Otherwise enough is a third of the question's terms, weighted by
    rarity, in one sentence, or a near meaning, to which shared terms add a little. A question in another script than
    the evidence shares no terms with it; there meaning alone decides.
    """
    return confidence(question, evidence) >= CONFIDENT


def confidence(question: str, evidence: list[Evidence]) -> float:
    """How surely the evidence answers the question, from 0 to 1; the assistant answers from ``CONFIDENT`` on.

    Coverage and nearness of meaning are each stretched so that their threshold comes to lie at ``CONFIDENT``, and the
    surer of them counts. Another year or another country leaves no confidence at all.
    """
    if not evidence or _is_of_another_year(question, evidence) or _is_of_another_country(question, evidence):
        return 0.0
    coverage = max(part.coverage for part in evidence)
    similarity = max((part.similarity or 0.0) for part in evidence)
    if is_chinese(question) != is_chinese(evidence[0].sentence.text):
        return _stretched(similarity, *FOREIGN_SIMILARITIES)
    return max(_stretched(coverage, *COVERAGES), _stretched(similarity + COVERAGE_SHARE * coverage, *NEARNESSES))


def _stretched(value: float, lowest: float, threshold: float, highest: float) -> float:
    """A value as confidence: straight from 0 at ``lowest`` to ``CONFIDENT`` at ``threshold`` and to 1 at ``highest``."""
    reach = highest - threshold if value >= threshold else threshold - lowest
    return min(1.0, max(0.0, CONFIDENT + (value - threshold) / (2 * reach)))


def _is_of_another_year(question: str, evidence: list[Evidence]) -> bool:
    asked = years_in(question)
    if not asked:
        return False
    told: set[int] = set()
    for part in evidence:
        told |= years_in(part.sentence.text)
        if part.document.date:
            told.add(part.document.date.year)
            if _LAST_YEAR.search(part.sentence.text):
                told.add(part.document.date.year - 1)
    return bool(told) and not asked & told


def _is_of_another_country(question: str, evidence: list[Evidence]) -> bool:
    asked = set(_COUNTRIES.findall(fold(question)))
    told = fold("".join(f"{part.document.title}{part.sentence.heading}{part.sentence.text}" for part in evidence))
    return bool(asked) and not any(country in told for country in asked)
