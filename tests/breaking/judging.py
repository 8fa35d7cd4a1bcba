"""Whether what a damaged index gives is right: held against what the sound one gives and ever gave."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus import CHUNK_SIZE, EDITED, documents, edit, open_assistant
from hashing_embedder import HashingEmbedder
from observing import LOOKS

from embeddings import load
from rag.assistant import Assistant
from rag.errors import StoreError, YoujuError
from rag.index import doctor
from rag.index.database import FILE_NAME
from rag.index.replacement import SET_ASIDE
from rag.index.rescue import left_behind
from rag.text.chunks import DEFAULT_SIZE, chunk
from rag.text.documents import Document
from rag.text.structure import sentences_of
from rag.text.view import readable

EMBEDDER = load(HashingEmbedder())
WAYS_OUT = ("--repair", "youju rebuild", "format version", "格式版本")


@dataclass
class Truth:
    """What an index holds, and what it held before its last commits.

    Attributes:
        given: the documents as they were added, in their order.
        looks: what each look gives now.
        known: parts that a look may give: documents, entries, passages and points of now and of before.
    """

    given: list[Document] = field(default_factory=documents)
    looks: dict[str, Any] = field(default_factory=dict)
    documents: dict[str, list[Document]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def learn(self, assistant: Assistant) -> None:
        """Takes what a sound index gives for the truth."""
        self.looks = {name: look(assistant) for name, look in LOOKS.items()}
        for document in self.looks["texts"]:
            self.documents.setdefault(document.id, []).append(document)
            for size in (CHUNK_SIZE, DEFAULT_SIZE):  # the latter where a repair cannot tell the former any more
                for part in chunk(sentences_of(document.text, document.speakers), size):
                    self.known.add(repr((document, part.start, part.end, part.text, part.speakers)))
        for name in _COMPLETE:
            self.known |= set(self._parts(name, self.looks[name]))

    def verdict(self, name: str, value: Any) -> str:
        """``same``, ``incomplete`` (something is missing or in another order, all that is there is true) or ``wrong``."""
        if value == self.looks[name]:
            return "same"
        if name == "conversations":
            return "wrong"
        if name.startswith("ask"):
            return "incomplete" if all(map(self._is_true, value["claims"])) and self._cites(value) else "wrong"
        return "incomplete" if self.known.issuperset(self._parts(name, value)) else "wrong"

    def _parts(self, name: str, value: Any) -> Iterable[str]:
        if name == "timeline":
            return map(_point, value["points"])
        if name.startswith("retrieve"):
            return [repr(hit[:5]) for hit in value]
        return map(repr, value)

    def _is_true(self, claim: dict[str, Any]) -> bool:
        texts = [readable(document.text) for versions in self.documents.values() for document in versions]
        sound = [one["text"] for name, look in self.looks.items() if name.startswith("ask") for one in look["claims"]]
        return claim["text"] in sound or any(claim["text"].rstrip("。") in text for text in texts)

    def _cites(self, answer: dict[str, Any]) -> bool:
        return all(
            any(
                (cited["title"], cited["date"]) == (one.title, one.date and one.date.isoformat())
                and one.text[cited["start"] : cited["end"]] == cited["quote"]
                for one in self.documents.get(cited["document_id"], ())
            )
            for cited in answer["citations"]
        )


@dataclass
class Case:
    """What became of one damaged index.

    Attributes:
        outcome: ``right``, ``refused``, ``incomplete`` or ``wrong``: the worst of all looks before a repair.
        faults: what must not be, each with its kind: ``wrong`` (what is not true was shown), ``raised`` (a raw
            exception), ``unclear`` (an error that names no way out), ``untold`` (results are missing and the doctor
            sees nothing), ``unmended`` (the repair left something).
    """

    outcome: str = "right"
    faults: list[tuple[str, str]] = field(default_factory=list)

    def fault(self, kind: str, text: str) -> None:
        self.faults.append((kind, text))


_ORDER = ("right", "refused", "incomplete", "wrong")
_COMPLETE = ("documents", "beside documents", "texts", "timeline")
"""Looks at everything there is: where these lack something, and nobody says so, they are wrong."""


def judge(index: Path, truth: Truth) -> Case:
    """Looks at a damaged index as a reader does, then repairs it and looks again."""
    case = Case()
    told = _told(index, case)
    says = f"the doctor says {'damaged' if told else 'sound'}"
    for name, (verdict, detail) in _seen(index, truth).items():
        if verdict == "incomplete" and name in _COMPLETE and not told:
            verdict = "wrong"
        if verdict in ("wrong", "raised", "unclear"):
            case.fault(verdict, f"{name}; {says}; {detail}")
        elif verdict == "incomplete" and not told:
            case.fault("untold", f"{name}; {detail}")
        case.outcome = max(case.outcome, verdict, key=lambda one: _ORDER.index(one) if one in _ORDER else 0)
    if told or case.outcome == "refused":
        _repair(index, truth, case)
    return case


def _told(index: Path, case: Case) -> bool:
    """Whether the doctor finds the damage."""
    try:
        return not all(finding.sound for finding in doctor.examine(index))
    except StoreError as error:
        if not _names_a_way_out(error):
            case.fault("unclear", f"doctor: {error.en}")
    except Exception as error:
        case.fault("raised", f"doctor: {_where(error)}")
    return True


def _seen(index: Path, truth: Truth) -> dict[str, tuple[str, str]]:
    """Each look's verdict, with what speaks for it. After an error the index is opened again."""
    seen: dict[str, tuple[str, str]] = {}
    while len(seen) < len(LOOKS):
        name = next(name for name in LOOKS if name not in seen)
        try:
            with open_assistant(index) as assistant:
                for name, look in [(name, look) for name, look in LOOKS.items() if name not in seen]:
                    value = look(assistant)
                    seen[name] = truth.verdict(name, value), _difference(truth.looks[name], value)
        except YoujuError as error:
            seen[name] = ("refused", "") if _names_a_way_out(error) else ("unclear", error.en)
        except Exception as error:
            seen[name] = ("raised", _where(error))
    return seen


