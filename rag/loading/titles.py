"""The title of a text that has no other: its first heading, or its first line."""

from rag.text.markup import end_of_front_matter

TITLE_CHARACTERS = 80
"""Longest title taken from a text's own lines, in characters."""


def title_in_text(text: str) -> str:
    """The first ``# `` heading of Markdown within the first lines, else the first line with a letter or digit.

    A row of a table is none.
    """
    begin = end_of_front_matter(text)
    lines = [line.strip() for line in text[begin : begin + 4000].splitlines() if any(map(str.isalnum, line))]
    lines = [line for line in lines if not line.startswith("|")]
    heading = next((line for line in lines if line.startswith("# ")), lines[0] if lines else "")
    return heading.lstrip("#").strip("\ufeff \t\u3000\xa0")[:TITLE_CHARACTERS]
