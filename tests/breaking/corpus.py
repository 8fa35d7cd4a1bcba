"""A small corpus with all that an index holds: figures at several dates, speakers, headings, reprints, edits, talk."""

from __future__ import annotations

import datetime
from contextlib import closing
from pathlib import Path
from random import Random

from hashing_embedder import HashingEmbedder

from rag.assistant import Assistant
from rag.index.conversations import Feedback, Turn
from rag.index.saved_conversations import open_conversations
from rag.text.documents import Document

OWNER = "安娜"
EDITED = "5"
CHUNK_SIZE = 120
_SPEAKERS = ("金壮龙", "赵志国", "陶青")


def text_of(name: str, version: int = 0) -> str:
    """The text of a document: each sentence says which document and which version of it it belongs to."""
    chance = Random(f"{name} {version}")
    month = chance.randint(1, 12)
    lines = [f"编号{name}第{version}版的发布会", ""]
    for part in range(chance.randint(3, 6)):
        speaker = chance.choice(_SPEAKERS)
        words = "".join(chr(chance.randint(0x4E00, 0x7FFF)) for _ in range(40))
        lines += [
            f"{speaker}表示，截至{month}月底，我国累计建成5G基站{chance.randint(100, 400)}.{part}万个，同比增长{part}.{month}%。"
            f"编号{name}第{version}版说明{words}，这是第{part}段的内容。",
            "",
        ]
    return "\n".join(lines)


def document(name: str, version: int = 0) -> Document:
    """A document that was made elsewhere, with metadata; its path is its name."""
    day = datetime.date(2023, 1, 1) + datetime.timedelta(days=17 * (sum(map(ord, name)) % 20))
    return Document(text_of(name, version), name, f"题目{name}", day, "新华社", "发布会", _SPEAKERS)


def files_in(folder: Path, names: list[str], version: int = 0) -> dict[str, str]:
    """Writes documents as files; their texts by path."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {str(folder / f"{name}.txt"): text_of(name, version) for name in names}
    for path, text in written.items():
        Path(path).write_text(text, encoding="utf-8")
    return written


def open_assistant(index: Path) -> Assistant:
    return Assistant.open(index, embedder=HashingEmbedder(), language_model="extractive", chunk_size=CHUNK_SIZE)


def documents() -> list[Document]:
    """All of :func:`make_index`: one of them is a reprint of another."""
    made = [document(str(number)) for number in range(14)]
    reprint = Document(made[3].text + "（转载）", "转载", "转载的题目", made[3].date, "人民网")
    return [*made, reprint]


def make_index(folder: Path) -> None:
    """An index of the corpus with an edited title and a conversation, all of it asked once and folded into the file."""
    with open_assistant(folder) as assistant:
        assistant.add(documents())
        edit(assistant)
        talk = open_conversations(assistant.store)
        for number, question in enumerate(("我国建成了多少个5G基站？", "谁说的？")):
            answer = assistant.ask(question).to_dict()
            talk.save(OWNER, "对话", Turn(f"t{number}", question, answer=answer, filters={"after": "2023"}))
        talk.rate(OWNER, "对话", "t0", Feedback(False, "incomplete", "还差一点"))
        talk.rename(OWNER, "对话", "基站")
        assistant.store.fold_journal()


def edit(assistant: Assistant) -> None:
    """What a person has edited of one document."""
    edited = next(entry for entry in assistant.documents() if entry.path == EDITED)
    assistant.edit(edited.id, title="改过的题目")


def texts_in(index: Path) -> dict[str, str]:
    """The texts of an index by path."""
    from rag.index.store import Store

    with closing(Store.open_as_it_is(index)) as store:
        return {entry.path: store.document(entry.id).text for entry in store.entries()}
