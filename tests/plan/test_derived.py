"""Patterns, constants, words that are written by others, and windows whose order is settled."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_wayang.errors import ExpressionTypeError, OperatorError
from jupyter_wayang.plan.expressions import (
    Aggregate,
    Call,
    Cast,
    ColumnRef,
    Literal,
    Shift,
    Window,
    settled,
    text,
    type_of,
)
from jupyter_wayang.plan.expressions.derived import expanded, expanded_all
from jupyter_wayang.plan.expressions.patterns import has_group, like_pattern, portable
from jupyter_wayang.plan.schema import Schema

SCHEMA = Schema.from_pairs(
    [("a", "decimal(15, 2)"), ("n", "int64"), ("x", "float64"), ("d", "date"), ("t", "string"), ("l", "list(int64)")]
)


def c(name):
    return ColumnRef(name=name)


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        (r"^\d+$", r"^[0-9]+\z"),
        ("a.b", "a[^\\n]b"),
        (r"[\w.-]+@x\.com", r"[A-Za-z0-9_.\-]+@x\.com"),
        (r"\$|\\z$", r"\$|\\z\z"),
        ("[[&]", r"[\[\&]"),
        (r"(?:a|b){2,3}(c?)", r"(?:a|b){2,3}(c?)"),
        (r"\S\-", r"[^ \t\n\r\f\x0b]-"),
    ],
)
def test_patterns_are_written_out(pattern, wanted):
    assert portable(pattern) == wanted


def test_the_end_of_a_text_is_called_as_the_engine_does():
    assert portable(r"a\\$", r"\Z") == r"a\\\Z"


@pytest.mark.parametrize(
    "pattern", ["a+?", "(?=a)", "(?P<x>a)", r"(a)\1", r"\bx", "*a", "a**", "(", ")", "[a", "(a)(b)", r"\p{L}", "[]", "[^]", "a{2}+", "(?i)a", "a{256}", "a$?"]
)  # fmt: skip
def test_what_engines_read_differently_is_refused(pattern):
    with pytest.raises(OperatorError, match="not every platform reads"):
        portable(pattern)


@given(st.text(alphabet="ab01 .$^-_%[](){}|*+?\\dws", max_size=8))
def test_a_pattern_that_is_taken_compiles(pattern):
    try:
        written = portable(pattern, r"\Z")
    except OperatorError:
        return
    assert re.compile(written).groups == int(has_group(written))


def test_the_form_of_a_text():
    assert re.search(like_pattern("%a_.").replace(r"\z", r"\Z"), "x\nab.")
    assert not re.search(like_pattern("a_").replace(r"\z", r"\Z"), "ab\n")
    with pytest.raises(OperatorError, match="backslash"):
        like_pattern("a\\_b")


@pytest.mark.parametrize(
    ("function", "constants", "message"),
    [
        ("truncate", ("months",), "no unit 'months'"),
        ("date_diff", (ColumnRef(name="d"), "week"), "no unit 'week'"),
        ("format_date", ("%d %B",), "does not know the format"),
        ("format_date", ("100%",), "does not know the format"),
        ("format_date", ("",), "does not know the format"),
        ("parse_date", ("%d/%m",), "needs %Y, %m and %d"),
        ("parse_date", ("%d/%m/%Y %d",), "each once"),
        ("slice", (1.5,), "takes a place"),
        ("slice", (0, -1), "takes a place"),
        ("split", ("",), "needs a separator"),
        ("like", (3,), "takes text"),
        ("regex_match", ("a+?",), "not every platform reads"),
        ("add_months", (1.0,), "a whole number of months"),
        ("regex_match", (ColumnRef(name="t"),), "takes a constant as argument 2"),
        ("upper", ("x",), "takes 1 argument, not 2"),
    ],
)
def test_constants_are_checked_when_a_call_is_made(function, constants, message):
    others = tuple(part if isinstance(part, ColumnRef) else Literal.of(part) for part in constants)
    with pytest.raises(OperatorError, match=message):
        Call(function=function, args=(c("d"), *others))


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        (Call(function="add_months", args=(c("d"), Literal.of(-3))), "d - interval(months=3)"),
        (
            Call(function="date_diff", args=(c("d"), c("d"), Literal.of("hour"))),
            'date_diff(d, d, "microsecond") // 3600000000',
        ),
        (Call(function="date_diff", args=(c("d"), c("d"))), "date_diff(d, d)"),
        (Shift(arg=Literal(value="2024-01-31", type="date"), months=1, days=-30), 'date("2024-01-30")'),
        (
            Shift(arg=Literal(value="1998-12-01", type="date"), microseconds=-1),
            'timestamp("1998-11-30T23:59:59.999999")',
        ),
        (Shift(arg=Literal(value="9999-12-01", type="date"), months=1), 'date("9999-12-01") + interval(months=1)'),
        (Shift(arg=c("d"), days=1), "d + interval(days=1)"),
        (Aggregate(function="first", arg=c("t"), other=c("d")), "arg_min(t, d)"),
        (Aggregate(function="mean", arg=c("a")), "sum(a) / count(a)"),
        (Aggregate(function="mean", arg=c("x")), "mean(x)"),
        (Aggregate(function="median", arg=c("n")), "quantile(cast(n, float64), 0.5)"),
        (Aggregate(function="corr", arg=c("a"), other=c("x")), "corr(cast(a, float64), x)"),
        (
            Cast(arg=c("x"), to="decimal(9, 2)"),
            'cast(cast(round(x * 100.0), int64) * decimal("0.01"), decimal(9, 2))',
        ),
        (Cast(arg=c("n"), to="decimal(9, 2)"), "cast(n, decimal(9, 2))"),
    ],
)
def test_words_that_are_written_by_others(expression, wanted):
    simpler = expanded(expression, SCHEMA)
    assert text(simpler) == wanted
    assert type_of(simpler, SCHEMA) == type_of(expression, SCHEMA)
    if text(simpler) == text(expression):
        assert simpler is expression


def test_what_is_inside_is_written_out_too():
    whole = Call(function="upper", args=(Call(function="format_date", args=(c("d"), Literal.of("%Y!"))),))
    assert "format_date" not in text(expanded_all(whole, SCHEMA))
    assert expanded_all(c("d"), SCHEMA) is not None


def test_an_order_is_settled_by_all_other_columns():
    place = Window(function="lag", args=(c("n"),), partition=(c("t"),), order=(c("d"),), descending=(True,))
    wanted = "lag(n).over(t, order_by=[d, a, n, x], descending=[true, false, false, false])"
    assert text(settled(place, SCHEMA)) == wanted
    assert settled(settled(place, SCHEMA), SCHEMA) == settled(place, SCHEMA)
    total = Window(function="sum", args=(c("n"),), order=(c("d"),), descending=(False,))
    assert settled(total, SCHEMA) is total


def test_windows_are_checked():
    with pytest.raises(ExpressionTypeError, match="needs an order"):
        type_of(Window(function="rank", partition=(c("t"),)), SCHEMA)
    with pytest.raises(ExpressionTypeError, match="neither grouped nor ordered"):
        type_of(Window(function="count", partition=(c("l"),)), SCHEMA)
    with pytest.raises(OperatorError, match="a window takes no window function"):
        Window(function="sum", args=(Window(function="count"),))
    with pytest.raises(OperatorError, match="a window over aggregates"):
        Window(function="sum", args=(Aggregate(function="count"),))
    with pytest.raises(OperatorError, match="whether it descends"):
        Window(function="rank", order=(c("n"),))
    with pytest.raises(LookupError, match="no window function"):
        Window(function="n_unique", args=(c("n"),))
    with pytest.raises(OperatorError, match="an aggregate takes no window function"):
        Aggregate(function="sum", arg=Window(function="count"))
    lagged = Window(function="lag", args=(c("n"), Literal.of(1), Literal.of(0.5)), order=(c("n"),), descending=(False,))
    assert type_of(lagged, SCHEMA) == "float64"


def test_an_interval_makes_a_timestamp_of_a_day_where_it_has_a_time():
    assert type_of(Shift(arg=c("d"), months=1, days=-1), SCHEMA) == "date"
    assert type_of(Shift(arg=c("d"), microseconds=1), SCHEMA) == "timestamp"
    with pytest.raises(OperatorError, match="longer than"):
        Shift(arg=c("d"), months=10**9)
