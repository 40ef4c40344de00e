"""A site's half of secure aggregation: four answers, each once, in order."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from jupyter_wayang.errors import DisclosureError, WireError
from jupyter_wayang.federation.privacy import ciphers, fixed_point, shamir
from jupyter_wayang.federation.privacy.secure_session import Session
from jupyter_wayang.plan.privacy import Masked, PublicKeys, Reveal, Revealed, SealedShares
from jupyter_wayang.platforms.randomness import SECURE, Entropy

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Member", "advertise", "mask_of_seed", "mask_with", "masked", "revealed", "seed_digest", "share"]

Stage = Literal["advertised", "shared", "masked", "revealed"]


@dataclass(frozen=True, kw_only=True)
class Member:
    """What a site remembers of a secure sum, all of it secret.

    ``keys`` are those of the sites that advertised, ``shares`` by site what it sealed for this one: a share of its
    seed, and one of its masking key.
    """

    session: Session
    site: str
    sealing: bytes = field(repr=False)
    masking: bytes = field(repr=False)
    seed: bytes = field(repr=False)
    stage: Stage = "advertised"
    keys: Mapping[str, PublicKeys] = field(default_factory=dict, repr=False)
    shares: Mapping[str, tuple[bytes, bytes]] = field(default_factory=dict, repr=False)

    def after(self, stage: Stage) -> None:
        """Raise a :class:`WireError` unless the last answer was this one."""
        if self.stage != stage:
            raise WireError(
                f"{self.site} is asked twice, or out of order: it has {self.stage} in this secure sum",
                found=self.stage,
                expected=(stage,),
            )


def advertise(session: Session, site: str, entropy: Entropy = SECURE) -> tuple[Member, PublicKeys]:
    """Make fresh keys, and return the public ones: round 0 of the paper.

    Examples
    --------
    >>> member, keys = advertise(Session(name="run, round 1", sites=("a", "b", "c"), threshold=3, length=2), "a")
    >>> len(keys.masking), keys.masking == member.masking
    (32, False)
    """
    session.holder(site)
    sealing, masking, seed = (entropy(ciphers.KEY_BYTES) for _ in range(3))
    member = Member(session=session, site=site, sealing=sealing, masking=masking, seed=seed)
    return member, PublicKeys(session=session.name, sealing=ciphers.public(sealing), masking=ciphers.public(masking))


def share(member: Member, keys: Mapping[str, PublicKeys], entropy: Entropy = SECURE) -> tuple[Member, SealedShares]:
    """Seal for every other site a share of this site's seed and of its masking key: round 1.

    Raises
    ------
    SiteError
        If too few sites advertised.
    WireError
        If two sites have the same key, or if what is said to be this site's is not.
    """
    member.after("advertised")
    session, site = member.session, member.site
    session.enough(keys, "advertised keys")
    for other, its in keys.items():
        session.holder(other)
        session.same(its.session, other)
    if keys.get(site) != PublicKeys(
        session=session.name, sealing=ciphers.public(member.sealing), masking=ciphers.public(member.masking)
    ):
        raise WireError(f"the keys that are said to be those of {site} are not")
    published = [key for its in keys.values() for key in (its.sealing, its.masking)]
    if len(set(published)) < len(published):
        raise WireError("two sites of a secure sum have the same key")
    count = len(session.sites)
    seeds = shamir.split(member.seed, session.threshold, count, entropy)
    secrets = shamir.split(member.masking, session.threshold, count, entropy)
    boxes = []
    for other in session.others(site, keys):
        about = session.about("share", site, other)
        key, at = ciphers.agreed(member.sealing, keys[other].sealing, about), session.holder(other) - 1
        boxes.append((other, ciphers.sealed(key, seeds[at] + secrets[at], about, entropy)))
    own = session.holder(site) - 1
    kept = replace(member, stage="shared", keys=dict(keys), shares={site: (seeds[own], secrets[own])})
    return kept, SealedShares(session=session.name, boxes=tuple(boxes), seed_digest=seed_digest(member.seed))


def masked(member: Member, boxes: Mapping[str, bytes], words: np.ndarray) -> tuple[Member, Masked]:
    r"""Mask this site's vector with its seed and with a mask for every site that shared: round 2.

    .. math:: y_u = x_u + PRG(b_u) + \sum_{v > u} PRG(s_{uv}) - \sum_{v < u} PRG(s_{uv}) \mod 2^{128}

    Parameters
    ----------
    member
        This site.
    boxes
        By site, what it sealed for this one.
    words
        The vector, as of :func:`~jupyter_wayang.federation.privacy.fixed_point.encoded`.

    Raises
    ------
    SiteError
        If too few sites shared.
    WireError
        If a box cannot be opened: it is of another round, or of somebody else.
    """
    member.after("shared")
    session, site = member.session, member.site
    session.enough({site, *boxes}, "shared keys")
    if words.shape != (session.length, 2):
        raise WireError(f"a vector of {len(words)} values does not fit a secure sum of {session.length}")
    shares, made = dict(member.shares), fixed_point.added(words, mask_of_seed(session, member.seed))
    for other in session.others(site, boxes):
        if other not in member.keys:
            raise WireError(f"{other} has a box for {site}, and advertised no keys")
        shares[other] = _opened(member, other, boxes[other])
        made = fixed_point.added(made, mask_with(session, site, member.masking, other, member.keys[other].masking))
    sent = Masked(session=session.name, words=fixed_point.to_bytes(made))
    return replace(member, stage="masked", shares=shares), sent


def _opened(member: Member, other: str, box: bytes) -> tuple[bytes, bytes]:
    about = member.session.about("share", other, member.site)
    key = ciphers.agreed(member.sealing, member.keys[other].sealing, about)
    try:
        text = ciphers.opened(key, box, about)
    except WireError as error:
        raise WireError(
            f"what {other} sealed for {member.site} cannot be opened: it is of another round, or of other keys"
        ) from error
    if len(text) != 2 * shamir.SHARE_BYTES:
        raise WireError(f"what {other} sealed for {member.site} is no pair of shares")
    return text[: shamir.SHARE_BYTES], text[shamir.SHARE_BYTES :]


def revealed(member: Member, asked: Reveal) -> tuple[Member, Revealed]:
    """Hand out, of every site, a share of its seed if its vector arrived, or else of its masking key: round 3.

    Raises
    ------
    DisclosureError
        If both are asked for of one site, which would lay its vector open, or if the sites are not those that this one
        masked its vector with.
    SiteError
        If too few vectors arrived.
    """
    member.after("masked")
    session, site = member.session, member.site
    session.same(asked.session, "the coordinator")
    arrived, dropped = set(asked.arrived), set(asked.dropped)
    both = session.ordered(arrived & dropped)
    if both:
        raise DisclosureError(
            f"{site} does not tell both secrets of {', '.join(both)}: with them, its update could be read alone",
            found=", ".join(both),
        )
    if arrived | dropped != set(member.shares) or site not in arrived:
        raise DisclosureError(f"{site} is asked about other sites than those it masked its update with")
    session.enough(arrived, "sent their vectors")
    told = Revealed(
        session=session.name,
        seeds=tuple((other, member.shares[other][0]) for other in session.ordered(arrived)),
        keys=tuple((other, member.shares[other][1]) for other in session.ordered(dropped)),
    )
    return replace(member, stage="revealed"), told


def seed_digest(seed: bytes) -> bytes:
    """Return what a seed is recognised by, which says nothing about it."""
    return hashlib.sha256(b"seed of a mask" + seed).digest()


def mask_of_seed(session: Session, seed: bytes) -> np.ndarray:
    """Return the mask of a site's own."""
    return ciphers.mask(ciphers.derived(seed, session.about("own mask", "")), session.length)


def mask_with(session: Session, site: str, secret: bytes, other: str, public: bytes) -> np.ndarray:
    """Return what a site adds because of another one, which adds the opposite."""
    first, second = sorted((site, other), key=session.holder)
    made = ciphers.mask(ciphers.agreed(secret, public, session.about("mask", first, second)), session.length)
    return made if site == first else fixed_point.negated(made)
