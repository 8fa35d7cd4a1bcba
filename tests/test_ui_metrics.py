"""Counts for Prometheus: read with its own parser from a real server, and no word of a question among them."""

import datetime
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("gradio")

import httpx
from prometheus_client.parser import text_string_to_metric_families

from rag.errors import UsageError
from rag.text.documents import Document
from rag.tracing import trace
from tests.serving import served
from tests.waiting import LONGEST, until

# Gradio makes event loops that it never closes.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
TEXT = "青山湖大桥全长1280米，2021年6月30日建成通车。大桥由王建国担任总工程师。"
ANSWERED, SILENT = "青山湖大桥全长多少米？", "月球上住着多少位居民？"


@pytest.fixture
def url(make_assistant: Callable[..., Any]) -> Iterator[str]:
    document = Document(TEXT, "bridge.txt", "青山湖大桥通车", datetime.date(2021, 7, 1))
    with served(make_assistant(document), page=False, metrics=True) as address:
        yield address


def counted(url: str, **options: Any) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    response = httpx.get(f"{url}/metrics", timeout=LONGEST, **options)
    assert response.status_code == 200 and response.headers["content-type"].startswith("text/plain")
    families = list(text_string_to_metric_families(response.text))
    return {
        (sample.name, *map(str, sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def ask(url: str, question: str, **options: Any) -> httpx.Response:
    body = {"model": "auto", "messages": [{"role": "user", "content": question}]}
    return httpx.post(f"{url}/v1/chat/completions", json=body, timeout=LONGEST, **options)


def test_questions_steps_claims_and_requests_are_counted(url: str) -> None:
    before = counted(url)
    assert before["youju_documents",] == 1 and before["youju_chunks",] >= 1
    assert ("youju_answers_total", "answered", "false") not in before
    assert ask(url, ANSWERED).status_code == 200 and ask(url, SILENT).status_code == 200
    assert ask(url, "").status_code == 400
    after = counted(url)
    assert after["youju_answers_total", "answered", "false"] == 1
    assert after["youju_answers_total", "silent", "false"] == 1
    assert after["youju_claims_total", "true"] >= 1 and after["youju_claims_total", "false"] == 0
    assert after["youju_step_seconds_count", "ask"] == 2 and after["youju_step_seconds_sum", "ask"] > 0
    assert after["youju_http_requests_total", "200", "openai"] == 2
    assert after["youju_http_requests_total", "400", "openai"] == 1
    until(lambda: counted(url)["youju_questions_under_way",] == 0)


def test_no_word_of_a_question_or_a_path_is_told(url: str) -> None:
    ask(url, ANSWERED)
    assert httpx.get(f"{url}/青山湖", timeout=LONGEST).status_code == 404
    told = httpx.get(f"{url}/metrics", timeout=LONGEST).text
    assert "青山湖" not in told and "bridge" not in told and "%E9" not in told
    assert 'youju_http_requests_total{status="404",to="page"} 1.0' in told


def test_metrics_are_there_only_where_they_are_wanted_and_behind_the_login(make_assistant: Callable[..., Any]) -> None:
    assistant = make_assistant(Document(TEXT, "bridge.txt", "青山湖大桥通车"))
    with served(assistant, page=False) as address:
        assert httpx.get(f"{address}/metrics", timeout=LONGEST).status_code == 404
    with served(assistant, page=False, metrics=True, logins={"anna": "secret"}) as address:
        assert httpx.get(f"{address}/metrics", timeout=LONGEST).status_code == 401
        assert httpx.post(f"{address}/metrics", auth=("anna", "secret"), timeout=LONGEST).status_code == 405
        told = counted(address, auth=("anna", "secret"))
        assert told["youju_http_requests_total", "401", "metrics"] == 1


def test_a_server_that_has_ended_counts_no_more(make_assistant: Callable[..., Any]) -> None:
    watching = len(trace._watchers)
    assistant = make_assistant(Document(TEXT, "bridge.txt", "青山湖大桥通车"))
    with served(assistant, page=False, metrics=True) as address:
        counted(address)
        assert len(trace._watchers) == watching + 1
    assert len(trace._watchers) == watching


def test_without_its_library_the_option_says_what_to_install(
    make_assistant: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ui import server

    monkeypatch.delitem(sys.modules, "ui.metrics", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(UsageError, match="pip install prometheus-client"):
        server.create(make_assistant(Document(TEXT, "bridge.txt", "青山湖大桥通车")), page=False, metrics=True)
