"""Mechanisms of privacy as values of a plan, and what sites say to each other in secure aggregation."""

from __future__ import annotations

import math
from typing import Literal, TypeVar

import msgspec

from jupyter_wayang.errors import OperatorError

__all__ = [
    "Accountant",
    "CentralDP",
    "Guard",
    "Inbox",
    "KeyRing",
    "LocalDP",
    "Masked",
    "Mechanism",
    "Offer",
    "PublicKeys",
    "RecordDP",
    "RecordNoise",
    "Reveal",
    "Revealed",
    "SealedShares",
    "SecureAggregation",
    "check_together",
    "of_kind",
]

Accountant = Literal["pld", "rdp"]
"""How what rounds reveal adds up: privacy loss distributions, which are tighter, or Rényi differential privacy."""


class SecureAggregation(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="secure_aggregation", tag_field="tag"
):
    """Sites mask their updates so that only the sum of at least ``threshold`` of them can be read.

    None: more than half of the sites, and at least three.
    """

    threshold: int | None = None

    def __post_init__(self) -> None:
        if self.threshold is not None and self.threshold < 3:
            raise OperatorError(
                f"secure_aggregation(): threshold must be 3 or more, not {self.threshold}",
                hint="in a sum of two, each sees the other's update by taking away its own",
            )

    def describe(self) -> str:
        """Return the mechanism as it stands in a cell."""
        return "secure_aggregation" + ("" if self.threshold is None else f"(threshold={self.threshold})")


class _Noise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="tag"):
    """What all that adds noise has: the budget of the whole training, how it is counted, and where noise comes from.

    ``seed`` is for teaching: who knows it can take the noise away. None: the system's secure source.
    """

    epsilon: float
    delta: float
    accountant: Accountant = "pld"
    seed: int | None = None

    def __post_init__(self) -> None:
        word = self.__struct_config__.tag
        if not 0 < self.epsilon < math.inf:
            raise OperatorError(f"{word}(): epsilon must be above 0 and finite", found=str(self.epsilon))
        if not 0 < self.delta < 1:
            raise OperatorError(
                f"{word}(): delta must be above 0 and below 1",
                found=str(self.delta),
                hint="it is how likely the promise may fail: well below 1 / (number of those protected)",
            )
        if self.accountant not in ("pld", "rdp"):
            raise OperatorError(f"{word}(): accountant must be 'pld' or 'rdp'", found=str(self.accountant))

    def describe(self) -> str:
        """Return mechanism and budget."""
        return f"{self.__struct_config__.tag}(epsilon={self.epsilon:g}, delta={self.delta:g})"


class CentralDP(_Noise, frozen=True, kw_only=True, tag="central_dp"):
    """The coordinator adds noise to the sum of clipped updates: the model does not show whether a site took part.

    ``clip`` is the largest norm of an update, or ``adaptive``: it begins at ``first_clip`` and follows the ``quantile``
    of the norms, by ``clip_rate`` a round.
    """

    clip: float | Literal["adaptive"] = "adaptive"
    first_clip: float = 0.1
    quantile: float = 0.5
    clip_rate: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.clip != "adaptive":
            _positive("central_dp", "clip", self.clip)
        _positive("central_dp", "first_clip", self.first_clip)
        _positive("central_dp", "clip_rate", self.clip_rate)
        if not 0 < self.quantile < 1:
            raise OperatorError("central_dp(): quantile must be above 0 and below 1", found=str(self.quantile))

    @property
    def adaptive(self) -> bool:
        """Whether the largest norm follows the updates."""
        return self.clip == "adaptive"


class LocalDP(_Noise, frozen=True, kw_only=True, tag="local_dp"):
    """Every site clips its update to the norm ``clip`` and adds noise itself: nobody else has to be trusted."""

    clip: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _positive("local_dp", "clip", self.clip)


class RecordDP(_Noise, frozen=True, kw_only=True, tag="record_dp"):
    """Every site clips the gradient of each row to the norm ``clip`` and adds noise to their sum: rows are protected.

    ``sample`` is the part of its rows that a site draws for a step, each by itself.
    """

    clip: float = 1.0
    sample: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _positive("record_dp", "clip", self.clip)
        if not 0 < self.sample <= 1:
            raise OperatorError("record_dp(): sample must be above 0 and at most 1", found=str(self.sample))


