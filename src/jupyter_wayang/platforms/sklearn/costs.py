"""What scikit-learn costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-24, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.72,
    operators={
        "local_update": Coefficient(fixed_s=0.0013, row_s=1.8e-07, out_row_s=0.00048, spread=1.4),
        "score": Coefficient(fixed_s=5.9e-05, row_s=3.2e-08, spread=1.5),
    },
)
