"""Gradient descent as a loop: the weights are a row, and every turn takes a step over a part of the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from jupyter_wayang.language.builder import Collection

__all__ = ["plain", "sgd"]


def sgd(rows: Collection, start: Collection, turns: int, *, rate: float, parts: int) -> Collection:
    """Return the weights of a linear regression after some steps.

    Parameters
    ----------
    rows
        Columns ``id`` (from 0), ``x`` and ``y``.
    start
        One row with ``w``, ``b`` and the number of the step, ``turn``, from 0.
    turns
        How many steps are taken.
    rate
        How far each goes.
    parts
        Step number t is taken over the rows whose ``id`` leaves t when divided by this, as t does.
    """
    import jupyter_wayang as wy

    def turn(now: Collection) -> Collection:
        batch = rows.join(now, how="cross").filter(wy.col.id % parts == wy.col.turn % parts)
        missed = batch.with_columns(e=wy.col.w * wy.col.x + wy.col.b - wy.col.y)
        slope = missed.agg(dw=wy.mean(wy.col.e * wy.col.x), db=wy.mean(wy.col.e))
        return now.join(slope, how="cross").select(
            w=wy.col.w - rate * wy.col.dw, b=wy.col.b - rate * wy.col.db, turn=wy.col.turn + 1
        )

    return wy.repeat(turns, turn, start)


def plain(x: np.ndarray, y: np.ndarray, turns: int, *, rate: float, parts: int) -> tuple[float, float]:
    """Do the same with NumPy, from zero."""
    import numpy as np

    w = b = 0.0
    ids = np.arange(len(x))
    for turn in range(turns):
        batch = ids % parts == turn % parts
        error = w * x[batch] + b - y[batch]
        w, b = w - rate * float((error * x[batch]).mean()), b - rate * float(error.mean())
    return w, b
