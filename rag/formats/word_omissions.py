"""What of a Word document is not in its text: counted while it is read, told in one line each."""

from collections import Counter
from collections.abc import Iterable

_LINES = {
    "comments": ("批注 {} 条", "{} comment", "{} comments"),
    "deleted": ("修订中删去的文字 {} 字", "{} character deleted under track changes", "{} characters deleted under track changes"),
    "hidden": ("隐藏文字 {} 字", "{} hidden character", "{} hidden characters"),
    "pictures": ("图片 {} 幅", "{} picture", "{} pictures"),
    "charts": ("图表 {} 个", "{} chart", "{} charts"),
    "diagrams": ("示意图（SmartArt）{} 个", "{} diagram (SmartArt)", "{} diagrams (SmartArt)"),
    "objects": ("嵌入对象 {} 个", "{} embedded object", "{} embedded objects"),
    "formula objects": ("公式对象 {} 个（不是文字）", "{} formula that is an object, not text", "{} formulas that are objects, not text"),
    "formula fields": ("公式域 {} 个", "{} formula field", "{} formula fields"),
    "symbols": ("无法对应到字符的符号 {} 个", "{} symbol that no character is known for", "{} symbols that no character is known for"),
    "annotations": ("注音 {} 处", "{} phonetic guide", "{} phonetic guides"),
    "rich text": ("嵌入的 RTF 内容 {} 处", "{} embedded part of RTF", "{} embedded parts of RTF"),
    "unread parts": ("无法读入的嵌入内容 {} 处", "{} embedded part that cannot be read", "{} embedded parts that cannot be read"),
    "deep parts": ("多层嵌套的嵌入文档 {} 处", "{} document embedded in an embedded one", "{} documents embedded in embedded ones"),
    "outside": ("指向其他文件的内容 {} 处", "{} part that lies in another file", "{} parts that lie in other files"),
}  # fmt: skip


class Omissions:
    """Counts of what is left out, by kind: a key of the table above."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._more: list[tuple[str, str]] = []

    def count(self, kind: str, more: int = 1) -> None:
        """Adds to the count of a kind."""
        assert kind in _LINES
        self._counts[kind] += more

    def add(self, lines: Iterable[tuple[str, str]]) -> None:
        """Adds what an embedded file's own loader tells."""
        self._more.extend(line for line in lines if line not in self._more)

    def lines(self) -> tuple[tuple[str, str], ...]:
        """A line in Chinese and in English for each kind of which there is any."""
        counted = (
            (zh.format(self._counts[kind]), (one if self._counts[kind] == 1 else many).format(self._counts[kind]))
            for kind, (zh, one, many) in _LINES.items()
            if self._counts[kind]
        )
        return (*counted, *self._more)
