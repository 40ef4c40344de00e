"""What DuckDB costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-24, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.26,
    operators={
        "read_file": Coefficient(fixed_s=0.003, byte_s=2.9e-09, spread=1.4),
        "read_frame": Coefficient(fixed_s=0.00063, byte_s=4.9e-11, spread=1.4),
        "read_table": Coefficient(fixed_s=0.0023, row_s=2.3e-09, byte_s=7e-10, spread=1.4),
        "filter": Coefficient(fixed_s=0.0009, out_row_s=8.1e-09, byte_s=5.1e-10, spread=1.2),
        "select": Coefficient(fixed_s=0.0014, byte_s=5.3e-10, spread=1.7),
        "group_by": Coefficient(fixed_s=0.0014, byte_s=2.6e-10, spread=1.3),
        "join": Coefficient(fixed_s=0.0015, row_s=3.5e-08, spread=1.3),
        "sort": Coefficient(fixed_s=0.0013, row_s=1.7e-08, byte_s=1.7e-09, spread=1.2),
        "limit": Coefficient(fixed_s=0.00081, row_s=6.5e-08, spread=1.4),
        "split": Coefficient(fixed_s=0.0021, row_s=3.8e-08, byte_s=1.2e-09, spread=1.2),
        "union": Coefficient(fixed_s=0.0013, row_s=7e-09, byte_s=8.6e-10, spread=1.7),
        "intersect": Coefficient(fixed_s=0.0039, byte_s=4.4e-09, spread=1.3),
        "except_": Coefficient(fixed_s=0.0031, byte_s=3.9e-09, spread=1.5),
        "local_update": Coefficient(fixed_s=0.00015, row_s=8.2e-08, out_row_s=0.018, spread=1.2),
        "score": Coefficient(fixed_s=0.012, row_s=5.2e-08, spread=1.2),
    },
    conversions={
        "duckdb.relation>arrow.table": Coefficient(fixed_s=0.00053, row_s=1.3e-08, byte_s=1.6e-10, spread=1.2),
        "arrow.table>duckdb.relation": Coefficient(fixed_s=0.00043, byte_s=3.5e-12, spread=1.2),
        "parquet.file>duckdb.relation": Coefficient(fixed_s=0.0026, byte_s=1.4e-09, spread=1.3),
    },
)
