"""pandas with Arrow types, through narwhals."""

from __future__ import annotations

from jupyter_wayang.platforms.declaration import Declaration
from jupyter_wayang.platforms.pandas.capabilities import NEEDS, OPERATORS, engine, refuses
from jupyter_wayang.platforms.pandas.channels import CHANNEL, CHANNELS, CONVERSIONS
from jupyter_wayang.platforms.pandas.costs import COSTS

__all__ = ["PLATFORM"]

PLATFORM = Declaration(
    name="pandas",
    title="pandas",
    badge="Pd",
    channel=CHANNEL,
    channels=CHANNELS,
    conversions=CONVERSIONS,
    operators=OPERATORS,
    costs=COSTS,
    needs=NEEDS,
    refusal=refuses,
    engine=engine,
)
