"""Others see where a document lies relative to what was added, and nothing of this machine's folders."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")

import httpx

from rag.text.documents import Document
from tests.serving import served
from ui.paths import shown_path, with_shown_paths

pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
QUESTION = "白云山隧道全长多少米？"


@pytest.mark.parametrize(
    ("path", "folders", "shown"),
    [
        ("/home/anna/reports/2023/a.txt", ["/home/anna/reports"], "reports/2023/a.txt"),
        ("/home/anna/reports/2023/a.txt", ["/home/anna/reports", "/home/anna/reports/2023"], "2023/a.txt"),
        ("/home/anna/reports/a.txt", ["/home/anna/reports/2023"], "a.txt"),
        ("/home/anna/reports-old/a.txt", ["/home/anna/reports"], "a.txt"),
        ("/home/anna/a.txt", [], "a.txt"),
        ("/a.txt", ["/"], "a.txt"),
        ("seeds/000.txt", ["/home/anna"], "seeds/000.txt"),
        ("stdin", [], "stdin"),
        (r"C:\Users\anna\reports\a.txt", [r"C:\Users\anna\reports"], "reports/a.txt"),
        (r"C:\Users\anna\a.txt", ["/home/anna"], "a.txt"),
        (r"\\server\share\reports\a.txt", [], "a.txt"),
        ("/home/安娜/报告/年报.txt", ["/home/安娜/报告"], "报告/年报.txt"),
    ],
)
def test_a_path_is_shown_relative_to_what_was_added(path: str, folders: list[str], shown: str) -> None:
    assert shown_path(path, folders) == shown


def test_every_path_of_a_result_is_shown_so() -> None:
    told = {"path": "/x/y/a.txt", "reprints": [{"path": "/x/b.txt", "title": "/x/b.txt"}], "n": (1, {"path": None})}
    shown = {"path": "y/a.txt", "reprints": [{"path": "b.txt", "title": "/x/b.txt"}], "n": [1, {"path": None}]}
    assert with_shown_paths(told, ["/x/y"]) == shown


@pytest.fixture(scope="module")
def library(embedder: Any, tmp_path_factory: Any) -> Iterator[tuple[str, Any, Path]]:
    """A server over a folder that was added with a folder in it, a file by itself, and a document without a file."""
    from rag.assistant import Assistant

    home = tmp_path_factory.mktemp("home-of-anna")
    folder = home / "reports"
    (folder / "tunnels").mkdir(parents=True)
    (folder / "tunnels" / "白云山.txt").write_text("白云山隧道贯通\n\n白云山隧道全长2600米，于去年贯通。", "utf-8")
    alone = home / "alone.txt"
    alone.write_text("青山湖大桥通车\n\n青山湖大桥全长1280米。", "utf-8")
    with Assistant.open(home / "index", embedder=embedder, language_model="extractive") as opened:
        opened.add([folder, alone, Document("龙潭水库总库容为4.2亿立方米。", "notes/水库", "水库")])
        with served(opened) as address:
            yield address, opened, home


def test_no_interface_tells_where_the_server_keeps_documents(library: tuple[str, Any, Path]) -> None:
    url, _, home = library
    body = {"model": "extractive", "messages": [{"role": "user", "content": QUESTION}]}
    called = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "search", "arguments": {"question": QUESTION}},
    }
    with httpx.Client(base_url=url, timeout=60) as client:
        answers = {
            "v1": client.post("/v1/chat/completions", json=body),
            "v1 stream": client.post("/v1/chat/completions", json={**body, "stream": True}),
            "ask": client.post(
                "/gradio_api/run/ask", json={"data": [QUESTION, "auto", None, "", "", "", "", False, True]}
            ),
            "search": client.post("/gradio_api/run/search", json={"data": [QUESTION, 5, "", "", "", "", ""]}),
            "documents": client.post("/gradio_api/run/documents", json={"data": ["", 10, 0]}),
            "timeline": client.post("/gradio_api/run/timeline", json={"data": ["隧道", "", "", "", ""]}),
            "mcp": client.post(
                "/gradio_api/mcp/", json=called, headers={"Accept": "application/json, text/event-stream"}
            ),
        }
    for name, answer in answers.items():
        assert answer.status_code == 200, (name, answer.text)
        text = answer.text.encode().decode("unicode_escape", "replace")
        assert str(home) not in text and home.name not in text, name
    cited = answers["v1"].json()["choices"][0]["message"]["annotations"][0]["youju_citation"]
    assert cited["path"] == "reports/tunnels/白云山.txt"
    listed = answers["documents"].json()["data"][0]["documents"]
    assert sorted(each["file"] for each in listed) == ["alone.txt", "notes/水库", "reports/tunnels/白云山.txt"]


def test_a_folder_of_the_server_cannot_be_guessed_by_searching_for_it(library: tuple[str, Any, Path]) -> None:
    from ui.sources import listing

    url, opened, home = library
    for wanted, found in (("tunnels/白云", 1), (home.name, 0), (str(home), 0), ("alone", 1)):
        answer = httpx.post(f"{url}/gradio_api/run/documents", json={"data": [wanted, 10, 0]}, timeout=30)
        assert answer.json()["data"][0]["total"] == found, wanted
        shown = listing(opened.documents(), "en", wanted, folders=opened.store.folders())
        assert shown.count("<tr") == found + bool(found), wanted


def test_folders_are_remembered_once_and_told_to_who_opens_the_index_again(library: tuple[str, Any, Path]) -> None:
    from rag.index.store import Store

    _, opened, home = library
    generation = opened.store.generation
    report = opened.add([home / "reports"])
    assert report.unchanged and opened.store.generation == generation, "nothing was written"
    store = Store.open_as_it_is(home / "index")
    assert store.folders() == [str(home / "reports")]
    store.close()


def test_an_index_that_cannot_be_read_is_told_without_its_place(
    library: tuple[str, Any, Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from rag.errors import StoreError

    url, opened, home = library

    def damaged(*_: Any, **__: Any) -> Any:
        raise StoreError(zh=f"索引 {home} 已损坏。", en=f"The index {home} is damaged.")

    monkeypatch.setattr(opened, "stream", damaged)
    monkeypatch.setattr(opened, "retrieve", damaged)
    body = {"model": "extractive", "messages": [{"role": "user", "content": QUESTION}]}
    for answer in (
        httpx.post(f"{url}/v1/chat/completions", json=body, timeout=60),
        httpx.post(f"{url}/gradio_api/run/search", json={"data": [QUESTION, 5, "", "", "", "", ""]}, timeout=60),
    ):
        assert answer.status_code == 500
        assert str(home) not in json.dumps(answer.json()) and "日志" in json.dumps(answer.json(), ensure_ascii=False)
    assert caplog.text.count(str(home)) == 2
