"""What SQLite declares. Nothing here imports sqlglot or opens a database."""

from __future__ import annotations

from pathlib import Path

from jupyter_wayang.plan.operators import AnyOperator
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.platform import BASE_OPERATORS, LEARNING_OPERATORS, Engine
from jupyter_wayang.platforms.relational.sql_capabilities import elsewhere, without_types
from jupyter_wayang.platforms.sqlite.channels import CHANNELS, CONVERSIONS, RELATION
from jupyter_wayang.platforms.sqlite.costs import COSTS

__all__ = ["SQLitePlatform"]

_OLDEST = (3, 39, 0)


class SQLitePlatform:
    """SQLite as a platform: Python's own, with functions in Python where SQLite's mean something else."""

    name = "sqlite"
    title = "SQLite"
    badge = "Sq"
    channel = RELATION
    channels = CHANNELS
    conversions = CONVERSIONS
    operators = frozenset((*BASE_OPERATORS, *LEARNING_OPERATORS))
    costs = COSTS

    def missing(self) -> str | None:
        """Return why SQLite cannot be used on this machine, or None."""
        import sqlite3

        if sqlite3.sqlite_version_info < _OLDEST:
            return f"this Python has SQLite {sqlite3.sqlite_version}, and 3.39 is needed"
        return None

    def refuses(self, operator: AnyOperator, inputs: tuple[Schema, ...]) -> str | None:
        """Return why an operator is not possible, or None.

        Examples
        --------
        >>> from jupyter_wayang.plan.operators import Limit
        >>> SQLitePlatform().refuses(Limit(rows=1), (Schema.of(price="decimal(15, 2)"),))
        'SQLite has no decimals, and price is a decimal(15, 2)'
        """
        return elsewhere(operator, self.name, self.title) or without_types(
            operator, inputs, self.title, decimals=False, lists=False
        )

    def code(self, operator: AnyOperator, inputs: tuple[tuple[str, Schema], ...]) -> str | None:
        """Return the SQL of a base operator over named inputs, or None where an operator is no SQL.

        Examples
        --------
        >>> from jupyter_wayang.plan.operators import Limit
        >>> print(SQLitePlatform().code(Limit(rows=5), (("visits", Schema.of(age="int64")),)))
        SELECT
          *
        FROM "visits"
        LIMIT 5
        """
        from jupyter_wayang.platforms.sqlite.code import code

        return code(operator, inputs)

    def open(self, workspace: Path) -> Engine:
        """Start SQLite on a file of its own in ``workspace``."""
        from jupyter_wayang.platforms.sqlite.engine import SQLiteEngine

        return SQLiteEngine(workspace)
