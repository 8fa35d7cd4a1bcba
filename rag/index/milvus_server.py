"""A Milvus server as we use it: how it is named and reached, and what its errors mean to the user.

``pymilvus`` is imported when a server is first asked for something. A URI may hold a password, so no message and no log
shows more of it than the host.
"""

import contextlib
import logging
import os
import re
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rag.errors import StoreError, UsageError

TOKEN = "YOUJU_MILVUS_TOKEN"
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 15.0
WRITE_SECONDS = 300.0
CLIENT = 3
"""Major version of ``pymilvus`` that this was written for."""
OLDEST = {"milvus_lite": (3, 2), "milvus": (2, 4)}
"""Oldest versions of the servers that keep sparse vectors as they are needed here."""

_NOT_LOADED = 101
_VERSION = re.compile(r"(milvus_lite)?\D*(\d+)\.(\d+)")


class MilvusServer:
    """A server, or a file of Milvus Lite, which is a server within this process. Threads may share one."""

    def __init__(self, uri: str) -> None:
        """Takes the address; nothing is reached yet.

        Args:
            uri: ``http://host:port``, ``https://user:password@host:port/database``, or a path that ends in ``.db``.

        Raises:
            UsageError: it is none of these.
        """
        self._uri = uri
        self.place = _place(uri)
        self._client: Any = None
        self._is_lite = False
        self._lock = threading.Lock()

    def ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Has the client do something that takes a moment.

        Raises:
            StoreError: the server is away, too slow, of another version, or refuses; or ``pymilvus`` is not installed.
        """
        return self._call(method, ANSWER_SECONDS, arguments, options)

    def write(self, method: str, *arguments: Any, **options: Any) -> Any:
        """As :meth:`ask`, where it may take longer."""
        return self._call(method, WRITE_SECONDS, arguments, options)

    def load(self, collection: str) -> None:
        """Has the server load a collection; one of Milvus Lite forgets that when it ends."""
        self.write("load_collection", collection)

    def settle(self, collection: str) -> None:
        """Has Milvus Lite index what was written, which it else does at every question; a server sees to that itself."""
        if self._is_lite:
            self.write("flush", collection)

    def schema(self) -> Any:
        """A new, empty schema."""
        return self._connected().create_schema(auto_id=False, enable_dynamic_field=False)

    def index_parameters(self) -> Any:
        """New, empty parameters for the indexes of a collection."""
        return self._connected().prepare_index_params()

    def _call(self, method: str, seconds: float, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        client = self._connected()
        with self.explained():
            return getattr(client, method)(*arguments, timeout=seconds, **options)

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _connect(self) -> Any:
        try:
            pymilvus = import_module("pymilvus")
        except ImportError as error:
            raise StoreError(
                zh="YOUJU_STORE 指定了 Milvus，但没有安装 pymilvus。请运行 pip install 'youju[milvus]'，或去掉该设置。",
                en="YOUJU_STORE names Milvus, but pymilvus is not installed. Run pip install 'youju[milvus]', or unset it.",
            ) from error
        _hush(within=self._uri.endswith(".db"))
        _check_client(str(pymilvus.__version__))
        token = os.environ.get(TOKEN, "").strip()
        with self.explained():
            client = pymilvus.MilvusClient(self._uri, timeout=CONNECT_SECONDS, **({"token": token} if token else {}))
            version = str(client.get_server_version(timeout=ANSWER_SECONDS))
        _check_server(self.place, version)
        self._is_lite = version.startswith("milvus_lite")
        return client

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Turns what pymilvus and gRPC raise, and an answer that is none, into a ``StoreError`` that says what to do."""
        grpc = import_module("grpc")
        errors = import_module("pymilvus.exceptions")
        try:
            yield
        except grpc.RpcError as error:
            code = error.code() if callable(getattr(error, "code", None)) else None
            if code == grpc.StatusCode.DEADLINE_EXCEEDED:
                raise self._slow() from error
            raise self._away() from error
        except errors.MilvusException as error:
            raise self._told(error) from error
        except (OSError, ValueError, TypeError, LookupError) as error:
            raise self._refused(f"{type(error).__name__}: {error}") from error

    def _told(self, error: Any) -> StoreError:
        text = str(getattr(error, "message", error))
        if "Open local milvus failed" in text or "milvus-lite is required" in text:
            return self._not_opened(text)
        if "Fail connecting" in text or "UNAVAILABLE" in text or "unavailable" in text:
            return self._away()
        if "DEADLINE_EXCEEDED" in text or "Retry timeout" in text or "Deadline Exceeded" in text:
            return self._slow()
        if getattr(error, "code", None) == _NOT_LOADED:
            return NotLoadedError(*self._words("集合还没有装载", "the collection is not loaded"))
        return self._refused(text)

    def _not_opened(self, text: str) -> StoreError:
        if "milvus-lite is required" in text:
            return StoreError(
                zh=f"{self.place} 是 Milvus Lite 的文件，但没有安装它。请运行 pip install milvus-lite，"
                "或在 YOUJU_STORE 里写 Milvus 服务器的地址。",
                en=f"{self.place} is a file of Milvus Lite, which is not installed. Run pip install milvus-lite, or name a "
                "Milvus server in YOUJU_STORE.",
            )
        return StoreError(
            zh=f"打不开 Milvus Lite 的文件 {self.place}：它所在的文件夹不存在、不可写，或另一个进程正开着它。"
            "它一次只能由一个进程打开；几个进程共用请运行 milvus-lite server，或用 Milvus 服务器。",
            en=f"The Milvus Lite file {self.place} cannot be opened: its folder is not there or cannot be written, or another "
            "process has it open. One process at a time can; for several run 'milvus-lite server', or a Milvus server.",
        )

    def _away(self) -> StoreError:
        return StoreError(
            zh=f"连不上 Milvus（{self.place}）。文档都在索引里，没有丢失。请启动 Milvus、检查 YOUJU_STORE 的地址"
            f"（需要登录时还有 {TOKEN}），或去掉 YOUJU_STORE，在本机检索。",
            en=f"Milvus ({self.place}) cannot be reached. All documents are in the index, none is lost. Start Milvus, check the "
            f"address in YOUJU_STORE (and {TOKEN} where it wants a login), or unset YOUJU_STORE to search on this machine.",
        )

    def _slow(self) -> StoreError:
        return StoreError(
            zh=f"Milvus（{self.place}）没有在规定时间内回答。请稍后再试，检查它的负载，或去掉 YOUJU_STORE，在本机检索。",
            en=f"Milvus ({self.place}) did not answer in time. Try again later, look at its load, or unset YOUJU_STORE to "
            "search on this machine.",
        )

    def _refused(self, text: str) -> StoreError:
        return StoreError(*self._words(text[:300], text[:300]))

    def _words(self, zh: str, en: str) -> tuple[str, str]:
        return (
            f"Milvus（{self.place}）拒绝了请求：{zh}。请运行 youju doctor 查看；去掉 YOUJU_STORE 则在本机检索。",
            f"Milvus ({self.place}) refused: {en}. 'youju doctor' tells more; without YOUJU_STORE this machine is searched.",
        )


