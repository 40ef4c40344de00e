"""What DuckDB declares. Nothing here imports the engine."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from jupyter_wayang.plan.operators import AnyOperator
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.duckdb.channels import CHANNELS, CONVERSIONS, RELATION
from jupyter_wayang.platforms.duckdb.costs import COSTS
from jupyter_wayang.platforms.platform import BASE_OPERATORS, LEARNING_OPERATORS, Engine
from jupyter_wayang.platforms.relational.sql_capabilities import elsewhere

__all__ = ["DuckDBPlatform"]


class DuckDBPlatform:
    """DuckDB as a platform.

    Columns whose names differ only in case, which DuckDB cannot tell apart, bear numbered names inside of it and get
    their own back when rows leave.
    """

    name = "duckdb"
    title = "DuckDB"
    badge = "Du"
    channel = RELATION
    channels = CHANNELS
    conversions = CONVERSIONS
    operators = frozenset((*BASE_OPERATORS, *LEARNING_OPERATORS))
    costs = COSTS

    def missing(self) -> str | None:
        """Return why DuckDB cannot be used on this machine, or None."""
        if find_spec("duckdb") is None:
            return 'duckdb is not installed: pip install "jupyter-wayang[duckdb]"'
        return None

    def refuses(self, operator: AnyOperator, inputs: tuple[Schema, ...]) -> str | None:
        """Return why an operator is not possible, or None."""
        return elsewhere(operator, self.name, self.title)

    def code(self, operator: AnyOperator, inputs: tuple[tuple[str, Schema], ...]) -> str | None:
        """Return the SQL of a base operator over named inputs, or None where an operator is no SQL.

        Examples
        --------
        >>> from jupyter_wayang.plan.operators import Limit
        >>> print(DuckDBPlatform().code(Limit(rows=5), (("visits", Schema.of(age="int64")),)))
        SELECT
          *
        FROM "visits"
        LIMIT 5
        """
        from jupyter_wayang.platforms.duckdb.code import code

        return code(operator, inputs)

    def open(self, workspace: Path) -> Engine:
        """Start DuckDB in memory; what does not fit there goes into ``workspace``."""
        from jupyter_wayang.platforms.duckdb.engine import DuckDBEngine

        return DuckDBEngine(workspace)
