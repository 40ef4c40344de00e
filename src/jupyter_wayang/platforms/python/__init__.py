"""Functions of the notebook, over Arrow tables, in a process of their own."""

from __future__ import annotations

from jupyter_wayang.platforms.declaration import Declaration
from jupyter_wayang.platforms.python.capabilities import NEEDS, OPERATORS, engine, refuses
from jupyter_wayang.platforms.python.channels import CHANNEL, CHANNELS, CONVERSIONS
from jupyter_wayang.platforms.python.costs import COSTS

__all__ = ["PLATFORM"]

PLATFORM = Declaration(
    name="python",
    title="Python",
    badge="Py",
    channel=CHANNEL,
    channels=CHANNELS,
    conversions=CONVERSIONS,
    operators=OPERATORS,
    costs=COSTS,
    needs=NEEDS,
    refusal=refuses,
    engine=engine,
)
