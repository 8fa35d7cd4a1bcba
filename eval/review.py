"""``youju eval draft``: what a language model drafts, a person accepts, edits or rejects; accepted questions are kept."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from eval.draft import Drafter, Proposal, chat_model_of
from eval.folder import append_lines
from eval.labels import pick
from eval.reports.marked import Mark, pieces
from rag.assistant import Assistant
from rag.errors import UsageError
from rag.language_models import choose
from rag.loading import find_files, load
from rag.messages import say, shown_day
from rag.settings import Settings
from rag.terminal import output
from rag.text.display import one_line, plain
from rag.text.documents import Document

CHOICES = {"a": ("收下", "accept"), "r": ("不要", "reject"), "e": ("修改", "edit"), "q": ("结束", "quit")}


def draft_questions(
    paths: Sequence[Path],
    model: str | None,
    out: Path,
    count: int,
    *,
    accept_all: bool = False,
    embedder: str | None = None,
    seed: int = 0,
) -> int:
    """Drafts questions on documents until ``count`` are accepted or the passages run out.

    Args:
        model: what writes them; None means ``YOUJU_LANGUAGE_MODEL``.
        out: the user's file, which questions are appended to; it is read by ``--set own:FILE --documents FOLDER``.
        accept_all: accept what passes the checks, without asking.

    Returns:
        how many were accepted.

    Raises:
        UsageError: the model is none, a file is malformed, or nobody is there to decide.
        LoadError: a document cannot be read.
    """
    if count < 1:
        raise UsageError(zh=f"--n 至少是 1，而不是 {count}。", en=f"--n is at least 1, not {count}.")
    if not accept_all and not sys.stdin.isatty():
        raise UsageError(
            zh="没有终端可以问人；加 --accept-all 收下全部核对无误的题。",
            en="There is no terminal to ask a person; --accept-all accepts all that pass the checks.",
        )
    chat_model = chat_model_of(choose(model or Settings.from_environment().language_model))
    known = _known_questions(out)
    documents = _documents(paths)
    with _indexed(documents, embedder) as assistant:
        drafter = Drafter(assistant, chat_model, known, seed)
        console = output.console()
        accepted = 0
        try:
            for proposal in drafter.proposals(documents):
                decided = _decided(console, drafter, proposal, accept_all)
                if decided is not None:
                    append_lines(out, decided.to_row())
                    drafter.accept(decided)
                    accepted += 1
                if accepted == count:
                    break
        except (KeyboardInterrupt, EOFError, _Quit):
            typer.echo("", err=True)
    typer.echo(pick(f"收下 {accepted} 题 → {out}", f"{accepted} questions accepted → {out}"))
    return accepted


class _Quit(Exception):  # noqa: N818 - no error: the person has had enough
    pass


def _decided(console: Console, drafter: Drafter, proposal: Proposal, accept_all: bool) -> Proposal | None:
    """The proposal as the person accepts it; None where it is rejected."""
    if accept_all or proposal.objection == "unreadable":
        _show_in_short(proposal)
        return None if proposal.objection else proposal
    while True:
        _show(console, proposal)
        letters = [letter for letter in CHOICES if letter != "a" or not proposal.objection]
        offered = "  ".join(f"{letter} {pick(*CHOICES[letter])}" for letter in letters)
        answer = typer.prompt(offered, prompt_suffix=" > ", default="", show_default=False).strip().lower()[:1]
        if answer == "a" and not proposal.objection:
            return proposal
        if answer == "r":
            return None
        if answer == "q":
            raise _Quit
        if answer == "e":
            question = typer.prompt(pick("问题", "question"), default=proposal.question)
            said = typer.prompt(pick("答案", "answer"), default=proposal.answer)
            proposal = drafter.checked(replace(proposal, question=question.strip(), answer=said.strip()))


def _show(console: Console, proposal: Proposal) -> None:
    document = proposal.document
    marks = [Mark(citation.start, citation.end, "cited") for citation in proposal.citations]
    shown = Text()
    for piece in pieces(document.text, proposal.start, proposal.end, marks):
        shown.append(plain(piece.text), style="bold yellow" if piece.kinds else "dim")
    console.print()
    day = shown_day(document.date, document.date_is_guessed)
    console.print(Text(f"《{one_line(document.title)}》 {day}", style="cyan"))
    console.print(shown)
    console.print(Text(f"{pick('问', 'Q')} {plain(proposal.question)}", style="bold"))
    console.print(Text(f"{pick('答', 'A')} {plain(proposal.answer)}", style="bold"))
    if proposal.objection:
        console.print(Text(f"✗ {proposal.why_not}", style="red"))


def _show_in_short(proposal: Proposal) -> None:
    mark = f"✗ {proposal.why_not}" if proposal.objection else "✓"
    typer.echo(f"{mark}  {one_line(proposal.question)} → {one_line(proposal.answer)}", err=True)


def _known_questions(out: Path) -> list[str]:
    """The questions that the user's file holds already.

    Raises:
        UsageError: the file is malformed; the message names file, line and field.
    """
    from eval.datasets import load_dataset

    if not out.parent.is_dir():
        raise UsageError(zh=f"文件夹 {out.parent} 不存在。", en=f"The folder {out.parent} does not exist.")
    if not out.exists() or not out.stat().st_size:
        return []
    return [question.question for question in load_dataset("own", out).questions]


def _documents(paths: Sequence[Path]) -> list[Document]:
    """The documents of files and folders, under their file names, which must differ."""
    documents: dict[str, Document] = {}
    for file in find_files(paths):
        if file.name in documents:
            raise UsageError(
                zh=f"有两个文档都叫 {file.name}，出处无法区分；请改名。",
                en=f"Two documents are named {file.name}; rename one, since questions name documents by file name.",
            )
        documents[file.name] = load(file)
    if not documents:
        raise UsageError(zh="没有可读的文档。", en="There are no documents to read.")
    return list(documents.values())


@contextmanager
def _indexed(documents: Sequence[Document], embedder: str | None) -> Iterator[Assistant]:
    """An assistant over the documents, in a folder that is gone afterwards: it only has to find what is asked."""
    with (
        tempfile.TemporaryDirectory(prefix="youju-draft-") as folder,
        Assistant.open(folder, embedder=embedder, language_model="extractive") as assistant,
    ):
        with output.file_progress(say("adding")) as progress:
            assistant.add(list(documents), progress)
        yield assistant
