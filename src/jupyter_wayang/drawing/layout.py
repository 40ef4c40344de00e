"""Where everything in the picture of a plan is: ``layout(plan) -> Layout``.

Graphviz ranks the operators; lanes, rows and the ways of edges are ours, so that lanes are even bands, steps stand in
columns across all sites, and no line crosses a card.
"""

from __future__ import annotations

import msgspec

from jupyter_wayang.drawing.collapse import collapsed as collapse
from jupyter_wayang.drawing.columns import columns
from jupyter_wayang.drawing.grid import Grid
from jupyter_wayang.drawing.lines import lines
from jupyter_wayang.drawing.places import CardPlace, Layout
from jupyter_wayang.drawing.routes import choose
from jupyter_wayang.drawing.rows import rows_in_lanes
from jupyter_wayang.plan.execution import ExecutionPlan

__all__ = ["layout"]


def layout(plan: ExecutionPlan, *, collapsed: bool = False) -> Layout:
    """Return the places of lanes, cards, edges and the loop's frame.

    Parameters
    ----------
    plan
        The plan. Its lanes are stacked in its order, the execution kernel's on top.
    collapsed
        Whether sites with equal plans share one lane; places are then those of
        :func:`jupyter_wayang.drawing.collapse.collapsed`.

    Returns
    -------
    Layout
        Pixels from the top left; ``engine`` says whether Graphviz ranked the operators.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import ExecutionPlan, Interval
    >>> layout(ExecutionPlan(lanes=(), operators=(), edges=(), cost_s=Interval.exact(0))).cards
    ()
    """
    shown = collapse(plan) if collapsed else plan
    ordered = tuple(sorted(shown.lanes, key=lambda lane: lane.kind != "kernel"))
    shown = msgspec.structs.replace(shown, lanes=ordered)
    placed, by_graphviz = columns(shown)
    rows = rows_in_lanes(shown, placed)
    routes, needs = choose(shown, placed, rows)
    grid = Grid(shown, placed, rows, needs)
    cards = tuple(
        CardPlace(id=op.id, lane=op.lane, column=placed[op.id], row=rows[op.id], box=grid.card(op.id))
        for op in shown.operators
    )
    return Layout(
        width=grid.width,
        height=grid.height,
        lanes=grid.lanes,
        cards=cards,
        edges=lines(shown, grid, placed, routes),
        frame=grid.frame(),
        engine="graphviz" if by_graphviz else "layers",
    )
