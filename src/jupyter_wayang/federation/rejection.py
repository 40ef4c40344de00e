"""What makes an update of no use, whatever the strategy: numbers, shapes and rows that nothing can be computed with."""

from __future__ import annotations

import math

from jupyter_wayang.plan.models import NamedArray, array
from jupyter_wayang.plan.tasks import Update

__all__ = ["rejected", "unusable"]

_LARGEST = 1e100
"""Of an update: the square of what is larger is near the end of what a float holds, and a mean over sites past it."""


def rejected(update: Update, parameters: tuple[NamedArray, ...]) -> str | None:
    """Say why an update cannot be used, or return None.

    Parameters
    ----------
    update
        What a site sent.
    parameters
        The arrays that it was sent: the update must have the same names and shapes, in the same order. None: any.

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.plan.models import named_array
    >>> sent = (named_array("weights", np.zeros(2)),)
    >>> rejected(Update(parameters=sent, rows=0), sent)
    'it was trained on 0 rows'
    >>> rejected(Update(parameters=(named_array("weights", np.array([1.0, np.nan])),), rows=9), sent)
    'weights has a value that is no finite number'
    """
    if update.rows < 1:
        return f"it was trained on {update.rows} rows"
    if update.personal:
        flawed = rejected(Update(parameters=update.personal, rows=update.rows), parameters)
        if flawed is not None:
            return f"of its personal model: {flawed}"
    if update.loss is not None and not 0 <= update.loss < math.inf:
        return f"its loss is {update.loss}"
    got, wanted = [a.name for a in update.parameters], [a.name for a in parameters]
    if not parameters:
        # Nothing was sent: what a tree or a network comes to is known only when it is fitted.
        parameters, wanted = update.parameters, got
    if got != wanted:
        return f"it has the arrays {', '.join(got) or '(none)'} instead of {', '.join(wanted)}"
    for new, old in zip(update.parameters, parameters, strict=True):
        if new.shape != old.shape:
            return f"{new.name} has the shape {new.shape} instead of {old.shape}"
    return next(filter(None, map(unusable, update.parameters)), None)


def unusable(named: NamedArray) -> str | None:
    """Say why nothing can be computed with an array, or return None."""
    import numpy as np

    values = np.abs(array(named))
    if not np.isfinite(values).all():
        return f"{named.name} has a value that is no finite number"
    if values.size and values.max() > _LARGEST:
        return f"{named.name} has a value beyond ±{_LARGEST:g}"
    return None
