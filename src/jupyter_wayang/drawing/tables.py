"""Tables as HTML: all names and values are foreign, so all of them are escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from jupyter_wayang.drawing.page import table_css
from jupyter_wayang.drawing.rowtext import capped, said

__all__ = ["grid", "rows_html", "table_html"]

_NUMBERS = ("int", "uint", "float", "double", "decimal", "half")


def rows_html(
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
    >>> "&lt;b&gt;" in rows_html([("<b>", "string")], [["x"]])
    True
    """
    scope = ".wy-table"
    below = f'<p class="note">{escape(note)}</p>' if note else ""
    return f'<div class="wy-table"><style>{table_css(scope)}</style>{grid(columns, rows, caption=caption)}{below}</div>'


def table_html(table: Any, *, caption: str = "", most: int = 20, notes: Sequence[str] = ()) -> str:
    """Return an Arrow table for a notebook cell: its first rows, and how many there are.

    Parameters
    ----------
    table
        A ``pyarrow.Table``.
    caption
        What stands above.
    most
        Rows that are shown at most.
    notes
        What stands below, after the number of rows.

    Examples
    --------
    >>> import pyarrow as pa
    >>> "2 of 3 rows" in table_html(pa.table({"x": [1, 2, 3]}), most=2)
    True
    """
    columns, rows, note = capped(table, most)
    return rows_html(columns, rows, caption=caption, note="; ".join([note, *notes]))


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
    return f"<td{_side(right)}>{escape(said(value, decimals))}</td>"
