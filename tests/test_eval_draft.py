"""Drafted questions are checked against the document, and only what a person accepts is kept."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hashing_embedder import HashingEmbedder
from langchain_core.language_models import BaseChatModel, FakeListChatModel

from eval import review
from eval.datasets import load_dataset
from eval.draft import Drafter, Proposal, chat_model_of
from rag.assistant import Assistant
from rag.errors import LanguageModelError, UsageError
from rag.language_models import choose
from rag.text.documents import Document

TEXT = (
    "截至2023年3月底，全市建成公园264座，比上年末增加12座，市民出门五百米就能见到绿地和公园。\n"
    "今年还将新建社区花园三十处，重点放在老城区的空地上，方便老人和孩子。\n"
)
GOOD = '{"question": "2023年3月底全市建成多少座公园？", "answer": "264座"}'


def model(*replies: str) -> BaseChatModel:
    return FakeListChatModel(responses=list(replies))


def said(question: str, answer: str) -> str:
    return json.dumps({"question": question, "answer": answer}, ensure_ascii=False)


@pytest.fixture
def parks() -> Document:
    return Document(TEXT, "/texts/parks.txt", "公园")


@pytest.fixture
def opened(tmp_path: Path, parks: Document) -> Any:
    with Assistant.open(tmp_path / "index", embedder=HashingEmbedder(), language_model="extractive") as assistant:
        assistant.add(parks)
        yield assistant


def first(assistant: Assistant, document: Document, reply: str, known: tuple[str, ...] = ()) -> Proposal:
    return next(Drafter(assistant, model(reply), known).proposals([document]))


def test_proposal_rests_on_the_exact_span_of_its_answer(opened: Assistant, parks: Document) -> None:
    proposal = first(opened, parks, f"好的，题目如下：\n```json\n{GOOD}\n```")
    assert (proposal.question, proposal.answer) == ("2023年3月底全市建成多少座公园？", "264座")
    assert proposal.objection == "" and proposal.why_not == ""
    [citation] = proposal.citations
    assert TEXT[citation.start : citation.end] == citation.quote and "264座" in citation.quote
    row = proposal.to_row()
    assert row["document"] == "parks.txt" and row["quote"] == citation.quote and row["answer"] == ["264座"]


@pytest.mark.parametrize(
    ("reply", "objection"),
    [
        ("我不会出题。", "unreadable"),
        ('{"question": "有多少？"}', "unreadable"),
        ('{"question": ["x"], "answer": {"a": 1}}', "unreadable"),
        (said("2023年3月底全市建成多少座公园？", "265座"), "unfounded"),
        (said("公园由谁设计？", "李大明"), "unfounded"),
        (said("全市建成264座公园了吗？", "264座"), "given_away"),
        (said("公园怎么样？", "长" * 70), "long"),
        (said("2023年3月底全市建成了多少座公园？", "264座"), "repeated"),
    ],
)
def test_proposal_that_does_not_hold_is_objected_to(
    reply: str, objection: str, opened: Assistant, parks: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = first(opened, parks, reply, known=("2023年3月底全市建成多少座公园？",))
    assert proposal.objection == objection
    zh = proposal.why_not
    monkeypatch.setenv("YOUJU_LANGUAGE", "en")
    assert zh and proposal.why_not and zh != proposal.why_not


def test_question_that_retrieval_cannot_answer_is_objected_to(
    opened: Assistant, parks: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "retrieve", lambda *_: [])
    assert first(opened, parks, GOOD).objection == "lost"


def test_accepted_question_is_not_offered_again_and_documents_take_turns(opened: Assistant, parks: Document) -> None:
    other = Document(
        "图书馆藏书77万册，每天接待读者三千人次，周末延长开放到晚上十点，市民可以凭证借阅二十册。", "b.txt", "书"
    )
    opened.add(other)
    drafter = Drafter(opened, model(GOOD, said("图书馆藏书多少册？", "77万册"), GOOD))
    proposals = drafter.proposals([parks, other])
    one = next(proposals)
    drafter.accept(one)
    two = next(proposals)
    assert (one.document.path, two.document.path) == (parks.path, "b.txt")
    assert two.objection == "" and drafter.checked(one).objection == "repeated"


def test_same_seed_takes_the_same_passages(opened: Assistant, parks: Document) -> None:
    long = Document(
        "".join(f"第{n}条规定，{'园林绿化要求' * 12}面积{n * 7}亩。\n" for n in range(1, 40)), "long.txt", "长"
    )
    places = [
        [(proposal.start) for proposal in Drafter(opened, model("无"), seed=seed).proposals([long])]
        for seed in (1, 1, 2)
    ]
    assert places[0] == places[1] != places[2]
    assert sorted(places[0]) == sorted(places[2])


def test_quoting_cannot_draft_and_a_failing_model_is_told(opened: Assistant, parks: Document) -> None:
    with pytest.raises(UsageError) as caught:
        chat_model_of(choose("extractive"))
    assert "需要语言模型" in caught.value.zh and "needs a language model" in caught.value.en

    class Failing(FakeListChatModel):
        def _call(self, *arguments: Any, **options: Any) -> str:
            raise RuntimeError("no power")

    with pytest.raises(LanguageModelError, match="no power"):
        next(Drafter(opened, Failing(responses=["x"])).proposals([parks]))


# -- the person decides -----------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "parks.txt").write_text(TEXT, "utf-8")
    (texts / "library.txt").write_text(
        "图书馆藏书77万册，每天接待读者三千人次，周末延长开放到晚上十点，市民可以凭证借阅二十册，不收押金。\n", "utf-8"
    )
    return texts


@pytest.fixture
def drafting(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Drafts with replies of a model and answers of a person; returns what was shown."""
    opening = Assistant.open
    monkeypatch.setattr(
        review.Assistant, "open", lambda place, **options: opening(place, **{**options, "embedder": HashingEmbedder()})
    )

    def draft(out: Path, replies: list[str], answers: list[str] | None, count: int = 20) -> str:
        chat_model = model(*replies)
        monkeypatch.setattr(review, "choose", lambda _: choose(chat_model))
        given = iter(answers or [])
        monkeypatch.setattr("sys.stdin.isatty", lambda: answers is not None, raising=False)
        monkeypatch.setattr(review.typer, "prompt", lambda *_, default="", **__: next(given) or default)
        review.draft_questions([folder], "any", out, count, accept_all=answers is None)
        captured = capsys.readouterr()
        return captured.out + captured.err

    return draft


