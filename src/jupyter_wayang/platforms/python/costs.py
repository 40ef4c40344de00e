"""What Python costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-25, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.8,
    operators={
        "read_file": Coefficient(fixed_s=0.00041, byte_s=2.8e-09, spread=1.8),
        "read_frame": Coefficient(fixed_s=7.8e-05, byte_s=2.6e-11, spread=2.1),
        "map": Coefficient(fixed_s=0.00031, row_s=6.6e-07, byte_s=2.1e-08, spread=1.2),
        "filter_by": Coefficient(fixed_s=0.00038, row_s=1e-08, byte_s=1.5e-08, spread=1.2),
        "flat_map": Coefficient(fixed_s=0.00025, row_s=2.8e-06, byte_s=1.7e-08, spread=1.2),
        "map_batches": Coefficient(fixed_s=0.0003, row_s=6.9e-09, byte_s=4.2e-10, spread=1.2),
        "reduce": Coefficient(fixed_s=0.0005, row_s=1e-06, byte_s=5.7e-08, spread=1.4),
        "reduce_by": Coefficient(fixed_s=0.00034, row_s=1.2e-06, byte_s=7.4e-08, spread=1.3),
        "co_group": Coefficient(fixed_s=0.0002, row_s=2.7e-06, byte_s=2.8e-08, spread=1.7),
    },
)
