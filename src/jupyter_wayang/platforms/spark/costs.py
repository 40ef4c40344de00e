"""What Spark costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-25, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=5.5,
    operators={
        "read_file": Coefficient(fixed_s=0.09, byte_s=1.9e-08, spread=1.7),
        "read_frame": Coefficient(fixed_s=0.064, row_s=2e-07, byte_s=5.4e-09, spread=1.2),
        "read_table": Coefficient(fixed_s=0.09, byte_s=1.9e-08, spread=3.0),
        "filter": Coefficient(fixed_s=0.052, row_s=2.9e-07, byte_s=6.3e-10, spread=1.5),
        "select": Coefficient(fixed_s=0.046, row_s=2.7e-07, byte_s=2.7e-09, spread=1.3),
        "group_by": Coefficient(fixed_s=0.067, out_row_s=1.1e-06, byte_s=8.4e-09, spread=1.2),
        "join": Coefficient(fixed_s=0.073, row_s=8e-07, spread=2.6),
        "sort": Coefficient(fixed_s=0.057, byte_s=3.8e-08, spread=1.3),
        "limit": Coefficient(fixed_s=0.026, row_s=6.6e-07, spread=1.5),
        "split": Coefficient(fixed_s=0.084, row_s=1.6e-07, byte_s=4.1e-08, spread=1.2),
        "union": Coefficient(fixed_s=0.12, row_s=1.6e-06, byte_s=5e-09, spread=1.2),
        "intersect": Coefficient(fixed_s=0.24, row_s=2.8e-06, byte_s=9.8e-08, spread=1.8),
        "except_": Coefficient(fixed_s=0.1, row_s=2.8e-06, byte_s=9.8e-08, spread=1.3),
        "map": Coefficient(fixed_s=0.18, row_s=4.7e-06, spread=1.6),
        "filter_by": Coefficient(fixed_s=0.19, byte_s=1.2e-07, spread=1.2),
        "flat_map": Coefficient(fixed_s=0.25, row_s=6.8e-06, byte_s=1.3e-08, spread=1.2),
        "map_batches": Coefficient(fixed_s=0.18, byte_s=8.4e-08, spread=1.3),
        "local_update": Coefficient(fixed_s=0.065, row_s=9.7e-07, spread=1.9),
        "score": Coefficient(fixed_s=0.063, row_s=2.6e-06, spread=1.4),
        "fit_linear_regression": Coefficient(fixed_s=0.6, row_s=5e-07, spread=2.0),
    },
    conversions={
        "parquet.file>spark.frame": Coefficient(fixed_s=0.035, row_s=9e-07, byte_s=1e-09, spread=1.2),
        "spark.frame>arrow.table": Coefficient(fixed_s=0.013, row_s=3.7e-07, byte_s=5.1e-09, spread=1.2),
        "spark.frame>parquet.file": Coefficient(fixed_s=0.066, row_s=4.7e-07, byte_s=2.1e-08, spread=1.2),
    },
)
