"""How long a user waits for an answer: for the evidence, for the first word, for the whole; and what it needs.

    python benchmarks/answer.py --write

Questions on the embedded sample documents, each asked once. The first question of a process loads the models and is
reported apart.
"""

import argparse
import time
from typing import Any

from benchmarks.results import Table, add_output_options, alone, peak_memory, publish, quantile

QUESTIONS = (
    "截至2023年3月底我国建成了多少个5G基站？",
    "2022年规模以上工业增加值同比增长多少？",
    "全球的灯塔工厂有多少座在中国？",
    "2023年一季度新能源汽车的产量增长了多少？",
    "工业领域碳达峰“1+4”方案中的四个行业是什么？",
    "我国有多少网民？",
    "金壮龙在2023年1月的专访中说要加快谋划布局哪些未来产业？",
    "How many 5G base stations had China built by the end of March 2023?",
    "专精特新“小巨人”企业有多少家？",
)
LANGUAGE_MODELS = ["local", "extractive"]
NOTE = (
    "Seconds and tokens are medians over the answers to the {number} questions after the first, without those where "
    "the assistant says that it found nothing (`nothing found`). `not supported` counts answers in which Youju's own "
    "checks mark a claim. Peak memory is that of the whole process, the weights mapped from disk included. `reads` and `writes` are tokens a second of the language model: the prompt "
    "tokens over the time from the evidence to the first token (what the model still knew of an earlier prompt is not "
    "read again), and the generated tokens over the time from the first token to the last."
)


def measure(language_model: str) -> dict[str, Any]:
    """Asks every question in turn, in this process."""
    from rag.assistant import Assistant

    began = time.perf_counter()
    with Assistant.open(language_model=language_model) as assistant:
        opened = time.perf_counter() - began
        answers = [ask(assistant, question) for question in QUESTIONS]
    return {"opened": opened, "cold": answers[0], "warm": answers[1:], "peak": peak_memory()}


def ask(assistant: Any, question: str) -> dict[str, Any]:
    """Seconds from a question to the evidence, to the first and last token, to the verified answer; and its tokens."""
    from rag.assistant import EvidenceFound, Finished, Token

    began = time.perf_counter()
    found: dict[str, Any] = {"question": question, "first_token": None, "last_token": None}
    for event in assistant.stream(question):
        now = time.perf_counter() - began
        if isinstance(event, EvidenceFound):
            found["evidence"] = now
        elif isinstance(event, Token):
            found["first_token"] = found["first_token"] or now
            found["last_token"] = now
        elif isinstance(event, Finished):
            found["answer"] = now
            found["usage"] = event.answer.usage
            found["text"] = event.answer.text
            found["supported"] = event.answer.supported
    return found


def table(measured: dict[str, dict[str, Any]]) -> Table:
    """One row for the first question and one for the others, for each language model."""
    rows = []
    for name, found in measured.items():
        rows.append([f"{name}, first question", *_cells([found["cold"]]), "", "", ""])
        given = [answer for answer in found["warm"] if answer["first_token"] is not None]
        marked = sum(not answer["supported"] for answer in given)
        silent = len(found["warm"]) - len(given)
        rows.append([name, *_cells(given), f"{found['peak']:.0f}", str(silent), str(marked)])
    head = ["", "evidence s", "first token s", "answer s", "prompt", "generated", "reads /s", "writes /s", "peak MiB"]
    return Table([*head, "nothing found", "not supported"], rows)


def _cells(answers: list[dict[str, Any]]) -> list[str]:
    """Medians over answers; tokens where the language model tells them."""
    seconds = [_median([answer[key] for answer in answers]) for key in ("evidence", "first_token", "answer")]
    told = [answer for answer in answers if answer["usage"]]
    prompts = [answer["usage"]["input_tokens"] for answer in told]
    written = [answer["usage"]["output_tokens"] for answer in told]
    reads = [
        tokens / (answer["first_token"] - answer["evidence"]) for tokens, answer in zip(prompts, told, strict=True)
    ]
    writes = [
        (tokens - 1) / (answer["last_token"] - answer["first_token"])
        for tokens, answer in zip(written, told, strict=True)
        if answer["last_token"] > answer["first_token"]
    ]
    return [
        *(f"{value:.2f}" for value in seconds),
        *(f"{_median(values):.0f}" if values else "–" for values in (prompts, written, reads, writes)),
    ]


def _median(values: list[float]) -> float:
    return quantile(values, 0.5) if values else float("nan")


def main() -> None:
    """Measures every language model and publishes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=LANGUAGE_MODELS, help="settings of the language model")
    add_output_options(parser)
    options = parser.parse_args()
    measured = {name: alone(measure, name) for name in options.models}
    for name, found in measured.items():
        for answer in (found["cold"], *found["warm"]):
            print(f"{name}: {answer['question']} → {answer['text'][:80]!r} {answer['answer']:.1f} s")
    note = NOTE.format(number=len(QUESTIONS) - 1)
    publish("answer", options, measured, [table(measured), note])


if __name__ == "__main__":
    main()
