"""What pandas costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-24, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.17,
    operators={
        "read_file": Coefficient(fixed_s=0.00068, row_s=1.9e-08, byte_s=1.9e-09, spread=1.5),
        "read_frame": Coefficient(fixed_s=0.00025, byte_s=3.4e-11, spread=1.6),
        "filter": Coefficient(fixed_s=0.00051, row_s=6.6e-09, byte_s=1.5e-10, spread=1.4),
        "select": Coefficient(fixed_s=0.0031, byte_s=7.2e-10, spread=5.3),
        "group_by": Coefficient(fixed_s=0.0042, byte_s=5.8e-10, spread=2.0),
        "join": Coefficient(fixed_s=0.0024, out_row_s=1.9e-08, spread=1.2),
        "sort": Coefficient(fixed_s=0.0007, row_s=7.4e-08, byte_s=8e-10, spread=1.2),
        "limit": Coefficient(fixed_s=0.0001, row_s=1.7e-12, spread=1.2),
        "split": Coefficient(fixed_s=0.0011, row_s=3.8e-08, byte_s=8.2e-10, spread=1.2),
        "union": Coefficient(fixed_s=0.0013, byte_s=1e-11, spread=1.6),
        "intersect": Coefficient(fixed_s=0.013, row_s=3.4e-07, byte_s=4.4e-09, spread=2.0),
        "except_": Coefficient(fixed_s=0.021, byte_s=7.8e-09, spread=2.3),
        "local_update": Coefficient(fixed_s=0.00094, row_s=4.5e-07, out_row_s=0.059, spread=1.2),
        "score": Coefficient(fixed_s=0.07, row_s=7.4e-07, spread=1.2),
    },
    conversions={
        "arrow.table>pandas.frame": Coefficient(fixed_s=0.00012, byte_s=1.2e-12, spread=1.5),
        "pandas.frame>arrow.table": Coefficient(fixed_s=0.00026, byte_s=4.3e-11, spread=2.8),
        "parquet.file>pandas.frame": Coefficient(fixed_s=0.001, row_s=1.4e-08, byte_s=3.9e-10, spread=1.3),
    },
)
