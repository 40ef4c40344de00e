"""What SQLite costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-25, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=1.2,
    operators={
        "read_file": Coefficient(fixed_s=0.00085, row_s=1.4e-06, byte_s=6.7e-09, spread=1.6),
        "read_frame": Coefficient(fixed_s=0.00026, row_s=3.1e-07, byte_s=2.5e-08, spread=1.4),
        "read_table": Coefficient(fixed_s=0.00057, byte_s=6.9e-09, spread=2.7),
        "filter": Coefficient(fixed_s=0.0003, byte_s=2.3e-09, spread=1.3),
        "select": Coefficient(fixed_s=0.00057, byte_s=6.9e-09, spread=2.7),
        "group_by": Coefficient(fixed_s=0.00044, out_row_s=1.4e-06, byte_s=6.9e-09, spread=3.0),
        "join": Coefficient(fixed_s=0.00041, row_s=4.6e-07, spread=1.4),
        "sort": Coefficient(fixed_s=0.00037, row_s=2e-06, byte_s=1.5e-09, spread=1.3),
        "limit": Coefficient(fixed_s=0.00022, row_s=1.1e-07, spread=1.5),
        "split": Coefficient(fixed_s=0.0012, byte_s=6.6e-08, spread=1.7),
        "union": Coefficient(fixed_s=0.00038, byte_s=3.8e-09, spread=2.6),
        "intersect": Coefficient(fixed_s=0.00038, row_s=2.8e-07, byte_s=2.6e-08, spread=5.0),
        "except_": Coefficient(fixed_s=0.00038, byte_s=2.9e-08, spread=3.0),
        "local_update": Coefficient(fixed_s=0.0, row_s=6.5e-05, out_row_s=0.0054, spread=1.2),
        "score": Coefficient(fixed_s=0.0068, row_s=2.2e-05, spread=1.3),
    },
    conversions={
        "sqlite.relation>arrow.table": Coefficient(fixed_s=0.0, row_s=8.8e-08, byte_s=3.8e-08, spread=1.2),
        "arrow.table>sqlite.relation": Coefficient(fixed_s=0.00013, byte_s=2.7e-08, spread=1.3),
    },
)
