"""Whatever is asked, in whatever conversation, with whatever filters: an answer with exact spans, or a clear refusal."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from breaking.questions import AWKWARD, COUNTS, ENDING, FILTERS, HISTORIES, QUESTIONS
from hypothesis import example, given, settings
from youju_process import COMMAND, environment

from rag.answers import Answer
from rag.assistant import Assistant
from rag.errors import UsageError
from rag.index.conversations import Turn, new_id
from rag.index.saved_conversations import SavedConversations
from rag.questions.inputs import LONGEST_QUESTION, REMEMBERED_TURNS, checked_history, decoded, typed
from rag.text.documents import Document
from rag.text.numerals import in_digits, value_of
from rag.text.surrogates import without_surrogates

TEXT = (
    "工信部4月20日发布一季度数据。新闻发言人赵志国说，截至3月底，我国建成5G基站264万个。"
    "新能源汽车产量158.6万辆，同比增长27.7%。第一，扩大消费。第二，稳定出口。"
)
ASKED = "我国建成了多少个5G基站？"
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
some = settings(max_examples=300 if THOROUGH else 6, deadline=None)


@pytest.fixture(scope="module")
def assistant(embedder: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant.open(tmp_path_factory.mktemp("index"), embedder=embedder, language_model="extractive") as opened:
        opened.add(Document(TEXT, "news.txt", "一季度", datetime.date(2023, 4, 20), "工信部", speakers=("赵志国",)))
        yield opened


def holds(act: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """What it gives, or None where it is refused; anything else raised is a defect."""
    try:
        return act(*arguments, **options)
    except UsageError as error:
        refusal = error
    assert refusal.zh and refusal.en
    json.dumps([refusal.zh, refusal.en], ensure_ascii=False).encode()
    return None


def assert_sound(answer: Answer | None) -> None:
    if answer is None:
        return
    json.dumps(answer.to_dict(), ensure_ascii=False).encode()
    for claim in answer.claims:
        assert answer.text[claim.start : claim.end] == claim.text
    for citation in answer.citations:
        assert citation.document.text[citation.start : citation.end] == citation.quote


# -- questions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", AWKWARD[::16], ids=lambda question: ascii(question[:8]))
def test_2000_characters_of_one_kind_are_answered_or_refused(assistant: Assistant, question: str) -> None:
    assert_sound(holds(assistant.ask, question))


@pytest.mark.skipif(not THOROUGH, reason="takes half an hour: HYPOTHESIS_PROFILE=thorough")
def test_all_kinds_in_all_places(assistant: Assistant) -> None:
    for question in AWKWARD:
        assert_sound(holds(assistant.ask, question[:1980] + ENDING))
        assert_sound(holds(assistant.ask, question, history=[(ASKED, "264万个。")]))
        assert_sound(holds(assistant.ask, "那产量呢？", history=[(question, question * 4)]))
        assert_sound(holds(assistant.ask, "第二点是什么？", history=[(ASKED, question * 4)]))
        holds(assistant.retrieve, question, 3)
        holds(assistant.timeline, question)


@some
@given(QUESTIONS)
@example("万亿" * 1000)
@example("5G基站\ud83d有多少？")
def test_any_question(assistant: Assistant, question: str) -> None:
    assert_sound(holds(assistant.ask, question))


@some
@given(QUESTIONS, HISTORIES)
@example("那产量呢？", [(ASKED, "264万个\ud800。")] * 1000)
@example("那产量呢？", [None])
@example("那产量呢？", "abc")
@example("那产量呢？", {"question": "answer"})
@example("那产量呢？", [(ASKED, "万亿" * 50_000)])
def test_any_conversation(assistant: Assistant, question: str, history: Any) -> None:
    assert_sound(holds(assistant.ask, question or "那产量呢？", history=history))


@some
@given(COUNTS, FILTERS)
@example(10**30, {"source": "%" * 60_000})
@example(3, {"speaker": "赵\ud800"})
def test_any_filter_and_any_number(assistant: Assistant, count: Any, filters: dict[str, Any]) -> None:
    for hit in holds(assistant.retrieve, ASKED, count, **filters) or ():
        assert hit.document.text[hit.start : hit.end]
    assert_sound(holds(assistant.ask, ASKED, passages=count, **filters))
    holds(assistant.timeline, "5G基站", **filters)


@pytest.mark.parametrize("question", [None, 5, b"5G", ["5G"], {}, object()])
def test_what_is_no_text_is_refused(assistant: Assistant, question: Any) -> None:
    for act in (assistant.ask, assistant.retrieve, assistant.timeline):
        with pytest.raises(UsageError, match="应是文字"):
            act(question)
    with pytest.raises(UsageError):
        assistant.ask(ASKED, caution=question or "none")


def test_half_characters_are_joined_or_shown_as_missing() -> None:
    assert without_surrogates("\ud83d\ude00") == "😀"
    assert without_surrogates("a\ud83db\ude00") == "a\ufffdb\ufffd"
    assert without_surrogates("臺灣😀") == "臺灣😀"


def test_a_question_with_a_half_character_is_answered(assistant: Assistant) -> None:
    answer = assistant.ask(f"\ud83d{ASKED}")
    assert "264万" in answer.text and answer.question == f"\ufffd{ASKED}"


def test_of_a_long_conversation_the_last_turns_count() -> None:
    turns = checked_history([[f"{number}", "答" * 50_000] for number in range(1000)])
    assert [asked for asked, _ in turns] == [str(number) for number in range(1000 - REMEMBERED_TURNS, 1000)]
    assert all(len(answered) <= 10_000 for _, answered in turns)
    assert checked_history(None) == []


def test_numerals_of_any_length_end() -> None:
    assert value_of("万亿" * 1000) is None
    assert in_digits("万亿" * 1000).endswith("万亿")
    assert in_digits("九" * 5000 + "年") == "九" * 5000 + "年"
    assert value_of("一万亿") == 10**12 and value_of("三亿零五万二") == 300_052_000


def test_conversations_keep_any_question(assistant: Assistant) -> None:
    kept = SavedConversations(assistant.store)
    question = without_surrogates("5G基站\ud800有多少？")
    kept.save("owner", "c", Turn(new_id(), question))
    (found,) = kept.list("owner")
    assert kept.open("owner", found.id).turns[0].question == question


# -- the command line -------------------------------------------------------------------------------------------------


def test_text_of_a_terminal_is_utf_8_or_gb18030() -> None:
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        assert decoded(ASKED.encode(encoding)) == ASKED
        assert typed(ASKED.encode(encoding).decode("utf-8", "surrogateescape").lstrip("\ufeff")) == ASKED
    for text in (b"\xff\xfe5\x00", b"\x80"):
        with pytest.raises(UsageError, match="GB18030"):
            decoded(text)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("command")
    (folder / "news.txt").write_text(TEXT, encoding="utf-8")
    run(b"add", str(folder / "news.txt").encode(), b"--index", str(folder / "index").encode())
    return folder / "index"


def run(*arguments: bytes, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [os.fsencode(part) for part in COMMAND]
    ended = subprocess.run(
        [*command, *arguments],
        input=stdin,
        capture_output=True,
        env=environment(YOUJU_LANGUAGE_MODEL="extractive", PYTHONIOENCODING="utf-8", PYTHONUTF8="1"),
        timeout=120,
    )
    assert b"Traceback" not in ended.stderr + ended.stdout
    return ended


@pytest.mark.skipif(os.name == "nt", reason="arguments are text there")
def test_arguments_and_input_in_the_encoding_of_chinese_terminals(index: Path) -> None:
    place = (b"--index", str(index).encode())
    question = "5G基站有多少个？".encode("gb18030")
    for ended in (
        run(b"ask", question, *place),
        run(b"search", question, b"--speaker", "赵志国".encode("gb18030"), *place),
        run(b"ask", b"-", *place, stdin=question),
        run(b"chat", *place, stdin=question + b"\n\xff\xfe\n/quit\n"),
    ):
        assert ended.returncode == 0, ended
        assert "264万" in ended.stdout.decode()
    assert "GB18030" in ended.stdout.decode(), "the chat tells it and goes on"
    assert "没有找到“彩虹”的数字" in run(b"timeline", "彩虹".encode("gb18030"), *place).stderr.decode()


@pytest.mark.skipif(os.name == "nt", reason="arguments are text there")
@pytest.mark.parametrize("command", [b"ask", b"search", b"timeline"])
def test_bytes_that_are_no_text_are_refused(index: Path, command: bytes) -> None:
    for ended in (
        run(command, b"\xff\xff", b"--index", str(index).encode()),
        run(command, b"5G", b"--source", b"\x80", b"--index", str(index).encode()),
    ):
        assert ended.returncode == 2 and "GB18030" in ended.stderr.decode()
    if command == b"ask":
        assert run(b"ask", b"-", b"--index", str(index).encode(), stdin=b"\xff\xff").returncode == 2


# -- the interfaces for programs --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def url(assistant: Assistant) -> Iterator[str]:
    pytest.importorskip("gradio")
    from serving import served

    with served(assistant, page=False) as address:
        yield address


BODIES: list[Any] = [
    b'{"model": "auto", "messages": [{"role": "user", "content": "5G\\ud83d' + "基站有多少？".encode() + b'"}]}',
    b'{"model": "auto", "messages": [{"role": "user", "content": "\xff\xfe"}]}',
    b"[" * 100_000,
    {"model": "auto", "messages": [{"role": "user", "content": "万亿" * 1000}]},
    {"model": "auto", "messages": [{"role": "user", "content": AWKWARD[0]}]},
    {"model": "auto", "messages": [{"role": "user", "content": "x" * 2001}]},
    {"model": "auto", "messages": [{"role": "user", "content": 5}]},
    {"model": "auto", "messages": [{"role": "user", "content": ASKED}] * 999 + [{"role": "user", "content": ASKED}]},
    {"model": "auto", "messages": [{"role": "user", "content": ASKED}], "youju": {"source": "%" * 60_000}},
    {"model": "auto", "messages": [{"role": "user", "content": ASKED}], "youju": {"after": "99999-99"}},
    {"model": ["auto"], "messages": [{"role": "user", "content": ASKED}]},
]


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("body", BODIES, ids=lambda body: ascii(body)[:70])
def test_the_openai_endpoint_answers_or_refuses(url: str, body: Any) -> None:
    import httpx

    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    for more in (b"", b', "stream": true}'):
        sent = content.removesuffix(b"}") + more if more else content
        answer = httpx.post(f"{url}/v1/chat/completions", content=sent, timeout=120)
        assert answer.status_code in (200, 400, 404), answer.text
        if answer.status_code != 200:
            assert answer.json()["error"]["message"]


HOSTILE = [
    {"question": "5G基站\ud83d有多少？"},
    {"question": "万亿" * 1000},
    {"question": 5},
    {"question": ASKED, "history": [["问"], None, 7]},
    {"question": ASKED, "history": "abc"},
    {"question": ASKED, "model": "\ud800"},
    {"question": ASKED, "source": "%" * 60_000},
    {"question": ASKED, "speaker": ["赵志国"]},
    {"question": ASKED, "after": 2023},
]


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_mcp_tools_answer_or_refuse(url: str) -> None:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def use() -> list[Any]:
        async with (
            streamable_http_client(f"{url}/gradio_api/mcp/") as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            told = [await session.call_tool("ask", arguments) for arguments in HOSTILE[1:5] + HOSTILE[6:]]
            told.append(await session.call_tool("search", {"question": ASKED, "k": "many"}))
            told.append(await session.call_tool("read", {"document_id": "\0" * 9, "start": -1}))
            told.append(await session.call_tool("documents", {"contains": ["x"], "limit": 10**30}))
            told.append(await session.call_tool("timeline", {"topic": "万亿" * 1000}))
            return told

    for result in asyncio.run(use()):
        text = result.content[0].text
        assert "Traceback" not in text and "Error:" not in text.replace("Error calling tool", ""), text


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("arguments", HOSTILE, ids=lambda arguments: ascii(arguments)[:60])
def test_named_endpoints_answer_or_refuse(url: str, arguments: dict[str, Any]) -> None:
    import httpx

    names = ("question", "model", "history", "after", "before", "speaker", "source", "strict", "passages")
    usual = {"model": "auto", "history": None, "strict": False, "passages": False}
    values = [arguments.get(name, usual.get(name, "")) for name in names]
    answer = httpx.post(f"{url}/gradio_api/run/ask", content=json.dumps({"data": values}).encode(), timeout=120)
    assert answer.status_code in (200, 400, 422)
    told = answer.json()
    assert "data" in told or told.get("error") or told.get("detail"), told
    assert "Traceback" not in answer.text


def test_the_longest_question_is_that_of_the_documentation() -> None:
    assert LONGEST_QUESTION == 2000
