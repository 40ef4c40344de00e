from __future__ import annotations

import datetime as dt
import keyword
import math
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_wayang.errors import ExpressionTypeError, OperatorError, WayangError
from jupyter_wayang.language import functions
from jupyter_wayang.language.expressions import E, binary, cast, col, data_type, date, lift, lit, timestamp, where
from jupyter_wayang.language.page import Page
from jupyter_wayang.language.scalars import Row, Scalars
from jupyter_wayang.language.variables import CONSTANTS, Variables
from jupyter_wayang.plan.expressions import (
    AGGREGATES,
    FUNCTIONS,
    RANKS,
    WINDOW_AGGREGATES,
    Aggregate,
    Binary,
    Call,
    Case,
    Cast,
    ColumnRef,
    IsIn,
    IsNull,
    Literal,
    Negate,
    Not,
    Shift,
    Window,
    columns_of,
    text,
)
from jupyter_wayang.plan.expressions import (
    CONSTANTS as CONSTANT_PLACES,
)
from jupyter_wayang.plan.schema import Column, Schema


def parse(written, names, **variables):
    page = Page(written)
    node = page.parse().body[0].value
    schema = Schema(columns=tuple(Column(name=name, type="int64") for name in names))
    return lift(Scalars(page, Variables(page, variables), {}).read(node, Row(schema, "in t")))


def is_writable(name):
    return not keyword.iskeyword(name) and name not in CONSTANTS


plain_text = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=5)
odd_names = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='"\\'), min_size=1, max_size=4)
names = st.one_of(st.sampled_from(["age", "x", "é", "ﬁ", "ªb", "mean", "col", "odd name", "ｆｕｌｌ"]), odd_names)
columns = names.filter(is_writable).map(lambda name: ColumnRef(name=name))
numbers = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: x != 0 or 1)
)
constants = st.one_of(
    st.booleans().map(Literal.of),
    numbers.map(Literal.of),
    plain_text.map(Literal.of),
    st.dates().map(lambda day: Literal(value=day.isoformat(), type="date")),
    st.datetimes().map(lambda moment: Literal(value=moment.isoformat(), type="timestamp")),
)
leaves = st.one_of(columns, constants, st.just(Literal.of(None)))


def is_canonical(expression):
    """Tell whether a person would write it so: constants stand right, and nothing is compared with null."""
    left, right = expression.left, expression.right
    if expression.op == "**" and isinstance(left, Literal):
        return False
    if expression.op not in ("==", "!=", "<", "<=", ">", ">="):
        return True
    if isinstance(left, Literal) and not isinstance(right, Literal):
        return False
    null = any(isinstance(side, Literal) and side.value is None for side in (left, right))
    return not (null and expression.op in ("==", "!="))


FITTING = {"slice": 2, "add_months": -3, "truncate": "month", "date_diff": "hour", "parse_date": "%d/%m/%Y"}


def calls(inner):
    def made(name, args):
        known = CONSTANT_PLACES.get(name, ())
        fitting = tuple(Literal.of(FITTING.get(name, "a")) if n in known else arg for n, arg in enumerate(args))
        return Call(function=name, args=fitting)

    return st.one_of(
        *(
            st.lists(inner, min_size=signature.least, max_size=min(signature.most, 3)).map(partial(made, name))
            for name, signature in FUNCTIONS.items()
        )
    )


def grown(inner):
    ops = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "and", "or"])
    return st.one_of(
        st.builds(lambda op, a, b: Binary(op=op, left=a, right=b), ops, inner, inner).filter(is_canonical),
        inner.map(lambda a: Not(arg=a)),
        inner.filter(lambda a: not isinstance(a, Literal)).map(lambda a: Negate(arg=a)),
        inner.map(lambda a: IsNull(arg=a)),
        st.builds(
            lambda a, values: IsIn(arg=a, values=tuple(values)),
            inner,
            st.lists(constants, min_size=1, max_size=3, unique=True),
        ),
        st.builds(lambda a, b, c: Case(condition=a, then=b, otherwise=c), inner, inner, inner),
        st.builds(
            lambda a, to: Cast(arg=a, to=to), inner, st.sampled_from(["int64", "float64", "string", "bool", "date"])
        ),
        st.builds(lambda a, n, d: Shift(arg=a, months=n, days=d), inner, st.integers(0, 9), st.integers(1, 9)),
        inner.map(lambda a: Shift(arg=a, microseconds=-5)),
        calls(inner),
    )


def aggregate(function, arg, other):
    if function == "quantile":
        return Aggregate(function=function, arg=arg, other=Literal.of(0.25))
    return Aggregate(function=function, arg=arg, other=other if AGGREGATES[function].most == 2 else None)


def window(function, arg, partition, order):
    args = (arg,) if (RANKS.get(function) or WINDOW_AGGREGATES[function]).most else ()
    ways = tuple(down for _, down in order)
    return Window(
        function=function, args=args, partition=tuple(partition), order=tuple(a for a, _ in order), descending=ways
    )


