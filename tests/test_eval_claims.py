"""Claims on documents of many fields: each rests on words that stand in its document, and the reader tells most of them apart."""

from eval.claims import borne_out, labelled

LEAST_RIGHT_BORNE_OUT, MOST_WRONG_BORNE_OUT = 88, 30


def test_claims_rest_on_words_of_their_documents() -> None:
    claims = labelled()
    assert len(claims) == 200 and sum(each.supported for each in claims) == 100
    assert all(
        each.citation.document.text[each.citation.start : each.citation.end] == each.citation.quote for each in claims
    )


def test_the_reader_that_ships_tells_right_claims_from_wrong_ones() -> None:
    claims = labelled()
    held = borne_out(claims, "default")
    right = sum(is_held for each, is_held in zip(claims, held, strict=True) if each.supported)
    wrong = sum(is_held for each, is_held in zip(claims, held, strict=True) if not each.supported)
    assert right >= LEAST_RIGHT_BORNE_OUT
    assert wrong <= MOST_WRONG_BORNE_OUT
