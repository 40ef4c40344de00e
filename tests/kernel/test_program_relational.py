"""Which relational operators may run on the rows of sites: those that make at most one row of a row."""

from __future__ import annotations

import pytest

from jupyter_wayang.errors import DisclosureError
from jupyter_wayang.kernel.program import AT_SITES, Program, compiled
from jupyter_wayang.plan.expressions import Aggregate, ColumnRef, Literal, Named
from jupyter_wayang.plan.logical import LogicalPlan, Vertex, VertexPort
from jupyter_wayang.plan.operators import (
    AnyOperator,
    Distinct,
    Except,
    GroupBy,
    Intersect,
    Join,
    Limit,
    Pivot,
    ReadFederated,
    ReadFrame,
    Sample,
    Sort,
    SortKey,
    TopK,
    Union,
    Unpivot,
    WriteFile,
    ZipWithId,
)
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.site.policy import ROW_BY_ROW

COLUMNS = Schema.of(x="float64", w="string", y="bool")


def over(operator: AnyOperator, *inputs: VertexPort) -> VertexPort:
    return VertexPort(Vertex(operator, inputs))


def patients() -> VertexPort:
    return over(ReadFederated(federation="hospitals", table="patients", sites=("a", "b"), schema=COLUMNS))


def local() -> VertexPort:
    return over(ReadFrame(key="k", label="frame", schema=COLUMNS))


def count() -> GroupBy:
    return GroupBy(aggregates=(Named(name="n", expression=Aggregate(function="count")),))


def program(result: VertexPort) -> Program:
    return compiled(LogicalPlan.of([result]))


REFUSED: list[AnyOperator] = [
    Limit(rows=20),
    TopK(rows=20, keys=(SortKey(expression=ColumnRef(name="x")),)),
    Distinct(),
    ZipWithId(),
    Unpivot(columns=("x",)),
    Pivot(on="y", values="x", function="max", levels=(Literal.of(True),)),
    WriteFile(path="/rows.csv", format="csv"),
]
TWO: list[AnyOperator] = [
    *(Union(), Intersect(), Except()),
    Join(on=(("w", "w"),), how="semi"),
    Join(how="cross"),
    Join(on=(("w", "w"),), as_of=("x", "x")),
]
ALLOWED: list[AnyOperator] = [Sort(keys=(SortKey(expression=ColumnRef(name="x")),)), Sample(fraction=0.5)]


@pytest.mark.parametrize("operator", REFUSED, ids=lambda operator: operator.verb)
def test_what_makes_other_rows_is_not_run_at_sites(operator):
    with pytest.raises(DisclosureError, match=f"^{operator.verb}\\(\\) of rows at the sites"):
        program(over(operator, patients()))


@pytest.mark.parametrize("operator", TWO, ids=lambda operator: f"{operator.verb} {operator.describe()}")
def test_rows_of_sites_are_put_together_with_none(operator):
    rows = patients()
    with pytest.raises(DisclosureError, match="at the sites"):
        program(over(count(), over(operator, rows, rows)))


@pytest.mark.parametrize("operator", ALLOWED, ids=lambda operator: operator.verb)
def test_rows_that_are_kept_are_aggregated_at_sites(operator):
    made = program(over(count(), over(operator, patients())))
    assert operator.verb in [node.id for node in made.site_plan.nodes]


@pytest.mark.parametrize("operator", REFUSED, ids=lambda operator: operator.verb)
def test_ones_own_rows_are_worked_on_freely(operator):
    assert program(over(operator, local())).result_at == "site"


def test_what_sites_answered_is_written_here():
    made = program(over(WriteFile(path="/counts.csv", format="csv"), over(count(), patients())))
    assert made.kernel_plan is not None
    assert "write" in [node.id for node in made.kernel_plan.nodes]
    assert "write" not in [node.id for node in made.site_plan.nodes]


def test_a_site_runs_what_the_kernel_sends_it():
    assert set(AT_SITES) - {type(patients().vertex.operator)} <= set(ROW_BY_ROW)
