"""What PostgreSQL costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-25, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.57,
    operators={
        "read_file": Coefficient(fixed_s=0.0029, row_s=4.2e-07, byte_s=2.5e-08, spread=1.5),
        "read_frame": Coefficient(fixed_s=0.0023, byte_s=3.7e-08, spread=1.4),
        "read_table": Coefficient(fixed_s=0.0013, row_s=1.2e-07, byte_s=7e-09, spread=2.3),
        "filter": Coefficient(fixed_s=0.001, row_s=2.2e-07, byte_s=3.4e-10, spread=1.8),
        "select": Coefficient(fixed_s=0.0013, row_s=1.2e-07, byte_s=7e-09, spread=2.3),
        "group_by": Coefficient(fixed_s=0.0012, row_s=1.7e-07, out_row_s=1.1e-06, byte_s=1.9e-09, spread=2.2),
        "join": Coefficient(fixed_s=0.0012, row_s=6.3e-07, spread=2.2),
        "sort": Coefficient(fixed_s=0.0013, row_s=6.5e-07, byte_s=4.3e-09, spread=2.6),
        "limit": Coefficient(fixed_s=0.00089, row_s=2e-07, spread=1.8),
        "split": Coefficient(fixed_s=0.005, byte_s=6.9e-08, spread=1.9),
        "union": Coefficient(fixed_s=0.0015, byte_s=6e-10, spread=1.5),
        "intersect": Coefficient(fixed_s=0.0022, row_s=9e-08, byte_s=1e-09, spread=1.5),
        "except_": Coefficient(fixed_s=0.0022, row_s=9e-08, byte_s=1e-09, spread=1.5),
        "local_update": Coefficient(fixed_s=0.0018, row_s=1.6e-05, out_row_s=0.0094, spread=1.7),
        "score": Coefficient(fixed_s=0.01, row_s=1e-05, spread=1.8),
    },
    conversions={
        "postgres.relation>arrow.table": Coefficient(fixed_s=0.00025, byte_s=1.2e-08, spread=1.4),
        "arrow.table>postgres.relation": Coefficient(fixed_s=0.0022, byte_s=2.7e-08, spread=1.2),
    },
)
