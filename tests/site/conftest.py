"""A site with 100 patients, and somebody who asks it questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_wayang.catalog import Catalog, TableSpec
from jupyter_wayang.execution.scheduler import Engines
from jupyter_wayang.plan.execution import Lane
from jupyter_wayang.plan.expressions import Aggregate, AnyExpression, Binary, Case, ColumnRef, Literal, Named
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import AnyOperator, GroupBy, ReadFederated
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import TARGET
from jupyter_wayang.platforms import registry
from jupyter_wayang.site.agent import SiteAgent
from jupyter_wayang.site.audit import Audit
from jupyter_wayang.site.ledger import Ledger
from jupyter_wayang.site.policy import Policy
from jupyter_wayang.transport import messages
from jupyter_wayang.transport.bodies import from_bytes

PATIENTS = 100
SCHEMA = Schema.of(
    **{"id": "int64", "age": "float64", "ward": "string", "thal": "int64", "bill": "float64", TARGET: "float64"}
)


def column(name: str) -> ColumnRef:
    return ColumnRef(name=name)


def op(left: object, sign: str, right: object) -> Binary:
    """Write a binary operation; what is no expression is a constant, and a text a column."""
    return Binary(op=sign, left=_expression(left), right=_expression(right))  # type: ignore[arg-type]


def _expression(value: object) -> AnyExpression:
    if isinstance(value, str):
        return column(value)
    return Literal.of(value) if value is None or isinstance(value, int | float) else value  # type: ignore[return-value]


def when(condition: object, then: object, otherwise: object) -> Case:
    return Case(condition=_expression(condition), then=_expression(then), otherwise=_expression(otherwise))


def agg(*keys: object, **numbers: tuple[str, object] | str) -> GroupBy:
    """Write an aggregation: ``agg("ward", n="count", s=("sum", "age"))``."""
    named = []
    for name, said in numbers.items():
        function, arg = (said, None) if isinstance(said, str) else said
        made = Aggregate(function=function, arg=None if arg is None else _expression(arg))
        named.append(Named(name=name, expression=made))
    return GroupBy(
        keys=tuple(Named(name=f"k{place}", expression=_expression(key)) for place, key in enumerate(keys)),
        aggregates=tuple(named),
    )


@dataclass
class Person:
    """Somebody who asks a site: every question is a run of its own."""

    agent: SiteAgent
    name: str = "mallory"
    runs: int = field(default=0)

    def send(self, message: messages.Request) -> messages.Answer:
        return messages.decode_answer(self.agent.handle(messages.encode(message), analyst=self.name))

    def submit(self, *operators: AnyOperator, port: int = 0, read: Schema = SCHEMA) -> messages.Answer:
        """Submit a chain of operators over the table; the last is ``n{len(operators)}``."""
        self.runs += 1
        source = ReadFederated(federation="f", table="patients", sites=("va",), schema=read)
        nodes = tuple(
            Node(id=f"n{place}", operator=operator, inputs=(Port(node=f"n{place - 1}"),) if place else ())
            for place, operator in enumerate((source, *operators))
        )
        self.asked = Port(node=nodes[-1].id, port=port)
        plan = LogicalPlan(nodes=nodes, results=(self.asked,))
        return self.send(messages.SubmitPlan(run=self.run, plan=plan))

    @property
    def run(self) -> str:
        return f"{self.name}-{self.runs}"

    def ask(
        self,
        operator: GroupBy,
        *operators: AnyOperator,
        port: int = 0,
        read: Schema = SCHEMA,
        purpose: str = "aggregate",
    ) -> messages.Answer:
        """Ask for an aggregation over a chain of operators."""
        planned = self.submit(*operators, port=port, read=read)
        if isinstance(planned, messages.Failure):
            return planned
        return self.send(messages.Aggregate(run=self.run, port=self.asked, operator=operator, purpose=purpose))


def rows(answer: messages.Answer) -> list[dict[str, Any]]:
    """Return what an aggregation told."""
    assert isinstance(answer, messages.Aggregated), answer
    return from_bytes(answer.body).to_pylist()


def refused(answer: messages.Answer, *parts: str) -> None:
    """Assert that an answer is a refusal that says why."""
    assert isinstance(answer, messages.Failure), answer
    assert answer.kind == "DisclosureError", answer
    for part in parts:
        assert part in answer.message + (answer.hint or ""), answer


def patients() -> dict[str, list[Any]]:
    """Return the table: 100 patients on four wards, one of them expensive, two whose thal is not known."""
    ids = list(range(PATIENTS))
    return {
        "id": ids,
        "age": [30.0 + (7 * n) % 50 for n in ids],
        "ward": ["abcd"[n % 4] if n < 96 else "rare" for n in ids],
        "thal": [None if n in (3, 9) else n % 3 for n in ids],
        "bill": [1_000_000.0 if n == 42 else 100.0 + n for n in ids],
        TARGET: [float(n % 2) for n in ids],
    }


OPERATORS = ("aggregate", "learn", "fit", "evaluate")


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Callable[..., Person]]:
    """Return a maker of sites; arguments are fields of the policy."""
    agents: list[SiteAgent] = []

    def make(
        *,
        platforms: tuple[str, ...] = ("pandas", "numpy"),
        data: dict[str, list[Any]] | None = None,
        ledger: Ledger | None = None,
        **policy: Any,
    ) -> Person:
        types = {"string": pa.string(), "int64": pa.int64(), "float64": pa.float64()}
        schema = pa.schema([(one.name, types[one.type]) for one in SCHEMA])
        pq.write_table(pa.table(data or patients(), schema=schema), tmp_path / "patients.parquet")
        agent = SiteAgent(
            Lane(id="va", title="VA", kind="site"),
            Catalog(tmp_path, {"patients": TableSpec(path="patients.parquet")}),
            Engines({one.name: one for one in registry.named(platforms)}, tmp_path / "workspace"),
            policy=Policy(**{"tables": ("patients",), "operators": OPERATORS, **policy}),
            audit=Audit(tmp_path / "audit.jsonl"),
            ledger=ledger,
        )
        agents.append(agent)
        return Person(agent)

    yield make
    for agent in agents:
        agent.close()
