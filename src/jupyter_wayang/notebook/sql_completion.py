"""Completion in a ``%%wayang --sql`` cell: tables, their columns, functions and the words of SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jupyter_wayang.errors import WayangError
from jupyter_wayang.language.builder import Collection, frame, read

if TYPE_CHECKING:
    from jupyter_wayang.language.desk import Desk
    from jupyter_wayang.language.scope import Scope

__all__ = ["in_sql", "sql_fragment"]

_WORDS = """
SELECT DISTINCT FROM WHERE GROUP BY HAVING ORDER LIMIT JOIN LEFT RIGHT FULL CROSS ON USING AS AND OR NOT IN EXISTS BETWEEN
LIKE IS NULL CASE WHEN THEN ELSE END UNION ALL INTERSECT EXCEPT WITH DATE INTERVAL EXTRACT CAST OVER PARTITION DESC ASC
""".split()  # noqa: SIM905 -- as a list they would be a line each
_FUNCTIONS = """
count sum avg min max median stddev variance coalesce nullif greatest least substring upper lower trim length replace abs
round floor ceil sqrt exp ln year month day row_number rank dense_rank lag lead
""".split()  # noqa: SIM905
# A table stands after FROM, JOIN, or a comma of FROM; an alias may follow it.
_NAME = r'(?:"[^"]+"|\'[^\']+\'|[\w.]+)'
_TABLE = re.compile(
    rf"(?:\bfrom|\bjoin|,)\s+({_NAME})(?:\s+(?:as\s+)?(?!(?:{'|'.join(_WORDS)})\b)(\w+))?", re.IGNORECASE
)
_AFTER = re.compile(rf"(?:\bfrom|\bjoin)\s+(?:{_NAME}(?:\s+\w+)?\s*,\s*)*(?:[\w.]*|'[^']*|\"[^\"]*)$", re.IGNORECASE)


def sql_fragment(before: str) -> str:
    """Return the part before the cursor that a completion takes the place of.

    Examples
    --------
    >>> sql_fragment("SELECT v.wa")
    'wa'
    """
    return re.split(r"\W", before)[-1]


def in_sql(body: str, before: str, scope: Scope, desk: Desk, federation: str | None = None) -> list[tuple[str, str]]:
    """Return what can stand at the cursor; the SQL need not parse.

    Parameters
    ----------
    body
        The SQL, without the line of the magic.
    before
        The part of it before the cursor.
    scope
        The names of earlier cells and the variables of the notebook.
    desk
        The session: it knows the columns of tables.
    federation
        The federation whose tables are meant first.
    """
    if before.count("'") % 2 or before.rpartition("\n")[2].lstrip().startswith("--"):
        return []
    named = {alias or name: _columns(name, scope, desk, federation) for name, alias in _tables(body, len(before))}
    dotted = re.search(r"(\w+)\.\w*$", before)
    if dotted:
        return [(column, "column") for column in named.get(dotted.group(1), ())]
    if _AFTER.search(before):
        return [(name, "table") for name in _known(scope)]
    columns = dict.fromkeys(column for found in named.values() for column in found)
    upper = not sql_fragment(before).islower()
    words = [word if upper else word.lower() for word in _WORDS]
    return [
        *((column, "column") for column in columns),
        *((name, "table") for name in named),
        *((function, "function") for function in _FUNCTIONS),
        *((word, "keyword") for word in words),
    ]


def _tables(body: str, cursor: int) -> Iterator[tuple[str, str]]:
    """Yield the tables of FROM and their aliases; what is being typed is none yet."""
    for match in _TABLE.finditer(body):
        alias = match.group(2) if match.end(2) != cursor else None
        if match.end(1) != cursor:
            yield match.group(1).strip("\"'"), alias or ""


def _known(scope: Scope) -> list[str]:
    frames = [name for name, value in scope.variables.items() if hasattr(value, "__arrow_c_stream__")]
    collections = [name for name, value in scope.collections.items() if isinstance(value, Collection)]
    return [*collections, *(name for name in frames if not name.startswith("_"))]


def _columns(name: str, scope: Scope, desk: Desk, federation: str | None) -> tuple[str, ...]:
    known = scope.collections.get(name)
    if isinstance(known, Collection):
        return known.columns
    try:
        value = scope.variables.get(name)
        return (read(desk, name, federation=federation) if value is None else frame(desk, value, name)).columns
    except WayangError:
        # What cannot be read has no columns to offer; its error is shown when the cell runs.
        return ()
