"""A site's half of what a task's guard says: the update is shortened, and gets noise, before it leaves."""

from __future__ import annotations

import msgspec

from jupyter_wayang.errors import DisclosureError
from jupyter_wayang.federation.privacy.clipping import clipped
from jupyter_wayang.federation.privacy.local_dp import randomized
from jupyter_wayang.federation.strategies.vectors import arrays_like, vector
from jupyter_wayang.plan.tasks import LocalTask, Update
from jupyter_wayang.platforms.randomness import SECURE, Entropy, chosen

__all__ = ["leaving"]


def leaving(update: Update, task: LocalTask, entropy: Entropy = SECURE) -> Update:
    """Return an update as it may leave its site; without a guard, as it is.

    It then counts for one site, not for its rows, whose number it does not tell.

    Parameters
    ----------
    update
        What came of training.
    task
        What was asked for: the parameters at which training began, and the guard.
    entropy
        Where noise comes from, unless the guard has a seed.

    Raises
    ------
    DisclosureError
        If the task asks for something else that a guard does not cover.

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.plan.models import LogisticRegression, array, named_array
    >>> from jupyter_wayang.plan.privacy import Guard
    >>> sent, came = (named_array("w", np.array([1.0, 1.0])),), (named_array("w", np.array([4.0, 5.0])),)
    >>> task = LocalTask(
    ...     model=LogisticRegression(), features=("a",), parameters=sent, guard=Guard(clip=1.0, tells=True)
    ... )
    >>> made = leaving(Update(parameters=came, rows=50), task)
    >>> array(made.parameters[0]), made.rows, made.within
    (array([1.6, 1.8]), 1, False)
    """
    guard = task.guard
    if guard is None:
        return update
    plain = Update(parameters=update.parameters, rows=update.rows)
    if update != plain:
        raise DisclosureError("a task whose update is guarded may ask for nothing beside the update")
    before = vector(task.parameters)
    change, within = clipped(vector(update.parameters) - before, guard.clip)
    if guard.noise_multiplier is not None:
        source = entropy if guard.seed is None else chosen(guard.seed)
        change = randomized(change, guard.clip, guard.noise_multiplier, source)
    made = arrays_like(before + change, task.parameters)
    return msgspec.structs.replace(plain, parameters=made, rows=1, within=within if guard.tells else None)
