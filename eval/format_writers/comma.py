"""CSV as a spreadsheet program saves it: the first table with its title, unit and notes as rows."""

import csv
import io

from eval.format_writers.content import Content, Table, readable


def table_of(content: Content) -> Table:
    """The one table that a .csv holds."""
    return content.tables[0]


def write(content: Content) -> bytes:
    """The content's first table as .csv."""
    table = table_of(content)
    file = io.StringIO()
    writer = csv.writer(file)
    width = len(table.rows[0])
    above, below = [line for line in (table.caption, table.unit) if line], table.notes
    writer.writerows([readable(line), *[""] * (width - 1)] for line in above)
    writer.writerows([readable(cell.text) if cell else "" for cell in row] for row in table.rows)
    writer.writerows([readable(line), *[""] * (width - 1)] for line in below)
    return file.getvalue().encode("utf-8-sig" if content.encoding == "utf-8" else content.encoding)
