"""What a run is, and how it is kept: rows on disk one by one, and read back whole, finished or not."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from eval.folder import DOCUMENTS, JUDGE, MEMORY, QUESTIONS, ROWS, RunFolder
from eval.rows import Row
from rag.errors import UsageError
from rag.text.documents import Document


@dataclass(frozen=True, slots=True)
class Source:
    """A document that spans of a run point into, under the name that they use."""

    name: str
    title: str
    date: str
    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked and answered.

    Attributes:
        ids: those of all questions that are to be asked, in order.
        rows: what was said, in the order of the questions.
        settings: what decides the answers.
        environment: where and with what versions they were given.
        sources: the documents that spans point into, by the name that spans use.
        folder: where the run lies; None for one that is kept nowhere.
        judgements: what a judge said of the answers (:mod:`eval.judge`), if one was asked.
        peak_memory: most memory that the process held, in bytes; None where that is not known.
        dropped: files of the folder whose last line was half-written.
    """

    ids: tuple[str, ...]
    rows: tuple[Row, ...]
    settings: Mapping[str, Any]
    environment: Mapping[str, Any]
    sources: Mapping[str, Source] = field(default_factory=dict)
    folder: Path | None = None
    judgements: tuple[Mapping[str, Any], ...] = ()
    peak_memory: int | None = None
    dropped: tuple[str, ...] = ()

    @property
    def partial(self) -> bool:
        """Whether questions are left."""
        return len(self.rows) < len(self.ids)

    @classmethod
    def read(cls, folder: str | Path) -> "Run":
        """The run in a folder, finished or not.

        Raises:
            UsageError: there is none, it was made by another version, or a file is damaged (named with the line).
        """
        return Recorder(RunFolder.read(Path(folder).expanduser()), {}, {}).read().run()


class Recorder:
    """Keeps rows and the documents they point into, in a folder if there is one."""

    def __init__(self, folder: RunFolder | None, settings: Mapping[str, Any], environment: Mapping[str, Any]) -> None:
        self._folder = folder
        self._settings = folder.settings if folder else settings
        self._environment = folder.environment if folder else environment
        self._ids: tuple[str, ...] = ()
        self._rows: dict[str, Row] = {}
        self._sources: dict[str, Source] = {}
        self._judgements: list[dict[str, Any]] = []
        self._peak_memory: int | None = None

    def locked(self) -> AbstractContextManager[None]:
        """Keeps other processes out of the folder."""
        return self._folder.locked() if self._folder else nullcontext()

    def read(self, *, mend: bool = False) -> "Recorder":
        """Reads what an earlier start left; ``mend`` cuts off half-written lines."""
        if self._folder:
            self._folder.dropped.clear()
            self._ids = tuple(_read_as(self._folder, QUESTIONS, lambda line: str(line["id"]), mend))
            sources = _read_as(self._folder, DOCUMENTS, lambda line: Source(**line), mend)
            self._sources = {source.name: source for source in sources}
            self._rows = {row.question.id: row for row in _read_as(self._folder, ROWS, Row.from_dict, mend)}
            self._judgements = self._folder.lines(JUDGE, mend=mend)
            peaks = [int(line["bytes"]) for line in self._folder.lines(MEMORY, mend=mend)]
            self._peak_memory = max(peaks, default=None)
        return self

    def expect(self, ids: tuple[str, ...]) -> None:
        """Notes what is to be asked, as far as an earlier start has not."""
        if self._folder and len(self._ids) < len(ids):
            self._folder.append(QUESTIONS, *({"id": identifier} for identifier in ids[len(self._ids) :]))
        self._ids = ids

    def record(self, row: Row, documents: Iterable[Document]) -> None:
        """Keeps a row and the documents it points into; both are on disk when this returns."""
        self.keep(documents)
        if self._folder:
            self._folder.append(ROWS, row.to_dict())
        self._rows[row.question.id] = row

    def keep(self, documents: Iterable[Document]) -> None:
        """Keeps the texts that are not kept already."""
        for document in documents:
            name = Path(document.path).name
            if name not in self._sources:
                day = document.trusted_date.isoformat() if document.trusted_date else ""
                source = Source(name, document.title, day, document.text)
                if self._folder:
                    self._folder.append(DOCUMENTS, asdict(source))
                self._sources[name] = source

    def judge(self, judgement: Mapping[str, Any]) -> None:
        """Keeps what a judge said of an answer."""
        if self._folder:
            self._folder.append(JUDGE, judgement)
        self._judgements.append(dict(judgement))

    def remember(self, peak_memory: int | None) -> None:
        """Keeps how much memory was held, if it is more than before."""
        if peak_memory is not None and peak_memory > (self._peak_memory or 0):
            if self._folder:
                self._folder.append(MEMORY, {"bytes": peak_memory})
            self._peak_memory = peak_memory

    def run(self) -> Run:
        """The run as it is now."""
        rows = tuple(self._rows[identifier] for identifier in self._ids if identifier in self._rows)
        return Run(
            ids=self._ids,
            rows=rows,
            settings=self._settings,
            environment=self._environment,
            sources=dict(self._sources),
            folder=self._folder.path if self._folder else None,
            judgements=tuple(self._judgements),
            peak_memory=self._peak_memory,
            dropped=tuple(self._folder.dropped) if self._folder else (),
        )


T = TypeVar("T")


def _read_as(folder: RunFolder, name: str, form: Callable[[dict[str, Any]], T], mend: bool) -> list[T]:
    """The lines of a file in their form; one that is not complete is told with file and line."""
    formed = []
    for number, line in enumerate(folder.lines(name, mend=mend), 1):
        try:
            formed.append(form(line))
        except UsageError as error:
            where = folder.path / name
            raise UsageError(
                zh=f"{where} 第 {number} 行：{error.zh}", en=f"{where}, line {number}: {error.en}"
            ) from error
        except (KeyError, TypeError) as error:
            where = folder.path / name
            raise UsageError(
                zh=f"{where} 第 {number} 行不完整：{error}", en=f"{where}, line {number}: incomplete: {error}"
            ) from error
    return formed
