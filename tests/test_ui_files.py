"""A client of the page or of a program's interface gets no file of the server, whatever it names in place of an upload."""

import base64
import http.server
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")

import httpx

from tests.serving import served

pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SECRET = "青山湖水电站的密码是七四一九二八三"
HONEST = "白云山隧道全长2600米，于去年贯通。"
META = {"_type": "gradio.FileData"}


class Place:
    """What the hostile bodies name: a secret outside the upload folder, and links to it within."""

    def __init__(self, folder: Path) -> None:
        from gradio.utils import get_upload_folder

        self.secret = folder / "secret.txt"
        self.secret.write_text(SECRET, "utf-8")
        self.uploads = Path(get_upload_folder()).resolve()
        self.planted = self.uploads / "planted"
        self.planted.mkdir(parents=True, exist_ok=True)
        self.link, self.folder_link = self.planted / "link.txt", self.planted / "elsewhere"
        self.pipe = self.planted / "pipe.txt"
        for link, to in ((self.link, self.secret), (self.folder_link, folder)):
            link.unlink(missing_ok=True)
            link.symlink_to(to)
        if not self.pipe.exists():
            os.mkfifo(self.pipe)

    def up(self, target: Path) -> str:
        """A path to the target that begins in the upload folder."""
        return f"{self.uploads}/{'../' * len(self.uploads.parts)}{str(target).lstrip('/')}"


def file(path: Any, **more: Any) -> dict[str, Any]:
    return {"path": path, "meta": META, **more}


HOSTILE: dict[str, Callable[[Place, str], Any]] = {
    "absolute": lambda at, url: [file(str(at.secret))],
    "alone": lambda at, url: file(str(at.secret)),
    "passwords": lambda at, url: [file("/etc/passwd")],
    "relative": lambda at, url: [file(os.path.relpath(at.secret))],
    "upwards": lambda at, url: [file("../" * 30 + str(at.secret).lstrip("/"))],
    "upwards from the uploads": lambda at, url: [file(at.up(at.secret))],
    "environment": lambda at, url: [file("/proc/self/environ")],
    "root by way of proc": lambda at, url: [file(f"/proc/self/root{at.secret}")],
    "folder by way of proc": lambda at, url: [file(f"/proc/self/cwd/{os.path.relpath(at.secret)}")],
    "symbolic link": lambda at, url: [file(str(at.link))],
    "linked folder": lambda at, url: [file(str(at.folder_link / "secret.txt"))],
    "folder": lambda at, url: [file(str(at.secret.parent))],
    "upload folder": lambda at, url: [file(str(at.uploads))],
    "pipe": lambda at, url: [file(str(at.pipe))],
    "device": lambda at, url: [file("/dev/zero")],
    "address": lambda at, url: [file(f"{url}/secret")],
    "address beside a path": lambda at, url: [file(str(at.secret), url=f"{url}/secret")],
    "address of a file": lambda at, url: [file(at.secret.as_uri())],
    "data address": lambda at, url: [
        file(f"data:text/plain;base64,{base64.b64encode(SECRET.encode()).decode()}")
    ],
    "address of another host": lambda at, url: [file("https://example.com/a.txt")],
    "stream": lambda at, url: [file(str(at.secret), is_stream=True)],
    "without meta": lambda at, url: [{"path": str(at.secret)}],
    "plain text": lambda at, url: str(at.secret),
    "list of texts": lambda at, url: [str(at.secret)],
    "deeper list": lambda at, url: [[[file(str(at.secret))]]],
    "nested": lambda at, url: {"path": file(str(at.secret)), "meta": META, "more": [file(str(at.secret))]},
    "odd meta": lambda at, url: [{"path": str(at.secret), "meta": "gradio.FileData"}],
    "number": lambda at, url: [file(3)],
    "number alone": lambda at, url: 7,
    "null": lambda at, url: [file(None)],
    "long": lambda at, url: [file("/" + "a" * 100_000)],
    "zero byte": lambda at, url: [file(f"{at.secret}\0.txt")],
    "surrogate": lambda at, url: [file(f"{at.secret}\udcff")],
    "home": lambda at, url: [file("~/secret.txt")],
    "empty": lambda at, url: [file("")],
    "static": lambda at, url: [file(str(at.secret.with_suffix(".svg")))],
}  # fmt: skip


@dataclass
class Server:
    """A server with a page, over an index of its own, and a site that counts who visits it."""

    assistant: Any
    client: httpx.Client
    place: Place
    site: str
    visits: list[str]

    def dependency(self, event: str) -> dict[str, Any]:
        """The page's first function for an event."""
        found = [each for each in self.client.get("/config").json()["dependencies"] if event in str(each["targets"])]
        return dict(found[0])

    def shown(self, data: list[Any], function: dict[str, Any]) -> str:
        """All that a client is told after it called a function of the page through the queue."""
        session = "abcdefghij"
        body = {"data": data, "fn_index": function["id"], "session_hash": session, "trigger_id": None}
        joined = self.client.post("/gradio_api/queue/join", content=json.dumps(body), headers=JSON)
        if joined.status_code != 200:
            return joined.text
        told = joined.text
        with self.client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as lines:
            for line in lines.iter_lines():
                told += line
                if "process_completed" in line or "close_stream" in line or "unexpected_error" in line:
                    break
        return told


JSON = {"Content-Type": "application/json"}


@contextmanager
def counting() -> Iterator[tuple[str, list[str]]]:
    """A site of this machine that notes every visit."""
    visits: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            visits.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(SECRET.encode())

        def log_message(self, *_: Any) -> None: ...

    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{site.server_port}", visits
    finally:
        site.shutdown()
        site.server_close()


