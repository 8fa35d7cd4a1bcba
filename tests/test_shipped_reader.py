"""The reader that ships: its weights are the published ones, and claims that are wrong by a word are told from right ones."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel

from rag.answers import Citation
from rag.assistant import Assistant
from rag.checking.verification import verify_all
from rag.loading import load
from rag.reading import choice
from rag.reading.adapters import CLAIMS_FILE_NAME, FILE_NAME
from rag.reading.choice import DEFAULT, SHIPPED, choose_reader
from rag.text.documents import Document
from rag.text.structure import sentences_of

MEGABYTES = 25
QUESTIONS = json.loads((Path(__file__).parent / "data" / "questions.json").read_text(encoding="utf-8"))
CASES = json.loads((Path(__file__).parent / "data" / "claims.json").read_text(encoding="utf-8"))
PROJECT = Document(
    text="东风一期工程于2019年开工，投资2.1亿元，由宏远公司承建。\n二期工程尚未立项。\n桥头茶馆每天八点开门，老板姓郑。",
    path="project.txt",
    title="东风工程简报",
)
QUESTION = "东风一期工程投资多少？"


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No reader is loaded yet, and none stays."""
    monkeypatch.setattr(choice, "_CHOICES", {})


def is_supported(claim: str, source: str) -> bool:
    """Whether the checks with the reader bear a claim out."""
    document = Document(text=source, path="a.txt", title="")
    cited = (Citation(document, 0, len(source), source),)
    (checks,) = verify_all(
        [claim],
        [cited],
        lambda each: sentences_of(each.text),
        lambda texts: pytest.fail("not needed"),
        choose_reader(DEFAULT).for_claims,
    )
    return checks.exists and checks.facts_agree and checks.supports


def test_the_weights_are_those_that_were_published() -> None:
    chosen = choose_reader(DEFAULT)
    assert chosen.reader and chosen.for_claims and chosen.notice is None
    assert (chosen.sha256, chosen.claims_sha256) == (choice.SHA256, choice.CLAIMS_SHA256)
    assert (
        chosen.leans
        and hashlib.sha256((SHIPPED / choice.FOLLOW_UPS).read_bytes()).hexdigest() == choice.FOLLOW_UPS_SHA256
    )
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) < MEGABYTES * 1e6
    card = (SHIPPED / "MODEL_CARD.md").read_text(encoding="utf-8")
    for named in (
        "CMRC 2018",
        "DRCD",
        "XQuAD",
        "PAWS-X",
        "CC BY-SA 4.0",
        "CC BY-SA 3.0",
        "multilingual-e5-small",
        "MIT",
    ):
        assert named in card


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("name", [FILE_NAME, CLAIMS_FILE_NAME])
@pytest.mark.parametrize("damage", ["missing", "short", "changed"])
def test_damaged_weights_are_told_and_words_decide(
    make_assistant: Callable[..., Assistant],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    damage: str,
    name: str,
) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(SHIPPED, folder)
    content = bytearray((folder / name).read_bytes())
    if damage == "missing":
        (folder / name).unlink()
    else:
        content[-5] ^= 1
        (folder / name).write_bytes(content[: len(content) // 2] if damage == "short" else content)
    monkeypatch.setattr(choice, "SHIPPED", folder)
    answer = make_assistant(PROJECT, reader=DEFAULT).ask(QUESTION)
    assert "2.1亿元" in answer.text and answer.supported
    assert "阅读器" in answer.notice and str(folder) in answer.notice
    models = answer.to_record()["models"]
    assert models["reader"] is None and models["claim_reader"] is None


@pytest.mark.usefixtures("fresh")
def test_without_the_weights_for_follow_ups_they_are_looked_up_as_typed(
    make_assistant: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(SHIPPED, folder)
    (folder / choice.FOLLOW_UPS).write_bytes(b"no weights")
    monkeypatch.setattr(choice, "SHIPPED", folder)
    answer = make_assistant(PROJECT, reader=DEFAULT).ask("二期呢？", history=[(QUESTION, "2.1亿元")])
    assert answer.understood == "二期呢？"
    assert "追问" in answer.notice and str(folder) in answer.notice


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["right"] == "supported"], ids=lambda case: case["claim"]
)
def test_what_the_source_says_is_supported(case: dict[str, str]) -> None:
    assert is_supported(case["claim"], case["source"])


def test_of_claims_wrong_by_one_word_most_are_caught() -> None:
    wrong = [case for case in CASES if case["right"] != "supported"]
    caught = [case["claim"] for case in wrong if not is_supported(case["claim"], case["source"])]
    assert len(caught) >= 0.7 * len(wrong), f"caught only {caught}"


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("2019年，东风一期工程开工了。", "东风一期工程于2019年开工，投资2.1亿元。"),
        ("宏远公司是东风一期工程的承建方。", "东风一期工程由宏远公司承建。"),
        ("全镇共有九个村。", "全镇有9个村。"),
    ],
)
def test_what_is_said_in_other_words_is_supported(claim: str, source: str) -> None:
    assert is_supported(claim, source)


