"""Plans to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_wayang.plan import wire
from jupyter_wayang.plan.execution import ExecutionPlan

if TYPE_CHECKING:
    import graphviz
    import networkx as nx

__all__ = ["Explanation", "Plan"]


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
    """

    execution: ExecutionPlan

    def explain(self) -> Explanation:
        """Say for every operator which platforms were considered, at which cost, and why this one was taken."""
        from jupyter_wayang.drawing.text import explain

        return Explanation(text=explain(self.execution), plan=self.execution)

    def outline(self) -> str:
        """Return the plan as text: a lane per place, an operator per line."""
        from jupyter_wayang.drawing.text import outline

        return outline(self.execution)

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
