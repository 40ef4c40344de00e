"""What pandas costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-25, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.24,
    operators={
        "read_file": Coefficient(fixed_s=0.00067, row_s=2.6e-10, byte_s=1.2e-09, spread=1.5),
        "read_frame": Coefficient(fixed_s=0.00026, byte_s=3.3e-11, spread=1.6),
        "filter": Coefficient(fixed_s=0.00061, byte_s=1.7e-10, operation_s=1.6e-09, spread=1.3),
        "select": Coefficient(fixed_s=0.0029, operation_s=9.3e-09, decimal_s=8.2e-08, spread=2.7),
        "group_by": Coefficient(fixed_s=0.0052, operation_s=8e-09, decimal_s=4.6e-08, spread=1.8),
        "join": Coefficient(fixed_s=0.0026, row_s=1.8e-08, spread=1.2),
        "sort": Coefficient(fixed_s=0.00079, row_s=7.3e-08, byte_s=8.7e-10, spread=1.2),
        "limit": Coefficient(fixed_s=0.0002, row_s=3.3e-12, spread=1.4),
        "split": Coefficient(fixed_s=0.0012, row_s=3.8e-08, byte_s=8.1e-10, spread=1.3),
        "union": Coefficient(fixed_s=0.0013, byte_s=7.5e-12, spread=1.4),
        "intersect": Coefficient(fixed_s=0.014, byte_s=7.1e-09, spread=1.2),
        "except_": Coefficient(fixed_s=0.014, byte_s=6.6e-09, spread=1.2),
        "local_update": Coefficient(fixed_s=0.0036, row_s=5.5e-07, out_row_s=0.058, spread=1.2),
        "score": Coefficient(fixed_s=0.073, row_s=7.2e-07, spread=1.2),
    },
    conversions={
        "arrow.table>pandas.frame": Coefficient(fixed_s=0.00014, row_s=3.4e-11, byte_s=8.5e-13, spread=1.2),
        "pandas.frame>arrow.table": Coefficient(fixed_s=0.00023, row_s=7.2e-10, byte_s=8.4e-12, spread=2.1),
        "parquet.file>pandas.frame": Coefficient(fixed_s=0.00081, row_s=3.3e-09, byte_s=4.2e-10, spread=1.2),
    },
)
