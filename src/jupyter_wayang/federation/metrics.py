"""What a site lets out of its score cells, and the metrics that the execution kernel computes from what was let out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.plan.tasks import MergedCell, ScoreCell

if TYPE_CHECKING:
    import numpy as np

__all__ = ["BOTH", "Metrics", "flaw", "measure", "measured", "protect"]

BOTH = -1
"""The target of the cell of rows whose class is not told."""

_END = 999
"""The last bin that any score task can have; a cell up to here reaches to the highest score."""


def _parts(bins: int) -> int:
    """Return into how many parts a bin is cut when rows are spread: the scale of scores needs about 200."""
    return max(1, 200 // bins)


class Metrics(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Metrics of a model on rows. What is null cannot be computed or may not be shown; ``note`` says why.

    The exact AUC lies within ``auc_error`` of ``auc``.
    """

    rows: int | None = None
    log_loss: float | None = None
    accuracy: float | None = None
    auc: float | None = None
    auc_error: float | None = None
    note: str | None = None


def protect(
    cells: Iterable[ScoreCell], minimum_cell: int, minimum_rows: int
) -> tuple[tuple[MergedCell, ...], str | None]:
    """Merge score cells until each holds enough rows: what a site does before its cells leave.

    Neighbouring bins of a class are merged. Where a class has fewer than ``minimum_cell`` rows at all, its rows go into
    one cell of unknown class and score (``target`` is :data:`BOTH`), together with the smallest cell of the other
    class: otherwise the totals minus the cells shown would be the small class.

    What this protects: no cell, no difference between a site's totals and its cells, and no sum of log losses is about
    fewer than ``minimum_cell`` rows of the site. A merged cell does not tell which of its bins are occupied.

    What it does not protect: accuracy is exact, so that the number of rows on the wrong side of ½ is told whatever it
    is, and that all rows have one class is told too. Whoever may ask for many models, or for rows that differ by one
    patient, can compare the answers; only noise helps against that (differential privacy), not a minimum.

    Parameters
    ----------
    cells
        The exact cells of the site.
    minimum_cell
        The least number of rows in a cell; 0 and 1 let the exact cells out.
    minimum_rows
        With fewer rows at all, nothing leaves but the reason.

    Returns
    -------
    tuple
        Cells in which every row is counted once, and what was withheld, in words.

    Examples
    --------
    >>> few = [ScoreCell(bin=b, target=1, n=2, log_loss=0.2, correct=2) for b in (15, 19)]
    >>> merged, note = protect(few, minimum_cell=3, minimum_rows=4)
    >>> [(cell.low_bin, cell.n) for cell in merged], note
    ([(0, 4)], None)
    >>> protect(few, minimum_cell=3, minimum_rows=10)
    ((), 'under 10 rows')
    """
    found = [cell for cell in cells if cell.n > 0]
    least = max(minimum_rows, minimum_cell)
    if sum(cell.n for cell in found) < least:
        return (), f"under {least} rows"
    classes = {target: _merged([c for c in found if c.target == target], minimum_cell) for target in (0, 1)}
    small = [target for target, merged in classes.items() if merged is None]
    if not small:
        return tuple(cell for merged in classes.values() for cell in merged or ()), None
    others = [cell for merged in classes.values() for cell in merged or ()]
    beside = min(others, key=lambda cell: cell.n, default=None)
    shown = tuple(cell for cell in others if cell is not beside)
    hidden = [cell for cell in found if cell.target in small]
    rest = _cell(0, _END, BOTH, [*hidden, beside] if beside else hidden)
    which = "each class has" if len(small) == 2 else f"class {small[0]} has"
    return (*shown, rest), f"{which} under {minimum_cell} rows"


def _merged(cells: list[ScoreCell], least: int) -> tuple[MergedCell, ...] | None:
    """Return the cells of a class, each of at least ``least`` rows; None if the class has fewer, but some."""
    cells = sorted(cells, key=lambda cell: cell.bin)
    if least <= 1:
        return tuple(_cell(cell.bin, cell.bin, cell.target, [cell]) for cell in cells)
    groups = _grouped([(cell.bin, cell.n) for cell in cells], least)
    if groups is None:
        return None
    made = []
    for start, end in groups:
        low, high = cells[start].bin, cells[end - 1].bin
        if end - start > 1:
            # Half of the gap to the neighbours is the cell's, so that its ends do not tell where single rows are.
            low = (cells[start - 1].bin + low) // 2 + 1 if start else 0
            high = (high + cells[end].bin) // 2 if end < len(cells) else _END
        made.append(_cell(low, high, cells[start].target, cells[start:end]))
    return tuple(made)


