"""Processes that write an index, killed at any step: nothing committed is lost, nothing is half there.

``OPERATIONS`` is the list of what is killed. One more operation is one more entry: what is there before it, and the
command.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from corpus import files_in, open_assistant, texts_in
from effort import Effort, Figures
from processes import Child, youju

from rag.errors import StoreError
from rag.index import doctor
from rag.index.backup import backup
from rag.index.rows import Filters
from rag.index.store import FILE_NAME, Store
from rag.text.chunks import chunk
from rag.text.facts import facts_of
from rag.text.structure import sentences_of

OLD = [f"{number:02}" for number in range(10)]
NEW = [f"{number:02}" for number in range(10, 16)]
Texts = dict[str, str]


@dataclass(frozen=True)
class Site:
    """Where an operation is tried: a folder of documents and their index."""

    root: Path

    @property
    def documents(self) -> Path:
        return self.root / "documents"

    @property
    def index(self) -> Path:
        return self.root / "index"

    def ids(self, names: list[str]) -> list[str]:
        """Ids of those documents that are there, by their file names."""
        with closing(Store.open_as_it_is(self.index)) as store:
            return [entry.id for entry in store.entries() if Path(entry.path).stem in names]


@dataclass(frozen=True)
class Operation:
    """What is killed.

    Attributes:
        prepare: changes the site, which has an index of the documents ``OLD``, before the operation; gives the texts
            by path that the index holds before it and after it has come to its end.
        command: its arguments for ``youju``.
        whole: whether it happens as a whole or not at all; otherwise each document for itself.
    """

    prepare: Callable[[Site], tuple[Texts, Texts]]
    command: Callable[[Site], list[str | Path]]
    whole: bool = False


def _adding(site: Site) -> tuple[Texts, Texts]:
    before = texts_in(site.index)
    return before, before | files_in(site.documents, NEW)


def _beginning(site: Site) -> tuple[Texts, Texts]:
    after = texts_in(site.index)
    shutil.rmtree(site.index)
    return {}, after


def _replacing(site: Site) -> tuple[Texts, Texts]:
    before = texts_in(site.index)
    return before, before | files_in(site.documents, OLD[2:8], version=1)


def _removing(site: Site) -> tuple[Texts, Texts]:
    before = texts_in(site.index)
    gone = {str(site.documents / f"{name}.txt") for name in OLD[1:7]}
    return before, {path: text for path, text in before.items() if path not in gone}


def _bringing_into_line(site: Site) -> tuple[Texts, Texts]:
    before = texts_in(site.index)
    changed = files_in(site.documents, OLD[2:5], version=1) | files_in(site.documents, NEW)
    gone = [site.documents / f"{name}.txt" for name in OLD[6:9]]
    for file in gone:
        file.unlink()
    return before, {path: text for path, text in (before | changed).items() if Path(path) not in gone}


def _restoring(site: Site) -> tuple[Texts, Texts]:
    after = texts_in(site.index)
    backup(site.index, site.root / "backup.sqlite")
    added = files_in(site.documents, NEW)
    with open_assistant(site.index) as assistant:
        assistant.add(list(added))
    return after | added, after


# The format before, so far as bringing it up to date looks at it.
_OLDER = (
    "ALTER TABLE documents DROP COLUMN date_is_guessed",
    "ALTER TABLE documents DROP COLUMN unsure",
    "ALTER TABLE documents DROP COLUMN parts",
    "ALTER TABLE documents DROP COLUMN seal",
    "ALTER TABLE vectors DROP COLUMN checksum",
    "ALTER TABLE turns DROP COLUMN seal",
    "ALTER TABLE conversations DROP COLUMN seal",
    "ALTER TABLE postings DROP COLUMN checksum",
    "DELETE FROM settings WHERE key IN ('seal', 'folders')",
    "UPDATE settings SET value = '4' WHERE key = 'version'",
)


def _keeping(*damage: Callable[[Site], object]) -> Callable[[Site], tuple[Texts, Texts]]:
    def prepare(site: Site) -> tuple[Texts, Texts]:
        before = texts_in(site.index)
        for spoil in damage:
            spoil(site)
        return before, before

    return prepare


def _executed(*statements: str) -> Callable[[Site], None]:
    def spoil(site: Site) -> None:
        with closing(sqlite3.connect(site.index / FILE_NAME)) as connection, connection:
            connection.execute("PRAGMA writable_schema = ON")
            for statement in statements:
                connection.execute(statement)

    return spoil


# One index of the file is said to lie where another does: SQLite finds the file damaged, every document can be read.
_CROSSED = _executed(
    "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'facts_of_subject')"
    " WHERE name = 'chunks_of_document'"
)


def _repairing(site: Site) -> list[str | Path]:
    return ["doctor", "--repair"]


OPERATIONS: dict[str, Operation] = {
    "add": Operation(_adding, lambda site: ["add", site.documents]),
    "first add": Operation(_beginning, lambda site: ["add", site.documents]),
    "replace": Operation(_replacing, lambda site: ["add", site.documents]),
    "remove": Operation(_removing, lambda site: ["remove", *site.ids(OLD[1:7])]),
    "edit": Operation(_keeping(), lambda site: ["edit", *site.ids(OLD[:1]), "--title", "新题", "--date", "2024-01-01"]),
    "rebuild": Operation(_keeping(), lambda site: ["rebuild", "--chunk-size", "200"], whole=True),
    "bring into line": Operation(_bringing_into_line, lambda site: ["add", "--sync", site.documents]),
    "restore": Operation(_restoring, lambda site: ["restore", site.root / "backup.sqlite", "--replace"], whole=True),
    "migrate": Operation(_keeping(_executed(*_OLDER)), lambda site: ["list"], whole=True),
    "repair of the file": Operation(_keeping(_CROSSED), _repairing),
    "repair of vectors": Operation(_keeping(_executed("DELETE FROM vectors WHERE id % 3 = 0")), _repairing),
    "repair of spans": Operation(_keeping(_executed("UPDATE chunks SET end = start WHERE id = 3")), _repairing),
    "repair of postings": Operation(_keeping(_executed("DELETE FROM segments")), _repairing),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site with an index of ``OLD``; a copy of it lies beside it."""
    made = Site(tmp_path_factory.mktemp("kills") / "site")
    files_in(made.documents, OLD)
    with open_assistant(made.index) as assistant:
        assistant.add(made.documents)
        assistant.retrieve("基站")
        assistant.store.fold_journal()
    shutil.copytree(made.root, made.root.with_name("as made"))
    return made


