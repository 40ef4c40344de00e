"""What Spark costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-25, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=7.9,
    operators={
        "read_file": Coefficient(fixed_s=0.068, row_s=7.2e-07, byte_s=3e-08, spread=1.9),
        "read_frame": Coefficient(fixed_s=0.047, row_s=1.2e-06, byte_s=4.4e-09, spread=1.2),
        "filter": Coefficient(fixed_s=0.027, row_s=5.2e-07, byte_s=5e-10, spread=1.4),
        "select": Coefficient(fixed_s=0.029, row_s=3.1e-07, byte_s=1.1e-08, spread=1.3),
        "group_by": Coefficient(fixed_s=0.053, row_s=4.3e-07, out_row_s=1.8e-06, byte_s=5.3e-09, spread=1.2),
        "join": Coefficient(fixed_s=0.062, row_s=9e-07, spread=1.3),
        "sort": Coefficient(fixed_s=0.052, row_s=1.7e-06, byte_s=1.4e-08, spread=1.2),
        "limit": Coefficient(fixed_s=0.02, row_s=9.8e-07, spread=1.4),
        "split": Coefficient(fixed_s=0.093, row_s=1e-06, byte_s=1.6e-08, spread=1.3),
        "local_update": Coefficient(fixed_s=0.092, row_s=8e-07, spread=1.5),
        "score": Coefficient(fixed_s=0.1, row_s=1.5e-06, spread=1.2),
    },
    conversions={
        "parquet.file>spark.frame": Coefficient(fixed_s=0.039, row_s=9.4e-07, byte_s=2e-09, spread=1.3),
        "spark.frame>arrow.table": Coefficient(fixed_s=0.0086, byte_s=1.7e-08, spread=1.2),
        "spark.frame>parquet.file": Coefficient(fixed_s=0.078, row_s=9e-07, byte_s=1.6e-08, spread=1.4),
    },
)
