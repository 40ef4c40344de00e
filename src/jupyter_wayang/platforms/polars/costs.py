"""What polars costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-24, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.23,
    operators={
        "read_file": Coefficient(fixed_s=0.00043, byte_s=1e-09, spread=2.2),
        "read_frame": Coefficient(fixed_s=0.00014, row_s=1e-09, byte_s=1.3e-10, spread=1.4),
        "filter": Coefficient(fixed_s=0.00021, byte_s=5e-11, spread=1.2),
        "select": Coefficient(fixed_s=0.0014, byte_s=8.4e-11, spread=4.3),
        "group_by": Coefficient(fixed_s=0.0012, out_row_s=6.8e-08, byte_s=5.1e-10, spread=1.7),
        "join": Coefficient(fixed_s=0.00067, row_s=1.7e-08, spread=1.3),
        "sort": Coefficient(fixed_s=0.00022, row_s=6.3e-08, byte_s=4.2e-10, spread=1.3),
        "limit": Coefficient(fixed_s=3.3e-05, row_s=2e-12, spread=1.2),
        "split": Coefficient(fixed_s=0.00068, row_s=4.9e-08, byte_s=8.2e-10, spread=1.2),
        "union": Coefficient(fixed_s=0.00044, byte_s=3e-12, spread=1.7),
        "intersect": Coefficient(fixed_s=0.0029, row_s=8.2e-08, byte_s=1.9e-09, spread=2.8),
        "except_": Coefficient(fixed_s=0.0028, row_s=5e-08, byte_s=2.1e-09, spread=1.5),
        "local_update": Coefficient(fixed_s=0.0022, row_s=7.7e-08, out_row_s=0.017, spread=1.2),
        "score": Coefficient(fixed_s=0.019, row_s=9.3e-08, spread=1.2),
    },
    conversions={
        "arrow.table>polars.frame": Coefficient(fixed_s=3.3e-05, row_s=4.8e-09, byte_s=1.4e-11, spread=1.2),
        "polars.frame>arrow.table": Coefficient(fixed_s=5.6e-05, row_s=4.4e-09, byte_s=1.8e-11, spread=1.3),
        "parquet.file>polars.frame": Coefficient(fixed_s=0.00049, byte_s=2.9e-10, spread=1.2),
    },
)
