from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_rows import run

from jupyter_wayang.errors import DisclosureError, OperatorError, SiteError
from jupyter_wayang.federation.aggregation import ROWS, aggregate, decompose, gathered, learn
from jupyter_wayang.plan.expressions import Aggregate, Binary, ColumnRef, IsNull, Literal, Named
from jupyter_wayang.plan.models import BinFacts, ImputeFacts
from jupyter_wayang.plan.operators import Bin, GroupBy, Impute, OneHot, Scale
from jupyter_wayang.plan.rows import arrow_schema
from jupyter_wayang.plan.schema import Schema

SCHEMA = Schema.of(ward="string", age="float64", n="int64", ill="bool")


def column(name):
    return ColumnRef(name=name)


def of(function, name=None):
    return Aggregate(function=function, arg=None if name is None else column(name))


def tables(*sites):
    return {f"site{index}": pa.Table.from_pylist(rows, schema=arrow_schema(SCHEMA)) for index, rows in enumerate(sites)}


def combined(operator, sites, schema=SCHEMA):
    parts = decompose(operator, schema)
    partials = {site: run(parts.partial, table, schema) for site, table in sites.items()}
    (between,) = parts.partial.outputs((schema,))
    (merged,) = parts.merge.outputs((between,))
    return run(parts.finish, run(parts.merge, gathered(parts, partials), between), merged)


def taught(learning, sites, schema):
    try:
        operator = next(learning)
        while True:
            operator = learning.send({site: run(operator, table, schema) for site, table in sites.items()})
    except StopIteration as end:
        return end.value


rows = st.lists(
    st.fixed_dictionaries(
        {
            "ward": st.sampled_from(["a", "b", None]),
            "age": st.none() | st.floats(-1e3, 1e3).map(lambda x: round(x, 3)),
            "n": st.none() | st.integers(-1000, 1000),
            "ill": st.none() | st.booleans(),
        }
    ),
    max_size=8,
)
EVERYTHING = GroupBy(
    keys=(Named(name="ward", expression=column("ward")),),
    aggregates=(
        Named(name="rows", expression=of("count")),
        Named(name="known", expression=of("count", "age")),
        Named(name="total", expression=of("sum", "n")),
        Named(name="mean", expression=of("mean", "n")),
        Named(name="var", expression=of("var", "age")),
        Named(name="std", expression=of("std", "n")),
        Named(name="some", expression=of("any", "ill")),
        Named(name="every", expression=of("all", "ill")),
        Named(name="ratio", expression=Binary(op="/", left=of("sum", "age"), right=of("count"))),
        Named(name="seven", expression=Literal.of(7)),
        Named(name="cov", expression=Aggregate(function="cov", arg=column("age"), other=column("n"))),
    ),
)


