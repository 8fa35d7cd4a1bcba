"""Texts for tests: the sample documents, and strategies for generated text as documents really hold it."""

from pathlib import Path

from hypothesis import strategies as st

from rag.loading import load
from rag.reading.evidence import Evidence
from rag.text.documents import Document
from rag.text.structure import Sentence, sentences_of

FILES = sorted((Path(__file__).parents[1] / "seeds").glob("*.txt"))
SEEDS = {file.name[:3]: load(file) for file in FILES}
SENTENCES = {name: sentences_of(document.text, document.speakers) for name, document in SEEDS.items()}

_PIECES = st.sampled_from(
    [
        "我国建成", "5G基站", "工业增加值", "同比增长", "３．６％", "264万个", "２０２３年", "1至11月", "压舱石", "金壮龙", "张鹏摄",
        "记者：", "问：", "答：", "【记者】", "赵志国表示，", "（图为现场）", "图：会场", "——", "一是", "第一，", "1．", "- ", "# ", "**重点**",
        "《工作报告。上》", "（他说好。）", "“强国”", "“", "”", "（", "）", "《", "》", "「", "」", "\"", "'", "(", ")",
        "。", "！", "？", "；", "……", "…", "，", "、", "：", ",", ".", ";", ":", "?", "!", "3.6%", "U.S. ", "Mr. Smith said ", "It rose. ",
        "hello", "World", " ", "  ", "\t", "\u3000", "\u00a0", "\u200b", "\ufeff", "\u00ad", "\n", "\n\n", "\r\n", "\r", "\f", "\u2028",
        "😀", "👨‍👩‍👧", "\u0301", "𠮷", "ﷺ", "臺灣", "\x00", "\x1b[31m",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.lists(_PIECES, max_size=60).map("".join), st.text(max_size=80))
"""Han, Latin, digits, full-width forms, marks, quotes, line ends of every kind, blanks, invisible characters, emoji."""


def document_of(text: str, **metadata: object) -> Document:
    return Document(text=text, path="test.txt", title="测试", **metadata)  # type: ignore[arg-type]


def evidence_of(document: Document, sentence: Sentence, score: float = 1.0) -> Evidence:
    return Evidence(document, sentence, (), 1.0, None, score)
