"""The seam of partitions, and the one way in which rows are cut into shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from jupyter_wayang.errors import OperatorError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["Partition", "concentration", "cut", "parameter"]


class Partition(Protocol):
    """Deals rows to clients. A frozen struct whose fields are its parameters; all chance comes from the generator."""

    @property
    def column(self) -> str | None:
        """The column that it needs beside the labels, if it needs one."""
        ...

    def deal(
        self, labels: np.ndarray, values: pa.ChunkedArray | None, clients: int, chance: np.random.Generator
    ) -> np.ndarray:
        """Return the client of every row, numbers from 0 up to, and without, ``clients``.

        Parameters
        ----------
        labels
            The class of every row, from 0: integers of shape (rows,).
        values
            The values of :attr:`column`, if there is one.
        clients
            How many clients there are.
        chance
            The generator.
        """
        ...


def cut(order: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the client of every row: rows in some order, cut where the shares say.

    Parameters
    ----------
    order
        A permutation of the rows.
    shares
        The share of each client, sum 1.

    Examples
    --------
    >>> import numpy as np
    >>> cut(np.array([3, 1, 0, 2]), np.array([0.25, 0.75])).tolist()
    [1, 1, 1, 0]
    """
    import numpy as np

    ends = np.rint(np.cumsum(shares) * len(order)).astype(np.int64)
    ends[-1] = len(order)
    dealt = np.empty(len(order), dtype=np.int64)
    dealt[order] = np.repeat(np.arange(len(shares)), np.diff(ends, prepend=0))
    return dealt


def parameter(word: str, name: str, value: object, low: float, high: float, bounds: str) -> None:
    """Raise an :class:`OperatorError` unless a parameter of a partition is a number within its bounds, both inclusive."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise OperatorError(f"{word}: {name} must be a number {bounds}", found=str(value))


def concentration(word: str, value: object) -> None:
    """Raise an :class:`OperatorError` unless the alpha of a Dirichlet distribution is above 0, and not beyond all bounds."""
    parameter(f"{word}()", "alpha", value, 1e-6, 1e9, "from 0.000001 to 1,000,000,000")
