"""Embeddings from any server that speaks OpenAI's ``/v1/embeddings``.

The setting is the server's address and, after ``#``, the model: ``http://127.0.0.1:8080/v1#bge-m3``. The key is read
from ``YOUJU_EMBEDDING_KEY`` and appears in no message. What the model wants before questions and passages (E5:
``query: `` and ``passage: ``) is read from ``YOUJU_EMBEDDING_QUERY_PROMPT`` and ``YOUJU_EMBEDDING_DOCUMENT_PROMPT``.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from embeddings.errors import EmbeddingError, UsageError

if TYPE_CHECKING:
    import httpx

LOOPBACK = ("localhost", "127.0.0.1", "::1")
REFUSED = (401, 403)
WORTH_ANOTHER_TRY = (408, 409, 425, 429, 500, 502, 503, 504)
LONGEST_PAUSE = 20.0
MOST_BYTES = 64 * 2**20
"""Bytes of an answer: a batch of long vectors, written as text, has a few millions."""

_BEYOND = {
    True: ("没有及时回应，请检查服务是否繁忙", "did not answer in time; see whether it is busy"),
    False: ("的回答超出限度，请检查网址", "gave an answer beyond all bounds; check the address"),
}


class EndpointEmbedder:
    """An ``Embedder`` that asks a server. ``timeout`` and ``pause`` (before the second try, then doubled): seconds."""

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key: str = "",
        query_prompt: str = "",
        document_prompt: str = "",
        timeout: float = 60.0,
        tries: int = 3,
        pause: float = 0.5,
    ) -> None:
        self.url = url.rstrip("/")
        self.model = model
        self.query_prompt = query_prompt
        self.document_prompt = document_prompt
        self.timeout = timeout
        self.tries = tries
        self.pause = pause
        self._key = key
        self._client: httpx.Client | None = None

    @classmethod
    def from_setting(cls, setting: str) -> EndpointEmbedder:
        """From ``http://host:port/v1#model`` and the environment. Raises ``UsageError`` if that is not what it is."""
        parts = urlsplit(setting)
        if not parts.hostname or not parts.fragment or parts.username or parts.password or parts.query:
            raise UsageError(
                "向量服务的写法是 http://主机:端口/v1#模型名；密钥放在环境变量 YOUJU_EMBEDDING_KEY 中，不要写进地址",
                "Write an embedding server as http://host:port/v1#model; the key belongs into YOUJU_EMBEDDING_KEY, "
                "not into the address",
            )
        return cls(
            urlunsplit(parts._replace(fragment="")),
            parts.fragment,
            key=os.environ.get("YOUJU_EMBEDDING_KEY", "").strip(),
            query_prompt=os.environ.get("YOUJU_EMBEDDING_QUERY_PROMPT", ""),
            document_prompt=os.environ.get("YOUJU_EMBEDDING_DOCUMENT_PROMPT", ""),
        )

    def __repr__(self) -> str:
        return f"EndpointEmbedder({self.url!r}, {self.model!r})"

    @property
    def name(self) -> str:
        """Identity recorded in an index: model, server and prompts, never the key."""
        prompts = (self.query_prompt, self.document_prompt)
        return f"{self.model} @ {self.url}" + (f" {prompts}" if any(prompts) else "")

    def encode_query(self, texts: list[str], /) -> Any:
        """Vectors of questions."""
        return self._encode([self.query_prompt + text for text in texts])

    def encode_document(self, texts: list[str], /) -> Any:
        """Vectors of passages."""
        return self._encode([self.document_prompt + text for text in texts])

    def _encode(self, texts: list[str]) -> list[list[float]]:
        answer = self._ask({"model": self.model, "input": texts, "encoding_format": "float"})
        try:
            rows = sorted(answer.json()["data"], key=lambda row: row["index"])
            if [row["index"] for row in rows] != list(range(len(texts))):
                raise ValueError(f"{len(rows)} vectors for {len(texts)} texts")
            return [row["embedding"] for row in rows]
        except (ValueError, KeyError, TypeError) as error:
            raise self._error("的回答无法理解", "gave an answer that cannot be understood", str(error)) from error

    def _ask(self, body: dict[str, Any]) -> httpx.Response:
        """The server's answer, asked again after a pause if that may help. Raises ``EmbeddingError``."""
        import httpx

        from embeddings.exchange import ExchangeError

        attempt = 0
        while True:
            attempt += 1
            pause = self.pause * 2 ** (attempt - 1)
            try:
                answer = self._open().post(self.url + "/embeddings", json=body)
            except ExchangeError as error:
                raise self._error(*_BEYOND[error.reason == "slow"], error.reason) from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                if attempt >= self.tries:
                    raise self._error("无法连接", "cannot be reached", f"{type(error).__name__}: {error}") from error
            else:
                if answer.is_success:
                    return answer
                if attempt >= self.tries or answer.status_code not in WORTH_ANOTHER_TRY:
                    raise self._refusal(answer)
                pause = max(pause, _seconds(answer.headers.get("Retry-After", "")))
            time.sleep(min(pause, LONGEST_PAUSE))

    def _open(self) -> httpx.Client:
        if self._client is None:
            from embeddings.exchange import BoundedClient

            headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
            away = urlsplit(self.url).hostname not in LOOPBACK  # a proxy has no business with this machine's own ports
            self._client = BoundedClient(
                seconds=2 * self.timeout, most_bytes=MOST_BYTES, headers=headers, timeout=self.timeout, trust_env=away
            )
        return self._client

    def _refusal(self, answer: httpx.Response) -> EmbeddingError:
        said = f"HTTP {answer.status_code} {answer.text[:300]}"
        if answer.status_code in REFUSED:
            return self._error(
                "拒绝了密钥，请检查环境变量 YOUJU_EMBEDDING_KEY", "refused the key; check YOUJU_EMBEDDING_KEY", said
            )
        return self._error("报告错误", "reported an error", said)

    def _error(self, zh: str, en: str, said: str) -> EmbeddingError:
        said = said.replace(self._key, "***") if self._key else said
        return EmbeddingError(
            f"向量服务 {self.url}（模型 {self.model}）{zh}：{said}",
            f"The embedding server {self.url} (model {self.model}) {en}: {said}",
        )


def _seconds(header: str) -> float:
    return float(header) if header.isascii() and header.isdigit() else 0.0
