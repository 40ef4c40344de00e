"""What pandas costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-24, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.17,
    operators={
        "read_file": Coefficient(fixed_s=0.00065, byte_s=1.5e-09, spread=1.3),
        "read_frame": Coefficient(fixed_s=0.00025, byte_s=3.1e-11, spread=1.6),
        "filter": Coefficient(fixed_s=0.0005, row_s=1.1e-09, byte_s=2e-10, spread=1.3),
        "select": Coefficient(fixed_s=0.0017, byte_s=3.7e-10, spread=2.0),
        "group_by": Coefficient(fixed_s=0.004, byte_s=5.3e-10, spread=1.8),
        "join": Coefficient(fixed_s=0.0023, row_s=1.8e-08, spread=1.2),
        "sort": Coefficient(fixed_s=0.00069, row_s=7.5e-08, byte_s=8.1e-10, spread=1.2),
        "limit": Coefficient(fixed_s=9.8e-05, row_s=5.4e-12, spread=1.2),
        "split": Coefficient(fixed_s=0.0011, row_s=5.9e-08, byte_s=9.6e-10, spread=1.2),
        "local_update": Coefficient(fixed_s=0.0056, row_s=4.5e-07, out_row_s=0.051, spread=1.2),
        "score": Coefficient(fixed_s=0.067, row_s=7.2e-07, spread=1.2),
    },
    conversions={
        "arrow.table>pandas.frame": Coefficient(fixed_s=0.00015, byte_s=2.6e-12, spread=1.3),
        "pandas.frame>arrow.table": Coefficient(fixed_s=0.00025, row_s=1.9e-10, byte_s=1.1e-11, spread=2.0),
        "parquet.file>pandas.frame": Coefficient(fixed_s=0.00084, byte_s=5.4e-10, spread=1.2),
    },
)
