"""Linking: near-equal documents of a store find each other, after a batch of them has gone in.

The signatures of documents that have gone in are kept with them; their bands are written here, many at a time and
sorted, because each by itself would touch 32 places of the file. What is not linked yet stands in the table
``unlinked``, so that a killed process leaves nothing out.
"""

import sqlite3

import numpy as np

from rag.index.duplicates import SIMILAR, Signature, bands, similarity

Links = dict[str, tuple[str, ...]]
"""Ids of documents with those of the near-equal ones, most similar first."""


def pending(connection: sqlite3.Connection) -> bool:
    """Whether there are documents that are not linked yet."""
    return connection.execute("SELECT 1 FROM unlinked").fetchone() is not None


def catch_up(connection: sqlite3.Connection) -> Links:
    """Links the documents that are not linked yet, in the caller's transaction.

    Returns:
        those that have near-equals which came before them, with these.
    """
    query = "SELECT number, id, signature FROM unlinked JOIN documents ON number = document ORDER BY number"
    rows = [(number, identifier, _signature(raw)) for number, identifier, raw in connection.execute(query)]
    keys = {number: bands(signature) for number, _, signature in rows}
    pairs = sorted((key, number) for number, its_keys in keys.items() for key in its_keys)
    connection.executemany("INSERT OR IGNORE INTO bands VALUES (?, ?)", pairs)
    found: Links = {}
    for number, identifier, signature in rows:
        near = _near(connection, number, signature, keys[number])
        for share, _, other in near:
            connection.execute("INSERT OR REPLACE INTO links VALUES (?, ?, ?)", (identifier, other, share))
            connection.execute("INSERT OR REPLACE INTO links VALUES (?, ?, ?)", (other, identifier, share))
        earlier = tuple(other for _, its_number, other in near if its_number < number)
        if earlier:
            found[identifier] = earlier
    connection.execute("DELETE FROM unlinked")
    return found


def remove(connection: sqlite3.Connection, number: int, signature: bytes) -> None:
    """Takes the bands of a document out, in the caller's transaction; its links go with the document itself."""
    keys = ((key, number) for key in bands(_signature(signature)))
    connection.executemany("DELETE FROM bands WHERE key = ? AND document = ?", keys)


def _near(
    connection: sqlite3.Connection, number: int, signature: Signature, keys: list[int]
) -> list[tuple[float, int, str]]:
    """Similarity, number and id of the near-equal documents, most similar first."""
    marks = ",".join("?" * len(keys))
    query = (
        "SELECT number, id, signature FROM documents WHERE number IN"  # noqa: S608
        f" (SELECT document FROM bands WHERE key IN ({marks}) AND document <> ?)"
    )
    others = connection.execute(query, (*keys, number)).fetchall()
    near = [(similarity(signature, _signature(raw)), its_number, other) for its_number, other, raw in others]
    return sorted((one for one in near if one[0] >= SIMILAR), key=lambda one: (-one[0], one[1]))


def _signature(raw: bytes) -> Signature:
    return np.frombuffer(raw, dtype="<u4")
