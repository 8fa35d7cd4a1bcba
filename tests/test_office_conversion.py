"""Files of other office programs: converted by LibreOffice within limits, or refused with what they are and what to do.

Most of these tests put a program of their own in LibreOffice's place. Where LibreOffice is installed, it reads real files.
"""

import hashlib
import http.server
import io
import json
import lzma
import os
import shutil
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docx
import pptx
import pytest
import xlsxwriter
from waiting import until

from rag.errors import LoadError, UsageError
from rag.loading import find_files, load, load_bytes
from rag.loading.file_limits import FileLimits
from rag.loading.office_conversion import VARIABLE

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the program in LibreOffice's place is a script")
DATA = Path(__file__).parent / "data" / "old_office"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
TEXT = "青山湖大桥全长1280米。"
SCRIPT = """#!{python} -IS
import json, os, subprocess, sys
from pathlib import Path
told = Path({told!r})
out = Path(sys.argv[sys.argv.index("--outdir") + 1])
kind = sys.argv[sys.argv.index("--convert-to") + 1].partition(":")[0]
given, made = Path(sys.argv[-1]), out / ("document." + kind)
profile = given.parent / "profile" / "user" / "registrymodifications.xcu"
told.write_text(json.dumps(dict(
    arguments=sys.argv[1:], environment=dict(os.environ), given=given.read_bytes().hex(), name=given.name,
    folder=str(given.parent), mode=given.parent.stat().st_mode & 0o777, settings=profile.read_text("utf-8"))))
{behaviour}
"""
COPIES = "made.write_bytes((Path({prepared!r}) / ('made.' + kind)).read_bytes())"


def stream(name: str) -> bytes:
    """An OLE file with a stream of this name."""
    return OLE + name.encode("utf-16-le").ljust(128, b"\0") + bytes(384)


def zipped(**parts: str) -> bytes:
    """An archive whose first part is stored as OpenDocument asks; ``_`` in names stands for ``/``."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name.replace("__", "/").replace("_xml", ".xml")), content)
    return file.getvalue()


def open_document(kind: str, body: str = "", manifest: str = "") -> bytes:
    """An OpenDocument file: text, spreadsheet or presentation."""
    mime, names = f"application/vnd.oasis.opendocument.{kind}", "urn:oasis:names:tc:opendocument:xmlns"
    entries = f'<m:file-entry m:full-path="/" m:media-type="{mime}"/><m:file-entry m:full-path="content.xml"/>'
    return zipped(
        mimetype=mime,
        **{"META-INF__manifest_xml": f'<m:manifest xmlns:m="{names}:manifest:1.0">{entries}{manifest}</m:manifest>'},
        content_xml=f'<o:document-content xmlns:o="{names}:office:1.0" xmlns:t="{names}:text:1.0" '
        f'xmlns:table="{names}:table:1.0" xmlns:d="{names}:drawing:1.0" xmlns:s="{names}:svg-compatible:1.0" '
        f'xmlns:x="http://www.w3.org/1999/xlink" o:version="1.2"><o:body><o:{kind}>{body}</o:{kind}></o:body>'
        "</o:document-content>",
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What LibreOffice would make: a file of each of our formats."""
    folder = tmp_path_factory.mktemp("prepared")
    document = docx.Document()
    document.add_paragraph(TEXT)
    document.save(str(folder / "made.docx"))
    with xlsxwriter.Workbook(folder / "made.xlsx") as book:
        book.add_worksheet().write_row(0, 0, [TEXT])
    slides = pptx.Presentation()
    slides.slides.add_slide(slides.slide_layouts[5]).shapes.title.text = TEXT
    slides.save(str(folder / "made.pptx"))
    return folder


@pytest.fixture
def office(tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Callable[[], Any]]:
    """Puts a script in LibreOffice's place that does what is given; gives what it was told, None if it was not started."""

    def put(behaviour: str = COPIES.format(prepared=str(prepared))) -> Callable[[], Any]:
        told, script = tmp_path / "told.json", tmp_path / "bin" / "soffice"
        script.parent.mkdir(exist_ok=True)
        script.write_text(SCRIPT.format(python=sys.executable, told=str(told), behaviour=behaviour), "utf-8")
        script.chmod(0o755)
        monkeypatch.setenv(VARIABLE, str(script))
        return lambda: json.loads(told.read_text("utf-8")) if told.exists() else None

    return put