@pytest.fixture(scope="module", params=["open", "locked"])
def server(request: Any, embedder: Any, tmp_path_factory: Any) -> Iterator[Server]:
    from rag.assistant import Assistant

    login = {"anna": "correct horse"} if request.param == "locked" else {}
    index, outside = tmp_path_factory.mktemp("index"), tmp_path_factory.mktemp("outside")
    with (
        Assistant.open(index, embedder=embedder, language_model="extractive") as assistant,
        served(assistant, logins=login) as address,
        counting() as (site, visits),
        httpx.Client(base_url=address, auth=next(iter(login.items()), None)) as client,
    ):
        yield Server(assistant, client, Place(outside), site, visits)


def upload(server: Server, name: str, content: bytes) -> str:
    answer = server.client.post("/gradio_api/upload", files={"files": (name, content, "text/plain")})
    assert answer.status_code == 200, answer.text
    return str(answer.json()[0])


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_file_of_the_server_is_taken(server: Server, kind: str) -> None:
    value = HOSTILE[kind](server.place, server.site)
    known = [entry.id for entry in server.assistant.documents()]
    visits = len(server.visits)
    function = server.dependency("upload")
    told = server.shown([value, {}, 0], function)
    body = {"data": [value, {}, 0], "fn_index": function["id"]}
    for route in ("run/x", "api/x", "call/x"):
        told += server.client.post(f"/gradio_api/{route}", content=json.dumps(body), headers=JSON).text
    for route in ("run/documents", "call/documents"):
        told += server.client.post(
            f"/gradio_api/{route}", content=json.dumps({"data": [value, 10, 0]}), headers=JSON
        ).text
    arguments = {"name": "search", "arguments": {"question": value, "k": 3}}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": arguments}
    accepted = {**JSON, "Accept": "application/json, text/event-stream"}
    told += server.client.post("/gradio_api/mcp/", content=json.dumps(call), headers=accepted).text
    body = {"model": "extractive", "messages": [{"role": "user", "content": value}]}
    told += server.client.post("/v1/chat/completions", content=json.dumps(body), headers=JSON).text
    assert "密码" not in told.encode().decode("unicode_escape", "replace") and SECRET not in told
    assert "root:" not in told and "PATH=" not in told
    assert [entry.id for entry in server.assistant.documents()] == known
    assert len(server.visits) == visits
    assert server.place.secret.read_text("utf-8") == SECRET, "it was deleted as if it had been uploaded"
    copied = [path for path in server.place.uploads.rglob("*") if path.is_file() and not path.is_symlink()]
    assert not [path for path in copied if SECRET.encode() in path.read_bytes()]


def test_an_upload_is_taken_and_gone(server: Server) -> None:
    stored = upload(server, "隧道.txt", HONEST.encode())
    told = server.shown([[file(stored, orig_name="隧道.txt")], {}, 0], server.dependency("upload"))
    assert '"success":true' in told.replace(" ", "")
    assert [entry.path for entry in server.assistant.documents()] == ["隧道.txt"]
    assert not Path(stored).exists()


def test_gradio_itself_refuses_paths_that_were_not_uploaded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own check, behind ours: a new version of Gradio that no longer makes it is noticed here."""
    taken: list[Any] = []

    def take_in(_: Any, paths: Any, *__: Any) -> Iterator[Any]:
        taken.extend(paths)
        yield from ()

    monkeypatch.setattr("ui.routes.uploaded", lambda path: path)
    monkeypatch.setattr("ui.sources.take_in", take_in)
    function = server.dependency("upload")
    for kind in ("absolute", "relative", "upwards", "upwards from the uploads", "symbolic link", "root by way of proc"):
        server.shown([HOSTILE[kind](server.place, server.site), {}, 0], function)
        assert taken == [], kind
    stored = upload(server, "a.txt", HONEST.encode())
    server.shown([[file(stored)], {}, 0], function)
    assert taken == [stored]
    Path(stored).unlink()


def test_ours_refuses_what_gradio_lets_through(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from rag.errors import UsageError
    from ui.uploads import Limits, take_in

    for kind in (
        "absolute",
        "relative",
        "upwards",
        "symbolic link",
        "folder",
        "pipe",
        "device",
        "long",
        "zero byte",
        "number",
    ):
        value = HOSTILE[kind](server.place, server.site)
        with pytest.raises(UsageError):
            list(take_in(server.assistant, [value[0]["path"]], Limits()))
    assert server.place.secret.exists() and server.place.link.exists()


def test_the_upload_folder_is_this_processs_own(server: Server) -> None:
    import tempfile

    from gradio.utils import get_upload_folder

    from ui.uploads import upload_folder

    assert Path(get_upload_folder()) == upload_folder()
    assert upload_folder() != Path(tempfile.gettempdir()) / "gradio"
    assert os.name == "nt" or upload_folder().stat().st_mode & 0o077 == 0, "nobody else can put a link there"


def test_no_other_client_can_name_an_upload_by_its_content(server: Server) -> None:
    import hashlib

    stored = upload(server, "a.txt", HONEST.encode())
    assert hashlib.sha256(HONEST.encode()).hexdigest() not in stored
    assert len(Path(stored).parent.name) == 64
    Path(stored).unlink()


def test_no_documented_function_takes_a_file(server: Server) -> None:
    named = server.client.get("/gradio_api/info").json()["named_endpoints"]
    assert "filepath" not in json.dumps(named) and "FileData" not in json.dumps(named)
