"""Synchronization: files that moved or changed are told, and an index follows its folder without losing anything."""

from __future__ import annotations

import datetime
import json
import os
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hashing_embedder import DIMENSION, HashingEmbedder

from embeddings import load
from rag.errors import LoadError
from rag.index import doctor
from rag.index.changes import edit_document
from rag.index.indexing import Progress, add
from rag.index.store import Store
from rag.index.synchronization import SyncReport, compare, synchronize
from rag.text.documents import Document
from tests.youju_process import refused, run

CONTENTS = {name: f"{name}讲的是{sign * 6}工程的进展情况，全长{number}公里。" for number, (name, sign) in enumerate(
    {"a.txt": "桥", "b.txt": "路", "下级/c.md": "渠", "下级/d.txt": "港"}.items(), 11)}  # fmt: skip


@pytest.fixture
def embedder() -> Any:
    return load(HashingEmbedder())


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with closing(Store.open(tmp_path / "index", embedder="hashing", dimension=DIMENSION)) as store:
        yield store


@pytest.fixture
def folder(tmp_path: Path, store: Store, embedder: Any) -> Path:
    """A folder of four files, all in the index, beside documents that are none of its own."""
    folder = tmp_path / "docs"
    for name, text in CONTENTS.items():
        written(folder / name, text)
    near = written(tmp_path / "docs-2" / "a.txt", "名字只是开头相同的文件夹，不归它管。")
    add(store, embedder, [folder, near, Document("从标准输入来的一份文档。", "stdin", "甲", digest="0" * 64)])
    near.unlink()
    return folder


