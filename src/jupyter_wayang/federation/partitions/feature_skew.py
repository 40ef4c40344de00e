"""Feature skew: clients differ in the values of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.partitions.partition import cut, parameter

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["FeatureSkew", "feature_skew"]


class FeatureSkew(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="feature_skew"):
    r"""Rows are dealt in equal numbers, in the order of a column that is blurred by chance.

    A row of rank r (from 0 to 1) comes in the order of :math:`(1 - m) r + m u` with :math:`u \sim U(0, 1)`.

    Parameters
    ----------
    column
        A column whose values have an order. Nulls come last.
    mixing
        The m, from 0 (each client has values of its own) to 1 (no skew).
    """

    by: str
    mixing: float = 0.1

    def __post_init__(self) -> None:
        if not isinstance(self.by, str):
            raise OperatorError("feature_skew() takes the name of a column", hint='as in feature_skew("age")')
        parameter("feature_skew()", "mixing", self.mixing, 0, 1, "from 0 to 1")

    @property
    def column(self) -> str | None:
        """The column that clients differ in."""
        return self.by

    def deal(
        self, labels: np.ndarray, values: pa.ChunkedArray | None, clients: int, chance: np.random.Generator
    ) -> np.ndarray:
        """Return the client of every row."""
        import numpy as np
        import pyarrow.compute as pc

        rank = np.empty(len(labels))
        rank[pc.sort_indices(values).to_numpy()] = np.linspace(0.0, 1.0, len(labels))
        key = (1 - self.mixing) * rank + self.mixing * chance.random(len(labels))
        return cut(np.argsort(key, kind="stable"), np.full(clients, 1 / clients))


def feature_skew(column: str, mixing: float = 0.1) -> FeatureSkew:
    """Return the partition in which clients differ in the values of a column; ``mixing=1`` is no skew.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> ages = pa.chunked_array([[61, 20, 35, 72]])
    >>> feature_skew("age", mixing=0).deal(np.zeros(4), ages, 2, np.random.default_rng(0)).tolist()
    [1, 0, 0, 1]
    """
    return FeatureSkew(by=column, mixing=mixing)
