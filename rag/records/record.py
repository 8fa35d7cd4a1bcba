"""Records: an answer as a file that can be verified later, without the program that made it (docs/record.md).

A record is plain JSON of the published schema ``record.schema.json``. One that is read is untrusted: its size and depth
are bounded, it is validated by the schema, and its parts must agree with each other, before anything is done with it.
"""

import datetime
import hashlib
import json
import os
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import RecordError
from rag.index.new_files import check_free, write_new
from rag.records.provenance import Provenance, software

if TYPE_CHECKING:
    from rag.answers import Answer, Citation, Claim

SCHEMA = "youju-record/5"
SCHEMAS = ("youju-record/1", "youju-record/2", "youju-record/3", "youju-record/4", SCHEMA)
"""The versions that are read."""
SCHEMA_FILE = Path(__file__).with_name("record.schema.json")
MOST_BYTES = 10_000_000
MOST_LEVELS = 16
"""How deeply a record may be nested; ours are four levels deep."""
_SHOWN = 200


def record_of(answer: "Answer", *, full_paths: bool = True) -> dict[str, Any]:
    """The record of an answer, ready for JSON.

    Args:
        answer: one that an assistant gave.
        full_paths: documents by their whole paths; False leaves only the last part of absolute ones, for readers who
            are not to learn where the files of the server lie.

    Raises:
        ValueError: no assistant made the answer, so nothing is known of the index and the models.
    """
    made = answer.provenance
    if made is None:
        raise ValueError("only an answer that an assistant gave has a record")
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "question": {
            "asked": answer.question,
            "understood": answer.understood or answer.question,
            "history": [{"question": question, "answer": said} for question, said in made.history],
            "filters": made.filters,
        },
        "answer": {
            "text": answer.text,
            "abstained": answer.abstained,
            "supported": answer.supported,
            "confidence": round(answer.confidence, 4),
            "notice": answer.notice,
        },
        "claims": [_claim(answer, claim) for claim in answer.claims],
        "withheld": [{"text": claim.text, "checks": _checks(claim)} for claim in answer.withheld],
        "citations": [_citation(number, cited, full_paths) for number, cited in enumerate(answer.citations, 1)],
        "index": made.index,
        "models": made.models,
        "software": software(),
        "settings": made.settings,
        "times": _times(answer, made),
    }
    return {**record, "sha256": seal(record)}


