"""How the cells of a table read: each under its heads, ``沙洲县 · 产量：12.5万吨``, whose place is that of ``12.5``."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rag.text.measures import is_unit
from rag.text.numerals import in_digits
from rag.text.table_blocks import side_by_side
from rag.text.table_captions import NO_CAPTION, Caption
from rag.text.table_heads import is_form, is_number
from rag.text.tables import Cell, Table
from rag.text.view import HAN_CHARACTER

LONGEST_HEAD = 40
"""Characters of a head that are read before its cell; what is beyond tells little."""
MOST_ROW_HEADS = 3
_LIST = 3
"""Rows that make a list within a form."""

BETWEEN_HEADS = " · "

_BRACKETED = re.compile(r"\s*[（(]\s*(?:单位[:：]\s*)?(?P<unit>[^（()）]{1,10}?)\s*[）)]$")
_UNIT_COLUMN = re.compile(r"(?:计量)?单位|units?", re.IGNORECASE)
_RANGE = re.compile(r"[-+±<>≤≥＜＞]?[\d,，.．\s]*\d(?:\s*[-~～—–－至]+\s*[\d,，.．]*\d)?")
# What is counted has units of its own, and a ratio none, whatever the line above says of amounts.
_COUNTS_OR_RATIO = re.compile(r"(?:数|数量|人次|率|比|比重|比例|增速|增长|增幅|名次|排名|年份|年度|[A-Za-zχ²]值)$")
_SERIAL = re.compile(r"\W*(\d+)\W*")


@dataclass(frozen=True, slots=True)
class CellReading:
    """A cell with the words that its heads add.

    Attributes:
        cell: where it stands.
        lead: what is read before what stands in it: the heads of its row and column.
        tail: what is read after it: its unit, where that stands elsewhere.
        is_head: whether it is a head itself, of rows that hold nothing else or of several rows.
    """

    cell: Cell
    lead: str = ""
    tail: str = ""
    is_head: bool = False


def cell_readings(table: Table, shown: Callable[[Cell], str], caption: Caption = NO_CAPTION) -> Iterator[CellReading]:
    """The cells that say something, row by row; heads are read with them.

    Args:
        table: the cells.
        shown: how what stands in a cell reads.
        caption: gives the unit of the numbers that have none of their own.
    """
    if table.heads == len(table.rows):
        for row in table.rows:
            yield from (CellReading(cell, is_head=True) for cell in row if not cell.is_empty)
    parts = side_by_side(table, shown)
    readers = [_Reader(part, shown, caption, table.columns) for part in parts]
    widest = ["".join(reader.paths[0][:1]) for reader in readers]
    if len(set(widest)) == len(parts) > 1:
        for reader, head in zip(readers, widest, strict=True):
            reader.group = head  # each may have a row such as 合计
    for number in range(table.heads, len(table.rows)):
        for reader in readers:
            yield from reader.listed(number) if table.heads else reader.labelled(number)


def is_tick(text: str) -> bool:
    """Whether a cell holds signs alone that say something below its head, as ``√`` or ``●`` does and a dash does not."""
    return bool(text) and all(sign in "√×" or unicodedata.category(sign) == "So" for sign in text)


def heads_in(text: str, lead: int) -> list[str]:
    """The heads that a cell is read under.

    Args:
        text: how it reads with them.
        lead: how many characters of that they are.
    """
    return [head for head in text[:lead].rstrip("：: ").split(BETWEEN_HEADS) if head]


class _Reader:
    """Reads the rows of a table in order.

    Args:
        table: the cells.
        shown: how what stands in a cell reads.
        caption: of the table.
        width: columns of a title.
    """

    def __init__(self, table: Table, shown: Callable[[Cell], str], caption: Caption, width: int) -> None:
        self.table = table
        self.shown = shown
        self.caption = caption
        self.width = max(width, 2)
        self.cells = table.by_place()
        self.has_row_of_units = self._row_of_units()
        if self.has_row_of_units:
            self.table = replace(table, heads=table.heads + 1)
        self.group = ""  # a line over all columns, which holds for the rows below it
        self.body = [row for row in range(table.heads, len(table.rows)) if len(self._row(row)) > 1]
        self.is_numbered = self.table.columns > 1 and self._counts_rows()
        self.row_heads = self._columns_of_row_heads() if table.heads else ()
        self._fill_blank_names()
        self.paths = [self._path(column) for column in range(table.columns)]
        self.unit_column = next(filter(self._holds_units, range(table.columns)), None)

    def listed(self, row: int) -> Iterator[CellReading]:
        """The cells of a row below heads of columns."""
        if row < self.table.heads:
            return  # of units
        cells = self._row(row)
        if len(cells) == 1 and (cells[0].columns == self.table.columns or self.table.columns == 1):
            yield from self._over_all(cells[0])
            return
        found = (self.cells.get((row, column)) for column in self.row_heads)
        heads = list(dict.fromkeys(cell for cell in found if cell))
        names = [self._text(cell) for cell in heads]
        if self.is_numbered and (beside := self._uncounted(row)):
            names.insert(0, beside)
        values = [cell for cell in self.table.rows[row] if not cell.is_empty and cell.column not in self.row_heads]
        values = [cell for cell in values if cell.column != self.unit_column and (cell.column or not self.is_numbered)]
        has_own = False
        for place, cell in enumerate(heads[1:], len(names) - len(heads) + 1):
            # What else names the row is told under the head of its own column.
            if cell.row == row and not cell.is_empty and self.paths[cell.column] and (values or any(names[:place])):
                path = self.paths[cell.column] if cell.columns == 1 else []
                yield CellReading(cell, _joined([self.group, *names[:place], *path]))
                has_own = True
        for cell in values:
            words, unit = self._with_unit(cell, row, names)
            yield CellReading(cell, _joined([self.group, *words]), unit)
        if not values and not has_own:
            yield from (CellReading(cell, is_head=True) for cell in heads if cell.row == row and not cell.is_empty)

    def labelled(self, row: int) -> Iterator[CellReading]:
        """The cells of a row of a form, in which a label stands before each thing, or one before several."""
        cells = self._row(row)
        if len(places := self._unfilled(row)) > len(cells):
            cells = places
        elif len(cells) % 2 and cells[0].column and (label := self.cells.get((row - 1, 0))):
            self.cells[row, 0] = label  # left blank, for want of merged cells
            cells.insert(0, label)
        group = [self.group]
        if heads := self._heads_within(row):
            yield from self._listed_within(row, heads)
            return
        aside = cells.pop() if self._stands_aside(row, cells) else None
        if len(cells) % 2 and len(cells) > 1 and cells[0].rows > 1:
            group.append(self._text(cells.pop(0)))
        if len(cells) == 1 and cells[0].columns < self.table.columns:
            yield CellReading(cells[0], _joined(group), is_head=True)  # a label of nothing
        elif len(cells) == 1:
            yield from self._over_all(cells[0])
        elif len(cells) % 2 or (len(cells) > 2 and is_number(self.shown(cells[2]))):
            lead = _joined([*group, self._text(cells[0])])
            yield from (CellReading(cell, lead, self._plain_unit(cell)) for cell in cells[1:] if cell.row == row)
        else:
            for label, cell in zip(cells[::2], cells[1::2], strict=True):
                if cell.row == row and not cell.is_empty:
                    yield CellReading(cell, _joined([*group, self._text(label)]), self._plain_unit(cell))
                elif not label.is_empty:
                    yield CellReading(label, _joined(group), is_head=True)
        if aside and aside.row == row:
            yield CellReading(aside, _joined([self.group]))

    def _unfilled(self, row: int) -> list[Cell]:
        """All cells of a row with labels that nothing has been filled in behind, though others follow; or none."""
        found = (self.cells.get((row, column)) for column in range(self.table.columns))
        cells = list(dict.fromkeys(cell for cell in found if cell))
        first = len(cells) % 2 if cells and cells[0].rows > 1 else 0
        labels, said = cells[first::2], cells[first + 1 :: 2]
        if not labels or labels[0].is_empty or any(map(str.isdigit, "".join(map(self.shown, labels)))):
            return []
        return (
            cells
            if any(not label.is_empty for cell, label in zip(said, labels[1:], strict=False) if cell.is_empty)
            else []
        )

    def _stands_aside(self, row: int, cells: Sequence[Cell]) -> bool:
        """Whether the last cell belongs to no label: behind pairs, it reaches down or nothing is below."""
        last = cells[-1] if cells else None
        if not last or len(cells) % 2 == 0 or len(cells) < 3 or cells[0].rows > 1 or is_number(self.shown(last)):
            return False
        below = self.cells.get((row + 1, last.column))
        is_last = last.column + last.columns == self.table.columns
        return is_last and (last.rows > 1 or (len(cells) > 3 and below is not None and below.is_empty))

    def _heads_within(self, row: int) -> list[Cell]:
        """The heads of a list that a label stands before, in a row of which or below which this row is; else none.

        Three rows at least, of words the first of them, and of no more cells the others.
        """
        first = row
        while first and (label := self.cells.get((first, 0))) and (label.is_empty or label.row < first):
            first -= 1
        end = row + 1
        while (label := self.cells.get((end, 0))) and (label.is_empty or label.row < end):
            end += 1
        rows = [[cell for cell in self._row(each) if cell.column] for each in range(first, end)]
        heads = rows[0]
        starts = {cell.column for cell in heads}
        texts = [[self.shown(cell) for cell in cells] for cells in rows]
        if len(rows) < _LIST or len(heads) < 3 or any(map(str.isdigit, "".join(texts[0]))):
            return []
        if any(cell.column not in starts or cell.rows > 1 for cells in rows for cell in cells):
            return []
        return heads if len(heads) % 2 or not is_form(texts) else []

    def _listed_within(self, row: int, heads: Sequence[Cell]) -> Iterator[CellReading]:
        """The cells of a row of such a list; its heads are read with them."""
        label = self.cells.get((heads[0].row, 0))
        group = [self.group, self._text(label) if label else ""]
        cells = [cell for cell in self._row(row) if cell.column and row > heads[0].row]
        told = {head.column: self._text(head) for head in heads}
        name = [self._text(cell) for cell in cells[:1] if cell.column == heads[0].column]
        for cell in cells:
            names = name if cell.column != heads[0].column else []
            yield CellReading(cell, _joined([*group, *names, told[cell.column]]), self._plain_unit(cell))

    def _over_all(self, cell: Cell) -> Iterator[CellReading]:
        """A line over all columns: the head of the rows below it if it is short, else text."""
        text = self.shown(cell)
        is_head = len(text) <= LONGEST_HEAD and not text.endswith(("。", "；", ".", ";"))
        self.group = text if is_head else self.group
        yield CellReading(cell, is_head=is_head)

    def _row(self, row: int) -> list[Cell]:
        """The cells of a row in which something stands, with those that reach into it, each once."""
        found = (self.cells.get((row, column)) for column in range(self.table.columns))
        return list(dict.fromkeys(cell for cell in found if cell and not cell.is_empty))

    def _text(self, cell: Cell) -> str:
        return self.shown(cell)[:LONGEST_HEAD].strip()

    def _column(self, column: int) -> list[str]:
        found = (self.cells.get((row, column)) for row in self.body)
        return [self.shown(cell) for cell in found if cell and not cell.is_empty]

    def _columns_of_row_heads(self) -> tuple[int, ...]:
        """The columns that name the rows: the first that does not count them, and those after it until the rows differ.

        Codes (``A02``) tell rows apart, but nobody calls them so: what stands beside them belongs to the name.
        """
        first = 1 if self.is_numbered else 0
        if first == self.table.columns - 1:
            return ()
        heads = [first]
        while (
            len(heads) < MOST_ROW_HEADS
            and heads[-1] + 2 < self.table.columns
            and not (self._differ(heads) and self._holds_words(heads[-1]))
        ):
            column = heads[-1] + 1
            texts = self._column(column)
            if any(map(is_number, texts)) or max(map(len, texts), default=0) > LONGEST_HEAD:
                break
            if self._is_of_matrix(column):
                break
            heads.append(column)
        return tuple(heads)

    def _is_of_matrix(self, column: int) -> bool:
        """Whether it and all columns behind it hold the same things, as the days of a timetable do."""
        columns = [set(self._column(each)) for each in range(column, self.table.columns)]
        held = Counter(text for texts in columns for text in texts)
        shared = [{text for text in texts if held[text] > 1} for texts in columns]
        return all(shared) and 2 * len(shared[0]) >= len(columns[0])

    def _holds_words(self, column: int) -> bool:
        texts = self._column(column)
        return 2 * sum(not self._is_code(text) or len(text.split()) > 1 for text in texts) > len(texts)

    def _differ(self, columns: Sequence[int]) -> bool:
        names = [tuple(self.cells.get((row, column)) for column in columns) for row in self.body]
        texts = [tuple(self.shown(cell) if cell else "" for cell in name) for name in names]
        return len(set(texts)) == len(texts) and all(text[0] for text in texts)

    def _counts_rows(self) -> bool:
        """Whether the first column counts the rows from 1."""
        numbers = [_SERIAL.fullmatch(in_digits(text)) for text in self._column(0)]
        counted = [int(match[1]) for match in numbers if match]
        return counted == list(range(1, len(counted) + 1)) and len(counted) > len(numbers) / 2

    def _uncounted(self, row: int) -> str:
        """What stands in the place of a row's number, such as ``合计``."""
        cell = self.cells.get((row, 0))
        text = self._text(cell) if cell else ""
        return "" if _SERIAL.fullmatch(in_digits(text)) else text

    def _fill_blank_names(self) -> None:
        """Lets what names a row stand for those below it whose cells are left blank, for want of merged ones.

        Something else must name the row as well: a row without any name may be the total. Beside a code, one column on, it
        stands for rows that have a code too.
        """
        for above, row in pairwise(self.body):
            for column in self.row_heads:
                cell, before = self.cells.get((row, column)), self.cells.get((above, column))
                if cell and before and cell.is_empty and self._may_share_name(above, row, column):
                    self.cells[row, column] = before

    def _may_share_name(self, above: int, row: int, column: int) -> bool:
        if column == self.row_heads[0]:
            others = [self.cells.get((row, other)) for other in self.row_heads[1:]]
            is_named = any(cell and not cell.is_empty for cell in others)
            return is_named and not (self.is_numbered and self._uncounted(row))
        beside = (self.cells.get((each, self.row_heads[0])) for each in (above, row))
        return all(cell and self._is_code(self._text(cell)) for cell in beside)

    def _is_code(self, text: str) -> bool:
        return any(map(str.isdigit, text)) and not HAN_CHARACTER.search(text)

    def _holds_units(self, column: int) -> bool:
        """Whether a column is headed 单位 and holds units, not bodies."""
        path, texts = self.paths[column], self._column(column)
        units = [text for text in texts if any(map(str.isalnum, text)) or is_unit(text)]
        return bool(path and _UNIT_COLUMN.fullmatch(path[-1]) and units) and all(
            is_unit(unit, any_letters=True) for unit in units
        )

    def _path(self, column: int) -> list[str]:
        """The heads above a column, the widest first; a title over all columns is none."""
        found = [self.cells.get((row, column)) for row in range(self.table.heads)]
        shown = [cell for cell in found if cell and not cell.is_empty and cell.columns < self.width]
        path = list(dict.fromkeys(map(self._text, shown)))
        if self.has_row_of_units and len(path) > 1 and shown[-1].row == self.table.heads - 1:
            unit = path.pop().strip("（()）")
            path[-1] += f"（{unit}）"
        return path

    def _row_of_units(self) -> bool:
        """Whether units stand in a row of their own below the heads, and rows below that."""
        row = self.table.heads
        if not 0 < row < len(self.table.rows) - 1:
            return False
        first = self.cells.get((row, 0))
        if first and not first.is_empty and not _UNIT_COLUMN.fullmatch(self.shown(first)):
            return False
        units = [cell for cell in self._row(row) if cell != first]
        below = [cell for unit in units if (cell := self.cells.get((row + 1, unit.column))) and not cell.is_empty]
        return (
            bool(below)
            and all(is_unit(self.shown(unit).strip("（()）")) for unit in units)
            and all(any(map(str.isdigit, self.shown(cell))) for cell in below)
        )

    def _with_unit(self, cell: Cell, row: int, names: list[str]) -> tuple[list[str], str]:
        """The heads of a cell without the unit that one of them names, and the unit of the number in the cell."""
        heads = [*names, *self.paths[cell.column]]
        text = self.shown(cell)
        if not any(character.isdigit() for character in text):
            return heads, ""
        for place in reversed(range(len(heads))):
            of_column = place >= len(names)
            named = _BRACKETED.search(heads[place])
            if not named or not is_unit(named["unit"], any_letters=of_column):
                continue
            if (of_column or not _COUNTS_OR_RATIO.search(heads[-1])) and (unit := _unit_after(text, named["unit"])):
                return [*heads[:place], heads[place][: named.start()], *heads[place + 1 :]], unit
        if self.unit_column is not None and (beside := self.cells.get((row, self.unit_column))):
            unit = self.shown(beside)
            return heads, _unit_after(text, unit) if is_unit(unit, any_letters=True) else ""
        return heads, "" if _COUNTS_OR_RATIO.search(heads[-1]) else self._unit_of_caption(text, heads)

    def _unit_of_caption(self, text: str, heads: Sequence[str]) -> str:
        is_measured = any(self.caption.measured in head for head in heads)
        return _unit_after(text, self.caption.unit) if is_measured else ""

    def _plain_unit(self, cell: Cell) -> str:
        return _unit_after(self.shown(cell), "" if self.caption.measured else self.caption.unit)


def _unit_after(text: str, unit: str) -> str:
    """The unit to be read after a number or a range of numbers, unless that has one."""
    if not unit or not _RANGE.fullmatch(text):
        return ""
    return f"×{unit}" if unit[0].isdigit() else unit


def _joined(heads: Sequence[str]) -> str:
    named = [head.rstrip("：: ") for head in dict.fromkeys(heads) if head.strip("：: ")]
    if not named:
        return ""
    text = BETWEEN_HEADS.join(named)
    return text + ("：" if HAN_CHARACTER.search(text) else ": ")
