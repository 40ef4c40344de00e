"""What NumPy costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-24, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.18,
    operators={
        "local_update": Coefficient(fixed_s=1.2e-05, row_s=1.6e-08, out_row_s=8.1e-06, spread=3.4),
        "score": Coefficient(fixed_s=3.4e-05, row_s=2.9e-08, spread=1.7),
        "fit_linear_regression": Coefficient(fixed_s=0.0004, row_s=3e-08, spread=2.0),
        "minibatch_update": Coefficient(fixed_s=5e-05, row_s=6e-07, spread=4.0),
        "infer": Coefficient(fixed_s=0.0006, row_s=2e-06, spread=4.0),
        "measure": Coefficient(fixed_s=0.001, row_s=2e-06, spread=4.0),
    },
)
