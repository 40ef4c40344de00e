"""What a run does, one after the other: the actions of a program."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_wayang.errors import PlanError
from jupyter_wayang.federation.aggregation import Decomposition
from jupyter_wayang.plan.logical import LogicalPlan, Port
from jupyter_wayang.plan.loops import circles
from jupyter_wayang.plan.model_specs import Makes
from jupyter_wayang.plan.operators import Bin, Evaluate, Fit, Impute, OneHot, Repeat, Scale
from jupyter_wayang.plan.schema import Schema

__all__ = [
    "STEPS",
    "Action",
    "AggregateRows",
    "Learn",
    "ListCoefficients",
    "Measure",
    "PredictRows",
    "TakeTurns",
    "Train",
    "turns_of",
]

STEPS = (Impute, Scale, OneHot, Bin)
"""Operators that learn from aggregates."""


@dataclass(frozen=True, kw_only=True)
class Learn:
    """Learn what a preprocessing step does, from aggregates over the rows that enter it."""

    node: str
    operator: Impute | Scale | OneHot | Bin
    port: Port


@dataclass(frozen=True, kw_only=True)
class Train:
    """Fit a model by rounds.

    ``steps`` are the ids of the steps before it, ``inputs`` the columns before the first of them, ``features`` the
    features before encoding. ``watch`` is the scoring node measured after each round, ``on`` which rows it scores.
    ``exact``: sites add up what is asked for over the rows of ``prepare``, and train nothing.
    """

    node: str
    fit: Fit
    steps: tuple[str, ...]
    inputs: Schema
    features: tuple[str, ...]
    prepare: str
    update: str
    watch: str
    watch_prepare: str
    on: str
    bins: int | None
    makes: Makes = "probability"
    exact: bool = False


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Measure a model on rows. ``watched``: the training has measured it already after its last round.

    ``exact``: all rows are at hand, and so are their exact figures. ``sums``: places add up its errors.
    """

    node: str
    model: str
    prepare: str
    score: str
    bins: int
    watched: bool
    exact: bool = False
    sums: bool = False


@dataclass(frozen=True, kw_only=True)
class PredictRows:
    """Tell a prediction what the model is; ``ready`` is the node that makes features for one that is no expression."""

    node: str
    model: str
    column: str
    port: Port
    ready: str | None = None
    made: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ListCoefficients:
    """Make the table of the coefficients of a model."""

    node: str
    model: str


@dataclass(frozen=True, kw_only=True)
class AggregateRows:
    """Aggregate rows at the sites and combine what they answer."""

    node: str
    port: Port
    parts: Decomposition


@dataclass(frozen=True, kw_only=True)
class TakeTurns:
    """Take the turns of a loop. ``body`` has the ids of all that runs in them."""

    node: str
    operator: Repeat
    body: frozenset[str]
    turns: int


Action = Learn | Train | Measure | PredictRows | ListCoefficients | AggregateRows | TakeTurns


def turns_of(plan: LogicalPlan) -> dict[str, TakeTurns]:
    """Return the loops whose turns are steps of the run: those that stand in no other.

    Raises
    ------
    PlanError
        If something learns in the turns of a loop.
    """
    found = circles(plan)
    for circle in found:
        for id_ in circle.body:
            operator = plan[id_].operator
            if isinstance(operator, (*STEPS, Fit, Evaluate)):
                raise PlanError(
                    f"{operator.verb}() inside of a loop is not in this version",
                    hint="fit(…, rounds=30, strategy=…) repeats by itself",
                ).located(plan[id_].span, None)
    within = {id_ for circle in found for id_ in circle.body}
    return {
        circle.node.id: TakeTurns(
            node=circle.node.id,
            operator=circle.node.operator,
            body=circle.body,
            turns=circle.node.operator.turns if circle.node.operator.turns is not None else circle.node.operator.limit,
        )
        for circle in found
        if circle.node.id not in within and isinstance(circle.node.operator, Repeat)
    }
