"""The command line: what it prints for people and for programs, and the terminal chat."""

from __future__ import annotations

import hashlib
import json
import math
import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hashing_embedder import DIMENSION, HashingEmbedder
from PIL import Image, ImageDraw
from waiting import LONGEST
from youju_process import COMMAND, REAL_COMMAND, environment, run

from embeddings import load
from rag.formats import recognition
from rag.index.indexing import add
from rag.index.store import Store
from rag.text.documents import Document

TEXT = "一季度，全国规模以上工业增加值同比增长百分之三。5G基站总数超过264万个。\n"


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    (folder / "a.txt").write_text(f"工业运行情况\n{TEXT}", encoding="utf-8")
    (folder / "b.txt").write_text("公园里的花都开了，游人很多。\n天气也很好。\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, documents: Path) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "index"
    assert run("add", documents, "--index", folder).code == 0
    return folder


def entries(index: Path) -> dict[str, dict[str, object]]:
    return {Path(entry["path"]).name: entry for entry in json.loads(run("list", "--index", index, "--json").output)}


# -- for programs -----------------------------------------------------------------------------------------------------


def test_json_of_add(tmp_path: Path, documents: Path) -> None:
    copy = tmp_path / "copy.txt"
    copy.write_bytes((documents / "a.txt").read_bytes())
    outcome = run("add", documents, copy, tmp_path / "gone.txt", "--index", tmp_path / "index", "--json")
    report = json.loads(outcome.output)
    assert outcome.code == 1
    assert report.keys() == {
        "added",
        "replaced",
        "unchanged",
        "duplicates",
        "shortened",
        "failed",
        "read",
        "left_out",
        "guessed_dates",
    }
    assert len(report["added"]) == 3
    assert report["duplicates"] == {report["added"][2]: [report["added"][0]]}
    (failed,) = report["failed"]
    assert failed["path"] == str(tmp_path / "gone.txt") and failed["path"] in failed["reason"]


def test_json_of_list(index: Path, documents: Path) -> None:
    (listed, _) = entries(index).values()
    assert list(listed) == [
        "id", "path", "title", "date", "source", "event", "speakers", "characters", "added", "digest",
        "near_duplicates", "date_is_guessed",
    ]  # fmt: skip
    found = entries(index)["a.txt"]
    assert (found["path"], found["title"], found["date"]) == (str(documents / "a.txt"), "工业运行情况", None)
    assert found["characters"] == len((documents / "a.txt").read_text("utf-8"))
    assert found["digest"] == hashlib.sha256((documents / "a.txt").read_bytes()).hexdigest()


def test_json_of_search(index: Path) -> None:
    hits = json.loads(run("search", "5G基站", "--index", index, "--json", "-k", "1").output)
    (hit,) = hits
    assert {
        "document_id",
        "path",
        "title",
        "date",
        "start",
        "end",
        "text",
        "score",
        "found_by",
        "reprints",
    } <= hit.keys()
    assert "264万" in hit["text"] and hit["found_by"] == ["lexical", "dense"]


def test_json_of_ask(index: Path, documents: Path) -> None:
    answer = json.loads(run("ask", "5G基站有多少个？", "--index", index, "--json", "-m", "extractive").output)
    assert {
        "question",
        "text",
        "abstained",
        "supported",
        "claims",
        "citations",
        "hits",
        "language_model",
    } <= answer.keys()
    assert "264万" in answer["text"] and not answer["abstained"]
    text = (documents / "a.txt").read_text("utf-8")
    for citation in answer["citations"]:
        assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_json_stream_is_one_event_a_line(index: Path) -> None:
    outcome = run("ask", "5G基站有多少个？", "--index", index, "--json", "--stream", "-m", "extractive")
    events = [json.loads(line) for line in outcome.output.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds[0] == "evidence" and kinds[-1] == "finished"
    assert kinds[1:-1] and set(kinds[1:-1]) == {"token"}
    assert "".join(event["text"] for event in events[1:-1]).strip()
    assert "264万" in events[-1]["answer"]["text"]


def test_question_from_standard_input(index: Path) -> None:
    outcome = run("ask", "-", "--index", index, "-m", "extractive", stdin="5G基站有多少个？\n")
    assert outcome.code == 0 and "264万" in outcome.output and "出处" in outcome.output


def test_options_after_the_double_dash_are_words_of_the_question(index: Path) -> None:
    outcome = run("ask", "--index", index, "-m", "extractive", "--json", "--", "--debug 5G基站")
    assert json.loads(outcome.output)["question"] == "--debug 5G基站"


def test_json_of_doctor_and_model_list(index: Path) -> None:
    findings = json.loads(run("doctor", "--index", index, "--json").output)
    assert {finding["check"] for finding in findings} >= {"file", "vectors", "lexical", "faiss"}
    models = json.loads(run("model", "list", "--json", real=True).output)
    assert [model["kind"] for model in models] == ["embedder", "language_model", "language_model"]
    for model in models:
        assert list(model) == ["name", "kind", "licence", "bytes", "sha256", "state", "verified", "path"]
        assert len(model["sha256"]) == 64
        assert bool(model["path"]) == (model["state"] not in ("absent", "packaged"))


# -- for people -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"), [("zh", ["模型", "许可", "校验"]), ("en", ["model", "licence", "how verified"])]
)
def test_model_list_is_a_table(language: str, words: list[str], tmp_path: Path) -> None:
    outcome = run("model", "list", real=True, language=language, YOUJU_HOME=str(tmp_path))
    lines = outcome.output.splitlines()
    assert len(lines) == 4 and all(word in lines[0] for word in words)
    assert "multilingual-e5-small" in lines[1] and "MIT" in lines[1] and "72 MB" in lines[1]
    assert "qwen2.5-coder-1.5b" in lines[2] and "1,117 MB" in lines[2]
    assert "Status(" not in outcome.output


def test_report_of_add_counts_and_says_why(tmp_path: Path, documents: Path) -> None:
    first = run("add", documents, "--index", tmp_path / "index")
    assert first.output.splitlines() == ["新增 2 份"]
    second = run("add", documents, tmp_path / "gone", "--index", tmp_path / "index", language="en")
    assert second.output.splitlines() == ["0 added, 2 unchanged, 1 failed"]
    assert second.errors.count("gone") == 1


def test_standard_input_is_added_under_its_name(tmp_path: Path) -> None:
    outcome = run("add", "-", "--name", "notes.md", "--index", tmp_path / "index", stdin=f"# 笔记\n\n{TEXT}")
    assert outcome.code == 0
    assert entries(tmp_path / "index")["notes.md"]["title"] == "笔记"


def test_edit_and_remove_by_path_and_id(tmp_path: Path, documents: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = tmp_path / "index"
    run("add", documents, "--index", index)
    monkeypatch.chdir(documents)
    assert run("edit", "a.txt", "--title", "新题", "--date", "2023-04", "--index", index).code == 0
    found = entries(index)["a.txt"]
    assert (found["title"], found["date"]) == ("新题", "2023-04-01")
    assert run("edit", str(found["id"]), "--date", "", "--index", index).code == 0
    assert entries(index)["a.txt"]["date"] is None
    assert run("remove", "b.txt", str(found["id"]), "--index", index).code == 0
    assert entries(index) == {}
    assert "还没有文档" in run("list", "--index", index).output


def test_list_for_other_programs_has_one_line_a_document(index: Path) -> None:
    lines = run("list", "--index", index).output.splitlines()
    assert len(lines) == 3
    assert all(re.match(r"[0-9a-f]{16} ", line) for line in lines[1:])


def test_control_characters_of_a_document_do_not_reach_the_terminal(tmp_path: Path) -> None:
    title = "\x1b[2J\x9b31m\u202e红\r\n[1] 伪造的出处"
    with closing(Store.open(tmp_path, embedder="hashing", dimension=DIMENSION)) as store:
        add(
            store,
            load(HashingEmbedder()),
            [Document(f"\x1b]0;x\x07{TEXT}", f"/tmp/\x1b[31m{n}\n伪造", title, source=title) for n in "ab"],
        )
    commands = (
        ["list"], ["list", "--json"], ["search", "5G基站"], ["search", "5G基站", "--json"],
        ["ask", "5G基站有多少个？", "-m", "extractive"], ["ask", "5G基站有多少个？", "-m", "extractive", "--json"],
        ["ask", "公园的花", "-m", "extractive"],
    )  # fmt: skip
    for command in commands:
        outcome = run(*command, "--index", tmp_path)
        assert outcome.code == 0
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", outcome.output), command
        assert not re.search(r"^\s*\[1\] 伪造", outcome.output, re.MULTILINE), command
        if "--json" in command:
            assert r"\u001b[2J\u009b31m\u202e" in outcome.output
            json.loads(outcome.output)
    with closing(Store.open_as_it_is(tmp_path)) as store:
        assert len(store.entries()) == 2


def in_terminal(*arguments: str | Path, real: bool = False, keys: Sequence[tuple[str, str]] = ()) -> tuple[int, str]:
    """Runs a command in a pseudo-terminal; types each of ``keys`` once the text before it has appeared."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*(REAL_COMMAND if real else COMMAND), *map(str, arguments)],
        stdin=slave, stdout=slave, stderr=slave, env=environment(TERM="xterm-256color", COLUMNS="100"),
        start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    seen, waiting, deadline = "", list(keys), time.monotonic() + LONGEST
    interrupted = math.inf
    while time.monotonic() < deadline:
        if waiting and waiting[0][0] in seen:
            expected, typed = waiting.pop(0)
            seen = seen.split(expected, 1)[1] if waiting else seen
            if typed == "\x03":
                process.send_signal(signal.SIGINT)
                interrupted = time.monotonic()
            else:
                os.write(master, typed.encode())
        if not waiting and time.monotonic() > interrupted + 30:
            # One that comes while readline makes ready is lost; whoever sits there presses again.
            process.send_signal(signal.SIGINT)
            interrupted = time.monotonic()
        if select.select([master], [], [], 0.05)[0]:
            try:
                part = os.read(master, 65536)
            except OSError:
                break
            if not part:
                break
            seen += part.decode("utf-8", "replace")
        elif process.poll() is not None:
            break
    os.close(master)
    return process.wait(LONGEST), seen


def test_progress_bar_on_a_terminal(tmp_path: Path, documents: Path) -> None:
    odd = documents.parent / "odd"
    odd.mkdir(exist_ok=True)
    (odd / "[bold]标记.txt").write_text(TEXT, encoding="utf-8")
    code, seen = in_terminal("add", documents, odd / "[bold]标记.txt", "--index", tmp_path / "index")
    assert code == 0, seen
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
    assert "加入文档" in shown and "2/3" in shown and "[bold]标记.txt" in shown
    assert "新增 3 份" in seen
    assert seen.rfind("\x1b[?25h") > seen.rfind("\x1b[?25l")  # the cursor is shown again


@pytest.mark.skipif(not recognition.is_installed(), reason="needs the extra ocr")
def test_the_page_that_is_recognised_is_shown_on_a_terminal(tmp_path: Path) -> None:
    pages = []
    for number in (1, 2):
        pages.append(Image.new("L", (500, 200), 255))
        ImageDraw.Draw(pages[-1]).text((40, 60), f"Page {number} of the report", 0, font_size=32)
    pages[0].save(tmp_path / "扫描.pdf", save_all=True, append_images=pages[1:])
    code, seen = in_terminal("add", tmp_path / "扫描.pdf", "--index", tmp_path / "index")
    assert code == 0, seen
    assert "识别第 1/2 页  扫描.pdf" in seen and "识别第 2/2 页  扫描.pdf" in seen and "新增 1 份" in seen


# -- the chat ---------------------------------------------------------------------------------------------------------


def test_chat_from_a_pipe(index: Path) -> None:
    typed = "5G基站有多少个？\n\n那工业增加值呢？\n/sources\n/new\n/bogus\n" + "问" * 3000 + "\n/quit\n5G基站\n"
    outcome = run("chat", "-m", "extractive", "--index", index, stdin=typed)
    assert outcome.code == 0
    welcome, first, blank, second, sources, new, bogus, long, end = re.split("\n?问> ", outcome.output)
    assert "有据" in welcome and blank.strip() == ""
    assert "264万" in first and "出处" in first
    assert "百分之三" in second
    assert "工业运行情况" in sources and "a.txt" not in first.splitlines()[0]
    assert "新对话" in new and "/bogus" in bogus and "3,000" in long
    assert "再见" in end and "264万" not in end


def test_chat_ends_with_its_input(index: Path) -> None:
    outcome = run("chat", "-m", "extractive", "--index", index, stdin="", language="en")
    assert outcome.code == 0 and outcome.output.rstrip().endswith("Goodbye.")


def test_chat_in_a_terminal_ends_with_ctrl_c_at_the_prompt(index: Path) -> None:
    keys = [("问> ", "5G基站有多少个？\n"), ("出处", ""), ("问> ", "\x03")]
    code, seen = in_terminal("chat", "-m", "extractive", "--index", index, keys=keys)
    assert code == 0 and "再见" in seen and "Traceback" not in seen


@pytest.mark.local_model
@pytest.mark.slow
def test_ctrl_c_stops_an_answer_and_the_chat_goes_on() -> None:
    keys = [("问> ", "请详细介绍工业运行情况。\n"), ("句证据", "\x03"), ("已中断", ""), ("问> ", "/quit\n")]
    code, seen = in_terminal("chat", "-m", "local", real=True, keys=keys)
    assert code == 0 and "再见" in seen and "Traceback" not in seen


@pytest.mark.local_model
@pytest.mark.slow
def test_ctrl_c_stops_one_question() -> None:
    code, seen = in_terminal("ask", "请详细介绍工业运行情况。", "-m", "local", real=True, keys=[("句证据", "\x03")])
    assert code == 130 and "已中断" in seen and "Traceback" not in seen
