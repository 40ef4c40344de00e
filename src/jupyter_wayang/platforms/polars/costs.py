"""What polars costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-25, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.29,
    operators={
        "read_file": Coefficient(fixed_s=0.0005, byte_s=9e-10, spread=1.7),
        "read_frame": Coefficient(fixed_s=0.00017, byte_s=1.4e-10, spread=1.4),
        "filter": Coefficient(fixed_s=0.00025, byte_s=2.7e-11, operation_s=2.3e-10, spread=1.2),
        "select": Coefficient(fixed_s=0.0014, operation_s=9.2e-10, decimal_s=7.7e-08, spread=2.0),
        "group_by": Coefficient(
            fixed_s=0.0016, row_s=5.7e-10, out_row_s=3.7e-08, operation_s=3.6e-09, decimal_s=3.8e-08, spread=1.7
        ),
        "join": Coefficient(fixed_s=0.00083, row_s=8.5e-09, spread=1.3),
        "sort": Coefficient(fixed_s=0.00029, row_s=7.4e-08, byte_s=1.9e-10, spread=1.2),
        "limit": Coefficient(fixed_s=3.1e-05, row_s=4.1e-12, spread=1.2),
        "split": Coefficient(fixed_s=0.00073, row_s=5.2e-08, byte_s=7.2e-10, spread=1.2),
        "union": Coefficient(fixed_s=0.00055, byte_s=2.5e-12, spread=1.3),
        "intersect": Coefficient(fixed_s=0.0033, row_s=4.5e-08, byte_s=1e-09, spread=1.2),
        "except_": Coefficient(fixed_s=0.0032, row_s=5e-08, byte_s=8.3e-10, spread=1.3),
        "local_update": Coefficient(fixed_s=0.003, row_s=6.4e-08, out_row_s=0.018, spread=1.2),
        "score": Coefficient(fixed_s=0.02, row_s=7.2e-08, spread=1.2),
    },
    conversions={
        "arrow.table>polars.frame": Coefficient(fixed_s=3.6e-05, row_s=5.3e-09, byte_s=1.2e-11, spread=1.3),
        "polars.frame>arrow.table": Coefficient(fixed_s=5.8e-05, row_s=4.6e-09, byte_s=2.3e-11, spread=1.6),
        "parquet.file>polars.frame": Coefficient(fixed_s=0.00061, byte_s=2.8e-10, spread=1.2),
    },
)
