"""What conversions cost that need no engine, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-24, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient

__all__ = ["COSTS"]

COSTS = {
    "arrow.table>parquet.file": Coefficient(fixed_s=0.00021, byte_s=2.5e-09, spread=1.2),
    "parquet.file>arrow.table": Coefficient(fixed_s=0.00049, row_s=1.1e-08, byte_s=2.1e-10, spread=1.2),
}
