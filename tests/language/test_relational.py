"""Words of rows and columns: a cell and the Python API make equal plans, and mistakes have messages."""

from __future__ import annotations

import pytest
from language.desk import FakeDesk
from language.test_cell import bare, planned

from jupyter_wayang.errors import WayangError
from jupyter_wayang.language import builder
from jupyter_wayang.language.expressions import col
from jupyter_wayang.language.functions import named
from jupyter_wayang.plan.logical import LogicalPlan
from jupyter_wayang.plan.schema import Schema


@pytest.fixture
def desk():
    return FakeDesk(
        visits=Schema.of(age="int64", ward="string", day="date"),
        wards=Schema.of(ward="string", day="date", beds="int64"),
    )


@pytest.fixture
def visits(desk):
    return builder.read(desk, "visits")


@pytest.fixture
def wards(desk):
    return builder.read(desk, "wards")


SAME = {
    "visits.distinct()": lambda v, w: v.distinct(),
    "visits.distinct(ward, day)": lambda v, w: v.distinct("ward", col.day),
    "visits.top_k(3, by=age)": lambda v, w: v.top_k(3, by=col.age),
    "visits.top_k(3, by=[age, ward], descending=[False, True])": lambda v, w: v.top_k(
        3, by=["age", "ward"], descending=[False, True]
    ),
    "visits.sample(5, seed=3)": lambda v, w: v.sample(5, seed=3),
    "visits.sample(fraction=0.5)": lambda v, w: v.sample(fraction=0.5),
    "visits.zip_with_id()": lambda v, w: v.zip_with_id(),
    'visits.pivot(on=ward, values=age, agg=sum, levels=["a", "b"])': lambda v, w: v.pivot(
        "ward", "age", "sum", levels=["a", "b"]
    ),
    "visits.with_columns(old=age > 60).pivot(old, age, max)": lambda v, w: v.with_columns(old=col.age > 60).pivot(
        on=col.old, values=col.age, agg="max"
    ),
    'wards.with_columns(n=beds).unpivot([beds, n], value="count")': lambda v, w: w.with_columns(n=col.beds).unpivot(
        ["beds", "n"], value="count"
    ),
    'visits.write("out.csv", mode="append")': lambda v, w: v.write("out.csv", mode="append"),
    "visits.with_columns(words=split(ward, ' ')).explode(words)": lambda v, w: v.with_columns(
        words=named("split")(col.ward, " ")
    ).explode("words"),
    "visits.union(visits)": lambda v, w: v.union(v),
    "visits.select(ward, day).intersect(wards.drop(beds))": lambda v, w: v.select("ward", "day").intersect(
        w.drop("beds")
    ),
    "visits.select(ward, day).except_(wards.select(day, ward))": lambda v, w: v.select("ward", "day").except_(
        w.select("day", "ward")
    ),
    "visits.join(wards, on=ward, where=age < beds and day != day_right)": lambda v, w: v.join(
        w, on="ward", where=(col.age < col.beds) & (col.day != col.day_right)
    ),
    'visits.join(wards, where=day >= day_2, suffix="_2")': lambda v, w: v.join(
        w, where=col.day >= col.day_2, suffix="_2"
    ),
    'visits.join(wards, on=ward, how="left", as_of=day)': lambda v, w: v.join(w, on="ward", how="left", as_of="day"),
    "visits.join(wards, as_of=(age, beds))": lambda v, w: v.join(w, as_of=("age", "beds")),
}


