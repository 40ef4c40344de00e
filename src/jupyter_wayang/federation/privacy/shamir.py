"""A secret in shares, of which some number gives it back and fewer tell nothing (Shamir, 1979)."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_wayang.errors import OperatorError, WireError
from jupyter_wayang.platforms.randomness import Entropy

__all__ = ["PRIME", "SECRET_BYTES", "SHARE_BYTES", "joined", "split"]

PRIME = 2**256 + 297
"""The smallest prime above every secret of 32 bytes."""

SECRET_BYTES = 32
SHARE_BYTES = 33


def split(secret: bytes, threshold: int, count: int, entropy: Entropy) -> tuple[bytes, ...]:
    r"""Return ``count`` shares of a secret, any ``threshold`` of which give it back.

    The share of holder i = 1, 2, … is the value at i of a polynomial whose constant is the secret and whose other
    coefficients are random:

    .. math:: f(i) = s + a_1 i + … + a_{t-1} i^{t-1} \mod p.

    Parameters
    ----------
    secret
        32 bytes.
    threshold, count
        How many give it back, and how many there are.
    entropy
        Where randomness comes from.

    References
    ----------
    Shamir, A. (1979). How to share a secret. Communications of the ACM, 22(11).

    Examples
    --------
    >>> from jupyter_wayang.platforms.randomness import SECURE
    >>> shares = split(b"s" * 32, threshold=2, count=3, entropy=SECURE)
    >>> joined({1: shares[0], 3: shares[2]}) == b"s" * 32
    True
    """
    if len(secret) != SECRET_BYTES or not 1 <= threshold <= count:
        raise OperatorError(f"a secret of {len(secret)} bytes cannot be split into {count} shares, {threshold} to join")
    # 16 bytes more than the prime has: what is left of a division is as good as uniform (2⁻¹²⁸).
    drawn = [int.from_bytes(entropy(SHARE_BYTES + 16), "little") % PRIME for _ in range(threshold - 1)]
    coefficients = [int.from_bytes(secret, "little"), *drawn]
    return tuple(_at(coefficients, x).to_bytes(SHARE_BYTES, "little") for x in range(1, count + 1))


def _at(coefficients: list[int], x: int) -> int:
    value = 0
    for coefficient in reversed(coefficients):
        value = (value * x + coefficient) % PRIME
    return value


def joined(shares: Mapping[int, bytes]) -> bytes:
    """Return the secret of at least ``threshold`` shares by holder (from 1), by Lagrange's formula at 0.

    Fewer, or wrong ones, give another secret: whoever joins has to know how to recognise the right one.

    Raises
    ------
    WireError
        If what comes out is no secret at all.
    """
    value = 0
    for x, share in shares.items():
        above, below = 1, 1
        for other in shares:
            if other != x:
                above, below = above * other % PRIME, below * (other - x) % PRIME
        value += int.from_bytes(share, "little") * above * pow(below, -1, PRIME)
    secret = value % PRIME
    if secret >= 2 ** (8 * SECRET_BYTES):
        raise WireError("the shares of a secret do not belong together")
    return secret.to_bytes(SECRET_BYTES, "little")
