"""What a federated model is to be better than, measured over the same sites and through their policies."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.fairness import spread_of
from jupyter_wayang.plan.expressions import Aggregate, Named
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import Evaluate, Fit, GroupBy, ReadFederated
from jupyter_wayang.plan.operators.learning import FitOptions
from jupyter_wayang.session.making import Making
from jupyter_wayang.session.runs import Figures, Run

__all__ = ["baselines"]


def baselines(making: Making) -> Figures:
    """Measure baselines of a run that evaluates one model over sites.

    Every site is asked alone, so that its policy counts for each: once to fit and evaluate a model of its own, with as
    many steps as in the federation, and once for the classes of the rows that are measured on. A site that tells no
    metric does not count.

    Raises
    ------
    OperatorError
        If the run evaluates no model over sites, or several.
    """
    plan = making.logical
    evaluations = [node for node in plan.nodes if isinstance(node.operator, Evaluate)]
    reads = [node.operator for node in plan.nodes if isinstance(node.operator, ReadFederated)]
    if len(evaluations) != 1 or not reads:
        raise OperatorError(
            f"baselines belong to a run that evaluates one model over sites, and this one has {len(evaluations)}",
            hint="run model.evaluate(test)",
        )
    (evaluation,) = evaluations
    model, rows = evaluation.inputs
    fitted = next((node for node in plan.nodes if node.id == model.node), None)
    if fitted is None or not isinstance(fitted.operator, Fit):
        raise OperatorError("baselines belong to the run that fits the model that it evaluates")
    counting = _counting(plan, rows, fitted.operator)
    alone = _alone(plan, fitted, Port(node=evaluation.id))
    majority: dict[str, dict[str, Any]] = {}
    local: dict[str, dict[str, Any]] = {}
    for site in reads[0].sites:
        counts = _run(making, _at(counting, site), f"classes at {site}").to_pylist()
        majority[site] = _larger([row["rows"] for row in counts if row["rows"] is not None])
        table = _run(making, _at(alone, site), f"{site} alone").to_pylist()
        local[site] = next((row for row in table if row["site"] == site), {})
    return {"majority": _summed(majority), "local": _summed(local)}


def _counting(plan: LogicalPlan, rows: Port, fit: Fit) -> LogicalPlan:
    """Return the plan that counts the classes of the rows that are measured on."""
    target = Named(name="class", expression=fit.target)
    count = Named(name="rows", expression=Aggregate(function="count"))
    node = Node(id="baseline_classes", operator=GroupBy(keys=(target,), aggregates=(count,)), inputs=(rows,))
    return LogicalPlan(nodes=(*_above(plan, rows), node), results=(Port(node=node.id),))


def _alone(plan: LogicalPlan, fitted: Node, result: Port) -> LogicalPlan:
    """Return the plan whose model is fitted by plain steps: a strategy may refuse a site alone."""
    fit = cast("Fit", fitted.operator)
    given = dict(fit.options.arguments)
    options = fit.options
    if options.strategy is not None:
        kept = tuple((name, given[name]) for name in ("learning_rate", "local_epochs") if name in given)
        options = FitOptions(rounds=options.rounds, strategy="fedavg", arguments=kept)
    changed = msgspec.structs.replace(fitted, operator=msgspec.structs.replace(fit, options=options))
    nodes = tuple(changed if node.id == fitted.id else node for node in _above(plan, result))
    return LogicalPlan(nodes=nodes, results=(result,))


def _above(plan: LogicalPlan, port: Port) -> tuple[Node, ...]:
    """Return the nodes that a port needs, in the plan's order."""
    needed = {port.node}
    for node in reversed(plan.nodes):
        if node.id in needed:
            needed.update(one.node for one in node.inputs)
    return tuple(node for node in plan.nodes if node.id in needed)


def _at(plan: LogicalPlan, site: str) -> LogicalPlan:
    """Return the plan over one of the sites."""
    nodes = tuple(
        msgspec.structs.replace(node, operator=msgspec.structs.replace(node.operator, sites=(site,)))
        if isinstance(node.operator, ReadFederated)
        else node
        for node in plan.nodes
    )
    return LogicalPlan(nodes=nodes, results=plan.results)


def _run(making: Making, plan: LogicalPlan, name: str) -> Any:
    run = making.kernel.submit(plan, name=name, platforms=making.platforms, preferences=making.preferences)
    return Run(run, making.kernel).wait().to_arrow()


def _larger(counts: list[int]) -> dict[str, float]:
    total = sum(counts)
    return {"rows": float(total), "accuracy": max(counts) / total} if total else {}


def _summed(by_site: dict[str, dict[str, Any]]) -> dict[str, float | None]:
    """Return figures over all rows, and the worst and the spread of accuracy over sites that count the same."""
    made: dict[str, float | None] = {}
    for metric in ("log_loss", "accuracy"):
        known = [site for site in by_site.values() if site.get(metric) is not None and site.get("rows")]
        rows = sum(site["rows"] for site in known)
        made[metric] = sum(site[metric] * site["rows"] for site in known) / rows if rows else None
    values = [site["accuracy"] for site in by_site.values() if site.get("accuracy") is not None]
    if values:
        _, made["worst"], made["spread"] = spread_of("accuracy", values)
    return made