def refused(raw: bytes, name: str, **options: Any) -> LoadError:
    with pytest.raises(LoadError) as caught:
        load_bytes(raw, name, **options)
    assert name in caught.value.en and caught.value.zh != caught.value.en
    return caught.value


READ: list[tuple[str, bytes, str, str, str]] = [
    ("a.doc", stream("WordDocument"), ".doc", "MS Word 97", "docx:MS Word 2007 XML"),
    ("a.WPS", stream("WordDocument"), ".doc", "MS Word 97", "docx:MS Word 2007 XML"),
    ("a.doc", b"{\\rtf1 x}", ".rtf", "Rich Text Format", "docx:MS Word 2007 XML"),
    ("a.odt", open_document("text"), ".odt", "writer8", "docx:MS Word 2007 XML"),
    ("a.et", stream("Workbook"), ".xls", "MS Excel 97", "xlsx:Calc MS Excel 2007 XML"),
    ("a.ods", open_document("spreadsheet"), ".ods", "calc8", "xlsx:Calc MS Excel 2007 XML"),
    ("a.dps", stream("PowerPoint Document"), ".ppt", "MS PowerPoint 97", "pptx:Impress MS PowerPoint 2007 XML"),
    ("a.odp", open_document("presentation"), ".odp", "impress8", "pptx:Impress MS PowerPoint 2007 XML"),
    ("stdin", stream("Workbook"), ".xls", "MS Excel 97", "xlsx:Calc MS Excel 2007 XML"),
    ("a.doc", stream("Workbook") + stream("WordDocument"), ".doc", "MS Word 97", "docx:MS Word 2007 XML"),
]


@pytest.mark.parametrize(("name", "raw", "suffix", "reads", "writes"), READ)
def test_a_file_is_converted_by_the_filter_of_its_content(
    office: Any, name: str, raw: bytes, suffix: str, reads: str, writes: str
) -> None:
    told = office()
    document = load_bytes(raw, name)
    assert TEXT in document.text and document.digest == hashlib.sha256(raw).hexdigest()
    assert document.encoding == suffix[1:] and document.path == name
    (zh, en), *_ = document.left_out
    assert f"LibreOffice 从 {suffix}" in zh and f"LibreOffice may have lost when it converted it from {suffix}" in en
    found = told()
    assert bytes.fromhex(found["given"]) == raw and found["name"] == f"document{suffix}"
    assert f"--infilter={reads}" in found["arguments"] and writes in found["arguments"]
    assert "--headless" in found["arguments"]


