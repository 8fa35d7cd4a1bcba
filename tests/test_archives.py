"""Archives: a .zip stands for the files within it, as a folder does, and none of them can do harm or is passed over unsaid."""

import hashlib
import stat
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from hashing_embedder import HashingEmbedder

from rag.assistant import Assistant
from rag.errors import LoadError, UsageError
from rag.index.synchronization import compare
from rag.loading import find_files, load, load_bytes
from tests.youju_process import run

BRIDGE = "青山湖大桥全长1280米，去年建成通车。"
TUNNEL = "白云山隧道全长2600米，今年贯通。"


class InBytes(zipfile.ZipInfo):
    """A member whose name is these bytes, without saying in which encoding."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode("cp437"), self.flag_bits & ~0x800


def packed(path: Path, *members: tuple[Any, str | bytes], encoding: str = "") -> Path:
    """An archive; names are in UTF-8 and say so, unless an encoding is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            if encoding:
                member = InBytes(name.encode(encoding).decode("cp437"))
                member.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(member, content)
            else:
                archive.writestr(name, content)
    return path


def taken(path: Path) -> tuple[dict[str, str], dict[str, LoadError]]:
    """What is read and what is refused of an archive, by the paths from its folder."""
    read, refused = {}, {}
    for file in find_files([path]):
        name = file.relative_to(path.parent).as_posix()
        try:
            document = load(file)
            assert document.path == str(file)
            read[name] = document.text
        except LoadError as error:
            refused[name] = error
    assert all(str(path.parent / name) in said for name, error in refused.items() for said in (error.zh, error.en))
    return read, refused


@pytest.fixture
def library(tmp_path: Path) -> Any:
    with Assistant.open(tmp_path / "index", embedder=HashingEmbedder(), language_model="extractive") as opened:
        yield opened


def test_an_archive_stands_for_its_files_in_their_order(tmp_path: Path) -> None:
    archive = packed(
        tmp_path / "资料.zip",
        ("下级/b.md", f"# 隧道\n\n{TUNNEL}"), ("a.txt", BRIDGE.encode("gb18030")), ("下级/", ""), ("x.exe", "x"),
        ("__MACOSX/a.txt", "x"), (".h/a.txt", "x"), ("下级/~$b.docx", "x"), ("setup.toml", "x"),
    )  # fmt: skip
    read, refused = taken(archive)
    assert read == {"资料.zip/a.txt": BRIDGE, "资料.zip/下级/b.md": f"# 隧道\n\n{TUNNEL}"}
    assert list(read) == sorted(read) and not refused
    document = load(archive / "a.txt")
    assert document.digest == hashlib.sha256(BRIDGE.encode("gb18030")).hexdigest() and document.encoding == "gb18030"
    assert load(archive / "下级" / "b.md").title == "隧道"


def test_documents_toml_tells_of_the_files_beside_it_in_the_archive(tmp_path: Path) -> None:
    archive = packed(
        tmp_path / "资料.zip",
        ("documents.toml", '["a.txt"]\ntitle = "通车"\ndate = 2024-05-06\nsource = "沙洲日报"\n["b.txt"]\ntitle = "不是它"\n'),
        ("a.txt", BRIDGE), ("下级/b.txt", TUNNEL),
        ("下级/seeds.toml", '["b.txt"]\nevent = "发布会"\nspeakers = ["王五"]\nroles = { "王五" = "县长" }\n'),
    )  # fmt: skip
    read, refused = taken(archive)
    assert list(read) == ["资料.zip/a.txt", "资料.zip/下级/b.txt"] and not refused
    first, second = load(archive / "a.txt"), load(archive / "下级" / "b.txt")
    assert (first.title, str(first.date), first.source) == ("通车", "2024-05-06", "沙洲日报")
    assert (second.title, second.event, second.speakers) == (TUNNEL, "发布会", ("王五",))
    packed(archive, ("documents.toml", '["a.txt"]\ntitle = "通车了"\n'), ("a.txt", BRIDGE))
    assert load(archive / "a.txt").title == "通车了"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"x", "valid TOML"),
        ('["a.txt"]\nwhen = 2024\n'.encode("utf-16"), "UTF-8"),
        (b'["a.txt"]\nwhen = 2024\n', "when"),
        (b"a = " + b"[" * 50_000, "nests too deep"),
        (b"#" * 5_000_001, "5 MB"),
        (b"#" * 20_000_000, "zip bomb"),
    ],
)
def test_a_documents_toml_in_an_archive_is_limited_and_refused_by_name(
    tmp_path: Path, content: bytes, told: str
) -> None:
    archive = packed(tmp_path / "a.zip", ("b/documents.toml", content), ("b/a.txt", BRIDGE), ("c.txt", TUNNEL))
    with pytest.raises(LoadError) as caught:
        load(archive / "b" / "a.txt", kept="a.zip/b/a.txt")
    assert told in caught.value.en and "a.zip/b/documents.toml" in caught.value.en
    assert str(tmp_path) not in caught.value.en + caught.value.zh
    assert load(archive / "c.txt").text == TUNNEL


