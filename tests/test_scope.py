"""Names of documents and of parties in questions: what a question is about, and who is meant by a term of a contract."""

from collections.abc import Callable

import pytest

from rag import Assistant, Document
from rag.reading.passages import passages_of, told_in_full
from rag.reading.scope import asked_of
from rag.search.retrieval import Hit
from rag.text.defined_terms import defined_terms, named_in
from rag.text.structure import sentences_of

CONTRACT = """塑胶跑道施工合同

甲方（发包人）：桐湾镇中心小学
乙方（承包人）：岚石体育设施有限公司

一、乙方应当在合同签订之日起20日内完成跑道铺设。
二、甲方应当在验收合格之日起10日内支付工程款186000元。
三、乙方逾期完工的，每逾期一日向甲方支付违约金800元。
四、跑道面层的质保期为5年，由乙方负责维修。

甲方（盖章）：桐湾镇中心小学
乙方（盖章）：岚石体育设施有限公司
"""
AWARD = """劳动人事争议仲裁裁决书

申请人：温若溪，女，1990年出生。
被申请人：柏川纺织有限公司。

申请人于2021年入职，被申请人2023年停发工资。被申请人辩称已经结清。申请人请求支付工资9600元。
"""


def told(text: str, about: str) -> str:
    document = Document(text=text, path="own.txt", title=text.split("\n", 1)[0])
    sentences = sentences_of(text)
    found = told_in_full(document, sentences, sentences, about)
    return "\n".join(each.text for each in found.values())


def asked(question: str, title: str, text: str, ends: list[int] | None = None) -> list[str]:
    document = Document(text=text, path="own.txt", title=title)
    start = text.rfind("\n") + 1
    hit = Hit(document, start, len(text), text[start:], speakers=(), score=1.0, lexical_rank=1, dense_rank=1)
    (passage,) = passages_of([hit], lambda each: sentences_of(each.text))
    return asked_of(question, passage, ends or list(range(1, len(question) + 1)), sentences_of(text))


def test_a_contract_tells_who_its_parties_are() -> None:
    terms = {each.term: each.name for each in defined_terms(CONTRACT)}
    assert terms == {"甲方": "桐湾镇中心小学", "乙方": "岚石体育设施有限公司"}


def test_a_party_that_a_question_names_is_told_behind_its_term() -> None:
    read = told(CONTRACT, "岚石体育要在多少天内铺好跑道？")
    assert "乙方（岚石体育）应当在合同签订之日起20日内" in read
    assert "甲方应当在验收合格之日起10日内" in read
    assert told(CONTRACT, "多少天内铺好跑道？") == told(CONTRACT, "")


def test_no_term_is_found_within_a_longer_one() -> None:
    read = told(AWARD, "温若溪要多少钱？")
    assert "申请人（温若溪）请求支付工资" in read
    assert "被申请人（温若溪）" not in read
    assert "被申请人（柏川纺织）辩称" in told(AWARD, "柏川纺织说了什么？")


def test_a_term_defined_twice_in_different_ways_is_nobody() -> None:
    two = CONTRACT + CONTRACT.replace("岚石体育设施", "远峤建筑工程")
    assert [each.term for each in defined_terms(two)] == ["甲方"]


def test_a_short_name_stands_for_the_whole() -> None:
    text = "砚山新型材料有限公司（以下简称“砚新”）昨日公告。砚新去年亏损。砚新今年扭亏。"
    (term,) = defined_terms(text)
    assert term.term == "砚新"
    assert named_in("砚山新型材料有限公司去年如何？", [term]) == [(term, "砚山新型材料有限公司")]


def test_what_several_names_share_names_none_of_them() -> None:
    terms = defined_terms(CONTRACT.replace("桐湾镇中心小学", "岚石体育中心"))
    assert named_in("岚石体育要做什么？", terms) == []


OPENING = "参观须知\n澜溪博物馆由澜溪镇管理。\n语音导览器租金20元，押金100元。"


def test_the_document_that_a_question_begins_with_is_not_asked_of_its_passages() -> None:
    assert asked("澜溪博物馆的语音导览器租金多少？", "参观须知", OPENING) == ["语音导览器租金多少？"]


def test_what_the_heading_names_is_asked_both_ways() -> None:
    question = "澜溪博物馆的语音导览器租金多少？"
    assert asked(question, "澜溪博物馆参观须知", OPENING) == ["语音导览器租金多少？", question]


def test_what_the_document_does_not_name_stays_in_the_question() -> None:
    question = "澜峰博物馆的语音导览器租金多少？"
    assert asked(question, "参观须知", OPENING) == [question]


def test_who_speaks_in_a_document_stays_in_the_question() -> None:
    question = "温若溪说导览器租金多少？"
    text = "参观须知\n馆长温若溪表示，本馆周一闭馆。\n语音导览器租金20元，押金100元。"
    assert asked(question, "参观须知", text) == [question]


def test_no_word_is_cut_in_two() -> None:
    question = "澜溪镇长热线是多少？"
    assert asked(question, "参观须知", OPENING, ends=[2, 4, 6, 7, 9]) == [question]


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    one = Assistant.open(tmp_path_factory.mktemp("scope"), language_model="extractive", reader="default")
    one.add([Document(text=CONTRACT, path="contract.txt", title="塑胶跑道施工合同")])
    one.add([Document(text=AWARD, path="award.txt", title="劳动人事争议仲裁裁决书")])
    return one


@pytest.mark.parametrize(
    ("question", "holds"),
    [
        ("岚石体育要在多少天内铺好跑道？", "20日"),
        ("桐湾镇中心小学验收之后几天内付工程款？", "10日"),
        ("岚石体育完工晚了，一天赔多少？", "800元"),
    ],
)
def test_parties_are_asked_about_by_name(assistant: Assistant, question: str, holds: str) -> None:
    answer = assistant.ask(question)
    assert not answer.abstained
    assert holds in answer.text
    assert all(each.document.text[each.start : each.end] == each.quote for each in answer.citations)


@pytest.mark.parametrize(
    ("question", "not_first"),
    [("青年组每人每项交多少报名费？", "50元"), ("金宿至少要有几间客房？", "不少于3间")],
)
def test_what_is_said_of_a_sister_in_the_same_sentence_does_not_come_first(
    make_assistant: Callable[..., Assistant], question: str, not_first: str
) -> None:
    text = "冰雪运动会规程\n少年组免收报名费，青年组每人每项30元，公开组每人每项50元。\n\n金宿不少于6间客房，银宿不少于3间。"
    one = make_assistant(Document(text=text, path="rules.txt", title="规程"), reader="default")
    answer = one.ask(question)
    assert not answer.abstained
    assert answer.text.split("\n")[0] != not_first
