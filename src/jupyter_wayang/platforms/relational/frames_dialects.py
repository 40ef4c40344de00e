"""What is not the same in all frames that narwhals reaches: integer overflow, reading dates, what an engine raises.

Only engines import this module. Integers overflow with an error everywhere:

- pandas with Arrow types checks every operation itself;
- polars wraps, so integers are computed in 128 bits and cast back strictly, which fails where they do not fit;
- pyarrow wraps and has no wider integer; there the result is compared with the same operation in floats (a wrap is
  off by 2**64, far more than a float of that size can be) and a text that is no number is cast where they differ.
"""

from __future__ import annotations

import operator as operators
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ARITHMETIC", "PANDAS", "POLARS", "PYARROW", "Dialect"]

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {"+": operators.add, "-": operators.sub, "*": operators.mul}


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How one kind of frame differs."""

    name: str
    """What the frames are called in messages."""
    exact: Callable[[str, nw.Expr, nw.Expr], nw.Expr]
    """Integer ``+``, ``-`` or ``*`` that fails instead of wrapping."""
    widen: Callable[[nw.Expr], nw.Expr]
    """Integers as the nearest floats."""
    reads_moments: bool
    """Whether text can be cast to a date or a timestamp."""
    constant_columns: bool
    """Whether a constant must stand in a column of its own to have a type that knows null."""
    from_arrow: Callable[[pa.Table], Any]
    """A native frame of a table."""
    attached: Callable[[Any, pa.Table], Any]
    """A native frame with the columns of a table added."""
    errors: Callable[[], tuple[type[Exception], ...]]
    """What the engine raises; a function, because it imports the engine."""


def _halves(a: nw.Expr) -> nw.Expr:
    # Arrow casts no integer beyond 2**53 to a float; the halves are exact, and their sum is rounded once.
    high = a // 2**32
    return high.cast(nw.Float64()) * 2.0**32 + (a - high * 2**32).cast(nw.Float64())


def _cast(a: nw.Expr) -> nw.Expr:
    return a.cast(nw.Float64())


def _pandas(op: str, a: nw.Expr, b: nw.Expr) -> nw.Expr:
    made: nw.Expr = ARITHMETIC[op](a, b)
    return made


def _polars(op: str, a: nw.Expr, b: nw.Expr) -> nw.Expr:
    made: nw.Expr = ARITHMETIC[op](a.cast(nw.Int128()), b.cast(nw.Int128()))
    return made.cast(nw.Int64())


def _pyarrow(op: str, a: nw.Expr, b: nw.Expr) -> nw.Expr:
    made: nw.Expr = ARITHMETIC[op](a, b)
    wrapped = (_halves(made) - ARITHMETIC[op](_halves(a), _halves(b))).abs() > 2.0**62
    failing = nw.when(wrapped).then(nw.lit("overflow")).otherwise(nw.lit("0")).cast(nw.Int64())
    return made + failing


def _pandas_frame(table: pa.Table) -> Any:
    import pandas as pd

    return table.to_pandas(types_mapper=pd.ArrowDtype)


def _polars_frame(table: pa.Table) -> Any:
    import polars as pl

    if "" not in table.column_names:
        return pl.DataFrame(pl.from_arrow(table))
    # polars would make up a name for a column without one.
    numbered = table.rename_columns([f"c{index}" for index in range(table.num_columns)])
    made = pl.DataFrame(pl.from_arrow(numbered))
    made.columns = table.column_names
    return made


def _attached_to_pandas(frame: Any, table: pa.Table) -> Any:
    added = _pandas_frame(table)
    return frame.assign(**{name: added[name].set_axis(frame.index) for name in added.columns})


def _attached_to_polars(frame: Any, table: pa.Table) -> Any:
    return frame.hstack(_polars_frame(table))


def _attached_to_arrow(frame: pa.Table, table: pa.Table) -> pa.Table:
    for name in table.column_names:
        frame = frame.append_column(name, table.column(name))
    return frame


def _arrow_table(table: pa.Table) -> Any:
    return table


def _arrow_errors() -> tuple[type[Exception], ...]:
    import pyarrow as pa

    # Arrow's errors are no ValueErrors only where a type has no such operation.
    return (pa.ArrowException, ValueError, TypeError, ArithmeticError, nw.exceptions.NarwhalsError)


def _polars_errors() -> tuple[type[Exception], ...]:
    import polars as pl

    return (pl.exceptions.PolarsError, ValueError, TypeError, nw.exceptions.NarwhalsError)


PANDAS = Dialect(
    name="pandas",
    exact=_pandas,
    widen=_halves,
    reads_moments=True,
    constant_columns=True,
    from_arrow=_pandas_frame,
    attached=_attached_to_pandas,
    errors=_arrow_errors,
)
POLARS = Dialect(
    name="polars",
    exact=_polars,
    widen=_cast,
    reads_moments=False,
    constant_columns=False,
    from_arrow=_polars_frame,
    attached=_attached_to_polars,
    errors=_polars_errors,
)
PYARROW = Dialect(
    name="pyarrow",
    exact=_pyarrow,
    widen=_halves,
    reads_moments=True,
    constant_columns=False,
    from_arrow=_arrow_table,
    attached=_attached_to_arrow,
    errors=_arrow_errors,
)