def written(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def titles(store: Store) -> dict[str, str]:
    """Titles of the documents by the last parts of their paths."""
    return {Path(entry.path).name: entry.title for entry in store.entries()}


def texts(store: Store, folder: Path) -> dict[str, str]:
    entries = [entry for entry in store.entries() if entry.path.startswith(f"{folder}/")]
    return {entry.path[len(str(folder)) + 1 :]: store.document(entry.id).text for entry in entries}


def edited(store: Store, name: str, **changes: Any) -> str:
    (entry,) = [entry for entry in store.entries() if Path(entry.path).name == name and "docs-2" not in entry.path]
    edit_document(store, entry.id, changes)
    return entry.id


def summary(report: SyncReport) -> dict[str, int]:
    return {key: number for key, number in report.counts().items() if number}


# -- telling ----------------------------------------------------------------------------------------------------------


def test_files_that_changed_or_are_gone_are_told_and_the_index_is_still_sound(store: Store, folder: Path) -> None:
    written(folder / "a.txt", CONTENTS["a.txt"].replace("11", "12"))  # as long as before
    (folder / "b.txt").unlink()
    (folder / "b.txt").mkdir()
    (folder / "下级" / "c.md").unlink()
    os.mkfifo(folder / "下级" / "c.md")
    by_id = compare(store)
    states = {entry.path.removeprefix(f"{folder}/"): by_id[entry.id] for entry in store.entries() if entry.id in by_id}
    gone_elsewhere = str(folder.parent / "docs-2" / "a.txt")
    assert states == {
        "a.txt": "changed", "b.txt": "gone", "下级/c.md": "gone", "下级/d.txt": "unchanged", gone_elsewhere: "gone"
    }  # fmt: skip
    (finding,) = [finding for finding in doctor.examine(store.folder) if finding.check == "files"]
    assert finding.sound and finding.notice
    assert "4 份" in finding.zh and "a.txt（内容已变）" in finding.zh and "b.txt（已不在）" in finding.zh
    assert "files of 4 documents" in finding.en and "a.txt (changed)" in finding.en
    assert "b.txt (gone)" in finding.en


def test_a_file_changed_twice_within_a_moment_is_noticed(store: Store, folder: Path) -> None:
    file = folder / "a.txt"
    times = (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    identifier = edited(store, "a.txt", title="桥")
    assert compare(store)[identifier] == "unchanged"
    written(file, CONTENTS["a.txt"].replace("11", "12"))
    os.utime(file, ns=times)  # the same length, and its date set back
    assert compare(store)[identifier] == "changed"


def test_what_cannot_be_reached_now_is_not_said_to_be_gone(store: Store, folder: Path) -> None:
    (folder / "a.txt").unlink()
    (folder / "a.txt").symlink_to("a.txt")  # a loop: neither there nor missing
    identifier = edited(store, "a.txt", title="桥")
    assert compare(store)[identifier] == "unreadable"
    report = synchronize(store, load(HashingEmbedder()), folder)
    assert summary(report) == {"unchanged": 3, "failed": 1}
    assert store.document(identifier).text == CONTENTS["a.txt"]


# -- bringing into line -----------------------------------------------------------------------------------------------


def test_new_changed_moved_and_gone_files_each_find_their_way(store: Store, folder: Path, embedder: Any) -> None:
    edited(store, "b.txt", title="我的题目", date=datetime.date(2020, 2, 29))
    before = {entry.path: entry.id for entry in store.entries()}
    written(folder / "a.txt", CONTENTS["a.txt"] + "后来又延长了。")
    (folder / "b.txt").rename(folder / "下级" / "改了名.txt")
    (folder / "下级" / "d.txt").unlink()
    new = written(folder / "新" / "e.txt", "新来的一份，讲水库的库容。")

    dry = synchronize(store, embedder, folder, dry_run=True)
    assert {entry.path: entry.id for entry in store.entries()} == before
    report = synchronize(store, embedder, folder)
    expected = {"added": 1, "replaced": 1, "moved": 1, "gone": 1, "unchanged": 1}
    assert summary(report) == summary(dry) == expected
    assert (dry.moved, [entry.id for entry in dry.removed]) == (report.moved, [entry.id for entry in report.removed])
    assert [report.paths[key] for key in report.added] == [str(new)]
    assert [entry.path for entry in report.removed] == [str(folder / "下级" / "d.txt")]
    (identifier,) = report.moved
    assert report.moved[identifier] == str(folder / "b.txt")
    assert not report.duplicates  # a moved document is no near-duplicate of itself
    (moved,) = [entry for entry in store.entries() if entry.id == identifier]
    assert (Path(moved.path).name, moved.title, moved.date) == ("改了名.txt", "我的题目", datetime.date(2020, 2, 29))
    assert texts(store, folder) == {
        "a.txt": CONTENTS["a.txt"] + "后来又延长了。", "下级/c.md": CONTENTS["下级/c.md"],
        "下级/改了名.txt": CONTENTS["b.txt"], "新/e.txt": "新来的一份，讲水库的库容。",
    }  # fmt: skip
    others = {entry.path for entry in store.entries() if not entry.path.startswith(f"{folder}/")}
    assert others == {"stdin", str(folder.parent / "docs-2" / "a.txt")}  # gone, but not of this folder

    generation = store.generation
    assert summary(synchronize(store, embedder, folder)) == {"unchanged": 4}
    assert store.generation == generation


def test_what_is_said_beside_a_file_counts_as_a_change_of_it(store: Store, folder: Path, embedder: Any) -> None:
    (folder / "documents.toml").write_text('["a.txt"]\ntitle = "新题"\n', encoding="utf-8")
    assert summary(synchronize(store, embedder, folder, dry_run=True)) == {"replaced": 1, "unchanged": 3}
    assert summary(synchronize(store, embedder, folder)) == {"replaced": 1, "unchanged": 3}
    assert titles(store)["a.txt"] == "新题"


def test_a_file_put_aside_takes_its_edits_along_when_another_takes_its_name(
    store: Store, folder: Path, embedder: Any
) -> None:
    edited(store, "b.txt", title="去年的报告")
    (folder / "b.txt").rename(folder / "z-去年.txt")
    written(folder / "b.txt", "今年的报告，内容全然不同。")
    synchronize(store, embedder, folder)
    assert titles(store)["z-去年.txt"] == "去年的报告"


def test_files_of_equal_content_that_moved_keep_their_own_edits(store: Store, folder: Path, embedder: Any) -> None:
    for name in ("甲/x.txt", "甲/y.txt"):
        written(folder / name, "两份内容相同的文件。")
    add(store, embedder, folder)
    edited(store, "x.txt", title="题 x")
    edited(store, "y.txt", title="题 y")
    (folder / "甲" / "x.txt").rename(folder / "y.txt")  # now ../y.txt is new twice over: only names tell them apart
    (folder / "甲" / "y.txt").rename(folder / "x.txt")
    assert summary(synchronize(store, embedder, folder)) == {"moved": 2, "unchanged": 4}
    assert {name: title for name, title in titles(store).items() if name in ("x.txt", "y.txt")} == {
        "x.txt": "题 x", "y.txt": "题 y"
    }  # fmt: skip


@pytest.mark.parametrize("missing", ["the folder", "its files", "all but other files"])
def test_a_folder_that_is_not_mounted_does_not_empty_the_index(
    store: Store, folder: Path, embedder: Any, missing: str
) -> None:
    before = store.entries()
    shutil.rmtree(folder)
    if missing != "the folder":
        folder.mkdir()
    if missing == "all but other files":
        (folder / "README").write_text("not mounted")
    with pytest.raises(LoadError) as refusal:
        synchronize(store, embedder, folder)
    assert str(folder) in refusal.value.en and "mount" in refusal.value.en and "没有改动" in refusal.value.zh
    assert store.entries() == before


def test_documents_behind_a_link_that_leads_nowhere_now_are_kept(store: Store, folder: Path, embedder: Any) -> None:
    disk = folder.parent / "disk"
    written(disk / "e.txt", "外接硬盘上的一份文档。")
    (folder / "link").symlink_to(disk)
    add(store, embedder, folder)
    disk.rename(folder.parent / "unplugged")
    report = synchronize(store, embedder, folder)
    assert summary(report) == {"unchanged": 4, "failed": 1}
    assert str(folder / "link") in report.failed[0].error.en
    assert "link/e.txt" in texts(store, folder)
    (folder / "link").unlink()
    assert summary(synchronize(store, embedder, folder)) == {"unchanged": 4, "gone": 1}
    assert "link/e.txt" not in texts(store, folder)


def test_a_file_that_can_no_longer_be_read_keeps_its_document(store: Store, folder: Path, embedder: Any) -> None:
    (folder / "a.txt").write_bytes(bytes(range(256)) * 10)
    (folder / "b.txt").write_bytes(b"")
    report = synchronize(store, embedder, folder)
    assert summary(report) == {"unchanged": 2, "failed": 2}
    assert texts(store, folder) == CONTENTS


def test_a_moved_file_that_is_refused_at_its_new_place_keeps_its_document(
    store: Store, folder: Path, embedder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import rag.loading

    (folder / "b.txt").rename(folder / "moved.txt")
    load_file = rag.loading.load

    def refusing(path: Path, **_: Any) -> Document:
        if path.name == "moved.txt":
            raise LoadError(zh=f"无法读入 {path}", en=f"Cannot load {path}")
        return load_file(path)

    monkeypatch.setattr(rag.loading, "load", refusing)
    assert summary(synchronize(store, embedder, folder)) == {"unchanged": 3, "failed": 1}
    assert texts(store, folder) == CONTENTS
    monkeypatch.undo()
    assert summary(synchronize(store, embedder, folder)) == {"unchanged": 3, "moved": 1}


def test_names_that_are_not_utf8_are_followed_too(store: Store, folder: Path, embedder: Any) -> None:
    odd = os.path.join(os.fsencode(folder), b"\xb9\xa4\xd2\xb5.txt")
    with open(odd, "wb") as file:
        file.write("文件名是GBK的一份文档。".encode())
    assert summary(synchronize(store, embedder, folder)) == {"added": 1, "unchanged": 4}
    assert summary(synchronize(store, embedder, folder)) == {"unchanged": 5}
    (entry,) = [entry for entry in store.entries() if "\\xb9" in entry.path]
    assert compare(store)[entry.id] == "unchanged"
    with open(odd, "ab") as file:
        file.write("添了一句。".encode())
    assert compare(store)[entry.id] == "changed"
    os.rename(odd, os.path.join(os.fsencode(folder), b"\xb9\xa4.txt"))
    assert compare(store)[entry.id] == "gone"
    edit_document(store, entry.id, {"title": "题"})
    assert summary(synchronize(store, embedder, folder)) == {"added": 1, "gone": 1, "unchanged": 4}


def test_interrupted_at_any_moment_nothing_is_lost_that_another_call_does_not_bring(
    tmp_path: Path, folder: Path, store: Store, embedder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stops before each writing transaction in turn, as a killed process would, then goes on."""
    edited(store, "b.txt", title="我的题目")
    written(folder / "a.txt", CONTENTS["a.txt"] + "后来又延长了。")
    (folder / "b.txt").rename(folder / "下级" / "改了名.txt")
    (folder / "下级" / "d.txt").unlink()
    written(folder / "e.txt", "新来的一份，讲水库的库容。")
    store.fold_journal()
    wanted = {"a.txt", "c.md", "改了名.txt", "e.txt"}
    transaction = Store.transaction
    for stop in range(20):
        copy = tmp_path / f"copy{stop}"
        shutil.copytree(store.folder, copy)
        begun = 0

        def counted(self: Store, stop: int = stop) -> Any:
            nonlocal begun
            begun += 1
            if begun > stop:
                raise KeyboardInterrupt
            return transaction(self)

        with closing(Store.open(copy, embedder="hashing", dimension=DIMENSION)) as copied:
            monkeypatch.setattr(Store, "transaction", counted)
            try:
                synchronize(copied, embedder, folder)
                finished = True
            except KeyboardInterrupt:
                finished = False
            monkeypatch.undo()
            assert {"c.md", "b.txt" if begun <= 1 else "改了名.txt"} <= titles(copied).keys()
            synchronize(copied, embedder, folder)
            assert {name for name in titles(copied) if name != "stdin"} - {"a.txt"} == wanted - {"a.txt"}
            assert titles(copied)["改了名.txt"] == "我的题目"
            assert texts(copied, folder)["a.txt"].endswith("后来又延长了。")
        if finished:
            break
    assert finished and stop >= 5


def test_progress_names_each_file(store: Store, folder: Path, embedder: Any) -> None:
    seen: list[Progress] = []
    synchronize(store, embedder, folder, progress=seen.append)
    assert [Path(progress.path).name for progress in seen] == ["a.txt", "b.txt", "c.md", "d.txt"]


def test_an_assistant_synchronizes(folder: Path, make_assistant: Any) -> None:
    opened = make_assistant()
    assert opened.sync(folder, dry_run=True).counts()["added"] == 4 and not opened.documents()
    assert len(opened.sync(folder).added) == 4
    (folder / "a.txt").unlink()
    assert [entry.title for entry in opened.sync(str(folder)).removed]
    assert len(opened.documents()) == 3


# -- the command line -------------------------------------------------------------------------------------------------


def test_command_synchronizes_and_doctor_tells(tmp_path: Path) -> None:
    folder, index = tmp_path / "docs", tmp_path / "new-index"
    for name, text in CONTENTS.items():
        written(folder / name, text)
    first = run("add", "--sync", folder, "--index", index)
    assert (first.code, "新增 4 份" in first.output) == (0, True)
    (folder / "a.txt").rename(folder / "更名.txt")
    (folder / "b.txt").unlink()
    sick = run("doctor", "--index", index, language="en")
    assert "[notice] the files of 2 documents" in sick.output
    findings = json.loads(run("doctor", "--index", index, "--json").output)
    assert [finding["check"] for finding in findings if finding["notice"]] == ["files"]
    dry = run("add", "--sync", folder, "--index", index, "--dry-run")
    assert dry.code == 0
    assert "试运行" in dry.output and "移动 1 份" in dry.output and f"移除 {folder / 'b.txt'}" in dry.output
    assert f"移动 {folder / 'a.txt'} → {folder / '更名.txt'}" in dry.output
    told = json.loads(run("add", "--sync", folder, "--index", index, "--json").output)
    assert list(told["moved"].values()) == [str(folder / "a.txt")] and told["dry_run"] is False
    assert [told["paths"][key] for key in told["removed"]] == [str(folder / "b.txt")]
    assert len(json.loads(run("list", "--index", index, "--json").output)) == 3


def test_wrong_use_of_the_command_is_refused(tmp_path: Path, folder: Path) -> None:
    index = tmp_path / "index"
    refused("add", folder, "--dry-run", "--index", index, code=2, zh="--sync", en="--sync")
    refused("add", "--sync", folder, folder, "--index", index, code=2, zh="一个文件夹", en="one folder")
    refused("add", "--sync", "-", "--index", index, code=2, zh="一个文件夹", en="one folder")
    missing = run("add", "--sync", tmp_path / "nowhere", "--index", index, language="en")
    assert missing.code == 1 and "There is no folder" in missing.errors
    nothing = run("add", "--sync", folder, "--dry-run", "--index", tmp_path / "no-index", language="en")
    assert nothing.code == 1 and "no index" in nothing.errors and not (tmp_path / "no-index").exists()
