"""Records: an answer as a file, and what becomes of it when the documents change, move, go, or the file is not one."""

import dataclasses
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from langchain_core.language_models import FakeListChatModel
from texts import document_of

import rag
from rag.assistant import Assistant
from rag.errors import RecordError, UsageError
from rag.loading import load
from rag.records.provenance import code_hash
from rag.records.recheck import Recheck, nearest, verify_record
from rag.records.record import MOST_BYTES, SCHEMA_FILE, checked_record, read_record, seal, write_record
from rag.text.documents import Document

ROOT = Path(__file__).parents[1]
FIXTURE = ROOT / "tests" / "data" / "record-1"
TEXT = (FIXTURE / "report.txt").read_text("utf-8")
QUESTION = "火星基地一季度用电量同比增长多少？"
RECORD = json.loads((FIXTURE / "answer.json").read_text("utf-8"))
DOCS = (ROOT / "docs" / "record.md").read_text("utf-8")


def report(text: str = TEXT, **changes: Any) -> Document:
    return dataclasses.replace(load(FIXTURE / "report.txt"), text=text, path="report.txt", id="", **changes)


def resealed(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "sha256": seal(record)}


def states(found: Recheck) -> list[str]:
    return [each.state for each in found.citations]


@pytest.fixture
def recorded(make_assistant: Callable[..., Assistant]) -> tuple[Assistant, dict[str, Any]]:
    opened = make_assistant(report())
    return opened, opened.ask(QUESTION).to_record()