scalars = st.recursive(leaves, grown, max_leaves=12)
aggregates = st.builds(aggregate, st.sampled_from(sorted(AGGREGATES)), scalars, scalars)
# A text that stands alone is the name of a column there.
places = scalars.filter(lambda a: not isinstance(a, Literal))
windows = st.builds(
    window,
    st.sampled_from(sorted({*RANKS, *WINDOW_AGGREGATES})),
    leaves,
    st.lists(places, max_size=2),
    st.lists(st.tuples(places, st.booleans()), max_size=2),
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(scalars, aggregates, windows))
def test_what_is_printed_is_read_back(expression):
    assert parse(text(expression), columns_of(expression)) == expression


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("18 <= age < 65", (col.age >= 18) & (col.age < 65)),
        ("age > 1 and not sex == 2 or cp in [1, 2]", (col.age > 1) & ~(col.sex == 2) | col.cp.is_in([1, 2])),
        ("(age > 1) & ~(sex == 2) | cp.is_in([1, 2])", (col.age > 1) & ~(col.sex == 2) | col.cp.is_in([1, 2])),
        ("cp not in (1, 2)", ~col.cp.is_in([1, 2])),
        ("age is None", col.age.is_null()),
        ("age is not null", col.age.is_not_null()),
        ("not age is None", col.age.is_not_null()),
        ("'old' if age > 60 else 'young'", where(col.age > 60, "old", "young")),
        ("where(age > 60, 1, 0)", where(col.age > 60, 1, 0)),
        ("cast(age, float) / 2", col.age.cast("float") / 2),
        ("age.cast('int64') // 2 % 3", cast(col.age, int) // 2 % 3),
        ("coalesce(age, 0) ** 2", functions.coalesce(col.age, 0) ** 2),
        ("-age + -1", -col.age + -1),
        ("2 * age - 1", 2 * col.age - 1),
        ("day + interval(months=3, days=-1)", col.day + functions.interval(months=3, days=-1)),
        ("day - interval(weeks=1)", col.day - functions.interval(days=7)),
        ("interval(years=1) + day", functions.interval(months=12) + col.day),
        ("day - -interval(hours=1)", col.day + functions.interval(minutes=60)),
        ("cast(x, decimal(15, 2)) * decimal('0.050')", col.x.cast("decimal(15,2)") * functions.decimal("0.050")),
        ("cast(x, list(int))", col.x.cast("list(int64)")),
        ("sum(x).over(g)", functions.sum(col.x).over("g")),
        ("count().over(order_by=x)", functions.count().over(order_by="x")),
        (
            "rank().over(g, y, order_by=[x + 1, y], descending=True) < 4",
            functions.rank().over(col.g, "y", order_by=[col.x + 1, "y"], descending=True) < 4,
        ),
        ("day >= date('2024-01-31')", col.day >= dt.date(2024, 1, 31)),
        ('timestamp("2024-01-31 12:30") < day', timestamp("2024-01-31T12:30") < col.day),
        ("mean(age) / count()", functions.mean(col.age) / functions.count()),
        ("true or False", lit(value=True) | lit(value=False)),
        ('col["age"] > col.sex', col.age > col["sex"]),
        ("age > (sex | cp)", col.age > (col.sex | col.cp)),
    ],
)
def test_a_cell_and_python_write_one_expression(written, made):
    assert parse(written, ["age", "sex", "cp", "day", "x", "y", "g"]) == made.expression


