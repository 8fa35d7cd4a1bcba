"""What reaches the page from outside is shown and never acts; what reaches the server from outside finds no way."""

import datetime
import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rag.text.documents import Document
from tests.browsing import MARKS, Visit, ask, keep, open_tab
from tests.serving import served
from tests.waiting import LONGEST

pytest.importorskip("gradio")

import httpx

pytestmark = MARKS
HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>${1+1}{{this}}\u202egnp"
SHOWN = HOSTILE.replace("\u202e", "")


def test_hostile_documents_and_questions_only_show(visit: Visit, make_assistant: Callable[..., Any]) -> None:
    body = f"截至3月底，我国累计建成5G基站超过264万个，{HOSTILE}另有部署。\n\n![图](http://example.com/a.png) [点](javascript:alert(1))"
    earlier = "截至2月底，我国累计建成5G基站超过250万个。"
    opened = make_assistant(
        Document(body, "a.txt", HOSTILE, datetime.date(2023, 4, 1), source=HOSTILE, speakers=(HOSTILE,)),
        Document(earlier, "b.txt", HOSTILE, datetime.date(2023, 3, 1), source=HOSTILE),
    )
    with served(opened) as address:
        page = visit(address)
        assert SHOWN[:30] in page.locator(".examples").inner_text()
        asked = "我国建成了多少个5G基站？"
        answer = ask(page, asked + HOSTILE, shown=asked + SHOWN)
        assert SHOWN in answer.locator(".asked").inner_text()
        answer.locator(".cite .number").first.click()
        page.wait_for_selector("mark:target")
        page.locator("[data-action=read]").last.click()
        page.wait_for_selector(".reader")
        keep(page, "security-hostile")
        open_tab(page, "sources")
        page.locator("table.documents td.title > button").first.click()
        page.wait_for_selector("#document-text p")
        page.click("#document-header [data-action=remove]")
        page.wait_for_selector("#removing-asks p")
        open_tab(page, "timeline")
        page.get_by_label("指标或话题").fill("5G基站")
        page.keyboard.press("Enter")
        page.wait_for_selector("table.points")
        page.fill("#topic input, #topic textarea", HOSTILE)
        page.keyboard.press("Enter")
        page.wait_for_selector("#points .empty")
        assert page.locator(".tabitem img, .tabitem script, .tabitem iframe").count() == 0
        assert page.locator("a[href]:not([href^='#'])").count() == 0
        assert page.title() != "taken"
        assert "\u202e" not in page.content().replace(json.dumps("\u202e"), "")


def test_hostile_file_names_only_show(visit: Visit, make_assistant: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "<img src=x onerror=alert(1)>&#39;.png"
    file.write_bytes(b"x")
    with served(make_assistant()) as address:
        page = visit(address)
        open_tab(page, "sources")
        page.locator("#upload input[type=file]").set_input_files(str(file))
        page.wait_for_selector(".uploads .refused")
        assert page.locator(".tabitem img").count() == 0


def test_no_path_leads_out_of_what_was_uploaded(window: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", "utf-8")
    for place in (secret, "/etc/passwd", "../../../../../../etc/passwd", Path(__file__)):
        answer = httpx.get(f"{window}/gradio_api/file={place}")
        assert answer.status_code in (403, 404), place
    named = {"files": ("../../../../../../tmp/youju-escaped.txt", b"x", "text/plain")}
    stored = httpx.post(f"{window}/gradio_api/upload", files=named)
    assert not Path("/tmp/youju-escaped.txt").exists()
    if stored.status_code == 200:
        assert ".." not in stored.json()[0]
        Path(stored.json()[0]).unlink()


def test_a_large_upload_is_refused_before_it_is_read(make_assistant: Callable[..., Any]) -> None:
    with served(make_assistant(), max_upload=1000) as address:
        answer = httpx.post(f"{address}/gradio_api/upload", files={"files": ("a.txt", b"x" * 2000)})
        assert answer.status_code == 413
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=LONGEST)
        connection.putrequest("POST", "/gradio_api/upload")
        connection.putheader("Content-Length", "3000000000")
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()


def test_the_page_asks_for_a_login(visit: Visit, assistant: Any) -> None:
    login = {"username": "anna", "password": "correct horse"}
    with served(assistant, logins={"anna": "correct horse"}) as address:
        assert httpx.get(address).status_code == httpx.get(f"{address}/pages/x/1").status_code == 401
        page = visit(address, http_credentials=login)
        assert "264万" in ask(page).inner_text()
        other = visit(address, http_credentials=login)
        other.wait_for_selector("#conversations label")  # those of whoever logs in, in any browser
        page.locator("#rail-actions button").nth(2).click()
        page.click("#deleting button.stop")
        page.wait_for_selector(".welcome")


def test_the_page_may_talk_to_its_own_host_only(window: str) -> None:
    answer = httpx.get(window, headers={"Origin": window})
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "connect-src 'self'" in policy and "object-src 'none'" in policy
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert httpx.get(window, headers={"Origin": "https://example.com"}).status_code == 403
