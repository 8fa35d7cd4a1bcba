"""Intervals and tests of significance: worked by hand, against scipy, and what holds for any run."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import METRICS
from eval.rows import Row
from eval.statistics import holm, interval, mcnemar, paired_difference
from tests.evaluation_rows import ROWS, question

ACCURACY = METRICS["fact_accuracy"]


def _run(right: list[bool]) -> list[Row]:
    facts = (("甲",),)
    return [Row(question(f"q{n}", facts=facts), answer="甲" if held else "丁") for n, held in enumerate(right)]


def test_interval_of_a_share_is_near_the_normal_one() -> None:
    found = interval(ACCURACY, _run([n < 60 for n in range(100)]))
    assert found is not None
    reach = 1.96 * (0.6 * 0.4 / 100) ** 0.5
    assert found.value == pytest.approx(0.6)
    assert found.low == pytest.approx(0.6 - reach, abs=0.02)
    assert found.high == pytest.approx(0.6 + reach, abs=0.02)


def test_interval_is_the_same_each_time_and_wider_at_a_higher_level() -> None:
    rows = _run([True, False, True, True, False, True, False])
    assert interval(ACCURACY, rows) == interval(ACCURACY, rows)
    assert interval(ACCURACY, rows, seed=1) is not None
    narrow, wide = interval(ACCURACY, rows, level=0.5), interval(ACCURACY, rows, level=0.99)
    assert narrow and wide and wide.low < narrow.low < narrow.high < wide.high


def test_interval_of_nothing_is_none() -> None:
    assert interval(ACCURACY, []) is None
    assert interval(METRICS["rejection_rate"], _run([True])) is None


@pytest.mark.parametrize("name", METRICS)
@given(st.lists(st.sampled_from(ROWS), min_size=1, max_size=8))
def test_interval_holds_the_value(name: str, rows: list[Row]) -> None:
    found = interval(METRICS[name], rows, resamples=40)
    value = METRICS[name](rows)
    assert (found is None) == (value is None)
    assert found is None or found.low <= found.value == value <= found.high


@pytest.mark.parametrize("name", METRICS)
def test_two_thousand_draws_of_a_set_take_less_than_a_second(name: str) -> None:
    rows = [replace(ROWS[n % len(ROWS)], confidence=n / 120) for n in range(120)]
    began = time.process_time()
    assert interval(METRICS[name], rows) is not None
    assert time.process_time() - began < 1


def test_many_rows_are_drawn_in_blocks() -> None:
    rows = [ROWS[n % 2] for n in range(3000)]
    found = interval(ACCURACY, rows, resamples=1000)
    assert found is not None and found.low < 0.5 < found.high


# -- two runs ---------------------------------------------------------------------------------------------------------


def test_same_run_twice_does_not_differ() -> None:
    rows = _run([True, False, True])
    found = paired_difference(ACCURACY, rows, rows)
    assert found is not None
    assert (found.interval.value, found.interval.low, found.interval.high, found.p_value) == (0, 0, 0, 1)


def test_pairing_sees_what_two_intervals_do_not() -> None:
    before, after = _run([n < 50 for n in range(100)]), _run([n < 60 for n in range(100)])
    one, other = interval(ACCURACY, before), interval(ACCURACY, after)
    assert one and other and one.high > other.low
    found = paired_difference(ACCURACY, before, after)
    assert found is not None
    assert found.interval.value == pytest.approx(0.1)
    assert 0.03 < found.interval.low < found.interval.high < 0.17
    assert found.p_value < 0.01
    turned = paired_difference(ACCURACY, after, before)
    assert turned is not None and turned.interval.value == pytest.approx(-0.1)
    assert turned.p_value == pytest.approx(found.p_value)


def test_difference_needs_the_same_questions_and_a_value_in_both() -> None:
    rows = _run([True, False])
    with pytest.raises(ValueError, match="same questions"):
        paired_difference(ACCURACY, rows, rows[::-1])
    assert paired_difference(METRICS["prompt_tokens"], rows, rows) is None


@pytest.mark.parametrize(
    ("only_first", "only_second", "p_value"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),
        (0, 5, 2 / 32),
        (0, 6, 2 / 64),
        (1, 7, 2 * (1 + 8) / 256),
        (2, 2, 1.0),
        (1, 9, 2 * (1 + 10) / 1024),
    ],
)
def test_mcnemar_by_hand(only_first: int, only_second: int, p_value: float) -> None:
    assert mcnemar(only_first, only_second) == pytest.approx(p_value)


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_the_binomial_test(only_first: int, only_second: int) -> None:
    binomial = pytest.importorskip("scipy.stats").binomtest
    expected = binomial(only_first, only_first + only_second).pvalue if only_first + only_second else 1.0
    assert mcnemar(only_first, only_second) == mcnemar(only_second, only_first) == pytest.approx(expected)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=8))
def test_adjusted_p_values_are_no_smaller_and_keep_their_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(before <= after <= 1 for before, after in zip(p_values, adjusted, strict=True))
    order = np.argsort(p_values, kind="stable")
    assert all(
        one <= other for one, other in zip(np.array(adjusted)[order], np.array(adjusted)[order][1:], strict=False)
    )
