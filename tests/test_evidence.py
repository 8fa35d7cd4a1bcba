"""Which sentences are chosen for a question, and how they are quoted."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rag.answering.writing import ExtractiveWriter
from rag.reading.evidence import CHARACTERS, EvidenceSelector
from rag.text.documents import Document

INTERVIEW = Document(
    title="访交通局负责人",
    path="interview.txt",
    speakers=("王小明", "李大海"),
    text="""记者：全市的桥梁情况如何？

王小明：全市共有桥梁128座。这些桥梁联系两岸，是城市的命脉。因此，老旧桥梁不能一拆了之。

记者：下一步有什么措施？

李大海：我们欢迎市民提出意见。下一步主要有三方面措施：

一是加固老旧桥梁。今年投入资金3亿元。

二是新建两座人行桥。

三是安装监测设备。设备包括位移计、倾角仪、摄像头。
""",
)


def _evidence(assistant: Any, question: str) -> list[Any]:
    selector = EvidenceSelector(assistant.retriever)
    return selector.select(question, assistant.retrieve(question))


def _written(assistant: Any, question: str) -> str:
    return "".join(ExtractiveWriter().write(question, _evidence(assistant, question)))


def test_a_list_is_quoted_whole(make_assistant: Any) -> None:
    text = _written(make_assistant(INTERVIEW), "桥梁下一步的三方面措施是什么？")
    assert all(item in text for item in ("加固老旧桥梁", "新建两座人行桥", "安装监测设备"))


def test_a_long_list_is_quoted_whole(make_assistant: Any) -> None:
    items = [
        f"（{number}）修缮第{number}号{what}。"
        for number, what in zip("一二三四五六七八九十", "亭台楼阁轩榭廊坊塔桥", strict=True)
    ]
    text = "\n".join(["2024年全县办好以下十件实事：", *items])
    document = Document(title="全县实事", path="deeds.txt", text=text)
    assert _written(make_assistant(document), "2024年全县有哪些实事？") == text


def test_the_cause_beside_the_best_sentence_comes_with_it(make_assistant: Any) -> None:
    texts = [part.sentence.text for part in _evidence(make_assistant(INTERVIEW), "老旧桥梁为什么不能一拆了之？")]
    assert "这些桥梁联系两岸，是城市的命脉。" in texts


def test_who_said_it_is_named(make_assistant: Any) -> None:
    assert _written(make_assistant(INTERVIEW), "谁说老旧桥梁不能一拆了之？").startswith("王小明：")


def test_evidence_keeps_within_its_budget_without_repeating(make_assistant: Any) -> None:
    evidence = _evidence(make_assistant(INTERVIEW), "桥梁为什么要加固？")
    starts = [part.sentence.start for part in evidence]
    assert len(starts) == len(set(starts))
    assert sum(len(part.sentence.text) for part in evidence) <= CHARACTERS
    for part in evidence:
        assert part.document.text[part.sentence.start : part.sentence.end] == part.sentence.text


def test_threads_choose_the_same(make_assistant: Any) -> None:
    assistant = make_assistant(INTERVIEW)
    selector = EvidenceSelector(assistant.retriever)
    hits = assistant.retrieve("全市有多少座桥梁？")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: selector.select("全市有多少座桥梁？", hits), range(16)))
    assert all(chosen == found[0] for chosen in found)
    assert "128座" in found[0][0].sentence.text
