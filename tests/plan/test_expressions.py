"""Expressions: types are inferred, wrong ones are said, and the text can be read back."""

from __future__ import annotations

import pytest

from jupyter_wayang.errors import ColumnError, ExpressionTypeError, NameUnknownError, OperatorError
from jupyter_wayang.plan.expressions import (
    MAX_DEPTH,
    Aggregate,
    AnyExpression,
    Binary,
    Call,
    Case,
    Cast,
    ColumnRef,
    Expression,
    IsIn,
    IsNull,
    Literal,
    Negate,
    Not,
    columns_of,
    conjuncts,
    substitute,
    text,
    type_of,
)
from jupyter_wayang.plan.schema import DataType, Schema

SCHEMA = Schema.of(n="int64", x="float64", w="string", f="bool", d="date", t="timestamp", o="null")
N, X, W, F, D, T, NOTHING = (ColumnRef(name=name) for name in SCHEMA.names)
ONE, HALF, WORD, NULL = Literal.of(1), Literal.of(0.5), Literal.of("a"), Literal.of(None)


def binary(op: str, left: AnyExpression, right: AnyExpression) -> Binary:
    return Binary(op=op, left=left, right=right)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("expression", "type_"),
    [
        (binary("+", N, ONE), "int64"),
        (binary("+", N, HALF), "float64"),
        (binary("/", N, ONE), "float64"),
        (binary("//", N, ONE), "int64"),
        (binary("**", N, ONE), "float64"),
        (binary("+", NOTHING, N), "int64"),
        (binary("+", NOTHING, NOTHING), "float64"),
        (binary("<", D, T), "bool"),
        (binary("==", W, NULL), "bool"),
        (binary("and", F, NOTHING), "bool"),
        (Not(arg=F), "bool"),
        (Negate(arg=N), "int64"),
        (IsNull(arg=D), "bool"),
        (IsIn(arg=N, values=(ONE, HALF)), "bool"),
        (Case(condition=F, then=ONE, otherwise=HALF), "float64"),
        (Case(condition=F, then=NULL, otherwise=W), "string"),
        (Cast(arg=W, to="date"), "date"),
        (Call(function="coalesce", args=(N, HALF)), "float64"),
        (Call(function="abs", args=(N,)), "int64"),
        (Call(function="round", args=(X, ONE)), "float64"),
        (Call(function="year", args=(D,)), "int64"),
        (Call(function="contains", args=(W, WORD)), "bool"),
        (Aggregate(function="count"), "int64"),
        (Aggregate(function="sum", arg=N), "int64"),
        (Aggregate(function="mean", arg=N), "float64"),
        (Aggregate(function="max", arg=D), "date"),
    ],
    ids=lambda value: text(value) if isinstance(value, Expression) else None,
)
def test_types_are_inferred(expression: AnyExpression, type_: DataType) -> None:
    assert type_of(expression, SCHEMA) == type_


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        (binary("+", N, WORD), r"n \(int64\) and \"a\" \(string\)"),
        (binary("<", W, ONE), "does not go between w"),
        (binary("+", D, ONE), "does not go between d"),
        (binary("and", N, F), "and needs bool, but n is int64"),
        (Not(arg=N), "not needs bool"),
        (Negate(arg=W), "needs float64 or int64, but w is string"),
        (IsIn(arg=W, values=(ONE,)), "cannot be one of 1"),
        (Case(condition=N, then=ONE, otherwise=ONE), "if needs bool"),
        (Case(condition=F, then=ONE, otherwise=WORD), "int64 in one case and string in the other"),
        (Call(function="upper", args=(N,)), r"upper\(\) does not take int64"),
        (Call(function="coalesce", args=(N, W)), r"coalesce\(\) does not take int64, string"),
        (Aggregate(function="sum", arg=W), r"sum\(\) does not take string"),
    ],
)
def test_types_that_do_not_go_together_are_said(expression: AnyExpression, says: str) -> None:
    with pytest.raises(ExpressionTypeError, match=says):
        type_of(expression, SCHEMA)


def test_a_column_that_is_not_there_is_said_with_the_nearest() -> None:
    with pytest.raises(ColumnError, match="Did you mean age"):
        type_of(ColumnRef(name="agee"), Schema.of(age="int64"))
    with pytest.raises(KeyError):
        type_of(ColumnRef(name="zz"), SCHEMA)


def test_unknown_functions_and_wrong_numbers_of_arguments() -> None:
    with pytest.raises(NameUnknownError, match="Did you mean upper"):
        Call(function="uper", args=(W,))
    with pytest.raises(OperatorError, match="takes 1 argument, not 2"):
        Call(function="upper", args=(W, W))
    with pytest.raises(NameUnknownError):
        Aggregate(function="avg", arg=N)
    with pytest.raises(OperatorError, match="needs an expression"):
        Aggregate(function="sum")
    with pytest.raises(OperatorError, match="aggregate of an aggregate"):
        Aggregate(function="sum", arg=binary("+", Aggregate(function="count"), ONE))


def test_nesting_is_bounded() -> None:
    expression: AnyExpression = F
    for _ in range(MAX_DEPTH - 1):
        expression = Not(arg=expression)
    with pytest.raises(OperatorError, match=f"deeper than {MAX_DEPTH}"):
        Not(arg=expression)


def test_integers_have_64_bits_and_nan_is_null() -> None:
    assert Literal.of(2**63 - 1).type == "int64"
    with pytest.raises(ExpressionTypeError, match="64-bit"):
        Literal.of(2**63)
    assert Literal.of(float("nan")) == Literal(value=None, type="float64")
    with pytest.raises(ExpressionTypeError, match="list"):
        Literal.of([1])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        (binary("-", N, binary("-", ONE, X)), "n - (1 - x)"),
        (binary("-", binary("-", N, ONE), X), "n - 1 - x"),
        (binary("*", binary("+", N, ONE), X), "(n + 1) * x"),
        (binary("**", Literal.of(-2), N), "(-2) ** n"),
        (Negate(arg=binary("**", N, ONE)), "-n ** 1"),
        (binary("and", binary("or", F, F), F), "(f or f) and f"),
        (Not(arg=IsNull(arg=N)), "n is not None"),
        (Not(arg=binary("==", N, ONE)), "not n == 1"),
        (ColumnRef(name="class"), 'col["class"]'),
        (ColumnRef(name='a "b"\\'), 'col["a \\"b\\"\\\\"]'),
        (ColumnRef(name="true"), 'col["true"]'),
        (Literal.of('é "x"\n'), '"é \\"x\\"\\n"'),
        (Literal(value="2024-01-31", type="date"), 'date("2024-01-31")'),
        (Case(condition=F, then=ONE, otherwise=Case(condition=F, then=N, otherwise=X)), "1 if f else (n if f else x)"),
    ],
)
def test_text_says_what_is_meant(expression: AnyExpression, written: str) -> None:
    assert text(expression) == written


def test_columns_conjuncts_and_substitution() -> None:
    condition = binary("and", binary("and", F, binary(">", X, N)), IsNull(arg=X))
    assert columns_of(condition) == ("f", "x", "n")
    assert [text(part) for part in conjuncts(condition)] == ["f", "x > n", "x is None"]
    moved = substitute(Call(function="coalesce", args=(X, N)), {"x": binary("+", N, ONE)})
    assert text(moved) == "coalesce(n + 1, n)"