def _grouped(cells: list[tuple[int, int]], least: int) -> list[tuple[int, int]] | None:
    """Cut (bin, rows) into runs of at least ``least`` rows with the least sum of rows times width; None: too few.

    Rows times width is what the order of two cells can be uncertain about.
    """
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(cells) + 1):
        rows, enough, found = 0, 0, (float("inf"), 0)
        for start in range(end - 1, -1, -1):
            rows += cells[start][1]
            if rows < least:
                continue
            found = min(found, (best[start][0] + rows * (cells[end - 1][0] - cells[start][0]), start))
            enough = enough or rows
            if rows - enough >= least:
                break  # such a run falls into two that are large enough, and better
        best.append(found)
    if best[-1][0] == float("inf"):
        return None
    runs, end = [], len(cells)
    while end:
        runs.append((best[end][1], end))
        end = best[end][1]
    return runs[::-1]


def _cell(low: int, high: int, target: int, parts: Iterable[ScoreCell | MergedCell]) -> MergedCell:
    parts = list(parts)
    return MergedCell(
        low_bin=low,
        high_bin=high,
        target=target,
        n=sum(part.n for part in parts),
        log_loss=sum(part.log_loss for part in parts),
        correct=sum(part.correct for part in parts),
    )


def flaw(cells: Iterable[MergedCell], bins: int) -> str | None:
    """Say what is wrong with cells that a site sent, or return None.

    Examples
    --------
    >>> flaw([MergedCell(low_bin=0, high_bin=3, target=1, n=5, log_loss=float("nan"), correct=5)], bins=20)
    'a cell has a log loss of nan'
    """
    for cell in cells:
        if cell.target not in (0, 1, BOTH):
            return f"a cell is of the class {cell.target}"
        if not 0 <= cell.low_bin <= cell.high_bin or cell.low_bin >= bins:
            return f"a cell has the bins {cell.low_bin} to {cell.high_bin} of {bins}"
        if cell.n < 1 or not 0 <= cell.correct <= cell.n:
            return f"a cell has {cell.n} rows, {cell.correct} of them on the right side"
        if not 0 <= cell.log_loss < math.inf:
            return f"a cell has a log loss of {cell.log_loss}"
    return None


def measure(cells: Iterable[MergedCell], bins: int, note: str | None = None) -> Metrics:
    """Compute metrics from the cells of one site, or of several together.

    The AUC is the probability that a row of class 1 scores above one of class 0, ties counting ½. Where two cells lie
    apart their order is sure; within each cell rows are spread so that their mean log loss is kept (of all such
    spreads the one of most entropy). Rows of unknown class count as half of each class, spread evenly. ``auc_error``
    holds for every arrangement of the rows, and every class of those of unknown class, that the cells allow.

    Parameters
    ----------
    cells
        What :func:`protect` let out.
    bins
        The number of bins of the score task.
    note
        What is said of the cells already.

    Examples
    --------
    >>> cells = [MergedCell(low_bin=b, high_bin=b, target=t, n=5, log_loss=1.0, correct=5) for b, t in ((2, 0), (8, 1))]
    >>> found = measure(cells, bins=10)
    >>> found.rows, found.accuracy, found.auc, found.auc_error
    (10, 1.0, 1.0, 0.0)
    """
    known = [msgspec.structs.replace(cell, high_bin=min(cell.high_bin, bins - 1)) for cell in cells if cell.n > 0]
    rows = sum(cell.n for cell in known)
    if rows == 0:
        return Metrics(note=note or "no rows")
    auc, error, why = _auc(known, bins)
    return Metrics(
        rows=rows,
        log_loss=sum(cell.log_loss for cell in known) / rows,
        accuracy=sum(cell.correct for cell in known) / rows,
        auc=auc,
        auc_error=error,
        note="; ".join(text for text in (note, why) if text) or None,
    )


