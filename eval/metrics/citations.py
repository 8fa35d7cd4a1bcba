"""Citations: is every sentence of an answer borne out by the spans it cites, and are those the right ones?

Two views that see different faults. After ALCE: is each claim supported by its own citations (recall), and does each
citation do something for its claim (precision)? By gold: do the citations stand where a person says the answer stands?
ALCE asks a language model for entailment between an English sentence and passages of 100 words; here the judge is
``rag.checking.verification`` (figures and words, or meaning across languages), the claims are Chinese sentences and the
passages exact spans.
"""

from eval.metrics.base import metric, pooled
from eval.metrics.spans import ENOUGH, covered, is_on_gold
from eval.rows import JudgedClaim, Row
from rag.text.figures import figures_in, missing_figures
from rag.text.numerals import in_digits
from rag.text.view import readable

ALCE = "after ALCE (Gao et al., EMNLP 2023)"


@metric(
    formula="|claims supported by their spans, one of which stands on gold where there is gold| / |claims|, "
    "mean over answered questions, 0 without claims",
    source=ALCE,
)
def claim_citation_recall(row: Row) -> float | None:
    """Share of an answer's claims that their own citations bear out."""
    if not _is_answered(row):
        return None
    return _share([_is_borne_out(row, claim) for claim in row.claims])


@metric(
    formula="|citations of supported claims that support alone, or without which the others do not| / |citations|, "
    "mean over answered questions, 0 without citations",
    source=ALCE,
)
def claim_citation_precision(row: Row) -> float | None:
    """Share of an answer's citations that do something for a claim that holds."""
    if not _is_answered(row):
        return None
    return _share(
        [
            claim.supported and (citation.sufficient or citation.needed)
            for claim in row.claims
            for citation in claim.citations
        ]
    )


@metric(
    formula="|citations that share half their own or half a gold span's characters| / |citations|, mean over answered "
    "answerable questions, 0 without citations",
    source="ours",
)
def citation_precision(row: Row) -> float | None:
    """Share of an answer's citations that stand on gold."""
    if not _has_gold(row) or not _is_answered(row):
        return None
    return _share([is_on_gold(citation.span, row.question.gold) for citation in row.citations])


@metric(
    formula="the first span that the first claim cites shares half its own or half a gold span's characters: 1, else 0; "
    "mean over answerable questions with gold, 0 where nothing is answered",
    source="ours",
)
def sentence_accuracy(row: Row) -> float | None:
    """Share of the answerable questions whose answer begins with a sentence that holds the answer."""
    if not _has_gold(row) or not row.question.answerable:
        return None
    first = [row.citations[claim.citations[0].number] for claim in row.claims[:1] if claim.citations]
    return float(bool(first) and _is_answered(row) and is_on_gold(first[0].span, row.question.gold))


@metric(
    formula="|gold quotes that the citations cover (≥ 50 %)| / |gold quotes|, mean over answered answerable questions",
    source="ours",
)
def citation_recall(row: Row) -> float | None:
    """Share of the gold quotes that an answer cites."""
    if not _has_gold(row) or not _is_answered(row):
        return None
    cited = [citation.span for citation in row.citations]
    return _share([covered(gold, cited) >= ENOUGH for gold in row.question.gold])


@metric(formula="|citations with document.text[start:end] == quote| / |citations|", source="ours", combine=pooled)
def exact_span_rate(row: Row) -> tuple[float, float]:
    """Share of all citations that are exact spans. Anything but 1 is a defect."""
    return sum(citation.exact for citation in row.citations), len(row.citations)


@metric(
    formula="|claims all of whose figures stand in their cited spans| / |claims with figures|",
    source="ours",
    combine=pooled,
)
def numeric_consistency_rate(row: Row) -> tuple[float, float]:
    """Share of the claims with numbers, percentages or dates whose spans hold them all; unverified by the answerer."""
    told = [claim for claim in row.claims if figures_in(in_digits(claim.text))]
    return sum(not missing_figures(in_digits(claim.text), _cited_text(row, claim)) for claim in told), len(told)


@metric(
    formula="|claims that fail one of the checks exists, facts agree, supports| / |claims|",
    source="ours",
    better="lower",
    combine=pooled,
)
def unsupported_claim_rate(row: Row) -> tuple[float, float]:
    """Share of all claims that the assistant itself marks as not borne out."""
    return sum(not claim.supported for claim in row.claims), len(row.claims)


def _is_borne_out(row: Row, claim: JudgedClaim) -> bool:
    if not claim.supported or not row.question.gold:
        return claim.supported
    # Not half of the gold quote: a claim may be a figure cited to its very characters, a tenth of its sentence.
    return any(is_on_gold(row.citations[citation.number].span, row.question.gold) for citation in claim.citations)


def _cited_text(row: Row, claim: JudgedClaim) -> str:
    cited = (row.citations[citation.number] for citation in claim.citations)
    return in_digits("\n".join(each.text or readable(each.quote) for each in cited))


def _is_answered(row: Row) -> bool:
    return not row.abstained


def _has_gold(row: Row) -> bool:
    return bool(row.question.gold)


def _share(held: list[bool]) -> float:
    return sum(held) / len(held) if held else 0.0