# -- made -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "question", ["截至2023年3月底我国建成了多少个5G基站？", "珠穆朗玛峰有多高？", "支持中小企业的四方面措施是什么？", "2021年底我国建成了多少个5G基站？"]
)  # fmt: skip
def test_the_record_of_an_answer_holds_all_of_it_and_stands(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    record = json.loads(json.dumps(answer.to_record(), ensure_ascii=False))
    assert checked_record(record) == answer.to_record()
    assert record["question"]["asked"] == question
    assert [claim["text"] for claim in record["claims"]] == [claim.text for claim in answer.claims]
    for told, citation in zip(record["citations"], answer.citations, strict=True):
        assert citation.document.text[told["start"] : told["end"]] == told["quote"]
        assert told["file_sha256"] == citation.document.digest
    assert record["models"]["embedder"]["sha256"], "the embedded embedder was verified by its hash"
    assert record["software"] | {"version": rag.__version__, "code_sha256": code_hash()} == record["software"]
    assert record["index"]["generation"] == assistant.store.generation
    assert verify_record(record, index=assistant).holds
    assert verify_record(record, files=ROOT / "seeds").holds


def test_a_record_tells_what_was_asked_before_and_what_the_search_was_limited_to(
    make_assistant: Callable[..., Assistant],
) -> None:
    opened = make_assistant(report())
    history = [("火星基地建成了多少座温室？", "264座。")]
    options: dict[str, Any] = {"after": "2023", "strict": True, "caution": "lenient", "passages": 3}
    record = opened.ask("那用电量呢？", history=history, **options).to_record()
    assert record["question"]["history"] == [{"question": history[0][0], "answer": "264座。"}]
    assert record["question"]["filters"] == {"after": "2023-01-01"}
    assert record["question"]["understood"] != "那用电量呢？"
    chosen = {"strict": True, "caution": "lenient", "passages": 3, "chunk_size": opened.store.chunk_size}
    assert record["settings"] == chosen
    assert record["times"]["asked"] <= record["times"]["answered"]
    checked_record(record)


def test_a_record_for_others_names_no_folder_of_the_server(make_assistant: Callable[..., Assistant]) -> None:
    opened = make_assistant(load(FIXTURE / "report.txt"))
    answer = opened.ask(QUESTION)
    assert answer.to_record()["citations"][0]["path"] == str(FIXTURE / "report.txt")
    shown = answer.to_record(full_paths=False)
    assert {citation["path"] for citation in shown["citations"]} == {"report.txt"}
    assert verify_record(shown, index=opened).holds and verify_record(shown, files=FIXTURE / "report.txt").holds


def test_an_answer_made_by_hand_has_no_record(assistant: Assistant) -> None:
    answer = dataclasses.replace(assistant.ask("珠穆朗玛峰有多高？"), provenance=None)
    with pytest.raises(ValueError, match="assistant"):
        answer.to_record()


# -- written ----------------------------------------------------------------------------------------------------------


def test_a_record_is_written_as_it_is(tmp_path: Path) -> None:
    odd = json.loads(json.dumps(RECORD))
    odd["answer"]["notice"] = "半个字\ud800、零宽\u200b、\x00"
    odd = resealed(odd)
    write_record(odd, tmp_path / "r.json")
    assert read_record(tmp_path / "r.json") == odd
    assert os.listdir(tmp_path) == ["r.json"]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    taken = tmp_path / "taken.json"
    taken.write_text("mine")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for path in (taken, tmp_path, tmp_path / "dangling", tmp_path / "none" / "r.json"):
        with pytest.raises(UsageError) as caught:
            write_record(RECORD, path)
        assert caught.value.exit_code == 2
    assert taken.read_text() == "mine" and not (tmp_path / "nowhere").exists()


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "r.json"
    sync = os.fsync

    def somebody_else(handle: int) -> None:
        target.write_text("theirs")
        sync(handle)

    monkeypatch.setattr(os, "fsync", somebody_else)
    with pytest.raises(UsageError):
        write_record(RECORD, target)
    assert target.read_text() == "theirs" and os.listdir(tmp_path) == ["r.json"]


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space"):
        write_record(RECORD, tmp_path / "r.json")
    assert os.listdir(tmp_path) == []


# -- verified later ---------------------------------------------------------------------------------------------------


def test_a_record_of_version_1_is_verified_for_ever(make_assistant: Callable[..., Assistant]) -> None:
    assert RECORD["schema"] == "youju-record/1"
    for found in (
        verify_record(FIXTURE / "answer.json", files=FIXTURE),
        verify_record(FIXTURE / "answer.json", index=make_assistant(report())),
    ):
        assert found.holds
        assert [claim.agrees for claim in found.claims] == [True]
        assert all(each.same_text and each.same_file for each in found.citations)


def test_a_newer_version_tells_where_the_quote_is_now(recorded: tuple[Assistant, dict[str, Any]]) -> None:
    opened, record = recorded
    newer = "更正\n\n" + TEXT
    opened.add(report(newer, digest="0" * 64))
    found = verify_record(record, index=opened)
    assert set(states(found)) == {"moved"} and not found.holds
    for each, cited in zip(found.citations, record["citations"], strict=True):
        assert each.place is not None
        assert (each.place.start, each.place.times) == (cited["start"] + 4, 1)
        assert newer[each.place.start : each.place.end] == cited["quote"]
        assert (each.same_text, each.same_file) == (False, False)
    assert all(claim.agrees for claim in found.claims)


def test_of_several_places_the_nearest_is_told(recorded: tuple[Assistant, dict[str, Any]]) -> None:
    opened, record = recorded
    quote = record["citations"][0]["quote"]
    opened.add(report(f"甲\n\n{quote}。\n\n{TEXT}\n\n{quote}。"))
    place = verify_record(record, index=opened).citations[0].place
    assert place is not None and place.times == 3
    starts = [match.start() for match in re.finditer(re.escape(quote), place.document.text)]
    assert place.start == min(starts, key=lambda start: abs(start - record["citations"][0]["start"]))


def test_a_quote_that_was_changed_is_gone(recorded: tuple[Assistant, dict[str, Any]]) -> None:
    opened, record = recorded
    opened.add(report(TEXT.replace("15.2%", "12.5%")))
    found = verify_record(record, index=opened)
    assert states(found)[0] == "gone" and found.citations[0].same_text is False
    assert found.claims[0].agrees is None and not found.claims[0].stands and not found.holds


def test_a_document_that_was_removed_is_missing_or_found_in_another(recorded: tuple[Assistant, dict[str, Any]]) -> None:
    opened, record = recorded
    opened.remove(opened.documents()[0].id)
    assert set(states(verify_record(record, index=opened))) == {"document_missing"}
    quote = record["citations"][0]["quote"]
    opened.add(Document(f"转载：{quote}。", "other.txt", "转载"))
    first = verify_record(record, index=opened).citations[0]
    assert first.state == "moved" and first.same_text is None
    assert first.place is not None and first.place.document.path == "other.txt"


def test_a_file_that_was_renamed_stands(recorded: tuple[Assistant, dict[str, Any]], tmp_path: Path) -> None:
    _, record = recorded
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "另一个名字.txt").write_text(TEXT, "utf-8")
    (tmp_path / "a.txt").write_text(f"转载。{record['citations'][0]['quote']}。", "utf-8")
    (tmp_path / "c.pdf").write_bytes(b"%PDF-1.4 broken")
    found = verify_record(record, files=[tmp_path / "c.pdf", tmp_path, tmp_path / "nowhere"])
    assert found.holds and len(found.unreadable) == 1, "what comes after all is found is not looked at"
    found = verify_record(record, files=[tmp_path / "nowhere", tmp_path / "a.txt"])
    assert states(found)[0] == "moved" and len(found.unreadable) == 1


