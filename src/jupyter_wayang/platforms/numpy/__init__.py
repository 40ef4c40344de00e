"""NumPy: training and scoring of prepared rows in memory."""

from __future__ import annotations

from jupyter_wayang.platforms.declaration import Declaration
from jupyter_wayang.platforms.numpy.capabilities import NEEDS, OPERATORS, engine, refuses
from jupyter_wayang.platforms.numpy.channels import CHANNEL, CHANNELS, CONVERSIONS
from jupyter_wayang.platforms.numpy.costs import COSTS

__all__ = ["PLATFORM"]

PLATFORM = Declaration(
    name="numpy",
    title="NumPy",
    badge="Np",
    channel=CHANNEL,
    channels=CHANNELS,
    conversions=CONVERSIONS,
    operators=OPERATORS,
    costs=COSTS,
    needs=NEEDS,
    refusal=refuses,
    engine=engine,
)