@pytest.mark.parametrize("text", SAME)
def test_a_cell_and_python_make_equal_plans(text, desk, visits, wards):
    cell = planned(desk, text, {"visits": visits, "wards": wards})
    assert bare(cell) == bare(LogicalPlan.of([SAME[text](visits, wards).port]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("visits.union(wards)", "needs the same columns in both, and the second collection has no age"),
        (
            "visits.union(visits.with_columns(age=ward))",
            "age is int64 in the first collection and string in the second",
        ),
        ("visits.select(day).union(wards.select(Day=day))", "has no day. Did you mean Day?"),
        ("visits.explode(ward)", "takes a column of lists, and ward is string"),
        ("visits.sample()", "needs n= or fraction=, one of them"),
        ("visits.sample(fraction=2)", "a fraction above 0 and up to 1"),
        ('visits.zip_with_id(name="age")', 'the column "age" would be there twice'),
        ("visits.pivot(ward, age, sum)", "pivot() needs the levels of ward"),
        ("visits.pivot(ward, age, sum, levels=[1])", "ward is string, and the level 1 is int64"),
        ('visits.pivot(ward, age, length, levels=["a"])', "length"),
        ("visits.unpivot([age, ward])", "makes one column of them, but age is int64 and ward is string"),
        ('visits.write("out.txt")', 'does not know the format of "out.txt"'),
        ('visits.write("out.csv", mode="replace")', 'there is no mode "replace".'),
        ("visits.distinct(wart)", 'there is no column "wart" in visits. Did you mean ward?'),
        ("visits.top_k(3)", "top_k() needs by, as in top_k(10, by=age)"),
        ("visits.top_k(3, by=[age], descending=[True, False])", "or a list of 1 of them"),
        ("visits.top_k(-1, by=age)", "a number of rows of 0 or more"),
        ("visits.join(wards)", "an inner join needs keys: on=…"),
        ("visits.join(wards, on=ward, where=sum(age) > 1)", "join() takes no aggregates: sum(age)"),
        ("visits.join(wards, on=ward, where=bets > 1)", "Did you mean beds?"),
        ("visits.join(wards, on=ward, where=beds)", "where= takes a condition, but beds is int64"),
        ('visits.join(wards, on=ward, how="full", as_of=day)', 'is "inner" or "left"'),
        ("visits.join(wards, on=ward, as_of=[day, beds])", "a list cannot stand here"),
        ("visits.join(wards, on=ward, as_of=(ward, beds))", "ward is string and beds is int64"),
        ('visits.join(wards, how="cross", where=age > beds)', "a cross join takes neither keys nor a condition"),
    ],
)
def test_mistakes_have_messages(text, message, desk, visits, wards):
    with pytest.raises(WayangError) as caught:
        planned(desk, text, {"visits": visits, "wards": wards})
    assert message in caught.value.message
    assert caught.value.span is not None


def test_hints_stay_with_the_operator(desk, visits, wards):
    text = 'visits.filter(age > 60).cache().rows(10).selectivity(0.1).name("old").join(wards.broadcast(), on=ward)'
    plan = planned(desk, text, {"visits": visits, "wards": wards})
    kept = plan["filter"]
    assert (kept.hints.cache, kept.hints.rows, kept.hints.selectivity, kept.names) == (True, 10, 0.1, ("old",))
    assert plan["join"].operator.broadcast


def test_a_name_leaves_an_operator_free(desk, visits):
    named = LogicalPlan.of([visits.filter(col.age > 60).name("old").port])
    plain = LogicalPlan.of([visits.filter(col.age > 60).port])
    assert [node.hints for node in named.nodes] == [node.hints for node in plain.nodes]


def test_spark_is_asked_to_broadcast():
    from jupyter_wayang.plan.operators import Join
    from jupyter_wayang.platforms.relational.sql import source, statement, to_sql

    rows = Schema.of(k="int64", v="int64")
    join = Join(on=(("k", "k"),), broadcast=True)
    text = {
        name: to_sql(statement(join, ((source("a"), rows), (source("b"), rows)), name), name)
        for name in ("spark", "duckdb")
    }
    assert text["spark"].startswith("SELECT /*+ BROADCAST(`r`) */ ") or text["spark"].startswith(
        "SELECT /*+ BROADCAST(r) */ "
    )
    assert "BROADCAST" not in text["duckdb"]
