"""Integrity: what shows whether an index is still what was written into it, check by check."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from rag.errors import StoreError
from rag.index import lexical
from rag.index.conversation_rows import damaged_turns
from rag.index.database import FILE_NAME, damage
from rag.index.seals import SEALED_COLUMNS, checksum, digest, parts_of
from rag.index.store import Store

VERIFIED_WHOLE_BYTES = 8_000_000
"""Size of an index up to which it is verified whole before its first question; of a larger one what is quoted is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        check: name of the check.
        sound: whether all is well.
        zh, en: what to tell the user.
        notice: whether there is something to know though nothing is damaged.
    """

    check: str
    sound: bool
    zh: str
    en: str
    notice: bool = False


def record_findings(store: Store) -> list[Finding]:
    """What each check finds of an index's SQLite file alone."""
    with store.snapshot():
        return [check(store) for check in _CHECKS]


def verify(store: Store) -> None:
    """Verifies a small index whole; a large one is verified document by document as it is quoted.

    Raises:
        DamageError: it is damaged.
    """
    with suppress(OSError):
        if (store.folder / FILE_NAME).stat().st_size > VERIFIED_WHOLE_BYTES:
            return
    for finding in record_findings(store):
        if not finding.sound:
            raise damage(store.folder, finding.zh, finding.en)


def altered_documents(store: Store) -> set[str]:
    """Ids of the documents whose text or metadata is not what was written."""
    rows = store.connection.execute(f"SELECT {SEALED_COLUMNS}, seal, CAST(text AS BLOB) FROM documents")  # noqa: S608
    return {row[1] for row in rows if not _is_as_written(row[:-2], row[-2], row[-1])}


def derived_wrongly(store: Store) -> list[str]:
    """Ids of the documents whose chunks or facts are not those that were written."""
    rows = store.connection.execute("SELECT id, parts FROM documents ORDER BY number").fetchall()
    wrong = []
    for identifier, parts in rows:
        try:
            if parts_of(store.connection, identifier) != parts:
                wrong.append(identifier)
        except StoreError:  # a chunk that is no text
            wrong.append(identifier)
    return wrong


def chunks_without_vectors(store: Store) -> list[tuple[int, str]]:
    """Ids and texts of the chunks whose vector is missing, or is not the one that was written for their text."""
    rows = store.connection.execute(
        "SELECT c.id, c.text, v.content, v.vector, v.checksum FROM chunks c LEFT JOIN vectors v ON v.id = c.vector"
    )
    return [
        (number, text)
        for number, text, content, vector, check in rows
        if not (store.is_vector(content, vector, check) and content == store.content_key(text))
    ]


def _is_as_written(sealed: tuple[object, ...], seal: object, raw: bytes) -> bool:
    try:
        return digest([sealed]) == seal and checksum(raw.decode()) == sealed[12]
    except (UnicodeDecodeError, TypeError, AttributeError):
        return False


def _file(store: Store) -> Finding:
    try:
        rows = store.connection.execute("PRAGMA integrity_check(5)").fetchall()
        broken = store.connection.execute("PRAGMA foreign_key_check").fetchall()
        problem = "; ".join(str(row[0]) for row in rows if row[0] != "ok") or ("foreign keys" if broken else "")
        number = store.connection.execute("SELECT count(*) FROM documents").fetchone()[0]
    except StoreError as error:
        problem, number = str(error.__cause__ or error), 0
    if problem:
        return Finding("file", False, f"{FILE_NAME} 已损坏：{problem}", f"{FILE_NAME} is damaged: {problem}")
    return Finding("file", True, f"{FILE_NAME} 完好，{number} 份文档", f"{FILE_NAME} is sound, {number} documents")


def _lexical(store: Store) -> Finding:
    found = _counted(
        "lexical",
        lambda: lexical.damaged(store.connection),
        "处词法索引缺失或与写入时不同",
        "parts of the lexical index are missing or not what was written",
    )
    if found.sound and (waiting := lexical.pending(store.connection)):
        zh = f"{waiting} 个片段还没有进入词法索引（下次提问时会补上）"
        en = f"{waiting} chunks are not in the lexical index yet (they are added at the next question)"
        return Finding("lexical", True, zh, en, notice=True)
    return found


def _counted(check: str, count: Callable[[], int], zh: str, en: str) -> Finding:
    """The finding of a check that counts what is wrong."""
    try:
        number = count()
    except StoreError as error:
        return Finding(check, False, error.zh, error.en)
    return Finding(check, number == 0, f"{number} {zh}", f"{number} {en}")


def _counting(check: str, count: Callable[[Store], int], zh: str, en: str) -> Callable[[Store], Finding]:
    return lambda store: _counted(check, lambda: count(store), zh, en)


_CHECKS: tuple[Callable[[Store], Finding], ...] = (
    _file,
    _counting(
        "texts",
        lambda store: len(altered_documents(store)),
        "份文档的文字、标题、日期等与加入时不同",
        "documents have another text, title, date … than they came with",
    ),
    _counting(
        "parts",
        lambda store: len(derived_wrongly(store)),
        "份文档的片段或数字与写入时不同",
        "documents have other chunks or figures than were made of them",
    ),
    _counting(
        "vectors",
        lambda store: len(chunks_without_vectors(store)),
        "个片段没有可用的向量",
        "chunks have no usable vector",
    ),
    _lexical,
    _counting(
        "conversations",
        lambda store: damaged_turns(store.connection),
        "段对话与写入时不同",
        "turns of conversations are not what was written",
    ),
)
