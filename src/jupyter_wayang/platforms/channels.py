"""Channels and conversions that belong to no platform: Arrow tables in memory and Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from jupyter_wayang.errors import PlanError
from jupyter_wayang.platforms.channel_costs import COSTS
from jupyter_wayang.platforms.platform import ARROW, PARQUET, Channel, Conversion, Payload

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["CHANNELS", "CONVERSIONS", "COSTS", "convert"]

CHANNELS = (Channel(name=ARROW), Channel(name=PARQUET))
CONVERSIONS = (Conversion(source=ARROW, target=PARQUET), Conversion(source=PARQUET, target=ARROW))


def convert(payload: Payload, source: str, target: str, workspace: Path) -> Payload:
    """Write an Arrow table as Parquet, or read one back.

    Raises
    ------
    PlanError
        If there is no such conversion.
    """
    import pyarrow.parquet as pq

    if (source, target) == (ARROW, PARQUET):
        workspace.mkdir(parents=True, exist_ok=True)
        path = workspace / f"{uuid4().hex}.parquet"
        pq.write_table(payload, path)
        return path
    if (source, target) == (PARQUET, ARROW):
        table: pa.Table = pq.read_table(payload)
        return table
    raise PlanError(f"there is no conversion from {source} to {target}")
