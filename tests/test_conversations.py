"""Conversations: kept across restarts, found again, gone when deleted, and the same in either store."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hashing_embedder import DIMENSION, HashingEmbedder
from hypothesis import given
from hypothesis import strategies as st
from youju_process import environment

from embeddings import load
from rag.errors import StoreError, UsageError
from rag.index import doctor
from rag.index.changes import remove_document
from rag.index.conversations import (
    Conversations,
    Feedback,
    Turn,
    gone_citations,
    new_id,
)
from rag.index.indexing import add
from rag.index.remembered_conversations import RememberedConversations
from rag.index.saved_conversations import SavedConversations, open_conversations
from rag.index.store import FILE_NAME, Store
from rag.text.documents import Document

MARK = "只有这里才写的一句话"


def opened(folder: Path) -> Store:
    return Store.open(folder, embedder="hashing", dimension=DIMENSION)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(opened(tmp_path)) as store:
        yield store


@pytest.fixture(params=["saved", "remembered"])
def conversations(request: pytest.FixtureRequest, store: Store) -> Conversations:
    return SavedConversations(store) if request.param == "saved" else RememberedConversations()


def answered(question: str, text: str = "264万个。", **values: Any) -> Turn:
    return Turn(new_id(), question, answer={"text": text, "citations": [], "hits": []}, **values)


def titles(conversations: Conversations, query: str = "", owner: str = "甲") -> list[str]:
    return [summary.title for summary in conversations.list(owner, query)]


# -- what both stores do ----------------------------------------------------------------------------------------------


def test_turns_are_read_back_in_order(conversations: Conversations) -> None:
    turns = (answered("一？"), Turn(new_id(), "二？", "stopped", text="写到一半"), answered("三？"))
    for turn in turns:
        conversations.save("甲", "c", turn)
    found = conversations.open("甲", "c")
    assert (found.turns, found.title) == (turns, "一？")
    assert found.history == [("一？", "264万个。"), ("三？", "264万个。")]


def test_a_turn_saved_again_takes_its_own_place(conversations: Conversations) -> None:
    first, second = answered("一？"), answered("二？")
    conversations.save("甲", "c", first)
    conversations.save("甲", "c", second)
    again = Turn(first.id, "一？", answer={"text": "改了", "citations": []})
    conversations.save("甲", "c", again)
    assert conversations.open("甲", "c").turns == (again, second)
    assert titles(conversations, "264万 改了") == ["一？"]
    conversations.cut("甲", "c", second.id)
    assert titles(conversations, "264万") == []


def test_last_changed_conversation_comes_first(conversations: Conversations) -> None:
    for name in ("a", "b", "c"):
        conversations.save("甲", name, answered(name))
    assert titles(conversations) == ["c", "b", "a"]
    conversations.save("甲", "a", answered("再问"))
    assert titles(conversations) == ["a", "c", "b"]
    assert [(each.id, each.turns) for each in conversations.list("甲", limit=2)] == [("a", 2), ("c", 1)]


def test_title_is_the_first_question_until_renamed(conversations: Conversations) -> None:
    first = answered("第一\n问" + "很长" * 40)
    conversations.save("甲", "c", first)
    (title,) = titles(conversations)
    assert len(title) == 60 and title.startswith("第一 问很长")
    conversations.cut("甲", "c", first.id)
    assert titles(conversations) == []
    conversations.save("甲", "c", answered("改过的第一问"))
    assert titles(conversations) == ["改过的第一问"]
    conversations.rename("甲", "c", "  5G\n基站 ")
    conversations.save("甲", "c", answered("又问"))
    assert titles(conversations) == [conversations.open("甲", "c").title] == ["5G 基站"]
    with pytest.raises(UsageError):
        conversations.rename("甲", "c", " \n")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("5g基站", True),
        ("５Ｇ基站數量", True),
        ("數量　264萬", True),
        ("GIGABIT", True),
        ("自己起的", True),
        ("  ", True),
        ("6G", False),
        ("5G 公路", False),
    ],
)
def test_search_folds_width_case_and_script(conversations: Conversations, query: str, found: bool) -> None:
    conversations.save("甲", "c", answered("5G基站数量是多少？", "264万个，含Gigabit城市。"))
    conversations.save("甲", "d", answered("高速公路呢？", "没有。"))
    conversations.rename("甲", "c", "自己起的名")
    assert ("自己起的名" in titles(conversations, query)) is found


def test_search_finds_traditional_text_and_what_was_stopped(conversations: Conversations) -> None:
    conversations.save("甲", "c", Turn(new_id(), "新能源汽車產量？", "stopped", text="一季度產量"))
    assert titles(conversations, "汽车产量") == titles(conversations, "一季度产量") == ["新能源汽車產量？"]
    assert titles(conversations, "%") == titles(conversations, "_") == []


def test_owners_see_and_change_only_their_own(conversations: Conversations) -> None:
    turn = answered("秘密？", feedback=Feedback(True))
    conversations.save("甲", "c", turn)
    assert titles(conversations, owner="乙") == titles(conversations, "秘密", owner="乙") == []
    for change in (
        lambda: conversations.open("乙", "c"),
        lambda: conversations.save("乙", "c", answered("混进来")),
        lambda: conversations.cut("乙", "c", turn.id),
        lambda: conversations.rename("乙", "c", "改名"),
        lambda: conversations.delete("乙", "c"),
        lambda: conversations.rate("乙", "c", turn.id, None),
    ):
        with pytest.raises(UsageError):
            change()
    assert conversations.rated("乙") == []
    assert conversations.open("甲", "c").turns == (turn,)


def test_what_is_not_there_is_told(conversations: Conversations) -> None:
    conversations.save("甲", "c", answered("一？"))
    for change in (
        lambda: conversations.cut("甲", "c", "别的"),
        lambda: conversations.rate("甲", "c", "别的", None),
        lambda: conversations.delete("甲", "别的"),
        lambda: conversations.open("甲", "\ud800"),
        lambda: conversations.save("甲", "x" * 10_000, answered("一？")),
        lambda: conversations.save("甲", "", answered("一？")),
    ):
        with pytest.raises(UsageError):
            change()
    conversations.delete("甲", "c")
    with pytest.raises(UsageError):
        conversations.open("甲", "c")


def test_feedback_is_set_changed_taken_back_and_listed_with_what_went_before(conversations: Conversations) -> None:
    day = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)
    first, second = answered("一？", asked=day), answered("那二呢？", asked=day + datetime.timedelta(hours=1))
    conversations.save("甲", "c", first)
    conversations.save("甲", "c", second)
    conversations.rate("甲", "c", second.id, Feedback(True))
    conversations.rate("甲", "c", second.id, Feedback(False, "wrong_figure", "应是 270 万"))
    conversations.save("乙", "d", answered("早的？", asked=day - datetime.timedelta(1), feedback=Feedback(True)))
    earlier, rated = conversations.rated()
    assert earlier.turn.question == "早的？" and earlier.history == ()
    assert rated.turn.feedback == Feedback(False, "wrong_figure", "应是 270 万")
    assert rated.history == (("一？", "264万个。"),)
    assert [each.turn.id for each in conversations.rated("甲")] == [second.id]
    conversations.rate("甲", "c", second.id, None)
    assert conversations.rated("甲") == [] and conversations.open("甲", "c").turns[1].feedback is None


# -- what lasts -------------------------------------------------------------------------------------------------------

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
turns = st.builds(
    Turn,
    id=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    question=text,
    status=st.sampled_from(["finished", "stopped", "failed"]),
    answer=st.none() | st.builds(lambda said, more: {**more, "text": said}, text, st.dictionaries(text, values)),
    text=text,
    filters=st.dictionaries(text, text, max_size=4),
    asked=st.datetimes(datetime.datetime(1970, 1, 2), datetime.datetime(9998, 1, 1), timezones=st.just(datetime.UTC)),
    feedback=st.none() | st.builds(Feedback, st.booleans(), text, text),
)


@given(asked=st.lists(turns, min_size=1, max_size=4, unique_by=lambda turn: turn.id))
def test_whatever_was_saved_is_read_back(tmp_path_factory: pytest.TempPathFactory, asked: list[Turn]) -> None:
    folder = tmp_path_factory.getbasetemp() / "property"
    with closing(opened(folder)) as store:
        conversations, key = SavedConversations(store), new_id()
        for turn in asked:
            conversations.save("甲", key, turn)
        assert conversations.open("甲", key).turns == tuple(asked)
        for turn in asked:
            words = (turn.question + " x").split()[:1]
            assert key in [each.id for each in conversations.list("甲", words[0])] or words == ["x"]
        conversations.delete("甲", key)


def test_half_characters_are_kept_as_what_can_be_shown(store: Store) -> None:
    conversations = open_conversations(store)
    conversations.save("甲", "c", Turn("t", "问\ud83d", answer={"text": "答\udc00", "citations": []}))
    (turn,) = conversations.open("甲", "c").turns
    assert (turn.question, turn.answer and turn.answer["text"]) == ("问\ufffd", "答\ufffd")
    assert titles(conversations, "问\ud83d") == ["问\ufffd"]


def test_conversations_outlive_the_program_and_do_not_age_the_index(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        generation = store.generation
        kept = open_conversations(store)
        assert kept.notice is None
        kept.save("甲", "c", answered("还在吗？", feedback=Feedback(True)))
    with closing(opened(tmp_path)) as store:
        assert store.generation == generation
        assert titles(open_conversations(store)) == ["还在吗？"]
        assert len(open_conversations(store).rated()) == 1


def test_process_that_is_killed_keeps_what_it_saved(tmp_path: Path) -> None:
    opened(tmp_path).close()
    script = f"""