def compared(found, wanted):
    def key(row):
        return str(row.get("ward"))

    pairs = list(zip(sorted(found.to_pylist(), key=key), sorted(wanted.to_pylist(), key=key), strict=True))
    for got, right in pairs:
        for name, value in right.items():
            if isinstance(value, float):
                assert got[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name
            else:
                assert got[name] == value, name


@settings(max_examples=80, deadline=None)
@given(st.lists(rows, min_size=1, max_size=4))
def test_parts_put_together_are_the_aggregation_of_all_rows(sites):
    apart = tables(*sites)
    found = combined(EVERYTHING, apart)
    wanted = run(EVERYTHING, pa.concat_tables(apart.values()), SCHEMA)
    assert found.schema == wanted.schema
    compared(found, wanted)


@settings(max_examples=40, deadline=None)
@given(st.lists(rows, min_size=1, max_size=3))
def test_without_keys_there_is_one_row_even_of_nothing(sites):
    operator = GroupBy(aggregates=EVERYTHING.aggregates)
    apart = tables(*sites)
    found = combined(operator, apart)
    assert found.num_rows == 1
    compared(found, run(operator, pa.concat_tables(apart.values()), SCHEMA))


@pytest.mark.parametrize("offset", [0.0, 1e6, 1e9])
def test_a_variance_far_from_zero_keeps_nine_digits(offset):
    generator = np.random.default_rng(5)
    values = [np.round(generator.normal(shift, 1, size), 3) + offset for shift, size in ((0, 40), (0.5, 7), (-2, 100))]
    schema = Schema.of(x="float64")
    sites = {str(index): pa.table({"x": some}) for index, some in enumerate(values)}
    operator = GroupBy(aggregates=(Named(name="var", expression=of("var", "x")),))
    pooled = pd.Series(np.concatenate(values) - offset).var()
    assert combined(operator, sites, schema)["var"][0].as_py() == pytest.approx(
        pooled, rel=1e-9 if offset < 1e9 else 1e-6
    )


@pytest.mark.parametrize("offset", [0.0, 1e6, 1e9])
def test_a_correlation_far_from_zero_keeps_nine_digits(offset):
    generator = np.random.default_rng(9)
    xs = [np.round(generator.normal(shift, 1, size), 3) for shift, size in ((0, 40), (0.5, 7), (-2, 100))]
    ys = [np.round(0.3 * x + generator.normal(3 * len(x), 1, len(x)), 3) for x in xs]
    schema = Schema.of(x="float64", y="float64")
    sites = {str(index): pa.table({"x": x + offset, "y": y}) for index, (x, y) in enumerate(zip(xs, ys, strict=True))}
    both = {"arg": column("x"), "other": column("y")}
    operator = GroupBy(
        aggregates=tuple(Named(name=one, expression=Aggregate(function=one, **both)) for one in ("corr", "cov"))
    )
    (found,) = combined(operator, sites, schema).to_pylist()
    pooled = pd.DataFrame({"x": np.concatenate(xs), "y": np.concatenate(ys)})
    tolerance = 1e-9 if offset < 1e9 else 1e-6
    assert found["corr"] == pytest.approx(pooled.corr().loc["x", "y"], rel=tolerance)
    assert found["cov"] == pytest.approx(pooled.cov().loc["x", "y"], rel=tolerance)


def test_a_covariance_is_of_the_rows_where_both_are_known():
    sites = tables([{"age": 1.0, "n": 1}, {"age": 9.0}], [{"age": 2.0, "n": 4}, {"n": 7}, {"age": 3.0, "n": 2}])
    both = {"arg": column("age"), "other": column("n")}
    operator = GroupBy(
        aggregates=tuple(Named(name=one, expression=Aggregate(function=one, **both)) for one in ("corr", "cov"))
    )
    (found,) = combined(operator, sites).to_pylist()
    known = pd.DataFrame({"age": [1.0, 2.0, 3.0], "n": [1, 4, 2]})
    assert found["cov"] == pytest.approx(known.cov().loc["age", "n"])
    assert found["corr"] == pytest.approx(known.corr().loc["age", "n"])


def test_a_correlation_with_a_constant_is_null():
    sites = tables([{"age": 1.0, "n": 2}, {"age": 3.0, "n": 2}], [{"age": 2.0, "n": 2}])
    aggregate = Aggregate(function="corr", arg=column("age"), other=column("n"))
    found = combined(GroupBy(aggregates=(Named(name="r", expression=aggregate),)), sites)
    assert found["r"].to_pylist() == [None]


def test_every_partial_tells_the_size_of_its_groups():
    parts = decompose(EVERYTHING, SCHEMA)
    (site,) = tables([{"ward": "a"}, {"ward": "a"}, {"ward": "b"}]).values()
    found = run(parts.partial, site, SCHEMA)
    assert dict(zip(found["ward"].to_pylist(), found[ROWS].to_pylist(), strict=True)) == {"a": 2, "b": 1}


def test_sites_are_asked_for_counts_sums_and_variances_only():
    from jupyter_wayang.plan.expressions import walk

    asked = {
        part.function
        for named in decompose(EVERYTHING, SCHEMA).partial.aggregates
        for part in walk(named.expression)
        if isinstance(part, Aggregate)
    }
    assert asked == {"count", "sum", "var", "cov"}


@pytest.mark.parametrize("function", ["min", "max", "n_unique"])
def test_what_shows_the_value_of_a_row_is_refused(function):
    inside = Binary(op="-", left=of(function, "age"), right=of("mean", "age"))
    with pytest.raises(DisclosureError) as caught:
        decompose(GroupBy(aggregates=(Named(name="x", expression=inside),)), SCHEMA)
    assert f"{function}(age)" in caught.value.message
    assert "mean()" in caught.value.hint


def test_the_mean_of_all_sites_stands_for_what_is_missing():
    sites = tables([{"age": 1.0, "n": 4}, {"age": None}], [{"age": 6.0}, {"age": 2.0}], [])
    facts = taught(learn(Impute(columns=("age", "n")), SCHEMA), sites, SCHEMA)
    assert facts == ImputeFacts(values=(("age", 3.0), ("n", 4.0)))


def test_a_value_needs_no_site():
    with pytest.raises(StopIteration) as end:
        next(learn(Impute(columns=("age",), how="value", value=0), SCHEMA))
    assert end.value.value == ImputeFacts(values=(("age", 0.0),))


@pytest.mark.parametrize("step", [Impute(columns=("n", "age")), Scale(columns=("n", "age"))])
def test_a_column_without_any_value_is_named(step):
    sites = tables([{"n": 1}], [{"n": 2}])
    with pytest.raises(OperatorError, match="no site has a value of age"):
        taught(learn(step, SCHEMA), sites, SCHEMA)


def test_an_infinite_sum_names_the_site():
    sites = tables([{"age": 1.0}], [{"age": float("inf")}])
    with pytest.raises(SiteError, match="site1 answered inf"):
        taught(learn(Impute(columns=("age",)), SCHEMA), sites, SCHEMA)


def test_scale_learns_mean_and_deviation_over_n_of_all_rows():
    generator = np.random.default_rng(1)
    values = [generator.normal(1e5, 3, size) for size in (30, 5, 70)]
    schema = Schema.of(x="float64", y="float64")
    sites = {str(i): pa.table({"x": some, "y": np.full(len(some), 2.0)}) for i, some in enumerate(values)}
    facts = taught(learn(Scale(columns=("x", "y")), schema), sites, schema)
    pooled = np.concatenate(values)
    ((_, mean, deviation), constant) = facts.values
    assert mean == pytest.approx(pooled.mean(), rel=1e-12)
    assert deviation == pytest.approx(pooled.std(), rel=1e-9)
    assert constant == ("y", 2.0, 0.0)


def test_levels_are_united_sorted_and_without_null():
    sites = tables([{"n": 4, "ward": "b"}, {"n": None}], [{"n": 1, "ward": "a"}, {"n": 4}], [])
    facts = taught(learn(OneHot(columns=("n", "ward", "ill")[:2]), SCHEMA), sites, SCHEMA)
    assert facts.levels == (("n", (1.0, 4.0)), ("ward", ("a", "b")))
    assert isinstance(facts.levels[0][1][0], float)


def test_a_column_without_levels_is_named():
    with pytest.raises(OperatorError, match="level of ill"):
        taught(learn(OneHot(columns=("ill",)), SCHEMA), tables([{"n": 1}]), SCHEMA)


def test_dates_are_not_encoded():
    with pytest.raises(OperatorError, match="seen is date"):
        next(learn(OneHot(columns=("seen",)), Schema.of(seen="date")))


def test_an_aggregate_of_a_condition_keeps_its_meaning():
    known = Aggregate(function="all", arg=IsNull(arg=column("age")))
    operator = GroupBy(aggregates=(Named(name="x", expression=known),))
    assert combined(operator, tables([{"age": None}], [{"age": 1.0}]))["x"].to_pylist() == [False]


def test_a_count_of_what_every_site_withheld_is_null_and_not_zero():
    operator = GroupBy(
        aggregates=(Named(name="rows", expression=of("count")), Named(name="sum", expression=of("sum", "n")))
    )
    parts = decompose(operator, SCHEMA)
    (between,) = parts.partial.outputs((SCHEMA,))
    (merged,) = parts.merge.outputs((between,))
    withheld = gathered(parts, {"a": arrow_schema(between).empty_table(), "b": arrow_schema(between).empty_table()})
    found = run(parts.finish, run(parts.merge, withheld, between), merged)
    assert found.to_pylist() == [{"rows": None, "sum": None}]


@pytest.mark.parametrize("function", ["mean", "var", "std", "corr", "cov", "all"])
def test_of_a_site_that_withholds_a_part_of_a_number_nothing_counts(function):
    other = {"other": column("n")} if function in ("corr", "cov") else {}
    value = column("ill" if function == "all" else "age")
    number = Aggregate(function=function, arg=value, **other)
    parts = decompose(GroupBy(aggregates=(Named(name="x", expression=number),)), SCHEMA)
    sites = tables(
        *(
            [{"age": a, "n": n, "ill": a > 0} for a, n in some]
            for some in (((1, 2), (4, 3), (5, 9)), ((70, 1), (-9, 8)))
        )
    )
    (between,) = parts.partial.outputs((SCHEMA,))
    (merged,) = parts.merge.outputs((between,))
    answers = {name: run(parts.partial, table, SCHEMA) for name, table in sites.items()}

    def finished(given):
        asked = aggregate(parts, SCHEMA)
        next(asked)
        with pytest.raises(StopIteration) as end:
            asked.send(given)
        return run(parts.finish, run(parts.merge, end.value.value[0], between), merged)["x"].to_pylist()

    alone = finished({"site0": answers["site0"]})
    (names,) = parts.together
    for name in names:
        index = between.names.index(name)
        field = answers["site1"].schema.field(index)
        less = answers["site1"].set_column(index, field, pa.nulls(1, field.type))
        assert finished({**answers, "site1": less}) == alone
    assert finished(answers) != alone


def test_bins_are_cut_at_round_numbers_around_the_mean_of_all_rows():
    generator = np.random.default_rng(4)
    values = [generator.normal(54, 9, size) for size in (40, 60)]
    schema = Schema.of(x="float64")
    sites = {str(index): pa.table({"x": some}) for index, some in enumerate(values)}
    facts = taught(learn(Bin(column="x", bins=6), schema), sites, schema)
    assert facts == BinFacts(column="x", cuts=(20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0))
    one = taught(learn(Bin(column="x", bins=6), schema), {"all": pa.concat_tables(sites.values())}, schema)
    assert one == facts


def test_a_column_that_does_not_vary_is_cut_once():
    facts = taught(learn(Bin(column="n", bins=6), SCHEMA), tables([{"n": 4}], [{"n": 4}]), SCHEMA)
    assert facts == BinFacts(column="n", cuts=(4.0,))