def test_the_program_runs_in_a_folder_of_its_own_without_keys_and_leaves_nothing(
    office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = office()
    monkeypatch.setenv("YOUJU_API_KEY", "secret-1")
    monkeypatch.setenv("http_proxy", "http://secret-2")
    load_bytes(stream("WordDocument"), "../机密.doc")
    found = told()
    assert "secret" not in json.dumps(found["environment"])
    assert found["environment"]["HOME"] == found["folder"] and found["mode"] == 0o700
    assert f"-env:UserInstallation=file://{found['folder']}/profile" in found["arguments"]
    settings = found["settings"]
    assert '"MacroSecurityLevel" oor:op="fuse"><value>3<' in settings
    assert '"DisableMacrosExecution" oor:op="fuse"><value>true<' in settings
    assert settings.count('"Link"') == 2 and '"ooInetHTTPSProxyPort" oor:op="fuse"><value>9<' in settings
    assert not Path(found["folder"]).exists()


def is_running(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text("ascii").rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_what_takes_too_long_is_ended_with_all_its_processes(office: Any, tmp_path: Path) -> None:
    child = tmp_path / "child"
    sleeping = (
        f"Path({str(child)!r}).write_text(str(subprocess.Popen(['sleep', '1000']).pid)); import time; time.sleep(1000)"
    )
    told = office(sleeping)
    for seconds in (2, 20, 200):
        error = refused(stream("WordDocument"), "a.doc", limits=FileLimits(seconds=seconds))
        assert "YOUJU_FILE_SECONDS" in error.en and f"{seconds} 秒" in error.zh
        if child.exists():  # else the machine was too busy to start the script meanwhile
            break
    until(lambda: not is_running(int(child.read_text())))
    assert not Path(told()["folder"]).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems limit no memory")
def test_what_takes_too_much_memory_makes_nothing(office: Any, prepared: Path) -> None:
    office("held = bytearray(1_500_000_000)\n" + COPIES.format(prepared=str(prepared)))
    assert "YOUJU_FILE_MEMORY_MB" in refused(stream("WordDocument"), "a.doc", limits=FileLimits(memory_mb=64)).en


def test_what_comes_out_is_bounded_and_read_like_any_file(office: Any, tmp_path: Path) -> None:
    office("made.open('wb').truncate(50_000_001)")
    assert "50 MB" in refused(stream("WordDocument"), "a.doc").en
    office("made.write_bytes(b'PK\\3\\4 no document')")
    refused(stream("WordDocument"), "a.doc")
    (tmp_path / "secret.docx").write_bytes(b"secret")
    office(f"made.symlink_to({str(tmp_path / 'secret.docx')!r})")
    assert "cannot convert" in refused(stream("WordDocument"), "a.doc").en


WORD_LOCKED = stream("WordDocument") + b"\xec\xa5\xc1\0" + bytes(6) + b"\xf0\x13" + bytes(500)
EXCEL_LOCKED = stream("Workbook") + bytes.fromhex("0908100000060500bb0dcc0700000000060000002f003600") + bytes(500)
POWERPOINT_LOCKED = stream("PowerPoint Document") + bytes.fromhex("14000000dfc4d1f3") + bytes(500)
LOCKED = open_document("text", manifest="<m:encryption-data/>")


@pytest.mark.parametrize(
    ("name", "raw"),
    [("a.doc", WORD_LOCKED), ("a.xls", EXCEL_LOCKED), ("a.dps", POWERPOINT_LOCKED), ("a.odt", LOCKED)],
)
def test_a_file_with_a_password_is_refused_as_such_and_another_is_not(office: Any, name: str, raw: bytes) -> None:
    office("pass")
    error = refused(raw, name)
    assert "it has a password" in error.en and "密码" in error.zh
    plain = (
        open_document("text")
        if name == "a.odt"
        else raw.replace(b"\xf0\x13", b"\xf0\x12").replace(b"\x2f\0\x36", b"\0\0\0")
    )
    assert "may be damaged" in refused(plain.replace(b"\xdf\xc4\xd1\xf3", b"\x5f\xc0\x91\xe3"), name).en


MISNAMED: list[tuple[str, bytes, str]] = [
    ("a.doc", b"<html><body>x", "a web page (HTML)"),
    ("a.doc", "只是文字".encode(), "plain text"),
    ("a.doc", stream("Workbook"), "rename it to .xls"),
    ("a.xlsx", stream("Workbook"), "rename it to .xls"),
    ("a.xls", stream("EncryptedPackage"), "an Office file with a password"),
    ("a.xls", b"{\\rtf1 x}", "an RTF document"),
    ("a.ods", open_document("text"), "rename it"),
    ("a.odt", zipped(a="x"), "its content is ZIP"),
    ("a.docx", open_document("text"), ".odt"),
    ("a.doc", zipped(word__document_xml="x"), "if it is a .docx file, rename it"),
    ("a.doc", OLE, "an old Office file"),
    ("a.doc", b"\0\1\2\3" * 300, "damaged or no DOC"),
    ("a.ofd", zipped(OFD_xml="x"), "export it as PDF"),
    ("a.pdf", zipped(OFD_xml="x"), "export it as PDF"),
    ("stdin", zipped(OFD_xml="x"), "export it as PDF"),
]


@pytest.mark.parametrize(("name", "raw", "told"), MISNAMED)
def test_what_is_something_else_never_reaches_libreoffice(office: Any, name: str, raw: bytes, told: str) -> None:
    asked = office()
    assert told in refused(raw, name).en
    assert asked() is None


def test_without_libreoffice_the_refusal_says_what_the_file_is_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "none")
    (tmp_path / "a.wps").write_bytes(stream("WordDocument"))
    (tmp_path / "b.ofd").write_bytes(zipped(OFD_xml="x"))
    assert [file.name for file in find_files([tmp_path])] == ["a.wps", "b.ofd"]  # named, not passed over
    with pytest.raises(LoadError) as caught:
        load(tmp_path / "a.wps")
    for said in (caught.value.zh, caught.value.en):
        assert ".doc" in said and "LibreOffice" in said and ".docx" in said and VARIABLE in said
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "was not found" in refused(stream("Workbook"), "a.xls").en


def test_libreoffice_is_found_on_the_path(office: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = office()
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert TEXT in load_bytes(stream("WordDocument"), "a.doc").text
    assert told() is not None


def test_a_setting_that_names_no_program_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "/nowhere/soffice")
    with pytest.raises(UsageError) as caught:
        load_bytes(stream("WordDocument"), "a.doc")
    assert VARIABLE in caught.value.zh and "/nowhere/soffice" in caught.value.en


# -- the real one -----------------------------------------------------------------------------------------------------

REAL = shutil.which("soffice") or shutil.which("libreoffice")
with_libreoffice = pytest.mark.skipif(REAL is None, reason="LibreOffice is not installed")


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, REAL or "")


