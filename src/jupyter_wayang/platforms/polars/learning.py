"""Training and scoring in polars: as aggregates over frames."""

from __future__ import annotations

from jupyter_wayang.platforms.relational.learning import score, update

__all__ = ["score", "update"]
