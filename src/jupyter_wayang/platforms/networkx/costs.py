"""What networkx costs, in seconds: measured on 2026-11-25 over random graphs of 1,000 to 200,000 edges, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

# Nearly all of it is making the graph, edge by edge; the steps of a walk over it are quick.
COSTS = CostTable(
    start_up_s=0.18,
    operators={
        "pagerank": Coefficient(fixed_s=0.0006, row_s=8e-06, spread=2.0),
        "connected_components": Coefficient(fixed_s=0.0004, row_s=7e-06, spread=2.0),
        "shortest_paths": Coefficient(fixed_s=0.0003, row_s=7e-06, spread=2.0),
    },
)