def kept(name: str) -> bytes:
    return lzma.decompress((DATA / f"{name}.xz").read_bytes())


RTF = (
    r"{\rtf1\ansi\ansicpg936{\fonttbl{\f0\fcharset134 SimSun;}}{\*\listtable{\list\listtemplateid1\listsimple{\listlevel"
    r"\levelnfc39\levelstartat1\levelfollow0{\leveltext\'03第\'00条;}{\levelnumbers\'02;}\f0}\listid1}}"
    r"{\*\listoverridetable{\listoverride\listid1\listoverridecount0\ls1}}\pard\f0\ls1\ilvl0 正文。\par}"
)
OLD: dict[str, tuple[Callable[[], bytes], str]] = {
    "a.wps": (
        lambda: kept("bridge.doc"),
        "# 青山湖大桥公告\n青山湖大桥全长1280米，总投资3.5亿元。\n| 地区 | 产量（万吨） |\n| --- | --- |\n| 沙洲县 | 10.2 |\n"
        "资料来源：县统计局。",
    ),
    "a.et": (
        lambda: kept("output.xls"),
        "| 地区 | 产量 | 日期 |\n| --- | --- | --- |\n| 沙洲县 | 10.25 | 2024年5月6日 |\n|  | 20.5 |  |",
    ),
    "a.dps": (lambda: kept("reservoir.ppt"), "## 水库\n- 龙潭水库总库容为4.2亿立方米。"),
    "a.rtf": (lambda: RTF.encode("gbk"), "第一条 正文。"),
}


@pytest.mark.slow
@with_libreoffice
@pytest.mark.parametrize("name", OLD)
def test_libreoffice_reads_real_files(real: None, name: str) -> None:
    make, text = OLD[name]
    assert load_bytes(make(), name).text == text


@pytest.mark.slow
@with_libreoffice
def test_a_real_file_with_a_password_is_refused_as_such(real: None) -> None:
    assert "it has a password" in refused(kept("locked.doc"), "locked.doc").en


@pytest.fixture
def site() -> Iterator[tuple[str, list[str]]]:
    """A site of this machine that notes every visit."""
    visits: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def handle(self) -> None:
            visits.append("visited")

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", visits
        server.shutdown()


@pytest.mark.slow
@with_libreoffice
def test_libreoffice_follows_no_link_out_of_a_file(real: None, tmp_path: Path, site: tuple[str, list[str]]) -> None:
    address, visits = site
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET", "utf-8")
    image = f'<d:frame d:name="a" s:width="3cm" s:height="3cm"><d:image x:href="{address}/a.png" x:type="simple"/></d:frame>'
    sections = "".join(
        f'<t:section t:name="{number}"><t:section-source x:href="{place}" t:filter-name="Text"/><t:p>旧</t:p></t:section>'
        for number, place in enumerate((secret.as_uri(), f"{address}/a.txt"))
    )
    text = load_bytes(open_document("text", f"<t:p>正文{image}</t:p>{sections}"), "a.odt").text
    assert "正文" in text and "SECRET" not in text
    cells = "".join(
        f'<table:table-cell table:formula="of:={formula}"/>'
        for formula in (f"WEBSERVICE(&quot;{address}/b&quot;)", f"&apos;{secret.as_uri()}&apos;#$secret.A1")
    )
    row = f'<table:table-cell o:value-type="string"><t:p>正文</t:p></table:table-cell>{cells}'
    table = f'<table:table table:name="a"><table:table-row>{row}</table:table-row></table:table>'
    text = load_bytes(open_document("spreadsheet", table), "a.ods").text
    assert "正文" in text and "SECRET" not in text
    assert not visits
