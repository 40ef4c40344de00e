"""How a plan was made, so that it can be made again with another pin, and run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from jupyter_wayang.errors import NameUnknownError, OperatorError, closest
from jupyter_wayang.plan.execution import ExecutionOperator, ExecutionPlan
from jupyter_wayang.plan.logical import LogicalPlan, Node, Pin, Vertex
from jupyter_wayang.plan.operators.functions import Producing
from jupyter_wayang.plan.preferences import Preferences
from jupyter_wayang.session.kernel import Kernel

__all__ = ["Making", "pin_text"]

# The parts of fit() and evaluate() that run where they are pinned to; the others follow from them.
_PARTS = ("_update", "_score")


def pin_text(pin: Pin) -> str:
    """Return a pin as the words of a cell.

    Examples
    --------
    >>> pin_text(Pin(platform="duckdb", site="hungary"))
    '.on("duckdb", site="hungary")'
    """
    return f'.on("{pin.platform}"' + (f', site="{pin.site}")' if pin.site is not None else ")")


@dataclass(frozen=True, kw_only=True)
class Making:
    """What a plan was made of.

    Parameters
    ----------
    kernel
        The execution kernel that plans and runs it.
    logical
        The task, with all that a person pinned.
    name
        The name of the task.
    platforms
        The platforms that may be used; None: all.
    captured
        Notebook variables that went into it.
    preferences
        What plans are compared by, and how much memory an operator may take.
    fits
        The vertices that it fits, by node id.
    """

    kernel: Kernel
    logical: LogicalPlan
    name: str = ""
    platforms: tuple[str, ...] | None = None
    captured: tuple[str, ...] = ()
    preferences: Preferences = Preferences()  # noqa: RUF009 - frozen
    fits: Mapping[str, Vertex] = field(default_factory=dict)

    def plan(self, scale: float = 1.0) -> ExecutionPlan:
        """Plan it, as if its sources had ``scale`` times their rows.

        Raises
        ------
        WayangError
            If an operator cannot run where it is pinned, or nowhere.
        """
        made = self.kernel.plan(
            self.logical, name=self.name, platforms=self.platforms, scale=scale, preferences=self.preferences
        )
        return msgspec.structs.replace(made, captured=self.captured, notes=(*made.notes, *self._learned()))

    def _learned(self) -> Iterator[str]:
        """Yield what was learned of functions that do not say what they make."""
        for node in self.logical.nodes:
            operator = node.operator
            if isinstance(operator, Producing) and operator.learned and operator.output is not None:
                columns = ", ".join(f"{column.name} ({column.type})" for column in operator.output)
                yield f"{operator.function.name} makes {columns}: no hint says so, its first rows do."

    def submit(self) -> str:
        """Start it and return the id of its run."""
        return self.kernel.submit(self.logical, name=self.name, platforms=self.platforms, preferences=self.preferences)

    def node(self, operator: ExecutionOperator) -> Node | None:
        """Return the node of the task that a pin on an operator of the plan is for, or None if there is none."""
        if operator.kind == "aggregate":
            return None
        names = (operator.logical, *(operator.logical.removesuffix(part) for part in _PARTS))
        return next((node for name in names for node in self.logical.nodes if node.id == name), None)

    def pinned(self, operator: ExecutionOperator, platform: str, sites: Iterable[str | None]) -> Making:
        """Return the same task with an operator pinned at some sites (None: everywhere).

        Raises
        ------
        NameUnknownError
            If there is no such platform.
        OperatorError
            If the operator cannot be pinned by itself.
        """
        self._known(operator, platform)
        wanted = tuple(sites)
        new = tuple(Pin(platform=platform, site=site) for site in wanted)
        return self._changed(operator, lambda pins: (*(pin for pin in pins if pin.site not in wanted), *new))

    def unpinned(self, operator: ExecutionOperator, sites: Iterable[str | None]) -> Making:
        """Return the same task without the pins of an operator at some sites (None: those for everywhere)."""
        wanted = tuple(sites)
        return self._changed(operator, lambda pins: tuple(pin for pin in pins if pin.site not in wanted))

    def _known(self, operator: ExecutionOperator, platform: str) -> None:
        names = [one.platform for one in operator.decision.alternatives]
        if names and platform not in names:
            guess = closest(platform, names)
            raise NameUnknownError(
                f"{platform} is no platform for {operator.verb} here." + (f" Did you mean {guess}?" if guess else ""),
                found=platform,
                expected=tuple(names),
            )

    def _changed(self, operator: ExecutionOperator, change: Callable[[tuple[Pin, ...]], tuple[Pin, ...]]) -> Making:
        node = self.node(operator)
        if node is None:
            raise OperatorError(
                f"{operator.id} cannot be pinned by itself: it is a part of another operator",
                hint="pin fit or evaluate, or the operator whose rows it takes",
            )
        hints = msgspec.structs.replace(node.hints, pins=change(node.hints.pins))
        nodes = tuple(
            msgspec.structs.replace(one, hints=hints) if one.id == node.id else one for one in self.logical.nodes
        )
        return replace(self, logical=LogicalPlan(nodes=nodes, results=self.logical.results))
