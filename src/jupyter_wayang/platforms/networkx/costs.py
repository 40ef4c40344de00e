"""What networkx costs, in seconds: measured on 2026-11-25 over random graphs of 10,000 and 300,000 edges, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.3,
    operators={
        "pagerank": Coefficient(fixed_s=0.002, row_s=3.5e-06, spread=1.5),
        "connected_components": Coefficient(fixed_s=0.0005, row_s=3e-06, spread=1.5),
        "shortest_paths": Coefficient(fixed_s=0.0005, row_s=3e-06, spread=1.5),
    },
)
