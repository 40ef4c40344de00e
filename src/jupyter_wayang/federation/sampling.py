"""Partial participation: which sites take part in a round, the same ones whenever it is asked."""

from __future__ import annotations

import hashlib
import math

from jupyter_wayang.errors import OperatorError

__all__ = ["chance", "check_quorum", "sampled", "size"]


def chance(*key: object) -> float:
    """Return a number from 0 to below 1 that looks random, and is the same for the same key on every machine.

    Examples
    --------
    >>> chance(7, "a") == chance(7, "a"), 0 <= chance(7, "b") < 1
    (True, True)
    """
    digest = hashlib.sha256("\x1f".join(str(part) for part in key).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def size(participation: float, total: int) -> int:
    r"""Return how many of ``total`` sites take part in a round.

    .. math:: m = \max(C \cdot K, 1)

    with the fraction C and K sites, to the nearest whole number (McMahan et al., 2017, Algorithm 1).

    Examples
    --------
    >>> [size(fraction, 4) for fraction in (0.1, 0.5, 0.6, 1.0)]
    [1, 2, 2, 4]
    """
    return min(total, max(1, math.floor(participation * total + 0.5)))


def check_quorum(quorum: int | None, participation: float, total: int) -> None:
    """Raise an :class:`OperatorError` for a quorum that no round can meet.

    Examples
    --------
    >>> check_quorum(3, 0.5, 4)
    Traceback (most recent call last):
    jupyter_wayang.errors.OperatorError: quorum must be from 1 to 2, the number of sites in a round
    """
    most = size(participation, total)
    if quorum is not None and not 1 <= quorum <= most:
        raise OperatorError(f"quorum must be from 1 to {most}, the number of sites in a round", found=str(quorum))


def sampled(sites: tuple[str, ...], participation: float, seed: int, round: int) -> tuple[str, ...]:
    """Return the sites of a round, in their order: every set of that size is as likely as any other.

    Each site draws a number for itself from (seed, round, site), and the smallest take part: nothing has to be
    remembered between rounds, and a run that goes on after a crash draws what it would have drawn.

    Parameters
    ----------
    sites
        All sites.
    participation
        The fraction that takes part, above 0 and at most 1.
    seed, round
        What the draw depends on.

    Examples
    --------
    >>> [sampled(("a", "b", "c", "d"), 0.5, 7, round) for round in (1, 2, 3)]
    [('a', 'b'), ('b', 'c'), ('a', 'c')]
    """
    number = size(participation, len(sites))
    if number == len(sites):
        return sites
    drawn = sorted(sites, key=lambda site: chance("sites", seed, round, site))
    taken = frozenset(drawn[:number])
    return tuple(site for site in sites if site in taken)
