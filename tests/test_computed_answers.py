"""Computed answers: what a question asks to be calculated, from figures that the documents surely give, and nothing else."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models import FakeListChatModel

from rag.answers import Answer, Citation
from rag.assistant import Assistant
from rag.checking.recomputation import recomputed
from rag.questions.computations import computation_of
from rag.records.recheck import verify_record
from rag.records.record import checked_record, seal
from rag.text.calculations import Calculation, calculated
from rag.text.documents import Document
from rag.text.quantities import Qualifier, Quantity, quantities_in

CHECKED = Path(__file__).parent / "data" / "computed.jsonl"
BRIDGES = Document(
    text="青石县桥梁建设情况通报\n\n"
    "青石桥项目总投资383.7万元，全长126米，由宏远公司承建，2022年10月开工。\n"
    "白石桥项目总投资264万元，全长98.5米，由路通公司承建，2022年12月开工。\n"
    "黑石桥项目总投资超过1.2亿元，由宏远公司承建。\n"
    "松木桥项目全长0.3公里，造价尚未公布。\n",
    path="bridges.txt",
    title="青石县桥梁建设情况通报",
    date=date(2023, 3, 1),
)
CONTRACT = Document(
    text="设备采购合同\n\n"
    "一、甲方向乙方采购彩色超声诊断仪2台，单价96.8万元；采购心电图机5台，单价3.6万元。\n"
    "二、合同签订后十日内，甲方支付预付款68万元；设备验收合格后，甲方支付余款143.6万元。\n"
    "三、质量保证期为36个月。\n",
    path="contract.txt",
    title="设备采购合同",
)
STATIONS = Document(
    text="两座抽水蓄能电站同日开工\n\n"
    "石岭抽水蓄能电站总装机容量120万千瓦，总投资约86亿元；云门抽水蓄能电站总装机容量140万千瓦，总投资约98亿元。\n",
    path="stations.txt",
    title="两座抽水蓄能电站同日开工",
)
GRAIN_2023 = Document(
    text="# 河湾县2023年农业生产统计公报\n\n表1 2023年各镇粮食生产情况\n\n"
    "| 乡镇 | 播种面积（公顷） | 粮食产量（万吨） |\n| --- | --- | --- |\n"
    "| 沙洲镇 | 1200 | 12.5 |\n| 东湖镇 | 980 | 11.8 |\n| 柳林镇 | 1430 | 14.2 |\n| 高岗镇 | 410 | — |\n| 合计 | 4020 | 38.5 |\n\n"
    "2023年，全县粮食总产量38.5万吨。\n",
    path="grain-2023.md",
    title="河湾县2023年农业生产统计公报",
    date=date(2024, 2, 1),
)
GRAIN_2022 = Document(
    text="河湾县2022年农业生产统计公报\n\n2022年，全县粮食总产量36.1万吨，比上年增长2.3%。\n",
    path="grain-2022.txt",
    title="河湾县2022年农业生产统计公报",
    date=date(2023, 2, 1),
)
ROADS = Document(
    text="临江县交通工程进展通报\n\n截至2024年10月底，全县累计完成交通投资超过18.6亿元，其中公路投资12.4亿元。"
    "2023年全县完成交通投资15.2亿元。\n",
    path="roads.txt",
    title="临江县交通工程进展通报",
    date=date(2024, 11, 5),
)
WATER = Document(
    text="Project notes of the Linton Water Board\n\n"
    "The North Pumping Station cost 4.2 million pounds and serves 18,300 households. "
    "The South Pumping Station cost 3.15 million pounds and serves 12,450 households.\n",
    path="water.txt",
    title="Project notes of the Linton Water Board",
    date=date(2024, 1, 10),
)


@pytest.fixture(scope="module")
def county(embedder: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """An assistant with the reader that ships, over documents of several kinds."""
    folder = tmp_path_factory.mktemp("county")
    with Assistant.open(folder, embedder=embedder, language_model="extractive", reader="default") as opened:
        opened.add([BRIDGES, CONTRACT, STATIONS, GRAIN_2023, GRAIN_2022, ROADS, WATER])
        yield opened


def calculations(answer: Answer) -> list[Calculation]:
    """The calculations of an answer's claims."""
    return [claim.calculation for claim in answer.claims if claim.calculation]


