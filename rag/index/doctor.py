"""Doctor: checks an index thoroughly, and mends what can be mended."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import StoreError
from rag.index import lexical
from rag.index.changes import renew_document, vector_rows
from rag.index.database import is_damage
from rag.index.indexing import preparation
from rag.index.integrity import Finding, chunks_without_vectors, derived_wrongly, record_findings
from rag.index.lookup import LOCAL, open_lookup
from rag.index.replacement import SET_ASIDE
from rag.index.rescue import left_behind, rescue
from rag.index.store import Store
from rag.index.synchronization import compare

if TYPE_CHECKING:
    from embeddings import TextEmbedder

__all__ = ["Finding", "examine", "repair"]

_RESCUED = {"file", "texts", "conversations"}
"""Checks whose failing means that the record itself is damaged; what the others look at can be derived again."""
_LOOKED_UP = {"faiss", "milvus"}
"""Checks of the places where passages are looked up, which the record can fill again."""
_NAMED = 20
_FILES_NAMED = 5


def examine(folder: Path, place: str = LOCAL) -> list[Finding]:
    """Checks an index: its file, documents, what is derived from them, conversations, their files, what was set aside.

    Args:
        folder: the folder of the index.
        place: where passages are looked up, a setting of :func:`rag.index.lookup.open_lookup`.

    Raises:
        StoreError: there is no index in the folder, it cannot be opened, or it is of another version.
    """
    lookup = open_lookup(place)
    try:
        with contextlib.closing(Store.open_as_it_is(folder)) as store:
            return [*record_findings(store), lookup.finding(store), _files(store), *_set_aside(store)]
    except StoreError as error:
        if is_damage(error):
            return [Finding("file", False, error.zh, error.en)]
        raise


def repair(folder: Path, embedder: "TextEmbedder", place: str = LOCAL) -> list[Finding]:
    """Mends an index: makes what is derived anew, or, where the record is damaged, rescues what can be read of it.

    A damaged file is kept beside the new one under a name with ``damaged`` in it, and :func:`examine` names it, and what
    of it is missing in the index, until it is deleted. A document that is damaged itself cannot be rescued; adding its
    file again brings it back. Killed at any moment, a repair loses nothing.

    Raises:
        StoreError: the folder cannot be written, another program has the index open, or it was made by another embedder.
    """
    before = examine(folder, place)
    if all(finding.sound for finding in before):
        return before
    damaged = {finding.check for finding in before if not finding.sound}
    try:
        if damaged <= _LOOKED_UP:
            _check_embedder(folder, embedder)
            _renew(folder, place)
            return examine(folder, place)
        if damaged & _RESCUED:
            rescue(folder, embedder)
        else:
            _check_embedder(folder, embedder)
        _derive_again(folder, embedder, place)
    except StoreError as error:
        if not is_damage(error):
            raise
        rescue(folder, embedder)
        _derive_again(folder, embedder, place)
    return examine(folder, place)


def _check_embedder(folder: Path, embedder: "TextEmbedder") -> None:
    Store.open(folder, embedder=embedder.name, dimension=embedder.dimension).close()


def _renew(folder: Path, place: str) -> None:
    with contextlib.closing(Store.open_as_it_is(folder)) as store:
        open_lookup(place).renew(store)


def _derive_again(folder: Path, embedder: "TextEmbedder", place: str) -> None:
    """Makes what is wrong of chunks, facts and vectors, the lexical index and what is searched anew from the documents."""
    with contextlib.closing(Store.open_as_it_is(folder)) as store:
        prepare = preparation(store, embedder, store.chunk_size)
        for identifier in derived_wrongly(store):
            renew_document(store, identifier, prepare)
        bad = chunks_without_vectors(store)
        texts = list(dict.fromkeys(text for _, text in bad))
        vectors = embedder.documents(texts) if texts else np.empty((0, store.dimension), np.float32)
        keys = [store.content_key(text) for text in texts]
        with store.transaction() as connection:
            connection.executemany(
                "INSERT INTO vectors (content, vector, checksum) VALUES (?, ?, ?) ON CONFLICT (content) DO UPDATE SET"
                " vector = excluded.vector, checksum = excluded.checksum",
                vector_rows(keys, vectors),
            )
            connection.executemany(
                "UPDATE chunks SET vector = (SELECT id FROM vectors WHERE content = ?) WHERE id = ?",
                [(store.content_key(text), chunk) for chunk, text in bad],
            )
            connection.execute("DELETE FROM vectors WHERE id NOT IN (SELECT vector FROM chunks)")
            lexical.clear(connection)
            lexical.catch_up(connection)
        open_lookup(place).renew(store)
        store.fold_journal()


def _set_aside(store: Store) -> list[Finding]:
    """A notice for each file that was set aside, with what of it the index does not hold."""
    return [_notice(kept, store) for kept in sorted(store.folder.glob(SET_ASIDE))]


def _notice(kept: Path, store: Store) -> Finding:
    lost, read_again, complete = left_behind(kept, store)
    zh = f"搁置的旧文件 {kept.name}："
    en = f"{kept.name} was set aside: "
    if lost:
        more = len(lost) - _NAMED
        zh += f"其中 {len(lost)} 份文档不在索引里：{'、'.join(lost[:_NAMED])}{f' 等（另有 {more} 份）' if more > 0 else ''}；"
        en += f"{len(lost)} of its documents are not in the index: {', '.join(lost[:_NAMED])}"
        en += f" and {more} more; " if more > 0 else "; "
        zh += "重新添加这些文件即可。"
        en += "add their files again. "
    elif complete and not read_again:
        zh += "其中的文档都在索引里。"
        en += "all of its documents are in the index. "
    if read_again:
        zh += f"这些文档的标题、日期等已损坏，是由文字重新读出的，请核对：{'、'.join(read_again[:_NAMED])}。"
        en += f"Title, date and the like of these had to be read from their text again, see to them: {', '.join(read_again[:_NAMED])}. "
    if not complete:
        zh += "它损坏得读不全，可能还有别的文档。"
        en += "It is too damaged to tell of all its documents; there may be more. "
    return Finding(
        "set aside", True, zh + "不再需要时可以删除它。", en + "Delete it when it is needed no more.", notice=True
    )


def _files(store: Store) -> Finding:
    """Whether files still are what was added; the index is sound whatever became of them."""
    try:
        states = compare(store)
        names = {entry.id: Path(entry.path).name for entry in store.entries()}
    except StoreError as error:
        return Finding("files", True, f"没有核对文件：{error.zh}", f"files were not compared: {error.en}", notice=True)
    amiss = {key: state for key, state in states.items() if state != "unchanged"}
    if not amiss:
        zh, en = f"{len(states)} 份文档的文件没有变动", f"the files of {len(states)} documents are as they were added"
        return Finding("files", True, zh, en)
    said_zh = {"changed": "内容已变", "gone": "已不在", "unreadable": "现在读不到"}
    said_en = {"changed": "changed", "gone": "gone", "unreadable": "cannot be read now"}
    first = list(amiss.items())[:_FILES_NAMED]
    zh = "、".join(f"{names[key]}（{said_zh[state]}）" for key, state in first) + (
        "等" if len(amiss) > len(first) else ""
    )
    en = ", ".join(f"{names[key]} ({said_en[state]})" for key, state in first) + (
        ", …" if len(amiss) > len(first) else ""
    )
    return Finding(
        "files",
        True,
        f"{len(amiss)} 份文档的文件加入之后变了：{zh}。youju add --sync 文件夹 可使索引与文件夹一致",
        f"the files of {len(amiss)} documents are no longer as they were added: {en}; 'youju add --sync FOLDER' brings "
        "the index into line",
        notice=True,
    )
