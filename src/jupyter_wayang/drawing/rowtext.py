"""Rows as plain text, and values as both text and HTML show them."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from jupyter_wayang.drawing import units

__all__ = ["capped", "said", "table_text"]

_LONGEST = 120
_WIDEST_COLUMN = 32
_WIDTH = 120
_NUMBERS = ("int", "uint", "float", "double", "decimal", "half")


def table_text(table: Any, *, most: int = 20) -> str:
    """Write an Arrow table as text: names, types, its first rows, and how many there are.

    Parameters
    ----------
    table
        A ``pyarrow.Table``.
    most
        Rows that are shown at most. Columns that do not fit into 120 characters are named below.

    Examples
    --------
    >>> import pyarrow as pa
    >>> print(table_text(pa.table({"ward": ["A", None], "n": [10, 2]})))
    ward        n
    string  int64
    A          10
    null        2
    2 rows, 2 columns
    """
    columns, rows, note = capped(table, most)
    grid = [[name for name, _ in columns], [type_ for _, type_ in columns]]
    grid += [["null" if value is None else said(value, None) for value in row] for row in rows]
    cells = [[_line(cell) for cell in row] for row in grid]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    shown = _fitting(widths)
    right = [type_.startswith(_NUMBERS) for _, type_ in columns]
    lines = [
        "  ".join(
            row[index].rjust(widths[index]) if right[index] else row[index].ljust(widths[index])
            for index in range(shown)
        ).rstrip()
        for row in cells
    ]
    left_out = ", ".join(_line(name) for name, _ in columns[shown:])
    return "\n".join([*lines, note, *([f"not shown: {left_out}"[:_WIDTH]] if left_out else [])])


def _line(cell: str) -> str:
    line = " ".join(cell.split())
    return line if len(line) <= _WIDEST_COLUMN else line[: _WIDEST_COLUMN - 1] + "…"


def _fitting(widths: list[int]) -> int:
    used = 0
    for index, width in enumerate(widths):
        used += width + (2 if index else 0)
        if used > _WIDTH:
            return max(index, 1)
    return len(widths)


def capped(table: Any, most: int) -> tuple[list[tuple[str, str]], list[list[object]], str]:
    """Return names and types of an Arrow table, its first rows, and a note on how many there are."""
    columns = [(str(field.name), str(field.type)) for field in table.schema]
    shown = table.slice(0, most)
    values = [column.to_pylist() for column in shown.columns]
    rows: list[list[object]] = [list(row) for row in zip(*values, strict=True)] if values else []
    total, width = int(table.num_rows), len(columns)
    count = (
        f"{units.count(shown.num_rows)} of {units.count(total)} rows" if total > most else f"{units.count(total)} rows"
    )
    if total == 1:
        count = "1 row"
    return columns, rows, f"{count}, {width} column{'s' if width != 1 else ''}"


def said(value: object, decimals: int | None) -> str:
    """Write a value of a table; ``decimals`` is for floats of one kind, as metrics are."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value) if decimals is None else units.count(value)
        case float():
            if decimals is None or not math.isfinite(value):
                return f"{value:.6g}"
            return f"{value:.{decimals}f}"
        case dt.date() | dt.datetime():
            return value.isoformat()
        case _:
            words = str(value)
            return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
