"""What DuckDB costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-24, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.24,
    operators={
        "read_file": Coefficient(fixed_s=0.0032, byte_s=3.6e-09, spread=1.4),
        "read_frame": Coefficient(fixed_s=0.00064, byte_s=4.5e-11, spread=1.4),
        "read_table": Coefficient(fixed_s=0.0025, row_s=1.8e-09, byte_s=7.5e-10, spread=1.4),
        "filter": Coefficient(fixed_s=0.00089, row_s=3.6e-09, byte_s=7.7e-10, spread=1.2),
        "select": Coefficient(fixed_s=0.0012, byte_s=9.4e-10, spread=1.3),
        "group_by": Coefficient(fixed_s=0.0015, row_s=1.7e-09, byte_s=3e-10, spread=1.4),
        "join": Coefficient(fixed_s=0.0015, row_s=5.3e-08, spread=1.3),
        "sort": Coefficient(fixed_s=0.0014, row_s=1.3e-07, byte_s=8.6e-11, spread=1.2),
        "limit": Coefficient(fixed_s=0.00085, row_s=6.4e-08, spread=1.3),
        "split": Coefficient(fixed_s=0.0022, row_s=7.4e-08, byte_s=1e-09, spread=1.2),
        "local_update": Coefficient(fixed_s=0.0016, row_s=4e-08, out_row_s=0.019, spread=1.2),
        "score": Coefficient(fixed_s=0.013, row_s=2.5e-08, spread=1.2),
    },
    conversions={
        "duckdb.relation>arrow.table": Coefficient(fixed_s=0.00057, byte_s=2.6e-10, spread=1.2),
        "arrow.table>duckdb.relation": Coefficient(fixed_s=0.00041, row_s=7.1e-11, byte_s=3.1e-12, spread=1.2),
        "parquet.file>duckdb.relation": Coefficient(fixed_s=0.0028, byte_s=1.2e-09, spread=1.3),
    },
)