def one(text: str) -> Quantity:
    """The only quantity of a text."""
    (found,) = quantities_in(text)
    return found


# -- quantities ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("总投资超过383.7万元", "超过383.7万元"),
        ("产量：12.5", "12.5"),
        ("达到264万多个", "超过264万个"),
        ("一万二千元", "12000元"),
        ("近3.5亿千瓦时", "近3.5亿千瓦时"),
        ("不低于300户", "至少300户"),
        ("不超过50天", "不超过50天"),
        ("约5000人次", "约5000人次"),
        ("下降3.2个百分点", "3.2个百分点"),
        ("每吨320元/吨", "320元/吨"),
        ("为期3个月", "3个月"),
        ("cost 4.2 million pounds", "4.2 million pounds"),
        ("a budget of $3 million", "$3 million"),
        ("贵220元/晚。", "220元/晚"),
    ],
)
def test_a_quantity_is_read_with_its_unit_and_bound(text: str, told: str) -> None:
    assert one(text).told("zh") == told


@pytest.mark.parametrize("text", ["2023年3月", "3—5%", "第12条", "支持5G网络", "IPv6"])
def test_what_is_no_single_quantity_is_none(text: str) -> None:
    assert quantities_in(text) == []


# -- calculations -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "operands", "result", "written"),
    [
        ("difference", ["264万元", "383.7万元"], "119.7万元", "383.7万元 − 264万元 = 119.7万元"),
        ("difference", ["1.2亿元", "8000万元"], "4000万元", "1.2亿元（12000万元） − 8000万元 = 4000万元"),
        ("difference", ["27.7%", "25%"], "2.7个百分点", "27.7% − 25% = 2.7个百分点"),
        ("difference", ["0.3公里", "126米"], "174米", "0.3公里（300米） − 126米 = 174米"),
        (
            "difference",
            ["超过383.7万个", "超过264万个"],
            "约119.7万个",
            "383.7万个 − 264万个 = 119.7万个（原文均为“超过”之数，结果也只是约数）",
        ),
        (
            "difference",
            ["超过30户", "20户"],
            "超过10户",
            "30户 − 20户 = 10户（原文有“超过”之数，结果也只是“超过”之数）",
        ),
        (
            "difference",
            ["30户", "超过20户"],
            "不到10户",
            "30户 − 20户 = 10户（原文有“超过”之数，结果也只是“不到”之数）",
        ),
        ("sum", ["近3亿元", "2亿元"], "近5亿元", "3亿元 + 2亿元 = 5亿元（原文有“近”之数，结果也只是“近”之数）"),
        ("sum", ["0.1吨", "0.2吨"], "0.3吨", "0.1吨 + 0.2吨 = 0.3吨"),
        ("share", ["264万元", "383.7万元"], "68.8%", "264万元 ÷ 383.7万元 ≈ 68.8%"),
        ("share", ["1吨", "4吨"], "25%", "1吨 ÷ 4吨 = 25%"),
        ("greatest", ["12.5万吨", "14.2万吨", "11.8万吨"], "14.2万吨", "14.2万吨 > 12.5万吨 > 11.8万吨"),
        ("least", ["3天", "2天"], "2天", "2天 < 3天"),
        ("comparison", ["超过1.2亿元", "1亿元"], "1亿元", "1.2亿元 > 1亿元"),
    ],
)
def test_a_calculation_is_exact_and_written_out(operation: Any, operands: list[str], result: str, written: str) -> None:
    found = calculated(operation, [one(each) for each in operands])
    assert found.result.told("zh") == result
    assert found.text("zh") == written