import os
from pathlib import Path
from rag.index.conversations import Turn
from rag.index.saved_conversations import open_conversations
from rag.index.store import Store
kept = open_conversations(Store.open_as_it_is(Path({str(tmp_path)!r})))
kept.save("甲", "c", Turn("t", "存下了吗？"))
os._exit(9)
"""
    done = subprocess.run([sys.executable, "-c", script], env=environment(), check=False)
    assert done.returncode == 9
    with closing(opened(tmp_path)) as store:
        assert titles(open_conversations(store)) == ["存下了吗？"]


def test_two_connections_and_many_threads_lose_nothing(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as one, closing(opened(tmp_path)) as other:
        stores = [SavedConversations(one), SavedConversations(other)]
        errors: list[Exception] = []

        def work(number: int) -> None:
            try:
                mine, shared = stores[number % 2], stores[(number + 1) % 2]
                for count in range(5):
                    mine.save("甲", f"own-{number}", answered(f"{number}-{count}"))
                    shared.save("甲", "shared", answered(f"{number}-{count}"))
                    shared.list("甲", str(count))
                    turn = mine.open("甲", f"own-{number}").turns[-1]
                    shared.rate("甲", f"own-{number}", turn.id, Feedback(True))
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        shared_turns = [turn.question for turn in stores[0].open("甲", "shared").turns]
        assert sorted(shared_turns) == sorted(f"{number}-{count}" for number in range(6) for count in range(5))
        assert len(stores[1].rated()) == 30
        for number in range(6):
            own = [turn.question for turn in stores[0].open("甲", f"own-{number}").turns]
            assert own == [f"{number}-{count}" for count in range(5)]


def stands_on_disk(folder: Path, words: str) -> bool:
    return any(words.encode() in file.read_bytes() for file in folder.iterdir() if file.is_file())


@pytest.mark.parametrize("change", ["delete", "cut", "save", "comment"])
def test_what_is_removed_is_gone_from_the_disk(tmp_path: Path, change: str) -> None:
    with closing(opened(tmp_path)) as store:
        conversations = SavedConversations(store)
        for number in range(20):
            conversations.save("甲", f"other-{number}", answered("别的？" * 30, "别的答案。" * (200 * number % 700)))
        turn = answered(f"{MARK}？", f"{MARK}。" * 200)
        if change == "comment":
            turn = answered("一？", feedback=Feedback(False, "other", MARK))
        conversations.save("甲", "c", turn)
        for number in range(20, 30):
            conversations.save("甲", f"other-{number}", answered("别的？" * 30, "别的答案。" * 90))
        assert stands_on_disk(tmp_path, MARK)
        if change == "delete":
            conversations.delete("甲", "c")
        elif change == "cut":
            conversations.cut("甲", "c", turn.id)
        elif change == "save":
            conversations.save("甲", "c", Turn(turn.id, "换了？", "stopped", text="换了"))
        else:
            conversations.rate("甲", "c", turn.id, None)
        assert not stands_on_disk(tmp_path, MARK)
        assert len(conversations.list("甲")) >= 30


def test_what_is_removed_while_others_read_is_gone_after_the_next_change(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store, closing(opened(tmp_path)) as reader:
        conversations = SavedConversations(store)
        conversations.save("甲", "c", answered(f"{MARK}？"))
        with reader.snapshot():
            reader.connection.execute("SELECT count(*) FROM turns").fetchone()
            conversations.delete("甲", "c")
            assert titles(conversations) == []
        conversations.save("甲", "d", answered("下一问"))
        assert not stands_on_disk(tmp_path, MARK)


def test_change_that_fails_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(opened(tmp_path)) as store, closing(opened(tmp_path)) as other:
        conversations = SavedConversations(store)
        conversations.save("甲", "c", answered("一？"))
        monkeypatch.setattr("rag.index.database.WAIT_SECONDS", 0.05)
        with other.transaction(), pytest.raises(StoreError):
            conversations.save("甲", "c", answered("二？"))
        assert [turn.question for turn in conversations.open("甲", "c").turns] == ["一？"]


def test_index_that_cannot_be_written_is_chatted_with_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(opened(tmp_path)) as store:
        SavedConversations(store).save("甲", "c", answered("早先问的？"))
        store.fold_journal()
    monkeypatch.setattr("rag.index.index_file.is_writable", lambda file: False)
    before = (tmp_path / FILE_NAME).read_bytes()
    with closing(opened(tmp_path)) as store:
        conversations = open_conversations(store)
        assert conversations.notice is not None and all(conversations.notice)
        conversations.save("甲", "d", answered("还能问吗？"))
        assert titles(conversations) == ["还能问吗？"]
        assert titles(SavedConversations(store)) == ["早先问的？"]  # for export
        with pytest.raises(StoreError):
            SavedConversations(store).delete("甲", "c")
    assert (tmp_path / FILE_NAME).read_bytes() == before


# -- with the documents -----------------------------------------------------------------------------------------------


def test_citations_of_removed_and_changed_documents_are_told_and_still_read(store: Store) -> None:
    embedder = load(HashingEmbedder())
    documents = [Document(f"{name}的产量是12万吨。今天天气很好。", f"{name}.txt", name, id=name) for name in "甲乙丙"]
    add(store, embedder, documents)
    quotes = [
        {"number": number, "document_id": document.id, "start": 0, "end": 10, "quote": document.text[:10]}
        for number, document in enumerate(documents, 1)
    ]
    kept = open_conversations(store)
    kept.save("甲", "c", Turn("t", "产量？", answer={"text": "12万吨。", "citations": quotes}))
    answer = kept.open("甲", "c").turns[0].answer
    assert answer is not None and gone_citations(store, answer) == set()
    remove_document(store, "甲")
    add(store, embedder, Document("改过了，乙的产量是12万吨。", "乙.txt", "乙", id="乙"))
    assert gone_citations(store, answer) == {1, 2}
    assert kept.open("甲", "c").turns[0].answer == answer


def test_doctor_rescues_conversations_from_a_damaged_file(tmp_path: Path) -> None:
    embedder = load(HashingEmbedder())
    with closing(opened(tmp_path)) as store:
        add(store, embedder, [Document(f"第{number}份。" * 300, f"{number}", f"{number}") for number in range(20)])
        kept = SavedConversations(store)
        turns = {f"c{number}": answered(f"{number}？", "答" * 900) for number in range(30)}
        for key, turn in turns.items():
            kept.save("甲", key, turn)
        kept.rate("甲", "c3", turns["c3"].id, Feedback(True, "", "好"))
        kept.rename("甲", "c3", "起的名")
        store.fold_journal()
    file = tmp_path / FILE_NAME
    raw = bytearray(file.read_bytes())
    place = raw.index(turns["c15"].id.encode()) // 4096 * 4096
    raw[place : place + 4096] = os.urandom(4096)
    file.write_bytes(raw)
    assert all(finding.sound for finding in doctor.repair(tmp_path, embedder))
    with closing(opened(tmp_path)) as store:
        kept = SavedConversations(store)
        listed = {summary.id for summary in kept.list("甲")}
        assert len(listed) > 15
        for key in listed - {"c3"}:
            assert kept.open("甲", key).turns == (turns[key],)
        assert kept.open("甲", "c3").title == "起的名"
        assert [rated.turn.feedback for rated in kept.rated()] == [Feedback(True, "", "好")]
