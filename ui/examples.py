"""Example questions: those of the embedded sample documents, or ones made from the titles of other documents."""

from collections.abc import Sequence

from rag.index.rows import Entry
from ui.texts import Language

_SEEDS: dict[Language, tuple[str, ...]] = {
    "zh": (
        "截至2023年3月底我国建成了多少个5G基站？",
        "2023年一季度新能源汽车和太阳能电池的产量哪个增长更快？",
        "谁说传统产业绝不能当成“低端产业”简单退出？",
        "2025年我国新能源汽车的销量是多少？",
    ),
    "en": (
        "How many 5G base stations had China built by the end of March 2023?",
        "What share of the world's lighthouse factories is in China?",
        "How many internet users does China have?",
        "What is the capital of Australia?",
    ),
}


def examples(documents: Sequence[Entry], language: Language, limit: int = 4) -> list[str]:
    """Questions to begin with, for the documents that are there; none where there are no documents."""
    if documents and all(entry.path.startswith("seeds/") for entry in documents):
        return list(_SEEDS[language][:limit])
    titles = [entry.title for entry in documents if entry.title][:limit]
    pattern = "《{title}》主要讲了什么？" if language == "zh" else "What is 《{title}》 about?"
    return [pattern.format(title=title if len(title) <= 40 else title[:39] + "…") for title in titles]
