"""Inflation: for every operator the platforms that can run it, and why the others cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from jupyter_wayang.errors import PlanError, closest
from jupyter_wayang.optimizer.context import PlanningContext
from jupyter_wayang.optimizer.memory import beyond, held
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.model_specs import LogisticRegression, tag_of
from jupyter_wayang.plan.operators import AnyOperator, LocalUpdate, Output
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.platform import (
    BASE_OPERATORS,
    FUNCTION_TAGS,
    GRAPH_OPERATORS,
    LEARNING_OPERATORS,
    MODEL_OPERATORS,
    PASSING_OPERATORS,
    PRIVATE_OPERATORS,
    Platform,
)
from jupyter_wayang.platforms.relational import graphs

__all__ = ["Candidates", "base_tag", "inflate", "lowered", "set_at_a_time"]

_LOWERED = {
    **dict.fromkeys(("with_columns", "drop", "rename"), "select"),
    **dict.fromkeys(("impute", "scale", "one_hot", "prepare", "ready", "predict"), "select"),
    "distinct": "group_by",
    "top_k": "sort",
    "pivot": "group_by",
    "unpivot": "union",
    "explode": "select",
    "sample": "split",
    "zip_with_id": "split",
    "write_file": "split",
}


_TAGS = (*BASE_OPERATORS, *FUNCTION_TAGS, *LEARNING_OPERATORS, *PRIVATE_OPERATORS, *MODEL_OPERATORS, *GRAPH_OPERATORS)


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """The platforms by name that can run an operator, why others cannot, and the one that a person asked for."""

    possible: Mapping[str, Platform]
    impossible: Mapping[str, str]
    pinned: str | None = None


def base_tag(operator: AnyOperator) -> str:
    """Return the tag of the base or learning operator that an operator runs as.

    Examples
    --------
    >>> from jupyter_wayang.plan.operators import Drop
    >>> base_tag(Drop(columns=("a",)))
    'select'
    """
    tag = str(type(operator).__struct_config__.tag)
    if isinstance(operator, LocalUpdate) and not isinstance(operator.model, LogisticRegression):
        return f"fit_{tag_of(operator.model)}"
    if isinstance(operator, LocalUpdate) and operator.private:
        return "private_update"
    if isinstance(operator, LocalUpdate) and operator.batch is not None:
        return "minibatch_update"
    return _LOWERED.get(tag, tag)


def set_at_a_time(tag: str, platform: Platform) -> bool:
    """Tell whether a platform runs a graph operator as a loop of base operators: it has those, and not the operator."""
    return tag in GRAPH_OPERATORS and tag not in platform.operators and platform.operators >= graphs.NEEDED


def lowered(operator: AnyOperator, inputs: tuple[Schema, ...]) -> tuple[tuple[AnyOperator, tuple[Schema, ...]], ...]:
    """Return the base operators that an operator runs as, as far as they are known before the plan runs.

    Each comes with the schemas of its inputs.
    """
    first, *rest = operator.lowered(inputs)
    found = [(cast("AnyOperator", first), inputs)]
    for part in rest:
        before, entering = found[-1]
        made = tuple(schema for schema in before.outputs(entering) if isinstance(schema, Schema))
        found.append((cast("AnyOperator", part), made))
    return tuple(found)


def inflate(
    plan: LogicalPlan,
    outputs: Mapping[Port, Output],
    context: PlanningContext,
    bytes_: Mapping[str, tuple[Interval, Interval]] | None = None,
) -> dict[str, Candidates]:
    """Return the candidates of every node, by id.

    Parameters
    ----------
    plan, outputs, context
        What is planned.
    bytes_
        Bytes in and out of every node, to be held in memory; without them there is no limit.

    Raises
    ------
    PlanError
        If no platform can run an operator, or if one is pinned to a platform that cannot.
    """
    return {
        node.id: _as_it_ran(node, context)
        if node.id in context.done
        else _candidates(node, outputs, context, (bytes_ or {}).get(node.id))
        for node in plan.nodes
    }


def _as_it_ran(node: Node, context: PlanningContext) -> Candidates:
    ran = context.done[node.id].decision.platform
    return Candidates(possible={p.name: p for p in context.platforms if p.name == ran}, impossible={}, pinned=ran)


def _candidates(
    node: Node, outputs: Mapping[Port, Output], context: PlanningContext, bytes_: tuple[Interval, Interval] | None
) -> Candidates:
    schemas = tuple(schema for port in node.inputs if isinstance(schema := outputs[port], Schema))
    parts = lowered(node.operator, schemas)
    possible: dict[str, Platform] = {}
    impossible: dict[str, str] = {}
    for platform in context.platforms:
        reason = next((r for part, entering in parts if (r := _impossible(platform, part, entering))), None)
        if reason is None:
            possible[platform.name] = platform
        else:
            impossible[platform.name] = reason
    if bytes_ is not None and context.memory_bytes is not None:
        _without_room(node, possible, impossible, bytes_, context.memory_bytes)
    impossible |= {name: reason for name, reason in context.unusable.items() if name not in possible}
    pinned = node.hints.pinned(context.lane.id)
    candidates = Candidates(possible=possible, impossible=impossible, pinned=pinned)
    if pinned is not None and pinned not in possible:
        raise _pin_impossible(node, candidates, context)
    if not possible:
        raise _nowhere(node, candidates, context)
    return candidates


def _without_room(
    node: Node,
    possible: dict[str, Platform],
    impossible: dict[str, str],
    bytes_: tuple[Interval, Interval],
    limit: int,
) -> None:
    """Take out the platforms that would hold more than the limit; if none is left, those stay that may be within it."""
    needed = {name: held(base_tag(node.operator), platform, *bytes_) for name, platform in possible.items()}
    too_much = {name: reason for name, bytes_ in needed.items() if (reason := beyond(bytes_, limit)) is not None}
    if len(too_much) == len(possible):
        too_much = {name: reason for name, reason in too_much.items() if needed[name].low > limit}
    for name, reason in too_much.items():
        del possible[name]
        impossible[name] = reason


def _impossible(platform: Platform, operator: AnyOperator, schemas: tuple[Schema, ...]) -> str | None:
    tag = base_tag(operator)
    if tag in PASSING_OPERATORS and "select" in platform.operators:
        return None
    if set_at_a_time(tag, platform):
        return None
    if tag not in platform.operators:
        known = [name for name in _TAGS if name in platform.operators]
        if 1 <= len(known) <= 3:
            *first, last = known
            return (
                f"{platform.title} runs only {', '.join(first)} and {last}"
                if first
                else f"{platform.title} runs only {last}"
            )
        return f"{platform.title} does not run {tag}"
    if tag not in platform.costs.operators:
        return f"{platform.title} says nothing of what {tag} costs"
    return platform.refuses(operator, schemas)


def _pin_impossible(node: Node, candidates: Candidates, context: PlanningContext) -> PlanError:
    pinned = str(candidates.pinned)
    what, where = _called(node), _at(context)
    reason = candidates.impossible.get(pinned)
    if reason is None:
        known = [*candidates.possible, *candidates.impossible]
        guess = closest(pinned, known)
        reason = f"that platform is not among those allowed{where}" + (f". Did you mean {guess}?" if guess else "")
    return PlanError(
        f"{what} is pinned to {pinned}{where}, but {reason}",
        span=node.span,
        found=pinned,
        expected=tuple(candidates.possible),
        hint=f"possible here: {', '.join(candidates.possible) or 'none'}",
    )


def _nowhere(node: Node, candidates: Candidates, context: PlanningContext) -> PlanError:
    return PlanError(
        f"no platform can run {_called(node)}{_at(context)}",
        span=node.span,
        found=node.id,
        facts=tuple(candidates.impossible.items()),
        hint=_HINTS.get(base_tag(node.operator), "allow another platform, or install one")
        if candidates.impossible
        else "no platform is allowed: name one",
    )


_HINTS = {"minibatch_update": "leave batch= out, or allow numpy or sklearn: other platforms hold rows without an order"}


def _called(node: Node) -> str:
    text = node.operator.describe()
    return f"{node.operator.verb}({text})" if text else f"{node.operator.verb}()"


def _at(context: PlanningContext) -> str:
    return f" at {context.lane.title or context.lane.id}" if context.lane.kind == "site" else ""
