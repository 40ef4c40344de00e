"""What conversions cost that need no engine, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-25, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient

__all__ = ["COSTS"]

COSTS = {
    "arrow.table>parquet.file": Coefficient(fixed_s=0.00018, byte_s=2.8e-09, spread=1.3),
    "parquet.file>arrow.table": Coefficient(fixed_s=0.00059, row_s=1.2e-08, byte_s=2.7e-10, spread=1.2),
}
