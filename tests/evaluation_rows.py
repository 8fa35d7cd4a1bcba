"""Seven results of an evaluation, small enough to work every metric by hand."""

from eval.questions import Gold, Question, Span
from eval.rows import CitedSpan, ClaimCitation, JudgedClaim, Passage, Row


def question(identifier: str, *, answerable: bool = True, facts: tuple[tuple[str, ...], ...] | None = None) -> Question:
    """A question with two facts and two gold quotes, the first of which stands in two documents; or without any."""
    gold = (
        Gold("a.txt", "0123456789", (Span("a.txt", 100, 110), Span("b.txt", 0, 10))),
        Gold("a.txt", "abcd", (Span("a.txt", 200, 204),)),
    )
    required = (("甲",), ("乙", "丙")) if facts is None else facts
    kind = "number" if answerable else "near"
    return Question(
        identifier, kind, "tune", "问", (), answerable, required if answerable else (), gold if answerable else ()
    )


def claim(text: str, supported: bool, *citations: tuple[int, bool, bool]) -> JudgedClaim:
    """A claim whose three checks are ``supported``; citations are number, sufficient, needed."""
    made = tuple(ClaimCitation(*citation) for citation in citations)
    return JudgedClaim(text, 0, len(text), supported, supported, supported, citations=made)


def cited(document: str, start: int, end: int, quote: str = "", *, exact: bool = True) -> CitedSpan:
    return CitedSpan(Span(document, start, end), exact, quote)


ROWS = [
    # Both facts. The passages bring both quotes at the seventh place. One citation is on gold, one does nothing.
    Row(
        question("q1"),
        answer="甲和丙",
        confidence=0.9,
        hits=tuple(Passage(Span("a.txt", 0, 250) if n == 6 else Span("c.txt", 0, 9)) for n in range(10)),
        evidence=(Span("a.txt", 105, 120), Span("a.txt", 190, 210)),
        citations=(cited("a.txt", 104, 120, "甲有50000个"), cited("a.txt", 300, 310, "丙占2%")),
        claims=(
            claim("甲有5万个。", True, (0, True, True), (1, False, False)),
            claim("丙占3%。", False, (1, False, True)),
        ),
        evidence_seconds=0.1,
        first_token_seconds=0.5,
        seconds=1.0,
        prompt_tokens=100,
        generated_tokens=10,
    ),
    # One fact of two. Four of ten characters are evidence. The claim needs both citations, and both quotes are cited.
    Row(
        question("q2"),
        answer="乙",
        confidence=0.8,
        hits=(Passage(Span("b.txt", 0, 10)), Passage(Span("a.txt", 0, 250))),
        evidence=(Span("b.txt", 0, 4), Span("a.txt", 200, 204)),
        citations=(cited("b.txt", 0, 50), cited("a.txt", 200, 203)),
        claims=(claim("乙。", True, (0, False, True), (1, False, True)),),
        evidence_seconds=0.2,
        first_token_seconds=1.5,
        seconds=2.0,
        prompt_tokens=300,
        generated_tokens=30,
    ),
    Row(question("q3"), answer="没有", abstained=True, confidence=0.3, evidence_seconds=0.3, seconds=3.0),
    Row(question("q4"), error="RuntimeError: 坏了", seconds=99.0),
    Row(
        question("n1", answerable=False),
        answer="没有",
        abstained=True,
        confidence=0.2,
        evidence_seconds=0.4,
        seconds=4.0,
    ),
    Row(
        question("n2", answerable=False),
        answer="资料中没有提到这个数字。",
        confidence=0.6,
        claims=(claim("资料中没有提到这个数字。", False),),
        evidence_seconds=0.5,
        seconds=5.0,
    ),
    Row(
        question("n3", answerable=False),
        answer="是3。",
        confidence=0.7,
        citations=(cited("a.txt", 0, 3, "有3个", exact=False),),
        claims=(claim("是3。", True, (0, True, True)),),
        evidence_seconds=0.6,
        seconds=6.0,
    ),
]