class NotLoadedError(StoreError):
    """A collection is there, but the server has not loaded it."""


def _place(uri: str) -> str:
    """What of an address is shown: the host, or the path of the file."""
    if uri.endswith(".db") and "://" not in uri and uri != ".db":
        return str(Path(uri))
    try:
        parts = urlsplit(uri)
        if parts.scheme in ("http", "https") and parts.hostname:
            return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    except ValueError:  # a port that is none
        pass
    raise UsageError(
        zh="YOUJU_STORE 里 milvus: 后面应是 http(s)://主机:端口，或以 .db 结尾的文件路径（Milvus Lite）。",
        en="In YOUJU_STORE, milvus: must be followed by http(s)://host:port, or the path of a file that ends in .db "
        "(Milvus Lite).",
    )


def _hush(*, within: bool) -> None:
    """Lets neither library write to the terminal by itself: their errors come to the user as ours.

    Args:
        within: whether the server is in this process; gRPC then logs each call that Milvus Lite does not know.
    """
    for name in ("pymilvus", "milvus_lite", *(("grpc._server",) if within else ())):
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False


def _check_client(version: str) -> None:
    found = _VERSION.search(version)
    if not found or int(found[2]) != CLIENT:
        raise StoreError(
            zh=f"安装的 pymilvus 是 {version}，需要 {CLIENT}.x。请运行 pip install 'youju[milvus]'。",
            en=f"pymilvus {version} is installed, {CLIENT}.x is needed. Run pip install 'youju[milvus]'.",
        )


def _check_server(place: str, version: str) -> None:
    found = _VERSION.search(version)
    kind = (found and found[1]) or "milvus"
    if not found or (int(found[2]), int(found[3])) < OLDEST[kind]:
        oldest = ".".join(map(str, OLDEST[kind]))
        raise StoreError(
            zh=f"{place} 上的 Milvus 版本是 {version}，至少需要 {oldest}。请升级它，或去掉 YOUJU_STORE，在本机检索。",
            en=f"Milvus at {place} has version {version}; {oldest} or later is needed. Upgrade it, or unset YOUJU_STORE to "
            "search on this machine.",
        )