@pytest.mark.parametrize(
    ("operation", "operands"),
    [
        ("difference", ["3台", "5个"]),
        ("difference", ["3亿元", "2亿美元"]),
        ("difference", ["5%", "3吨"]),
        ("sum", ["27%", "25%"]),
        ("sum", ["320元/吨", "300元/吨"]),
        ("share", ["5吨", "4吨"]),
        ("share", ["5吨", "0吨"]),
        ("greatest", ["超过3亿元", "4亿元"]),
        ("greatest", ["约3亿元", "2亿元"]),
        ("comparison", ["超过1.2亿元", "1.5亿元"]),
        ("comparison", ["近1亿元", "0.9亿元"]),
        ("comparison", ["至少1亿元", "1亿元"]),
        ("sum", ["3吨"]),
    ],
)
def test_what_cannot_be_known_is_not_calculated(operation: Any, operands: list[str]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        calculated(operation, [one(each) for each in operands])


AMOUNTS = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(10**9), places=2)
QUALIFIERS = st.sampled_from(get_args(Qualifier))
MONEY = st.builds(Quantity, AMOUNTS, st.sampled_from(["", "万", "亿"]), st.just("元"), QUALIFIERS)


@given(MONEY, MONEY)
def test_arithmetic_is_exact_and_can_be_undone(first: Quantity, second: Quantity) -> None:
    difference = calculated("difference", [first, second])
    greater, less = difference.operands
    assert difference.result.value + less.value == greater.value
    assert calculated("difference", [second, first]).result.value == difference.result.value
    total = calculated("sum", [first, second])
    assert total.result.value == first.value + second.value
    assert total.result.bound in (first.bound, second.bound, 0)


@given(MONEY, MONEY, st.sampled_from(["difference", "sum"]))
def test_a_calculation_can_be_read_again_from_what_a_record_tells_of_it(
    first: Quantity, second: Quantity, operation: Any
) -> None:
    made = calculated(operation, [first, second])
    again = Calculation.from_dict(made.to_dict())
    assert again.to_dict() == made.to_dict()
    assert calculated(operation, again.operands).result.same_as(again.result)


# -- what a question asks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "kind", "asked"),
    [
        ("甲项目比乙项目多投资多少？", "difference", ["甲项目投资多少？", "乙项目投资多少？"]),
        ("甲项目的投资比乙项目多多少万元？", "difference", ["甲项目的投资是多少万元？", "乙项目的投资是多少万元？"]),
        ("2023年粮食产量比2022年增加了多少？", "difference", ["2023年粮食产量是多少？", "2022年粮食产量是多少？"]),
        ("南桥比北桥长多少米？", "difference", ["南桥有多长？", "北桥有多长？"]),
        ("從2021年到2023年，產量增加了多少？", "difference", ["2023年产量是多少？", "2021年产量是多少？"]),
        ("甲桥和乙桥的投资相差多少？", "difference", ["甲桥的投资是多少？", "乙桥的投资是多少？"]),
        (
            "甲桥、乙桥和丙桥一共投资多少万元？",
            "sum",
            ["甲桥投资多少万元？", "乙桥投资多少万元？", "丙桥投资多少万元？"],
        ),
        ("工业投资占总投资的比重是多少？", "share", ["工业投资是多少？", "总投资是多少？"]),
        ("甲桥投资超过1亿元了吗？", "limit", ["甲桥投资是多少？"]),
        ("甲镇和乙镇哪个产量更高？", "which", ["甲镇的产量是多少？", "乙镇的产量是多少？"]),
        ("2023年哪个镇的产量最高？", "column", []),
        (
            "How much more did Lot A cost than Lot B?",
            "difference",
            ["How much did Lot A cost?", "How much did Lot B cost?"],
        ),
        (
            "By how much did output increase from 2021 to 2023?",
            "difference",
            ["What was output in 2023?", "What was output in 2021?"],
        ),
    ],
)
def test_what_is_to_be_calculated_is_told_from_the_question(question: str, kind: str, asked: list[str]) -> None:
    found = computation_of(question)
    assert found
    assert found.kind == kind
    assert [each.question for each in found.asked] == asked


