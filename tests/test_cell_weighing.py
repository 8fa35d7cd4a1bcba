"""Cells among sentences: what their heads add to their scores, and that what says the same is no rival."""

import numpy as np
import pytest

from rag.reading.labels import NO_LABELS, LabelWeights, share_but_for_a_part, shares_named
from rag.reading.weighing import shared_out
from rag.text.structure import sentences_of
from rag.text.terms import letters_of

TABLE = "| 购机者 | 机具 | 县级补贴 |\n| --- | --- | --- |\n| 蔺大山 | 拖拉机 | 3,800 |\n| 单国梁 | 拖拉机 | 4,900 |\n"


def test_how_much_of_its_heads_a_question_names() -> None:
    sentences = [*sentences_of(TABLE), *sentences_of("蔺大山买了拖拉机。")]
    named = dict(
        zip([sentence.text for sentence in sentences], shares_named("蔺大山的县级补贴是多少？", sentences), strict=True)
    )
    assert named["蔺大山 · 县级补贴：3,800"].tolist() == [1, 1, 1, 1, 0, 0]
    other = named["单国梁 · 县级补贴：4,900"]
    assert other[0] == 1
    assert other[2] == 0 < other[1] < other[3] == 1
    assert named["蔺大山买了拖拉机。"].tolist() == [0] * 6


@pytest.mark.parametrize(
    ("head", "question", "share"),
    [
        ("釉下彩绘", "釉上彩绘的费用是多少？", 0.75),
        ("KH-90", "KH-91的噪声是多少？", 0.75),
        ("完工", "什么时候开工？", 0.5),
        ("釉下彩绘", "釉下彩绘的费用是多少？", 0),
        ("釉下彩绘", "拉坯的费用是多少？", 0),
        ("费用合计", "费用的多少？", 0),
        ("费", "人数是多少？", 0),
        ("", "费用是多少？", 0),
    ],
)
def test_a_head_of_which_the_question_names_another_part(head: str, question: str, share: float) -> None:
    found = share_but_for_a_part(letters_of(head), letters_of(question), letters_of(head + "费用"))
    assert found == pytest.approx(share)


def test_what_another_head_of_the_cell_says_is_in_no_place_of_the_rest() -> None:
    assert share_but_for_a_part("三月电费", "三月份电费", "三月电费份数") == 0


def test_heads_add_to_the_scores_of_cells_alone() -> None:
    named = np.array([[1, 1, 1, 1, 0, 0], [1, 0.5, 0, 1, 1, 0], [0] * 6], np.float32)
    weights = LabelWeights(2.0, np.array([-1, 1, 1, 1, -2, 0], np.float32))
    assert weights.added(np.array([1, 1, 1], np.float32), named).tolist() == [4, 0.5, 1]
    assert NO_LABELS.added(np.array([1, 1, 1], np.float32), named).tolist() == [1, 1, 1]
    again = LabelWeights.from_tensors(weights.to_tensors())
    assert (again.scale, again.weights.tolist()) == (2.0, [-1, 1, 1, 1, -2, 0])


def test_weights_of_another_version_are_refused_and_a_file_without_any_adds_nothing() -> None:
    assert LabelWeights.from_tensors({}) is NO_LABELS
    with pytest.raises(ValueError, match="labels"):
        LabelWeights.from_tensors({"labels": np.zeros(3, np.float32)})


def test_what_says_the_same_is_no_rival() -> None:
    scores = np.array([2.0, 1.0, 0.0], np.float32)
    apart, together = shared_out(scores), shared_out(scores, ["甲", "甲", "乙"])
    assert together[0] == together[1] > apart[0]
    assert together[0] + together[2] < 1
    assert shared_out(scores, ["甲", "乙", "丙"]).tolist() == apart.tolist()
