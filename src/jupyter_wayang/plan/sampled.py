"""What a sample of a table says of its columns: how many values differ, and how numbers and dates are spread."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SAMPLE_ROWS", "distinct_values", "quantiles", "sample"]

SAMPLE_ROWS = 10_000
_STEPS = 32
_UNIQUE = 0.95


def sample(table: pa.Table, rows: int = SAMPLE_ROWS) -> pa.Table:
    """Return rows from all over a table: every so many, the same ones every time."""
    import pyarrow as pa

    count = table.num_rows
    if count <= rows:
        return table
    step = count / rows
    return table.take(pa.array([int(number * step) for number in range(rows)], type=pa.int64()))


def distinct_values(sampled: pa.Table, rows: float) -> dict[str, int]:
    """Estimate how many values of each column differ, nulls left out.

    Values that come once in the sample stand for the square root of what was not looked at (M. Charikar et al., "Towards
    estimation error guarantees for distinct values", PODS 2000), and a column of which hardly any value comes twice for
    a key.

    Parameters
    ----------
    sampled
        A sample, or the whole table.
    rows
        The rows of the whole table.

    Examples
    --------
    >>> import pyarrow as pa
    >>> distinct_values(pa.table({"ward": ["a", "b", "a"], "id": [1, 2, 3]}), 3)
    {'ward': 2, 'id': 3}
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    found: dict[str, int] = {}
    for name in sampled.column_names:
        column = sampled[name]
        if pa.types.is_nested(column.type) or pa.types.is_null(column.type):
            continue
        counts = pc.value_counts(column.drop_null()).field(1)
        different, taken = len(counts), len(column) - column.null_count
        once = int(pc.sum(pc.equal(counts, 1)).as_py() or 0)
        if rows <= len(column) or taken == 0:
            found[name] = different
        elif once >= _UNIQUE * taken:
            found[name] = int(rows * taken / len(column))
        else:
            found[name] = different - once + int(once * math.sqrt(rows / len(column)))
    return found


def quantiles(sampled: pa.Table) -> dict[str, tuple[float, ...]]:
    """Return the bounds of equal parts of every column of numbers or dates (as days since 1970), nulls left out.

    Examples
    --------
    >>> import pyarrow as pa
    >>> quantiles(pa.table({"age": range(33)}))["age"][:3]
    (0.0, 1.0, 2.0)
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    found: dict[str, tuple[float, ...]] = {}
    shares = [step / _STEPS for step in range(_STEPS + 1)]
    for name in sampled.column_names:
        column = sampled[name].drop_null()
        kind = column.type
        if pa.types.is_date32(kind):
            column = column.cast(pa.int32())
        elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            continue
        bounds = [bound for bound in pc.quantile(column, shares).to_pylist() if bound is not None]
        if len(bounds) == len(shares) and all(math.isfinite(bound) for bound in bounds):
            found[name] = tuple(float(bound) for bound in bounds)
    return found
