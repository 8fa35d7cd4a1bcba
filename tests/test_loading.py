"""The door of loading: files, folders, metadata beside files, limits and refusals."""

import datetime
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rag.errors import LoadError
from rag.loading import MAX_BYTES, SUFFIXES, find_files, load, load_bytes, sidecar


@pytest.fixture(autouse=True)
def chinese_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUJU_LANGUAGE", "zh")


def written(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_text_is_kept_exactly(tmp_path: Path) -> None:
    document = load(written(tmp_path / "文.txt", "  标题\r\n\r\n正文　\n\n\x0c尾"))
    assert document.text == "  标题\r\n\r\n正文　\n\n\x0c尾"
    assert document.title == "标题"
    assert document.path == str(tmp_path / "文.txt")
    assert len(document.digest) == 64


def test_titles(tmp_path: Path) -> None:
    assert load_bytes("引言\n\n# 标题\n".encode(), "a.md").title == "标题"
    assert load_bytes(("长" * 200).encode(), "a.txt").title == "长" * 80
    assert load_bytes("\ufeff\n\n## 编者按\n".encode(), "a.txt").title == "编者按"


def test_metadata_beside_the_file_wins_over_the_file_and_that_over_the_text(tmp_path: Path) -> None:
    page = '<title>网页标题</title><meta name="pubdate" content="2022-02-02"><p>正文<p>2021-01-01</p>'
    path = written(tmp_path / "a.html", page)
    assert load(path).date == datetime.date(2022, 2, 2)
    written(tmp_path / "seeds.toml", '["a.html"]\ntitle = "种子"\n')
    assert (load(path).title, load(path).date) == ("种子", datetime.date(2022, 2, 2))
    content = '["a.html"]\ntitle = "题"\ndate = "2023-03-05"\nsource = "源"\nevent = "会"\nspeakers = ["甲"]\n'
    written(tmp_path / "documents.toml", content)
    document = load(path)
    assert (document.title, document.date, document.source) == ("题", datetime.date(2023, 3, 5), "源")
    assert (document.event, document.speakers) == ("会", ("甲",))


def test_date_from_text_but_never_from_the_clock(tmp_path: Path) -> None:
    assert load(written(tmp_path / "a.txt", "标题\n2023年04月21日 00:30\n正文")).date == datetime.date(2023, 4, 21)
    assert load(written(tmp_path / "b.txt", "没有日期")).date is None


@pytest.mark.parametrize(
    "content",
    [
        "not toml =",
        b"\xff\xfe",
        '["a.txt"]\nunknown = 1\n',
        '["a.txt"]\ndate = "March"\n',
        '["a.txt"]\ndate = 5\n',
        '["a.txt"]\nspeakers = "甲"\n',
        '["a.txt"]\ntitle = 5\n',
        '["a.txt"]\nspeakers = ["甲"]\nroles = { "乙" = "部长" }\n',
        '"a.txt" = 1\n',
    ],
)
def test_metadata_that_cannot_be_understood_is_refused(tmp_path: Path, content: str | bytes) -> None:
    written(tmp_path / "documents.toml", content)
    with pytest.raises(LoadError, match=r"documents\.toml"):
        load(written(tmp_path / "a.txt", "正文"))


def test_a_changed_sidecar_is_read_again(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "正文")
    written(tmp_path / "documents.toml", '["a.txt"]\ntitle = "一"\n')
    assert load(path).title == "一"
    written(tmp_path / "documents.toml", '["a.txt"]\ntitle = "第二"\n')
    assert load(path).title == "第二"
    assert sidecar.metadata_of(tmp_path / "other.txt") == sidecar.Metadata()


BAD_FILES: dict[str, bytes] = {
    "空.txt": b"",
    "空白.txt": " \r\n\t　\n".encode(),
    "bom.txt": b"\xef\xbb\xbf",
    "elf.txt": b"\x7fELF" + bytes(range(256)),
    "zip.txt": b"PK\x03\x04" + bytes(100),
    "png.txt": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "jpeg.md": b"\xff\xd8\xff\xe0" + bytes(100),
    "nul.txt": "有文字\0\0\0".encode(),
    "mixed.txt": "新华社".encode() * 20 + "金壮龙".encode("gb18030") + b"\xff\xff",
    "pdf.txt": b"%PDF-1.7\n%\xe2\xe3",
    "table.xlsx": b"PK\x03\x04" + bytes(100),
    "archive": b"PK\x05\x06" + bytes(18),
    "elf": b"\x7fELF" + bytes(100),
    "notes.docx": "只是文字".encode(),
    "notes.pdf": "只是文字".encode(),
    "control.txt": b"\x01\x02\x03\x04\x05\x06 text",
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_refused_with_name_and_reason(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, BAD_FILES[name])
    with pytest.raises(LoadError) as caught:
        load(path)
    assert str(path) in caught.value.zh and str(path) in caught.value.en
    assert caught.value.zh != caught.value.en


def test_a_batch_of_good_and_bad_files_loses_no_good_one(tmp_path: Path) -> None:
    for name, content in BAD_FILES.items():
        written(tmp_path / name, content)
    good = {written(tmp_path / f"好{number}.txt", f"第{number}篇").name for number in range(5)}
    loaded, refused = set(), 0
    for file in find_files([tmp_path]):
        try:
            loaded.add(Path(load(file).path).name)
        except LoadError:
            refused += 1
    assert loaded == good
    assert refused == sum(Path(name).suffix in SUFFIXES for name in BAD_FILES)


def test_oversized_files_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "x" * 1001)
    assert load(path, max_bytes=1001).text
    with pytest.raises(LoadError, match=r"超过上限"):
        load(path, max_bytes=1000)
    with pytest.raises(LoadError, match=r"50 MB"):
        load_bytes(b"x" * (MAX_BYTES + 1), "a.txt")


def test_what_is_no_regular_file_is_refused_unopened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "folder.txt").mkdir()
    for path in (tmp_path / "pipe.txt", tmp_path / "folder.txt", Path("/dev/zero"), tmp_path / "gone.txt"):
        with pytest.raises(LoadError, match=path.name):
            load(path)
    with pytest.raises(LoadError):
        load("nul\0.txt")


