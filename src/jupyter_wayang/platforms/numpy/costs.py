"""What NumPy costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-25, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.22,
    operators={
        "local_update": Coefficient(fixed_s=1.1e-05, row_s=1.3e-08, out_row_s=8.3e-06, spread=1.7),
        "score": Coefficient(fixed_s=2.9e-05, row_s=2.7e-08, spread=2.0),
        "fit_linear_regression": Coefficient(fixed_s=0.0004, row_s=3e-08, spread=2.0),
        "minibatch_update": Coefficient(fixed_s=5e-05, row_s=6e-07, spread=4.0),
        "infer": Coefficient(fixed_s=0.0006, row_s=2e-06, spread=4.0),
        "measure": Coefficient(fixed_s=0.001, row_s=2e-06, spread=4.0),
        "private_update": Coefficient(fixed_s=2e-05, row_s=2.7e-08, out_row_s=1.4e-05, spread=3.4),
    },
)
