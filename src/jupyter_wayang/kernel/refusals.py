"""What is refused before anything runs, with what would have been disclosed, and what is allowed instead."""

from __future__ import annotations

from jupyter_wayang.errors import DisclosureError, OperatorError, PlanError, WayangError
from jupyter_wayang.federation import strategy
from jupyter_wayang.federation.privacy.protected import protected
from jupyter_wayang.federation.sampling import size
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.model_specs import ModelSpec, tag_of
from jupyter_wayang.plan.operators import Carry, Fit, ReadFederated, Repeat
from jupyter_wayang.plan.schema import Schema

__all__ = ["check_strategy", "mixing_refused", "multiplying_refused", "rows_refused", "unmeasured_refused"]


def unmeasured_refused(node: Node, spec: ModelSpec) -> OperatorError:
    """Return the error for measuring a model over sites whose figures need all rows at one place."""
    error = OperatorError(
        f"{tag_of(spec)}() is not measured over sites: its figures need all rows at one place",
        hint="predict() and then agg(…) say how the sites' rows fall",
    )
    error.located(node.span, None)
    return error


def multiplying_refused(node: Node) -> DisclosureError:
    """Return the error for an operator at sites that may make many rows of one."""
    operator = node.operator
    what = "a loop over rows" if isinstance(operator, Carry | Repeat) else f"{operator.verb}() of rows"
    error = DisclosureError(
        f"{what} at the sites would let one row count for many, and is not run there",
        hint="aggregate first: group_by(…).agg(…), and go on with the result",
    )
    error.located(node.span, None)
    return error


def mixing_refused(node: Node) -> PlanError:
    """Return the error for an operator that reads rows of sites and other rows."""
    error = PlanError(
        f"{node.operator.verb} would bring rows of a site and other rows together",
        hint="aggregate the rows of the sites first",
    )
    error.located(node.span, None)
    return error


def rows_refused(plan: LogicalPlan, result: Port, source: ReadFederated) -> DisclosureError:
    """Return the error for a plan whose result would be rows of sites."""
    node = plan[result.node]
    named = node.names[result.port] if node.names else None
    name = named or "rows"
    output = plan.outputs()[result]
    columns = len(output) if isinstance(output, Schema) else 0
    error = DisclosureError(
        f"the rows of {named} may not leave the sites." if named else "these rows may not leave the sites.",
        facts=(
            ("would disclose", f"single rows, all {columns} columns, from each of the {len(source.sites)} sites"),
            (
                "allowed",
                f"{name}.agg(n=count()), {name}.group_by(…).agg(…)   groups under a site's minimum are left out",
            ),
            ("", f"{name}.fit(…), model.evaluate({name})   at the sites, updates only"),
        ),
        hint=f"Refused before anything ran. No site was asked. Policies: %wayang sites {source.federation}",
    )
    error.located(node.span, None)
    return error


def check_strategy(fit: Fit, node: Node, sites: tuple[str, ...]) -> None:
    """Let a strategy refuse a model, or the number of sites, while nothing has been asked of them.

    Raises
    ------
    WayangError
        What the strategy says, located where the fit is written.
    """
    options = fit.options
    if options.strategy not in strategy.installed():
        return
    taking = sites[: size(options.participation, len(sites))]
    try:
        chosen = strategy.named(options.strategy, options.arguments)
        strategy.check(protected(chosen, options.privacy, options.rounds, len(taking)), fit.model, taking)
    except WayangError as error:
        error.located(node.span, None)
        raise
