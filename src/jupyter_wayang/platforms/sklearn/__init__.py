"""scikit-learn: training of prepared rows in memory."""

from __future__ import annotations

from jupyter_wayang.platforms.declaration import Declaration
from jupyter_wayang.platforms.sklearn.capabilities import NEEDS, OPERATORS, engine, refuses
from jupyter_wayang.platforms.sklearn.channels import CHANNEL, CHANNELS, CONVERSIONS
from jupyter_wayang.platforms.sklearn.costs import COSTS

__all__ = ["PLATFORM"]

PLATFORM = Declaration(
    name="sklearn",
    title="scikit-learn",
    badge="Sk",
    channel=CHANNEL,
    channels=CHANNELS,
    conversions=CONVERSIONS,
    operators=OPERATORS,
    costs=COSTS,
    needs=NEEDS,
    refusal=refuses,
    engine=engine,
)
