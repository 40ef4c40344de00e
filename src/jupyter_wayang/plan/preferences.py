"""What a person wants of plans in general: by what they are compared, and how much memory an operator may take."""

from __future__ import annotations

import msgspec

from jupyter_wayang.errors import OperatorError, closest

__all__ = ["OBJECTIVES", "Preferences"]

OBJECTIVES = ("time", "bytes", "money")
"""Seconds, bytes that change their form, or seconds times the price of the platform."""


class Preferences(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Preferences of a session, or of one cell.

    ``objective`` is one of :data:`OBJECTIVES`; ``prices`` has, for ``money``, what an hour on a platform costs (1 where
    nothing is said); ``memory_bytes`` is how much one operator may hold at once (None: as much as the machine has).
    ``max_bytes`` may leave any one site of a federation in a run, and a run may take ``max_seconds``: one that may need more,
    by the upper end of the estimate, is refused before it begins.

    Examples
    --------
    >>> Preferences(objective="money", prices=(("spark", 2.5),)).objective
    'money'
    """

    objective: str = "time"
    prices: tuple[tuple[str, float], ...] = ()
    memory_bytes: int | None = None
    max_bytes: int | None = None
    max_seconds: float | None = None

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES:
            guess = closest(self.objective, OBJECTIVES)
            raise OperatorError(
                f"there is no objective {self.objective}." + (f" Did you mean {guess}?" if guess else ""),
                found=self.objective,
                expected=OBJECTIVES,
                hint="objectives: " + ", ".join(OBJECTIVES),
            )
        for name in ("memory_bytes", "max_bytes", "max_seconds"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise OperatorError(f"{name} is more than 0", found=str(value))