@pytest.mark.parametrize("error", [PermissionError(13, "denied"), FileNotFoundError(2, "gone"), OSError(5, "I/O")])
def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    path = written(tmp_path / "a.txt", "正文")

    def fail(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(LoadError, match=r"a\.txt"):
        load(path)


def test_folders_are_walked_in_order_without_hidden_files_and_loops(tmp_path: Path) -> None:
    for name in ("b.txt", "a/2.md", "a/1.pdf", ".hidden/x.txt", ".h.txt", "~$w.docx", "c.py", "UP.TXT"):
        written(tmp_path / name, "文")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "broken.txt").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.txt")
    found = [str(file.relative_to(tmp_path)) for file in find_files([tmp_path])]
    assert found == ["UP.TXT", "a/1.pdf", "a/2.md", "b.txt"]


def test_files_come_once_and_as_given(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "文")
    other = written(tmp_path / "x.py", "文")
    assert list(find_files([path, tmp_path, str(path), other])) == [path, other]


def test_folders_without_documents_and_missing_paths(tmp_path: Path) -> None:
    written(tmp_path / "a.py", "")
    with pytest.raises(LoadError) as caught:
        list(find_files([tmp_path]))
    assert str(tmp_path) in caught.value.en and ".docx" in caught.value.en and ".pdf" in caught.value.zh
    with pytest.raises(LoadError, match="nowhere"):
        list(find_files([tmp_path / "nowhere"]))


def test_an_unreadable_folder_is_named_after_the_others_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = written(tmp_path / "z.txt", "文")
    locked = written(tmp_path / "locked" / "a.txt", "文").parent
    listing = Path.iterdir

    def iterdir(self: Path) -> object:
        if self == locked:
            raise PermissionError(13, "denied", str(self))
        return listing(self)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    files = find_files([tmp_path])
    assert next(files) == good
    with pytest.raises(LoadError, match="locked"):
        next(files)


def test_stdin_and_uploads() -> None:
    document = load_bytes("一段文字".encode("gb18030"), "stdin")
    assert (document.path, document.text, document.title) == ("stdin", "一段文字", "一段文字")
    assert load_bytes("字".encode(), "a.txt", path="upload/a.txt").path == "upload/a.txt"


def test_importing_is_light() -> None:
    heavy = "{'lxml', 'docx', 'pypdfium2'} & set(sys.modules)"
    code = f"import sys, rag.loading; assert not {heavy}"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])
