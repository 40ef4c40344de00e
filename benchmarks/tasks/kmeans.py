"""K-means as a loop: every turn puts each point to the nearest centre, and each centre amid its points."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from jupyter_wayang.language.builder import Collection

__all__ = ["kmeans", "plain"]


def kmeans(points: Collection, centres: Collection, turns: int) -> Collection:
    """Return the centres after some turns of Lloyd's algorithm.

    Parameters
    ----------
    points
        Columns ``id``, ``x`` and ``y``.
    centres
        Columns ``centre``, ``cx`` and ``cy``. One without a point stays where it is.
    turns
        How many turns are taken.
    """
    import jupyter_wayang as wy

    def turn(now: Collection) -> Collection:
        across, along = wy.col.x - wy.col.cx, wy.col.y - wy.col.cy
        far = points.join(now, how="cross").with_columns(d=across * across + along * along)
        nearest = far.group_by("id").agg(d=wy.min(wy.col.d))
        # Of centres that are equally near, the first has the point.
        chosen = far.join(nearest, on=["id", "d"], how="semi").group_by("id").agg(centre=wy.min(wy.col.centre))
        moved = points.join(chosen, on="id").group_by("centre").agg(mx=wy.mean(wy.col.x), my=wy.mean(wy.col.y))
        return now.join(moved, on="centre", how="left").select(
            "centre", cx=wy.coalesce(wy.col.mx, wy.col.cx), cy=wy.coalesce(wy.col.my, wy.col.cy)
        )

    return wy.repeat(turns, turn, centres)


def plain(points: np.ndarray, centres: np.ndarray, turns: int) -> np.ndarray:
    """Do the same with NumPy: arrays of shape (n, 2) and (k, 2)."""
    import numpy as np

    for _ in range(turns):
        chosen = ((points[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
        centres = np.array(
            [points[chosen == k].mean(axis=0) if (chosen == k).any() else centres[k] for k in range(len(centres))]
        )
    return centres
