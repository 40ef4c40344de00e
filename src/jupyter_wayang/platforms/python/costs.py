"""What Python costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-25, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.43,
    operators={
        "read_file": Coefficient(fixed_s=0.00035, row_s=8.4e-10, byte_s=1.2e-09, spread=1.8),
        "read_frame": Coefficient(fixed_s=7.8e-05, byte_s=2.5e-11, spread=2.2),
        "map": Coefficient(fixed_s=0.00028, byte_s=1.5e-08, spread=1.2),
        "filter_by": Coefficient(fixed_s=0.0003, byte_s=1e-08, spread=1.2),
        "flat_map": Coefficient(fixed_s=0.00029, row_s=2.8e-07, byte_s=1.6e-08, spread=1.2),
        "map_batches": Coefficient(fixed_s=0.0002, row_s=1.2e-08, byte_s=3.8e-10, spread=1.2),
        "reduce": Coefficient(fixed_s=0.00038, row_s=8.6e-07, byte_s=4e-08, spread=1.2),
        "reduce_by": Coefficient(fixed_s=0.0004, row_s=1e-06, byte_s=4.5e-08, spread=1.2),
        "co_group": Coefficient(fixed_s=0.00033, row_s=4.5e-07, byte_s=2.2e-08, spread=1.8),
    },
)
