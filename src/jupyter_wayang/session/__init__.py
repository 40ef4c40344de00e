"""The notebook's handle: names to sources, plans to look at, runs to follow, results to fetch."""

from jupyter_wayang.session.comparing import Comparison
from jupyter_wayang.session.federations import Federation
from jupyter_wayang.session.kernel import Kernel
from jupyter_wayang.session.plans import Explanation, Plan
from jupyter_wayang.session.run_comparison import RunComparison, compare_runs
from jupyter_wayang.session.runs import Result, Run
from jupyter_wayang.session.simulating import SimulatedClients
from jupyter_wayang.session.workbench import Workbench

__all__ = [
    "Comparison",
    "Explanation",
    "Federation",
    "Kernel",
    "Plan",
    "Result",
    "Run",
    "RunComparison",
    "SimulatedClients",
    "Workbench",
    "compare_runs",
]