def test_an_archive_of_a_documents_toml_alone_holds_no_documents(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", ("documents.toml", ""))
    assert "no loadable documents" in taken(archive)[1]["a.zip"].en


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8"])
def test_names_that_do_not_say_their_encoding(tmp_path: Path, encoding: str) -> None:
    archive = packed(tmp_path / "a.zip", ("资料\\镕基.txt", BRIDGE), ("./宋诗.txt", TUNNEL), encoding=encoding)
    assert taken(archive)[0] == {"a.zip/资料/镕基.txt": BRIDGE, "a.zip/宋诗.txt": TUNNEL}


def test_names_of_another_world_are_still_names(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", ("a\x80\xff.txt", BRIDGE), encoding="latin-1")
    assert list(taken(archive)[0].values()) == [BRIDGE]


@pytest.mark.parametrize("name", ["../a.txt", "b/../../a.txt", "/etc/a.txt", "C:/a.txt", "..\\a.txt", "a\x1b[2J.txt",
                                  "a\nb.txt", "b//a.txt", "\u2028.txt", "x" * 1000 + ".txt"])  # fmt: skip
def test_names_that_lead_elsewhere_or_break_lines_are_told_and_never_followed(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.txt").write_text("外面的", "utf-8")
    archive = packed(tmp_path / "in" / "a.zip", (name, "x"), ("good.txt", BRIDGE))
    read, refused = taken(archive)
    assert read == {"a.zip/good.txt": BRIDGE}
    (error,) = refused.values()
    assert "lead out of it" in error.en and "控制字符" in error.zh
    assert "\x1b" not in error.en and "\n" not in error.en and "\u2028" not in error.en
    with pytest.raises(LoadError):
        load(archive / "nothing.txt")


def encrypted(path: Path) -> None:
    """Sets the flag of encryption on the members called secret."""
    raw = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = raw.find(signature)
        while place >= 0:
            length = 30 if signature == b"PK\3\4" else 46
            if raw[place + length :].startswith(b"secret"):
                raw[place + flags] |= 1
            place = raw.find(signature, place + 1)
    path.write_bytes(raw)


def test_each_file_that_is_not_read_is_named_with_its_reason(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    old_method = zipfile.ZipInfo("old.txt")
    old_method.compress_type = zipfile.ZIP_BZIP2
    with pytest.warns(UserWarning, match="Duplicate"):
        archive = packed(
            tmp_path / "a.zip",
            ("secret.txt", "x"), ("inner.zip", b"PK"), ("zeros.csv", bytes(20_000_000)), ("empty.txt", ""),
            ("two.txt", "x"), ("two.txt", "y"), ("v.ofd", "x"), ("broken.pdf", "%PDF-1.7"), (link, "/etc/passwd"),
            (old_method, "x" * 100), ("good.txt", BRIDGE),
        )  # fmt: skip
    encrypted(archive)
    read, refused = taken(archive)
    assert read == {"a.zip/good.txt": BRIDGE}
    told = {name.partition("/")[2]: error.en for name, error in refused.items()}
    assert told.keys() == {"secret.txt", "inner.zip", "zeros.csv", "empty.txt", "two.txt", "v.ofd", "broken.pdf",
                           "link.txt", "old.txt"}  # fmt: skip
    words = {"secret.txt": "encrypted", "inner.zip": "within an archive", "zeros.csv": "zip bomb", "two.txt": "this name",
             "v.ofd": "PDF", "link.txt": "a link", "old.txt": "method", "empty.txt": "empty"}  # fmt: skip
    for name, word in words.items():
        assert word in told[name]


def test_an_archive_of_too_much_is_refused_whole(tmp_path: Path) -> None:
    many = packed(tmp_path / "many.zip", *((f"{number}.txt", "x") for number in range(5_001)))
    large = tmp_path / "large.zip"
    with zipfile.ZipFile(large, "w") as opened:
        for number in range(24):
            opened.writestr(f"{number}.txt", "x")
            opened.infolist()[-1].file_size = 9_000_000
    for archive in (many, large):
        read, refused = taken(archive)
        assert not read and "5000 files, 200 MB" in refused[archive.name].en


def test_a_member_that_is_more_than_it_says_is_refused(tmp_path: Path) -> None:
    for declared, content in ((BRIDGE.encode(), bytes(3_000_000)), (BRIDGE.encode(), TUNNEL.encode())):
        archive = packed(tmp_path / "a.zip", ("a.txt", content))
        raw = archive.read_bytes()
        length, checksum = len(content).to_bytes(4, "little"), zlib.crc32(content).to_bytes(4, "little")
        raw = raw.replace(length, len(declared).to_bytes(4, "little"))
        archive.write_bytes(raw.replace(checksum, zlib.crc32(declared).to_bytes(4, "little")))
        read, refused = taken(archive)
        assert not read and "damaged" in refused["a.zip/a.txt"].en


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "damaged or no .zip"),
        ("只是文字".encode(), "damaged or no .zip"),
        (b"PK\5\6" + bytes(18), "no loadable documents"),
        (b"PK\3\4" + bytes(100), "damaged or no .zip"),
    ],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, raw: bytes, told: str) -> None:
    archive = tmp_path / "a.zip"
    archive.write_bytes(raw)
    read, refused = taken(archive)
    assert not read and told in refused["a.zip"].en


def test_a_document_under_the_suffix_of_archives_is_told(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", ("[Content_Types].xml", "x"), ("word/media/a.png", "x"))
    assert "its own suffix" in taken(archive)[1]["a.zip"].en


def test_an_archive_itself_is_no_document(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", ("a.txt", BRIDGE))
    with pytest.raises(LoadError, match=r"find_files"):
        load(archive)
    with pytest.raises(LoadError) as caught:
        load_bytes(archive.read_bytes(), "a.zip")
    assert "standard input" in caught.value.en
    (tmp_path / "folder.zip").mkdir()
    (tmp_path / "folder.zip" / "a.txt").write_text(TUNNEL, "utf-8")
    assert load(tmp_path / "folder.zip" / "a.txt").text == TUNNEL  # a folder may have any name


def test_cut_archives_are_refused_or_read(tmp_path: Path) -> None:
    whole = packed(tmp_path / "whole.zip", ("a.txt", BRIDGE), ("b/c.txt", TUNNEL)).read_bytes()
    archive = tmp_path / "a.zip"
    for cut in range(1, len(whole), len(whole) // 6):
        for raw in (whole[:cut], whole[:cut] + bytes([whole[cut] ^ 255]) + whole[cut + 1 :]):
            archive.write_bytes(raw)
            read, refused = taken(archive)
            assert read or refused
            assert set(read.values()) <= {BRIDGE, TUNNEL}


# -- in the index -----------------------------------------------------------------------------------------------------


def test_a_folder_with_archives_is_added_and_followed(library: Assistant, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    archive = packed(folder / "a.zip", ("桥.txt", BRIDGE), ("隧道.txt", TUNNEL), ("坏.pdf", "%PDF-1.7"))
    (folder / "c.txt").write_text("县城新建了一座图书馆，藏书八万册。", "utf-8")
    (folder / "broken.zip").write_bytes(b"PK\3\4")
    report = library.add(folder)
    assert len(report.added) == 3
    assert sorted(Path(failure.path).name for failure in report.failed) == ["broken.zip", "坏.pdf"]
    assert set(compare(library.store).values()) == {"unchanged"}
    assert not library.add(archive).added
    library.edit(next(entry.id for entry in library.documents() if entry.path.endswith("隧道.txt")), title="改过的题")

    packed(archive, ("桥.txt", BRIDGE + "后来又延长了。"), ("下级/隧道.txt", TUNNEL))
    states = {Path(entry.path).name: compare(library.store)[entry.id] for entry in library.documents()}
    assert states == {"桥.txt": "changed", "隧道.txt": "gone", "c.txt": "unchanged"}
    (folder / "broken.zip").unlink()
    synced = library.sync(folder)
    assert {key: number for key, number in synced.counts().items() if number} == {
        "replaced": 1,
        "moved": 1,
        "unchanged": 1,
    }
    titles = {entry.path.removeprefix(f"{folder}/"): entry.title for entry in library.documents()}
    assert titles["a.zip/下级/隧道.txt"] == "改过的题" and titles.keys() == {
        "a.zip/桥.txt",
        "a.zip/下级/隧道.txt",
        "c.txt",
    }

    archive.write_bytes(b"PK\3\4")  # cut off while it was copied, say: nothing is taken for gone
    states = {Path(entry.path).name: compare(library.store)[entry.id] for entry in library.documents()}
    assert states == {"桥.txt": "unreadable", "隧道.txt": "unreadable", "c.txt": "unchanged"}
    synced = library.sync(folder)
    assert not synced.removed and len(library.documents()) == 3
    assert any("Its document was kept" in failure.error.en for failure in synced.failed)
    archive.unlink()
    assert len(library.sync(folder).removed) == 2


def test_command_adds_an_archive_and_names_what_it_refuses(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", ("资料/桥.txt", BRIDGE), ("inner.zip", b"PK"), encoding="gbk")
    outcome = run("add", archive, "--index", tmp_path / "index")
    assert outcome.code == 1 and "新增 1 份" in outcome.output
    assert f"{archive}/inner.zip" in outcome.errors and "压缩包里的压缩包" in outcome.errors


def test_an_upload_takes_the_files_of_an_archive(library: Assistant) -> None:
    from ui.paths import shown_path
    from ui.uploads import Limits, take_in, upload_folder

    def upload(*members: tuple[str, str], limits: Limits | None = None) -> Any:
        archive = packed(upload_folder() / "hash" / "资料.zip", *members)
        try:
            *_, last = take_in(library, [str(archive)], limits or Limits())
        finally:
            assert not archive.exists()
        return last

    first = upload(("下级/桥.txt", BRIDGE), ("坏.pdf", "%PDF-1.7"), ("../a.txt", "x"))
    assert [(one.name, one.state) for one in first] == [
        ("资料.zip/下级/桥.txt", "added"), ("资料.zip/坏.pdf", "refused"), ("资料.zip", "refused"),
    ]  # fmt: skip
    folder = str(upload_folder())
    assert all(one.error is None or (folder not in one.error.zh and one.name in one.error.zh) for one in first)
    second = upload(("下级/桥.txt", TUNNEL))
    assert [(one.name, one.state) for one in second] == [("资料.zip/下级/桥 (2).txt", "added")]
    paths = sorted(entry.path for entry in library.documents())
    assert paths == ["资料.zip/下级/桥 (2).txt", "资料.zip/下级/桥.txt"]
    assert shown_path(paths[0], []) == paths[0] and compare(library.store) == {}
    with pytest.raises(UsageError, match="2"):
        upload(("a.txt", BRIDGE), ("b.txt", TUNNEL), limits=Limits(files=1))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_listing_an_archive_of_very_many_entries_takes_no_memory_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOUJU_FILE_MEMORY_MB", "32")
    entries = 100_000
    entry = b"PK\1\2" + bytes(24) + b"\1\0" + bytes(16) + b"a"
    end = b"PK\5\6" + bytes(4) + b"\xff\xff\xff\xff" + (len(entry) * entries).to_bytes(4, "little") + bytes(6)
    archive = tmp_path / "a.zip"
    archive.write_bytes(entry * entries + end)
    before = peak()
    with pytest.raises(LoadError, match="YOUJU_FILE_MEMORY_MB"):
        load(archive)
    assert peak() - before < 30_000_000


def peak() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) * 1024
