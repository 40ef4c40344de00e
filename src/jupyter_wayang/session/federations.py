"""Federations as a session knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jupyter_wayang.catalog import FederationSpec
from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language.arguments import shown

__all__ = ["Federation", "check_declared"]


@dataclass(frozen=True)
class Federation:
    """A declared federation: its name and its sites with their tables and platforms."""

    name: str
    spec: FederationSpec

    @property
    def sites(self) -> tuple[str, ...]:
        """The names of the sites."""
        return tuple(self.spec.sites)

    def __repr__(self) -> str:
        lines = [f"{self.name}: {len(self.sites)} sites"]
        for name, site in self.spec.sites.items():
            policy = Path(site.policy).name if site.policy else "no policy, answers nothing"
            lines.append(f"  {name:<14} {', '.join(site.platforms):<26} tables {', '.join(site.tables):<20} {policy}")
        return "\n".join(lines)


def check_declared(name: object, sites: object) -> None:
    """Refuse what is no declaration of a federation.

    Raises
    ------
    OperatorError
        If the name is no text, or the sites are neither a dict nor a path.
    """
    if not isinstance(name, str) or not name:
        raise OperatorError(f"a federation has a name in quotes, not {shown(name)}")
    if not isinstance(sites, str | Path | Mapping | None):
        raise OperatorError(
            f"a federation is a dict by site, or the path of a TOML file, not {shown(sites)}",
            hint=f'as in wy.federation("{name}", "{name}.toml")',
        )
