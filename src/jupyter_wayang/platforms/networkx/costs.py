"""What networkx costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-25, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.12,
    operators={
        "pagerank": Coefficient(fixed_s=0.00013, row_s=1.3e-06, spread=2.0),
        "connected_components": Coefficient(fixed_s=0.0, row_s=7.2e-07, spread=2.7),
        "shortest_paths": Coefficient(fixed_s=0.0, row_s=7.1e-07, spread=2.3),
    },
)
