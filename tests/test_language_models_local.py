"""The embedded 1.5B model, for real: one load for the whole module, tiny prompts."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.output_parsers import StrOutputParser

from rag import language_models
from rag.errors import LanguageModelError, UsageError
from rag.language_models import PromptTooLongError
from rag.language_models.llama import Progress
from rag.language_models.local import LocalChatModel
from tests.waiting import LONGEST

pytestmark = [
    pytest.mark.local_model,
    pytest.mark.skipif(not language_models.is_available(), reason="the local model is not available here"),
]

LONG = "资料：" + "我国建成了多少个基站，网络覆盖所有地级市。" * 45 + "\n问题：写一首长诗。"
"""Some 600 tokens: five batches."""

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def model() -> Iterator[LocalChatModel]:
    choice = language_models.choose("local")
    assert choice.name == "qwen2.5-coder-1.5b-instruct-q4_k_m"
    assert isinstance(choice.chat_model, LocalChatModel)
    yield choice.chat_model
    choice.chat_model.close()


def test_stream_gives_several_chunks_that_make_the_text_of_invoke(model: LocalChatModel) -> None:
    seen: list[Progress] = []
    chunks = list(model.stream("从一数到五，用顿号隔开，不要别的。", max_tokens=20, progress=seen.append))
    whole = model.invoke("从一数到五，用顿号隔开，不要别的。", max_tokens=20)
    texts = [str(chunk.content) for chunk in chunks if chunk.content]
    assert len(texts) > 3
    assert "".join(texts) == whole.content
    assert "5" in whole.content or "五" in whole.content
    assert seen[0].stage in ("loading", "reading")
    assert (seen[-1].stage, seen[-1].done) == ("reading", seen[-1].total)
    assert whole.response_metadata["finish_reason"] == "stop"
    assert whole.response_metadata["timings"]["predicted_per_second"] > 0
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["input_tokens"] > 20
    assert whole.usage_metadata["input_token_details"]["cache_read"] > 20, "the same prompt is not read twice"
    assert whole.usage_metadata["output_tokens"] >= len(texts)


@pytest.mark.skipif(not Path("/proc/self/net").is_dir(), reason="only Linux tells")
def test_no_port_listens_and_no_socket_file_is_left(model: LocalChatModel) -> None:
    model.invoke("你好", max_tokens=1)
    inodes = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    listening = set()
    for table in ("tcp", "tcp6"):
        rows = [line.split() for line in Path(f"/proc/self/net/{table}").read_text().splitlines()[1:]]
        listening |= {row[9] for row in rows if row[3] == "0A"}
    assert not inodes & listening
    rows = [line.split() for line in Path("/proc/self/net/unix").read_text().splitlines()[1:]]
    paths = [Path(row[7]) for row in rows if row[6] in inodes and len(row) > 7 and row[7].endswith("model.sock")]
    assert paths, "the server has its socket"
    assert not any(path.exists() or path.parent.exists() for path in paths), "and nobody can find it"


def test_closing_the_iterator_stops_the_writing(model: LocalChatModel) -> None:
    start = time.monotonic()
    stream = model.stream("写一首很长的诗。", max_tokens=200)
    for _ in range(10):
        next(stream)
    pace = (time.monotonic() - start) / 10
    stream.close()  # type: ignore[attr-defined]
    start = time.monotonic()
    assert model.invoke("你好", max_tokens=2).content
    assert time.monotonic() - start < 100 * pace, "the other 190 tokens would take longer"


def test_an_event_stops_the_reading_of_the_prompt(model: LocalChatModel) -> None:
    cancelled = threading.Event()
    seen: list[Progress] = []

    def stop_after_the_first_batch(progress: Progress) -> None:
        seen.append(progress)
        if progress.stage == "reading" and progress.done >= 128:
            cancelled.set()

    answer = model.invoke(LONG, cancelled=cancelled, progress=stop_after_the_first_batch)
    assert answer.content == ""
    assert answer.response_metadata["finish_reason"] == "cancelled"
    assert seen[-1].done < seen[-1].total
    assert model.invoke("一加一等于几？只回答数字。", max_tokens=2).content.strip() in ("2", "二", "2。", "二。")


def test_what_the_progress_callback_raises_is_raised(model: LocalChatModel) -> None:
    def fail(progress: Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        model.invoke("你好", max_tokens=2, progress=fail)
    assert model.invoke("你好", max_tokens=2).content


def test_a_prompt_that_does_not_fit_is_counted(model: LocalChatModel) -> None:
    with pytest.raises(PromptTooLongError) as caught:
        model.invoke("长城很长" * 4000)
    assert caught.value.limit == 3072
    assert caught.value.tokens is not None
    assert caught.value.tokens > 3072
    assert "3072" in caught.value.zh
    assert "3072" in caught.value.en


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"grammar": "root ::= (((("}, LanguageModelError),
        ({"response_format": {"type": "nonsense"}}, LanguageModelError),
        ({"colour": "red"}, UsageError),
    ],
)
def test_a_refused_request_says_why(model: LocalChatModel, settings: dict[str, object], kind: type) -> None:
    with pytest.raises(kind) as caught:
        model.invoke("你好", max_tokens=2, **settings)
    assert caught.value.zh
    assert caught.value.en
    assert model.invoke("你好", max_tokens=2).content


def test_an_image_is_refused(model: LocalChatModel) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    with pytest.raises(LanguageModelError, match="image"):
        model.invoke([{"role": "user", "content": [image]}])


def test_probabilities_of_yes_and_no(model: LocalChatModel) -> None:
    answer = model.invoke("三是偶数吗？只回答“是”或“否”。", max_tokens=1, logprobs=True, top_logprobs=20)
    (first,) = answer.response_metadata["logprobs"]["content"]
    found = {each["token"]: each["logprob"] for each in first["top_logprobs"]}
    assert {"是", "否"} <= found.keys()
    assert all(value <= 0 for value in found.values())


def test_grammar_and_stop(model: LocalChatModel) -> None:
    assert model.invoke("天空是什么颜色？", grammar='root ::= "红" | "绿"').content in ("红", "绿")
    assert "四" not in model.invoke("从一数到五，用顿号隔开。", stop=["四"], max_tokens=20).content


def test_it_is_a_part_of_a_chain(model: LocalChatModel) -> None:
    assert "1" in (model.bind(max_tokens=5) | StrOutputParser()).invoke("写出数字1，不要别的。")


def test_two_threads_are_both_answered(model: LocalChatModel) -> None:
    answers: dict[str, str] = {}
    waited: list[Progress] = []

    def ask(word: str) -> None:
        question = f"重复这个词，不要别的：{word}"
        answers[word] = str(model.invoke(question, max_tokens=6, progress=waited.append).content)

    threads = [threading.Thread(target=ask, args=(word,)) for word in ("苹果", "香蕉")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONGEST)
    assert "苹果" in answers["苹果"]
    assert "香蕉" in answers["香蕉"]
    assert Progress("waiting", total=1) in waited


def test_ctrl_c_stops_the_writing_and_the_model_lives_on(model: LocalChatModel) -> None:
    at_work, interrupted = threading.Event(), []

    def interrupt() -> None:
        at_work.wait(LONGEST)
        interrupted.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        model.invoke(LONG + "诗要有一百行。", progress=lambda _: at_work.set())
    assert time.monotonic() - interrupted[0] < 20, "a hundred lines would take longer"
    thread.join()
    assert model.invoke("你好", max_tokens=2).content


def test_the_process_ends_cleanly_in_the_middle_of_an_answer() -> None:
    program = """
from rag import language_models
stream = language_models.choose("local").chat_model.stream("写一首很长的诗。")
print(next(chunk.content for chunk in stream if chunk.content) != "")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=LONGEST, check=False, cwd=ROOT
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "True", "")


def test_a_closed_model_is_loaded_again(model: LocalChatModel) -> None:
    model.invoke("你好", max_tokens=1)
    assert model._engine.loaded
    with pytest.raises(PromptTooLongError) as kept:
        model.invoke("长城很长" * 4000)
    before = _resident_bytes()
    model.close()
    gc.collect()
    assert not model._engine.loaded
    assert _resident_bytes() < before - 100_000_000, "an error that is kept does not keep the model"
    assert kept.value.limit == 3072
    assert model.invoke("你好", max_tokens=1).content


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
