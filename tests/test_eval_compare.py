"""The comparison of two runs: what was won and lost, and when the second must not pass."""

import json
from dataclasses import replace

import pytest

from eval.compare import compare, regressions
from eval.metrics import METRICS
from eval.rows import Row
from rag.errors import UsageError
from tests.evaluation_rows import ROWS, question


def _run(right: int, of: int = 40) -> list[Row]:
    facts = (("甲",),)
    return [Row(question(f"q{n:02}", facts=facts), answer="甲" if n < right else "丁") for n in range(of)]


def test_won_lost_and_tied_questions() -> None:
    right = replace(ROWS[1], answer="甲、乙")
    second = [right, replace(ROWS[0], answer="丁"), *ROWS[2:]]
    found = compare(ROWS, second)
    assert (found.won, found.lost) == (("q2",), ("q1",))
    assert found.both_right == ("n1", "n2")
    assert found.both_wrong == ("q3", "q4", "n3")
    assert found.tied == ("n1", "n2", "q3", "q4", "n3")
    assert found.p_value == 1.0
    assert set(found.differences) == set(METRICS)
    assert found.differences["fact_accuracy"].interval.value == 0
    assert found.values["fact_accuracy"] == 1 / 4
    assert json.loads(json.dumps(found.to_dict()))["won"] == ["q2"]


def test_only_unchanged_questions_in_both_are_compared() -> None:
    changed = replace(ROWS[0], question=replace(ROWS[0].question, facts=(("丁",),)))
    noted = replace(ROWS[1], question=replace(ROWS[1].question, note="改了说明"))
    found = compare(ROWS[:3], [changed, noted, ROWS[4]])
    assert found.both_wrong == ("q2",)
    assert found.only_first == ("q1", "q3")
    assert found.only_second == ("q1", "n1")


def test_runs_without_a_common_question_and_unknown_metrics_are_refused() -> None:
    with pytest.raises(UsageError, match="没有共同的题"):
        compare(ROWS[:1], ROWS[1:])
    with pytest.raises(UsageError, match="bleu"):
        compare(ROWS, ROWS, ["bleu"])
    with pytest.raises(UsageError, match="bleu"):
        regressions(compare(ROWS, ROWS, ["fact_accuracy"]), {"bleu": 1}, False)


def test_questions_without_facts_are_not_judged() -> None:
    bare = [replace(row, question=replace(row.question, facts=())) for row in ROWS[:2]]
    found = compare(bare, bare)
    assert found.unjudged == ("q1", "q2")
    assert not found.tied


def test_same_run_never_regresses() -> None:
    assert regressions(compare(ROWS, ROWS), {}, fail_on_regression=True) == []


def test_significant_loss_is_a_regression_and_a_gain_is_not() -> None:
    better, worse = _run(36), _run(24)
    reasons = regressions(compare(better, worse), {}, fail_on_regression=True)
    assert len(reasons) >= 2
    assert "12" in reasons[0]
    assert any("fact_accuracy" in reason for reason in reasons)
    assert regressions(compare(better, worse), {}, fail_on_regression=False) == []
    assert regressions(compare(worse, better), {}, fail_on_regression=True) == []


def test_loss_of_one_question_may_be_chance() -> None:
    found = compare(_run(30), _run(29))
    assert found.lost == ("q29",)
    assert regressions(found, {}, fail_on_regression=True) == []


def test_slower_answers_are_no_regression_of_quality() -> None:
    slow = [replace(row, seconds=row.seconds * 10) for row in ROWS]
    found = compare(ROWS, slow)
    assert found.differences["seconds_median"].interval.value > 0
    assert "seconds_median" not in found.adjusted
    assert regressions(found, {}, fail_on_regression=True) == []
    assert len(regressions(found, {"seconds_median": 10}, fail_on_regression=False)) == 1


@pytest.mark.parametrize(
    ("threshold", "fails"),
    [
        ({"fact_accuracy": 0.25}, False),
        ({"fact_accuracy": 0.26}, True),
        ({"false_rejection_rate": 0.25}, False),
        ({"false_rejection_rate": 0.24}, True),
    ],
)
def test_thresholds_are_the_least_or_the_most(threshold: dict[str, float], fails: bool) -> None:
    reasons = regressions(compare(ROWS, ROWS), threshold, fail_on_regression=False)
    assert bool(reasons) is fails
    assert all(name in reason for name in threshold for reason in reasons)


def test_what_was_not_measured_does_not_pass() -> None:
    (reason,) = regressions(compare(_run(1, 2), _run(1, 2)), {"prompt_tokens": 100}, fail_on_regression=False)
    assert "prompt_tokens" in reason
