"""Plans as Wayang's JSON: what is written is read again, and gives the same rows."""

from __future__ import annotations

import pyarrow as pa
import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language import functions as f
from jupyter_wayang.language.expressions import cast, col, where
from jupyter_wayang.language.wayang_export import to_wayang_json
from jupyter_wayang.plan.logical import LogicalPlan


@pytest.fixture
def session(tmp_path):
    session = wy.Session(tmp_path)
    yield session
    session.close()


@pytest.fixture
def visits(session, tmp_path):
    (tmp_path / "visits.csv").write_text(
        "ward,age,bmi\na,17,20.5\nb,42,31.0\na,60,25.25\nc,42,22.0\n", encoding="utf-8"
    )
    return session.read("visits.csv")


@pytest.fixture
def wards(session):
    return session.read(pa.table({"ward": ["a", "b"], "floor": [1, 2]}))


def written(session, collection):
    return to_wayang_json(LogicalPlan.of((collection.port,), {}), session._frames)


def values(collection):
    return sorted(tuple(row.values()) for row in collection.run().to_arrow().to_pylist())


CASES = {
    "filter": lambda v, w: v.filter((col.age >= 18) & ~(col.ward == "b")),
    "select": lambda v, w: v.select(ward=f.upper(col.ward), old=col.age * 2 - 1, half=col.age / 2),
    "texts": lambda v, w: v.select(a=f.concat(col.ward, "-", cast(col.age, "string")), b=f.slice(col.ward, 0, 1)),
    "choices": lambda v, w: v.select(k=where(col.age > 40, "old", "young"), m=f.max2(col.bmi, 25.0)),
    "with_columns": lambda v, w: v.with_columns(next=col.age + 1).drop("bmi").rename(ward="w"),
    "one column": lambda v, w: v.select("age").distinct(),
    "group_by": lambda v, w: v.group_by("ward").agg(n=f.count(), low=f.min(col.age), mean=f.mean(col.bmi)),
    "whole": lambda v, w: v.agg(total=f.sum(col.age), most=f.max(col.bmi)),
    "join": lambda v, w: v.join(w, on="ward").filter(col.floor > 1),
    "cross": lambda v, w: v.select("age").join(w.select("floor"), how="cross"),
    "sets": lambda v, w: v.select("ward").union(w.select("ward")).intersect(v.select("ward")),
    "is_in": lambda v, w: v.filter(col.ward.is_in(["a", "c"])).sort("age", "ward"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_written_is_read_again(session, visits, wards, case):
    collection = CASES[case](visits, wards)
    again = session.from_wayang_json(written(session, collection).text)
    assert values(again) == [pytest.approx(row) for row in values(collection)]


def test_a_sort_keeps_its_order(session, visits):
    again = session.from_wayang_json(written(session, visits.select("age", "ward").sort("age", descending=True)).text)
    assert again.run().to_arrow()[0].to_pylist() == [60, 42, 42, 17]


def test_the_form_is_wayangs(session, visits):
    made = written(session, visits.filter(col.age > 18).on("spark"))
    assert made.plan["context"] == {"platforms": ["java", "spark"], "configuration": {}}
    first, *_, filtered, last = made.plan["operators"]
    assert (first["operatorName"], first["input"], first["output"]) == ("textFileInput", [], [2])
    assert filtered["executionPlatform"] == "spark"
    assert filtered["data"]["udf"] == "(t: (String, Long, Double)) => t._2 > 18L"
    assert (last["operatorName"], last["output"], last["cat"]) == ("textFileOutput", [], "output")
    assert any("quoted" in note for note in made.notes)


def test_a_part_that_several_read_is_said(session, visits):
    adults = visits.filter(col.age > 18)
    made = written(session, adults.select("ward").union(adults.select("ward")))
    assert any("once for each" in note for note in made.notes)


@pytest.mark.parametrize(
    ("collection", "message"),
    [
        (lambda v, w: v.limit(2), r"limit\(2\) cannot be written .* no such operator"),
        (lambda v, w: v.select(k=f.coalesce(col.age, 0)), "coalesce"),
        (lambda v, w: v.sort("ward", descending=True), "downwards"),
        (lambda v, w: v.join(w, on="ward", how="left"), "only inner and cross joins"),
        (lambda v, w: v.group_by("ward").agg(m=f.median(col.age)), "median has no counterpart"),
        (lambda v, w: v.with_columns(d=cast(col.ward, "date")), "date"),
    ],
)
def test_what_has_no_counterpart_is_said(session, visits, wards, collection, message):
    with pytest.raises(OperatorError, match=message):
        written(session, collection(visits, wards))