@pytest.mark.parametrize(
    ("question", "is_answered"),
    [
        (QUESTION, True),
        ("茶馆几点开门？", True),
        ("东风一期由谁承建？", True),
        ("东风三期工程投资多少？", False),
        ("北京明天的天气怎么样？", False),
    ],
)
def test_what_the_documents_do_not_tell_is_not_answered(
    make_assistant: Callable[..., Assistant], question: str, is_answered: bool
) -> None:
    answer = make_assistant(PROJECT, reader=DEFAULT).ask(question)
    assert answer.abstained is not is_answered


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("全县共有网民10.9万人。", "截至年底，全县5G用户达6.2万户。"),
        ("换网后长按复位键3秒，红灯就灭。", "换网后红灯不灭，长按“复位”5秒。"),
        ("客座率为97.8%。", "客座率：综合79.8%，同比提高13.4个百分点。"),
        ("村民一共捐了二十四万元。", "费用共一百三十七万元，其中省级补助九十万元。"),
    ],
)
def test_a_quantity_that_the_source_does_not_have_is_never_borne_out(claim: str, source: str) -> None:
    assert not is_supported(claim, source)


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("刮泥机坏了十四个小时。", "刮泥机断链，停运14小时。"),
        ("赞成票一共有二十六张。", "代表表决，赞成26票，弃权3票。"),
    ],
)
def test_a_quantity_in_other_words_is_borne_out(claim: str, source: str) -> None:
    assert is_supported(claim, source)


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("“三品”行动是指增加品种、提高品质、创建品牌。", "第三，扩大消费。"),
        ("校车每天早上七点从东门发车。", "桥头茶馆每天八点开门，老板姓郑。"),
        ("被告应当赔偿原告的医疗费用。", "东风一期工程于2019年开工，由宏远公司承建。"),
        ("本药孕妇禁用。", "二期工程尚未立项。"),
    ],
)
def test_what_speaks_of_something_else_bears_nothing_out(claim: str, source: str) -> None:
    assert not is_supported(claim, source)


@pytest.mark.parametrize("case", QUESTIONS, ids=lambda case: case["question"])
def test_the_very_thing_asked_about_is_answered_or_nothing(
    make_assistant: Callable[..., Assistant], tmp_path: Path, case: dict[str, Any]
) -> None:
    file = tmp_path / "资料.txt"
    file.write_text(case["text"], encoding="utf-8")
    history = [tuple(turn) for turn in case.get("history", [])]
    answer = make_assistant(load(file), reader=DEFAULT).ask(case["question"], history=history)
    if case["answer"] is None:
        assert answer.abstained or answer.is_from_catalogue  # thanks ask nothing
    else:
        assert not answer.abstained and all(words in answer.text for words in case["answer"])


def test_a_list_is_answered_by_any_of_its_items(make_assistant: Callable[..., Assistant]) -> None:
    text = "第三条　下列物品不得带入书屋：\n（一）宠物；\n（二）带壳的坚果；\n（三）未密封的饮料。\n第四条　书屋每周一闭馆。"
    rules = Document(text=text, path="rules.txt", title="桥头书屋入室规定")
    answer = make_assistant(rules, reader=DEFAULT).ask("哪些东西不能带进桥头书屋？")
    assert all(item in answer.text for item in ("宠物", "带壳的坚果", "未密封的饮料"))


def test_a_sister_that_a_language_model_writes_of_is_not_supported(make_assistant: Callable[..., Assistant]) -> None:
    wrong = "东风二期工程投资2.1亿元。"
    opened = make_assistant(PROJECT, reader=DEFAULT, language_model=FakeListChatModel(responses=[wrong]))
    answer = opened.ask(QUESTION)
    claims: list[Any] = [claim for claim in answer.claims if "二期" in claim.text and "2.1" in claim.text]
    assert not any(claim.supported for claim in claims)
    for claim in claims:
        for word in claim.checks.unsupported_words:
            assert claim.text[word.start : word.end] == word.text


def test_whom_a_sentence_names_is_not_told_as_said_by_another(make_assistant: Callable[..., Assistant]) -> None:
    text = (
        "枫林水库除险加固工程推进会会议纪要\n"
        "九州水工公司项目经理高锐提出，溢洪道石方爆破要避开育秧期，工期需要顺延20天。"
        "会议决定顺延7天，由施工方增加一个作业班组，增加的费用由九州水工公司承担。"
    )
    minutes = Document(text=text, path="minutes.txt", title="枫林水库除险加固工程推进会会议纪要")
    answer = make_assistant(minutes, reader=DEFAULT).ask("增加班组的费用由谁承担？")
    assert "九州水工公司" in answer.text and "高锐" not in answer.text


def test_each_question_of_a_message_is_answered_or_told_to_have_no_answer(make_assistant: Callable[..., Any]) -> None:
    text = "东风一期工程投资2.1亿元。\n石桥镇有卫生院3所，医生46名。"
    answer = make_assistant(Document(text, "a.txt", "通报"), reader=DEFAULT).ask(
        "石桥镇有几所卫生院？东风二期工程投资多少？"
    )
    assert "3所" in answer.text
    assert "资料中没有找到能回答“东风二期工程投资多少？”的内容" in answer.text
    assert "2.1亿元" not in answer.text
