"""What DuckDB costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-25, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.3,
    operators={
        "read_file": Coefficient(fixed_s=0.0021, byte_s=1.8e-09, spread=1.6),
        "read_frame": Coefficient(fixed_s=0.00048, byte_s=4.6e-11, spread=1.4),
        "read_table": Coefficient(fixed_s=0.0014, byte_s=3.4e-11, spread=2.2),
        "filter": Coefficient(fixed_s=0.00013, spread=1.9),
        "select": Coefficient(fixed_s=0.00063, operation_s=3.4e-10, decimal_s=1.4e-09, spread=1.9),
        "group_by": Coefficient(
            fixed_s=0.001, row_s=2.2e-10, out_row_s=4.1e-08, operation_s=1e-09, decimal_s=1.2e-09, spread=1.7
        ),
        "join": Coefficient(fixed_s=0.00025, out_row_s=2.2e-09, spread=1.4),
        "sort": Coefficient(fixed_s=0.00067, row_s=2.5e-08, byte_s=5.8e-10, spread=1.2),
        "limit": Coefficient(fixed_s=0.00023, row_s=3.8e-08, spread=1.4),
        "split": Coefficient(fixed_s=0.0019, row_s=3e-08, byte_s=1.5e-09, spread=1.2),
        "union": Coefficient(fixed_s=3.9e-05, byte_s=3.2e-12, spread=1.3),
        "intersect": Coefficient(fixed_s=0.0016, row_s=7.4e-09, byte_s=1.3e-09, spread=1.2),
        "except_": Coefficient(fixed_s=0.0016, row_s=1e-08, byte_s=1.2e-09, spread=1.2),
        "local_update": Coefficient(fixed_s=0.0027, row_s=6.5e-08, out_row_s=0.016, spread=1.2),
        "score": Coefficient(fixed_s=0.011, row_s=4.1e-08, spread=1.2),
    },
    conversions={
        "duckdb.relation>arrow.table": Coefficient(fixed_s=0.00052, row_s=5.9e-09, byte_s=1.6e-10, spread=1.2),
        "arrow.table>duckdb.relation": Coefficient(fixed_s=0.00029, row_s=1.7e-10, spread=1.4),
        "parquet.file>duckdb.relation": Coefficient(fixed_s=0.0018, byte_s=7.4e-10, spread=1.5),
    },
)
