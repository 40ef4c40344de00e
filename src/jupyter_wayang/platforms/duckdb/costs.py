"""What DuckDB costs, in seconds: a plain table, so that a program can write it anew from measurements."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.03,
    operators={
        "read_file": Coefficient(fixed_s=2e-3, byte_s=4e-9),
        "read_frame": Coefficient(fixed_s=4e-4, row_s=2e-9),
        "read_table": Coefficient(fixed_s=1e-3, row_s=4e-9),
        "filter": Coefficient(fixed_s=1.2e-3, row_s=4e-9, out_row_s=4e-9),
        "select": Coefficient(fixed_s=1.2e-3, row_s=6e-9),
        "group_by": Coefficient(fixed_s=1.5e-3, row_s=1.2e-8, out_row_s=5e-8),
        "join": Coefficient(fixed_s=2e-3, row_s=1e-8, out_row_s=6e-9),
        "sort": Coefficient(fixed_s=2.5e-3, row_s=1.7e-7),
        "limit": Coefficient(fixed_s=1e-3, out_row_s=1e-8),
        "split": Coefficient(fixed_s=5e-3, row_s=1.5e-6, spread=2.0),
        "local_update": Coefficient(fixed_s=6e-2, row_s=1.2e-7, spread=2.0),
        "score": Coefficient(fixed_s=2e-2, row_s=1.5e-7, spread=2.0),
    },
    conversions={
        "duckdb.relation>arrow.table": Coefficient(fixed_s=8e-4, byte_s=7.5e-10),
        "arrow.table>duckdb.relation": Coefficient(fixed_s=5e-4, byte_s=4e-10),
        "parquet.file>duckdb.relation": Coefficient(fixed_s=1.2e-3, byte_s=1e-9),
    },
)
