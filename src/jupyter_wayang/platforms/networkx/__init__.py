"""networkx: graph operators in memory."""

from __future__ import annotations

from jupyter_wayang.platforms.declaration import Declaration
from jupyter_wayang.platforms.networkx.capabilities import NEEDS, OPERATORS, engine, refuses
from jupyter_wayang.platforms.networkx.channels import CHANNEL, CHANNELS, CONVERSIONS
from jupyter_wayang.platforms.networkx.costs import COSTS

__all__ = ["PLATFORM"]

PLATFORM = Declaration(
    name="networkx",
    title="networkx",
    badge="Nx",
    channel=CHANNEL,
    channels=CHANNELS,
    conversions=CONVERSIONS,
    operators=OPERATORS,
    costs=COSTS,
    needs=NEEDS,
    refusal=refuses,
    engine=engine,
)