def measured(answers: Mapping[str, tuple[tuple[MergedCell, ...], str | None]], bins: int) -> dict[str, Metrics]:
    """Compute the metrics of ``global`` and of every site, from the cells and notes of the sites.

    A site's AUC is null if one of its classes is too small to be shown; its rows count in the global one.
    """
    everything = [cell for cells, _ in answers.values() for cell in cells]
    silent = [site for site, (cells, _) in answers.items() if not cells]
    note = f"without {', '.join(silent)}" if silent and everything else None
    found = {"global": measure(everything, bins, note)}
    for site, (cells, said) in answers.items():
        metrics = measure(cells, bins, said)
        if any(cell.target == BOTH for cell in cells):
            metrics = msgspec.structs.replace(metrics, auc=None, auc_error=None, note=said)
        found[site] = metrics
    return found


def _auc(cells: list[MergedCell], bins: int) -> tuple[float | None, float | None, str | None]:
    sides: tuple[list[MergedCell], list[MergedCell]] = ([], [])
    for cell in cells:
        if cell.target != BOTH:
            sides[cell.target].append(cell)
    unknown = sum(cell.n for cell in cells if cell.target == BOTH)
    for target in (0, 1):
        if not sides[target]:
            return None, None, None if unknown else f"no row of class {target}"
    low, high = _bounds(sides, unknown)
    spread = [_spread(side, bins) + unknown / 2 / (bins * _parts(bins)) for side in sides]
    below = spread[0].cumsum() - spread[0] / 2
    auc = float((spread[1] * below).sum() / (spread[0].sum() * spread[1].sum()))
    auc = min(max(auc, low), high)
    why = f"the AUC takes {unknown} rows of unknown class as half of each" if unknown else None
    return auc, max(auc - low, high - auc), why


def _bounds(sides: tuple[list[MergedCell], list[MergedCell]], unknown: int) -> tuple[float, float]:
    """Return the least and the greatest AUC that the cells allow."""
    import numpy as np

    zeros, ones = (np.array([(c.low_bin, c.high_bin, c.n) for c in side]) for side in sides)
    size = int(max(zeros[:, 1].max(), ones[:, 1].max())) + 2
    ends = np.bincount(zeros[:, 1] + 1, weights=zeros[:, 2], minlength=size).cumsum()
    starts = np.bincount(zeros[:, 0], weights=zeros[:, 2], minlength=size).cumsum()
    won = float((ones[:, 2] * ends[ones[:, 0]]).sum())
    not_lost = float((ones[:, 2] * starts[ones[:, 1]]).sum())
    # Every share of class 0 among the rows of unknown class, with all of them scored worst and best.
    more_zeros = np.arange(unknown + 1)
    more_ones = unknown - more_zeros
    of_zeros, of_ones = int(zeros[:, 2].sum()), int(ones[:, 2].sum())
    pairs = (of_zeros + more_zeros) * (of_ones + more_ones)
    gained = more_zeros * of_ones + more_ones * of_zeros + more_zeros * more_ones
    return float((won / pairs).min()), float(((not_lost + gained) / pairs).max())


def _spread(cells: list[MergedCell], bins: int) -> np.ndarray:
    """Return how many rows of one class lie in each part of the scale of scores.

    Within a cell the density is exp(a · L), L the log loss at a score; a is found by bisection, for all cells at once.
    """
    import numpy as np

    parts = _parts(bins)
    # The parts of every cell in a row, because a cell has few of all; cells of several sites may share some.
    widths = np.array([(cell.high_bin - cell.low_bin + 1) * parts for cell in cells])
    starts = np.cumsum(widths) - widths
    first = np.array([cell.low_bin * parts for cell in cells])
    at = np.arange(int(widths.sum())) + np.repeat(first - starts, widths)
    score = (at + 0.5) / (bins * parts)
    loss = -np.log(score) if cells[0].target == 1 else -np.log1p(-score)
    least, most = np.minimum.reduceat(loss, starts), np.maximum.reduceat(loss, starts)
    width = np.where(most > least, most - least, 1.0)
    scaled = (loss - np.repeat(least, widths)) / np.repeat(width, widths)
    rows = np.array([cell.n for cell in cells], dtype=float)
    wanted = (np.array([cell.log_loss for cell in cells]) / rows - least) / width
    low, high = np.full_like(rows, -500.0), np.full_like(rows, 500.0)
    for _ in range(30):
        middle = (low + high) / 2
        mass = np.exp(np.repeat(middle, widths) * scaled - np.repeat(np.maximum(middle, 0.0), widths))
        total = np.add.reduceat(mass, starts)
        under = np.add.reduceat(mass * scaled, starts) < wanted * total
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    spread: np.ndarray = np.bincount(at, weights=mass * np.repeat(rows / total, widths), minlength=bins * parts)
    return spread
