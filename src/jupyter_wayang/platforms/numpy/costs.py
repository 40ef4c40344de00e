"""What NumPy costs, in seconds."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.0,
    operators={
        "local_update": Coefficient(fixed_s=5.0e-5, row_s=3.0e-8),
        "score": Coefficient(fixed_s=2.0e-4, row_s=1.5e-7),
    },
)
