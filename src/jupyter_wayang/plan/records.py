"""What is known of how a model came about: what a card of it says, and nothing of any row."""

from __future__ import annotations

import msgspec

__all__ = ["Record"]


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a model was fitted.

    ``rows`` has the rows that each place said that it fitted on; ``method`` is how, in words; ``rounds`` how many there
    were, and ``reason`` why no more. ``metrics`` are the global figures of the last measurement, ``on`` which rows.
    """

    method: str
    rows: tuple[tuple[str, int], ...] = ()
    rounds: int = 1
    reason: str = ""
    metrics: tuple[tuple[str, float], ...] = ()
    on: str = ""