def test_a_file_of_that_name_with_another_text_is_the_document(
    recorded: tuple[Assistant, dict[str, Any]], tmp_path: Path
) -> None:
    _, record = recorded
    (tmp_path / "report.txt").write_text("火星基地没有任何消息。", "utf-8")
    found = verify_record(record, files=tmp_path)
    assert set(states(found)) == {"gone"} and found.citations[0].same_file is False


def test_facts_that_no_longer_agree_are_told_though_the_quote_stands(make_assistant: Callable[..., Assistant]) -> None:
    text = "截至3月底，火星基地累计建成温室264座，比去年同期增加28座。"
    writer = FakeListChatModel(responses=["截至2023年3月底，火星基地累计建成温室264座。"])
    opened = make_assistant(Document(text, "a.txt", "通报", rag_date("2023-04-21")), language_model=writer)
    answer = opened.ask("截至2023年3月底火星基地建成了多少座温室？")
    record = answer.to_record()
    assert answer.claims[0].checks.facts_agree and "2023" in answer.claims[0].text
    assert verify_record(record, index=opened).holds
    opened.edit(opened.documents()[0].id, date="2021-04-21")
    found = verify_record(record, index=opened)
    assert set(states(found)) == {"stands"}
    assert found.claims[0].agrees is False and found.claims[0].missing_facts
    assert not found.holds


def rag_date(day: str) -> Any:
    import datetime

    return datetime.date.fromisoformat(day)


