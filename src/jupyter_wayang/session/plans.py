"""Plans to look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from jupyter_wayang.errors import NameUnknownError, OperatorError, WayangError, closest
from jupyter_wayang.optimizer.crossover import crossovers
from jupyter_wayang.plan import wire
from jupyter_wayang.plan.execution import ExecutionOperator, ExecutionPlan
from jupyter_wayang.session.making import Making

if TYPE_CHECKING:
    from collections.abc import Iterable

    import graphviz
    import networkx as nx

    from jupyter_wayang.drawing.changes import Changes
    from jupyter_wayang.session.comparing import Comparison
    from jupyter_wayang.session.runs import Result, Run

__all__ = ["Explanation", "Plan"]

_BRIEF = 60
"""Operators; a larger plan is not made some thirty times only because somebody reads an explanation."""


@dataclass(frozen=True)
class Explanation:
    """Why a plan is as it is: ``text`` to read, :meth:`to_json` to compute with."""

    text: str
    plan: ExecutionPlan

    def to_json(self) -> str:
        """Return the plan with all decisions, alternatives and costs as JSON."""
        return wire.encode(self.plan).decode()

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


@dataclass(frozen=True)
class Plan:
    """A plan to look at: for every operator a platform and why, explicit data movement, alternatives with costs.

    Parameters
    ----------
    execution
        The plan as a value.
    making
        How it was made; None of a plan that was only read, which cannot be made again.
    """

    execution: ExecutionPlan
    making: Making | None = field(default=None, repr=False, compare=False)

    def explain(self, *, wins: bool = True) -> Explanation:
        """Say for every operator which platforms were considered, at which cost, and why this one was taken.

        Parameters
        ----------
        wins
            Whether to look for the numbers of rows at which other platforms would win; see :meth:`wins`. It is not done
            for plans so large that it would be felt.
        """
        from jupyter_wayang.drawing.text import explain

        found = self.wins if wins and self.brief else None
        return Explanation(text=explain(self.execution, wins=found), plan=self.execution)

    @property
    def brief(self) -> bool:
        """Whether the plan can be made again so quickly that it is done only because somebody looks."""
        return self.making is not None and len(self.execution.operators) <= _BRIEF

    def scaled(self, factor: float) -> Plan:
        """Return the plan as it would be if every source had so many times its rows; it is there to be looked at.

        Parameters
        ----------
        factor
            A positive number.
        """
        if not (isinstance(factor, int | float) and 0 < factor < float("inf")):  # type: ignore[redundant-expr]
            raise OperatorError(f"a plan is scaled by a positive number, not {factor!r}")
        return Plan(self._known().plan(float(factor)))

    @cached_property
    def wins(self) -> dict[str, tuple[tuple[str, float], ...]]:
        """When other platforms would win, by operator: names, and from about how many rows (negative: below so many).

        Found by making the plan for more and for fewer rows, until the cost model takes another platform.
        """
        making = self._known()

        def planned(scale: float) -> dict[str, tuple[str, float]]:
            try:
                made = making.plan(scale)
            except WayangError:  # so many rows run nowhere
                return {}
            return {one.id: (one.decision.platform, one.work.rows) for one in made.operators if one.work is not None}

        found: dict[str, tuple[tuple[str, float], ...]] = {}
        for one in crossovers(planned):
            rows = one.rows if one.scale > 1 else -one.rows
            found[one.operator] = (*found.get(one.operator, ()), (one.platform, rows))
        return found

    def outline(self) -> str:
        """Return the plan as text: a lane per place, an operator per line."""
        from jupyter_wayang.drawing.text import outline

        return outline(self.execution)

    def pinned(self, operator: str, platform: str, site: str | Iterable[str] | None = None) -> Plan:
        """Make the plan again with an operator pinned to a platform.

        Parameters
        ----------
        operator
            The id of an operator of the plan.
        platform
            The name of a platform.
        site
            The site, or the sites, where it is pinned; None: everywhere.

        Raises
        ------
        NameUnknownError
            If there is no such operator or platform.
        WayangError
            If it cannot run there; the message says why.
        """
        making, found = self._again(operator)
        return _made(making.pinned(found, platform, _sites(site)))

    def unpinned(self, operator: str, site: str | Iterable[str] | None = None) -> Plan:
        """Make the plan again without a pin of an operator: that of some sites, or the one for everywhere."""
        making, found = self._again(operator)
        return _made(making.unpinned(found, _sites(site)))

    def again(self) -> Plan:
        """Make the plan again as of now: platforms that were started meanwhile cost no start-up any more."""
        return _made(self._known())

    def run(self, *, wait: bool | None = None) -> Result | Run:
        """Run the plan's task, pins and all: the result, or with ``wait=False`` the run as it goes on."""
        from jupyter_wayang.session.runs import Run

        making = self._known()
        run = Run(making.submit(), making.kernel, making.fits, making)
        return run if wait is False else run.wait()

    def changes(self, before: Plan) -> Changes:
        """Say what is different from another plan of the same task: in a sentence, and as a list."""
        from jupyter_wayang.drawing.changes import changes

        return changes(before.execution, self.execution)

    def compare(self, other: Plan | Run | Result) -> Comparison:
        """Show this plan and another one, or a run, side by side: what changed of platforms, moves, costs and rows."""
        from jupyter_wayang.session.comparing import compare

        return compare(self, other)

    def _known(self) -> Making:
        if self.making is None:
            raise OperatorError(
                "this plan was read, not made in this session, and cannot be made again", hint="run its cell again"
            )
        return self.making

    def _again(self, operator: str) -> tuple[Making, ExecutionOperator]:
        making = self._known()
        for one in self.execution.operators:
            if one.id == operator:
                return making, one
        names = [one.id for one in self.execution.operators]
        guess = closest(operator, names)
        raise NameUnknownError(
            f"there is no operator {operator} in the plan." + (f" Did you mean {guess}?" if guess else ""),
            found=operator,
            expected=tuple(names),
        )

    def to_networkx(self) -> nx.MultiDiGraph[str]:
        """Return the operator graph; nodes and edges carry what the plan says of them."""
        from jupyter_wayang.drawing.graphs import to_networkx

        return to_networkx(self.execution)

    def to_graphviz(self) -> graphviz.Source:
        """Return the operator graph as a DOT source with a cluster per lane."""
        from jupyter_wayang.drawing.graphs import to_graphviz

        return to_graphviz(self.execution)

    def to_svg(self, theme: str = "auto") -> str:
        """Return a picture of the plan.

        Parameters
        ----------
        theme
            ``light``, ``dark``, or ``auto``: whichever the reader's system has.
        """
        from jupyter_wayang.drawing.svg import plan_svg

        return plan_svg(self.execution, theme=theme)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return self.outline()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from jupyter_wayang.drawing.html import plan_html

        return {"text/html": plan_html(self.execution), "text/plain": self.outline()}


def _sites(site: str | Iterable[str] | None) -> tuple[str | None, ...]:
    return (site,) if site is None or isinstance(site, str) else tuple(site)


def _made(making: Making) -> Plan:
    return Plan(making.plan(), making)
