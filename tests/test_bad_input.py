"""Whatever is wrong ends with a clear message in the user's language, the right exit code, and nothing lost."""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hashing_embedder import DIMENSION, HashingEmbedder
from waiting import LONGEST
from youju_call import refused, run
from youju_process import COMMAND, environment, finish, start
from youju_process import refused as refused_process

from embeddings import load
from rag.index.dense import DenseIndex
from rag.index.indexing import add
from rag.index.seals import seal_settings
from rag.index.store import FILE_NAME, Store

HASHING = load(HashingEmbedder())
TEXT = "一季度，全国规模以上工业增加值同比增长百分之三。5G基站总数超过264万个。\n" * 20


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.txt").write_text(f"第{number}份。\n{TEXT}", encoding="utf-8")
    return folder


@pytest.fixture
def index(tmp_path: Path, documents: Path) -> Path:
    with closing(Store.open(tmp_path / "index", embedder="hashing", dimension=DIMENSION)) as store:
        add(store, HASHING, documents)
        DenseIndex.open(store)
        store.fold_journal()
    return tmp_path / "index"


def state(index: Path) -> str:
    return hashlib.sha256((index / FILE_NAME).read_bytes()).hexdigest()


def titles(index: Path) -> list[str]:
    with closing(Store.open_as_it_is(index)) as store:
        return sorted(Path(entry.path).name for entry in store.entries())


# -- questions and options --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", ["", "  \n ", "？！"])
def test_empty_question(index: Path, question: str) -> None:
    refused("ask", question, "-m", "extractive", "--index", index, code=2, zh="问题是空的", en="question is empty")


def test_question_of_100_000_characters(index: Path) -> None:
    longest = "问" * 33_000  # that Linux passes to a process
    refused_process("ask", longest, "--index", index, code=2, zh="33,000", en="33,000")
    outcome = run("ask", "-", "--index", index, stdin="问" * 100_000)
    assert outcome.code == 2 and "100,000" in outcome.errors and "2,000" in outcome.errors


@pytest.mark.parametrize("command", ["ask", "search"])
def test_question_with_nul_and_control_characters_is_answered(index: Path, command: str) -> None:
    outcome = run(command, "5G基站\0\x1b[2J有多少？", "--index", index, YOUJU_LANGUAGE_MODEL="extractive")
    assert outcome.code == 0, outcome.errors
    assert "264" in outcome.output and "\x1b" not in outcome.output


@pytest.mark.parametrize(
    ("arguments", "zh", "en"),
    [
        (["--bogus"], "没有选项 --bogus", "--bogus"),
        (["search", "x", "--bogus"], "没有选项 --bogus", "--bogus"),
        (["search"], "缺少 question", "QUESTION"),
        (["bogus"], "bogus", "bogus"),
        (["search", "x", "-k", "many"], "-k 的值不对", "Invalid value for '-k'"),
        (["search", "x", "-k", "0"], "k 至少是 1", "k must be at least 1"),
        (["search", "x", "--after", "2023-13"], "不是日期", "is not a date"),
        (["search", "x", "--before", "昨天"], "不是日期", "is not a date"),
        (["ask", "x", "-m", "bogus"], "bogus", "bogus"),
        (["chat", "-m", "bogus"], "bogus", "bogus"),
        (["remove", "bogus"], "没有编号为 bogus", "no document with the id bogus"),
        (["edit", "bogus", "--title", "x"], "没有编号为 bogus", "no document with the id bogus"),
        (["edit", "bogus"], "至少给出一项", "at least one thing"),
        (["edit", "bogus", "--date", "2023-02-30"], "不是日期", "is not a date"),
        (["rebuild", "--chunk-size", "5"], "50 到 5000", "between 50 and 5000"),
        (["add", "x", "--chunk-size", "0"], "50 到 5000", "between 50 and 5000"),
    ],
    ids=" ".join,
)
def test_wrong_usage(index: Path, arguments: list[str], zh: str, en: str) -> None:
    before = state(index)
    named = ["--index", str(index)] if arguments[0] not in ("--bogus", "bogus") else []
    for language, told in (("zh", zh), ("en", en)):
        outcome = run(*arguments, *named, language=language)
        assert outcome.code == 2 and told in outcome.errors and outcome.output == ""
    assert state(index) == before


def test_wrong_option_in_a_process_of_its_own(index: Path) -> None:
    refused_process("search", "x", "--bogus", "--index", index, code=2, zh="没有选项 --bogus", en="No such option")


def test_unknown_variable_is_named(index: Path) -> None:
    refused("list", code=2, zh="YOUJU_INDX", en="YOUJU_INDX", YOUJU_INDX="x")
    refused("list", code=2, zh="YOUJU_CHUNK_SIZE", en="YOUJU_CHUNK_SIZE", YOUJU_CHUNK_SIZE="big")


def test_changing_the_sample_documents_is_refused() -> None:
    for command in (["add", "x"], ["remove", "x"], ["edit", "x", "--title", "y"], ["rebuild"]):
        outcome = run(*command)
        assert outcome.code == 2 and "--index" in outcome.errors


