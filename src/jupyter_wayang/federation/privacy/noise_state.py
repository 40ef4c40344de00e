"""What the mechanisms with noise are told of a training, and what those remember of it that only sites add noise in."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from jupyter_wayang.federation.privacy.accountant import Account, Spend

__all__ = ["SiteNoise", "Training"]


@dataclass(frozen=True, kw_only=True)
class Training:
    """How many rounds there are at most, how many sites are asked in each, and how many steps each of them takes."""

    rounds: int
    sites: int
    steps: int


class SiteNoise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="site", tag_field="tag"):
    """The noise that sites add in a round, what that spends, and the account of all rounds so far."""

    spend: Spend
    account: Account

    def charged(self) -> SiteNoise:
        """Return the state after a round.

        Raises
        ------
        DisclosureError
            If the budget is spent.
        """
        return msgspec.structs.replace(self, account=self.account.charged(self.spend))
