"""A batch job: the questions of a CSV file are answered into JSON lines, or into another CSV file, with their citations.

    python examples/batch_job.py my-index questions.csv answers.jsonl

The column is ``question`` or 问题. A question that cannot be answered gets a row as well; one that is refused (an empty
one, say) gets a row that says why, and the job goes on.
"""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import rag

COLUMNS = ("question", "answer", "abstained", "supported", "confidence", "citations", "error")


def questions_of(file: Path) -> list[str]:
    """The questions of a CSV file, in their order."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return [row.get("question") or row.get("问题") or "" for row in csv.DictReader(lines)]


def answered(assistant: rag.Assistant, questions: list[str]) -> Iterator[dict[str, Any]]:
    """A row for each question."""
    for question in questions:
        try:
            answer = assistant.ask(question)
        except rag.YoujuError as error:
            yield {"question": question, "error": str(error)}
            continue
        yield {
            "question": question,
            "answer": answer.text,
            "abstained": answer.abstained,
            "supported": answer.supported,
            "confidence": round(answer.confidence, 3),
            "citations": [citation.to_dict() for citation in answer.citations],
            "error": "",
        }


def in_words(row: dict[str, Any]) -> dict[str, Any]:
    """A row for a table: each citation as file, place and quote."""
    cited = [f"{each['path']}[{each['start']}:{each['end']}] {each['quote']}" for each in row.get("citations", [])]
    return row | {"citations": "\n".join(cited)}


def main(index: str, questions: str, answers: str) -> None:
    """Writes the answers as they come; the file's suffix says whether as CSV or as JSON lines."""
    with rag.Assistant.open(index) as assistant, Path(answers).open("w", encoding="utf-8", newline="") as target:
        rows = answered(assistant, questions_of(Path(questions)))
        if answers.endswith(".csv"):
            target.write("\ufeff")  # so that spreadsheets take it for UTF-8
            table = csv.DictWriter(target, COLUMNS, restval="")
            table.writeheader()
            table.writerows(in_words(row) for row in rows)
        else:
            target.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
