"""What all tests share: no network, a known environment, and the real embedder with the sample documents."""

import inspect
import ipaddress
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.waiting import LONGEST

pytest_plugins = ["tests.browsing"]

settings.register_profile("youju", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", parent=settings.get_profile("youju"), max_examples=3000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "youju"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """The knobs of tests/breaking; they stand here because pytest reads options before it looks into that folder."""
    parser.addoption("--long", action="store_true", help="tests/breaking: the long runs (make break)")
    parser.addoption("--seed", type=int, default=11, help="tests/breaking: the seed of all that is random")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that drive browsers and processes come first: begun last, one of them would keep one core busy alone."""
    items.sort(key=lambda item: not item.path.name.startswith(("test_ui_", "test_eval_", "test_cli", "test_readme")))


class NetworkBlockedError(RuntimeError):
    """A test tried to leave this machine. Not an OSError, so that nothing takes it for a failing network."""


def pytest_configure() -> None:
    """Sets the environment before any module of ours is imported."""
    # A shell without job control starts what it puts into the background with Ctrl-C ignored, and every process started
    # from there would inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in list(os.environ):
        if name.startswith("YOUJU_") and name != "YOUJU_HOME":
            del os.environ[name]
    os.environ["YOUJU_LANGUAGE"] = "zh"
    # What rules and vectors do is tested without the reader; tests/test_shipped_reader.py has what it adds.
    os.environ["YOUJU_READER"] = "none"


def _is_this_machine(address: Any) -> bool:
    if not isinstance(address, tuple):  # a unix socket has a path
        return True
    host = str(address[0])
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """Where a test gives httpx no time limit, that is not httpx's own of 5 seconds: a busy machine may take longer."""
    import httpx

    default = inspect.signature(httpx.get).parameters["timeout"].default
    default.connect = default.read = default.write = default.pool = LONGEST


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Sockets reach this machine only."""
    patch = pytest.MonkeyPatch()

    def guarded(name: str) -> Callable[..., Any]:
        original = getattr(socket.socket, name)

        def connect(self: socket.socket, address: Any) -> Any:
            if not _is_this_machine(address):
                raise NetworkBlockedError(f"a test tried to reach {address}")
            return original(self, address)

        return connect

    resolve = socket.getaddrinfo

    def guarded_resolve(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name and not _is_this_machine((name,)):
            raise NetworkBlockedError(f"a test tried to look up {name}")
        return resolve(host, *arguments, **options)

    patch.setattr(socket.socket, "connect", guarded("connect"))
    patch.setattr(socket.socket, "connect_ex", guarded("connect_ex"))
    patch.setattr(socket, "getaddrinfo", guarded_resolve)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def embedder() -> Any:
    """The embedded multilingual-e5-small, loaded once."""
    import embeddings

    return embeddings.load()


@pytest.fixture(scope="session")
def assistant(embedder: Any) -> Iterator[Any]:
    """An assistant over the sample documents that quotes them, without a language model."""
    from rag.assistant import Assistant

    with Assistant.open(embedder=embedder, language_model="extractive") as opened:
        yield opened


@pytest.fixture
def make_assistant(embedder: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Makes an assistant over a few documents: ``make_assistant(document, …)``."""
    from rag.assistant import Assistant

    made: list[Assistant] = []

    def make(*documents: Any, **options: Any) -> Assistant:
        folder = tmp_path / f"index{len(made)}"
        opened = Assistant.open(folder, embedder=embedder, **{"language_model": "extractive", **options})
        made.append(opened)
        opened.add(list(documents))
        return opened

    yield make
    for opened in made:
        opened.close()
