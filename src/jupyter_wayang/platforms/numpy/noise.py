"""Gaussian noise from any source of randomness, added so that its sum with a number betrays neither."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jupyter_wayang.platforms.randomness import Entropy

if TYPE_CHECKING:
    import numpy as np

__all__ = ["gaussian", "noisy", "uniform"]

_FINE = 30


def uniform(count: int, entropy: Entropy) -> np.ndarray:
    """Return floats of [0, 1), with 53 random bits each."""
    import numpy as np

    made: np.ndarray = (np.frombuffer(entropy(8 * count), dtype="<u8") >> np.uint64(11)) * 2.0**-53
    return made


def gaussian(count: int, entropy: Entropy) -> np.ndarray:
    """Return standard normal floats, by the formula of Box and Muller.

    Examples
    --------
    >>> from jupyter_wayang.platforms.randomness import from_seed
    >>> drawn = gaussian(10_000, from_seed(1))
    >>> bool(abs(drawn.mean()) < 0.05), float(drawn.std().round(1))
    (True, 1.0)
    """
    import numpy as np

    pairs = (count + 1) // 2
    # 1 - u is never 0, whose logarithm there is none.
    radius = np.sqrt(-2.0 * np.log(1.0 - uniform(pairs, entropy)))
    angle = 2.0 * np.pi * uniform(pairs, entropy)
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:count]


def noisy(values: np.ndarray, deviation: float, entropy: Entropy) -> np.ndarray:
    """Return numbers with normal noise of a standard deviation.

    Numbers and noise are brought to one grid of a 2⁻³⁰th of the deviation first, so that they are added exactly: the
    last bits of a sum of floats would tell which number the noise was added to (Mironov, 2012). It lengthens the
    difference of two vectors of d numbers by at most √d · 2⁻³⁰ deviations.

    Raises
    ------
    ValueError
        If the deviation is not above 0 and finite.

    References
    ----------
    Mironov, I. (2012). On significance of the least significant bits for differential privacy. CCS.

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.platforms.randomness import from_seed
    >>> made = noisy(np.array([0.1, 0.2]), 1.0, from_seed(1)) * 2.0**30
    >>> bool((made == np.rint(made)).all())
    True
    """
    import numpy as np

    if not 0 < deviation < math.inf:
        raise ValueError(f"the deviation of noise is above 0 and finite, not {deviation}")
    grid = 2.0 ** (math.floor(math.log2(deviation)) - _FINE)
    made: np.ndarray = (np.rint(values / grid) + np.rint(gaussian(len(values), entropy) * deviation / grid)) * grid
    return made
