"""Where estimates of rows come from, in words: a count, statistics, a person's hint, or a default."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_wayang.optimizer.cardinality import Estimate
from jupyter_wayang.optimizer.edits import SOURCES
from jupyter_wayang.optimizer.selectivity import selectivity
from jupyter_wayang.plan.expressions import AnyExpression, ColumnRef
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import Filter, GroupBy, Join, Limit, Split
from jupyter_wayang.plan.statistics import FunctionStatistics, SourceStatistics

__all__ = ["DEFAULT", "origins"]

DEFAULT = "default"
_KEEPS = "as many as come in"


def origins(
    plan: LogicalPlan,
    estimates: Mapping[Port, Estimate],
    statistics: Mapping[str, SourceStatistics],
    functions: Mapping[str, FunctionStatistics],
) -> dict[str, str]:
    """Return by id of a node where the estimate of its rows comes from.

    What keeps all its rows has the origin of those; ``default`` is a rule of thumb that no number stands behind.
    """
    found: dict[str, str] = {}
    for node in plan.nodes:
        own = _origin(node, estimates, statistics, functions)
        found[node.id] = found.get(node.inputs[0].node, own) if own == _KEEPS and node.inputs else own
    return found


def _of_condition(
    condition: AnyExpression, distinct: Mapping[str, int], quantiles: Mapping[str, tuple[float, ...]]
) -> str:
    known = selectivity(condition, distinct)
    if selectivity(condition, distinct, quantiles) != known:
        return "sampled values"
    return DEFAULT if known == selectivity(condition, {}) else "distinct values"


def _origin(
    node: Node,
    estimates: Mapping[Port, Estimate],
    statistics: Mapping[str, SourceStatistics],
    functions: Mapping[str, FunctionStatistics],
) -> str:
    if node.hints.rows is not None or (node.hints.selectivity is not None and not isinstance(node.operator, Split)):
        return "hint"
    if isinstance(node.operator, SOURCES):
        known = statistics.get(node.id)
        return known.origin if known is not None else DEFAULT
    if node.id in functions:
        return "runs before"
    first = estimates.get(node.inputs[0]) if node.inputs else None
    distinct = first.distinct if first is not None else {}
    match node.operator:
        case Filter(condition=condition):
            spread = first.quantiles if first is not None else {}
            return _of_condition(condition, distinct, spread)
        case GroupBy(keys=keys):
            if not keys:
                return "one row"
            names = [key.expression.name if isinstance(key.expression, ColumnRef) else "" for key in keys]
            return "distinct values" if all(name in distinct for name in names) else DEFAULT
        case Join(on=on):
            return "distinct values" if all(left in distinct for left, _ in on) else DEFAULT
        case Limit() | Split():
            return "what it asks for"
    made = estimates.get(Port(node=node.id))
    same = made is not None and first is not None and made.rows == first.rows
    return _KEEPS if same else DEFAULT
