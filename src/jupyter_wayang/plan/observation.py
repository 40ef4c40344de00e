"""Observations: what work was done, and how long all of it took. Measured on purpose, or while a task ran."""

from __future__ import annotations

import msgspec

__all__ = ["Observation", "Work"]


class Work(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One execution of an operator or a conversion.

    Parameters
    ----------
    platform
        Whose engine did it; None: a conversion that needs none.
    tag
        The tag of the base operator, or ``"a>b"`` of a conversion.
    rows, out, bytes
        Rows in, rows out and bytes in, as a :class:`~jupyter_wayang.platforms.platform.Coefficient` counts them.
    operations, decimals
        Operations of expressions over all rows, and those of them that read decimals.
    """

    platform: str | None
    tag: str
    rows: float
    out: float
    bytes: float
    operations: float = 0.0
    decimals: float = 0.0


class Observation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Work that was done together, as in a stage, and the seconds of all of it.

    ``group`` is what is left out together when a fit is tried: a size, or a run.
    """

    parts: tuple[Work, ...]
    seconds: float
    group: str = ""
