"""Training and scoring in PostgreSQL: each step is one aggregation over a table that was kept."""

from __future__ import annotations

from jupyter_wayang.platforms.relational.learning import score, update

__all__ = ["score", "update"]
