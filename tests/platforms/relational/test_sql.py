"""Statements as a person reads them. That they mean the right thing is the conformance suite's affair."""

from __future__ import annotations

import pytest
import sqlglot

from jupyter_wayang.errors import ExpressionTypeError, OperatorError, PlanError, PlatformError
from jupyter_wayang.plan.expressions import (
    Aggregate,
    Binary,
    Call,
    Case,
    Cast,
    ColumnRef,
    IsIn,
    IsNull,
    Literal,
    Named,
    Negate,
    Not,
)
from jupyter_wayang.plan.operators import Filter, GroupBy, Join, Limit, Select, Sort, SortKey, Split
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.relational.sql import expression, source, statement, to_sql, type_name

SCHEMA = Schema.of(a="int64", b="int64", x="float64", y="float64", s="string", p="bool", d="date", m="timestamp")


def c(name):
    return ColumnRef(name=name)


def op(left, sign, right):
    return Binary(op=sign, left=left, right=right)


def one(value):
    return Literal.of(value)


A, B, X, Y, S, P = (c(name) for name in "abxysp")
NAN = "CAST('NaN' AS DOUBLE)"

EXPRESSIONS = [
    (op(A, ">=", one(18)), '"a" >= 18'),
    (op(X, ">", one(2.5)), '"x" > 2.5e0'),
    (op(one(1), "+", one(2)), "CAST(1 AS BIGINT) + CAST(2 AS BIGINT)"),
    (op(A, "/", B), 'CAST("a" AS DOUBLE) / NULLIF(CAST("b" AS DOUBLE), 0)'),
    (op(X, "/", one(10)), '"x" / 10.0e0'),
    (op(A, "//", one(10)), '"a" // 10 - CASE WHEN "a" % 10 < 0 THEN 1 ELSE 0 END'),
    (op(A, "%", one(10)), '("a" % 10 + 10) % 10'),
    (op(op(A, "-", B), "-", op(A, "-", B)), '"a" - "b" - ("a" - "b")'),
    (op(op(A, "+", B), "*", one(2)), '("a" + "b") * 2'),
    (op(X, "-", Y), f'NULLIF("x" - "y", {NAN})'),
    (op(X, "-", one(1.5)), '"x" - 1.5e0'),
    (op(A, "-", X), '"a" - "x"'),
    (op(op(X, "-", Y), ">", one(0)), f'NULLIF("x" - "y", {NAN}) > 0.0e0'),
    (op(X, "**", one(2)), 'POWER("x", 2.0e0)'),
    (Negate(arg=Negate(arg=A)), '-(-"a")'),
    (Not(arg=op(P, "and", op(A, "==", one(1)))), 'NOT ("p" AND "a" = 1)'),
    (op(op(P, "or", P), "and", Not(arg=P)), '("p" OR "p") AND NOT "p"'),
    (Not(arg=IsNull(arg=S)), 'NOT "s" IS NULL'),
    (IsIn(arg=S, values=(one("a"), one(None), one("it's"))), "\"s\" IN ('a', 'it''s')"),
    (IsIn(arg=A, values=(one(1.5), one(2))), 'CAST("a" AS DOUBLE) IN (1.5e0, 2.0e0)'),
    (IsIn(arg=A, values=()), '("a" IS NULL) AND NULL'),
    (Case(condition=P, then=A, otherwise=one(0)), 'CASE WHEN "p" THEN "a" ELSE CAST(0 AS BIGINT) END'),
    (Case(condition=P, then=A, otherwise=X), 'CASE WHEN "p" THEN CAST("a" AS DOUBLE) ELSE "x" END'),
    (Cast(arg=X, to="int64"), 'CAST(TRUNC("x") AS BIGINT)'),
    (op(c("d"), "<", c("m")), 'CAST("d" AS TIMESTAMP) < "m"'),
    (op(c("d"), "==", Literal(value="2024-02-29", type="date")), "\"d\" = CAST('2024-02-29' AS DATE)"),
    (Call(function="log", args=(X,)), 'CASE WHEN "x" > 0 THEN LN("x") END'),
    (Call(function="sqrt", args=(A,)), 'CASE WHEN CAST("a" AS DOUBLE) >= 0 THEN SQRT(CAST("a" AS DOUBLE)) END'),
    (Call(function="floor", args=(X,)), 'FLOOR("x")'),
    (Call(function="concat", args=(S, one("-"), S)), '"s" || \'-\' || "s"'),
    (Call(function="year", args=(c("d"),)), 'EXTRACT(YEAR FROM "d")'),
    (Call(function="coalesce", args=(A, one(0.5))), 'COALESCE(CAST("a" AS DOUBLE), 0.5e0)'),
    (Aggregate(function="count"), "COUNT(*)"),
    (Aggregate(function="sum", arg=A), 'CAST(SUM("a") AS BIGINT)'),
    (Aggregate(function="sum", arg=X), f'NULLIF(SUM("x"), {NAN})'),
    (Aggregate(function="mean", arg=A), 'AVG("a")'),
    (Aggregate(function="n_unique", arg=S), 'COUNT(DISTINCT "s")'),
]


