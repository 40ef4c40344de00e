"""No skew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.federation.partitions.partition import cut

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["Iid", "iid"]


class Iid(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="iid"):
    """Rows are shuffled and dealt in equal numbers: what every skew is compared with."""

    @property
    def column(self) -> str | None:
        """None: it looks at no column."""
        return None

    def deal(
        self, labels: np.ndarray, values: pa.ChunkedArray | None, clients: int, chance: np.random.Generator
    ) -> np.ndarray:
        """Return the client of every row."""
        import numpy as np

        return cut(chance.permutation(len(labels)), np.full(clients, 1 / clients))


def iid() -> Iid:
    """Return the partition that deals shuffled rows in equal numbers.

    Examples
    --------
    >>> import numpy as np
    >>> np.bincount(iid().deal(np.zeros(10), None, 5, np.random.default_rng(0))).tolist()
    [2, 2, 2, 2, 2]
    """
    return Iid()
