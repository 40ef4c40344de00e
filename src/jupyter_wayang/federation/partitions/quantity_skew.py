"""Quantity skew: clients differ in how many rows they have, and in nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.federation.partitions.partition import concentration, cut

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["QuantitySkew", "quantity_skew"]


class QuantitySkew(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="quantity_skew"):
    r"""Shuffled rows are shared out to the N clients in the proportions :math:`q \sim \mathrm{Dir}_N(\alpha)`.

    Parameters
    ----------
    alpha
        The concentration, above 0; the smaller, the fewer clients have most of the rows.

    References
    ----------
    Li, Q., Diao, Y., Chen, Q., & He, B. (2022). Federated Learning on Non-IID Data Silos: An Experimental Study. ICDE.
    https://arxiv.org/abs/2102.02079
    """

    alpha: float

    def __post_init__(self) -> None:
        concentration("quantity_skew", self.alpha)

    @property
    def column(self) -> str | None:
        """None: it looks at no column."""
        return None

    def deal(
        self, labels: np.ndarray, values: pa.ChunkedArray | None, clients: int, chance: np.random.Generator
    ) -> np.ndarray:
        """Return the client of every row."""
        import numpy as np

        return cut(chance.permutation(len(labels)), chance.dirichlet(np.full(clients, self.alpha)))


def quantity_skew(alpha: float) -> QuantitySkew:
    """Return the partition in which clients differ in their number of rows.

    Examples
    --------
    >>> import numpy as np
    >>> np.bincount(quantity_skew(0.5).deal(np.zeros(100), None, 4, np.random.default_rng(3))).tolist()
    [94, 0, 1, 5]
    """
    return QuantitySkew(alpha=alpha)
