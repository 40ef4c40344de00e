"""What scripted faults do to a round: to what a site is sent, and to what it answers.

A script is a part of the task, and its dice are drawn from (seed, fault, round), so that the same faults strike
whenever the task is run, and when a run goes on from a checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.errors import NameUnknownError, closest
from jupyter_wayang.federation.happenings import Answered, Train
from jupyter_wayang.federation.sampling import chance
from jupyter_wayang.plan.faults import AnyFault, Drop, Fail, Replay, Slow, Spoil
from jupyter_wayang.plan.models import array, named_array

if TYPE_CHECKING:
    import numpy as np

    from jupyter_wayang.federation.happenings import Score
    from jupyter_wayang.plan.tasks import Update

__all__ = ["Line", "Script"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """What becomes of a request on its way: it is ``lost``, its answer is ``delay_s`` late, or it fails with ``error``."""

    lost: bool = False
    delay_s: float = 0.0
    error: str | None = None


@dataclass(frozen=True)
class Script:
    """The faults of a fit.

    Parameters
    ----------
    faults
        What may strike.
    seed
        What their dice are drawn from.

    Examples
    --------
    >>> script = Script((Drop(site="va", rounds=3), Slow(site="hungarian", seconds=5, chance=0.5)), seed=7)
    >>> [script.on(round, "va") != () for round in range(1, 6)]
    [True, True, True, False, False]
    >>> [script.on(round, "hungarian") != () for round in range(1, 6)]
    [False, False, True, False, False]
    """

    faults: tuple[AnyFault, ...] = ()
    seed: int = 0

    def check(self, sites: Iterable[str]) -> None:
        """Raise a :class:`NameUnknownError` if a fault is for a site that takes no part."""
        known = tuple(sites)
        for fault in self.faults:
            if fault.site not in known:
                guess = closest(fault.site, known)
                raise NameUnknownError(
                    f"faults= names the site {fault.site}, which takes no part."
                    + (f" Did you mean {guess}?" if guess else ""),
                    found=fault.site,
                    expected=known,
                    hint="sites: " + ", ".join(known),
                )

    def on(self, round: int, site: str) -> tuple[AnyFault, ...]:
        """Return what strikes a site in a round, in the order of the script."""
        return tuple(self._striking(round, site))

    def _striking(self, round: int, site: str) -> Iterator[AnyFault]:
        for number, fault in enumerate(self.faults):
            covered = fault.site == site and fault.covers(round)
            if covered and chance("fault", self.seed, number, round) < fault.chance:
                yield fault

    def sent(self, request: Train | Score) -> Line:
        """Return what becomes of a request.

        Examples
        --------
        >>> from jupyter_wayang.federation.happenings import Score
        >>> Script((Drop(site="va"),)).sent(Score(site="va", round=1, task=None))
        Line(lost=True, delay_s=0.0, error=None)
        """
        struck = self.on(request.round, request.site)
        return Line(
            lost=any(isinstance(fault, Drop) for fault in struck),
            delay_s=sum((fault.seconds for fault in struck if isinstance(fault, Slow)), 0.0),
            error="it was told to fail" if any(isinstance(fault, Fail) for fault in struck) else None,
        )

    def received(self, answer: Answered) -> Answered:
        """Return an update as it arrives."""
        for fault in self.on(answer.round, answer.site):
            if isinstance(fault, Spoil):
                answer = replace(answer, update=spoiled(answer.update, fault))
            elif isinstance(fault, Replay):
                answer = replace(answer, round=answer.round - 1)
        return answer


def spoiled(update: Update, fault: Spoil) -> Update:
    """Return an update of no use.

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.plan.tasks import Update
    >>> update = Update(parameters=(named_array("weights", np.zeros(2)),), rows=9)
    >>> [array(spoiled(update, Spoil(site="va", how=how)).parameters[0]) for how in ("nan", "shape", "size")]
    [array([nan, nan]), array([0., 0., 0.]), array([1.e+300, 1.e+300])]
    """
    import numpy as np

    first, *rest = update.parameters
    values = array(first)
    made: np.ndarray = {
        "nan": np.full_like(values, np.nan),
        "infinity": np.full_like(values, np.inf),
        "shape": np.zeros(values.size + 1),
        "size": np.full_like(values, 1e300),
    }[fault.how]
    return msgspec.structs.replace(update, parameters=(named_array(first.name, made), *rest))
