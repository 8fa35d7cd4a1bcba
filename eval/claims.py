"""Claims on documents of `eval/fields`: are right ones borne out, and wrong ones not, beside the words they are said to rest on.

``python -m eval.claims [--reader FOLDER] [--model local] [--list]``. Who wrote documents and claims had seen neither the product nor what it
was trained on, so that stages of training can be told apart by them: on what is kept apart from training's own documents
every stage does well.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from rag.answers import Citation
from rag.loading import load
from rag.text.documents import Document

FIELDS = Path(__file__).with_name("fields")
FILE_NAME = "claims.jsonl"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A claim with the words it is said to rest on.

    Attributes:
        made: how it was made: ``paraphrase``, ``part`` and ``figures`` are right, ``word``, ``figure``, ``other`` (true, but of
            other words) and ``subject`` are not.
        claim: what it says.
        citation: those words.
        supported: whether they bear it out.
    """

    made: str
    claim: str
    citation: Citation
    supported: bool


def labelled(folder: Path = FIELDS) -> list[Labelled]:
    """The claims of a folder.

    Args:
        folder: holds ``claims.jsonl`` and, in folders of its own, the documents.

    Raises:
        ValueError: a quote does not stand in its document.
    """
    documents: dict[str, Document] = {}
    found = []
    for line in (folder / FILE_NAME).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        name = row["document"]
        if name not in documents:
            documents[name] = load(next(folder.glob(f"*/{name}")))
        document, quote = documents[name], row["quote"]
        if (start := document.text.find(quote)) < 0:
            raise ValueError(f"{row['id']}: {quote!r} is not in {name}")
        citation = Citation(document, start, start + len(quote), quote)
        found.append(Labelled(row["made"], row["claim"], citation, row["supported"]))
    return found


def borne_out(claims: Sequence[Labelled], reader: str, model: str = "extractive") -> list[bool]:
    """Which claims the product holds to be borne out.

    Args:
        reader: as the setting ``YOUJU_READER``.
        model: as the setting ``YOUJU_LANGUAGE_MODEL``; the local one is asked for its opinion, too.
    """
    from rag.answering.second_opinion import opinion_of
    from rag.assistant import Assistant
    from rag.checking.verification import verify_all
    from rag.language_models import choose
    from rag.language_models.calls import Calls
    from rag.reading.choice import choose_reader

    choice = choose(model)
    opinion = opinion_of(Calls(choice.chat_model, choice.name)) if choice.chat_model else None
    with (
        tempfile.TemporaryDirectory() as folder,
        Assistant.open(folder, language_model="extractive", reader=reader) as one,
    ):
        selector = one._selector
        cited = [(each.citation,) for each in claims]
        said = [each.claim for each in claims]
        claim_reader = choose_reader(reader).for_claims
        checks = verify_all(said, cited, selector.structure, selector.vectors, claim_reader, opinion)
        return [each.supports and each.facts_agree for each in checks]


def main(
    reader: Annotated[str, typer.Option(help="default, none, or a folder with reader.safetensors")] = "default",
    model: Annotated[
        str, typer.Option(help="extractive, or local to ask the local model where the reader is not sure")
    ] = "extractive",
    list_wrong: Annotated[bool, typer.Option("--list", help="show the claims that are judged wrongly")] = False,
) -> None:
    """Prints by how claims were made which share is held to be borne out."""
    claims = labelled()
    held = borne_out(claims, reader, model)
    for made in dict.fromkeys(each.made for each in sorted(claims, key=lambda each: not each.supported)):
        own = [is_held for each, is_held in zip(claims, held, strict=True) if each.made == made]
        right = next(each.supported for each in claims if each.made == made)
        wrongly = sum(is_held != right for is_held in own)
        typer.echo(f"{made}: {wrongly} of {len(own)} {'right ones not borne out' if right else 'wrong ones borne out'}")
    for each, is_held in zip(claims, held, strict=True):
        if list_wrong and is_held != each.supported:
            typer.echo(f"[{each.made}] {each.claim}\n    {each.citation.quote}")


if __name__ == "__main__":
    typer.run(main)
