"""Faults that a person scripts, to see what a federation does about them: which site, which rounds, how often.

They are values, a part of the task; what one does to a round is in :mod:`jupyter_wayang.federation.faults`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from jupyter_wayang.errors import OperatorError

__all__ = ["AnyFault", "Drop", "Fail", "Fault", "Replay", "Slow", "Spoil"]


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="tag"):
    """What strikes ``site`` in ``rounds`` rounds from ``first`` on (None: in all of them), each with a ``chance``."""

    site: str
    rounds: int | None = None
    first: int = 1
    chance: float = 1.0

    def __post_init__(self) -> None:
        word = str(type(self).__struct_config__.tag)
        if self.rounds is not None and self.rounds < 1:
            raise OperatorError(f"{word}(): rounds must be 1 or more", found=str(self.rounds))
        if self.first < 1:
            raise OperatorError(f"{word}(): first must be 1 or more: rounds count from 1", found=str(self.first))
        if not 0 < self.chance <= 1:
            raise OperatorError(f"{word}(): chance must be above 0 and at most 1", found=str(self.chance))

    def covers(self, round: int) -> bool:
        """Tell whether the fault may strike in a round.

        Examples
        --------
        >>> away = Drop(site="va", rounds=3, first=2)
        >>> [round for round in range(1, 8) if away.covers(round)]
        [2, 3, 4]
        """
        return self.first <= round and (self.rounds is None or round < self.first + self.rounds)


class Drop(Fault, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="drop"):
    """The site hears nothing and answers nothing: the deadline notices."""


class Slow(Fault, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="slow"):
    """The site answers ``seconds`` later than it would."""

    seconds: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.seconds < float("inf"):
            raise OperatorError("slow(): seconds must be above 0 and finite", found=str(self.seconds))


class Fail(Fault, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="fail"):
    """The site answers that it cannot."""


class Spoil(Fault, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="spoil"):
    """The site trains, and its update is of no use: NaN or infinity in it, of another shape, or too large."""

    how: Literal["nan", "infinity", "shape", "size"] = "nan"


class Replay(Fault, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="replay"):
    """The site sends what it would have sent in the round before."""


AnyFault = Drop | Slow | Fail | Spoil | Replay