@pytest.mark.parametrize(
    "question",
    [
        "甲桥投资多少？",
        "甲桥和乙桥分别投资多少？",
        "2023年产量比上年增长百分之几？",
        "为什么甲桥比乙桥多投资这么多？",
        "谁说产量超过了预期？",
        "一共开了几次会？",
        "哪个部门负责审批？",
        "与会的有谁和谁？",
        "What does the report say about output?",
        "Which bridge was opened in 2022?",
    ],
)
def test_other_questions_ask_for_no_calculation(question: str) -> None:
    assert computation_of(question) is None


# -- answers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "conclusion", "written", "quotes"),
    [
        (
            "甲方支付的预付款和余款合计是多少？",
            "甲方支付的预付款和余款合计是211.6万元。",
            "计算：68万元 + 143.6万元 = 211.6万元。",
            ["68万元", "143.6万元"],
        ),
        (
            "石岭抽水蓄能电站和云门抽水蓄能电站的总投资合计多少？",
            "石岭抽水蓄能电站和云门抽水蓄能电站的总投资合计约184亿元。",
            "计算：86亿元 + 98亿元 = 184亿元（原文均为“约”之数，结果也只是约数）。",
            ["约86亿元", "约98亿元"],
        ),
        (
            "质量保证期超过24个月吗？",
            "是，质量保证期为36个月，超过24个月。",
            "计算：36个月 > 24个月。",
            ["36个月"],
        ),
        (
            "沙洲镇和柳林镇哪个粮食产量更高？",
            "柳林镇的粮食产量更高，比沙洲镇的粮食产量多1.7万吨。",
            "计算：14.2万吨 − 12.5万吨 = 1.7万吨。",
            ["14.2", "12.5"],
        ),
        (
            "白石桥项目全长比青石桥项目长多少米？",
            "白石桥项目全长比青石桥项目短27.5米。",
            "计算：126米 − 98.5米 = 27.5米。",
            ["126米", "98.5米"],
        ),
        (
            "沙洲镇的粮食产量比东湖镇高多少？",
            "沙洲镇的粮食产量比东湖镇高0.7万吨。",
            "计算：12.5万吨 − 11.8万吨 = 0.7万吨。",
            ["12.5", "11.8"],
        ),
        (
            "2023年河湾县哪个镇的粮食产量最高？",
            "柳林镇的粮食产量最高，为14.2万吨。",
            "计算：柳林镇 14.2万吨 > 沙洲镇 12.5万吨 > 东湖镇 11.8万吨（另有1行没有数字）。",
            ["12.5", "11.8", "14.2"],
        ),
    ],
)
def test_a_computed_answer_has_its_conclusion_its_calculation_and_its_sources(
    county: Assistant, question: str, conclusion: str, written: str, quotes: list[str]
) -> None:
    answer = county.ask(question)
    first, second, *others = answer.claims
    assert (first.text, second.text) == (conclusion, written)
    assert answer.supported
    assert [each.quote for each in first.citations] == quotes
    for citation in answer.citations:
        assert citation.document.text[citation.start : citation.end] == citation.quote
    assert others and all(not each.calculation and each.supported for each in others)


def test_a_computed_answer_in_english(county: Assistant) -> None:
    answer = county.ask("How many more households does the North Pumping Station serve than the South Pumping Station?")
    assert answer.text.startswith(
        "North Pumping Station exceeds South Pumping Station by 5850 households.\n"
        "Calculation: 18300 households − 12450 households = 5850 households.\n"
    )
    assert answer.supported


@pytest.mark.parametrize(
    "question",
    [
        "红石桥项目比白石桥项目长多少米？",  # no such bridge
        "松木桥项目比白石桥项目多投资多少？",  # its cost is not told
        "2021年全县粮食总产量比2022年少多少？",  # no such year
        "哪个县的粮食产量最高？",  # the table is of towns
        "2022年河湾县哪个镇的粮食产量最高？",  # the table is of another year
        "公路投资占交通投资的比例是多少？",  # the one of 2024, the other of 2023
    ],
)
def test_nothing_is_calculated_from_a_figure_that_is_not_surely_there(county: Assistant, question: str) -> None:
    assert not calculations(county.ask(question))


