"""How rows are dealt to simulated clients: one skew a file, seeded."""

from __future__ import annotations

from jupyter_wayang.federation.partitions.by_column import ByColumn, by_column
from jupyter_wayang.federation.partitions.dirichlet import Dirichlet, dirichlet
from jupyter_wayang.federation.partitions.feature_skew import FeatureSkew, feature_skew
from jupyter_wayang.federation.partitions.iid import Iid, iid
from jupyter_wayang.federation.partitions.partition import Partition
from jupyter_wayang.federation.partitions.quantity_skew import QuantitySkew, quantity_skew

__all__ = [
    "ByColumn",
    "Dirichlet",
    "FeatureSkew",
    "Iid",
    "Partition",
    "QuantitySkew",
    "by_column",
    "dirichlet",
    "feature_skew",
    "iid",
    "quantity_skew",
]
