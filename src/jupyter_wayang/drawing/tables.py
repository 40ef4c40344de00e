"""Tables as HTML: all names and values are foreign, so all of them are escaped."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from html import escape
from typing import Any

from jupyter_wayang.drawing import units
from jupyter_wayang.drawing.page import table_css

__all__ = ["arrow_html", "grid", "table_html"]

_LONGEST = 120
_NUMBERS = ("int", "uint", "float", "double", "decimal", "half")


def table_html(
    columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[object]], *, caption: str = "", note: str = ""
) -> str:
    """Return a table for a notebook cell, with types under the names.

    Parameters
    ----------
    columns
        Names and types.
    rows
        Values, None where there is none.
    caption
        What stands above.
    note
        What stands below, as in ``20 of 303 rows``.

    Returns
    -------
    str
        HTML that needs nothing else.

    Examples
    --------
    >>> "&lt;b&gt;" in table_html([("<b>", "string")], [["x"]])
    True
    """
    scope = ".wy-table"
    below = f'<p class="note">{escape(note)}</p>' if note else ""
    return f'<div class="wy-table"><style>{table_css(scope)}</style>{grid(columns, rows, caption=caption)}{below}</div>'


def arrow_html(table: Any, *, caption: str = "", most: int = 20) -> str:
    """Return an Arrow table for a notebook cell: its first rows, and how many there are.

    Parameters
    ----------
    table
        A ``pyarrow.Table``.
    caption
        What stands above.
    most
        Rows that are shown at most.

    Examples
    --------
    >>> import pyarrow as pa
    >>> "2 of 3 rows" in arrow_html(pa.table({"x": [1, 2, 3]}), most=2)
    True
    """
    columns = [(str(field.name), str(field.type)) for field in table.schema]
    shown = table.slice(0, most)
    values = [column.to_pylist() for column in shown.columns]
    rows = [list(row) for row in zip(*values, strict=True)] if values else []
    total, width = int(table.num_rows), len(columns)
    said = (
        f"{units.count(shown.num_rows)} of {units.count(total)} rows" if total > most else f"{units.count(total)} rows"
    )
    return table_html(columns, rows, caption=caption, note=f"{said}, {width} column{'s' if width != 1 else ''}")


def grid(
    columns: Sequence[tuple[str, str]],
    rows: Sequence[Sequence[object]],
    *,
    caption: str = "",
    decimals: int | None = None,
    typed: bool = True,
) -> str:
    """Return the table itself; numbers stand at the right.

    ``decimals`` is for floats of one kind, as metrics are; ``typed`` says whether types stand under the names.
    """
    numeric = [_is_numeric(type_, index, rows) for index, (_, type_) in enumerate(columns)]
    head = "".join(
        _head(name, type_ if typed else "", right=right) for (name, type_), right in zip(columns, numeric, strict=True)
    )
    body = "".join(f"<tr>{_row(row, numeric, decimals)}</tr>" for row in rows)
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{above}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _is_numeric(type_: str, index: int, rows: Sequence[Sequence[object]]) -> bool:
    if type_:
        return type_.startswith(_NUMBERS)
    known = [row[index] for row in rows if row[index] is not None]
    return bool(known) and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in known)


def _head(name: str, type_: str, *, right: bool) -> str:
    small = f"<small>{escape(type_)}</small>" if type_ else ""
    return f'<th scope="col"{_side(right)}>{escape(name)}{small}</th>'


def _side(right: bool) -> str:
    return ' class="r"' if right else ""


def _row(row: Sequence[object], numeric: Sequence[bool], decimals: int | None) -> str:
    return "".join(_cell(value, decimals, right=right) for value, right in zip(row, numeric, strict=True))


def _cell(value: object, decimals: int | None, *, right: bool) -> str:
    if value is None:
        return f'<td class="{"r " if right else ""}null">{"–" if decimals is not None else "null"}</td>'
    return f"<td{_side(right)}>{escape(_said(value, decimals))}</td>"


def _said(value: object, decimals: int | None) -> str:
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
            said = str(value)
            return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"
