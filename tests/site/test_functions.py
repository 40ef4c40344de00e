"""A site runs no function of a notebook, whoever asks and however."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_wayang.catalog import Catalog, TableSpec
from jupyter_wayang.execution.scheduler import Engines
from jupyter_wayang.plan.execution import Lane
from jupyter_wayang.plan.expressions import ColumnRef, Named
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import AnyOperator, ReadFederated
from jupyter_wayang.plan.operators.functions import (
    FUNCTION_OPERATORS,
    CoGroup,
    FilterBy,
    FlatMap,
    FunctionRef,
    Map,
    MapBatches,
    Reduce,
    ReduceBy,
)
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms import registry
from jupyter_wayang.site.agent import SiteAgent
from jupyter_wayang.site.audit import Audit
from jupyter_wayang.site.policy import Policy
from jupyter_wayang.transport import messages

SCHEMA = Schema.of(x="int64")
REF = FunctionRef(name="f", key="f")
KEY = Named(name="x", expression=ColumnRef(name="x"))
OPERATORS: tuple[AnyOperator, ...] = (
    Map(function=REF, output=SCHEMA),
    FlatMap(function=REF, output=SCHEMA),
    FilterBy(function=REF),
    MapBatches(function=REF, output=SCHEMA),
    Reduce(function=REF),
    ReduceBy(function=REF, keys=(KEY,)),
    CoGroup(function=REF, output=SCHEMA, on=(("x", "x"),)),
)


@pytest.fixture
def asked(tmp_path: Path) -> Callable[[messages.Request], messages.Answer]:
    pq.write_table(pa.table({"x": list(range(40))}), tmp_path / "rows.parquet")
    policy = Policy(tables=("rows",), operators=("aggregate", "learn", "fit", "evaluate"), minimum_rows=10)
    agent = SiteAgent(
        Lane(id="va", title="VA", kind="site"),
        Catalog(tmp_path, {"rows": TableSpec(path="rows.parquet")}),
        Engines({platform.name: platform for platform in registry.named(("pandas", "python"))}, tmp_path),
        policy=policy,
        audit=Audit(tmp_path / "audit.jsonl"),
    )
    return lambda message: messages.decode_answer(agent.handle(messages.encode(message)))


def plan(operator: AnyOperator) -> LogicalPlan:
    read = ReadFederated(federation="f", table="rows", sites=("va",), schema=SCHEMA)
    inputs = (Port(node="read"),) * (2 if isinstance(operator, CoGroup) else 1)
    nodes = (Node(id="read", operator=read), Node(id="job", operator=operator, inputs=inputs))
    return LogicalPlan(nodes=nodes, results=(Port(node="job"),))


def test_every_operator_with_a_function_is_here() -> None:
    assert {type(operator) for operator in OPERATORS} == set(FUNCTION_OPERATORS)


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: type(operator).__name__)
def test_a_plan_with_a_function_is_refused(asked: Callable[..., messages.Answer], operator: AnyOperator) -> None:
    answer = asked(messages.SubmitPlan(run="a", plan=plan(operator)))
    assert isinstance(answer, messages.Failure)
    assert answer.kind == "DisclosureError"
    assert "VA does not run" in answer.message


def test_no_sample_is_made_of_a_site(asked: Callable[..., messages.Answer]) -> None:
    read = LogicalPlan(nodes=plan(OPERATORS[0]).nodes[:1], results=(Port(node="read"),))
    answer = asked(messages.Sample(run="a", plan=read, operator=Map(function=REF)))
    assert isinstance(answer, messages.Failure)
    assert answer.kind == "DisclosureError"


def test_an_interrupt_of_what_is_not_there_changes_nothing(asked: Callable[..., messages.Answer]) -> None:
    assert isinstance(asked(messages.Interrupt(run="of another")), messages.Done)