def _repair(index: Path, truth: Truth, case: Case) -> None:
    """After a repair all that is there is true; with what was lost added again, everything is."""
    try:
        findings = doctor.repair(index, EMBEDDER)
    except StoreError as error:
        if not _names_a_way_out(error):
            case.fault("unclear", f"repair: {error.en}")
        return
    except Exception as error:
        case.fault("raised", f"repair: {_where(error)}")
        return
    if not all(finding.sound for finding in findings):
        case.fault("unmended", str([finding.en for finding in findings if not finding.sound]))
    _correct(index, truth)
    for name, (verdict, detail) in _seen(index, truth).items():
        if verdict in ("wrong", "raised", "unclear", "refused") and name not in ("conversations", "beside documents"):
            case.fault("unmended", f"{name} is {verdict} after the repair; {detail}")
    try:
        with open_assistant(index) as assistant:
            assistant.add(truth.given)
            found = {entry.path: assistant.document(entry.id) for entry in assistant.documents()}
            points = set(map(_point, LOOKS["timeline"](assistant)["points"]))
    except Exception as error:
        case.fault("unmended", f"added again after the repair: {_where(error)}")
        return
    # The edit of a document that was lost is lost with it; the rest is as it was.
    sound = {document.path: document for document in truth.looks["texts"] if document.path != EDITED}
    differing = [path for path, document in sound.items() if found.get(path) != document]
    missing = {
        _point(point) for point in truth.looks["timeline"]["points"] if point["citation"]["path"] != EDITED
    } - points
    if differing or missing:
        case.fault("unmended", f"added again after the repair, these differ: {differing} {missing}")


def _correct(index: Path, truth: Truth) -> None:
    """Corrects what the doctor says was read from the text again, for want of the title and date that were given."""
    with open_assistant(index) as assistant:
        named = {path for kept in index.glob(SET_ASIDE) for path in left_behind(kept, assistant.store)[1]}
        assistant.add([document for document in truth.given if document.path in named])
        if EDITED in named:
            edit(assistant)


def _point(point: dict[str, Any]) -> str:
    """A point of a timeline by what it says; which of two reprints it is cited from depends on which went in first."""
    said = {name: value for name, value in point.items() if name not in ("citation", "speaker")}
    return json.dumps({**said, "quote": point["citation"]["quote"]}, ensure_ascii=False, sort_keys=True)


def _names_a_way_out(error: YoujuError) -> bool:
    return any(way in f"{error.en} {error.zh}" for way in WAYS_OUT)


def _where(error: BaseException) -> str:
    at = error.__traceback__
    place = ""
    while at is not None:
        code = at.tb_frame.f_code
        if "/rag/" in code.co_filename:
            place = f"{Path(code.co_filename).name}:{at.tb_lineno} {code.co_name}"
        at = at.tb_next
    return f"{error!r} in {place}"


def _difference(sound: Any, found: Any) -> str:
    """The first part that differs, shortened."""
    one, other = (json.dumps(value, ensure_ascii=False, default=repr) for value in (sound, found))
    place = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"…{one[max(0, place - 30) : place + 30]}… became …{other[max(0, place - 30) : place + 30]}…"


def copy_of(index: Path, place: Path) -> Path:
    """A fresh copy of an index; SQLite's shared memory is no part of it, as after a crash of the machine."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for name in (FILE_NAME, f"{FILE_NAME}-wal", "vectors.faiss"):
        if (index / name).exists():
            shutil.copy(index / name, place / name)
    return place
