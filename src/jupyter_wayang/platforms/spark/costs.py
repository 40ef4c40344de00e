"""What Spark costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-25, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=4.5,
    operators={
        "read_file": Coefficient(fixed_s=0.017, byte_s=8.1e-09, spread=2.5),
        "read_frame": Coefficient(fixed_s=0.0052, byte_s=3.3e-09, spread=1.3),
        "read_table": Coefficient(fixed_s=0.017, byte_s=8.1e-09, spread=3.0),
        "filter": Coefficient(fixed_s=0.0013, byte_s=6.7e-11, spread=1.8),
        "select": Coefficient(fixed_s=0.0029, decimal_s=1.8e-07, spread=4.1),
        "group_by": Coefficient(
            fixed_s=0.03, row_s=5e-07, out_row_s=7.1e-08, operation_s=7.6e-09, decimal_s=7e-07, spread=1.8
        ),
        "join": Coefficient(fixed_s=0.0069, row_s=3e-07, spread=1.6),
        "sort": Coefficient(fixed_s=0.026, row_s=1.4e-06, spread=1.6),
        "limit": Coefficient(fixed_s=0.0023, row_s=4.3e-08, spread=3.5),
        "split": Coefficient(fixed_s=0.021, row_s=3.8e-07, byte_s=2.9e-08, spread=1.2),
        "union": Coefficient(fixed_s=0.00097, byte_s=1.1e-10, spread=1.2),
        "intersect": Coefficient(fixed_s=0.0042, row_s=1.6e-07, byte_s=2e-08, spread=3.5),
        "except_": Coefficient(fixed_s=0.0018, row_s=1.4e-07, byte_s=8.1e-09, spread=1.4),
        "map": Coefficient(fixed_s=0.074, row_s=8.8e-07, byte_s=7.9e-09, spread=1.2),
        "filter_by": Coefficient(fixed_s=0.068, row_s=3.1e-07, byte_s=1.5e-08, spread=1.3),
        "flat_map": Coefficient(fixed_s=0.073, row_s=7.3e-07, byte_s=1.3e-08, spread=1.2),
        "map_batches": Coefficient(fixed_s=0.063, row_s=5.2e-07, byte_s=1.1e-08, spread=1.2),
        "local_update": Coefficient(fixed_s=0.065, spread=1.4),
        "score": Coefficient(fixed_s=0.066, spread=1.5),
        "fit_linear_regression": Coefficient(fixed_s=0.6, row_s=5e-07, spread=2.0),
    },
    conversions={
        "parquet.file>spark.frame": Coefficient(fixed_s=0.0035, byte_s=9e-10, spread=2.0),
        "spark.frame>arrow.table": Coefficient(fixed_s=0.0071, row_s=9.8e-07, byte_s=1.2e-09, spread=1.7),
        "spark.frame>parquet.file": Coefficient(fixed_s=0.05, row_s=1.8e-07, byte_s=2e-08, spread=1.2),
    },
)
