"""Where estimates come from, in words."""

from __future__ import annotations

import pyarrow as pa
import pytest
from optimizer.fakes import op, read, where

from jupyter_wayang.language.expressions import col
from jupyter_wayang.optimizer.cardinality import estimate
from jupyter_wayang.optimizer.origins import origins
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.logical import LogicalPlan
from jupyter_wayang.plan.statistics import SourceStatistics


@pytest.fixture
def people(tmp_path):
    from jupyter_wayang.app import Session

    session = Session(tmp_path)
    yield session.read(pa.table({"age": [17, 42], "ward": ["a", "b"]}))
    session.close()


def of(collection, **known):
    plan = LogicalPlan.of((collection.port,), {})
    source = plan.nodes[0].id
    statistics = {source: SourceStatistics(rows=Interval.exact(1000), **known)} if known else {}
    return origins(plan, estimate(plan, plan.outputs(), statistics), statistics, {})[plan.nodes[-1].id]


def test_a_source_says_how_its_rows_are_known(people):
    assert of(people, origin="Parquet footer") == "Parquet footer"
    assert of(people) == "default"


def test_what_keeps_its_rows_has_the_origin_of_those(people):
    assert of(people.sort(col.age), origin="counted") == "counted"
    assert of(people.with_columns(next=col.age + 1), origin="counted") == "counted"


def test_a_share_is_by_distinct_values_or_by_default(people):
    kept = people.filter(col.ward == "a")
    assert of(kept, origin="counted", distinct={"ward": 5}) == "distinct values"
    assert of(kept, origin="counted") == "default"
    assert of(people.filter(col.age > 3), origin="counted", distinct={"ward": 5}) == "default"


def test_a_hint_is_called_one(people):
    assert of(people.filter(col.age > 3).selectivity(0.5), origin="counted") == "hint"


def test_a_limit_is_what_it_asks_for(people):
    assert of(people.limit(3), origin="counted") == "what it asks for"


def test_a_range_is_known_from_sampled_values():
    plan = LogicalPlan.of([where(read(), op("age", "<", 9))])
    known = {"read": SourceStatistics(rows=Interval.exact(100), quantiles={"age": (0.0, 50.0, 100.0)})}
    found = estimate(plan, plan.outputs(), known)
    assert origins(plan, found, known, {})["filter"] == "sampled values"
    assert origins(plan, estimate(plan, plan.outputs(), {}), {}, {})["filter"] == "default"
