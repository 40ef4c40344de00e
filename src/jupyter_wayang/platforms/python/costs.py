"""What Python costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-25, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.5,
    operators={
        "read_file": Coefficient(fixed_s=0.0006, row_s=1.9e-08, byte_s=1.9e-09, spread=1.5),
        "read_frame": Coefficient(fixed_s=1e-05, spread=1.5),
        "map": Coefficient(fixed_s=0.001, row_s=1.5e-06, spread=2.0),
        "filter_by": Coefficient(fixed_s=0.001, row_s=7e-07, spread=2.0),
        "flat_map": Coefficient(fixed_s=0.001, row_s=1e-06, out_row_s=5e-07, spread=2.0),
        "map_batches": Coefficient(fixed_s=0.001, byte_s=2e-09, spread=2.0),
        "reduce": Coefficient(fixed_s=0.001, row_s=1.5e-06, spread=2.0),
        "reduce_by": Coefficient(fixed_s=0.001, row_s=2e-06, spread=2.0),
        "co_group": Coefficient(fixed_s=0.001, row_s=1.5e-06, spread=2.0),
    },
)
