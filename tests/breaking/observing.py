"""What a reader sees of an index, look by look, so that a damaged index can be held against the sound one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from corpus import OWNER

from rag.assistant import Assistant
from rag.index.saved_conversations import open_conversations

QUESTIONS = ("截至2023年3月底我国建成了多少个5G基站？", "5G基站", "金壮龙 同比增长", "编号3 这是第1段的内容")


def _documents(assistant: Assistant) -> Any:
    return [replace(entry, added="", near_duplicates=()) for entry in assistant.documents()]


def _beside_documents(assistant: Assistant) -> Any:
    return [(entry.id, entry.added, entry.near_duplicates) for entry in assistant.documents()]


def _texts(assistant: Assistant) -> Any:
    return [assistant.document(entry.id) for entry in assistant.documents()]


def _retrieve(question: str, **filters: str) -> Callable[[Assistant], Any]:
    def look(assistant: Assistant) -> Any:
        return [
            (
                hit.document,
                hit.start,
                hit.end,
                hit.text,
                hit.speakers,
                hit.found_by,
                [other.path for other in hit.reprints],
            )
            for hit in assistant.retrieve(question, 6, **filters)
        ]

    return look


def _ask(question: str) -> Callable[[Assistant], Any]:
    def look(assistant: Assistant) -> Any:
        answer = assistant.ask(question, after="2023-03", before="2023-06", passages=4).to_dict()
        return {key: answer[key] for key in ("text", "abstained", "claims", "citations")}

    return look


def _timeline(assistant: Assistant) -> Any:
    return assistant.timeline("5G基站").to_dict()


def _talk(assistant: Assistant) -> Any:
    kept = open_conversations(assistant.store)
    listed = kept.list(OWNER)
    return listed, [kept.open(OWNER, one.id) for one in listed], kept.list(OWNER, "基站"), kept.rated()


LOOKS: dict[str, Callable[[Assistant], Any]] = {
    "documents": _documents,
    "beside documents": _beside_documents,
    "texts": _texts,
    "timeline": _timeline,
    **{f"retrieve {question}": _retrieve(question) for question in QUESTIONS},
    "retrieve of a speaker": _retrieve("5G基站", speaker="赵志国", after="2023-03"),
    **{f"ask {question}": _ask(question) for question in QUESTIONS[:1]},
    "conversations": _talk,
}
"""Everything that is looked at, by name. What it gives can be compared with ``==``."""
