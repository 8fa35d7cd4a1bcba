"""What the tabs of the window share, and who is looking at it."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from rag.assistant import Assistant
from ui.conversations import Conversations, new_id
from ui.pictures import Pictures
from ui.runs import Runs
from ui.service import client_of
from ui.texts import Interface, Language, preferred

if TYPE_CHECKING:
    from gradio.events import Dependency

NOBODY = {"owner": "", "conversation": "", "language": ""}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is looking: from the value of ``Context.browser`` and the request.

    Attributes:
        owner: whose conversations are shown: the login name where there is a login, else this browser.
        conversation: the conversation that is open; it need not have a turn yet.
        language: of the interface.
        chosen: whether the visitor chose that language; otherwise it is the browser's.
        client: whose places in the queue the questions take (:func:`ui.service.client_of`).
        page: the session of the page that is looked at; empty where there is none.
    """

    owner: str
    conversation: str
    language: Language
    chosen: bool = False
    client: str = ""
    page: str = ""

    @classmethod
    def of(cls, browser: dict[str, str] | None, request: gr.Request) -> "Visitor":
        """The visitor with what his browser remembers; a browser that comes for the first time gets an owner's id."""
        known = {**NOBODY, **(browser or {})}
        name = getattr(request, "username", None)
        owner = f"user:{name}" if name else f"browser:{(known['owner'] or new_id()).removeprefix('browser:')}"
        chosen = known["language"] in ("zh", "en")
        language = preferred(request.headers.get("accept-language"))
        if chosen:
            language = "zh" if known["language"] == "zh" else "en"
        client = client_of(request.request.scope) if request.request else ""
        page = str(getattr(request, "session_hash", None) or "")
        return cls(owner, known["conversation"] or new_id(), language, chosen, client, page)

    def in_conversation(self, conversation_id: str | None = None) -> "Visitor":
        """The visitor in another conversation; without an id in a new one."""
        return replace(self, conversation=conversation_id or new_id())

    @property
    def browser(self) -> dict[str, str]:
        """What the browser is to remember."""
        owner = "" if self.owner.startswith("user:") else self.owner
        return {
            "owner": owner,
            "conversation": self.conversation,
            "language": self.language if self.chosen else "",
        }


@dataclass(frozen=True, eq=False, slots=True)
class Preferences:
    """How questions are answered in this session: what the settings tab changes.

    One equals only itself: Gradio hashes it to see whether it changed, and language models have no hash.

    Attributes:
        language_model: as ``Assistant.ask`` takes it; None means the assistant's own.
        options: more keywords for ``Assistant.stream``, such as ``strict``.
    """

    language_model: Any = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Context:
    """What every tab is built with.

    Attributes:
        assistant: answers and holds the documents.
        conversations: keeps what was asked.
        runs: answers on their way.
        pictures: draws pages of documents.
        interface: the texts of the components.
        page: the ``gr.Blocks`` all tabs stand in.
        browser: component; its value makes a :class:`Visitor`.
        preferences: component (``gr.State``) with this session's :class:`Preferences`.
        documents: component (``gr.State``), a number that a tab raises after it changed the documents; others listen to
            its ``change``.
        tabs: the ``gr.Tabs``; ``gr.Tabs(selected="chat")`` as an update of it opens a tab.
        arrived: a page was loaded; tabs go on with ``arrived.then(…)``.
        switched: the language was switched; tabs draw their HTML again with ``switched.then(…)``.
        question: the chat's question box, set by the chat tab; fill it to bring a question there.
        filters: the chat's filters by name, set by the chat tab.
        beginning: the place in an empty conversation for what adds the first documents, set by the chat tab.
        names_endpoints: whether visitors may name an endpoint of a language model.
    """

    assistant: Assistant
    conversations: Conversations
    runs: Runs
    pictures: Pictures
    interface: Interface
    page: gr.Blocks
    browser: gr.BrowserState
    preferences: gr.State
    documents: gr.State
    tabs: gr.Tabs
    arrived: "Dependency"
    switched: "Dependency"
    question: gr.Textbox | None = None
    filters: dict[str, Any] = field(default_factory=dict)
    beginning: gr.Column | None = None
    names_endpoints: bool = True
