"""Numbers as integers mod 2¹²⁸, so that sums are exact, come out the same in any order, and can be masked.

A float x becomes round(x · 2⁶⁴): every float of at least 2⁻¹¹ in size is kept to its last bit. A vector of such integers
is an array of shape (values, 2) of unsigned 64-bit words, the low one first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from jupyter_wayang.errors import OperatorError

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "BYTES",
    "FRACTION_BITS",
    "UNIT",
    "added",
    "encoded",
    "from_bytes",
    "integers",
    "negated",
    "to_bytes",
    "total",
]

BYTES = 16
FRACTION_BITS = 64
UNIT = 2**FRACTION_BITS
"""What the number 1 is as an integer."""

_LARGEST = 2 ** (8 * BYTES - 1) - 1


def encoded(values: np.ndarray, weight: int, parties: int) -> np.ndarray:
    """Return ``weight`` times some floats, as words whose sum over all parties cannot overflow.

    Parameters
    ----------
    values
        Finite floats of shape (values,).
    weight
        What they count for: a number of rows, or 1.
    parties
        How many such vectors are added at most. Each may use this part of the range, about ±9.2e18.

    Raises
    ------
    OperatorError
        If a value is not finite, or times the weight beyond a party's part of the range. The message, which may leave
        a site, does not say the value.

    Examples
    --------
    >>> import numpy as np
    >>> [value / UNIT for value in integers(encoded(np.array([1.5, -0.25]), weight=2, parties=3))]
    [3.0, -0.5]
    """
    import numpy as np

    with np.errstate(over="ignore"):
        scaled = np.rint(np.ldexp(np.asarray(values, dtype=np.float64).ravel(), FRACTION_BITS))
    if not np.isfinite(scaled).all():
        raise _beyond(parties)
    # A float that is whole is exact as a Python integer, and so is its product.
    whole = [int(value) * weight for value in scaled.tolist()]
    if max(map(abs, whole), default=0) > _LARGEST // parties:
        raise _beyond(parties)
    return from_bytes(b"".join(value.to_bytes(BYTES, "little", signed=True) for value in whole))


def _beyond(parties: int) -> OperatorError:
    most = _LARGEST // parties / UNIT
    return OperatorError(
        f"an update times its weight has a value beyond ±{most:.1e}, which a sum of {parties} cannot hold",
        hint="scale() the features, or take a smaller learning_rate",
    )


def integers(words: np.ndarray) -> list[int]:
    """Return words as signed integers; a number is its integer over :data:`UNIT`."""
    data = to_bytes(words)
    return [int.from_bytes(data[at : at + BYTES], "little", signed=True) for at in range(0, len(data), BYTES)]


def to_bytes(words: np.ndarray) -> bytes:
    """Return words as little-endian bytes, 16 for every value."""
    return words.astype("<u8").tobytes()


def from_bytes(data: bytes) -> np.ndarray:
    """Return words of bytes: shape (values, 2)."""
    import numpy as np

    return np.frombuffer(data, dtype="<u8").astype(np.uint64).reshape(-1, 2)


def added(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the sum of two vectors mod 2¹²⁸.

    Examples
    --------
    >>> import numpy as np
    >>> both = added(encoded(np.array([0.1]), 1, 2), encoded(np.array([-0.3]), 1, 2))
    >>> integers(both)[0] / UNIT
    -0.19999999999999998
    """
    import numpy as np

    low = one[:, 0] + other[:, 0]
    carry = (low < one[:, 0]).astype(np.uint64)
    return np.stack([low, one[:, 1] + other[:, 1] + carry], axis=1)


def negated(words: np.ndarray) -> np.ndarray:
    """Return what, added to a vector, makes 0."""
    import numpy as np

    return added(~words, np.broadcast_to(np.array([1, 0], dtype=np.uint64), words.shape))


def total(vectors: Iterable[np.ndarray], length: int) -> np.ndarray:
    """Return the sum of vectors of a length; of none, zeros."""
    import numpy as np

    made = np.zeros((length, 2), dtype=np.uint64)
    for vector in vectors:
        made = added(made, vector)
    return made
