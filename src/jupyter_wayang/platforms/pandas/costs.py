"""What pandas costs, in seconds."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=1.5,
    operators={
        "read_file": Coefficient(fixed_s=2.0e-3, byte_s=3.0e-9),
        "read_frame": Coefficient(fixed_s=3.0e-4, row_s=5.0e-9),
        "filter": Coefficient(fixed_s=1.0e-3, row_s=1.0e-8),
        "select": Coefficient(fixed_s=1.0e-3, row_s=1.0e-8),
        "group_by": Coefficient(fixed_s=8.0e-3, row_s=8.0e-8),
        "join": Coefficient(fixed_s=2.0e-3, row_s=6.0e-8, out_row_s=2.0e-8),
        "sort": Coefficient(fixed_s=1.0e-3, row_s=3.0e-7),
        "limit": Coefficient(fixed_s=1.0e-4),
        "split": Coefficient(fixed_s=2.0e-3, row_s=5.0e-7),
        "local_update": Coefficient(fixed_s=2.5e-2, row_s=5.0e-7),
        "score": Coefficient(fixed_s=6.0e-2, row_s=2.2e-6),
    },
    conversions={
        "arrow.table>pandas.frame": Coefficient(fixed_s=3.0e-4, row_s=8.0e-10),
        "pandas.frame>arrow.table": Coefficient(fixed_s=5.0e-4, row_s=5.0e-9),
        "parquet.file>pandas.frame": Coefficient(fixed_s=1.5e-3, byte_s=1.3e-9),
    },
)
