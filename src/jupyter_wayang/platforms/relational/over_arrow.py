"""The operators that are written once, over Arrow, so that every platform makes the same rows of them.

The rows are put into one order, whatever order they came in: sorted by all columns from left to right, ascending, nulls
last, text by code point. Rows that are equal in every column cannot be told apart, so their order does not matter. With
``n`` rows the permutation is

    digest = sha256(f"{seed}:{salt}".encode()).digest()
    permutation = numpy.random.Generator(numpy.random.PCG64(int.from_bytes(digest, "big"))).permutation(n)

and ``permutation[k]`` is the place, in the sorted order, of the row that is drawn as number ``k``. What is drawn stays
in the sorted order.

A **split** has strata: the rows of one share the values of ``by`` (null is a value like any other; without ``by`` all
rows are one stratum). Of a stratum of ``m`` rows, the ``floor(fraction * m + 0.5)`` that are drawn first go to the first
part (computed in 64-bit floats), the others to the second. A **sample** is what is drawn first of all rows. An **id** is
the place of a row in the sorted order, from 0.
"""

from __future__ import annotations

import hashlib
from functools import singledispatch
from typing import TYPE_CHECKING

from jupyter_wayang.errors import PlanError
from jupyter_wayang.plan.expressions import Named
from jupyter_wayang.plan.operators import OverArrow, Sample, Split, WriteFile, ZipWithId

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["over_arrow", "permutation", "split"]


@singledispatch
def over_arrow(operator: OverArrow, table: pa.Table, salt: str) -> tuple[pa.Table, ...]:
    """Run an operator over a table, for every platform alike.

    Parameters
    ----------
    operator
        What is to be done.
    table
        Rows in the project's closed set of types.
    salt
        The name of the site: sites with equal rows draw differently.

    Returns
    -------
    tuple[pyarrow.Table, ...]
        A table per output.

    Examples
    --------
    >>> import pyarrow as pa
    >>> (numbered,) = over_arrow(ZipWithId(), pa.table({"n": [3, 1, 2]}), "here")
    >>> numbered["n"].to_pylist(), numbered["id"].to_pylist()
    ([1, 2, 3], [0, 1, 2])
    """
    raise PlanError(f"{operator.verb}() is not written over Arrow")


@over_arrow.register(Split)
def _(operator: Split, table: pa.Table, salt: str) -> tuple[pa.Table, ...]:
    return split(table, operator, salt)


@over_arrow.register(Sample)
def _(operator: Sample, table: pa.Table, salt: str) -> tuple[pa.Table, ...]:
    import numpy as np

    ordered = _sorted(table.combine_chunks())
    count = ordered.num_rows
    most = operator.rows if operator.rows is not None else int(np.floor((operator.fraction or 0) * count + 0.5))
    return (ordered.take(np.sort(permutation(count, operator.seed, salt)[:most])),)


@over_arrow.register(ZipWithId)
def _(operator: ZipWithId, table: pa.Table, salt: str) -> tuple[pa.Table, ...]:
    import numpy as np
    import pyarrow as pa

    ordered = _sorted(table.combine_chunks())
    return (ordered.append_column(operator.name, pa.array(np.arange(ordered.num_rows, dtype=np.int64))),)


@over_arrow.register(WriteFile)
def _(operator: WriteFile, table: pa.Table, salt: str) -> tuple[pa.Table, ...]:
    from jupyter_wayang.platforms.relational.writing import write

    return (write(operator, table),)


def split(table: pa.Table, operator: Split, salt: str) -> tuple[pa.Table, pa.Table]:
    """Cut a table in two, ``operator.fraction`` of the rows of every stratum in the first part.

    Parameters
    ----------
    table
        Rows in the project's closed set of types.
    operator
        Fraction, seed and strata.
    salt
        The name of the site: sites with equal rows draw differently.

    Returns
    -------
    tuple[pyarrow.Table, pyarrow.Table]
        Two tables with the columns of the input, each sorted by all columns.

    Examples
    --------
    >>> import pyarrow as pa
    >>> first, second = split(pa.table({"n": [3, 1, 2, 4]}), Split(fraction=0.5, seed=7), "here")
    >>> len(first), sorted(first["n"].to_pylist() + second["n"].to_pylist())
    (2, [1, 2, 3, 4])
    """
    import numpy as np
    import pyarrow as pa

    ordered = _sorted(table.combine_chunks())
    count = ordered.num_rows
    strata = _strata(ordered, operator)
    drawn = permutation(count, operator.seed, salt)
    # Stable, so that within a stratum the rows stay in the order in which they are drawn.
    grouped = drawn[np.argsort(strata[drawn], kind="stable")]
    first = np.zeros(count, dtype=bool)
    start = 0
    for size in np.bincount(strata):
        first[grouped[start : start + int(np.floor(operator.fraction * size + 0.5))]] = True
        start += size
    return ordered.filter(pa.array(first)), ordered.filter(pa.array(~first))


def permutation(count: int, seed: int, salt: str) -> np.ndarray:
    """Return the order in which sorted rows are drawn.

    Examples
    --------
    >>> sorted(permutation(3, 7, "here").tolist())
    [0, 1, 2]
    """
    import numpy as np

    digest = hashlib.sha256(f"{seed}:{salt}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big"))).permutation(count)


def _sorted(table: pa.Table) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    # A column of nothing but null has no order.
    keys = [(field.name, "ascending") for field in table.schema if not pa.types.is_null(field.type)]
    if not keys:
        return table
    return table.take(pc.sort_indices(table, sort_keys=keys))  # nulls last is how Arrow sorts


def _strata(table: pa.Table, operator: Split) -> np.ndarray:
    """Return the number of the stratum of every row, from 0."""
    import numpy as np
    import pyarrow as pa

    from jupyter_wayang.plan.rows import schema_of
    from jupyter_wayang.platforms.relational.frames import PYARROW, evaluate

    codes = np.zeros(table.num_rows, dtype=np.int64)
    if not operator.by or not table.num_rows:
        return codes
    named = tuple(Named(name=f"by{index}", expression=expression) for index, expression in enumerate(operator.by))
    keys = evaluate(named, table, schema_of(table.schema), PYARROW, "split")
    for column in keys.columns:
        if pa.types.is_null(column.type):
            continue
        encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
        levels = encoded.indices.to_numpy()
        # Numbered anew after every column, so that the codes never outgrow the number of rows.
        codes = np.unique(codes * (int(levels.max()) + 1) + levels, return_inverse=True)[1]
    return codes
