"""Which documents a question is put to: chosen one by one or by their folders, and what the answer then rests on."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rag.errors import UsageError
from rag.records.recheck import verify_record
from tests.browsing import QUESTION
from ui import chosen_sources


def test_a_folder_stands_for_all_that_lies_in_it(assistant: Any) -> None:
    entries = assistant.documents()
    outside = replace(entries[0], id="outside", path="alone.txt", title="别处")
    every = [*entries, outside]
    choices, kept = chosen_sources.offered(every, (), "别处", ["folder:seeds", "gone"], "zh")
    assert kept == ["folder:seeds"]
    assert [value for _, value in choices] == ["folder:seeds", "outside"], "what is chosen comes first"
    assert choices[0][0] == f"seeds/（{len(entries)} 份）"
    limits = chosen_sources.limits(every, (), ["folder:seeds"], "zh")
    assert limits["document_ids"].split() == [entry.id for entry in entries] and limits["documents"] == "seeds"
    assert chosen_sources.limits(every, (), ["folder:seeds", "outside"], "zh")["documents"] == "已选 2 项"
    assert chosen_sources.limits(every, (), [], "zh") == {}
    with pytest.raises(UsageError, match="已不在"):
        chosen_sources.limits(every, (), ["gone"], "zh")


def test_only_chosen_documents_are_searched_cited_and_recorded(assistant: Any, tmp_path: Path) -> None:
    entries = assistant.documents()
    cited = assistant.ask(QUESTION).citations[0].document
    some = [entry.id for entry in entries if entry.id != cited.id]
    assert {hit.document.id for hit in assistant.retrieve(QUESTION, document_ids=some)} <= set(some)
    points = assistant.timeline("5G基站", document_ids=[cited.id]).points
    assert {point.citation.document.id for point in points} == {cited.id}
    answer = assistant.ask(QUESTION, document_ids=[cited.id, some[0]])
    assert answer.citations[0].document.id == cited.id
    record = answer.to_record()
    assert record["question"]["filters"] == {"document_ids": f"{cited.id} {some[0]}"}
    (tmp_path / "record.json").write_text(json.dumps(record), encoding="utf-8")
    assert verify_record(tmp_path / "record.json", index=assistant).holds
    for wrong in ("abc", 3, [3]):
        with pytest.raises(UsageError):
            assistant.ask(QUESTION, document_ids=wrong)
