"""What scikit-learn costs, in seconds."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=3.6,
    operators={
        "local_update": Coefficient(fixed_s=2.0e-3, row_s=1.5e-7),
        "score": Coefficient(fixed_s=2.0e-4, row_s=1.5e-7),
    },
)
