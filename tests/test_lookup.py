"""The places where passages are looked up keep one contract, whichever the setting names."""

from __future__ import annotations

import datetime
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import youju_call
from hashing_embedder import HashingEmbedder

from embeddings import load
from rag.assistant import Assistant
from rag.errors import UsageError
from rag.index import doctor
from rag.index.lookup import fill, open_lookup
from rag.index.store import Store
from rag.search.retrieval import Hit
from rag.text.documents import Document

HAS_MILVUS = all(importlib.util.find_spec(name) for name in ("pymilvus", "milvus_lite"))
Open = Callable[..., Assistant]

LIBRARY = [
    Document("全国累计建成5G基站264万个，覆盖所有地级市。", "a", "基站", datetime.date(2023, 4, 20), "工信部"),
    Document("一季度新能源汽车销售158.6万辆，同比增长。", "b", "汽车", datetime.date(2023, 5, 1), "中汽协"),
    Document(
        "张三：5G基站要建到每个乡镇。\n\n李四：汽车下乡也要跟上。",
        "c",
        "问答",
        None,
        "工信部网站",
        speakers=("张三", "李四"),
    ),
    Document("去年建成的5G基站比前年多。", "d", "旧闻", datetime.date(2022, 1, 2), '"]) or chunk > 0 or source in (["'),
    Document("基站的日子只在文件名里。", "e", "猜测", datetime.date(2023, 4, 20), "", date_is_guessed=True),
]


