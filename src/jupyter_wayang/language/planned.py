"""What collections and models share: they can be pinned, planned and run."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language import arguments as given
from jupyter_wayang.language.desk import Desk
from jupyter_wayang.language.recipe import Recipe, rows_of, sites_of
from jupyter_wayang.language.unknown import unknown
from jupyter_wayang.language.words import WORDS, worded
from jupyter_wayang.plan.expressions import ColumnRef, Named
from jupyter_wayang.plan.logical import Hints, Pin, Vertex, VertexPort
from jupyter_wayang.plan.operators import Carry, Repeat, Select

__all__ = ["Planned"]


@dataclass(frozen=True, eq=False, repr=False)
class Planned:
    """What collections and models share: they can be pinned, planned and run.

    Parameters
    ----------
    made
        The output that it is, or that its pending preprocessing steps start from.
    desk
        The session that it belongs to.
    recipe
        Preprocessing steps that wait for what consumes them, or None.
    """

    made: VertexPort
    desk: Desk
    recipe: Recipe | None = None

    @property
    def port(self) -> VertexPort:
        """The output in the plan."""
        return self.recipe.resolve() if self.recipe is not None else self.made

    @property
    def ports(self) -> tuple[VertexPort, ...]:
        """All outputs that the name of this may stand at: pending steps have one per target."""
        return tuple(self.recipe.made.values()) if self.recipe is not None else (self.made,)

    @worded
    def on(self, platform: str, site: str | None = None) -> Self:
        """Pin the operator to a platform.

        Parameters
        ----------
        platform
            The name of a platform.
        site
            The one site where it is pinned; None: everywhere.
        """
        known = tuple(self.desk.platforms())
        name = given.text("platform", platform, WORDS[".on"])
        if name not in known:
            raise unknown("platform", name, known)
        if site is not None:
            sites = sites_of(self.made)
            if not sites:
                raise OperatorError("site= is for collections of a federation, and this is none", found=str(site))
            if site not in sites:
                raise unknown("site", str(site), sites)
        kept = tuple(pin for pin in self._hints.pins if pin.site != site)
        return self._hinted(pins=(*kept, Pin(platform=name, site=site)))

    def plan(self, platforms: Sequence[str] | str | None = None, *, name: str = "") -> Any:
        """Plan without running.

        Parameters
        ----------
        platforms
            The platforms that may be used, one or several; None: all.
        name
            A name for the plan.
        """
        return self.desk.plan((self.port,), names={}, platforms=platforms, name=name, captured=())

    def run(self, platforms: Sequence[str] | str | None = None, *, name: str = "", wait: bool | None = None) -> Any:
        """Plan and run.

        Parameters
        ----------
        platforms
            The platforms that may be used, one or several; None: all.
        name
            A name for the run.
        wait
            Whether to wait for the end; None: the session decides.
        """
        return self.desk.run((self.port,), names={}, platforms=platforms, name=name, captured=(), wait=wait)

    @property
    def _hints(self) -> Hints:
        return self.recipe.steps[-1].hints if self.recipe is not None else self.made.vertex.hints

    def _hinted(self, **changes: object) -> Self:
        hints = msgspec.structs.replace(self._hints, **changes)
        if self.recipe is not None:
            return dataclasses.replace(self, recipe=self.recipe.with_last(hints=hints))
        vertex = self.made.vertex
        if isinstance(vertex.operator, Carry | Repeat):
            # A loop knows its names by these vertices: the hint goes to a select that changes nothing.
            columns = (Named(name=name, expression=ColumnRef(name=name)) for name in rows_of(self.made).names)
            vertex = Vertex(Select(columns=tuple(columns)), (self.made,), span=vertex.span)
            return dataclasses.replace(self, made=VertexPort(dataclasses.replace(vertex, hints=hints)))
        return dataclasses.replace(self, made=VertexPort(dataclasses.replace(vertex, hints=hints), self.made.port))
