from __future__ import annotations

import pyarrow as pa
import pytest

from jupyter_wayang.errors import ExpressionTypeError, OperatorError, PlatformError
from jupyter_wayang.plan.expressions import Aggregate, Binary, Call, Case, Cast, ColumnRef, IsNull, Literal, Named, Not
from jupyter_wayang.plan.operators import Filter, GroupBy, Select
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.relational.capabilities import frames_refuse
from jupyter_wayang.platforms.relational.frames import PANDAS, POLARS, PYARROW, apply, evaluate

MOST = 2**63 - 1
SCHEMA = Schema.of(a="int64", s="string", u="string")
TABLE = pa.table({"a": [1, MOST, None], "s": ["7", "x", None], "u": ["s", "t", None]})


@pytest.fixture(params=[PANDAS, POLARS, PYARROW], ids=lambda dialect: dialect.name)
def dialect(request):
    return request.param


def column(name):
    return ColumnRef(name=name)


def values(expression, dialect):
    frame = evaluate((Named(name="v", expression=expression),), dialect.from_arrow(TABLE), SCHEMA, dialect, "select")
    table = pa.Table.from_pandas(frame) if dialect is PANDAS else frame if dialect is PYARROW else frame.to_arrow()
    return table["v"].to_pylist()


def test_a_branch_that_is_not_taken_does_not_fail(dialect):
    is_number = Binary(op="==", left=column("s"), right=Literal.of("7"))
    read = Case(condition=is_number, then=Cast(arg=column("s"), to="int64"), otherwise=Literal.of(-1))
    assert values(read, dialect) == [7, -1, -1]
    small = Binary(op="<", left=column("a"), right=Literal.of(10))
    doubled = Binary(op="*", left=column("a"), right=Literal.of(2))
    assert values(Case(condition=small, then=doubled, otherwise=column("a")), dialect) == [2, MOST, None]
    nested = Case(
        condition=Not(arg=IsNull(arg=column("a"))),
        then=Case(condition=small, then=doubled, otherwise=Literal.of(0)),
        otherwise=Literal.of(5),
    )
    assert values(nested, dialect) == [2, 0, 5]


def test_a_failure_names_the_operator_and_the_expression_and_no_value(dialect):
    read = Cast(arg=column("s"), to="int64")
    with pytest.raises(PlatformError) as caught:
        evaluate(
            (Named(name="ok", expression=column("a")), Named(name="n", expression=read)),
            dialect.from_arrow(TABLE),
            SCHEMA,
            dialect,
            "select",
        )
    assert caught.value.message == (
        f"select() failed on {dialect.name}: a value cannot be read as the type that is asked for in cast(s, int64)"
    )


def test_a_failing_condition_is_named(dialect):
    condition = Binary(op=">", left=Binary(op="+", left=column("a"), right=Literal.of(1)), right=Literal.of(0))
    with pytest.raises(PlatformError, match=r"filter\(\) failed on \w+: a result does not fit .* in a \+ 1 > 0"):
        apply(Filter(condition=condition), (dialect.from_arrow(TABLE),), (SCHEMA,), dialect)


def test_a_sum_that_wraps_is_an_error_though_it_comes_back(dialect):
    table = pa.table({"g": [1, 1, 1, 2], "a": [MOST, MOST, 2, 5]})  # wraps to 0
    schema = Schema.of(g="int64", a="int64")
    total = Named(name="t", expression=Aggregate(function="sum", arg=column("a")))
    with pytest.raises(PlatformError, match=r"group_by\(\) failed on \w+: a result does not fit"):
        apply(
            GroupBy(keys=(Named(name="g", expression=column("g")),), aggregates=(total,)),
            (dialect.from_arrow(table),),
            (schema,),
            dialect,
        )


def test_a_date_that_is_none_is_said(dialect):
    bad = Binary(op="==", left=Cast(arg=column("s"), to="date"), right=Literal(value="31.1.2024", type="date"))
    with pytest.raises(OperatorError, match=r"31\.1\.2024 is no date"):
        values(bad, dialect)


def test_a_cast_without_meaning_is_said(dialect):
    with pytest.raises(ExpressionTypeError, match="a is int64 and cannot be cast to date"):
        values(Cast(arg=column("a"), to="date"), dialect)


def test_what_frames_cannot_do_is_refused_beforehand():
    search = Call(function="contains", args=(column("s"), column("u")))
    assert "u is a column" in str(frames_refuse(Filter(condition=search), (SCHEMA,)))
    assert "constant number" in str(
        frames_refuse(
            Select(columns=(Named(name="r", expression=Call(function="round", args=(column("a"), column("a")))),)),
            (SCHEMA,),
        )
    )
    assert (
        frames_refuse(Filter(condition=Call(function="contains", args=(column("s"), Literal.of("x")))), (SCHEMA,))
        is None
    )
