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


MINUTES = Document(
    title="馆务会议纪要",
    path="minutes.txt",
    text="""会议议定以下三件事：

1. 延时开放。七月起，开馆时间延长至晚上8点。

2. 更新设备。更新的设备包括：
（1）天象仪一套；
（2）望远镜两架。

会议结束。""",
)


def test_items_of_a_list_come_with_what_they_say(make_assistant: Any) -> None:
    asked = "会议议定了哪些事？"
    assert _written(make_assistant(MINUTES), asked).splitlines() == [
        "会议议定以下三件事：",
        "1.延时开放。七月起，开馆时间延长至晚上8点。",
        "2.更新设备。更新的设备包括：",
        "（1）天象仪一套；",
        "（2）望远镜两架。",
    ]


def test_a_list_within_an_item_is_quoted_alone_where_it_is_asked_for(make_assistant: Any) -> None:
    text = _written(make_assistant(MINUTES), "更新的设备包括哪些？")
    assert "天象仪" in text and "望远镜" in text and "延时开放" not in text


def test_a_list_with_other_than_the_number_of_items_that_it_announces_is_told_so(make_assistant: Any) -> None:
    assistant = make_assistant(MINUTES)
    told = assistant.ask("会议议定了哪三件事？", language_model="extractive").notice
    assert "以下三件" in told and "2 项" in told
    whole = Document(title=MINUTES.title, path="whole.txt", text=MINUTES.text.replace("三件事", "两件事"))
    assert not make_assistant(whole).ask("会议议定了哪两件事？", language_model="extractive").notice


def test_what_the_best_sentence_announces_is_quoted_though_no_list_is_asked_for(make_assistant: Any) -> None:
    steps = "\n".join(f"{number}.完成第{number}步。" for number in range(1, 10))
    manual = Document(title="手册", path="manual.txt", text=f"更换净水机的滤芯共分九步：\n{steps}")
    assert _written(make_assistant(manual), "怎样更换净水机的滤芯？").splitlines()[1:] == steps.splitlines()
