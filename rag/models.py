"""The embedded models, embedder and language models, as a user sees them: what is there, and how that is known."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """An embedded model.

    Attributes:
        name: its name, which ``youju model fetch`` takes.
        kind: whether it embeds texts or writes answers.
        licence: licence of the weights.
        bytes: size of the published file.
        sha256: hash of the published file, hexadecimal.
        state: ``verified`` the published file is there; ``decoded`` the embedder is ready; ``packaged`` made ready on
            first use from installed packages; ``unverified`` hashed before its first use; ``damaged``; ``absent``.
        verified: how a verified file came: from a ``package``, from the ``hub``, as a ``file``; empty otherwise.
        path: where it is; empty where it is not.
    """

    name: str
    kind: Literal["embedder", "language_model"]
    licence: str
    bytes: int
    sha256: str
    state: str
    verified: str
    path: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self)


def published_models() -> list[PublishedModel]:
    """The embedder, then the language models, the default first. Takes milliseconds: nothing large is hashed."""
    from embeddings import e5
    from embeddings.weights import Status, status
    from rag.language_models import models

    def described(found: Status, kind: Literal["embedder", "language_model"]) -> PublishedModel:
        weights = found.weights
        present = found.state in ("verified", "unverified", "damaged")
        return PublishedModel(
            name=weights.name,
            kind=kind,
            licence=weights.licence,
            bytes=weights.size,
            sha256=weights.sha256,
            state=found.state,
            verified=found.source or "",
            path=str(found.path) if present else "",
        )

    embedder = described(status(e5.E5_WEIGHTS), "embedder")
    if e5.is_whole(e5.e5_folder()):
        embedder = replace(embedder, state="decoded", verified="reference", path=str(e5.e5_folder()))
    return [embedder, *(described(found, "language_model") for found in models())]
