"""What strategies share that keep arrays for every site from the first round on: their state."""

from __future__ import annotations

from jupyter_wayang.federation.strategies.state import State
from jupyter_wayang.plan.models import NamedArray

__all__ = ["Personalized"]


class Personalized(State, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The global model, the arrays with which every site begins, and those of the sites that took part."""

    start: tuple[NamedArray, ...]
    kept: dict[str, tuple[NamedArray, ...]]

    def of(self, site: str) -> tuple[NamedArray, ...]:
        """Return the arrays of a site."""
        return self.kept.get(site, self.start)
