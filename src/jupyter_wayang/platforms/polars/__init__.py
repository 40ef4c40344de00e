"""polars, through narwhals."""

from __future__ import annotations

from jupyter_wayang.platforms.declaration import Declaration
from jupyter_wayang.platforms.polars.capabilities import NEEDS, OPERATORS, engine, refuses
from jupyter_wayang.platforms.polars.channels import CHANNEL, CHANNELS, CONVERSIONS
from jupyter_wayang.platforms.polars.costs import COSTS

__all__ = ["PLATFORM"]

PLATFORM = Declaration(
    name="polars",
    title="polars",
    badge="Pl",
    channel=CHANNEL,
    channels=CHANNELS,
    conversions=CONVERSIONS,
    operators=OPERATORS,
    costs=COSTS,
    needs=NEEDS,
    refusal=refuses,
    engine=engine,
)
