"""What SQLite costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-25, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.44,
    operators={
        "read_file": Coefficient(fixed_s=0.00075, row_s=5.9e-07, byte_s=6.6e-09, spread=1.3),
        "read_frame": Coefficient(fixed_s=0.00031, row_s=1.6e-07, byte_s=1.2e-08, spread=1.3),
        "read_table": Coefficient(fixed_s=0.00057, byte_s=6.9e-09, spread=2.7),
        "filter": Coefficient(fixed_s=4e-05, byte_s=2.3e-11, spread=2.2),
        "select": Coefficient(fixed_s=0.00038, operation_s=9.6e-09, spread=2.3),
        "group_by": Coefficient(fixed_s=0.00037, row_s=6e-08, out_row_s=4.5e-07, operation_s=3.3e-08, spread=1.7),
        "join": Coefficient(fixed_s=0.00013, out_row_s=2.1e-07, spread=1.4),
        "sort": Coefficient(fixed_s=0.00024, row_s=3.7e-07, byte_s=8.2e-09, spread=1.2),
        "limit": Coefficient(fixed_s=7.1e-05, row_s=1.5e-09, spread=1.4),
        "split": Coefficient(fixed_s=0.0011, row_s=4.1e-07, byte_s=3e-08, spread=1.2),
        "union": Coefficient(fixed_s=2.5e-06, byte_s=1.6e-09, spread=1.2),
        "intersect": Coefficient(fixed_s=2.4e-05, row_s=3.6e-07, byte_s=1.6e-08, spread=1.2),
        "except_": Coefficient(fixed_s=1.1e-05, row_s=2.9e-07, byte_s=1.4e-08, spread=1.2),
        "local_update": Coefficient(fixed_s=0.00072, row_s=2.1e-05, out_row_s=0.0077, spread=1.2),
        "score": Coefficient(fixed_s=0.0058, row_s=1.3e-05, spread=1.2),
    },
    conversions={
        "sqlite.relation>arrow.table": Coefficient(fixed_s=6.5e-05, row_s=6.2e-08, byte_s=1.9e-08, spread=1.4),
        "arrow.table>sqlite.relation": Coefficient(fixed_s=0.00016, row_s=1.8e-07, byte_s=1.1e-08, spread=1.2),
    },
)
