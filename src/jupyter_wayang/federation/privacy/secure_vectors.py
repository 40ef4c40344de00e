"""An update as the vector that a secure sum is made of, and what the sum says of all updates together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.privacy.fixed_point import UNIT, encoded, integers
from jupyter_wayang.federation.strategies.vectors import arrays_like, vector
from jupyter_wayang.plan.models import NamedArray
from jupyter_wayang.plan.tasks import Update

if TYPE_CHECKING:
    import numpy as np

__all__ = ["credited", "length", "words_of"]


def length(parameters: tuple[NamedArray, ...]) -> int:
    """Return how many values the vector of an update has: a change for every parameter, the weight, and the bit."""
    return len(vector(parameters)) + 2


def words_of(update: Update, sent: tuple[NamedArray, ...], sites: int, *, by_rows: bool) -> np.ndarray:
    """Return n · (w - w₀, 1, b) as words: n the rows or 1, w₀ what was sent, b = ±½ if the update was guarded, or else 0.

    Parameters
    ----------
    update
        What a site has learned.
    sent
        The parameters that it began with.
    sites
        How many vectors are added at most.
    by_rows
        Whether it counts for its rows.

    Raises
    ------
    OperatorError
        If a sum of so many could not hold it.
    """
    import numpy as np

    if update.loss is not None or update.personal:
        raise OperatorError("a secure sum holds an update, and nothing beside it")
    bit = 0.0 if update.within is None else 0.5 if update.within else -0.5
    values = np.concatenate([vector(update.parameters) - vector(sent), [1.0, bit]])
    return encoded(values, update.rows if by_rows else 1, sites)


def credited(
    words: np.ndarray, sent: tuple[NamedArray, ...], arrived: tuple[str, ...], *, bits: bool
) -> tuple[tuple[str, Update], ...]:
    """Return updates that add up to the sum: each site that arrived is credited with the mean of all.

    A strategy that looks at the mean only cannot tell them from what the sites had. ``rows`` is the weight of all.

    Parameters
    ----------
    words
        The sum.
    sent
        The parameters that the sites began with.
    arrived
        The sites whose vectors are in it.
    bits
        Whether each told if its update was within the norm: as many are credited with that as said so.

    Examples
    --------
    Two sites, of 1 row and of 3, whose parameter went from 1 to 2 and to 4: the mean is 1 + (1 · 1 + 3 · 3) / 4.

    >>> import numpy as np
    >>> from jupyter_wayang.federation.privacy.fixed_point import added
    >>> from jupyter_wayang.plan.models import array, named_array
    >>> sent = (named_array("w", np.array([1.0])),)
    >>> def words(value, rows):
    ...     update = Update(parameters=(named_array("w", np.array([value])),), rows=rows)
    ...     return words_of(update, sent, 2, by_rows=True)
    >>> made = credited(added(words(2.0, 1), words(4.0, 3)), sent, ("a", "b"), bits=False)
    >>> [(site, array(update.parameters[0]).tolist(), update.rows) for site, update in made]
    [('a', [3.5], 4), ('b', [3.5], 4)]
    """
    import numpy as np

    *changes, weight, bit = integers(words)
    if weight <= 0:
        raise OperatorError("the updates of a secure sum count for nothing")
    # A quotient of integers is rounded once, and the weight's own UNIT falls out of it.
    mean = np.array([change / weight for change in changes])
    update = Update(parameters=arrays_like(vector(sent) + mean, sent), rows=weight // UNIT)
    if not bits:
        return tuple((site, update) for site in arrived)
    # Σ b = (within - beyond) / 2, with all that arrived on one side or the other.
    within = round(bit / UNIT + len(arrived) / 2)
    return tuple((site, msgspec.structs.replace(update, within=index < within)) for index, site in enumerate(arrived))
