"""Clients that the data have already: a hospital, a user, a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.errors import OperatorError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["ByColumn", "by_column"]


class ByColumn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="by_column"):
    """Every value of a column is a client, in the order of the values.

    Parameters
    ----------
    by
        The column; it has no nulls.
    """

    by: str

    def __post_init__(self) -> None:
        if not isinstance(self.by, str):
            raise OperatorError("by_column() takes the name of a column", hint='as in by_column("hospital")')

    @property
    def column(self) -> str | None:
        """The column whose values are the clients."""
        return self.by

    def deal(
        self, labels: np.ndarray, values: pa.ChunkedArray | None, clients: int, chance: np.random.Generator
    ) -> np.ndarray:
        """Return the client of every row.

        Raises
        ------
        OperatorError
            If a row has no value.
        """
        import numpy as np

        if values is None or values.null_count:
            raise OperatorError(f"by_column(): {self.by} has rows without a value", hint="filter() them out first")
        _, dealt = np.unique(values.to_numpy(zero_copy_only=False), return_inverse=True)
        made: np.ndarray = dealt.astype(np.int64)
        return made


def by_column(column: str) -> ByColumn:
    """Return the partition in which every value of a column is a client.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> wards = pa.chunked_array([["b", "a", "b"]])
    >>> by_column("ward").deal(np.zeros(3), wards, 2, np.random.default_rng(0)).tolist()
    [1, 0, 1]
    """
    return ByColumn(by=column)
