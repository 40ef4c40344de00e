# ruff: noqa: DTZ001 - the timestamps of the project have no time zone
"""The table of cases: an operator, the tables it works on, and what to know of its rows.

There are no expected rows here: the reference makes them.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

from jupyter_wayang.plan.expressions import Case as If
from jupyter_wayang.plan.expressions import IsIn, IsNull, Literal, Named, Negate, Not
from jupyter_wayang.plan.operators import (
    AnyOperator,
    Except,
    Explode,
    Filter,
    GroupBy,
    Intersect,
    Join,
    Limit,
    Pivot,
    Select,
    Sort,
    SortKey,
    Union,
    Unpivot,
)
from jupyter_wayang.testing.build import agg, c, call, cast, date, named, op, part, s, select, timestamp
from jupyter_wayang.testing.runner import Table

__all__ = ["CASES", "CHAINS", "EMPTY", "FAILURES", "MEASURED", "TIES", "TWINS", "Case", "case"]

NULL = Literal.of(None)
MOST, LEAST = 2**63 - 1, -(2**63)


@dataclass(frozen=True, kw_only=True)
class Case:
    """An operator on tables; ``ordered`` where the order of rows is part of the meaning."""

    name: str
    operator: AnyOperator
    tables: tuple[Table, ...]
    ordered: bool = False


def case(name: str, operator: AnyOperator, *tables: Table, ordered: bool = False) -> Case:
    """Write a case on one line."""
    return Case(name=name, operator=operator, tables=tables, ordered=ordered)


# -- numbers: the pairs by which the expressions were first measured, and the ends of the integers --------------------
_A = [-7, 7, 0, None, -8, 9, 1234567, MOST, LEAST]
_B = [2, -2, 0, None, 3, -5, 1000, MOST, LEAST]
INTEGERS = Table.of({"a": "int64", "b": "int64"}, *((a, b) for a in _A for b in _B))
_X = [-2.25, 2.25, 2.5, 3.5, -2.5, 0.15, 2.675, -0.04, 1e300, -1e300, 1e15 + 0.5, 0.0, None, 7.5, -7.5]
_Y = [2.0, -2.0, 0.0, None, 0.1]
FLOATS = Table.of({"x": "float64", "y": "float64"}, *((x, y) for x in _X for y in _Y))
SMALL = Table.of({"a": "int64", "x": "float64"}, *((a, x) for a in [-7, 0, 5, None] for x in [-1.5, 0.0, 2.0, None]))
ENDLESS = Table.of(
    {"x": "float64", "y": "float64"},
    *((x, y) for x in [math.inf, -math.inf, 0.0, 1.5, None] for y in [math.inf, -math.inf, 0.0, -2.0, None]),
)

_NAN = op(c("x"), "-", c("y"))
NUMBERS = [
    case("integers / // %", select(div=op("a", "/", "b"), floor=op("a", "//", "b"), rest=op("a", "%", "b")), INTEGERS),
    *(
        case(
            f"integers // % by the constant {k}",
            select(q=op("a", "//", k), r=op("a", "%", k), d=op("a", "/", k)),
            INTEGERS,
        )
        for k in (2, -2, 3, -5, 1, 1000, 0)
    ),
    case("a constant // % integers", select(q=op(7, "//", "b"), r=op(-7, "%", "b"), d=op(7, "/", "b")), INTEGERS),
    case("nested //", select(q=op(op(op("a", "//", 10), "//", "b"), "%", 7)), INTEGERS),
    case("floats / // %", select(div=op("x", "/", "y"), floor=op("x", "//", "y"), rest=op("x", "%", "y")), FLOATS),
    case(
        "floats by a constant", select(div=op("x", "/", 0.1), floor=op("x", "//", 0.1), rest=op("x", "%", 2.0)), FLOATS
    ),
    case(
        "integers and floats",
        select(a=op("a", "+", "x"), b=op("a", "*", "x"), c=op("a", "//", "x"), d=op("x", "%", "a")),
        SMALL,
    ),
    case("floor and ceil", select(a=call("floor", "x"), b=call("ceil", "x"), c=call("floor", op("x", "/", 3))), FLOATS),
    case("floor and ceil of integers", select(a=call("floor", "a"), b=call("ceil", "a"), c=call("round", "a")), SMALL),
    *(case(f"round to {n}", select(r=call("round", "x", n)), FLOATS) for n in (0, 1, 2, -1)),
    case("round without digits", select(r=call("round", "x")), FLOATS),
    case(
        "truncating cast",
        select(t=cast("x", "int64")),
        Table.of({"x": "float64"}, (2.5,), (3.5,), (-2.5,), (-3.5,), (0.9,), (-0.9,), (1e15 + 0.5,), (None,)),
    ),
    case(
        "abs sign negate",
        select(
            a=call("abs", "x"),
            b=call("sign", "x"),
            c=Negate(arg=c("x")),
            d=call("abs", "a"),
            e=call("sign", "a"),
            f=Negate(arg=c("a")),
        ),
        SMALL,
    ),
    case(
        "sqrt exp log",
        select(
            a=call("sqrt", "x"),
            b=call("exp", op("x", "/", 100)),
            c=call("log", "x"),
            d=call("log", "a"),
            e=call("sqrt", "a"),
        ),
        SMALL,
    ),
    case("power", select(a=op("a", "**", 2), b=op("x", "**", 2), c=op("a", "**", "x"), d=op("x", "**", 0.5)), SMALL),
    case("exp beyond the floats", select(a=call("exp", op("a", "*", 1000))), SMALL),
    case(
        "infinity makes no NaN",
        select(a=_NAN, b=op("x", "*", "y"), c=op("x", "/", "y"), d=op("x", "+", "y"), e=op("x", "%", "y")),
        ENDLESS,
    ),
    case("NaN is null in a condition", Filter(condition=op(_NAN, ">", 0)), ENDLESS),
    case("NaN is null for not", Filter(condition=Not(arg=op(_NAN, ">", 0))), ENDLESS),
    case("NaN is null for is None", select(a=IsNull(arg=_NAN), b=call("coalesce", _NAN, 7)), ENDLESS),
    case(
        "NaN is left out of aggregates",
        GroupBy(aggregates=named(n=agg("count", _NAN), m=agg("max", op("x", "*", "y")))),
        ENDLESS,
    ),
    case("sum of infinities", GroupBy(aggregates=named(s=agg("sum", "x"), m=agg("mean", "x"))), ENDLESS),
    case(
        "precedence",
        select(
            a=op("a", "-", op("a", "-", "x")),
            b=op(op("a", "-", "x"), "*", op("a", "+", 1)),
            c=Negate(arg=op("a", "-", 1)),
            d=op("a", "-", -3),
            e=op(op("a", "+", 1), "%", 3),
        ),
        SMALL,
    ),
    case(
        "constants",
        select(
            a=1,
            b=2.5,
            c=s("x'\\\n\"é"),
            d=True,
            e=Literal(value=None, type="float64"),
            f=op(2_000_000_000, "+", 2_000_000_000),
            g=date("2024-02-29"),
            h=op(7, "//", 2),
        ),
        SMALL,
    ),
    case(
        "exact float constants",
        select(a=op("x", "+", 0.12345678901234568), b=op("x", "*", 1e-300), c=op("x", "-", -0.1)),
        SMALL,
    ),
]

# -- logic ------------------------------------------------------------------------------------------------------------
LOGIC = Table.of({"p": "bool", "q": "bool"}, *((p, q) for p in (True, False, None) for q in (True, False, None)))
WORDS = Table.of(
    {"k": "string", "n": "int64"},
    *[("a", 1), (None, 2), ("b", None), ("a", 3), ("B", 4), ("é", 5), ("", 6), ("a", 1)],
)
_AND, _OR = op("p", "and", "q"), op("p", "or", "q")
_MIXED = op(op("p", "and", Not(arg=c("q"))), "or", op(op("q", "or", "p"), "and", "p"))
TRUTH = [
    case("and or not", select(a=_AND, b=_OR, c=Not(arg=c("p")), d=Not(arg=_AND), e=Not(arg=_OR), f=_MIXED), LOGIC),
    case("filter keeps true", Filter(condition=_OR), LOGIC),
    case("filter by not", Filter(condition=Not(arg=_AND)), LOGIC),
    case("comparing truth", select(a=op("p", "==", "q"), b=op("p", "!=", "q")), LOGIC),
    case("null in logic", select(a=op("p", "and", NULL), b=op("p", "or", NULL)), LOGIC),
    case("!= leaves null out", Filter(condition=op("k", "!=", s("a"))), WORDS),
    case("== null is null", select(a=op("n", "==", NULL), b=IsNull(arg=op("k", "==", NULL))), WORDS),
    case("is None", select(a=IsNull(arg=c("k")), b=Not(arg=IsNull(arg=c("n")))), WORDS),
    case("in", select(a=IsIn(arg=c("k"), values=(Literal.of("a"), Literal.of("é")))), WORDS),
    case("not in", Filter(condition=Not(arg=IsIn(arg=c("k"), values=(Literal.of("a"),)))), WORDS),
    case("in with null", select(a=IsIn(arg=c("n"), values=(Literal.of(1), NULL))), WORDS),
    case("in nothing", select(a=IsIn(arg=c("n"), values=())), WORDS),
    case("integers in floats", select(a=IsIn(arg=c("n"), values=(Literal.of(1.0), Literal.of(2.5)))), WORDS),
    case("if", select(a=If(condition=op("n", ">", 2), then=c("k"), otherwise=s("small"))), WORDS),
    case("if of two numbers", select(a=If(condition=op("n", ">", 2), then=c("n"), otherwise=part(0.5))), WORDS),
    case("if or null", select(a=If(condition=op("n", ">", 2), then=part(1), otherwise=NULL)), WORDS),
    case(
        "coalesce",
        select(a=call("coalesce", "n", 0), b=call("coalesce", "n", 0.5), c=call("coalesce", NULL, "k", s("?"))),
        WORDS,
    ),
    case(
        "compare numbers",
        select(
            a=op("n", "<", 2.5), b=op("n", "==", 1.0), c=op(3, ">=", "n"), d=op(op("n", "*", 2), ">", op("n", "+", 2))
        ),
        WORDS,
    ),
    case("compare texts", select(a=op("k", "<", s("a")), b=op("k", ">=", s("a")), c=op("k", "==", s(""))), WORDS),
]

# -- texts and dates --------------------------------------------------------------------------------------------------
TEXTS = Table.of(
    {"t": "string", "u": "string"},
    *[
        ("  Ångström \n", "st"),
        ("%_a.b*", "."),
        ("", ""),
        (None, "a"),
        ("a", None),
        ("👩‍👩‍👧 x", "x"),
        ('it\'s "q" \\ `b`', "'"),
    ],
)
DATES = Table.of(
    {"d": "date", "m": "timestamp"},
    (dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 0, 0)),
    (dt.date(1969, 12, 31), dt.datetime(2024, 2, 29, 12, 30, 0, 123456)),
    (dt.date(2024, 3, 1), None),
    (None, dt.datetime(1900, 1, 1)),
)
NUMERALS = Table.of(
    {"t": "string", "a": "int64", "p": "bool"}, ("12", 0, True), ("-3", 5, False), (None, None, None), ("0", -1, True)
)
MOMENTS = [
    case(
        "texts", select(a=call("upper", "t"), b=call("lower", "t"), c=call("strip", "t"), d=call("length", "t")), TEXTS
    ),
    case(
        "parts of texts",
        select(a=call("contains", "t", "u"), b=call("starts_with", "t", "u"), c=call("ends_with", "t", "u")),
        TEXTS,
    ),
    case(
        "parts by constants",
        select(
            a=call("contains", "t", s("%")), b=call("starts_with", "t", s("it's")), c=call("ends_with", "t", s("`"))
        ),
        TEXTS,
    ),
    case(
        "replace and concat",
        select(
            a=call("replace", "t", s("."), s("\\1")),
            b=call("concat", "t", s("-"), "u"),
            c=call("replace", "t", s(""), s("x")),
        ),
        TEXTS,
    ),
    case(
        "parts of dates",
        select(
            a=call("year", "d"),
            b=call("month", "d"),
            c=call("day", "d"),
            e=call("year", "m"),
            f=op(call("day", "m"), "+", 1),
        ),
        DATES,
    ),
    case(
        "dates and timestamps",
        select(
            a=op("d", "==", "m"),
            b=op("d", "<", "m"),
            c=op("d", ">=", date("2024-02-29")),
            e=op("m", ">", date("2024-02-29")),
            f=op("d", "<", timestamp("2024-02-29T12:00:00")),
        ),
        DATES,
    ),
    case("dates in", select(a=IsIn(arg=c("d"), values=(date("2024-02-29"), date("2024-03-01")))), DATES),
    case("casts of dates", select(a=cast("d", "timestamp"), b=cast("m", "date"), c=cast("d", "string")), DATES),
    case("coalesce dates", select(a=call("coalesce", "m", "d")), DATES),
    case(
        "casts",
        select(
            a=cast("t", "int64"),
            b=cast("t", "float64"),
            c=cast("a", "string"),
            d=cast("p", "int64"),
            e=cast("a", "bool"),
            f=cast("p", "string"),
            g=cast("a", "float64"),
            h=cast("p", "float64"),
            i=cast("t", "string"),
        ),
        NUMERALS,
    ),
    case(
        "casts of texts",
        select(a=cast("t", "date"), b=cast("u", "timestamp"), c=cast("v", "float64"), d=cast("w", "bool")),
        Table.of(
            {"t": "string", "u": "string", "v": "string", "w": "string"},
            ("2024-02-29", "2024-02-29 01:02:03", "1.5e3", "true"),
            (None, None, "nan", "false"),
        ),
    ),
    case(
        "casts of a column without a type",
        select(**{type_: cast("n", type_) for type_ in ("bool", "int64", "float64", "string", "date", "timestamp")}),
        Table.of({"a": "int64", "n": "null"}, (1, None), (2, None)),
    ),
    case(
        "a column without a name",
        select(**{"": c(""), "b": op(c(""), "+", c("a")), "column_0": c("a")}),
        Table.of({"": "int64", "a": "int64"}, (1, 2), (None, 3)),
    ),
    case(
        "casts of no rows without a type",
        select(a=cast("n", "float64"), b=cast("n", "int64")),
        Table.of({"n": "null"}),
    ),
    case(
        "cast of null",
        select(a=cast(NULL, "int64"), b=cast(NULL, "string"), c=cast(NULL, "timestamp"), d=NULL),
        NUMERALS,
    ),
]

# -- groups -----------------------------------------------------------------------------------------------------------
_ALL = named(
    n=agg("count"), k=agg("count", "x"), s=agg("sum", "x"), si=agg("sum", "i"), m=agg("mean", "x"), mi=agg("mean", "i"),
    lo=agg("min", "i"), hi=agg("max", "x"), tlo=agg("min", "t"), thi=agg("max", "t"), v=agg("var", "x"), sd=agg("std", "i"),
    u=agg("n_unique", "t"), ui=agg("n_unique", "i"), some=agg("any", "p"), every=agg("all", "p"), d=agg("max", "day"),
)  # fmt: skip
_MEASURED = {"g": "string", "i": "int64", "x": "float64", "t": "string", "p": "bool", "day": "date"}
MEASURED = Table.of(
    _MEASURED,
    ("a", 1, 1.5, "B", True, dt.date(2024, 1, 1)),
    ("a", 3, 2.25, "a", False, None),
    ("a", None, None, "é", None, dt.date(2023, 1, 1)),
    (None, 5, -1.0, None, True, None),
    (None, 6, 4.0, "a", True, None),
    ("b", 7, 0.5, "Z", False, dt.date(2025, 5, 5)),
    ("c", None, None, None, None, None),
    ("", 0, 0.0, "", False, None),
)
EMPTY = Table(schema=MEASURED.schema, rows=[])
_RATIO = op(agg("sum", "x"), "/", agg("count"))
GROUPS = [
    case("every aggregate by a key with null", GroupBy(keys=named(g="g"), aggregates=_ALL), MEASURED),
    case("every aggregate of all", GroupBy(aggregates=_ALL), MEASURED),
    case("every aggregate of nothing", GroupBy(aggregates=_ALL), EMPTY),
    case("no groups of nothing", GroupBy(keys=named(g="g"), aggregates=_ALL), EMPTY),
    case(
        "by two keys, one computed",
        GroupBy(keys=named(g="g", big=op("i", ">", 2)), aggregates=named(n=agg("count"))),
        MEASURED,
    ),
    case(
        "a key named as a column", GroupBy(keys=named(x=op("i", "%", 2)), aggregates=named(i=agg("sum", "x"))), MEASURED
    ),
    case(
        "aggregates of expressions",
        GroupBy(keys=named(g="g"), aggregates=named(s=agg("sum", op("x", "*", 2)), n=agg("count", op("x", "/", "i")))),
        MEASURED,
    ),
    case(
        "expressions of aggregates",
        GroupBy(
            keys=named(g="g"),
            aggregates=named(
                r=_RATIO, d=op(agg("max", "i"), "-", agg("min", "i")), z=call("coalesce", agg("sum", "i"), 0)
            ),
        ),
        MEASURED,
    ),
    case("a constant beside aggregates", GroupBy(aggregates=named(n=agg("count"), one=part(1))), MEASURED),
    case("constants only", GroupBy(aggregates=named(one=part(1))), MEASURED),
    case("constants only of nothing", GroupBy(aggregates=named(one=part(1))), EMPTY),
    case(
        "zero and minus zero are one group",
        GroupBy(keys=named(x="x"), aggregates=named(n=agg("count"))),
        Table.of({"x": "float64"}, (0.0,), (-0.0,), (None,)),
    ),
    case(
        "conditional sums",
        GroupBy(
            keys=named(g="g"),
            aggregates=named(n=agg("sum", If(condition=op("i", ">", 2), then=part(1), otherwise=part(0)))),
        ),
        MEASURED,
    ),
]

# -- joins ------------------------------------------------------------------------------------------------------------
LEFT = Table.of(
    {"k": "string", "j": "int64", "v": "int64"}, ("a", 1, 1), ("b", 1, 2), (None, 1, 3), ("a", 2, 4), ("c", None, 5)
)
RIGHT = Table.of(
    {"k": "string", "j": "int64", "w": "float64"},
    ("a", 1, 0.5),
    (None, 1, 1.5),
    ("a", 2, 2.5),
    ("d", 1, 3.5),
    ("c", None, 4.5),
)
OTHER = Table.of({"key": "string", "v": "string"}, ("a", "x"), ("a", "y"), (None, "z"), ("d", "é"))
NONE = Table(schema=RIGHT.schema, rows=[])
ASKED = Table.of(
    {"k": "string", "t": "float64", "n": "int64"},
    *[
        ("a", 3.0, 3),
        ("a", 0.0, 0),
        ("b", 9.0, 9),
        (None, 9.0, 9),
        ("a", None, None),
        ("a", 5.0, 5),
        ("c", 5.0, -5),
        ("e", 2.0, 1),
    ],
)
PRICES = Table.of(
    {"k": "string", "t": "float64", "p": "int64", "q": "string"},
    *[("a", 1.0, 1, "x"), ("a", 3.0, 2, "x"), ("a", 3.0, 2, "y"), ("a", 3.0, 1, "z"), ("b", 9.5, 5, None)],
    *[
        ("a", None, 7, "x"),
        (None, 1.0, 8, "x"),
        ("b", 2.0, 6, None),
        ("b", 2.0, None, "x"),
        ("a", 4.5, 3, None),
        ("e", 2.0, 9, "x"),
    ],
)
_HOWS = ("inner", "left", "full", "semi", "anti")
JOINS = [
    *(case(f"{how} join on one key", Join(on=(("k", "k"),), how=how), LEFT, RIGHT) for how in _HOWS),
    *(case(f"{how} join on two keys", Join(on=(("k", "k"), ("j", "j")), how=how), LEFT, RIGHT) for how in _HOWS),
    *(case(f"{how} join on other names", Join(on=(("k", "key"),), how=how), LEFT, OTHER) for how in _HOWS),
    *(case(f"{how} join with nothing", Join(on=(("k", "k"),), how=how), LEFT, NONE) for how in _HOWS),
    *(case(f"{how} join of nothing", Join(on=(("k", "k"),), how=how), NONE, LEFT) for how in _HOWS),
    *(
        case(
            f"{how} join of integers and floats",
            Join(on=(("v", "w"),), how=how),
            LEFT,
            Table.of({"w": "float64", "z": "int64"}, (1.0, 1), (2.5, 2), (None, 3)),
        )
        for how in ("inner", "left", "semi", "anti")
    ),
    *(
        case(
            f"{how} join of dates and timestamps",
            Join(on=(("d", "m"),), how=how),
            DATES,
            Table.of(
                {"m": "timestamp", "z": "int64"},
                (dt.datetime(2024, 2, 29), 1),
                (dt.datetime(2024, 3, 1, 1), 2),
                (None, 3),
            ),
        )
        for how in ("inner", "anti")
    ),
    *(
        case(f"{how} join where", Join(on=(("k", "k"),), how=how, where=op("v", "<", op("w", "*", 2.5))), LEFT, RIGHT)
        for how in _HOWS
    ),
    *(case(f"{how} join where, without keys", Join(how=how, where=op("v", ">", "w")), LEFT, RIGHT) for how in _HOWS),
    *(
        case(
            f"{how} join where, on columns of one name",
            Join(on=(("j", "j"),), how=how, where=op(op("k", "!=", "k_right"), "or", op("w", ">", 2))),
            LEFT,
            RIGHT,
        )
        for how in _HOWS
    ),
    *(case(f"{how} join where nothing", Join(how=how, where=op("v", ">", 100)), LEFT, RIGHT) for how in _HOWS),
    *(case(f"{how} join where, with nothing", Join(how=how, where=op("v", ">", "w")), LEFT, NONE) for how in _HOWS),
    *(case(f"{how} join where, always", Join(how=how, where=Literal.of(True)), LEFT, RIGHT) for how in _HOWS),
    *(
        case(
            f"full join of keys of two types, {ours}",
            Join(on=((ours, theirs),), how="full"),
            Table.of({"v": "int64", "d": "date"}, (1, dt.date(2024, 2, 29)), (7, dt.date(2024, 3, 1)), (None, None)),
            Table.of(
                {"w": "float64", "m": "timestamp"},
                (1.0, dt.datetime(2024, 2, 29)),
                (2.5, dt.datetime(2024, 3, 1, 1)),
                (None, None),
            ),
        )
        for ours, theirs in (("v", "w"), ("d", "m"))
    ),
    *(
        case(f"{how} join as of", Join(on=(("k", "k"),), how=how, as_of=("t", "t")), ASKED, PRICES)
        for how in ("inner", "left")
    ),
    *(
        case(f"{how} join as of, of two types", Join(how=how, as_of=("n", "t")), ASKED, PRICES)
        for how in ("inner", "left")
    ),
    case(
        "join as of with nothing",
        Join(on=(("k", "k"),), how="left", as_of=("t", "t")),
        ASKED,
        Table(schema=PRICES.schema, rows=[]),
    ),
    case(
        "join as of of nothing",
        Join(on=(("k", "k"),), how="left", as_of=("t", "t")),
        Table(schema=ASKED.schema, rows=[]),
        PRICES,
    ),
    case(
        "join as of a date",
        Join(how="left", as_of=("m", "d")),
        DATES,
        Table.of({"d": "date", "x": "int64"}, (dt.date(2024, 2, 29), 1), (dt.date(2000, 1, 1), 2), (None, 3)),
    ),
    case("cross join", Join(on=(), how="cross"), LEFT, OTHER),
    case("a suffix of one's own", Join(on=(("k", "k"),), suffix="_theirs"), LEFT, RIGHT),
]

# -- one below the other ----------------------------------------------------------------------------------------------
TWICE = Table.of(
    {"k": "string", "j": "int64", "w": "float64"},
    *[("a", 1, 0.5), ("a", 1, 0.5), (None, 1, 1.5), (None, None, None), ("a", 1, 0.5), ("z", 0, 0.0), ("z", 0, -0.0)],
)
THRICE = Table.of(
    {"w": "float64", "k": "string", "j": "int64"},
    *[(0.5, "a", 1), (None, None, None), (None, None, None), (0.5, "a", 1), (-0.0, "z", 0), (2.5, "b", 7)],
)
_BAGS = {"union": Union(), "intersect": Intersect(), "except": Except()}
COMBINED = [
    *(case(f"{name} by name", bag, TWICE, THRICE) for name, bag in _BAGS.items()),
    *(case(f"{name} the other way", bag, THRICE, TWICE) for name, bag in _BAGS.items()),
    *(case(f"{name} with nothing", bag, TWICE, NONE) for name, bag in _BAGS.items()),
    *(case(f"{name} of nothing", bag, NONE, TWICE) for name, bag in _BAGS.items()),
    *(case(f"{name} with itself", bag, MEASURED, MEASURED) for name, bag in _BAGS.items()),
    *(
        case(
            f"{name} of integers and floats",
            bag,
            Table.of({"n": "int64", "d": "date", "ours": "null"}, (1, dt.date(2024, 2, 29), None), (2, None, None)),
            Table.of(
                {"d": "timestamp", "n": "float64", "ours": "string"},
                (dt.datetime(2024, 2, 29), 1.0, None),
                (None, 2.5, "x"),
            ),
        )
        for name, bag in _BAGS.items()
    ),
    case("the different rows", GroupBy(keys=named(k="k", j="j", w="w")), TWICE),
    case("the different rows of nothing", GroupBy(keys=named(k="k")), NONE),
    case("the different rows of one column", GroupBy(keys=named(k="k")), TWICE),
]

_DAYS = Table.of(
    {"k": "string", "mon": "int64", "tue": "float64", "odd name": "null"},
    *[("a", 1, 0.5, None), (None, None, 2.5, None), ("a", 1, 0.5, None)],
)
_LISTS = Table.of(
    {"k": "string", "l": "list(int64)"}, ("a", [1, None, 1]), ("b", []), (None, None), ("c", [MOST]), ("x", [2])
)
_NESTED = Table.of(
    {"m": "list(list(string))", "M": "list(string)"},
    ([["x"], None], ["x"]),
    ([], []),
    (None, None),
    ([["y", None], []], []),
)
COMBINED += [
    case("explode", Explode(column="l"), _LISTS),
    case("explode lists of lists", Explode(column="m"), _NESTED),
    case("explode nothing", Explode(column="l"), Table(schema=_LISTS.schema, rows=[])),
    case("unpivot of two types", Unpivot(columns=("mon", "tue")), _DAYS),
    case("unpivot of one column", Unpivot(columns=("k",), name="what", value="k"), _DAYS),
    case("unpivot of a column of nothing but null", Unpivot(columns=("odd name", "mon")), _DAYS),
    case(
        "unpivot of all", Unpivot(columns=("k", "t")), Table.of({"k": "string", "t": "string"}, ("a", None), ("b", "c"))
    ),
    case("unpivot of nothing", Unpivot(columns=("i", "x")), EMPTY),
]

# -- order ------------------------------------------------------------------------------------------------------------
LINE = Table.of(
    {"k": "string", "n": "int64", "x": "float64"},
    *[
        ("b", 2, 0.5),
        (None, 1, None),
        ("a", 2, -1.0),
        ("B", None, 3.0),
        ("é", 1, 2.0),
        ("a", 1, None),
        ("", 2, -math.inf),
    ],
)
TIES = Table.of({"k": "int64", "n": "int64"}, *((None if n % 7 == 3 else n * 7919 % 5, n) for n in range(5000)))


def by(*keys: object, descending: bool = False) -> Sort:
    """Sort by keys."""
    return Sort(keys=tuple(SortKey(expression=part(key), descending=descending) for key in keys))


ORDER = [
    case("nulls last ascending", by("n", "k"), LINE, ordered=True),
    case("nulls last descending", by("n", "k", descending=True), LINE, ordered=True),
    case("texts by code point", by("k"), LINE, ordered=True),
    case("texts by code point, descending", by("k", descending=True), LINE, ordered=True),
    case("floats", by("x"), LINE, ordered=True),
    case("floats descending", by("x", descending=True), LINE, ordered=True),
    case("an expression", by(op("n", "*", "x"), "k"), LINE, ordered=True),
    case(
        "both directions",
        Sort(keys=(SortKey(expression=c("n"), descending=True), SortKey(expression=c("x")))),
        LINE,
        ordered=True,
    ),
    case("a stable order", by("k"), TIES, ordered=True),
    case("a stable order, descending", by("k", descending=True), TIES, ordered=True),
    case("by a constant", by(1), LINE, ordered=True),
    case("truth", by("p"), Table.of({"p": "bool"}, (True,), (None,), (False,)), ordered=True),
    case("the first rows", Limit(rows=3), LINE, ordered=True),
    case("no rows", Limit(rows=0), LINE, ordered=True),
    case("more rows than there are", Limit(rows=100), LINE, ordered=True),
]

# -- names ------------------------------------------------------------------------------------------------------------
_ODD = [
    "odd name",
    'quo"te',
    "back`tick",
    "it's",
    "straße",
    "名前",
    "select",
    "a.b",
    "x;--",
    "Name",
    "name",
    "NAME",
    "%s {0}",
    "l",
    "r",
]
ODD = Table.of(
    dict.fromkeys(_ODD, "int64"), tuple(range(len(_ODD))), tuple(range(100, 100 + len(_ODD))), (None,) * len(_ODD)
)
TWINS = Table.of({"k": "int64", "K": "int64", "v": "string"}, (1, 10, "a"), (2, 20, "b"), (1, 30, None))
NAMES = [
    case("odd names", Select(columns=tuple(Named(name=f"{name}!", expression=c(name)) for name in _ODD)), ODD),
    case("odd names kept", Filter(condition=op(c("odd name"), "<", 50)), ODD),
    case("names that differ in case", select(k=c("K"), K=c("k"), a=op("k", "-", "K")), TWINS),
    case("filter by one of two cases", Filter(condition=op("K", ">", 15)), TWINS),
    case("sort by one of two cases", by("k", Negate(arg=c("K"))), TWINS, ordered=True),
    case("group by one of two cases", GroupBy(keys=named(k="k"), aggregates=named(K=agg("sum", "K"))), TWINS),
    case("swapped names", select(k="v", v="k", K="K"), TWINS),
    case(
        "join on names that differ in case",
        Join(on=(("K", "k"),), how="full"),
        TWINS,
        Table.of({"k": "int64", "V": "string"}, (10, "x"), (40, "y")),
    ),
    case(
        "join makes names that differ in case",
        Join(on=(("k", "k"),), how="left"),
        Table.of({"k": "int64", "v": "int64"}, (1, 1)),
        Table.of({"k": "int64", "V": "int64"}, (1, 2)),
    ),
    case("union of names that differ in case", Union(), TWINS, TWINS),
    case("except of odd names", Except(), ODD, ODD),
    case("the different rows of names that differ in case", GroupBy(keys=named(K="K", k="k")), TWINS),
    case("semi join on odd names", Join(on=(('quo"te', 'quo"te'),), how="semi"), ODD, ODD),
]

CASES = [*NUMBERS, *TRUTH, *MOMENTS, *GROUPS, *JOINS, *COMBINED, *ORDER, *NAMES]

# -- what has no value ------------------------------------------------------------------------------------------------
_ENDS = Table.of(
    {"a": "int64", "x": "float64", "t": "string"},
    (1, 1.0, "1"),
    (MOST, 1e19, "x"),
    (LEAST, math.inf, "1.5"),
    (2, 2.0, ""),
)
_TOP = Table.of({"a": "int64"}, (MOST,), (1,))
_BOTTOM = Table.of({"a": "int64"}, (LEAST,), (2,))
FAILURES = [
    case("overflow of +", select(a=op("a", "+", 1)), _TOP),
    case("overflow of -", select(a=op("a", "-", 1)), _BOTTOM),
    case("overflow of *", select(a=op("a", "*", 2)), _TOP),
    case("overflow of //", select(a=op("a", "//", -1)), _BOTTOM),
    case("overflow of negation", select(a=Negate(arg=c("a"))), _BOTTOM),
    case("overflow of abs", select(a=call("abs", "a")), _BOTTOM),
    case("overflow of sum", GroupBy(aggregates=named(s=agg("sum", "a"))), _TOP),
    case("float beyond the integers", select(a=cast("x", "int64")), Table.of({"x": "float64"}, (1e19,))),
    case("infinity as integer", select(a=cast("x", "int64")), Table.of({"x": "float64"}, (math.inf,))),
    *(
        case(f"text {text!r} as integer", select(a=cast("t", "int64")), Table.of({"t": "string"}, (text,), ("1",)))
        for text in ("x", "1.5", "", "1e3", "9223372036854775808")
    ),
    case("text as float", select(a=cast("t", "float64")), Table.of({"t": "string"}, ("x",))),
    case("text as date", select(a=cast("t", "date")), Table.of({"t": "string"}, ("2024-13-01",))),
]

# -- chains: what comes out does not depend on how far a platform looks ahead -----------------------------------------
NUMERALISH = Table.of({"t": "string"}, *(("x" if n % 3 else str(n - 9),) for n in range(3000)))
_PIVOT = Pivot(on="p", values="i", function="sum", levels=(Literal.of(True), NULL, Literal.of(False)))
CHAINS: dict[str, tuple[Table, tuple[AnyOperator, ...]]] = {
    "filter, explode, filter": (
        _LISTS,
        (Filter(condition=op("k", "!=", s("x"))), Explode(column="l"), Filter(condition=op("l", ">", 0))),
    ),
    "pivot": (
        MEASURED,
        (select(g="g", p="p", i="i"), *_PIVOT.lowered((Table.of({"g": "string", "p": "bool", "i": "int64"}).schema,))),
    ),
    "unpivot, filter, unpivot": (
        _DAYS,
        (
            Unpivot(columns=("mon", "tue")),
            Filter(condition=op("value", ">", 0.7)),
            Unpivot(columns=("k", "variable"), name="name", value="text"),
        ),
    ),
    "different rows, filter, group": (
        TWICE,
        (
            GroupBy(keys=named(k="k", j="j")),
            Filter(condition=IsNull(arg=c("k"))),
            GroupBy(aggregates=named(n=agg("count"))),
        ),
    ),
    "a filter guards the cast after it": (
        NUMERALISH,
        (Filter(condition=op("t", "!=", s("x"))), select(n=cast("t", "int64")), Filter(condition=op("n", ">", 0))),
    ),
    "a filter guards the filter after it": (
        NUMERALISH,
        (Filter(condition=op("t", "!=", s("x"))), Filter(condition=op(cast("t", "int64"), ">", 0))),
    ),
    "filter, select, filter, group": (
        MEASURED,
        (
            Filter(condition=op("i", ">", 0)),
            select(g="g", i=op("i", "*", 2), x="i"),
            Filter(condition=op("i", "<", 13)),
            GroupBy(keys=named(g="g"), aggregates=named(i=agg("sum", "i"), n=agg("count"))),
            Filter(condition=op("n", ">", 0)),
        ),
    ),
    "sort, limit, sort": (TIES, (by("k", descending=True), Limit(rows=100), by("n"), Limit(rows=7))),
    "sort, select, filter, limit": (
        TIES,
        (
            by("k", "n"),
            select(n=op("n", "+", 0), k=Negate(arg=c("n"))),
            Filter(condition=op("n", ">", 10)),
            Limit(rows=5),
        ),
    ),
    "limit, filter": (TIES, (Limit(rows=10), Filter(condition=op("k", "==", 2)))),
    "two filters, one with or": (LOGIC, (Filter(condition=_OR), Filter(condition=op("q", "or", Not(arg=c("p")))))),
    "narrow, then sort by what is left": (LINE, (select(n="n"), by("n"), Limit(rows=4))),
    "swap names, then filter": (
        TWINS,
        (select(k="K", K="k"), Filter(condition=op("k", ">", 10)), by("k", descending=True)),
    ),
    "group of groups": (
        MEASURED,
        (
            GroupBy(keys=named(g="g"), aggregates=named(n=agg("count"))),
            GroupBy(keys=named(n="n"), aggregates=named(groups=agg("count"))),
            by("n"),
        ),
    ),
}
