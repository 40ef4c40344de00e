"""The secure sums that a site takes part in: its secrets, for as long as a round lasts."""

from __future__ import annotations

from jupyter_wayang.errors import DisclosureError, WireError
from jupyter_wayang.federation.privacy import secure_site
from jupyter_wayang.federation.privacy.secure_session import Session
from jupyter_wayang.federation.privacy.secure_site import Member
from jupyter_wayang.federation.privacy.secure_vectors import words_of
from jupyter_wayang.plan.privacy import Inbox, KeyRing, Masked, Offer, PublicKeys, Reveal, Revealed, SealedShares
from jupyter_wayang.plan.tasks import LocalTask, Update
from jupyter_wayang.platforms.randomness import SECURE, Entropy

__all__ = ["Sums"]


class Sums:
    """A site's part in secure sums, one for each training: that of its latest round.

    Parameters
    ----------
    site
        The site's own name, under which others know it.
    entropy
        Where its secrets come from.
    """

    def __init__(self, site: str, entropy: Entropy = SECURE) -> None:
        self._site = site
        self._entropy = entropy
        self._members: dict[tuple[str, str], tuple[int, Member]] = {}

    def said(
        self, run: str, node: str, number: int, asked: Offer | KeyRing | Reveal
    ) -> PublicKeys | SealedShares | Revealed:
        """Answer what is asked in a sum.

        Raises
        ------
        WireError
            If it is asked twice, out of order, or of a sum that this site has no part in.
        DisclosureError
            If an answer would lay an update open.
        """
        said: PublicKeys | SealedShares | Revealed
        if isinstance(asked, Offer):
            member, said = self._joined(run, node, number, asked)
        else:
            member = self._member(run, node, number, asked.session)
            if isinstance(asked, KeyRing):
                member, said = secure_site.share(member, dict(asked.keys), self._entropy)
            else:
                member, said = secure_site.revealed(member, asked)
        self._members[run, node] = (number, member)
        return said

    def masked(self, run: str, node: str, number: int, inbox: Inbox, task: LocalTask, update: Update) -> Masked:
        """Return an update as nobody but all together can read it."""
        member = self._member(run, node, number, inbox.session)
        words = words_of(update, task.parameters, len(member.session.sites), by_rows=inbox.by_rows)
        member, sent = secure_site.masked(member, dict(inbox.boxes), words)
        self._members[run, node] = (number, member)
        return sent

    def allow_plain(self, run: str, node: str) -> None:
        """Refuse to send an update unmasked where it was to be masked.

        Raises
        ------
        DisclosureError
            If this site takes part in secure sums of the training.
        """
        if (run, node) in self._members:
            raise DisclosureError(f"{self._site} masks its updates in this training, and sends none as it is")

    def forget(self, run: str) -> None:
        """Forget the secrets of a run."""
        for key in [key for key in self._members if key[0] == run]:
            del self._members[key]

    def _joined(self, run: str, node: str, number: int, offer: Offer) -> tuple[Member, PublicKeys]:
        if offer.session != f"{run}/{node}/{number}" or number <= self._members.get((run, node), (0, None))[0]:
            raise WireError(f"{self._site} is offered a secure sum that is not that of the round, or was before")
        session = Session(name=offer.session, sites=offer.sites, threshold=offer.threshold, length=offer.length)
        return secure_site.advertise(session, self._site, self._entropy)

    def _member(self, run: str, node: str, number: int, session: str) -> Member:
        known, member = self._members.get((run, node), (0, None))
        if member is None or known != number:
            raise WireError(f"{self._site} takes no part in a secure sum of round {number}")
        member.session.same(session, "the coordinator")
        return member
