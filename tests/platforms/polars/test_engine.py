from __future__ import annotations

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_wayang.errors import PlatformError
from jupyter_wayang.plan.expressions import Binary, Cast, ColumnRef, Literal, Named
from jupyter_wayang.plan.operators import Filter, GroupBy, Join, ReadFile, Select, Sort, SortKey
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.polars import PLATFORM

SCHEMA = Schema.of(a="int64", s="string", x="float64")
OLD = Binary(op=">", left=ColumnRef(name="a"), right=Literal.of(1))


@pytest.fixture
def scanned(tmp_path):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"a": [1, 2, 3], "s": ["1", "2", "x"], "x": [0.5, float("nan"), 1.5]}), path)
    engine = PLATFORM.open(tmp_path)
    (payload,) = engine.apply(ReadFile(path=str(path), format="parquet", schema=SCHEMA), (), (), {}, "")
    return engine, payload


def test_what_cannot_fail_is_added_to_a_scan(scanned):
    engine, payload = scanned
    (payload,) = engine.apply(Filter(condition=OLD), (payload,), (SCHEMA,), {}, "")
    half = Binary(op="/", left=ColumnRef(name="a"), right=Literal.of(2))
    (payload,) = engine.apply(Select(columns=(Named(name="h", expression=half),)), (payload,), (SCHEMA,), {}, "")
    assert isinstance(payload, pl.LazyFrame)
    assert "SELECTION" in payload.explain()
    assert engine.count(payload) == 2
    assert engine.keep(payload)["h"].to_list() == [1.0, 1.5]


def test_what_can_fail_runs_at_once_and_names_operator_and_expression(scanned):
    engine, payload = scanned
    cast = Cast(arg=ColumnRef(name="s"), to="int64")
    with pytest.raises(PlatformError, match=r"select\(\) failed on polars: .* in cast\(s, int64\)") as caught:
        engine.apply(Select(columns=(Named(name="n", expression=cast),)), (payload,), (SCHEMA,), {}, "")
    assert "x" not in caught.value.message.split()


def test_a_scan_can_be_sorted_grouped_and_joined(scanned):
    engine, payload = scanned
    key = SortKey(expression=ColumnRef(name="a"), descending=True)
    (sorted_,) = engine.apply(Sort(keys=(key,)), (payload,), (SCHEMA,), {}, "")
    assert engine.convert(sorted_, "polars.frame", "arrow.table", SCHEMA).to_pydict() == {
        "a": [3, 2, 1],
        "s": ["x", "2", "1"],
        "x": [1.5, None, 0.5],
    }
    operator = GroupBy(
        keys=(Named(name="s", expression=ColumnRef(name="s")),), aggregates=(Named(name="n", expression=_count()),)
    )
    assert engine.count(engine.apply(operator, (payload,), (SCHEMA,), {}, "")[0]) == 3
    (joined,) = engine.apply(Join(on=(("a", "a"),), how="semi"), (payload, payload), (SCHEMA, SCHEMA), {}, "")
    assert engine.count(joined) == 3


def _count():
    from jupyter_wayang.plan.expressions import Aggregate

    return Aggregate(function="count")


def test_a_file_that_goes_away_is_an_error_of_ours(scanned, tmp_path):
    engine, payload = scanned
    (tmp_path / "rows.parquet").unlink()
    with pytest.raises(PlatformError, match=r"read\(\) failed on polars"):
        engine.keep(payload)
