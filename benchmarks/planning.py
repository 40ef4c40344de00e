"""Time planning by operators, platforms and shape, and print a table with its growth.

Plans are planned in full: rewritten, estimated, costed, enumerated and explained, with every alternative of every
operator. Published for 80 operators on 3 platforms: 0.5 s (Robopt) and 1.1 s (RHEEMix).
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time

from jupyter_wayang.optimizer.context import PlanningContext
from jupyter_wayang.optimizer.pipeline import optimize
from jupyter_wayang.plan.execution import Interval, Lane
from jupyter_wayang.plan.expressions import Aggregate, Binary, ColumnRef, Literal, Named
from jupyter_wayang.plan.logical import LogicalPlan, Vertex, VertexPort
from jupyter_wayang.plan.operators import AnyOperator, Filter, GroupBy, Join, ReadFrame, Sort, SortKey, WithColumns
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.statistics import SourceStatistics
from jupyter_wayang.platforms.declaration import Declaration
from jupyter_wayang.platforms.platform import (
    ARROW,
    BASE_OPERATORS,
    Channel,
    Coefficient,
    Conversion,
    CostTable,
    Engine,
    Platform,
)

SIZES = ((10, 3), (20, 3), (40, 3), (80, 3), (160, 3), (300, 3), (80, 5), (300, 5))
QUICK_SIZES = ((10, 3), (20, 3))
LIMITS_S = {(10, 3): 0.03, (80, 3): 0.25, (300, 5): 3.0}
"""What planning may take at most."""

_SCHEMA = Schema.of(key="int64", value="float64", name="string")
_CYCLE = 4


def platforms(number: int) -> tuple[Platform, ...]:
    """Make platforms that differ in what rows, executions, moving and starting cost; every other one is lazy."""
    return tuple(_platform(index) for index in range(number))


def _platform(index: int) -> Platform:
    name, channel = f"p{index}", f"p{index}.rows"
    cost = Coefficient(fixed_s=1e-4 * 3**index, row_s=1e-6 / 2**index, byte_s=1e-9)
    move = Coefficient(fixed_s=1e-4, byte_s=1e-9)
    return Declaration(
        name=name,
        title=name.upper(),
        badge="Pl",
        channel=channel,
        channels=(Channel(name=channel, reusable=index % 2 == 0),),
        conversions=(
            Conversion(source=channel, target=ARROW, platform=name),
            Conversion(source=ARROW, target=channel, platform=name),
        ),
        operators=frozenset(BASE_OPERATORS),
        costs=CostTable(
            start_up_s=0.1 * index,
            operators=dict.fromkeys(BASE_OPERATORS, cost),
            conversions={f"{channel}>{ARROW}": move, f"{ARROW}>{channel}": move},
        ),
        needs=(),
        refusal=_refuses_nothing,
        engine=_no_engine,
    )


def _refuses_nothing(operator: AnyOperator, inputs: tuple[Schema, ...]) -> str | None:
    return None


def _no_engine() -> Callable[[Path], Engine]:
    raise NotImplementedError


def _read(number: int) -> VertexPort:
    return VertexPort(Vertex(ReadFrame(key=f"t{number}", label=f"t{number}", schema=_SCHEMA)))


def _unary(number: int) -> AnyOperator:
    """Return filters and computed columns in turn, and now and then a sort, which nothing is pushed through."""
    over = Binary(op=">", left=ColumnRef(name="value"), right=Literal.of(float(number)))
    more = Binary(op="+", left=ColumnRef(name="value"), right=Literal.of(0.5))
    turn: tuple[AnyOperator, ...] = (
        WithColumns(columns=(Named(name="value", expression=more),)),
        Filter(condition=over),
        Sort(keys=(SortKey(expression=ColumnRef(name="key")),)),
        WithColumns(columns=(Named(name="half", expression=more),)),
    )
    return turn[number % _CYCLE]


def pipeline(operators: int) -> LogicalPlan:
    """Make one chain."""
    rows = _read(0)
    for number in range(operators - 1):
        rows = VertexPort(Vertex(_unary(number), (rows,)))
    return LogicalPlan.of([rows])


def joins(operators: int) -> LogicalPlan:
    """Make a balanced tree of joins over sources, each with an aggregation so that every input has distinct names."""
    sources = max(2, (operators + 1) // 3)
    level = [_keyed(_read(number), number) for number in range(sources)]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        joined = [VertexPort(Vertex(Join(on=(("key", "key"),)), pair)) for pair in pairs]
        level = joined + level[len(level) - len(level) % 2 :]
    return LogicalPlan.of(level)


def _keyed(rows: VertexPort, number: int) -> VertexPort:
    total = Aggregate(function="sum", arg=ColumnRef(name="value"))
    keys = (Named(name="key", expression=ColumnRef(name="key")),)
    return VertexPort(Vertex(GroupBy(keys=keys, aggregates=(Named(name=f"v{number}", expression=total),)), (rows,)))


def shared(operators: int) -> LogicalPlan:
    """Make a plan in which outputs have several readers: a spine with side results."""
    rows, results = _read(0), []
    while len(results) * 2 + 1 < operators:
        rows = VertexPort(Vertex(_unary(len(results)), (rows,)))
        results.append(_keyed(rows, len(results)))
    return LogicalPlan.of([*results, rows])


SHAPES = {"pipeline": pipeline, "tree of joins": joins, "shared outputs": shared}


def seconds(plan: LogicalPlan, number: int, repeats: int) -> float:
    """Return the median time of planning a plan."""
    known = SourceStatistics(rows=Interval.exact(100_000), distinct={"key": 1000})
    context = PlanningContext(
        lane=Lane(id="here", title="this machine", kind="here"),
        platforms=platforms(number),
        statistics={node.id: known for node in plan.nodes if not node.inputs},
    )
    taken = []
    for _ in range(repeats):
        began = process_time()  # of this process: what else the machine does is no matter here
        optimize(plan, context)
        taken.append(process_time() - began)
    return median(taken)


def table(sizes: tuple[tuple[int, int], ...], repeats: int) -> list[str]:
    """Return the lines of the table: a row for each size; growth is the exponent of operators since the row before."""
    lines = [
        f"| operators × platforms | {' | '.join(SHAPES)} | growth of the slowest | limit |",
        f"|---|{'---|' * len(SHAPES)}---|---|",
    ]
    before: tuple[int, int, float] | None = None
    for operators, number in sizes:
        taken = [seconds(shape(operators), number, repeats) for shape in SHAPES.values()]
        worst, growth = max(taken), "–"
        if before is not None and before[1] == number:
            growth = f"n^{math.log(worst / before[2]) / math.log(operators / before[0]):.1f}"
        before = (operators, number, worst)
        limit = LIMITS_S.get((operators, number))
        cells = [f"{operators} × {number}", *(f"{1000 * one:.0f} ms" for one in taken), growth]
        lines.append(f"| {' | '.join(cells)} | {f'{1000 * limit:.0f} ms' if limit else ''} |")
    return lines


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small plans, once")
    quick = parser.parse_args().quick
    print("\n".join(table(QUICK_SIZES if quick else SIZES, 1 if quick else 3)))


if __name__ == "__main__":
    main()