def test_an_index_or_files_but_not_both(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        verify_record(RECORD, index=tmp_path, files=tmp_path)


@given(st.text("ab", max_size=40), st.text("ab", min_size=1, max_size=4), st.integers(0, 50))
def test_the_nearest_place_is_one_of_the_places(text: str, quote: str, start: int) -> None:
    found = nearest(text, quote, start)
    assert (found is None) == (quote not in text)
    if found:
        assert text[found[0] : found[0] + len(quote)] == quote and found[1] == text.count(quote)


def test_a_text_made_to_be_slow_is_searched_once() -> None:
    assert nearest("a" * 3_000_000, "a" * 200_000 + "b", 5) is None
    assert nearest("ab" * 1_000_000, "ab", 999_999) == (999_998, 1_000_000)


def test_a_claim_made_to_be_slow_is_not_compared() -> None:
    text = "5万亿" * 5000
    claim = {**RECORD["claims"][0], "text": text, "start": 0, "end": len(text)}
    record = resealed({**RECORD, "answer": {**RECORD["answer"], "text": text}, "claims": [claim] * 100})
    found = verify_record(record, files=FIXTURE)
    assert [each.agrees for each in found.claims] == [None] * 100 and found.holds


# -- no record --------------------------------------------------------------------------------------------------------


def broken(change: Callable[[dict[str, Any]], Any], *, seals: bool = True) -> Any:
    record = json.loads(json.dumps(RECORD))
    found = change(record)
    record = record if found is None else found
    return resealed(record) if seals and isinstance(record, dict) else record


HOSTILE: dict[str, Any] = {
    "a list": [RECORD],
    "nothing": {},
    "null": None,
    "text": "youju-record/1",
    "no schema": broken(lambda r: r.pop("schema") and None),
    "newer version": broken(lambda r: r.update(schema="youju-record/6")),
    "version of a mile": broken(lambda r: r.update(schema="youju-record/" + "9" * 10_000)),
    "field missing": broken(lambda r: r.pop("index") and None),
    "field added": broken(lambda r: r.update(more=1)),
    "field added below": broken(lambda r: r["citations"][0].update(more=1)),
    "claims a mapping": broken(lambda r: r.update(claims={})),
    "quote a number": broken(lambda r: r["citations"][0].update(quote=5)),
    "empty quote": broken(lambda r: r["citations"][0].update(quote="", end=r["citations"][0]["start"])),
    "start below zero": broken(lambda r: r["citations"][0].update(start=-1)),
    "start a fraction": broken(lambda r: r["citations"][0].update(start=1.5)),
    "start beyond all": broken(lambda r: r["citations"][0].update(start=10**30)),
    "start true": broken(lambda r: r["citations"][0].update(start=True)),
    "span unlike the quote": broken(lambda r: r["citations"][0].update(end=r["citations"][0]["end"] + 1)),
    "numbers not in order": broken(lambda r: r["citations"][0].update(number=2)),
    "claim cites nothing there": broken(lambda r: r["claims"][0].update(citations=[150])),
    "claim unlike the answer": broken(lambda r: r["claims"][0].update(text="别的话")),
    "a hash that is none": broken(lambda r: r["citations"][0].update(text_sha256="x")),
    "confidence infinite": broken(lambda r: r["answer"].update(confidence=float("inf"))),
    "confidence above 1": broken(lambda r: r["answer"].update(confidence=1e9)),
    "a thousand citations": broken(lambda r: r.update(citations=r["citations"] * 1000)),
    "quote of a megabyte": broken(lambda r: r["citations"][0].update(quote="字" * 1_000_000, start=0, end=1_000_000)),
    "nested": broken(lambda r: r.update(index=json.loads('{"a":' * 500 + "1" + "}" * 500)), seals=False),
    "changed afterwards": broken(lambda r: r["citations"][0].update(title="改过"), seals=False),
    "changed quote": broken(lambda r: r["citations"][0].update(quote="字" * len(r["citations"][0]["quote"])), seals=False),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_record_is_refused(name: str) -> None:
    with pytest.raises(RecordError) as caught:
        verify_record(HOSTILE[name]) if isinstance(HOSTILE[name], dict) else checked_record(HOSTILE[name])
    assert caught.value.exit_code == 2
    assert caught.value.zh and len(caught.value.zh) < 700 and len(caught.value.en) < 700


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 100_000, b"NaN", b'{"schema": "youju-record/1", "x": NaN}',
     b"9" * 10_000, b"%PDF-1.4", "记录".encode("gb18030"), b" " * (MOST_BYTES + 1)],
    ids=range(11),
)  # fmt: skip
def test_a_file_that_is_no_record_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    file.write_bytes(content)
    with pytest.raises(RecordError):
        read_record(file)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none", Path("a\0b"), Path("/dev/zero")):
        with pytest.raises(RecordError):
            read_record(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_a_record_with_anything_in_any_place_is_refused_or_verified(data: st.DataObject) -> None:
    record = json.loads(json.dumps(RECORD))
    place: Any = record
    while True:
        key = data.draw(st.sampled_from(sorted(place)) if isinstance(place, dict) else st.integers(0, len(place) - 1))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(JSON)
    try:
        found = verify_record(resealed(record), files=FIXTURE)
    except RecordError:
        return
    for each in found.citations:
        if each.place:
            text = each.place.document.text
            assert text[each.place.start : each.place.end] == each.quote
    found.to_dict()


# -- described --------------------------------------------------------------------------------------------------------


def fields_of(schema: dict[str, Any], whole: dict[str, Any], place: str = "") -> dict[str, str]:
    """Every field that a schema describes, by its place (``citations[].quote``), with its description."""
    schema = {**(whole["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else {}), **schema}
    found: dict[str, str] = {}
    for one in [schema, *schema.get("anyOf", [])]:
        one = {**(whole["$defs"][one["$ref"].rpartition("/")[2]] if "$ref" in one else {}), **one}
        for name, inner in one.get("properties", {}).items():
            path = f"{place}.{name}".lstrip(".")
            found |= {path: inner["description"], **fields_of(inner, whole, path)}
        if "items" in one:
            found |= fields_of(one["items"], whole, f"{place}[]")
    return found


def test_the_schema_is_published_sound_and_closed() -> None:
    schema = json.loads(SCHEMA_FILE.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    assert Path(rag.__file__).parent in SCHEMA_FILE.parents, "it goes into the wheel with the package"

    def objects(value: Any) -> list[dict[str, Any]]:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        own = [value] if isinstance(value, dict) and "properties" in value and "type" in value else []
        return own + [each for one in inner for each in objects(one)]

    assert len(objects(schema)) > 10
    assert all(one["additionalProperties"] is False for one in objects(schema))


def test_the_docs_describe_every_field_as_the_schema_does() -> None:
    schema = json.loads(SCHEMA_FILE.read_text("utf-8"))
    table = DOCS.split("## Schema and versions")[1]
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.+?) \|$", table, re.MULTILINE))
    assert rows == fields_of(schema, schema)


def test_the_example_in_the_docs_is_a_record() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)
    assert checked_record(json.loads(example)) == RECORD


def test_odd_characters_are_cited_and_verified_exactly(
    make_assistant: Callable[..., Assistant], tmp_path: Path
) -> None:
    text = "\ufeff火星　基地 共有\r\n宇航员\u200b４２人😀。\f\r月球基地,共有 7 人。"
    opened = make_assistant(document_of(text))
    write_record(opened.ask("火星基地有多少宇航员？").to_record(), tmp_path / "r.json")
    found = verify_record(tmp_path / "r.json", index=opened)
    assert found.holds and found.citations
