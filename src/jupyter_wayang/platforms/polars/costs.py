"""What Polars costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-24, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.22,
    operators={
        "read_file": Coefficient(fixed_s=0.00043, byte_s=9.4e-10, spread=1.9),
        "read_frame": Coefficient(fixed_s=0.00012, row_s=1.6e-09, byte_s=1.2e-10, spread=1.4),
        "filter": Coefficient(fixed_s=0.00022, byte_s=4.2e-11, spread=1.3),
        "select": Coefficient(fixed_s=0.00085, byte_s=4.7e-11, spread=1.6),
        "group_by": Coefficient(fixed_s=0.0013, out_row_s=6.8e-08, byte_s=4.4e-10, spread=1.5),
        "join": Coefficient(fixed_s=0.00076, row_s=1e-08, spread=1.5),
        "sort": Coefficient(fixed_s=0.00031, row_s=6.3e-08, byte_s=3.2e-10, spread=1.3),
        "limit": Coefficient(fixed_s=3.3e-05, row_s=1.5e-12, spread=1.2),
        "split": Coefficient(fixed_s=0.00063, row_s=6.1e-08, byte_s=8.6e-10, spread=1.2),
        "local_update": Coefficient(fixed_s=0.0023, row_s=6.9e-08, out_row_s=0.017, spread=1.2),
        "score": Coefficient(fixed_s=0.02, row_s=6.6e-08, spread=1.2),
    },
    conversions={
        "arrow.table>polars.frame": Coefficient(fixed_s=3.6e-05, row_s=4.9e-09, byte_s=1.1e-11, spread=1.2),
        "polars.frame>arrow.table": Coefficient(fixed_s=6.8e-05, row_s=3.9e-09, byte_s=2.3e-11, spread=1.3),
        "parquet.file>polars.frame": Coefficient(fixed_s=0.00054, byte_s=2.8e-10, spread=1.2),
    },
)
