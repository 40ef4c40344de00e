"""Types and the rules of exact arithmetic."""

from __future__ import annotations

import pyarrow as pa
import pytest

from jupyter_wayang.errors import ExpressionTypeError, WayangError
from jupyter_wayang.plan.expressions import Binary, Cast, ColumnRef, Literal, Negate, text, type_of
from jupyter_wayang.plan.rows import arrow_type, normalize, schema_of
from jupyter_wayang.plan.schema import Column, Schema
from jupyter_wayang.plan.types import castable, checked_type, common_type, decimal_of, item_of, width_bytes

SCHEMA = Schema.from_pairs(
    [
        ("a", "decimal(15, 2)"),
        ("b", "decimal(8, 3)"),
        ("wide", "decimal(38, 20)"),
        ("n", "int64"),
        ("x", "float64"),
        ("l", "list(int64)"),
        ("d", "date"),
    ]
)


def made(left, op, right):
    operands = (ColumnRef(name=side) if isinstance(side, str) else side for side in (left, right))
    return type_of(Binary(op=op, **dict(zip(("left", "right"), operands, strict=True))), SCHEMA)


@pytest.mark.parametrize(
    ("left", "op", "right", "wanted"),
    [
        ("a", "+", "b", "decimal(17, 3)"),
        ("a", "-", "n", "decimal(22, 2)"),
        ("a", "*", "b", "decimal(23, 5)"),
        ("a", "*", Literal.of(7), "decimal(16, 2)"),
        (Literal.of(1), "-", "b", "decimal(9, 3)"),
        (Literal.of(1000), "+", "b", "decimal(9, 3)"),
        ("a", "*", Literal.decimal("0.0500"), "decimal(20, 6)"),
        ("a", "+", "x", "float64"),
        ("a", "/", "b", "float64"),
        ("a", "**", "n", "float64"),
        ("wide", "+", "wide", "decimal(38, 20)"),
        ("wide", "*", "a", "decimal(38, 22)"),
        ("a", "<", "x", "bool"),
    ],
)
def test_arithmetic_of_decimals(left, op, right, wanted):
    assert made(left, op, right) == wanted


def test_a_constant_counts_the_same_before_and_after_it_is_computed():
    six = Binary(op="*", left=Literal.of(2), right=Negate(arg=Literal.of(-3)))
    assert made("a", "*", six) == made("a", "*", Literal.of(6)) == "decimal(16, 2)"


@pytest.mark.parametrize(
    ("left", "op", "right", "message"),
    [
        ("wide", "*", "wide", "40 digits after the point"),
        ("a", "%", "b", "% does not go with decimals"),
        ("l", "==", "l", "== does not go between l"),
        ("d", "-", "d", "- does not go between d"),
    ],
)
def test_what_is_refused(left, op, right, message):
    with pytest.raises(ExpressionTypeError, match=message):
        made(left, op, right)


def test_types_have_one_spelling():
    assert checked_type("decimal(5,2)") == "decimal(5, 2)"
    assert decimal_of("decimal(5, 2)") == (5, 2)
    assert item_of("list(list(string))") == "list(string)"
    assert width_bytes("decimal(5, 2)") == 16
    for wrong in ("decimal(0, 0)", "decimal(39, 2)", "decimal(4, 5)", "decimal", "integer", "list()", "list(", ""):
        with pytest.raises(ExpressionTypeError):
            checked_type(wrong)
    with pytest.raises(ExpressionTypeError, match="Did you mean int64"):
        Column(name="a", type="int6")
    with pytest.raises(ExpressionTypeError):
        Cast(arg=ColumnRef(name="a"), to="decimal(99, 2)")


def test_what_two_types_have_in_common():
    assert common_type("decimal(38, 0)", "decimal(10, 10)") == "decimal(38, 10)"
    assert common_type("list(int64)", "list(float64)") == "list(float64)"
    assert common_type("null", "list(int64)") == "list(int64)"
    assert common_type("list(int64)", "int64") is None
    assert common_type("decimal(5, 2)", "string") is None


def test_what_can_be_cast():
    assert castable("decimal(5, 2)", "string")
    assert castable("bool", "decimal(5, 2)")
    assert not castable("decimal(5, 2)", "bool")
    assert not castable("date", "decimal(5, 2)")
    assert not castable("list(int64)", "string")
    with pytest.raises(ExpressionTypeError, match="cannot be cast to date"):
        type_of(Cast(arg=ColumnRef(name="a"), to="date"), SCHEMA)


def test_a_decimal_is_written_with_its_digits():
    assert Literal.decimal("0.050").type == "decimal(4, 3)"
    assert Literal.decimal("-12.50").type == "decimal(4, 2)"
    assert Literal.decimal("007").type == "decimal(1, 0)"
    assert Literal.decimal("0").type == "decimal(1, 0)"
    assert text(Literal(value="1.5", type="decimal(9, 2)")) == 'cast(decimal("1.5"), decimal(9, 2))'
    for wrong in ("1e3", "", ".", "1.", "x", "1" * 40, "٣"):
        with pytest.raises(ExpressionTypeError):
            Literal.decimal(wrong)
    with pytest.raises(ExpressionTypeError, match="more than 1 digits"):
        Literal(value="1.55", type="decimal(9, 1)")


def test_arrow_has_the_same_types():
    for type_ in ("decimal(38, 10)", "list(decimal(5, 2))", "list(list(string))"):
        (column,) = schema_of(pa.schema([("a", arrow_type(type_))]))
        assert column.type == type_
    categories = pa.array(["x", None, "x"]).dictionary_encode()
    table = normalize(pa.table({"c": categories, "l": pa.array([[1], None, []], pa.large_list(pa.int32()))}))
    assert table.to_pydict() == {"c": ["x", None, "x"], "l": [[1], None, []]}
    nan = float("nan")
    nested = pa.chunked_array([[[[1.0, nan]], None], [[], [None, [nan]]]], pa.list_(pa.list_(pa.float64())))
    sliced = nested.slice(1)
    assert normalize(pa.table({"l": nested}))["l"].to_pylist() == [[[1.0, None]], None, [], [None, [None]]]
    assert normalize(pa.table({"l": sliced}))["l"].to_pylist() == [None, [], [None, [None]]]
    with pytest.raises(WayangError, match="not every platform has"):
        schema_of(pa.schema([("a", pa.decimal256(50, 2))]))
