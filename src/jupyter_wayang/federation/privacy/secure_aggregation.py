r"""Secure aggregation: a coordinator learns the sum of the sites' vectors, and of none of them anything else.

The protocol of Bonawitz et al. for a coordinator that follows it and is curious: every site adds a mask of its own and,
for every other site, one that the other takes away again. Secrets are shared, so that the masks of a site that drops out
can be removed, and those of the others too; of one site, never both. Vectors are integers mod 2¹²⁸
(:mod:`~jupyter_wayang.federation.privacy.fixed_point`), so that the sum is exact.

This file is the coordinator's half, :mod:`~jupyter_wayang.federation.privacy.secure_site` the site's::

    site                                        coordinator
    advertise          ── public keys ───────▶  keyring
    share              ◀─ all keys ── boxes ─▶  inboxes
    masked             ◀─ boxes ─── vector ──▶  reveal
    revealed           ◀─ who arrived ─ shares ▶ unmasked: the sum

References
----------
Bonawitz, K., Ivanov, V., Kreuter, B., Marcedone, A., McMahan, H. B., Patel, S., Ramage, D., Segal, A., & Seth, K. (2017).
Practical Secure Aggregation for Privacy-Preserving Machine Learning. CCS. https://eprint.iacr.org/2017/281
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jupyter_wayang.errors import WireError
from jupyter_wayang.federation.privacy import ciphers, fixed_point, shamir
from jupyter_wayang.federation.privacy.secure_session import Session
from jupyter_wayang.federation.privacy.secure_site import mask_of_seed, mask_with, seed_digest
from jupyter_wayang.plan.privacy import Masked, PublicKeys, Reveal, Revealed, SealedShares

if TYPE_CHECKING:
    import numpy as np

__all__ = ["inboxes", "keyring", "reveal", "unmasked"]


def keyring(session: Session, advertised: Mapping[str, PublicKeys]) -> dict[str, PublicKeys]:
    """Return the keys that every site is told, in the common order.

    Raises
    ------
    SiteError
        If too few sites advertised.
    WireError
        If keys are of another sum, or of a site that takes no part.
    """
    _of(session, advertised)
    session.enough(advertised, "advertised keys")
    return {site: advertised[site] for site in session.ordered(advertised)}


def inboxes(session: Session, shared: Mapping[str, SealedShares]) -> dict[str, dict[str, bytes]]:
    """Return for every site that shared what the others sealed for it.

    Raises
    ------
    SiteError
        If too few sites shared.
    WireError
        If a site has left out a box.
    """
    _of(session, shared)
    session.enough(shared, "shared keys")
    made: dict[str, dict[str, bytes]] = {site: {} for site in session.ordered(shared)}
    for site in made:
        boxes = dict(shared[site].boxes)
        for other in session.others(site, shared):
            if other not in boxes:
                raise WireError(f"{site} sealed nothing for {other}")
            made[other][site] = boxes[other]
    return made


def reveal(session: Session, shared: Mapping[str, SealedShares], arrived: Mapping[str, Masked]) -> Reveal:
    """Return what is asked of the sites whose vectors arrived.

    Raises
    ------
    SiteError
        If too few vectors arrived.
    WireError
        If a vector is of another sum, of a site that did not share, or of another length.
    """
    _of(session, arrived)
    session.enough(arrived, "sent their vectors")
    for site, sent in arrived.items():
        if site not in shared:
            raise WireError(f"{site} sent a vector, and shared no keys")
        if len(sent.words) != fixed_point.BYTES * session.length:
            raise WireError(f"the vector of {site} has another length than the sum")
    dropped = [site for site in shared if site not in arrived]
    return Reveal(session=session.name, arrived=session.ordered(arrived), dropped=session.ordered(dropped))


def unmasked(
    session: Session,
    keys: Mapping[str, PublicKeys],
    shared: Mapping[str, SealedShares],
    arrived: Mapping[str, Masked],
    told: Mapping[str, Revealed],
) -> np.ndarray:
    """Return the sum of the vectors that arrived, as words.

    Parameters
    ----------
    session
        The sum.
    keys, shared, arrived, told
        What sites said in each of the four rounds. Of those that arrived, at least ``threshold`` must have told.

    Raises
    ------
    SiteError
        If too few sites told their shares.
    WireError
        If shares do not give back the secret that they are of.

    Examples
    --------
    Three sites, each with the vector 2 · 0.5:

    >>> import numpy as np
    >>> from jupyter_wayang.federation.privacy import secure_site as site
    >>> session = Session(name="run, round 1", sites=("a", "b", "c"), threshold=3, length=1)
    >>> members, said = {}, {}
    >>> for name in session.sites:
    ...     members[name], said[name] = site.advertise(session, name)
    >>> keys, shared, vectors, told = keyring(session, said), {}, {}, {}
    >>> for name in session.sites:
    ...     members[name], shared[name] = site.share(members[name], keys)
    >>> for name, boxes in inboxes(session, shared).items():
    ...     words = fixed_point.encoded(np.array([0.5]), weight=2, parties=3)
    ...     members[name], vectors[name] = site.masked(members[name], boxes, words)
    >>> for name in session.sites:
    ...     members[name], told[name] = site.revealed(members[name], reveal(session, shared, vectors))
    >>> fixed_point.integers(unmasked(session, keys, shared, vectors, told))[0] / fixed_point.UNIT
    3.0
    """
    _of(session, told)
    session.enough(told, "told their shares")
    asked = reveal(session, shared, arrived)
    made = fixed_point.total((fixed_point.from_bytes(sent.words) for sent in arrived.values()), session.length)
    for site in asked.arrived:
        seed = _joined(session, site, {who: dict(said.seeds) for who, said in told.items()})
        if seed_digest(seed) != shared[site].seed_digest:
            raise WireError(f"the shares of the seed of {site} do not give it back")
        made = fixed_point.added(made, fixed_point.negated(mask_of_seed(session, seed)))
    for gone in asked.dropped:
        secret = _joined(session, gone, {who: dict(said.keys) for who, said in told.items()})
        if ciphers.public(secret) != keys[gone].masking:
            raise WireError(f"the shares of the key of {gone} do not give it back")
        for site in asked.arrived:
            # What `gone` would have added because of `site` is the opposite of what `site` added because of `gone`.
            made = fixed_point.added(made, mask_with(session, gone, secret, site, keys[site].masking))
    return made


def _joined(session: Session, site: str, told: Mapping[str, Mapping[str, bytes]]) -> bytes:
    holders = [who for who in session.sites if site in told.get(who, {})]
    session.enough(holders, f"told their shares of {site}")
    return shamir.joined({session.holder(who): told[who][site] for who in holders[: session.threshold]})


def _of(session: Session, said: Mapping[str, PublicKeys | SealedShares | Masked | Revealed]) -> None:
    for site, message in said.items():
        session.holder(site)
        session.same(message.session, site)
