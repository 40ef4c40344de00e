"""Where randomness comes from: the system's secure source, or, for teaching, a seed that everybody can repeat."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable

__all__ = ["SECURE", "Entropy", "chosen", "derived_seed", "from_seed"]

Entropy = Callable[[int], bytes]
"""Gives so many random bytes."""

SECURE: Entropy = os.urandom
"""The system's secure source."""


def from_seed(seed: int, *purpose: object) -> Entropy:
    """Return bytes that follow from a seed and a purpose: repeatable, and so no secret.

    Examples
    --------
    >>> from_seed(7, "round", 1)(4) == from_seed(7, "round", 1)(4)
    True
    >>> from_seed(7, "round", 1)(4) == from_seed(7, "round", 2)(4)
    False
    """
    import numpy as np

    return np.random.default_rng(_digest(seed, *purpose)).bytes


def derived_seed(seed: int | None, *purpose: object) -> int | None:
    """Return a seed for one purpose, below 2⁴⁸; without a seed, none.

    Examples
    --------
    >>> derived_seed(7, 1, "a") != derived_seed(7, 2, "a"), derived_seed(None, 1, "a")
    (True, None)
    """
    return None if seed is None else _digest(seed, *purpose) % 2**48


def _digest(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest(), "little")


def chosen(seed: int | None, *purpose: object) -> Entropy:
    """Return the secure source, or bytes from a seed if there is one."""
    return SECURE if seed is None else from_seed(seed, *purpose)
