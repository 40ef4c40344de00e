"""Statements in PostgreSQL's SQL.

PostgreSQL raises where a float is too large or too small for its type. Statements are written plainly first; one that
raises so is written anew with functions of ours that make infinity or zero, as elsewhere.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.generators.postgres import PostgresGenerator

__all__ = ["CAREFUL", "FUNCTIONS", "LETTERS", "WRITER", "CarefulPostgres", "ExactPostgres"]

WRITER, CAREFUL = "exactpostgres", "carefulpostgres"
"""The names of the dialects of sqlglot below."""

LETTERS = 'COLLATE "letters"'
"""Stands for a collation of the server that knows upper and lower case of all letters."""


def _contains(writer: PostgresGenerator, node: exp.Contains) -> str:
    return f"({writer.func('STRPOS', node.this, node.expression)} > 0)"


def _ends_with(writer: PostgresGenerator, node: exp.EndsWith) -> str:
    length = writer.func("LENGTH", node.expression)
    return f"(RIGHT({writer.sql(node, 'this')}, {length}) = {writer.sql(node, 'expression')})"


def _extract(writer: PostgresGenerator, node: exp.Extract) -> str:
    made = f"EXTRACT({node.this.name} FROM {writer.sql(node, 'expression')})"
    return f"TRUNC({made})" if node.this.name == "SECOND" else made


def _lettered(word: str) -> Any:
    # The order of the result is that of code points, as of all text.
    return lambda writer, node: f'({word}(({writer.sql(node, "this")}) {LETTERS}) COLLATE "C")'


def _literal(writer: PostgresGenerator, node: exp.Literal) -> str:
    # A number with an exponent would be a decimal.
    plain = PostgresGenerator.literal_sql(writer, node)
    return plain if node.is_string or "e" not in plain.lower() else f"{plain}::FLOAT8"


def _power(writer: PostgresGenerator, node: exp.Pow) -> str:
    return writer.func("pg_temp.wayang_power", node.this, node.expression)


class ExactGenerator(PostgresGenerator):
    """Writes what PostgreSQL means otherwise."""

    TRANSFORMS: ClassVar = {
        **PostgresGenerator.TRANSFORMS,
        exp.Contains: _contains,
        exp.EndsWith: _ends_with,
        exp.Extract: _extract,
        exp.IntDiv: lambda self, node: self.binary(node, "/"),
        exp.Like: lambda self, node: f"{self.binary(node, 'LIKE')} ESCAPE ''",
        exp.Literal: _literal,
        exp.Lower: _lettered("LOWER"),
        exp.Pow: _power,
        exp.Upper: _lettered("UPPER"),
    }


def _careful(word: str, sign: str) -> Any:
    def write(writer: PostgresGenerator, node: exp.Binary) -> str:
        if isinstance(node, exp.Div) or node.meta.get("float"):
            return writer.func(f"pg_temp.wayang_{word}", node.this, node.expression)
        return writer.binary(node, sign)

    return write


class CarefulGenerator(ExactGenerator):
    """Writes arithmetic of floats as functions of ours."""

    TRANSFORMS: ClassVar = {
        **ExactGenerator.TRANSFORMS,
        exp.Add: _careful("plus", "+"),
        exp.Div: _careful("divided", "/"),
        exp.Exp: lambda self, node: self.func("pg_temp.wayang_exp", node.this),
        exp.Mul: _careful("times", "*"),
        exp.Sub: _careful("minus", "-"),
    }


class ExactPostgres(Postgres):
    """PostgreSQL with the meaning that the project's operators have."""

    Generator = generator_class = ExactGenerator


class CarefulPostgres(Postgres):
    """The same, with floats that may grow beyond all bounds."""

    Generator = generator_class = CarefulGenerator


_CATCHING = """
CREATE FUNCTION pg_temp.wayang_{name}({arguments}) RETURNS float8 LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    RETURN {value};
EXCEPTION WHEN numeric_value_out_of_range THEN
    RETURN CASE WHEN SQLERRM LIKE '%underflow%' THEN 0 ELSE {beyond} END;
END $$"""

_POWER = """
CREATE FUNCTION pg_temp.wayang_power(a float8, b float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    IF a = 0 AND b < 0 THEN RETURN 'Infinity'; END IF;
    IF a < 0 AND abs(b) < 'Infinity' AND b <> floor(b) AND a > '-Infinity' THEN RETURN NULL; END IF;
    RETURN power(a, b);
EXCEPTION WHEN numeric_value_out_of_range THEN
    RETURN CASE
        WHEN SQLERRM LIKE '%underflow%' THEN 0
        WHEN a < 0 AND mod(b::numeric, 2) <> 0 THEN '-Infinity'::float8
        ELSE 'Infinity'::float8
    END;
END $$"""

_SIGNED = "sign(a) * sign(b) * 'Infinity'::float8"
_TWO = "a float8, b float8"

FUNCTIONS = (
    _CATCHING.format(name="plus", arguments=_TWO, value="a + b", beyond="sign(a) * 'Infinity'::float8"),
    _CATCHING.format(name="minus", arguments=_TWO, value="a - b", beyond="sign(a) * 'Infinity'::float8"),
    _CATCHING.format(name="times", arguments=_TWO, value="a * b", beyond=_SIGNED),
    _CATCHING.format(name="divided", arguments=_TWO, value="a / b", beyond=_SIGNED),
    _CATCHING.format(name="exp", arguments="a float8", value="exp(a)", beyond="'Infinity'::float8"),
    _POWER,
)
"""Functions of a session, in the schema that goes with it."""
