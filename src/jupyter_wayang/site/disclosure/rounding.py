"""Metrics in steps: what an exact number of right answers would tell of single rows."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from jupyter_wayang.plan.tasks import MergedCell

__all__ = ["coarse"]

_LAST_BIN = 999
"""No score task has more bins; a cell up to here reaches to the highest score."""


def coarse(cells: Iterable[MergedCell], *, rows: int, digits: int | None) -> tuple[MergedCell, ...]:
    """Round what score cells say: right answers to steps of ``rows``, log losses to ``digits`` after the point.

    A histogram of scores tells who is on the wrong side of ½, whatever is rounded. So a class is one cell then: accuracy
    and log loss are told in steps, and the AUC is not.

    Parameters
    ----------
    cells
        The cells, of enough rows each.
    rows
        The step; 1 leaves the cells as they are.
    digits
        Digits, less than 0 for tens; None leaves the sums as they are.

    Examples
    --------
    >>> cells = [MergedCell(low_bin=b, high_bin=b, target=1, n=6, log_loss=1.57, correct=b) for b in (5, 6)]
    >>> (rounded,) = coarse(cells, rows=5, digits=1)
    >>> rounded.n, rounded.correct, rounded.log_loss
    (12, 10, 3.1)
    """
    cells = tuple(cells)
    if rows == 1 and digits is None:
        return cells
    return tuple(
        msgspec.structs.replace(
            cell,
            correct=min(cell.n, round(cell.correct / rows) * rows),
            log_loss=cell.log_loss if digits is None else max(0.0, round(cell.log_loss, digits)),
        )
        for cell in (_by_class(cells) if rows > 1 else cells)
    )


def _by_class(cells: tuple[MergedCell, ...]) -> Iterable[MergedCell]:
    for target in sorted({cell.target for cell in cells}):
        same = [cell for cell in cells if cell.target == target]
        yield MergedCell(
            low_bin=0,
            high_bin=_LAST_BIN,
            target=target,
            n=sum(cell.n for cell in same),
            log_loss=sum(cell.log_loss for cell in same),
            correct=sum(cell.correct for cell in same),
        )