def seal(record: dict[str, Any]) -> str:
    """SHA-256 over a record without its own ``sha256``: as JSON with sorted keys, no blanks, UTF-8."""
    sealed = {key: value for key, value in record.items() if key != "sha256"}
    text = json.dumps(sealed, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def text_hash(text: str) -> str:
    """SHA-256 of a document's text as UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# -- files ------------------------------------------------------------------------------------------------------------


def write_record(record: dict[str, Any], path: str | Path) -> None:
    """Writes a record to a new file, which is there whole or not at all.

    Raises:
        UsageError: something is there already, or the file cannot be written.
    """
    target = Path(path).expanduser()
    check_free(target)
    content = json.dumps(record, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace")
    write_new(target, content + b"\n")


def read_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The record in a file, checked as by :func:`checked_record`.

    Raises:
        RecordError: there is no such file, or it is no record.
    """
    file = Path(path).expanduser()
    try:
        if not file.is_file():
            raise RecordError(zh=f"没有记录文件 {file}。", en=f"There is no record file {file}.")
        with file.open("rb") as source:
            raw = source.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RecordError(zh=f"不能读取 {file}：{reason}。", en=f"{file} cannot be read: {reason}.") from error
    if len(raw) > MOST_BYTES:
        raise _no_record(
            f"{file} 超过 {MOST_BYTES // 1_000_000} MB", f"{file} is larger than {MOST_BYTES // 1_000_000} MB"
        )
    try:
        found = json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise _no_record(f"{file} 不是完好的 JSON", f"{file} is not sound JSON") from error
    return checked_record(found)


def checked_record(found: Any) -> dict[str, Any]:
    """What was read, once it is known to be a record whose parts agree with each other.

    Raises:
        RecordError: it is none, of a version we do not know, or was changed after it was made.
    """
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema not in SCHEMAS:
        if isinstance(schema, str) and schema.startswith("youju-record/"):
            raise _no_record(
                f"这份记录的格式是 {schema[:40]}，本程序只认识 {SCHEMA}，请用更新的版本",
                f"its format is {schema[:40]!a}, this program knows {SCHEMA}; use a newer version",
            )
        raise _no_record("缺少 schema 一项", "it does not say so under 'schema'")
    if _levels_exceed(found, MOST_LEVELS):
        raise _no_record("嵌套太深", "it is nested too deeply")
    problem = next(_validator().iter_errors(found), None)
    if problem is not None:
        place, reason = problem.json_path[:_SHOWN], problem.message[:_SHOWN]
        raise _no_record(f"{place} 不合格式（{reason}）", f"{place} does not fit the schema ({reason})")
    if wrong := _contradiction(found):
        raise _no_record(f"{wrong} 前后矛盾", f"{wrong} contradicts the rest of it")
    if found["sha256"] != seal(found):
        raise RecordError(
            zh="这份记录在生成之后被改动过（sha256 不符），不能据以核对。请用原来的文件。",
            en="This record was changed after it was made (its sha256 does not fit), so nothing can be verified by it. "
            "Use the original file.",
        )
    record: dict[str, Any] = found
    return record


# -- inside -----------------------------------------------------------------------------------------------------------


def _claim(answer: "Answer", claim: "Claim") -> dict[str, Any]:
    return {
        "text": claim.text,
        "start": claim.start,
        "end": claim.end,
        "supported": claim.supported,
        "checks": _checks(claim),
        "unsure_figures": list(claim.unsure_figures),
        "calculation": claim.calculation.to_dict() if claim.calculation else None,
        "citations": [answer.number_of(citation) for citation in claim.citations],
    }


def _checks(claim: "Claim") -> dict[str, Any]:
    checks = asdict(claim.checks)
    return {name: list(told) if isinstance(told, tuple) else told for name, told in checks.items()}


def _citation(number: int, citation: "Citation", full_paths: bool) -> dict[str, Any]:
    document = citation.document
    path = Path(document.path)
    return {
        "number": number,
        "document_id": document.id,
        "title": document.title,
        "path": document.path if full_paths or not path.is_absolute() else path.name,
        "date": document.date.isoformat() if document.date else None,
        "date_is_guessed": document.date_is_guessed,
        "source": document.source,
        "speaker": citation.speaker,
        "heading": citation.heading,
        "page": citation.page,
        "file_sha256": document.digest or None,
        "text_sha256": text_hash(document.text),
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
        "unsure": [{"start": first, "end": last, "text": document.text[first:last]} for first, last in citation.unsure],
    }


def _times(answer: "Answer", made: Provenance) -> dict[str, Any]:
    timings = answer.timings
    answered = made.asked + datetime.timedelta(seconds=timings.total)
    return {
        "asked": _moment(made.asked),
        "answered": _moment(answered),
        "seconds_to_evidence": round(timings.evidence, 4),
        "seconds_to_first_token": None if timings.first_token is None else round(timings.first_token, 4),
        "seconds_in_all": round(timings.total, 4),
    }


def _moment(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(SCHEMA_FILE.read_text("utf-8")))


def _levels_exceed(value: Any, most: int) -> bool:
    """Whether JSON is nested more than ``most`` levels deep; it never goes deeper itself."""
    level = [value]
    for _ in range(most):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def _contradiction(record: dict[str, Any]) -> str:
    """Which part of a record of the right form cannot be; empty where all agrees."""
    text = record["answer"]["text"]
    for place, citation in enumerate(record["citations"]):
        if citation["number"] != place + 1 or citation["end"] - citation["start"] != len(citation["quote"]):
            return f"$.citations[{place}]"
    for place, claim in enumerate(record["claims"]):
        if text[claim["start"] : claim["end"]] != claim["text"]:
            return f"$.claims[{place}]"
        if any(number > len(record["citations"]) for number in claim["citations"]):
            return f"$.claims[{place}].citations"
    return ""


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _no_record(zh: str, en: str) -> RecordError:
    return RecordError(
        zh=f"这不是 youju ask --record 生成的记录：{zh}。", en=f"This is no record made by 'youju ask --record': {en}."
    )
