"""``ask --record``, ``--trace`` and ``verify``, and the options about logs, on the command line."""

import json
from pathlib import Path

import pytest
from youju_process import refused, run

from rag.loading import load

TEXT = "火星基地一季度通报\n\n基地负责人赵志国表示，一季度用电量同比增长15.2%，供水保持稳定。\n"
QUESTION = "火星基地一季度用电量同比增长多少？"


@pytest.fixture
def index(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    assert run("add", tmp_path / "a.txt", "--index", tmp_path / "index").code == 0
    return tmp_path / "index"


def test_a_record_is_kept_and_verified_against_index_and_files(index: Path, tmp_path: Path) -> None:
    file, record = tmp_path / "a.txt", tmp_path / "r.json"
    asked = run("ask", QUESTION, "--index", index, "-m", "extractive", "--record", record, "--trace", "--json")
    answer = json.loads(asked.output)
    assert asked.code == 0 and str(record) in asked.errors
    assert [step["step"] for step in answer["trace"]["steps"]][:4] == ["ask", "recognise", "understand", "retrieve"]
    assert answer["citations"]
    assert run("verify", record, "--index", index).code == 0
    assert "一字不差" in run("verify", record, "--files", file).output
    file.write_text(f"更正\n\n{TEXT}", "utf-8")
    moved = run("verify", record, "--files", file, language="en")
    assert moved.code == 1 and "moved" in moved.output and str(file) in moved.output
    run("add", file, "--index", index)
    told = run("verify", record, "--index", index, "--json")
    assert told.code == 1 and not json.loads(told.output)["holds"]
    assert {each["state"] for each in json.loads(told.output)["citations"]} == {"moved"}
    file.write_text("什么都没有了。", "utf-8")
    gone = run("verify", record, "--files", file)
    assert gone.code == 1 and "原文已没有这段文字" in gone.output


def test_nothing_is_overwritten_and_no_answer_worked_out_for_it(index: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    refused("ask", QUESTION, "--index", index, "--record", taken, code=2, zh="已经存在", en="not overwritten")
    refused("ask", QUESTION, "--index", index, "--record", tmp_path, code=2, zh="是文件夹", en="is a folder")
    assert taken.read_text() == "mine"


def test_what_is_no_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r").write_text("{}")
    refused("verify", tmp_path / "r", code=2, zh="不是", en="no record")
    refused("verify", tmp_path / "none", code=2, zh="没有记录文件", en="no record file")


def test_options_about_logs_may_stand_anywhere(index: Path, tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    run("--log-file", before, "--log-json", "ask", QUESTION, "--index", index, "-m", "extractive")
    quiet = run("ask", QUESTION, f"--log-file={after}", "--index", index, "-m", "extractive")
    assert quiet.errors == ""
    assert [json.loads(line)["message"] for line in before.read_text("utf-8").splitlines()]
    assert "rag.tracing.trace: ask: " in after.read_text("utf-8")
    assert "火星" not in before.read_text("utf-8") + after.read_text("utf-8")
    told = run("ask", QUESTION, "--verbose", "--log-questions", "--index", index, "-m", "extractive")
    assert QUESTION in told.errors and "rag.tracing.trace: ask: " in told.errors
    refused("list", "--index", index, "--log-file", code=2, zh="日志文件", en="name of a file")
    refused("list", "--index", index, "--log-file", tmp_path, code=2, zh="不能写入", en="cannot be written")


def test_an_error_is_logged_with_its_stack(tmp_path: Path) -> None:
    failed = run("list", "--index", tmp_path / "none", "--log-file", tmp_path / "log")
    assert failed.code == 1 and "rag/terminal/cli.py" not in failed.errors
    assert "[StoreError: " in (tmp_path / "log").read_text("utf-8")
    assert "rag/terminal/cli.py" in (tmp_path / "log").read_text("utf-8")


def test_an_answer_is_saved_in_the_format_that_the_suffix_names(index: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"answer{suffix}" for suffix in (".docx", ".md", ".html")]
    record = tmp_path / "r.json"
    options = [option for file in files for option in ("--save", file)]
    asked = run("ask", QUESTION, "--index", index, "-m", "extractive", "--record", record, *options)
    assert asked.code == 0
    seal = json.loads(record.read_text("utf-8"))["sha256"]
    for file in files:
        text = load(file).text
        assert str(file) in asked.errors
        assert QUESTION in text and "一季度用电量同比增长15.2%" in text and seal in text
    refused("ask", QUESTION, "--index", index, "--save", files[0], code=2, zh="已经存在", en="not overwritten")
    other = tmp_path / "answer.pdf"
    refused("ask", QUESTION, "--index", index, "--save", other, code=2, zh=".docx、.md、.html", en="must end in")
    assert not other.exists()
