"""The seam of exact methods: a generator that asks sites for sums and comes to a model."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_wayang.plan.models import NamedArray
from jupyter_wayang.plan.sums import SumsTask

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Ask", "Asking", "Fitting", "Solution", "Total"]


@dataclass(frozen=True, kw_only=True)
class Ask:
    """Have every site add something up. ``parameters`` are the model as it is before, if there is one."""

    task: SumsTask
    parameters: tuple[NamedArray, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Total:
    """The sums of all sites, by the names that the task gives them, and the number of rows that they are of."""

    arrays: Mapping[str, np.ndarray]
    rows: int


@dataclass(frozen=True, kw_only=True)
class Solution:
    """The model, what else is known of it, and how it was reached, in words.

    ``statistics`` are ``covariance`` of weights and intercept (the last) and, where the spread of the target is
    estimated, ``dispersion`` and ``degrees`` (of freedom) of it; nothing where the parameters have no standard errors.
    """

    parameters: tuple[NamedArray, ...]
    statistics: tuple[NamedArray, ...] = ()
    reason: str = ""


Fitting = Generator[Ask, Total, Solution]
"""Yields what every site is to add up, a round each, takes the total, returns the model."""

Asking = Generator[Ask, Total, "tuple[np.ndarray, ...]"]
"""A part of it."""
