"""How training data is made: windows, swapped words, and what is true of the pairs that come of them."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.dialogues import dialogues as every_dialogue
from rag.questions.follow_ups import joined
from rag.text.figures import missing_figures
from rag.text.numerals import in_digits
from training import answer_pairs, dictionary, documents, figures_otherwise, follow_ups, opposites, pairs, sisters
from training.claim_pairs import TOLD_OTHERWISE, ClaimPairs, asking_in, stated
from training.elsewhere_pairs import ElsewherePairs
from training.pairs import Pair
from training.question_pairs import QuestionPairs, of_another_day, under_heading
from training.sources import Question, rows, sentences, window_around, windows
from training.swapping import Swapper

TEXT = st.text(alphabet="甲乙东风二期工程。！？；，\n1年”", max_size=200)
CONTEXT = (
    "东风一期工程投资2.1亿元，由宏远公司承建。该工程位于柳荫县，2019年3月5日开工。县长李文涛出席了开工仪式。"
    "工程计划于2021年完工，预计年发电超过40亿千瓦时。全镇有9个村，原告是村委会。小学在校生有8.6万人。"
)
SISTERS = {"工程": ["项目"], "小学": ["初中", "高中"], "原告": ["被告"], "投资": ["融资"]}


def cut(text: str) -> list[str]:
    """Words of ``SISTERS``, else characters."""
    found: list[str] = []
    place = 0
    while place < len(text):
        word = next((word for word in SISTERS if text.startswith(word, place)), text[place])
        found.append(word)
        place += len(word)
    return found


def swapper(seed: int = 1) -> Swapper:
    return Swapper(SISTERS, random.Random(seed), cut)


def names(text: str) -> list[str]:
    """Names of things that are not told of, where the text is told from, and what a title names."""
    return ["东风水电站", "李文涛"] if text == "东风水电站" else ["柳荫县", "桂江市", "宏远公司", "远山集团"]


def question(text: str, answer: str, number: int = 0) -> Question:
    start = CONTEXT.index(answer)
    return Question(f"q{number}", "东风水电站", CONTEXT, text, (start, start + len(answer)))


QUESTIONS = [
    question("东风一期工程投资多少亿元？", "2.1", 1),
    question("工程在哪一年完工？", "2021年", 2),
    question("谁出席了开工仪式？", "李文涛", 3),
    question("小学在校生有多少万人？", "8.6", 4),
]


@given(TEXT)
def test_sentences_follow_each_other_without_gaps(text: str) -> None:
    spans = sentences(text)
    assert "".join(text[start:end] for start, end in spans) == text
    assert all(one[1] == other[0] for one, other in pairwise(spans))


@given(TEXT, st.integers(20, 80))
def test_windows_hold_the_whole_text_and_none_is_longer(text: str, characters: int) -> None:
    found = windows(text, characters)
    assert all(text[window.start : window.end] == window.text and len(window.text) <= characters for window in found)
    assert "".join("".join(window.text for window in found).split()) == "".join(text.split())


@given(st.integers(0, len(CONTEXT) - 3), st.integers(1, 40), st.integers(20, 200), st.floats(0, 1))
def test_a_window_around_a_span_holds_it(start: int, length: int, characters: int, before: float) -> None:
    span = (start, min(start + length, len(CONTEXT)))
    window = window_around(CONTEXT, span, characters, before)
    assert CONTEXT[window.start : window.end] == window.text
    assert window.start <= span[0] and span[1] <= window.end


def test_what_can_be_swapped_is_found_at_its_place() -> None:
    text = "2019年东风一期工程的副县长在A标段投资3.2亿元，二审改判。"
    found = {text[swap.start : swap.end]: swap for swap in swapper().swaps(text)}
    assert {"2019", "一", "工程", "A", "投资", "3.2", "二", "副"} <= set(found)
    assert "副" not in found["副"].others and found["副"].others == ("",)
    for word, swap in found.items():
        assert word not in swap.others


@pytest.mark.parametrize("text", ["他一直在那里。", "有一些人。", "每一个月一次。", "第二十一条"])
def test_a_numeral_that_orders_nothing_stays(text: str) -> None:
    assert not [swap for swap in swapper().swaps(text) if swap.kind == "ordinal"]


@pytest.mark.parametrize("seed", range(12))
def test_pairs_of_questions_are_true(seed: int) -> None:
    chance = random.Random(seed)
    made = list(QuestionPairs(QUESTIONS, Swapper(SISTERS, chance, cut), chance, names))
    assert len(made) == 2 * len(QUESTIONS)
    for number, pair in enumerate(made):
        asked = QUESTIONS[number // 2]
        answer = CONTEXT[slice(*asked.answer)] if asked.answer else ""
        if number % 2 == 0:
            assert pair.answer and pair.passage[slice(*pair.answer)] == answer and pair.unsupported == ()
            assert any(start <= pair.answer[0] and pair.answer[1] <= end for start, end in pair.relevant)
        else:
            assert pair.answer is None and not pair.relevant
            for start, end in pair.unsupported or ():
                assert pair.first[start:end] not in pair.passage.split("\n")[-1]
            if pair.nearly:
                assert pair.passage[slice(*pair.nearly)] == answer


def test_questions_are_narrowed_to_what_is_not_told_of_or_to_what_the_title_names() -> None:
    narrowed = set()
    named = 0
    for seed in range(60):
        chance = random.Random(seed)
        for pair in QuestionPairs(QUESTIONS, Swapper(SISTERS, chance, cut), chance, names):
            if pair.made == "question narrowed":
                ((start, end),) = pair.unsupported or ()
                narrowed.add(pair.first[start:end])
                assert pair.answer is None and pair.nearly and pair.first[start:end] not in pair.passage
                assert pair.first[end:].removeprefix("的")
            elif pair.answer and pair.passage[slice(*pair.answer)] == "李文涛":
                assert "李文涛" not in pair.first
            elif "东风水电站" in pair.first:
                named += 1
                assert pair.answer and "东风水电站" in pair.passage.split("\n")[0]
    assert narrowed >= {"桂江市", "远山集团"}
    assert named


@pytest.mark.parametrize("seed", range(12))
def test_questions_are_said_back_with_what_answers_or_nearly_does(seed: int) -> None:
    chance = random.Random(seed)
    swaps = Swapper(SISTERS, chance, cut)
    made = list(answer_pairs.of_question_pairs(QuestionPairs(QUESTIONS, swaps, chance, names), chance))
    assert {"said back answered", "said back contrasted"} & {pair.made for pair in made}
    for pair in made:
        asked, _, answer = pair.first.partition("？")
        assert not pair.is_question and answer and answer in pair.passage
        for start, end in pair.unsupported or ():
            assert end <= len(asked) and pair.first[start:end] not in pair.passage
    for pair in answer_pairs.with_wrong_answers(QUESTIONS, chance):
        ((start, end),) = pair.unsupported or ()
        asked, _, answer = pair.first.partition("？")
        assert pair.first[start:end] == answer and answer in pair.passage
        assert answer != next(each.answer_text for each in QUESTIONS if each.text == f"{asked}？")


@pytest.mark.parametrize("seed", range(12))
def test_pairs_of_claims_are_true(seed: int) -> None:
    chance = random.Random(seed)
    made = list(ClaimPairs(QUESTIONS, Swapper(SISTERS, chance, cut), chance))
    assert {"sentence", "stated"} <= {pair.made for pair in made}
    for pair in made:
        assert not pair.is_question and pair.answer is None and pair.unsupported is not None
        if pair.made == "sentence" and not any(mark in pair.first for mark in ("百分之", "-", ",")):
            otherwise = set("".join(word for _, words in TOLD_OTHERWISE for word in words))
            assert set(pair.first) - set("，。") - otherwise <= set(pair.passage)
        for start, end in pair.unsupported:
            assert 0 <= start < end <= len(pair.first)


@pytest.mark.parametrize("seed", range(8))
def test_claims_that_are_true_of_something_else(seed: int) -> None:
    chance = random.Random(seed)
    right = [
        Pair(
            "东风工程投资2.1亿元，由宏远公司承建。",
            "东风工程投资2.1亿元，由宏远公司承建。工程位于柳荫县。",
            False,
            unsupported=(),
        ),
        Pair(
            "柳荫小学有8.6万名学生，初中有2万名。",
            "柳荫小学有8.6万名学生，初中有2万名。小学投资不少。",
            False,
            unsupported=(),
        ),
    ]

    def subject_of(clause: str) -> str:
        return next((name for name in ("东风工程", "柳荫小学", "小学") if clause.startswith(name)), "")

    made = list(ElsewherePairs(right, QUESTIONS, chance, subject_of))
    assert "beside another passage" in {pair.made for pair in made}
    for pair in made:
        assert not pair.is_question and (pair.unsupported or pair.some_unsupported)
        if pair.made == "beside another passage":
            own = next(each for each in right if each.first == pair.first)
            assert pair.passage not in own.passage and pair.passage in "".join(each.passage for each in right)
        if pair.made == "another subject":
            ((start, end),) = pair.unsupported or ()
            assert start == 0 and pair.first[end:] in {
                each.first.removeprefix(subject_of(each.first)) for each in right
            }
            assert pair.first not in {each.first for each in right}
        if pair.made == "another's answer":
            assert any(question.answer_text in pair.passage for question in QUESTIONS)


@pytest.mark.parametrize("seed", range(8))
def test_a_question_may_name_the_day_of_its_document_or_another(seed: int) -> None:
    chance = random.Random(seed)
    pair = Pair("谁出席了仪式？", "李文涛出席了仪式。", True, (0, 3), ((0, 9),), (), made="answered")
    for _ in range(20):
        headed = under_heading(pair, "简报", chance)
        assert headed.answer and headed.passage[slice(*headed.answer)] == "李文涛"
        year = headed.first.partition("年")[0][-4:]
        assert headed.first == pair.first or headed.passage.startswith(f"{year}年")
        other = of_another_day(pair, "简报", chance)
        assert other and other.answer is None and other.unsupported and other.nearly
        assert other.passage[slice(*other.nearly)] == "李文涛"
        (span,) = other.unsupported
        assert other.first[slice(*span)] not in other.passage and other.first.endswith(pair.first)
    assert of_another_day(replace(pair, first="2024年谁出席了仪式？"), "", chance) is None


def test_a_question_is_stated_with_its_answer() -> None:
    text = "谁出席了开工仪式？"
    asking = asking_in(text, "李文涛")
    assert asking == (0, 1)
    assert stated(text, asking, "李文涛") == ("李文涛出席了开工仪式。", (0, 3))
    assert asking_in("什么人说了什么？", "李文涛") == (0, 3)
    assert asking_in("投资多少亿元？", "宏远公司") is None


def test_pairs_are_read_as_they_were_written(tmp_path: Path) -> None:
    some = [
        Pair("问？", "答。", True, (0, 1), ((0, 2),), (), made="answered").under("题"),
        Pair("说。", "据。", False, unsupported=((0, 1),)),
        Pair("说。", "据。", False, some_unsupported=True),
    ]
    assert (
        some[0].passage == "题\n答。"
        and some[0].heading == 2
        and some[0].answer == (2, 3)
        and some[0].relevant == ((2, 4),)
    )
    assert pairs.write(tmp_path / "pairs.gz", some) == 3
    assert list(pairs.read(tmp_path / "pairs.gz")) == some


def test_what_is_evaluated_with_was_not_trained_with() -> None:
    trained, kept = sisters.read("train"), sisters.read("test")
    assert len(trained) > 1000 and len(kept) > 500
    words = {
        half: {*found, *(each for some in found.values() for each in some)}
        for half, found in (("train", trained), ("test", kept))
    }
    assert words["train"].isdisjoint(words["test"])
    turned_over = {*opposites.read(), *(each for found in opposites.read().values() for each in found)}
    assert len(turned_over) > 500 and turned_over.isdisjoint(words["test"])


MEANINGS = """提高 提高 [ti2 gao1] /to raise/to increase/to improve/
提升 提升 [ti2 sheng1] /to promote (to a higher-ranking position)/to elevate; to raise; to improve/
提示 提示 [ti2 shi4] /to point out/to remind (sb of sth)/hint/
增高 增高 [zeng1 gao1] /to heighten/to raise/to increase/
淨重 净重 [jing4 zhong4] /net weight/
總重 总重 [zong3 zhong4] /gross weight/
"""


def test_a_dictionary_tells_what_means_the_same_and_what_does_not(tmp_path: Path) -> None:
    file = tmp_path / "cedict.u8"
    file.write_text(MEANINGS, encoding="utf-8")
    known = {
        "提高": (900, "v"),
        "提升": (800, "v"),
        "提示": (700, "v"),
        "增高": (600, "v"),
        "净重": (500, "n"),
        "总重": (500, "n"),
    }
    words = dictionary.read(file, known)
    assert [sisters.half_of(word) for word in known] == ["train", "train", "train", "test", "train", "train"]
    assert words.same == {"提高": ("提升",), "提升": ("提高",)}
    assert words.other["净重"] == ("总重",)
    assert "增高" not in str(words)  # what evaluation draws from is never learned from


def test_claims_in_other_words_say_where_they_went_wrong() -> None:
    words = dictionary.Words(
        same={"提高": ("提升",), "产量": ("产出",)}, other={"净重": ("毛重",), "提高": ("提示",), "企业": ("企图",)}
    )
    vocabulary = ["企业", "提高", "产量", "净重"]

    def cut(text: str) -> list[str]:
        return re.findall(f"{'|'.join(vocabulary)}|.", text)

    right = [
        Pair("企业提高了产量。", "去年企业提高了产量。", False, unsupported=(), made="sentence"),
        Pair("箱子净重3千克。", "箱子净重3千克，产量不限。", False, unsupported=(), made="sentence"),
        Pair("没有可换的。", "没有可换的。", False, unsupported=(), made="sentence"),
    ]
    changed, same = 0, 0
    for seed in range(20):
        for pair in dictionary.claims_in_other_words(right, words, random.Random(seed), cut):
            assert pair.first != "没有可换的。" and pair.passage in {each.passage for each in right}
            for start, end in pair.unsupported or ():
                assert pair.first[start:end] in {
                    "毛重",
                    "提示",
                    "企图",
                    *opposites.read()["提高"],
                    *opposites.read()["产量"],
                }
                changed += 1
            if not pair.unsupported:
                assert pair.first in {
                    "企业提高了产量。",
                    "企业提升了产量。",
                    "企业提升了产出。",
                    "企业提高了产出。",
                    "箱子净重3千克。",
                }
                same += pair.first not in {each.first for each in right}
    assert changed and same


def test_written_documents_say_what_their_authors_say_of_them() -> None:
    every = documents.documents()
    assert len(every) > 1500 and len({document.kind for document in every}) > 15
    assert [fault for document in every for fault in documents.faults(document)] == []


def test_what_is_judged_by_was_not_written_for_training() -> None:
    from eval.datasets import load_dataset

    every = documents.documents()
    for name in ("genres", "fields"):
        judged = load_dataset("genres", Path(__file__).parents[1] / "eval" / name)
        assert not {document.title for document in judged.documents} & {document.title for document in every}
    assert not {question.question for question in judged.questions} & {
        asked["q"] for document in every for asked in document.questions
    }


def test_pairs_of_written_documents_are_of_their_texts() -> None:
    chance = random.Random(3)
    some = documents.documents()[::40]
    for pair in documents.question_pairs(some, chance):
        assert (pair.answer is None) is bool(pair.unsupported)
        assert pair.nearly is None or (pair.answer is None and pair.passage[slice(*pair.nearly)])
        for start, end in (*((pair.answer,) if pair.answer else ()), *pair.relevant):
            assert 0 <= start < end <= len(pair.passage)
    answers = {pair.passage[slice(*pair.answer)] for pair in documents.question_pairs(some, chance) if pair.answer}
    assert answers == {asked["a"] for document in some for asked in document.questions if asked["a"]}
    for pair in documents.claim_pairs(some, chance):
        assert all(pair.first[start:end] for start, end in pair.unsupported or ())


FIGURES = (
    "该公司一季度净利润为18.6亿元，同比下降12.4%，加快0.3个百分点。",
    "产量45.6万吨，出口3,120台，约1386万人。",
    "2023年4月20日，水库蓄水率不低于75%，投资2.1亿元。",
    "罚款5000元以上50000元以下，全长5.6米，增长1倍。",
)


@pytest.mark.parametrize("text", FIGURES)
@pytest.mark.parametrize("seed", range(20))
def test_figures_told_otherwise_keep_their_value(text: str, seed: int) -> None:
    told = figures_otherwise.told_otherwise(text, random.Random(seed))
    assert not missing_figures(in_digits(told), in_digits(text)), told


@pytest.mark.parametrize("text", FIGURES)
@pytest.mark.parametrize("seed", range(20))
def test_another_value_is_another_and_stands_where_it_is_said_to(text: str, seed: int) -> None:
    made = figures_otherwise.with_another_value(text, random.Random(seed))
    if made:
        changed, (start, end) = made
        assert changed != text
        assert text.startswith(changed[:start]) and text.endswith(changed[end:])


def test_another_bound_says_the_opposite() -> None:
    assert figures_otherwise.with_another_bound("基站超过264万个。", random.Random(1)) == ("基站不足264万个。", (2, 4))
    assert figures_otherwise.with_another_bound("年满18周岁以上。", random.Random(1)) == ("年满18周岁以下。", (6, 8))
    assert figures_otherwise.with_another_bound("不到位的要整改。", random.Random(1)) is None


@pytest.mark.parametrize(
    ("before", "question", "alone", "carried", "dropped"),
    [
        ("罗某一审判了多久？", "二审呢", "罗某二审判了多久？", "罗某判了多久？", "呢"),
        ("甲县的产值是多少？", "它比上年增长多少", "甲县的产值比上年增长多少", "甲县的产值", "它"),
        ("How old is the bridge?", "who built it", "who built the bridge?", "the bridge?", "it"),
    ],
)
def test_what_comes_back_is_found_by_laying_questions_beside_each_other(
    before: str, question: str, alone: str, carried: str, dropped: str
) -> None:
    back, gone, added = follow_ups.laid_beside(before, question, alone)
    assert "".join(before[slice(*span)] for span in back).replace(" ", "") == carried.replace(" ", "")
    assert "".join(question[slice(*span)] for span in gone) == dropped
    assert added == 0


def test_dialogues_to_learn_from_are_whole_and_none_is_evaluated_with() -> None:
    dialogues = list(rows(follow_ups.DIALOGUES))
    turns = [turn for dialogue in dialogues for turn in follow_ups.turns_of(dialogue)]
    assert len(dialogues) > 1000
    kinds = [turn.leaning.kind for turn in turns]
    assert all(kinds.count(kind) / len(kinds) > 0.05 for kind in ("stands", "leans", "talk"))
    judged = [turn["standalone"] for dialogue in every_dialogue("all") for turn in dialogue["turns"]]
    learned = {turn.standalone for turn in turns if turn.leaning.kind != "talk"}
    assert not learned & set(judged)
    # What is learned puts most questions together as they were written.
    leaning = [turn for turn in turns if turn.leaning.kind == "leans"]
    same = [
        follow_ups.plain(joined(turn.question, turn.before, turn.leaning)) == follow_ups.plain(turn.standalone)
        for turn in leaning
    ]
    assert sum(same) / len(same) > 0.7