def test_remove_with_one_unknown_id_removes_nothing(index: Path) -> None:
    with closing(Store.open_as_it_is(index)) as store:
        first = store.entries()[0].id
    assert run("remove", first, "bogus", "--index", index).code == 2
    assert titles(index) == ["0.txt", "1.txt", "2.txt"]
    outcome = run("remove", first, first, "--index", index)
    assert outcome.code == 0 and "1 份" in outcome.output


# -- files ------------------------------------------------------------------------------------------------------------


def test_folder_without_documents(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    refused(
        "add",
        tmp_path / "nothing",
        "--index",
        tmp_path / "index",
        code=1,
        zh="没有可读入的文档",
        en="no loadable documents",
    )


def test_unreadable_and_missing_files_among_good_ones(tmp_path: Path, documents: Path) -> None:
    os.mkfifo(documents / "pipe")
    (documents / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    outcome = run(
        "add", documents / "gone.txt", documents, documents / "pipe", "~$x.txt", "--index", tmp_path / "index"
    )
    assert outcome.code == 1
    assert "新增 3 份，失败 4 份" in outcome.output
    for name in ("gone.txt", "pipe", "broken.pdf", "~$x.txt"):
        assert outcome.errors.count(f"{name}：") == 1, outcome.errors
    assert titles(tmp_path / "index") == ["0.txt", "1.txt", "2.txt"]


def test_bad_standard_input_does_not_keep_the_files_out(tmp_path: Path, documents: Path) -> None:
    outcome = run("add", "-", documents, "--index", tmp_path / "index", stdin="")
    assert outcome.code == 1 and "新增 3 份，失败 1 份" in outcome.output
    assert "stdin.txt" in outcome.errors


# -- the index folder -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["list"], ["search", "x"], ["ask", "x"], ["remove", "x"], ["doctor"], ["rebuild"]])
def test_index_that_is_not_there_is_not_made_by_reading(tmp_path: Path, command: list[str]) -> None:
    outcome = run(*command, "--index", tmp_path / "typo")
    assert outcome.code == 1 and "没有索引" in outcome.errors
    assert not (tmp_path / "typo").exists()


def test_index_that_is_a_file(tmp_path: Path, documents: Path) -> None:
    file = tmp_path / "file"
    file.write_text("kept")
    refused("add", documents, "--index", file, code=1, zh="是文件", en="is a file")
    refused("list", "--index", file, code=1, zh="是文件", en="is a file")
    assert file.read_text() == "kept"


def test_index_of_another_version(index: Path) -> None:
    store = Store.open_as_it_is(index)
    store.connection.execute("UPDATE settings SET value = '99' WHERE key = 'version'")
    seal_settings(store.connection)
    store.fold_journal()
    store.close()
    before = state(index)
    for command in (["list"], ["search", "x"], ["add", "x"]):
        refused(*command, "--index", index, code=1, zh="格式版本是 99", en="format version 99")
    assert state(index) == before


def test_index_made_by_another_embedder(index: Path) -> None:
    store = Store.open_as_it_is(index)
    store.connection.execute("UPDATE settings SET value = 'other/model' WHERE key = 'embedder'")
    seal_settings(store.connection)
    store.fold_journal()
    store.close()
    before = state(index)
    for language in ("zh", "en"):
        outcome = run("search", "工业", "--index", index, language=language)
        assert outcome.code == 1
        for part in ("other/model", "hashing", f"youju rebuild --index {index}"):
            assert part in outcome.errors
    assert state(index) == before
    assert run("list", "--index", index).code == 0
    assert run("rebuild", "--index", index).code == 0
    assert run("search", "工业", "--index", index).code == 0


@pytest.mark.parametrize("damage", ["noise", "truncated", "page"])
def test_corrupt_sqlite_file(index: Path, damage: str) -> None:
    file = index / FILE_NAME
    raw = file.read_bytes()
    broken = {
        "noise": os.urandom(50_000),
        "truncated": raw[: len(raw) // 2 // 4096 * 4096],
        "page": raw[:4096] + os.urandom(8192) + raw[12288:],
    }[damage]
    file.write_bytes(broken)
    refused("search", "工业增加值", "--index", index, code=1, zh="doctor --repair", en="doctor --repair")
    assert file.read_bytes() == broken
    assert run("doctor", "--index", index).code == 1
    assert run("doctor", "--repair", "--index", index).code == 0
    assert [path.read_bytes() for path in index.glob("*damaged*.sqlite")] == [broken]
    assert run("doctor", "--index", index).code == 0


def test_corrupt_faiss_file_is_made_anew(index: Path) -> None:
    before = run("search", "工业增加值", "--index", index)
    (index / "vectors.faiss").write_bytes(os.urandom(1000))
    assert run("search", "工业增加值", "--index", index) == before
    assert run("doctor", "--index", index).code == 0


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[None]:
    done = subprocess.run(["mount", *options, str(place)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_read_only_index_is_read_and_not_changed(index: Path, documents: Path) -> None:
    before = run("search", "工业增加值", "--index", index)
    listed = run("list", "--index", index)
    (index / "vectors.faiss").unlink()
    with mounted(index, "--bind", str(index)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(index)], check=True)
        assert run("search", "工业增加值", "--index", index) == before
        assert run("list", "--index", index) == listed
        (documents / "new.txt").write_text("新的文档，讲新的事情。", encoding="utf-8")
        refused("add", documents, "--index", index, code=1, zh="只读", en="read-only")
        refused("remove", documents / "0.txt", "--index", index, code=1, zh="只读", en="read-only")


def test_read_only_index_without_leave_to_mount(index: Path, documents: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    outcome = run("remove", documents / "0.txt", "--index", index)
    assert outcome.code == 1 and "只读" in outcome.errors
    assert run("list", "--index", index).code == 0
    assert titles(index) == ["0.txt", "1.txt", "2.txt"]


def test_full_disk(tmp_path: Path, documents: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    for number in range(40):
        words = "".join(chr(0x4E00 + (number * 977 + 31 * i) % 20_000) for i in range(8000))
        (documents / f"large{number:02}.txt").write_text(words + "。", encoding="utf-8")
    with mounted(place, "-t", "tmpfs", "-o", "size=2m", "tmpfs"):
        outcomes = [run("add", documents, "--index", place / "index", language=language) for language in ("zh", "en")]
        for outcome, word in zip(outcomes, ("磁盘", "disk"), strict=True):
            assert outcome.code == 1
            assert word in outcome.errors and "程序出错" not in outcome.errors
        kept = titles(place / "index")
        assert {"0.txt", "1.txt", "2.txt"} <= set(kept) and len(kept) < 43
        listed = run("list", "--index", place / "index", "--json")
        assert listed.code == 0
        shutil.copytree(place / "index", tmp_path / "moved")
    assert run("add", documents, "--index", tmp_path / "moved").code == 0
    assert len(titles(tmp_path / "moved")) == 43
    assert run("doctor", "--repair", "--index", tmp_path / "moved").code == 0


def test_files_that_may_not_grow(tmp_path: Path, documents: Path) -> None:
    """A limit on the size of files stands for a full disk where nothing can be mounted."""
    for number in range(40):
        words = "".join(chr(0x4E00 + (number * 977 + 31 * i) % 20_000) for i in range(8000))
        (documents / f"large{number:02}.txt").write_text(words + "。", encoding="utf-8")
    process = subprocess.Popen(
        [*COMMAND, "add", str(documents), "--index", str(tmp_path / "index")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)),
    )
    outcome = finish(process)
    assert outcome.code == 1 and "磁盘" in outcome.errors
    assert run("doctor", "--repair", "--index", tmp_path / "index").code == 0
    assert {"0.txt", "1.txt", "2.txt"} <= set(titles(tmp_path / "index"))
    assert run("add", documents, "--index", tmp_path / "index").code == 0
    assert len(titles(tmp_path / "index")) == 43


# -- language models --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "zh", "en"),
    [
        (
            b"GGUF" + bytes([3, 0, 0, 0]) + (5).to_bytes(8, "little") + (3).to_bytes(8, "little") + b"x" * 40,
            "GGUF",
            "GGUF",
        ),
        (b"not a model", "GGUF", "GGUF"),
        (b"", "空文件", "empty"),
    ],
    ids=["truncated", "no model", "empty"],
)
def test_truncated_gguf(index: Path, tmp_path: Path, content: bytes, zh: str, en: str) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(content)
    refused("ask", "5G基站有多少？", "-m", model, "--index", index, code=1, zh=zh, en=en)


def test_weights_with_the_wrong_hash_are_refused_and_not_listed_as_ready(index: Path, tmp_path: Path) -> None:
    models = tmp_path / "home" / "models"
    models.mkdir(parents=True)
    weights = models / "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
    with weights.open("wb") as file:
        file.write(b"GGUF")
        file.truncate(1_117_320_768)
    record = weights.with_name(weights.name + ".verified.json")
    record.write_text("{}")
    listed = run("model", "list", YOUJU_HOME=str(tmp_path / "home"))
    assert "尚未校验" in listed.output
    weights.write_bytes(b"GGUF too short")
    listed = run("model", "list", YOUJU_HOME=str(tmp_path / "home"), language="en")
    assert listed.code == 0 and "damaged" in listed.output


# -- pipes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["search", "工业", "-k", "50"]], ids=" ".join)
def test_broken_pipe_is_quiet(index: Path, arguments: list[str]) -> None:
    process = start(*arguments, "--index", index)
    assert process.stdout is not None and process.stdin is not None and process.stderr is not None
    process.stdout.close()  # the reader goes before anything is written
    errors = process.stderr.read()
    process.stdin.close()
    process.stderr.close()
    assert process.wait(LONGEST) in (0, 1)
    assert errors == ""
