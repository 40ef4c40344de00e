"""The platforms that are installed: found by entry point, never imported before they are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import entry_points

from jupyter_wayang.errors import PlatformError, closest
from jupyter_wayang.platforms.platform import Platform

__all__ = ["GROUP", "installed", "named"]

GROUP = "jupyter_wayang.platforms"


@cache
def installed() -> dict[str, Platform]:
    """Return every declared platform by name, in a fixed order, usable on this machine or not."""
    return {entry.name: entry.load() for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name)}


def named(names: Iterable[str]) -> tuple[Platform, ...]:
    """Return platforms by name.

    Raises
    ------
    PlatformError
        If there is no platform of a name.
    """
    known = installed()
    found = []
    for name in names:
        if name not in known:
            guess = closest(name, known)
            raise PlatformError(
                f'there is no platform "{name}".' + (f" Did you mean {guess}?" if guess else ""),
                found=name,
                expected=tuple(known),
                hint="platforms: " + ", ".join(known),
            )
        found.append(known[name])
    return tuple(found)
