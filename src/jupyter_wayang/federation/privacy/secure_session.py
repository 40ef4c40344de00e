"""What all who take part in a secure sum agree on beforehand, and refuse to do without."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from jupyter_wayang.errors import OperatorError, SiteError, WireError

__all__ = ["FEWEST", "Session", "check_threshold", "usual_threshold"]

FEWEST = 3
"""In a sum of two, each sees the other's part by taking away its own."""


def usual_threshold(sites: int) -> int:
    """Return the number of sites without which there is no sum: more than half, and at least three.

    Examples
    --------
    >>> [usual_threshold(sites) for sites in (3, 4, 5, 10)]
    [3, 3, 3, 6]
    """
    return max(FEWEST, sites // 2 + 1)


def check_threshold(threshold: int | None, sites: int) -> None:
    """Raise an :class:`OperatorError` unless a secure sum over so many sites may have a threshold; None: the usual one."""
    if sites < FEWEST:
        raise OperatorError(
            f"a secure sum needs {FEWEST} sites or more, and there are {sites}",
            found=str(sites),
            hint="in a sum of two, each sees the other's update by taking away its own",
        )
    fewest = usual_threshold(sites)
    if threshold is not None and not fewest <= threshold <= sites:
        raise OperatorError(
            f"the threshold of a secure sum over {sites} sites is between {fewest} and {sites}, not {threshold}",
            found=str(threshold),
            hint="more than half of the sites, and at least three",
        )


@dataclass(frozen=True, kw_only=True)
class Session:
    """One secure sum.

    Parameters
    ----------
    name
        Tells this sum from every other: run and round.
    sites
        Who may take part, in an order that all share.
    threshold
        Without so many there is no sum. More than half: else a coordinator that tells two halves of the sites
        different stories would get both shares of one site, each from one half.
    length
        The number of values in a vector.
    """

    name: str
    sites: tuple[str, ...]
    threshold: int
    length: int

    def __post_init__(self) -> None:
        if len(set(self.sites)) < len(self.sites) or self.length < 1:
            raise OperatorError("a secure sum needs sites, each once, and a vector", found=", ".join(self.sites))
        check_threshold(self.threshold, len(self.sites))

    def holder(self, site: str) -> int:
        """Return the number, from 1, under which a site holds shares."""
        if site not in self.sites:
            raise WireError(f"{site} takes no part in this secure sum", expected=self.sites)
        return self.sites.index(site) + 1

    def ordered(self, among: Collection[str]) -> tuple[str, ...]:
        """Return some of the sites in the common order."""
        return tuple(site for site in self.sites if site in among)

    def others(self, site: str, among: Collection[str]) -> tuple[str, ...]:
        """Return some of the sites but one, in the common order."""
        return tuple(other for other in self.ordered(among) if other != site)

    def about(self, purpose: str, one: str, other: str = "") -> bytes:
        """Return what binds a key or a box to this sum, a purpose and those it is between."""
        return repr((self.name, purpose, one, other)).encode()

    def enough(self, sites: Collection[str], doing: str) -> None:
        """Raise a :class:`SiteError` unless enough sites are left."""
        if len(sites) < self.threshold:
            raise SiteError(
                f"{len(sites)} of {len(self.sites)} sites {doing}, and a secure sum needs {self.threshold}",
                found=", ".join(self.ordered(sites)),
                hint="nothing of this round can be read; it can be tried again",
            )

    def same(self, name: str, site: str) -> None:
        """Raise a :class:`WireError` if a message is of another sum: of an earlier round, or sent again."""
        if name != self.name:
            raise WireError(f"what came from {site} belongs to another round of secure aggregation")
