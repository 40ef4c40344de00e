"""What a plan is chosen by: the time it takes, the bytes that it moves, or the money that it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jupyter_wayang.plan.preferences import Preferences

__all__ = ["TIME", "Objective"]

_TIE = 1e-9
"""What a second counts where time is not asked for: of plans that move the same bytes the faster one is taken."""

_HOUR_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class Objective:
    """Turns work into the number that plans are compared by.

    Parameters
    ----------
    name
        ``time`` (seconds), ``bytes`` (that change their form) or ``money``.
    prices
        For ``money``: what an hour on a platform costs; a platform without a price costs 1.

    Examples
    --------
    >>> Objective(name="money", prices={"spark": 7200.0}).of_work("spark", 3.0)
    6.0
    >>> Objective(name="bytes").of_move(None, 3.0, 100.0)
    100.000000003
    """

    name: str = "time"
    prices: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, preferences: Preferences) -> Objective:
        """Return what a person wants plans to be compared by."""
        return cls(name=preferences.objective, prices=dict(preferences.prices))

    def of_work(self, platform: str, seconds: float) -> float:
        """Return what so many seconds on a platform count."""
        match self.name:
            case "time":
                return seconds
            case "bytes":
                return seconds * _TIE
        return seconds * self.prices.get(platform, 1.0) / _HOUR_S

    def of_move(self, platform: str | None, seconds: float, bytes_: float) -> float:
        """Return what a conversion counts that moves so many bytes; ``platform``: whose engine does it, if one does."""
        if self.name == "bytes":
            return bytes_ + seconds * _TIE
        return self.of_work(platform or "", seconds)


TIME = Objective()