@pytest.fixture(
    scope="module",
    params=["local", pytest.param("milvus", marks=pytest.mark.skipif(not HAS_MILVUS, reason="no milvus-lite here"))],
)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Each place by its setting; one file of Milvus serves all tests, since each index has a collection of its own."""
    return "local" if request.param == "local" else f"milvus:{tmp_path_factory.mktemp('milvus')}/contract.db"


@pytest.fixture
def opened(tmp_path: Path, place: str) -> Iterator[Open]:
    """Opens the index of the test, again and again, with the place as its store."""
    with ExitStack() as stack:

        def open_index(*documents: Document, **options: Any) -> Assistant:
            given = {"embedder": HashingEmbedder(), "language_model": "extractive", "store": place, **options}
            assistant = stack.enter_context(Assistant.open(tmp_path / "index", **given))
            if documents:
                assistant.add(list(documents))
            return assistant

        yield open_index


@pytest.fixture(scope="module")
def library(place: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """The documents above, for tests that change nothing; the id of each is its path behind ``id-``."""
    folder = tmp_path_factory.mktemp("library")
    with Assistant.open(folder, embedder=HashingEmbedder(), language_model="extractive", store=place) as assistant:
        assistant.add([replace(document, id=f"id-{document.path}") for document in LIBRARY])
        yield assistant


def paths(hits: list[Hit]) -> set[str]:
    return {hit.document.path for hit in hits}


def looked_up(assistant: Assistant, place: str) -> list[tuple[str, bool]]:
    """What the doctor finds of the place, and of all else."""
    findings = doctor.examine(assistant.store.folder, place)
    return [(finding.check, finding.sound) for finding in findings if not finding.sound or finding.check in PLACES]


PLACES = ("faiss", "milvus")


def test_what_goes_in_is_found_by_its_words_and_by_its_meaning(opened: Open) -> None:
    hits = opened(*LIBRARY).retrieve("新能源汽车销售了多少辆？", 1)
    assert [(hit.document.path, hit.found_by) for hit in hits] == [("b", ("lexical", "dense"))]
    assert hits[0].similarity == pytest.approx(0.5, abs=0.5)


def test_an_empty_index_finds_nothing(opened: Open) -> None:
    assistant = opened()
    assert assistant.retrieve("5G基站") == []
    assistant.add(LIBRARY[0])
    assert paths(assistant.retrieve("5G基站")) == {"a"}


def test_what_is_replaced_is_found_as_it_is_now(opened: Open) -> None:
    assistant = opened(*LIBRARY)
    assert "158.6万辆" in assistant.retrieve("新能源汽车", 1)[0].text
    assistant.add(Document("二季度新能源汽车销售213.5万辆。", "b", "汽车"))
    found = [hit.text for hit in assistant.retrieve("新能源汽车", 10) if hit.document.path == "b"]
    assert found == ["二季度新能源汽车销售213.5万辆。"]


def test_what_is_removed_is_found_no_more(opened: Open) -> None:
    assistant = opened(*LIBRARY)
    assert "a" in paths(assistant.retrieve("5G基站"))
    assistant.remove(next(entry.id for entry in assistant.documents() if entry.path == "a"))
    assert paths(assistant.retrieve("5G基站")) == {"b", "c", "d", "e"}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"after": "2023-04-20"}, {"a", "b"}),
        ({"before": "2023-04-20"}, {"a", "d"}),
        ({"after": "2023", "before": "2023-04"}, {"a"}),
        ({"source": "工信部"}, {"a", "c"}),
        ({"source": "工信部", "after": "2023"}, {"a"}),
        ({"source": "新华社"}, set()),
        ({"speaker": "李四"}, {"c"}),
        ({"speaker": "王五"}, set()),
        ({"document_id": "id-b"}, {"b"}),
        ({"document_ids": ("id-a", "id-b")}, {"a", "b"}),
        ({"document_ids": ("id-a", "id-b"), "document_id": "id-b"}, {"b"}),
        ({"document_ids": ("id-x",)}, set()),
        ({"document_id": "id-x"}, set()),
        ({"source": '"]) or chunk > 0 or source in (["'}, {"d"}),  # a name like any other, not an expression
        ({"source": "' or 1 == 1 or '"}, set()),
        ({"speaker": '"] or chunk > 0 or speakers in ["'}, set()),
        ({"document_id": "0] or chunk > 0 or document in [0"}, set()),
        ({"document_id": "%"}, set()),
    ],
)
def test_filters_let_through_what_they_name_and_nothing_else(
    library: Assistant, filters: dict[str, str], expected: set[str]
) -> None:
    assert paths(library.retrieve("5G基站和汽车", **filters)) == expected


def test_filters_follow_what_is_edited(opened: Open) -> None:
    assistant = opened(*LIBRARY)
    assert paths(assistant.retrieve("汽车", source="新华社")) == set()
    known = {entry.path: entry.id for entry in assistant.documents()}
    assistant.edit(known["b"], source="新华社", date="2020-01-01")
    assert paths(assistant.retrieve("汽车", source="新华社")) == {"b"}
    assert paths(assistant.retrieve("汽车", before="2021")) == {"b"}


def test_reprints_are_one_hit_that_names_the_others(opened: Open) -> None:
    text = "全国粮食产量连续八年稳定在一点三万亿斤以上，今年夏粮又获丰收，秋粮面积稳中有增。" * 2
    assistant = opened(Document(text, "one", "报道"), Document(text + "（转载）", "two", "转载"), LIBRARY[1])
    (hit,) = [hit for hit in assistant.retrieve("粮食产量") if hit.document.path in ("one", "two")]
    assert {hit.document.path, *(other.path for other in hit.reprints)} == {"one", "two"}


def test_what_another_process_changes_is_followed(opened: Open) -> None:
    one, other = opened(LIBRARY[0]), opened()
    assert paths(other.retrieve("汽车")) == {"a"}
    one.add(LIBRARY[1])
    assert paths(other.retrieve("汽车")) == {"a", "b"}
    assert paths(one.retrieve("汽车")) == {"a", "b"}
    other.remove(next(entry.id for entry in other.documents() if entry.path == "a"))
    assert paths(other.retrieve("基站")) == paths(one.retrieve("基站")) == {"b"}


def test_rebuilding_with_other_chunks_is_followed(opened: Open) -> None:
    long = Document("".join(f"第{number}项工作已经完成，成效明显。" for number in range(60)), "long", "清单")
    assistant = opened(long, LIBRARY[1])
    before = assistant.retrieve("第7项工作", 20)
    assistant.rebuild(chunk_size=60)
    after = assistant.retrieve("第7项工作", 20)
    assert len(after) > len(before)
    assert all(hit.document.text[hit.start : hit.end].startswith("第") for hit in after if hit.document.path == "long")


def test_the_doctor_finds_a_place_in_step_and_fills_one_that_is_not_there(opened: Open, place: str) -> None:
    assistant = opened(*LIBRARY)
    assistant.retrieve("5G基站")
    (found,) = looked_up(assistant, place)
    assert found in [(check, True) for check in PLACES]
    assistant.add(Document("后来的事。", "later", "后来"))
    ((check, sound),) = looked_up(assistant, place)
    assert not sound
    doctor.repair(assistant.store.folder, load(HashingEmbedder()), place)
    assert looked_up(assistant, place) == [(check, True)]


def test_filling_is_compared_and_counts_only_what_is_missing(tmp_path: Path, place: str) -> None:
    with Assistant.open(tmp_path, embedder=HashingEmbedder(), language_model="extractive") as assistant:
        assistant.add(LIBRARY)
        store: Store = assistant.store
        number, finding = fill(store, open_lookup(place))
        assert (number, finding.sound) == (len(store.chunk_ids()), True)
        counted: list[tuple[int, int]] = []
        fill(store, open_lookup(place), lambda done, total: counted.append((done, total)))
        assert counted == []


@pytest.mark.parametrize(
    "setting",
    [
        "postgres:x",
        "milvus",
        "milvus:",
        "milvus:.db",
        "milvus:ftp://host",
        "milvus:http://",
        "milvus:host:19530",
        "milvus:http://h:port",
    ],
)
def test_a_setting_that_names_no_place_is_refused(tmp_path: Path, setting: str) -> None:
    with pytest.raises(UsageError, match="milvus:"):
        Assistant.open(tmp_path, embedder=HashingEmbedder(), store=setting)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("language", "says"), [("zh", "pip install 'youju[milvus]'"), ("en", "is not installed")])
def test_without_pymilvus_it_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, says: str
) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with Assistant.open(tmp_path, embedder=HashingEmbedder(), language_model="extractive", store="local") as assistant:
        assistant.add(LIBRARY[0])
    store = "milvus:http://127.0.0.1:19530"
    outcome = youju_call.run("search", "5G基站", "--index", tmp_path, language=language, YOUJU_STORE=store)
    outcome.refuses(1, says, language)