class Guard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a site does to its update before it leaves: what changed is shortened to the norm ``clip``.

    With a ``noise_multiplier`` (over twice the norm) noise is added; ``tells``: whether it was within the norm is sent
    along, in one bit. ``seed`` is for teaching.
    """

    clip: float
    noise_multiplier: float | None = None
    tells: bool = False
    seed: int | None = None

    def __post_init__(self) -> None:
        _positive("clip", "norm", self.clip)
        if self.noise_multiplier is not None:
            _positive("local_dp", "noise_multiplier", self.noise_multiplier)


class RecordNoise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a local task says of noise on the gradients of rows; ``noise_multiplier`` is over ``clip``."""

    clip: float
    noise_multiplier: float
    sample: float = 1.0
    seed: int | None = None

    def __post_init__(self) -> None:
        _positive("record_dp", "clip", self.clip)
        _positive("record_dp", "noise_multiplier", self.noise_multiplier)
        if not 0 < self.sample <= 1:
            raise OperatorError("record_dp(): sample must be above 0 and at most 1", found=str(self.sample))


def _positive(word: str, name: str, value: object) -> None:
    if not isinstance(value, int | float) or not 0 < value < math.inf:
        raise OperatorError(f"{word}(): {name} must be above 0 and finite", found=str(value))


Mechanism = SecureAggregation | CentralDP | LocalDP | RecordDP

_Kind = TypeVar("_Kind", SecureAggregation, CentralDP, LocalDP, RecordDP)


def of_kind(mechanisms: tuple[Mechanism, ...], kind: type[_Kind]) -> _Kind | None:
    """Return the mechanism of a kind, of which there is at most one, or None.

    Examples
    --------
    >>> of_kind((SecureAggregation(threshold=4),), SecureAggregation)
    SecureAggregation(threshold=4)
    """
    return next((one for one in mechanisms if isinstance(one, kind)), None)


def check_together(mechanisms: tuple[Mechanism, ...]) -> None:
    """Raise an :class:`OperatorError` unless mechanisms go together: each once, and noise from one of them only."""
    words = [str(one.__struct_config__.tag) for one in mechanisms]
    noise = [word for word in words if word.endswith("_dp")]
    if len(set(words)) < len(words):
        raise OperatorError("privacy= takes every mechanism once", found=", ".join(words))
    if len(noise) > 1:
        raise OperatorError(
            f"privacy= takes one mechanism with noise, not {' and '.join(noise)}",
            found=", ".join(noise),
            hint="each has a budget of its own, and protects something else",
        )


class _Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="tag"):
    """What all that is said in a secure sum shares: the name of the sum."""

    session: str


class Offer(_Said, frozen=True, kw_only=True, tag="offer"):
    """Ask a site to take part: who else may, without how many there is no sum, and how many values are added up."""

    sites: tuple[str, ...]
    threshold: int
    length: int


class PublicKeys(_Said, frozen=True, kw_only=True, tag="public_keys"):
    """The first thing a site says: keys by which others seal shares for it, and agree on masks."""

    sealing: bytes
    masking: bytes


class KeyRing(_Said, frozen=True, kw_only=True, tag="key_ring"):
    """Tell a site the keys of all that take part, and ask for its shares."""

    keys: tuple[tuple[str, PublicKeys], ...]


class SealedShares(_Said, frozen=True, kw_only=True, tag="sealed_shares"):
    """A site's secrets in shares, one box for each other site, and a digest by which its seed is recognised."""

    boxes: tuple[tuple[str, bytes], ...]
    seed_digest: bytes


class Inbox(_Said, frozen=True, kw_only=True, tag="inbox"):
    """Give a site the boxes that others sealed for it. ``by_rows``: its vector counts for its rows, else for 1."""

    boxes: tuple[tuple[str, bytes], ...]
    by_rows: bool = True


class Masked(_Said, frozen=True, kw_only=True, tag="masked"):
    """A site's vector under all its masks: integers mod 2¹²⁸, 16 bytes for every value."""

    words: bytes


class Reveal(_Said, frozen=True, kw_only=True, tag="reveal"):
    """Ask for shares: of the seeds of those whose vectors arrived, and of the masking keys of the others."""

    arrived: tuple[str, ...]
    dropped: tuple[str, ...]


class Revealed(_Said, frozen=True, kw_only=True, tag="revealed"):
    """A site's shares of others' secrets: never both of one site."""

    seeds: tuple[tuple[str, bytes], ...]
    keys: tuple[tuple[str, bytes], ...]