BOTH = [said("图书馆藏书多少册？", "77万册"), GOOD]


def test_accepted_questions_land_in_the_users_file_and_can_be_asked(
    drafting: Callable[..., str], folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "mine.jsonl"
    out.write_text('{"id": "old", "question": "旧题？", "answer": "旧"}', "utf-8")
    shown = drafting(out, BOTH, ["a", "r"])
    assert "收下 1 题" in shown and "图书馆藏书多少册" in shown
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [row["question"] for row in rows] == ["旧题？", "图书馆藏书多少册？"]
    rows_only = tmp_path / "drafted.jsonl"
    rows_only.write_text(json.dumps(rows[1], ensure_ascii=False) + "\n", "utf-8")
    [question] = load_dataset("own", rows_only, documents=folder).questions
    assert question.facts == (("77万册",),) and question.answerable
    assert question.gold[0].document == "library.txt" and "77万册" in question.gold[0].quote


def test_edited_question_is_checked_again(drafting: Callable[..., str], tmp_path: Path) -> None:
    out = tmp_path / "mine.jsonl"
    drafting(out, [said("藏书有多少？", "78万册"), "无"], ["a", "e", "图书馆的藏书有多少册？", "77万册", "a"])
    [row] = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert (row["question"], row["answer"]) == ("图书馆的藏书有多少册？", ["77万册"])


def test_person_may_stop_and_what_was_accepted_stays(drafting: Callable[..., str], tmp_path: Path) -> None:
    out = tmp_path / "mine.jsonl"
    drafting(out, BOTH, ["a", "q"])
    assert len(out.read_text("utf-8").splitlines()) == 1


def test_all_that_hold_are_accepted_without_a_person(drafting: Callable[..., str], tmp_path: Path) -> None:
    out = tmp_path / "mine.jsonl"
    shown = drafting(out, [BOTH[0], said("多少座？", "9999座")], None)
    assert len(out.read_text("utf-8").splitlines()) == 1
    assert "✗ 答案不在原文里" in shown
    assert "收下 0 题" in drafting(out, [BOTH[0], "无"], None)  # it is there already


def test_wrong_use_is_told_before_anything_is_done(
    drafting: Callable[..., str], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(UsageError, match="--accept-all"):
        review.draft_questions([folder], "extractive", tmp_path / "q.jsonl", 5)
    with pytest.raises(UsageError, match="--n"):
        drafting(tmp_path / "q.jsonl", BOTH, None, count=0)
    with pytest.raises(UsageError, match="nowhere"):
        drafting(tmp_path / "nowhere" / "q.jsonl", BOTH, None)
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"answer": "x"}\n', "utf-8")
    with pytest.raises(UsageError, match=r"broken\.jsonl.*1.*question"):
        drafting(broken, BOTH, None)
    assert broken.read_text("utf-8") == '{"answer": "x"}\n'
    (folder / "more").mkdir()
    (folder / "more" / "parks.txt").write_text(TEXT, "utf-8")
    with pytest.raises(UsageError, match=r"parks\.txt"):
        drafting(tmp_path / "q.jsonl", BOTH, None)
    assert not (tmp_path / "q.jsonl").exists()
