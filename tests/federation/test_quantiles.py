"""Quantiles over sites lie within the bounds that are told, whatever sites keep to themselves."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_rows import run

from jupyter_wayang.errors import DisclosureError, OperatorError
from jupyter_wayang.federation.aggregation import ROWS, decompose
from jupyter_wayang.federation.quantiles import search
from jupyter_wayang.plan.expressions import Aggregate, Case, Cast, ColumnRef, Literal, Named
from jupyter_wayang.plan.operators import GroupBy
from jupyter_wayang.plan.schema import Schema

SCHEMA = Schema.of(ward="string", x="float64")


def quantile(part, name="q", column="x"):
    return Named(
        name=name,
        expression=Aggregate(function="quantile", arg=ColumnRef(name=column), other=Literal.of(part)),
    )


def operator(*parts, keys=()):
    return GroupBy(
        keys=tuple(Named(name=key, expression=ColumnRef(name=key)) for key in keys),
        aggregates=tuple(quantile(part, f"q{index}") for index, part in enumerate(parts)),
    )


def searched(wanted, sites, minimum, schema=SCHEMA):
    """Return the bounds by column and group, and how many requests there were; small groups are withheld."""

    def answers(request):
        told = {}
        for site, table in sites.items():
            counted = run(request, table, schema)
            told[site] = counted.filter(pc.greater_equal(counted[ROWS], minimum))
        return told

    parts = decompose(wanted, schema)
    looking, requests = search(parts.partial, parts.quantiles, schema, answers(parts.partial)), 0
    try:
        request = next(looking)
        while True:
            requests += 1
            request = looking.send(answers(request))
    except StopIteration as end:
        return {q.part: end.value[q.name] for q in parts.quantiles}, requests


def table(values, wards=None):
    return pa.table({"ward": pa.array(wards or [None] * len(values), pa.string()), "x": pa.array(values, pa.float64())})


numbers = st.none() | st.floats(-1e3, 1e3).map(lambda x: round(x, 2)) | st.integers(0, 3).map(float)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(numbers, min_size=1, max_size=120), min_size=1, max_size=3),
    st.sampled_from([0.05, 0.25, 0.5, 0.9]),
    st.sampled_from([1, 3, 10]),
)
def test_the_quantile_of_those_who_tell_lies_within_the_bounds(lists, part, minimum):
    told = [values for values in lists if sum(v is not None for v in values) and len(values) >= minimum]
    sites = {str(index): table(values) for index, values in enumerate(lists)}
    found, _ = searched(operator(part), sites, minimum)
    known = [v for values in told for v in values if v is not None]
    if not known:
        assert found[part] == {}
        return
    bounds = found[part][()]
    assert bounds.low <= np.quantile(known, part) <= bounds.high


@pytest.mark.parametrize("size", [30, 300, 3000])
def test_more_rows_make_narrower_bounds_that_no_small_cell_is_needed_for(size):
    generator = np.random.default_rng(size)
    lists = [generator.normal(shift, 1 + shift, size).tolist() for shift in (0, 0.5, 2)]
    sites = {str(index): table(values) for index, values in enumerate(lists)}
    found, _ = searched(operator(0.25, 0.5, 0.75), sites, minimum=10)
    pooled = np.concatenate(lists)
    for part in (0.25, 0.5, 0.75):
        bounds = found[part][()]
        assert bounds.low <= np.quantile(pooled, part) <= bounds.high
        assert bounds.error < pooled.std() * {30: 1.5, 300: 0.2, 3000: 0.02}[size]


def test_every_group_has_bounds_of_its_own():
    generator = np.random.default_rng(3)
    sites, pooled = {}, {}
    for site in "ab":
        wards = generator.choice(["x", "y"], 800).tolist() + [None] * 200
        values = [generator.normal({"x": 0, "y": 100, None: -50}[ward], 1) for ward in wards]
        sites[site] = table(values, wards)
        for ward, value in zip(wards, values, strict=True):
            pooled.setdefault((ward,), []).append(value)
    found, _ = searched(operator(0.5, keys=("ward",)), sites, minimum=10)
    assert found[0.5].keys() == pooled.keys()
    for group, bounds in found[0.5].items():
        assert bounds.low <= np.median(pooled[group]) <= bounds.high
        assert bounds.error < 0.2


def test_sites_are_asked_for_counts_of_cells_only():
    wanted = operator(0.5)
    parts = decompose(wanted, SCHEMA)
    moments = {"a": run(parts.partial, table(list(map(float, range(100)))), SCHEMA)}
    request = next(search(parts.partial, parts.quantiles, SCHEMA, moments))
    assert [column.expression for column in request.aggregates] == [Aggregate(function="count")]


def test_a_refusal_ends_the_search_and_leaves_bounds_that_hold():
    values = list(map(float, range(100)))
    parts = decompose(operator(0.5), SCHEMA)
    looking = search(parts.partial, parts.quantiles, SCHEMA, {"a": run(parts.partial, table(values), SCHEMA)})
    next(looking)
    with pytest.raises(StopIteration) as end:
        looking.throw(DisclosureError("no more"))
    (bounds,) = end.value.value[parts.quantiles[0].name].values()
    assert bounds.low <= 49.5 <= bounds.high


def test_too_many_groups_are_refused_with_what_would_do():
    wards = [str(index % 101) for index in range(101 * 80)]
    sites = {"a": table([float(index % 97) for index in range(len(wards))], wards)}
    with pytest.raises(OperatorError, match="at most 100 groups, and there are 101"):
        searched(operator(0.5, keys=("ward",)), sites, minimum=1)


@pytest.mark.parametrize("part", [0, 0.01, 0.99, 1])
def test_a_quantile_near_the_ends_is_refused(part):
    with pytest.raises(DisclosureError) as caught:
        decompose(operator(part), SCHEMA)
    assert "single row" in caught.value.message
    assert "from 0.05 to 0.95" in caught.value.hint


def test_a_median_of_whole_numbers_under_a_condition():
    whole = Schema.of(ward="string", n="int64")
    arg = Case(condition=Literal.of(True), then=ColumnRef(name="n"), otherwise=Literal(value=None, type="int64"))
    wanted = GroupBy(aggregates=(Named(name="m", expression=Aggregate(function="median", arg=arg)),))
    values = [index % 7 for index in range(500)]
    sites = {"a": pa.table({"ward": pa.nulls(500, pa.string()), "n": pa.array(values, pa.int64())})}
    found, _ = searched(wanted, sites, minimum=10, schema=whole)
    assert found[0.5][()].low <= np.median(values) <= found[0.5][()].high
    assert isinstance(decompose(wanted, whole).quantiles[0].value, Cast)