@pytest.mark.parametrize(("given", "wanted"), EXPRESSIONS, ids=[wanted for _, wanted in EXPRESSIONS])
def test_expressions_of_duckdb(given, wanted):
    assert to_sql(expression(given, SCHEMA, "duckdb"), "duckdb") == wanted


SPARK = [
    (op(A, "//", one(10)), "`a` DIV 10 - CASE WHEN `a` % 10 < 0 THEN 1 ELSE 0 END"),
    (Cast(arg=X, to="int64"), "CAST(`x` AS BIGINT)"),
    (Cast(arg=S, to="int64"), "CAST(`s` AS BIGINT)"),
    (Call(function="length", args=(S,)), "CAST(LENGTH(`s`) AS BIGINT)"),
    (
        Call(function="floor", args=(X,)),
        "CASE WHEN ABS(`x`) < 4503599627370496.0e0 THEN CAST(FLOOR(`x`) AS DOUBLE) ELSE `x` END",
    ),
    (op(S, "==", one("a\\b")), "`s` = 'a\\\\b'"),
    (
        op(c("m"), ">", Literal(value="2024-01-01T00:00:00", type="timestamp")),
        "`m` > CAST('2024-01-01T00:00:00' AS TIMESTAMP_NTZ)",
    ),
]


@pytest.mark.parametrize(("given", "wanted"), SPARK, ids=[wanted for _, wanted in SPARK])
def test_expressions_of_spark(given, wanted):
    assert to_sql(expression(given, SCHEMA, "spark"), "spark") == wanted


def chained(*operators, dialect="duckdb"):
    made, schema = source("visits"), SCHEMA
    for operator in operators:
        made = statement(operator, ((made, schema),), dialect)
        (schema,) = operator.outputs((schema,))
    return to_sql(made, dialect)


BIG = Filter(condition=op(A, ">", one(1)))
TRUE = Filter(condition=op(P, "or", op(B, "==", one(1))))
BY_S = GroupBy(
    keys=(Named(name="s", expression=S),), aggregates=(Named(name="n", expression=Aggregate(function="count")),)
)
NARROW = Select(columns=(Named(name="a", expression=A), Named(name="s", expression=S)))
TWICE = Select(columns=(Named(name="a", expression=op(A, "*", one(2))),))
SORT = Sort(keys=(SortKey(expression=A, descending=True),))

STATEMENTS = {
    "a filter": ((BIG,), 'SELECT * FROM "visits" WHERE "a" > 1'),
    "two filters are one": ((BIG, TRUE), 'SELECT * FROM "visits" WHERE "a" > 1 AND ("p" OR "b" = 1)'),
    "filter, columns and groups are one": (
        (BIG, NARROW, BY_S),
        'SELECT "s", COUNT(*) AS "n" FROM "visits" WHERE "a" > 1 GROUP BY 1',
    ),
    "a computed column is named first": (
        (TWICE, BIG),
        'WITH "selected" AS (SELECT "a" * 2 AS "a" FROM "visits") SELECT * FROM "selected" WHERE "a" > 1',
    ),
    "groups are named first": (
        (BY_S, Filter(condition=op(c("n"), ">", one(1)))),
        'WITH "grouped" AS (SELECT "s", COUNT(*) AS "n" FROM "visits" GROUP BY 1) SELECT * FROM "grouped" WHERE "n" > 1',
    ),
    "sort and limit": (
        (SORT, Limit(rows=5)),
        'SELECT * FROM "visits" ORDER BY "a" DESC, ROW_NUMBER() OVER () LIMIT 5',
    ),
    "nothing is filtered after a limit": (
        (Limit(rows=5), BIG),
        'WITH "limited" AS (SELECT * FROM "visits" LIMIT 5) SELECT * FROM "limited" WHERE "a" > 1',
    ),
    "names are not taken twice": (
        (TWICE, TWICE, BIG),
        (
            'WITH "selected" AS (SELECT "a" * 2 AS "a" FROM "visits"), '
            '"selected_2" AS (SELECT "a" * 2 AS "a" FROM "selected") SELECT * FROM "selected_2" WHERE "a" > 1'
        ),
    ),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_statements(name):
    operators, wanted = STATEMENTS[name]
    assert chained(*operators) == wanted
    sqlglot.parse_one(chained(*operators, dialect="spark"), read="spark")


LEFT, RIGHT = Schema.of(k="string", v="int64"), Schema.of(key="string", v="int64")


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ("inner", 'SELECT "l"."k", "l"."v", "r"."v" AS "v_right" FROM "visits" AS "l" JOIN "wards" AS "r" ON "l"."k" = "r"."key"'),
        ("left", 'SELECT "l"."k", "l"."v", "r"."v" AS "v_right" FROM "visits" AS "l" LEFT JOIN "wards" AS "r" ON "l"."k" = "r"."key"'),
        ("full", 'SELECT COALESCE("l"."k", "r"."key") AS "k", "l"."v", "r"."v" AS "v_right" FROM "visits" AS "l" FULL JOIN "wards" AS "r" ON "l"."k" = "r"."key"'),
        ("semi", 'SELECT * FROM "visits" AS "l" WHERE EXISTS(SELECT 1 FROM "wards" AS "r" WHERE "l"."k" = "r"."key")'),
        ("anti", 'SELECT * FROM "visits" AS "l" WHERE NOT EXISTS(SELECT 1 FROM "wards" AS "r" WHERE "l"."k" = "r"."key")'),
    ],
)  # fmt: skip
def test_joins(how, wanted):
    join = Join(on=(("k", "key"),), how=how)
    made = statement(join, ((source("visits"), LEFT), (source("wards"), RIGHT)), "duckdb")
    assert to_sql(made, "duckdb") == wanted


