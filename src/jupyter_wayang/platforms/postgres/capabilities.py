"""What PostgreSQL declares. Nothing here imports sqlglot or connects."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from jupyter_wayang.plan.expressions import Call, Literal, walk
from jupyter_wayang.plan.expressions.patterns import has_choices
from jupyter_wayang.plan.operators import AnyOperator, Join
from jupyter_wayang.plan.operators.operator import expressions_of
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.connections import connected
from jupyter_wayang.platforms.platform import BASE_OPERATORS, LEARNING_OPERATORS, Engine
from jupyter_wayang.platforms.postgres.channels import CHANNELS, CONVERSIONS, RELATION
from jupyter_wayang.platforms.postgres.costs import COSTS
from jupyter_wayang.platforms.relational.sql_capabilities import elsewhere, without_types

__all__ = ["PostgresPlatform"]

_LONGEST_NAME = 63


class PostgresPlatform:
    """PostgreSQL as a platform: a server that a connection names.

    Tables are read where they are; what else an operator needs goes there as temporary tables.
    """

    name = "postgres"
    title = "PostgreSQL"
    badge = "Pg"
    channel = RELATION
    channels = CHANNELS
    conversions = CONVERSIONS
    operators = frozenset((*BASE_OPERATORS, *LEARNING_OPERATORS))
    costs = COSTS

    def missing(self) -> str | None:
        """Return why PostgreSQL cannot be used here, or None."""
        if find_spec("adbc_driver_postgresql") is None:
            return 'adbc_driver_postgresql is not installed: pip install "jupyter-wayang[postgres]"'
        if not connected(self.name):
            return 'no server is named: wy.connect("NAME", "postgresql://user:password@host/database")'
        return None

    def refuses(self, operator: AnyOperator, inputs: tuple[Schema, ...]) -> str | None:
        """Return why an operator is not possible, or None.

        Examples
        --------
        >>> from jupyter_wayang.plan.operators import Limit
        >>> PostgresPlatform().refuses(Limit(rows=1), (Schema.of(**{"n" * 64: "int64"}),))
        'PostgreSQL has names of 63 bytes, and nnnnnnnnnnnnnnnnnnnn… is longer'
        """
        made = tuple(schema for schema in operator.outputs(inputs) if isinstance(schema, Schema))
        for name in (name for schema in (*inputs, *made) for name in schema.names):
            if len(name.encode()) > _LONGEST_NAME:
                return f"PostgreSQL has names of {_LONGEST_NAME} bytes, and {name[:20]}… is longer"
        if isinstance(operator, Join) and operator.how == "full" and not operator.on:
            return "PostgreSQL joins in full by equal keys only"
        return (
            without_types(operator, inputs, self.title, nested=False)
            or elsewhere(operator, self.name, self.title)
            or _longest(operator)
        )

    def code(self, operator: AnyOperator, inputs: tuple[tuple[str, Schema], ...]) -> str | None:
        """Return the SQL of a base operator over named inputs, or None where an operator is no SQL.

        Examples
        --------
        >>> from jupyter_wayang.plan.operators import Limit
        >>> print(PostgresPlatform().code(Limit(rows=5), (("visits", Schema.of(age="int64")),)))
        SELECT
          *
        FROM "visits"
        LIMIT 5
        """
        from jupyter_wayang.platforms.postgres.code import code

        return code(operator, inputs)

    def open(self, workspace: Path) -> Engine:
        """Start without a connection: each is opened when a table of it is read."""
        from jupyter_wayang.platforms.postgres.engine import PostgresEngine

        return PostgresEngine()


def _longest(operator: AnyOperator) -> str | None:
    """Return why a pattern is not looked for: PostgreSQL finds the longest match, others the first from the left."""
    for expression in expressions_of(operator):
        for part in walk(expression):
            if isinstance(part, Call) and part.function == "regex_extract" and has_choices(_pattern(part)):
                return f"PostgreSQL may find another match of {_pattern(part)!r}: it takes the longest"
    return None


def _pattern(call: Call) -> str:
    held = call.args[1]
    return str(held.value) if isinstance(held, Literal) else ""