def test_what_the_documents_say_themselves_is_not_calculated(
    make_assistant: Callable[..., Assistant],
) -> None:
    text = GRAIN_2023.text + "\n各镇之中，高岗镇的粮食产量最高。\n"
    assistant = make_assistant(replace(GRAIN_2023, text=text, id=""), reader="default")
    answer = assistant.ask("各镇之中哪个镇的粮食产量最高？")
    assert not calculations(answer)


def test_a_language_model_has_no_word_in_a_computed_answer(county: Assistant) -> None:
    question = "沙洲镇的粮食产量比东湖镇高多少？"
    answer = county.ask(question, language_model=FakeListChatModel(responses=["高10万吨。"]))
    assert answer.text == county.ask(question).text


def test_without_a_reader_nothing_is_calculated(make_assistant: Callable[..., Assistant]) -> None:
    assistant = make_assistant(BRIDGES, GRAIN_2023)
    assert not calculations(assistant.ask("沙洲镇的粮食产量比东湖镇高多少？"))


def test_no_result_is_wrong(embedder: Any, tmp_path: Path) -> None:
    """One question in eight of those that docs/evaluation.md tells of; what is not sure is not calculated, that is no fault."""
    lines = [json.loads(line) for line in CHECKED.read_text("utf-8").splitlines()]
    documents = [
        Document(text=line["text"], path=line["name"], title=line["text"].strip().lstrip("# ").splitlines()[0])
        for line in lines
    ]
    asked = [question for line in lines for question in line["questions"]][::8]
    with Assistant.open(tmp_path, embedder=embedder, language_model="extractive", reader="default") as opened:
        opened.add(documents)
        answers = [opened.ask(each["question"]) for each in asked]
    computed = [(each, answer) for each, answer in zip(asked, answers, strict=True) if calculations(answer)]
    assert len(computed) >= 3
    for each, answer in computed:
        assert any(result in answer.claims[0].text for result in each["results"]), answer.text


# -- verification -------------------------------------------------------------------------------------------------------


def cited(text: str, quote: str) -> Citation:
    """A citation of a span of a document that is just this text."""
    start = text.index(quote)
    return Citation(Document(text=text, path="a.txt", title=""), start, start + len(quote), quote)


def test_a_claim_holds_only_if_its_calculation_comes_out_again() -> None:
    made = calculated("difference", [one("383.7万元"), one("264万元")])
    sources = [cited("投资383.7万元。", "383.7万元"), cited("投资264万元。", "264万元")]
    assert recomputed("多119.7万元。", made, sources).supports
    wrong = replace(made, result=replace(made.result, amount=Decimal("119.8")))
    assert recomputed("多119.8万元。", wrong, sources).missing_facts == ("119.8万元",)
    assert not recomputed("多120万元。", made, sources).supports
    assert recomputed("多119.7万元。", made, [sources[0], cited("投资265万元。", "265万元")]).missing_facts == (
        "264万元",
    )
    assert not recomputed("多119.7万元。", made, [cited("投资超过383.7万元。", "超过383.7万元"), sources[1]]).supports
    assert not recomputed("多119.7万元。", made, sources[:1]).exists


def test_a_record_of_a_computed_answer_is_recomputed_from_what_it_cites(county: Assistant) -> None:
    answer = county.ask("沙洲镇的粮食产量比东湖镇高多少？")
    told = answer.to_dict()["claims"][0]["calculation"]
    assert told == {
        "operation": "difference",
        "operands": ["12.5万吨", "11.8万吨"],
        "result": "0.7万吨",
        "rounded": False,
    }
    record = answer.to_record()
    assert record["claims"][0]["calculation"] == told
    assert verify_record(record, index=county).holds
    for calculation in ({**told, "result": "0.8万吨"}, {**told, "operands": ["12.5万吨", "?"]}):
        broken = {**record, "claims": [{**each, "calculation": calculation} for each in record["claims"][:1]]}
        broken["sha256"] = seal(broken)
        found = verify_record(checked_record(broken), index=county)
        assert not found.holds and found.claims[0].agrees is False
    assert "由程序据引文算出" in answer.to_markdown()
