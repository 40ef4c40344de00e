"""The table of cases of decimals, dates, texts, numbers, aggregates and windows; see :mod:`~jupyter_wayang.testing.cases`."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal as D  # noqa: N817
from typing import Any

from jupyter_wayang.plan.expressions import Aggregate, IsIn, IsNull, Literal, Named, Negate, Shift, Window, settled
from jupyter_wayang.plan.expressions import Case as If
from jupyter_wayang.plan.operators import Filter, GroupBy, Join, Select, Sort, SortKey
from jupyter_wayang.testing.build import agg, c, call, cast, date, named, op, part, s, select
from jupyter_wayang.testing.cases import Case, case
from jupyter_wayang.testing.runner import Table

__all__ = ["EXPRESSIONS", "FAILURES"]

exact = Literal.decimal
NULL = Literal.of(None)

# -- decimals ---------------------------------------------------------------------------------------------------------
_A = [D("1.25"), D("-3.50"), None, D("9999999999999.99"), D("0.00"), D("0.01"), D("-0.05")]
_B = [D("0.050"), D("-1.005"), None, D("99999.999")]
MONEY = Table.of(
    {"a": "decimal(15, 2)", "b": "decimal(8, 3)", "n": "int64", "x": "float64", "g": "string"},
    *(
        (a, b, n, x, "even" if n % 2 else None)
        for n, (a, b, x) in enumerate((a, b, x) for a in _A for b in _B for x in (0.5, None))
    ),
)
WIDE = Table.of(
    {"a": "decimal(38, 2)", "b": "decimal(20, 10)"},
    (D("12345678901234567890.12"), D("1234567890.0123456789")),
    (D("-0.01"), D("0.0000000001")),
    (None, None),
)
MOST_DIGITS = Table.of({"a": "decimal(38, 0)"}, (D("9" * 38),), (None,))
DECIMALS = [
    case("decimals + - *", select(a=op("a", "+", "b"), b=op("a", "-", "b"), c=op("a", "*", "b")), MONEY),
    case("decimals / **", select(a=op("a", "/", "b"), b=op("a", "/", 3), c=op("b", "**", 2)), MONEY),
    case("decimals and integers", select(a=op("a", "+", "n"), b=op("n", "*", "b"), c=op(1, "-", "b")), MONEY),
    case("decimals and floats", select(a=op("a", "*", "x"), b=op("x", "-", "b"), c=op("a", "/", 0.5)), MONEY),
    case(
        "what a bill sums up",
        select(a=op(op("a", "*", op(1, "-", "b")), "*", op(1, "+", "b"))),
        Table.of(
            {"a": "decimal(15, 2)", "b": "decimal(15, 2)"},
            (D("901.00"), D("0.05")),
            (D("-0.01"), D("0.10")),
            (None, D("0.00")),
        ),
    ),
    case(
        "wide decimals",
        select(a=op("a", "+", "b"), b=op("a", "-", exact("0.005")), c=Negate(arg=c("a")), d=cast("b", "string")),
        WIDE,
    ),
    case("as wide as can be", select(a=op("a", "*", exact("1")), b=op("a", "-", 1)), MOST_DIGITS),
    case(
        "constant decimals",
        select(a=op("a", "*", exact("0.0001")), b=exact("-12.50"), c=op("b", "/", exact("0.00"))),
        MONEY,
    ),
    case("abs and - of decimals", select(a=call("abs", "a"), b=Negate(arg=c("b")), c=call("sign", "a")), MONEY),
    case("functions of decimals", select(a=call("round", "a", 1), b=call("floor", "b"), c=call("sqrt", "a")), MONEY),
    case(
        "decimals compared",
        select(
            a=op("a", "<", "b"),
            b=op("a", "==", exact("1.250")),
            c=op("b", ">=", 0.05),
            d=op("a", ">", "n"),
            e=op("b", "!=", 0),
        ),
        MONEY,
    ),
    case("decimals in", select(a=IsIn(arg=c("b"), values=(exact("0.05"), exact("99999.999"), Literal.of(3)))), MONEY),
    case("filter by a decimal", Filter(condition=op(op("b", ">=", exact("0.05")), "and", op("a", "<", 24))), MONEY),
    case(
        "casts of decimals",
        select(a=cast("a", "float64"), b=cast("a", "int64"), c=cast("b", "string"), d=cast("b", "decimal(7, 1)")),
        MONEY,
    ),
    case(
        "casts to decimals",
        select(a=cast("n", "decimal(20, 3)"), b=cast("x", "decimal(9, 0)"), c=cast(NULL, "decimal(3, 1)")),
        MONEY,
    ),
    case(
        "floats as decimals",
        select(a=cast("x", "decimal(18, 2)")),
        Table.of({"x": "float64"}, *((x,) for x in (1.005, 2.675, -1.115, 0.125, -0.125, 1e15, 0.0, None, 0.1))),
    ),
    case(
        "texts as decimals",
        select(a=cast("t", "decimal(10, 2)")),
        Table.of({"t": "string"}, *((t,) for t in ("1.5", "-2.345", "0", "99999999.99", None, "+3", "1.005"))),
    ),
    case(
        "if, coalesce and is None of decimals",
        select(
            a=If(condition=op("n", ">", 2), then=c("a"), otherwise=part(0)),
            b=call("coalesce", "a", "b", 0),
            d=IsNull(arg=c("a")),
            e=If(condition=op("n", ">", 2), then=c("a"), otherwise=NULL),
            f=call("min2", "a", "b"),
            g=call("clip", "a", 0, exact("1.5")),
        ),
        MONEY,
    ),
    case(
        "sums of decimals",
        GroupBy(
            keys=named(g="g"),
            aggregates=named(
                s=agg("sum", "a"),
                m=agg("mean", "b"),
                lo=agg("min", "a"),
                hi=agg("max", "b"),
                n=agg("count", "a"),
                u=agg("n_unique", "b"),
                v=agg("var", "b"),
                sd=agg("std", "b"),
                p=agg("sum", op("a", "*", "b")),
                q=op(agg("sum", "a"), "/", agg("count")),
                md=agg("median", "b"),
            ),
        ),
        MONEY,
    ),
    case(
        "decimals of no rows",
        GroupBy(aggregates=named(s=agg("sum", "a"), m=agg("mean", "a"), l=agg("collect", "a"))),
        Table.of({"a": "decimal(15, 2)"}),
    ),
    case(
        "decimals of no rows computed",
        select(a=op("a", "*", 2), b=cast("a", "int64")),
        Table.of({"a": "decimal(15, 2)"}),
    ),
    case("groups of decimals", GroupBy(keys=named(a="a"), aggregates=named(n=agg("count"))), MONEY),
    case(
        "decimals in order",
        Sort(keys=(SortKey(expression=c("b"), descending=True), SortKey(expression=c("n")))),
        MONEY,
        ordered=True,
    ),
]

# -- dates ------------------------------------------------------------------------------------------------------------
_DAYS = ["2024-01-31", "2024-02-29", "2023-12-31", "1969-12-31", "1900-02-28", "2000-02-29", None]
_TIMES = ["2024-01-31T13:14:15.000678", "1969-12-31T23:59:59.999999", "2024-02-29T00:00:00", None]
DAYS = Table.of(
    {"d": "date", "m": "timestamp", "t": "string"},
    *(
        (d and dt.date.fromisoformat(d), m and dt.datetime.fromisoformat(m), d and f"{d[8:]}/{d[5:7]}/{d[:4]}")
        for d in _DAYS
        for m in _TIMES
    ),
)
_UNITS = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
DATES = [
    case(
        "dates moved",
        select(
            a=Shift(arg=c("d"), months=1),
            b=Shift(arg=c("d"), days=-90),
            c=Shift(arg=c("m"), microseconds=-3_600_000_000),
            e=Shift(arg=c("d"), microseconds=1),
            f=Shift(arg=c("m"), months=-13, days=1, microseconds=5),
            g=call("add_months", "d", -12),
            h=Shift(arg=date("1998-12-01"), days=-90),
            i=Shift(arg=c("d")),
        ),
        DAYS,
    ),
    case(
        "parts of moments",
        select(
            **{part_: call(part_, "m") for part_ in ("year", "month", "day", "weekday", "hour", "minute", "second")}
        ),
        DAYS,
    ),
    case("parts of days", select(w=call("weekday", "d"), h=call("hour", "d"), n=call("weekday", NULL)), DAYS),
    case("moments truncated", select(**{unit: call("truncate", "m", s(unit)) for unit in _UNITS}), DAYS),
    case("days truncated", select(**{unit: call("truncate", "d", s(unit)) for unit in _UNITS}), DAYS),
    case(
        "between dates",
        select(
            a=call("date_diff", "d", date("2024-01-01")),
            b=call("date_diff", "m", "d"),
            e=call("date_diff", "m", "d", s("hour")),
            f=call("date_diff", "d", "m", s("minute")),
            g=call("date_diff", "m", date("2024-01-01"), s("second")),
        ),
        DAYS,
    ),
    case(
        "dates compared with moved ones", Filter(condition=op("d", "<", Shift(arg=date("2023-12-01"), months=3))), DAYS
    ),
    case(
        "dates written",
        select(a=call("format_date", "d", s("%d.%m.%Y")), b=call("format_date", "m", s("%Y%m%dT%H:%M:%S %%"))),
        DAYS,
    ),
    case("dates read", select(a=call("parse_date", "t", s("%d/%m/%Y")), b=call("parse_date", NULL, s("%Y%m%d"))), DAYS),
    case(
        "latest of dates", GroupBy(aggregates=named(a=agg("max", "d"), b=agg("min", "m"), n=agg("n_unique", "d"))), DAYS
    ),
]

# -- texts and numbers ------------------------------------------------------------------------------------------------
WORDS = Table.of(
    {"t": "string"},
    *(
        (t,)
        for t in (
            "forest green",
            "",
            None,
            "Green\nleaf 12",
            "a%b_c",
            "ñandú-7",
            "👩‍👩‍👧 green",
            "(x) [y]",
            "13-555-1234",
        )
    ),
)
NUMBERS = Table.of(
    {"x": "float64", "n": "int64"},
    *((x, n) for x in (0.0, -0.5, 2.5, 1e300, math.inf, -math.inf, None) for n in (0, -3, 7, None)),
)
TEXTS = [
    case(
        "like",
        select(
            a=call("like", "t", s("%green%")),
            b=call("like", "t", s("a\u0025b_c")),
            c=call("like", "t", s("____________")),
            d=call("like", "t", s("")),
            e=call("like", "t", s("%")),
            f=call("like", "t", s("(x%]")),
        ),
        WORDS,
    ),
    case(
        "slices",
        select(
            a=call("slice", "t", 0, 2),
            b=call("slice", "t", 3),
            c=call("slice", "t", -3),
            d=call("slice", "t", -40, 2),
            e=call("slice", "t", 100),
            f=call("slice", "t", 1, 0),
            g=call("slice", "t", -4, 2),
        ),
        WORDS,
    ),
    case(
        "patterns",
        select(
            a=call("regex_match", "t", s(r"\d+$")),
            b=call("regex_match", "t", s("^.*green|x")),
            c=call("regex_match", "t", s(r"[(\[]\w[)\]]")),
            d=call("regex_match", "t", s(r"^\S+\s[^a-z]")),
            e=call("regex_match", "t", s(".{9}")),
            f=call("regex_match", "t", s("^$")),
        ),
        WORDS,
    ),
    case(
        "parts of patterns",
        select(
            a=call("regex_extract", "t", s(r"\d+")),
            b=call("regex_extract", "t", s(r"(\d+)-(?:\d+)")),
            c=call("regex_extract", "t", s("gr(e*)n")),
            d=call("regex_extract", "t", s("x?(z?)")),
        ),
        WORDS,
    ),
    case("the first of two choices", select(a=call("regex_extract", "t", s("gr|gre|g"))), WORDS),
    case(
        "texts split",
        select(
            a=call("split", "t", s(" ")), b=call("length", call("split", "t", s("e"))), c=call("split", "t", s("."))
        ),
        WORDS,
    ),
    case("angles", select(a=call("sin", "x"), b=call("cos", "n"), c=call("tan", op("x", "/", 10))), NUMBERS),
    case(
        "logarithms",
        select(a=call("log10", "x"), b=call("log", "x"), c=call("log10", "n"), d=call("sqrt", "x")),
        NUMBERS,
    ),
    case(
        "of two numbers",
        select(
            a=call("min2", "x", "n"), b=call("max2", "n", 3), c=call("clip", "n", -1, 2), d=call("clip", "x", "n", 5)
        ),
        NUMBERS,
    ),
]

# -- aggregates -------------------------------------------------------------------------------------------------------
SCORES = Table.of(
    {"g": "string", "i": "int64", "x": "float64", "t": "string", "d": "date", "p": "bool"},
    ("a", 3, 1.5, "B", dt.date(2024, 1, 1), True),
    ("a", 1, 2.25, "é", None, None),
    ("a", 3, None, "a", dt.date(2023, 1, 1), False),
    ("a", 8, -4.0, None, dt.date(2022, 1, 1), True),
    (None, 5, -1.0, "z", dt.date(2024, 1, 1), None),
    (None, 6, 4.0, "", dt.date(2024, 1, 1), None),
    ("b", None, 0.5, "Z", None, False),
    ("c", None, None, None, None, None),
    ("", 2**60, 1e300, "x", dt.date(1969, 7, 20), True),
    ("", -(2**60), -1e300, "y", dt.date(1969, 7, 20), True),
    ("e", 1, math.inf, "x", dt.date(2000, 1, 1), True),
    ("e", 2, -math.inf, "y", dt.date(2000, 1, 2), True),
    ("e", 3, 0.0, "z", dt.date(2000, 1, 3), True),
)
MILD = Table(schema=SCORES.schema, rows=[row for row in SCORES.rows if abs(row["i"] or 0) < 1000])
"""Without what is too large to be squared."""


def two(function: str, arg: Any, other: Any) -> Aggregate:
    """Aggregate two operands."""
    return Aggregate(function=function, arg=part(arg), other=part(other))


_SEVERAL = {
    "quantiles": named(
        a=agg("median", "i"),
        b=agg("median", "x"),
        c=two("quantile", "x", 0.25),
        d=two("quantile", "i", 0.9),
        e=two("quantile", "x", 0),
        f=two("quantile", "x", 1),
    ),
    "extremes": named(
        a=two("arg_max", "t", "i"),
        b=two("arg_min", "t", "x"),
        c=two("first", "x", "d"),
        d=two("last", "i", "d"),
        e=two("arg_max", "d", "t"),
        f=two("arg_max", "x", op("i", "*", -1)),
    ),
    "lists": named(
        a=agg("collect", "i"), b=agg("collect", "t"), c=agg("collect", "d"), d=agg("collect", "x"), n=agg("count")
    ),
    "pairs": named(
        a=two("corr", "i", "x"),
        b=two("cov", "x", "i"),
        c=two("cov", "i", "i"),
        d=two("corr", "x", "x"),
        e=agg("sum", "x"),
        n=agg("n_unique", "t"),
    ),
}
SEVERAL = [
    case(f"{name} of {what}", GroupBy(keys=keys, aggregates=aggregates), table)
    for name, aggregates in _SEVERAL.items()
    for what, keys, table in (
        ("groups", named(g="g"), MILD if name == "pairs" else SCORES),
        ("all", (), MILD if name == "pairs" else SCORES),
        ("nothing", (), Table.of({column.name: column.type for column in SCORES.schema})),
        ("no groups", named(g="g"), Table.of({column.name: column.type for column in SCORES.schema})),
    )
]

# -- windows ----------------------------------------------------------------------------------------------------------
SALES = Table.of(
    {"ward": "string", "day": "date", "price": "decimal(9, 2)", "n": "int64", "x": "float64", "t": "string"},
    *(
        (ward, d and dt.date(2024, 1, d), price and D(price), n, x, t)
        for ward, d, price, n, x, t in [
            ("a", 1, "1.50", 1, 0.5, "p"),
            ("a", 1, "2.50", 2, None, "q"),
            ("a", 2, None, None, 1.5, None),
            ("a", None, "4.00", 4, -2.5, "p"),
            ("b", 3, "5.00", 5, 3.0, "p"),
            (None, 1, "6.00", 6, 1.0, "r"),
            (None, 1, "6.00", 6, 1.0, "r"),
            (None, 2, "0.25", -7, 9.5, "é"),
            ("", 9, None, None, None, None),
        ]
    ),
)


def over(
    function: str, *args: Any, by: tuple[str, ...] = ("ward",), order: tuple[str, ...] = (), down: bool = False
) -> Window:
    """Write a window, its order settled."""
    made = Window(
        function=function,
        args=tuple(part(arg) for arg in args),
        partition=tuple(map(c, by)),
        order=tuple(map(c, order)),
        descending=tuple(down for _ in order),
    )
    return settled(made, SALES.schema)  # type: ignore[return-value]


_AGGREGATES = ("count", "sum", "mean", "min", "max", "var", "std")
ZEROS = Table.of({"x": "float64", "n": "int64"}, (0.0, 1), (-0.0, 2), (1.5, 3), (-0.0, 4), (None, 5))
WINDOWS = [
    case(
        "windows over minus zero, which is zero",
        select(
            n="n",
            s=Window(function="sum", args=(c("n"),), partition=(c("x"),)),
            r=Window(function="rank", order=(c("x"),), descending=(False,)),
        ),
        ZEROS,
    ),
    case(
        "aggregates of partitions",
        select(n="n", **{f"{f}_{a}": over(f, a) for f in _AGGREGATES for a in ("price", "n", "x")}),
        SALES,
    ),
    case(
        "running aggregates",
        select(
            n="n", t="t", **{f"{f}_{a}": over(f, a, order=("day",)) for f in _AGGREGATES for a in ("price", "n", "x")}
        ),
        SALES,
    ),
    case(
        "aggregates of all rows",
        select(t="t", s=over("sum", "n", by=()), c=over("count", by=()), m=over("max", "t", by=("ward",))),
        SALES,
    ),
    case(
        "ranks",
        select(
            t="t",
            **{
                f"{short}{i}": over(function, order=o, down=d)
                for function, short in (("rank", "r"), ("dense_rank", "d"))
                for i, (o, d) in enumerate([(("day",), False), (("x", "t"), True), (("price",), True)])
            },
        ),
        SALES,
    ),
    case(
        "numbers of rows",
        select(t="t", a=over("row_number", order=("day",)), b=over("row_number", by=(), order=("t",), down=True)),
        SALES,
    ),
    case(
        "rows before and after",
        select(
            t="t",
            a=over("lag", "price", order=("day",)),
            b=over("lead", "n", 2, -1, order=("day",)),
            c=over("lag", "price", 1, 0, order=("x",), down=True),
            d=over("lead", "t", order=("n",)),
            e=over("lag", "x", 0, order=("n",)),
        ),
        SALES,
    ),
    case(
        "sums up to here",
        select(
            t="t",
            a=over("cum_sum", "price", order=("day",)),
            b=over("cum_sum", "x", by=(), order=("x",)),
            c=over("count", order=("day",)),
        ),
        SALES,
    ),
    case(
        "firsts and lasts",
        select(
            t="t",
            a=over("first", "price", order=("day",)),
            b=over("last", "t", order=("n",)),
            c=over("first", "x", by=(), order=("x",)),
        ),
        SALES,
    ),
    case(
        "truth over a window",
        select(t="t", a=over("any", op("n", ">", 4)), b=over("all", op("n", ">", 0), order=("day",))),
        SALES,
    ),
    case(
        "windows in expressions",
        select(
            a=op("price", "/", over("sum", "price")),
            b=op("x", "-", over("mean", "x")),
            c=If(condition=op(over("rank", order=("x",)), "==", 1), then=s("first"), otherwise=c("t")),
        ),
        SALES,
    ),
    case(
        "windows of no rows",
        select(
            a=over("sum", "n"), b=over("rank", order=("day",)), c=over("lag", "t", order=("n",)), d=over("max", "t")
        ),
        Table(schema=SALES.schema, rows=[]),
    ),
    case(
        "windows of one row",
        select(a=over("sum", "n"), b=over("rank", order=("day",)), c=over("var", "x", order=("n",))),
        Table(schema=SALES.schema, rows=SALES.rows[:1]),
    ),
]

# -- names and nests --------------------------------------------------------------------------------------------------
ODD = Table.of(
    {"odd name": "decimal(9, 2)", "select": "int64", "größe": "date", "SELECT": "string", 'q"x`y': "list(int64)"},
    (D("1.10"), 1, dt.date(2024, 1, 1), "x", [1, 2]),
    (None, 2**63 - 1, None, None, None),
    (D("-2.20"), -(2**63), dt.date(2024, 5, 1), "", []),
)
NAMES = [
    case(
        "expressions of odd names",
        Select(
            columns=(
                Named(name="odd name", expression=op(c("odd name"), "*", 2)),
                Named(name="group by", expression=Shift(arg=c("größe"), months=1)),
                Named(
                    name="SELECT", expression=Window(function="sum", args=(c("odd name"),), partition=(c("SELECT"),))
                ),
                Named(name='q"x`y', expression=c('q"x`y')),
                Named(name="n", expression=call("length", c('q"x`y'))),
                Named(name="select", expression=c("select")),
            )
        ),
        ODD,
    ),
    case("lists kept by a filter", Filter(condition=op("select", ">", 0)), ODD),
]

# -- keys -------------------------------------------------------------------------------------------------------------
_KEYS = Table.of({"k": "decimal(15, 2)", "v": "int64"}, (D("1.50"), 1), (D("2.00"), 2), (None, 3), (D("-0.01"), 4))
KEYS = [
    case(
        f"{how} join of decimals and {name}",
        Join(on=(("k", "k"),), how=how),
        _KEYS,
        Table.of({"k": type_, "w": "int64"}, *((value, n) for n, value in enumerate(values))),
    )
    for how in ("inner", "left", "semi", "anti")
    for name, type_, values in (
        ("others", "decimal(8, 3)", (D("1.500"), D("2.001"), D("-0.010"), None)),
        ("integers", "int64", (2, 1, None)),
        ("floats", "float64", (1.5, 2.0, 0.1, None)),
    )
]

EXPRESSIONS: list[Case] = [*KEYS, *DECIMALS, *DATES, *TEXTS, *SEVERAL, *WINDOWS, *NAMES]

# -- what has no value ------------------------------------------------------------------------------------------------
_MOST = Table.of({"a": "decimal(38, 0)"}, (D("9" * 38),), (D(1),))
FAILURES: list[Case] = [
    case("overflow of + of decimals", select(a=op("a", "+", 1)), _MOST),
    case("overflow of * of decimals", select(a=op("a", "*", exact("10"))), _MOST),
    case("overflow of a sum of decimals", GroupBy(aggregates=named(a=agg("sum", "a"))), _MOST),
    case("a decimal with too few digits", select(a=cast("a", "decimal(5, 2)")), _MOST),
    case("a decimal beyond the integers", select(a=cast("a", "int64")), _MOST),
    case("an integer with too many digits", select(a=cast("n", "decimal(3, 0)")), Table.of({"n": "int64"}, (1000,))),
    case("a float beyond the decimals", select(a=cast("x", "decimal(10, 2)")), Table.of({"x": "float64"}, (1e9,))),
    case("infinity as decimal", select(a=cast("x", "decimal(10, 2)")), Table.of({"x": "float64"}, (math.inf,))),
    *(
        case(f"text {t!r} as decimal", select(a=cast("t", "decimal(10, 2)")), Table.of({"t": "string"}, (t,), ("1",)))
        for t in ("x", "", "1,5", "nan", "123456789")
    ),
    *(
        case(
            f"text {t!r} as written date",
            select(a=call("parse_date", "t", s("%d/%m/%Y"))),
            Table.of({"t": "string"}, (t,)),
        )
        for t in ("2024-01-31", "31/13/2024", "1/2/2024", "31/01/2024 ")
    ),
    case(
        "overflow of a running sum",
        select(a=Window(function="cum_sum", args=(c("n"),), order=(c("n"),), descending=(False,))),
        Table.of({"n": "int64"}, (2**63 - 1,), (2**62,)),
    ),
]