def test_the_key_of_a_full_join_has_a_type_that_holds_both():
    full = Join(on=(("a", "x"),), how="full")
    made = statement(full, ((source("l"), Schema.of(a="int64")), (source("r"), Schema.of(x="float64"))), "duckdb")
    assert to_sql(made, "duckdb") == (
        'SELECT COALESCE(CAST("l"."a" AS DOUBLE), "r"."x") AS "a" FROM "l" AS "l" FULL JOIN "r" AS "r" '
        'ON CAST("l"."a" AS DOUBLE) = "r"."x"'
    )


def test_a_join_gives_its_sides_names_that_no_column_bears():
    schema = Schema.of(l="int64", R="int64")
    made = statement(Join(on=(("l", "l"),)), ((source("a"), schema), (source("b"), schema)), "spark")
    assert to_sql(made, "spark") == (
        "SELECT `l1`.`l`, `l1`.`R`, `r1`.`R` AS `R_right` FROM `a` AS `l1` JOIN `b` AS `r1` ON `l1`.`l` = `r1`.`l`"
    )


def test_both_sides_of_a_join_share_what_they_have_in_common():
    grouped = statement(BY_S, ((source("visits"), SCHEMA),), "duckdb")
    (schema,) = BY_S.outputs((SCHEMA,))
    large = statement(Filter(condition=op(c("n"), ">", one(1))), ((grouped, schema),), "duckdb")
    made = to_sql(statement(Join(on=(("s", "s"),)), ((large, schema), (grouped, schema)), "duckdb"), "duckdb")
    assert made.count("GROUP BY") == 1
    assert made.endswith('FROM "filtered" AS "l" JOIN "grouped" AS "r" ON "l"."s" = "r"."s"')


def test_inputs_stay_as_they_are():
    before = statement(BIG, ((source("visits"), SCHEMA),), "duckdb")
    shown = before.sql("duckdb")
    for operator in (TRUE, NARROW, SORT, Limit(rows=1), BY_S):
        statement(operator, ((before, SCHEMA),), "duckdb")
    assert before.sql("duckdb") == shown


def test_names_are_quoted_and_those_that_differ_in_case_are_numbered():
    schema = Schema.from_pairs([("k", "int64"), ("K", "int64"), ('a "b"', "int64")])
    select = Select(columns=tuple(Named(name=name, expression=c(name)) for name in ("K", "k", 'a "b"')))
    made = to_sql(statement(select, ((source("visits"), schema),), "duckdb"), "duckdb")
    assert made == 'SELECT "K#2" AS "K", "k" AS "k#2", "a ""b""" FROM "visits"'


def test_types():
    assert [type_name(type_, "spark") for type_ in ("string", "timestamp", "float64")] == [
        "STRING",
        "TIMESTAMP_NTZ",
        "DOUBLE",
    ]
    with pytest.raises(PlatformError, match="oracle"):
        type_name("string", "oracle")


def test_what_is_refused():
    with pytest.raises(ExpressionTypeError, match="a is int64 and cannot be cast to date"):
        expression(Cast(arg=A, to="date"), SCHEMA, "duckdb")
    with pytest.raises(OperatorError, match="constant number of digits"):
        expression(Call(function="round", args=(X, A)), SCHEMA, "duckdb")
    with pytest.raises(PlanError, match="split"):
        statement(Split(fraction=0.5), ((source("visits"), SCHEMA),), "duckdb")
    full = Join(on=(("a", "x"),), how="full")
    with pytest.raises(ExpressionTypeError, match="a is int64 and x is string: they cannot be equal"):
        statement(full, ((source("l"), SCHEMA), (source("r"), Schema.of(x="string"))), "duckdb")


def test_formulas_do_not_grow_without_bound():
    made = A
    for _ in range(40):
        made = op(made, "//", B)
    with pytest.raises(OperatorError, match="too long") as caught:
        expression(made, SCHEMA, "duckdb")
    assert "with_columns" in caught.value.render()


def test_depth_is_an_error_of_ours():
    made = P
    for _ in range(198):
        made = Not(arg=made)
    with pytest.raises(OperatorError, match="nested too deeply"):
        to_sql(statement(Filter(condition=made), ((source("visits"), SCHEMA),), "duckdb"), "duckdb")
