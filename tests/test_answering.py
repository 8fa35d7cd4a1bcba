"""Answering: claims that fail are written again, quoted, marked or withheld; what the text says stays where it says it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from pydantic import Field
from texts import document_of

from rag.answering.claims import Section, lay_out
from rag.answers import Checks, Claim
from rag.assistant import Assistant
from rag.checking.citations import claims_in
from rag.errors import UsageError

TEXT = (
    "青岚市统计局2月18日发布公报。截至2024年底，全市建成公共充电桩3.2万个，同比增长41%。新能源公交车占公交车总数的76%。"
)
QUESTION = "截至2024年底青岚市建成了多少个公共充电桩？"
RIGHT = "截至2024年底，青岚市建成公共充电桩3.2万个。"
WRONG = "截至2024年底，青岚市建成公共充电桩5.7万个。"


class Scripted(GenericFakeChatModel):
    """Says what it is told to, one message a call, and keeps what it was asked."""

    asked: list[str] = Field(default_factory=list)

    def _generate(self, messages: Any, *arguments: Any, **options: Any) -> Any:
        self.asked.append(str(messages[-1].content))
        return super()._generate(messages, *arguments, **options)


def scripted(*answers: str) -> Scripted:
    return Scripted(messages=iter([AIMessage(answer) for answer in answers]), asked=[])


@pytest.fixture
def assistant(make_assistant: Callable[..., Assistant]) -> Assistant:
    return make_assistant(document_of(TEXT))


def test_a_right_answer_is_left_as_it_is(assistant: Assistant) -> None:
    model = scripted(RIGHT)
    answer = assistant.ask(QUESTION, language_model=model)
    assert answer.text == RIGHT
    assert answer.supported
    assert len(model.asked) == 1


def test_a_wrong_figure_is_written_again_from_what_the_claim_cites(assistant: Assistant) -> None:
    model = scripted(WRONG, RIGHT)
    answer = assistant.ask(QUESTION, language_model=model)
    assert answer.text == RIGHT
    assert answer.supported
    assert "3.2万个" in model.asked[1]
    assert "76%" not in model.asked[1], "the second prompt holds only the cited sentence"


def test_a_claim_that_stays_wrong_becomes_the_verbatim_sentence(assistant: Assistant) -> None:
    answer = assistant.ask(QUESTION, language_model=scripted(WRONG, WRONG))
    assert answer.text == "截至2024年底，全市建成公共充电桩3.2万个，同比增长41%。"
    assert answer.supported
    (claim,) = answer.claims
    assert claim.citations[0].quote == claim.text


@pytest.mark.parametrize(
    ("text", "question", "said"),
    [
        ("馆内可以拍照，但不得使用闪光灯。", "馆内能不能拍照？", "馆内不能拍照。"),
        ("录取后须交装备押金300元，离站时凭完好的装备退还。", "装备押金退不退？", "装备押金不退还。"),
    ],
)
def test_where_the_reader_is_not_sure_of_a_claim_its_sentence_is_quoted(
    make_assistant: Callable[..., Assistant], text: str, question: str, said: str
) -> None:
    answer = make_assistant(document_of(text), reader="default").ask(question, language_model=scripted(said, said))
    assert answer.text == text
    (claim,) = answer.claims
    assert claim.supported and claim.citations[0].quote == text


def test_what_nothing_bears_out_is_marked_and_in_a_strict_answer_withheld(assistant: Assistant) -> None:
    invented = "火星表面有大量液态盐湖。"
    marked = assistant.ask(QUESTION, language_model=scripted(RIGHT + invented, invented))
    assert [claim.supported for claim in marked.claims] == [True, False]
    assert marked.withheld == ()
    strict = assistant.ask(QUESTION, language_model=scripted(RIGHT + invented, invented), strict=True)
    assert strict.text == RIGHT
    assert [claim.text for claim in strict.withheld] == [invented]
    assert strict.to_dict()["withheld"][0]["text"] == invented


def test_a_strict_answer_of_which_nothing_is_left_is_an_abstention(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.checking.verification.verify", lambda *_: Checks(True, False, ("x",), False, 0.0))
    strict = assistant.ask(QUESTION, language_model=scripted(RIGHT, RIGHT), strict=True)
    assert strict.abstained
    assert strict.withheld
    assert not strict.claims


def test_a_bare_figure_is_told_with_its_sentence(assistant: Assistant) -> None:
    answer = assistant.ask(QUESTION, language_model=scripted("3.2万个"))
    assert answer.text == "截至2024年底，全市建成公共充电桩3.2万个，同比增长41%。"


def test_where_nothing_of_a_model_holds_the_evidence_is_quoted(assistant: Assistant) -> None:
    invented = "火星表面有大量液态盐湖。"
    answer = assistant.ask(QUESTION, language_model=scripted(invented, invented))
    assert answer.supported
    assert "3.2万个" in answer.text and "火星" not in answer.text


def test_a_clause_that_nothing_says_is_not_borne_out(assistant: Assistant) -> None:
    added = "青岚市充电桩建设的困难已经全部得到解决，截至2024年底，全市建成公共充电桩3.2万个。"
    answer = assistant.ask(QUESTION, language_model=scripted(added, added))
    assert "困难" not in answer.text and "3.2万个" in answer.text


def test_two_claims_that_become_the_same_sentence_are_said_once(assistant: Assistant) -> None:
    answer = assistant.ask(QUESTION, language_model=scripted(WRONG + WRONG.replace("5.7", "6.8"), WRONG, WRONG))
    assert answer.text.count("3.2万个") == 1


claims = st.lists(st.sampled_from(["甲说一。", "乙有二个。", "丙是三！", "Four is 4."]), min_size=1, max_size=4)
choices = st.sampled_from(["keep", "drop", "换成这一句。"])


@given(
    st.lists(
        st.tuples(claims, st.sampled_from(["", "标签：\n"]), st.lists(choices, min_size=4, max_size=4)), max_size=4
    )
)
def test_claims_stand_where_the_laid_out_text_says_them(parts: list[tuple[list[str], str, list[str]]]) -> None:
    sections: list[tuple[Section, list[Claim | None]]] = []
    expected: list[str] = []
    for sentences, label, chosen in parts:
        text = " ".join(sentences)
        kept = list(_replaced(text, chosen))
        expected += [claim.text for claim in kept if claim]
        sections.append((Section(text, (), label), kept))
    text, laid = lay_out(sections)
    assert [claim.text for claim in laid] == expected
    assert all(text[claim.start : claim.end] == claim.text for claim in laid)


def _replaced(text: str, chosen: list[str]) -> Iterator[Claim | None]:
    for (start, end), choice in zip(claims_in(text), chosen, strict=False):
        if choice == "drop":
            yield None
        else:
            said = text[start:end] if choice == "keep" else choice
            yield Claim(said, start, start + len(said), (), Checks(False, True, (), False, 0.0))


def test_a_sentence_that_answers_two_questions_is_said_once(make_assistant: Callable[..., Assistant]) -> None:
    text = "一季度，青岚市新能源汽车和光伏电池的产量分别增长22.5%、53.2%。"
    answer = make_assistant(document_of(text)).ask("一季度青岚市新能源汽车和光伏电池的产量哪个增长更快？")
    assert answer.text == text


def test_caution_and_passages_hold_for_one_question(assistant: Assistant) -> None:
    asked = assistant.ask(QUESTION, caution="strict", passages=1)
    assert not asked.abstained
    assert len(asked.hits) == 1
    with pytest.raises(UsageError):
        assistant.ask(QUESTION, passages=0)
