"""What Spark costs on one machine: shipped coefficients, measured by ``benchmarks/``.

Operators are put together and run as one job, so a fixed part is what an operator adds to a job; the job itself is paid
where rows leave Spark.
"""

from __future__ import annotations

from jupyter_wayang.platforms.platform import ARROW, PARQUET, Coefficient, CostTable
from jupyter_wayang.platforms.spark.channels import FRAME

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=8.0,
    operators={
        "read_file": Coefficient(fixed_s=0.10, byte_s=4e-9, spread=2.0),
        "read_frame": Coefficient(fixed_s=0.10, byte_s=9e-9),
        "filter": Coefficient(fixed_s=0.03, row_s=3e-8),
        "select": Coefficient(fixed_s=0.03, row_s=4e-8),
        "group_by": Coefficient(fixed_s=0.15, row_s=8e-8, out_row_s=2e-7, spread=2.0),
        "join": Coefficient(fixed_s=0.20, row_s=2e-7, out_row_s=1e-7, spread=2.0),
        "sort": Coefficient(fixed_s=0.20, row_s=4.5e-7),
        "limit": Coefficient(fixed_s=0.05),
        "split": Coefficient(fixed_s=0.25, row_s=2e-6),
        "local_update": Coefficient(fixed_s=0.15, row_s=3e-7),
        "score": Coefficient(fixed_s=0.15, row_s=1.2e-6),
    },
    conversions={
        f"{PARQUET}>{FRAME}": Coefficient(fixed_s=0.10, byte_s=6e-9),
        f"{FRAME}>{ARROW}": Coefficient(fixed_s=0.15, byte_s=1.8e-8),
        f"{FRAME}>{PARQUET}": Coefficient(fixed_s=0.20, byte_s=1.8e-8),
    },
)
