"""The as-of join over Arrow: for every left row the last right row of its keys that is not after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["last_before"]


def last_before(
    left: pa.Table, right: pa.Table, by: Sequence[tuple[str, str]], ties: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of row numbers: left rows that have a right row as of them, and these.

    Parameters
    ----------
    left, right
        The rows.
    by
        Pairs of columns of equal types: those that must be equal, and last the one in whose order the rows are.
    ties
        Right columns: of right rows that are equal in all of ``by`` the last is taken in the order of these, nulls
        last.

    Examples
    --------
    >>> import pyarrow as pa
    >>> asked, known = pa.table({"at": [3, 9]}), pa.table({"at": [5, 1], "price": [20, 10]})
    >>> [found.tolist() for found in last_before(asked, known, [("at", "at")], ["price"])]
    [[0, 1], [1, 0]]
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    names = [f"by{index}" for index in range(len(by))]
    keys = [(name, "ascending") for name in names]
    before = pc.sort_indices(right, sort_keys=[(name, "ascending") for name in (*(its for _, its in by), *ties)])
    theirs = right.select([its for _, its in by]).take(before).rename_columns(names)
    # Right rows stand first, and the sort is stable: at the same moment they come before the left rows.
    both = pa.concat_tables([theirs, left.select([ours for ours, _ in by]).rename_columns(names)])
    order = pc.sort_indices(both, sort_keys=keys).to_numpy()
    ordered = both.take(order)
    place = np.arange(len(order))
    complete = np.ones(len(order), dtype=bool)
    begins = np.zeros(len(order), dtype=bool)
    for index, name in enumerate(names):
        column = ordered[name].combine_chunks()
        complete &= column.is_valid().to_numpy(zero_copy_only=False)
        if index < len(names) - 1 and len(column) > 1:
            same = pc.fill_null(pc.equal(column[1:], column[:-1]), False)
            begins[1:] |= ~same.to_numpy(zero_copy_only=False)
    of_right = order < len(theirs)
    last = np.maximum.accumulate(np.where(of_right & complete, place, -1))
    start = np.maximum.accumulate(np.where(begins, place, 0))
    found = ~of_right & complete & (last >= start)
    return order[found] - len(theirs), before.to_numpy()[order[last[found]]]
