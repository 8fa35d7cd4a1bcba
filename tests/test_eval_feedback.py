"""Feedback as questions: what a thumb says becomes a question that the evaluation reads and asks; the rest is a draft."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from eval.command import app
from eval.feedback import export_questions
from eval.questions import load_questions, seed_text
from rag.assistant import Assistant
from rag.errors import UsageError
from rag.index.conversations import Feedback, Rated, Turn
from rag.index.saved_conversations import SavedConversations
from rag.loading import load
from rag.settings import SEEDS
from rag.text.documents import Document

STATIONS = "截至2023年3月底，我国累计建成多少个5G基站？"
FOLLOWUP = ("2023年一季度新能源汽车的产量是多少？", "那销量呢？")
OUTSIDE = "澳大利亚的首都是哪里？"
UP, DOWN = Feedback(True), Feedback(False, "should_abstain")


_answers: dict[tuple[str, ...], str] = {}


def asked(assistant: Assistant, question: str, feedback: Feedback, history: Any = None) -> Turn:
    """A rated turn; each question is answered once for all tests."""
    key = (str(assistant.store.folder), question)
    if key not in _answers:
        _answers[key] = json.dumps(assistant.ask(question, history=history).to_dict())
    return Turn(question, question, answer=json.loads(_answers[key]), feedback=feedback)


def why(assistant: Assistant, *turns: Turn) -> list[str]:
    return [draft.objection for draft in export_questions([Rated(turn) for turn in turns], assistant.store).drafts]


def test_thumbs_are_exported_as_questions_that_the_evaluation_reads(assistant: Assistant, tmp_path: Path) -> None:
    first = asked(assistant, FOLLOWUP[0], UP)
    assert first.answer is not None
    history = ((first.question, first.answer["text"]),)
    rated = [
        Rated(asked(assistant, STATIONS, replace(UP, comment="正好"))),
        Rated(asked(assistant, FOLLOWUP[1], UP, history=list(history)), history),
        Rated(asked(assistant, "5G基站的造价是多少？", DOWN)),
        Rated(asked(assistant, OUTSIDE, UP)),
    ]
    exported = export_questions(rated, assistant.store, "test")
    assert exported.drafts == ()
    file = tmp_path / "questions.jsonl"
    file.write_text("".join(f"{line}\n" for line in exported.lines()), "utf-8")
    stations, followup, near, outside = load_questions(file)
    assert [question.kind for question in (stations, followup, near, outside)] == [
        "number",
        "followup",
        "near",
        "outside",
    ]
    assert {question.split for question in (stations, followup, near, outside)} == {"test"}
    assert any("264万" in form for forms in stations.facts for form in forms) and "正好" in stations.note
    assert stations.history == () and followup.history == history
    assert not near.answerable and not outside.answerable
    for turn, question in ((rated[0].turn, stations), (rated[1].turn, followup)):
        assert turn.answer is not None
        cited = {(Path(one["path"]).name, one["start"], one["end"]) for one in turn.answer["citations"]}
        assert question.gold
        for gold in question.gold:
            assert cited & {tuple(span) for span in gold.spans}
            assert all((seed_text(span.document) or "")[span.start : span.end] == gold.quote for span in gold.spans)
    assert [question.id for question in load_questions(file)] == [question.id for question in exported.questions]


@pytest.mark.parametrize("reason", ["wrong_figure", "wrong_source", "incomplete", "should_answer", "other"])
def test_other_thumbs_down_are_drafts(assistant: Assistant, reason: str) -> None:
    exported = export_questions([Rated(asked(assistant, STATIONS, Feedback(False, reason)))], assistant.store)
    assert exported.questions == ()
    (line,) = exported.draft_lines()
    assert json.loads(line)["question"] == STATIONS and reason in json.loads(line)["note"]


def test_what_cannot_be_judged_by_its_answer_is_a_draft(assistant: Assistant) -> None:
    turn = asked(assistant, STATIONS, UP)
    assert turn.answer is not None
    claims = [{**claim, "supported": False} for claim in turn.answer["claims"]]
    moved = [{**citation, "start": citation["start"] + 1} for citation in turn.answer["citations"]]
    gone = [{**citation, "document_id": "移除了"} for citation in turn.answer["citations"]]
    assert why(assistant, turn) == []
    assert why(assistant, replace(turn, filters={"after": "2023"})) == ["filtered"]
    assert why(assistant, replace(turn, answer={**turn.answer, "claims": claims})) == ["uncited"]
    assert why(assistant, replace(turn, answer={**turn.answer, "citations": moved})) == ["gone"]
    assert why(assistant, replace(turn, answer={**turn.answer, "citations": gone})) == ["gone"]
    assert why(assistant, replace(turn, answer=None, status="stopped")) == ["unfinished"]
    assert why(assistant, turn, replace(turn, feedback=DOWN)) == ["contradicted"]


def test_last_rating_of_a_question_counts(assistant: Assistant) -> None:
    turn = asked(assistant, STATIONS, UP)
    wrong = replace(turn, feedback=Feedback(False, "wrong_figure"))
    assert why(assistant, turn, wrong) == ["rated_down"]
    assert why(assistant, wrong, turn) == []
    assert len(export_questions([Rated(turn), Rated(turn)], assistant.store).questions) == 1


def test_split_that_there_is_not_is_told(assistant: Assistant) -> None:
    with pytest.raises(UsageError):
        export_questions([], assistant.store, "train")


def test_command_writes_questions_and_drafts_and_overwrites_nothing(
    make_assistant: Callable[..., Assistant], tmp_path: Path
) -> None:
    source = load(min(SEEDS.glob("*.txt"), key=lambda file: file.stat().st_size))
    mine = Document("本公司2025年的产量是12万吨。", "甲/报告.txt", "报告")
    same = Document("别的报告写着产量是13万吨。", "乙/报告.txt", "别的报告")
    assistant = make_assistant(replace(source, id=""), mine, same)
    folder = str(assistant.store.folder)
    out, runner = tmp_path / "questions.jsonl", CliRunner()
    empty = runner.invoke(app, ["feedback", "--index", folder, "--out", str(out)])
    assert isinstance(empty.exception, UsageError) and not out.exists()

    kept = SavedConversations(assistant.store)
    kept.save("甲", "c", asked(assistant, OUTSIDE, UP))
    kept.save("甲", "c", asked(assistant, "本公司2025年的产量是多少？", UP))
    done = runner.invoke(app, ["feedback", "--index", folder, "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert [question.id for question in load_questions(out)] == said["questions"]
    assert [draft["why"] for draft in said["drafts"]] == ["same_name"]
    assert len(Path(said["drafts_file"]).read_text("utf-8").splitlines()) == 1
    before = out.read_bytes()
    again = runner.invoke(app, ["feedback", "--index", folder, "--out", str(out)])
    assert isinstance(again.exception, UsageError) and out.read_bytes() == before


def test_index_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["feedback", "--index", str(tmp_path / "none"), "--out", str(tmp_path / "out")])
    assert done.exception is not None and not (tmp_path / "none").exists()