def _put_back(site: Site, state: str) -> None:
    shutil.rmtree(site.root, ignore_errors=True)
    shutil.copytree(site.root.with_name(state), site.root)


@pytest.mark.parametrize("name", OPERATIONS)
def test_killed_at_any_step(site: Site, effort: Effort, figures: Figures, name: str) -> None:
    operation, chance = OPERATIONS[name], effort.random(name)
    _put_back(site, "as made")
    before, after = operation.prepare(site)
    command = [*operation.command(site), "--index", site.index]
    shutil.copytree(site.root, site.root.with_name(name))
    began = time.monotonic()
    whole = _run(site, command, None)
    assert whole.ended() == 0, whole.written
    seconds, steps = time.monotonic() - began, whole.steps
    assert_sound(site.index, after)
    for number in range(effort.of(1, 22)):
        _put_back(site, name)
        if number % 4 < 3:
            killed = _run(site, command, chance.randint(1, steps))
        else:
            killed = _run(site, command, None)
            time.sleep(chance.random() * seconds)
            killed.kill()
        if killed.ended() == 0:  # the machine was quicker than the last time
            figures.counts["came to its end"] += 1
            continue
        figures.counts["kills"] += 1
        figures.counts[f"kills of {name}"] += 1
        assert "Traceback" not in killed.written, killed.written
        assert killed.left_behind() == []
        assert_survived(site, before, after, operation.whole, figures)
        if name != "remove" or texts_in(site.index) != after:  # what is removed already is refused
            again = _run(site, [*operation.command(site), "--index", site.index], None)
            assert again.ended() == 0, again.written
        assert_sound(site.index, after)


def _run(site: Site, command: list[str | Path], stop_at: int | None) -> Child:
    child = youju(*command, output=site.root / "output", stop_at=stop_at)
    if stop_at is not None:
        child.ended()
    return child


def assert_survived(site: Site, before: Texts, after: Texts, whole: bool, figures: Figures) -> None:
    """What a kill may leave: each document as before or as after, in an index that is sound or that a repair mends."""
    if not before and not (site.index / FILE_NAME).exists():
        return
    try:
        with open_assistant(site.index) as assistant:
            assistant.retrieve("基站")  # catches up with what the process had still to do
        told_sound = all(finding.sound for finding in doctor.examine(site.index))
        found = texts_in(site.index)
    except StoreError:
        if not before:  # nothing was there yet
            return
        told_sound, found = False, {}
    if not told_sound:
        mended = youju("doctor", "--repair", "--index", site.index, output=site.root / "repaired")
        assert mended.ended() == 0, mended.written
        assert "Traceback" not in mended.written, mended.written
        found = texts_in(site.index)
    lost = {path for path in before.keys() & after.keys() if path not in found}
    figures.counts["documents lost"] += len(lost)
    assert not lost, f"lost {len(lost)} of {len(before)} documents; the doctor said sound: {told_sound}"
    assert found.keys() <= before.keys() | after.keys()
    mixed = {path for path, text in found.items() if text not in (before.get(path), after.get(path))}
    assert not mixed
    if whole:
        assert found in (before, after)
    assert_sound(site.index, found)


def assert_sound(index: Path, texts: Texts) -> None:
    """The index holds these documents, each with the chunks and facts of its text, and finds them."""
    with open_assistant(index) as assistant:
        store = assistant.store
        assert texts_in(index) == texts
        for entry in assistant.documents():
            document = assistant.document(entry.id)
            sentences = sentences_of(document.text, document.speakers)
            expected = [(part.start, part.end, part.text) for part in chunk(sentences, store.chunk_size)]
            kept = store.connection.execute(
                "SELECT start, end, text FROM chunks WHERE document_id = ? ORDER BY id", (entry.id,)
            )
            assert kept.fetchall() == expected
            facts = [
                fact
                for _, fact in store.facts(store.subjects(Filters(document_id=entry.id)), Filters(document_id=entry.id))
            ]
            assert sorted(map(repr, facts)) == sorted(map(repr, facts_of(document, sentences)))
        for path in list(texts)[::4]:
            quoted = texts[path][-60:-30]
            hits = assistant.retrieve(quoted, 3)
            (found,) = [
                hit for hit in hits if hit.document.path == path and quoted in hit.document.text[hit.start : hit.end]
            ]
            assert set(found.found_by) == {"lexical", "dense"}
            assert found.document.text == texts[path]
        assistant.store.fold_journal()
    findings = doctor.examine(index)
    assert all(finding.sound for finding in findings), findings
