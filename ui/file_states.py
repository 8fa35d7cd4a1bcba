"""Documents whose files changed or went since they were added: compared beside the page's other work, and marked."""

from collections.abc import Mapping
from contextlib import suppress

from rag.assistant import Assistant
from rag.errors import YoujuError
from rag.index.synchronization import FileState, compare
from ui.html import Html, element
from ui.texts import Language, say


class FileStates:
    """What became of the documents' files when it was last looked at; the same for all visitors."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self.amiss: Mapping[str, FileState] = {}

    def look(self) -> str:
        """Compares all files, which takes its time where there are many.

        Returns:
            a text that differs from the one before when any mark does.
        """
        with suppress(YoujuError):  # an index that cannot be read is told of by whatever shows its documents
            states = compare(self._assistant.store)
            self.amiss = {key: state for key, state in states.items() if state != "unchanged"}
        return " ".join(f"{key}:{state}" for key, state in sorted(self.amiss.items()))


def mark(state: FileState | None, language: Language, *, explained: bool = False) -> Html:
    """The mark of a document whose file is no longer as it was added; nothing for any other."""
    if state is None:
        return Html("")
    said = say(f"file_{state}", language)
    if explained:
        said += say("file_explained", language)
    return element("p", said, class_="file-state")


def summary(amiss: Mapping[str, FileState], language: Language) -> Html:
    """How many documents have such a mark; nothing where none has."""
    return element("p", say("files_amiss", language, n=len(amiss)), class_="file-state") if amiss else Html("")
