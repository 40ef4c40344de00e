"""Platforms and plans for the optimizer's tests: no engine behind them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_wayang.optimizer.context import PlanningContext
from jupyter_wayang.plan.execution import Interval, Lane
from jupyter_wayang.plan.expressions import AnyExpression, Binary, ColumnRef, Literal, Named
from jupyter_wayang.plan.logical import Hints, Pin, Vertex, VertexPort
from jupyter_wayang.plan.operators import AnyOperator, Filter, GroupBy, ReadFrame
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.statistics import SourceStatistics
from jupyter_wayang.platforms.platform import (
    ARROW,
    BASE_OPERATORS,
    Channel,
    Coefficient,
    Conversion,
    CostTable,
    Engine,
)


def seeded(seed: int) -> random.Random:
    """Return the same numbers in every run."""
    return random.Random(seed)  # noqa: S311


LANE = Lane(id="here", title="this machine", kind="here")


@dataclass(frozen=True, kw_only=True)
class FakePlatform:
    """A platform that is only declared."""

    name: str
    channel: str = ""
    costs: CostTable
    channels: tuple[Channel, ...] = ()
    conversions: tuple[Conversion, ...] = ()
    operators: frozenset[str] = frozenset(BASE_OPERATORS)
    refused: Mapping[str, str] = field(default_factory=dict)
    badge: str = "fk"

    @property
    def title(self) -> str:
        return self.name.capitalize()

    def missing(self) -> str | None:
        return None

    def refuses(self, operator: AnyOperator, inputs: tuple[Schema, ...]) -> str | None:
        return self.refused.get(str(type(operator).__struct_config__.tag))

    def code(self, operator: AnyOperator, inputs: tuple[tuple[str, Schema], ...]) -> str | None:
        return f"{type(operator).__struct_config__.tag} of {', '.join(name for name, _ in inputs)}"

    def open(self, workspace: Path) -> Engine:
        raise NotImplementedError


def platform(
    name: str,
    *,
    row_s: float = 1e-6,
    fixed_s: float = 1e-4,
    move_byte_s: float = 1e-9,
    start_up_s: float = 0.0,
    reusable: bool = True,
    at_rest: bool = True,
    operators: tuple[str, ...] = BASE_OPERATORS,
    only: Mapping[str, Coefficient] | None = None,
    refused: Mapping[str, str] | None = None,
) -> FakePlatform:
    """Make a platform with one channel of its own, converted from and to Arrow."""
    channel = f"{name}.rows"
    cost = Coefficient(fixed_s=fixed_s, row_s=row_s, spread=1.0)
    move = Coefficient(fixed_s=1e-5, byte_s=move_byte_s, spread=1.0)
    return FakePlatform(
        name=name,
        channel=channel,
        channels=(Channel(name=channel, reusable=reusable, at_rest=at_rest),),
        conversions=(
            Conversion(source=channel, target=ARROW, platform=name),
            Conversion(source=ARROW, target=channel, platform=name),
        ),
        operators=frozenset(operators),
        costs=CostTable(
            start_up_s=start_up_s,
            operators=dict.fromkeys(operators, cost) | dict(only or {}),
            conversions={f"{channel}>{ARROW}": move, f"{ARROW}>{channel}": move},
        ),
        refused=refused or {},
    )


def context(*platforms: FakePlatform, rows: int = 1000, **more: object) -> PlanningContext:
    """Make a context in which the sources ``read``, ``read_2`` … have so many rows."""
    known = SourceStatistics(rows=Interval.exact(rows))
    statistics = {"read" if number == 1 else f"read_{number}": known for number in range(1, 10)}
    return PlanningContext(**{"lane": LANE, "platforms": platforms, "statistics": statistics, **more})  # type: ignore[arg-type]


def col(name: str) -> ColumnRef:
    return ColumnRef(name=name)


def op(left: AnyExpression | str, sign: str, right: AnyExpression | float | str | bool | None) -> Binary:
    """Write a binary expression; text on the left is a column."""
    first = col(left) if isinstance(left, str) else left
    second = right if hasattr(right, "__struct_fields__") else Literal.of(right)  # type: ignore[arg-type]
    return Binary(op=sign, left=first, right=second)  # type: ignore[arg-type]


def read(label: str = "visits", **types: str) -> VertexPort:
    schema = Schema.of(**(types or {"age": "int64", "ward": "string", "bmi": "float64"}))  # type: ignore[arg-type]
    return VertexPort(Vertex(ReadFrame(key=label, label=label, schema=schema)))


def then(
    operator: AnyOperator, *inputs: VertexPort, pin: str | None = None, port: int = 0, **hints: float
) -> VertexPort:
    """Put an operator over some outputs."""
    pins = (Pin(platform=pin),) if pin else ()
    return VertexPort(Vertex(operator, inputs, Hints(pins=pins, **hints)), port)  # type: ignore[arg-type]


def where(source: VertexPort, condition: AnyExpression, **more: object) -> VertexPort:
    return then(Filter(condition=condition), source, **more)  # type: ignore[arg-type]


def named(**columns: AnyExpression) -> tuple[Named, ...]:
    return tuple(Named(name=name, expression=expression) for name, expression in columns.items())


def grouped(rows: VertexPort, *keys: str, **aggregates: AnyExpression) -> VertexPort:
    return then(GroupBy(keys=named(**{key: col(key) for key in keys}), aggregates=named(**aggregates)), rows)
