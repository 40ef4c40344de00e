"""What the answers to all questions of a person tell together: the audit that answers differences and trackers.

Every answer is about sets of rows. The sets of all questions cut the table into cells of rows that no question has told
apart. An answer adds the cells of its set up, so a combination of answers is a combination of the rows of a matrix M,
one row per set, one column per cell, 1 where the set has the cell. A person learns about a cell alone exactly if its
unit vector is in the row space of M (Chin and Özsoyoğlu, 1982, *Auditing and Inference Control in Statistical
Databases*), which is so exactly if it is a row of the reduced row echelon form of M.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from jupyter_wayang.site.disclosure.suppression import told

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Told", "sets_of", "too_close"]

_ZERO = 1e-9

Told = list[tuple[int, ...]]
"""Sets of cells, by the numbers of the cells."""


def sets_of(inside: Sequence[bool], keys: Sequence[tuple[Hashable, ...]], sizes: Sequence[int], minimum: int) -> Told:
    """Return the sets of rows that the answer to a question is about: one for each group that it tells.

    Parameters
    ----------
    inside
        Of every cell, whether the question is about its rows.
    keys
        Of every cell, the group it is in.
    sizes
        Of every cell, how many rows it has.
    minimum
        The least number of rows that a number may be about.

    Examples
    --------
    >>> sets_of([True, True, False], [("a",), ("b",), (None,)], [20, 30, 5], minimum=10)
    [(0,), (1,)]
    """
    groups: dict[tuple[Hashable, ...], list[int]] = {}
    for cell, (within, key) in enumerate(zip(inside, keys, strict=True)):
        if within:
            groups.setdefault(key, []).append(cell)
    rows = {key: sum(sizes[cell] for cell in cells) for key, cells in groups.items()}
    shown = told(rows, minimum)
    return [tuple(cells) for key, cells in groups.items() if key in shown]


def too_close(known: Told, new: Told, sizes: Sequence[int], minimum: int) -> bool:
    """Tell whether new answers, with those that are known, would be about fewer rows than the minimum.

    Parameters
    ----------
    known, new
        The sets of rows that were told, and those that would be.
    sizes
        How many rows each cell has.
    minimum
        The least number of rows that a number may be about.

    Returns
    -------
    bool
        Whether two sets differ by so few rows, or a combination of sets is about so few.

    Examples
    --------
    All rows, and all but one:

    >>> too_close([(0, 1)], [(0,)], sizes=[99, 1], minimum=10)
    True

    A tracker: A, B, and those in A or B, where one row is in both.

    >>> too_close([(0, 2), (1, 2)], [(0, 1, 2)], sizes=[40, 40, 1], minimum=10)
    True
    >>> too_close([(0, 2), (1, 2)], [(0, 1, 2)], sizes=[40, 40, 20], minimum=10)
    False
    """
    import numpy as np

    before = set(known)
    added = [one for one in dict.fromkeys(new) if one not in before]
    if not added or minimum <= 1:
        return False
    everything = list(dict.fromkeys([*known, *added]))
    matrix = np.zeros((len(everything), len(sizes)))
    for place, cells in enumerate(everything):
        matrix[place, list(cells)] = 1.0
    rows = np.asarray(sizes, dtype=float)
    if _differ_by_few(matrix, rows, len(everything) - len(added), minimum):
        return True
    small_before = _small(matrix[: len(everything) - len(added)], rows, minimum)
    return not _small(matrix, rows, minimum) <= small_before


def _differ_by_few(matrix: np.ndarray, rows: np.ndarray, first: int, minimum: int) -> bool:
    """Tell whether a row of the matrix from ``first`` on differs from another by fewer rows of the table."""
    sizes = matrix @ rows
    for place in range(first, len(matrix)):
        shared = matrix @ (matrix[place] * rows)
        apart = sizes + sizes[place] - 2 * shared
        if ((apart > 0) & (apart < minimum)).any():
            return True
    return False


def _small(matrix: np.ndarray, rows: np.ndarray, minimum: int) -> set[frozenset[int]]:
    """Return the cells of the combinations of answers that are about fewer rows than the minimum."""
    import numpy as np

    # Large cells are eliminated first, so that what is left is about small ones wherever it can be.
    order = np.argsort(-rows, kind="stable")
    reduced = _echelon(matrix[:, order])
    supports = np.abs(reduced) > _ZERO
    about = supports @ rows[order]
    return {
        frozenset(order[support].tolist())
        for support, weight in zip(supports, about, strict=True)
        if 0 < weight < minimum
    }


def _echelon(matrix: np.ndarray) -> np.ndarray:
    """Return the reduced row echelon form, without rows of zeros."""
    import numpy as np

    reduced = matrix.copy()
    rank = 0
    for column in range(reduced.shape[1]):
        if rank == len(reduced):
            break
        pivot = rank + int(np.argmax(np.abs(reduced[rank:, column])))
        if abs(reduced[pivot, column]) < _ZERO:
            continue
        reduced[[rank, pivot]] = reduced[[pivot, rank]]
        reduced[rank] /= reduced[rank, column]
        others = np.arange(len(reduced)) != rank
        reduced[others] -= np.outer(reduced[others, column], reduced[rank])
        reduced[np.abs(reduced) < _ZERO] = 0.0
        rank += 1
    return reduced[:rank]
