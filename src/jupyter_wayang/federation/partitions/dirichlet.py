"""Label skew: every class is shared out to the clients in random proportions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.federation.partitions.partition import concentration, cut

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["Dirichlet", "dirichlet"]


class Dirichlet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dirichlet"):
    r"""The rows of class c are shared out to the N clients in the proportions :math:`p_c \sim \mathrm{Dir}_N(\alpha)`.

    A small ``alpha`` gives each class to few clients; a large one comes near equal shares. Clients differ in their
    number of rows too, and a client may get none.

    Parameters
    ----------
    alpha
        The concentration, above 0; 0.5 is usual.

    References
    ----------
    Yurochkin, M., et al. (2019). Bayesian Nonparametric Federated Learning of Neural Networks. ICML.
    https://arxiv.org/abs/1905.12022
    Li, Q., Diao, Y., Chen, Q., & He, B. (2022). Federated Learning on Non-IID Data Silos: An Experimental Study. ICDE.
    https://arxiv.org/abs/2102.02079
    """

    alpha: float

    def __post_init__(self) -> None:
        concentration("dirichlet", self.alpha)

    @property
    def column(self) -> str | None:
        """None: it looks at the labels alone."""
        return None

    def deal(
        self, labels: np.ndarray, values: pa.ChunkedArray | None, clients: int, chance: np.random.Generator
    ) -> np.ndarray:
        """Return the client of every row."""
        import numpy as np

        dealt = np.empty(len(labels), dtype=np.int64)
        for label in np.unique(labels):
            rows = np.flatnonzero(labels == label)
            dealt[rows] = cut(chance.permutation(len(rows)), chance.dirichlet(np.full(clients, self.alpha)))
        return dealt


def dirichlet(alpha: float) -> Dirichlet:
    """Return label skew by a Dirichlet distribution; the smaller ``alpha``, the fewer classes a client has.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.repeat([0, 1], 500)
    >>> dealt = dirichlet(0.1).deal(labels, None, 4, np.random.default_rng(0))
    >>> [[int(np.sum((dealt == client) & (labels == label))) for client in range(4)] for label in (0, 1)]
    [[336, 125, 0, 39], [9, 0, 0, 491]]
    """
    return Dirichlet(alpha=alpha)