def test_reflected_operators():
    assert repr(1 + col.a) == "1 + a"
    assert repr(1 - col.a * 2 / 3) == "1 - a * 2 / 3"
    assert repr(7 // col.a % 2) == "7 // a % 2"
    assert repr(7 % col.a) == "7 % a"
    assert repr(2**col.a) == "2 ** a"
    assert repr(6 / col.a) == "6 / a"
    assert repr(3 * col.a) == "3 * a"
    assert repr(True & col.a) == "true and a"
    assert repr(False | col.a) == "false or a"
    assert repr(col.a == 1) == "a == 1"


@pytest.mark.parametrize(
    "ask",
    [
        lambda: bool(col.age > 3),
        lambda: col.age > 3 and col.sex == 1,
        lambda: not col.age > 3,
        lambda: 3 < col.age < 5,
        lambda: col.age in [1, 2],
        lambda: 1 if col.age > 3 else 2,
    ],
)
def test_the_truth_of_an_expression_is_refused_with_the_right_form(ask):
    with pytest.raises(ExpressionTypeError, match="has no truth value") as caught:
        ask()
    for right in ("& for and", "| for or", "~ for not", ".is_in([…]) for in", "where(condition, a, b)"):
        assert right in caught.value.hint


def test_values_of_the_notebook():
    class Boxed:
        dtype, ndim = "int64", 0

        def item(self):
            return 7

    class Series:
        dtype, ndim = "int64", 1

        def tolist(self):
            return [1, 2]

    assert parse("x > n", ["x"], n=Boxed()) == (col.x > 7).expression
    assert parse("x in n", ["x"], n=Series()) == col.x.is_in([1, 2]).expression
    assert parse("x in n", ["x"], n={2, 1}) == col.x.is_in([1, 2]).expression
    assert parse("x in env.n", ["x", "n"], n=range(2)) == col.x.is_in([0, 1]).expression
    assert parse("x > n", ["x"], n=dt.date(2024, 1, 31)) == (col.x > date("2024-01-31")).expression
    assert parse("x > env.x", ["x"], x=3) == (col.x > 3).expression
    assert parse("x > n", ["x"], n=math.nan) == binary(">", col.x, E(Literal(value=None, type="float64"))).expression


def test_a_time_zone_becomes_utc():
    zone = dt.timezone(dt.timedelta(hours=2))
    assert lift(dt.datetime(2024, 1, 31, 12, tzinfo=zone)) == timestamp("2024-01-31T10:00").expression


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: col.x == None, "x == null is never true"),  # noqa: E711 -- the mistake that is caught
        (lambda: col.x != None, "x != null is never true"),  # noqa: E711 -- as above
        (lambda: col.x.is_in([]), "the list is empty"),
        (lambda: col.x.is_in([1, None]), "null is in no list"),
        (lambda: col.x.is_in([col.y]), "in takes constants, and y is none"),
        (lambda: col.x.is_in("abc"), "in takes a list of constants"),
        (lambda: col.x > object(), "a object cannot stand in an expression"),
        (lambda: col.x > 2**63, "does not fit into a 64-bit integer"),
        (lambda: col.x.cast("integer"), 'there is no type "integer". Did you mean int?'),
        (lambda: date("31 January"), "'31 January' is no date"),
        (lambda: date(3), "3 is no date"),
        (lambda: timestamp("noon"), "'noon' is no timestamp"),
        (lambda: col[3], "the name of a column is text, not 3"),
        (lambda: functions.named("meen"), 'there is no function "meen". Did you mean mean?'),
    ],
)
def test_what_cannot_be_said(ask, message):
    with pytest.raises(WayangError) as caught:
        ask()
    assert message in caught.value.message


def test_every_function_of_the_plan_is_a_function_of_python():
    for name in (*FUNCTIONS, *AGGREGATES):
        least = (FUNCTIONS.get(name) or AGGREGATES[name]).least
        constant = {*CONSTANT_PLACES.get(name, ()), *([1] if name == "quantile" else [])}
        held = 1 if name == "quantile" else FITTING.get(name, "a")
        made = getattr(functions, name)(*(held if place in constant else col.x for place in range(least)))
        shown = text(Literal.of(held))
        assert repr(made) == f"{name}({', '.join(shown if place in constant else 'x' for place in range(least))})"
    for name in RANKS:
        least, _ = functions.arity(name)
        made = getattr(functions, name)(*[col.x] * least).over("g", order_by=[col.x, "y"], descending=[True, False])
        assert repr(made) == f"{name}({', '.join(['x'] * least)}).over(g, order_by=[x, y], descending=[true, false])"
    with pytest.raises(AttributeError):
        _ = functions.no_such_function


def test_windows_and_intervals_have_messages():
    with pytest.raises(OperatorError, match="goes with an aggregate or a rank, not with x"):
        col.x.over("g")
    with pytest.raises(OperatorError, match="takes True or False"):
        functions.rank().over(order_by=["a", "b"], descending=[True])
    with pytest.raises(WayangError, match='has no argument "orderby"'):
        parse("rank().over(orderby=x)", ["x"])
    with pytest.raises(OperatorError, match='no argument "month"'):
        functions.interval(month=1)
    with pytest.raises(OperatorError, match="takes a whole number"):
        parse("x + interval(days=1.5)", ["x"])
    with pytest.raises(OperatorError, match="takes its parts by name"):
        parse("x + interval(3)", ["x"])
    with pytest.raises(ExpressionTypeError, match="does not go with an interval"):
        parse("x * interval(days=3)", ["x"])
    with pytest.raises(ExpressionTypeError, match="nothing is taken from an interval"):
        parse("interval(days=3) - x", ["x"])
    with pytest.raises(ExpressionTypeError, match="a decimal has 1 to 38 digits"):
        parse("cast(x, decimal(50, 2))", ["x"])
    with pytest.raises(ExpressionTypeError, match="no exact number"):
        parse('decimal("1e3")', [])


def test_python_looks_into_columns_without_making_any():
    assert not hasattr(col, "__wrapped__")
    assert not hasattr(col, "_repr_html_")
    assert data_type(str) == "string"


def test_names_are_exact_though_python_folds_them():
    assert parse("ﬁ > 0", ["ﬁ"]) == (col["ﬁ"] > 0).expression
    assert parse("col.ﬁ > 0", ["ﬁ"]) == (col["ﬁ"] > 0).expression
    with pytest.raises(WayangError, match='no column "ﬁ"'):
        parse("ﬁ > 0", ["fi"])


def test_a_deep_expression_is_refused():
    with pytest.raises(OperatorError, match="nested deeper than 200 levels"):
        parse("x" + " + x" * 210, ["x"])
    assert parse("x" + " + x" * 150, ["x"])
