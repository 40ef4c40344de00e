"""What Spark costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-24, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=5.7,
    operators={
        "read_file": Coefficient(fixed_s=0.08, row_s=2.2e-07, byte_s=2e-08, spread=1.8),
        "read_frame": Coefficient(fixed_s=0.056, row_s=3.4e-07, byte_s=5.4e-09, spread=1.2),
        "filter": Coefficient(fixed_s=0.029, out_row_s=5.9e-07, byte_s=3.9e-10, spread=1.2),
        "select": Coefficient(fixed_s=0.03, row_s=4.5e-07, byte_s=2.6e-10, spread=1.3),
        "group_by": Coefficient(fixed_s=0.062, row_s=4.4e-07, out_row_s=5.7e-07, byte_s=1.1e-09, spread=1.2),
        "join": Coefficient(fixed_s=0.086, row_s=3.8e-07, spread=1.3),
        "sort": Coefficient(fixed_s=0.071, row_s=1.2e-06, byte_s=5.7e-09, spread=1.3),
        "limit": Coefficient(fixed_s=0.022, row_s=5.7e-07, spread=1.3),
        "split": Coefficient(fixed_s=0.085, row_s=7e-07, byte_s=1.6e-08, spread=1.2),
        "local_update": Coefficient(fixed_s=0.093, row_s=3.6e-07, spread=1.7),
        "score": Coefficient(fixed_s=0.085, row_s=1.3e-06, spread=1.2),
    },
    conversions={
        "parquet.file>spark.frame": Coefficient(fixed_s=0.034, row_s=3.4e-07, byte_s=2.9e-09, spread=1.3),
        "spark.frame>arrow.table": Coefficient(fixed_s=0.011, row_s=1.5e-07, byte_s=6.2e-09, spread=1.2),
        "spark.frame>parquet.file": Coefficient(fixed_s=0.087, row_s=1.8e-07, byte_s=2.1e-08, spread=1.2),
    },
)
