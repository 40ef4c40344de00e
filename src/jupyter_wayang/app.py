"""The composition root: a session over an execution kernel and sites in this process."""

from __future__ import annotations

import atexit
import getpass
import os
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_wayang.catalog import Catalog, FederationSpec, SiteSpec
from jupyter_wayang.errors import DataError, NameUnknownError, OperatorError, WayangError, closest
from jupyter_wayang.execution.measuring import QUICK, USUAL
from jupyter_wayang.execution.scheduler import Engines
from jupyter_wayang.kernel.execution_kernel import ExecutionKernel
from jupyter_wayang.kernel.journal import Journal
from jupyter_wayang.kernel.observing import observations
from jupyter_wayang.kernel.program import HERE
from jupyter_wayang.kernel.results import Results
from jupyter_wayang.language.arguments import shown
from jupyter_wayang.optimizer.calibration import Refit, refit
from jupyter_wayang.plan.execution import Lane
from jupyter_wayang.platforms import registry
from jupyter_wayang.platforms.connections import connect, without_password
from jupyter_wayang.platforms.functions import Function
from jupyter_wayang.platforms.known_costs import KnownCosts, MachineCosts, costed
from jupyter_wayang.platforms.platform import Platform
from jupyter_wayang.session import Workbench
from jupyter_wayang.session.calibrating import bar
from jupyter_wayang.site.agent import SiteAgent
from jupyter_wayang.site.audit import Audit
from jupyter_wayang.site.budgets import Budgets
from jupyter_wayang.site.calibration import Calibration, calibrate
from jupyter_wayang.site.ledger import Ledger
from jupyter_wayang.site.policy import OPEN, Policy, read_policy
from jupyter_wayang.site.words import in_words

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Session", "default_session"]


class Session(Workbench):
    """A session of this process: its journal, results and audit are in ``.wayang`` of the folder.

    Parameters
    ----------
    folder
        Where relative paths start; None: the working directory.

    Examples
    --------
    >>> import tempfile, pyarrow as pa
    >>> session = Session(tempfile.mkdtemp())
    >>> ages = session.read(pa.table({"age": [17, 42]}))
    >>> from jupyter_wayang.language.expressions import col
    >>> ages.filter(col.age > 18).run().to_arrow().to_pylist()
    [{'age': 42}]
    >>> session.close()
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = _folder(folder)
        self._state = self.folder / ".wayang"
        self._sites: dict[str, dict[str, SiteAgent]] = {}
        unusable = {name: platform.missing() for name, platform in registry.installed().items()}
        frames: dict[str, pa.Table] = {}
        functions: dict[str, Function] = {}
        catalog = Catalog(self.folder)
        # The journal goes first: it makes the folder, with a .gitignore in it.
        try:
            journal = Journal(self._state)
        except WayangError:
            raise
        except (OSError, ValueError, sqlite3.Error) as error:
            raise _unusable(self.folder, error) from error
        self._costs = KnownCosts(self._state)
        lane = Lane(id=HERE, title="This machine", kind="here")
        platforms = tuple(registry.installed().values())
        self._here = self._agent(lane, catalog, platforms, OPEN, unusable, HERE, frames, functions)
        self._kernel = ExecutionKernel(journal, Results(self._state / "results"), self._here.handle)
        super().__init__(self._kernel, catalog, frames, self._open, unusable, functions)

    def close(self) -> None:
        """Stop what runs and close journal and platforms."""
        super().close()
        for agent in (self._here, *(agent for sites in self._sites.values() for agent in sites.values())):
            agent.close()
        shutil.rmtree(self._state / "workspace", ignore_errors=True)

    def allow(self, platform: str) -> None:
        """Let plans use a platform that could not be used before, as soon as a connection to it was made."""
        super().allow(platform)
        found = registry.installed().get(platform)
        if found is not None and found.missing() is None:
            self._here.allow(costed(found, self._costs))

    def calibrate(self, *, quick: bool = False, platforms: Sequence[str] | None = None) -> Calibration:
        """Measure what platforms cost on this machine, and plan with that from now on.

        Parameters
        ----------
        quick
            Small sizes, once each: to try it out.
        platforms
            Names; None: all that can be used here.

        Returns
        -------
        Calibration
            How far estimates are off on stages that nothing was fitted on.
        """
        allowed = registry.named(platforms) if platforms is not None else tuple(registry.installed().values())
        found = calibrate(
            [platform for platform in allowed if platform.missing() is None], QUICK if quick else USUAL, bar()
        )
        self._costs.keep(found.costs if platforms is None else found.costs.over(self._costs.measured))
        return found

    def calibrate_from_runs(self) -> Refit:
        """Learn what platforms cost from the runs in the journal, if runs that were left out say that it is better."""
        platforms = {name: p for name, p in registry.installed().items() if p.missing() is None}
        seen = [
            one
            for summary in self._kernel.runs()
            if summary.state == "done"
            for one in observations(summary.run, self._kernel.events(summary.run), platforms)
        ]
        found = refit(self._costs.all(platforms.values()), seen)
        if found.costs:
            self._costs.keep((self._costs.measured or MachineCosts()).changed(found.costs))
        return found

    def policy(self, name: str) -> str:
        """Say in words what sites allow.

        Parameters
        ----------
        name
            A federation, or one of its sites as in ``hospitals/va``.

        Raises
        ------
        NameUnknownError
            If there is no such federation or site.
        """
        federation, _, site = name.partition("/")
        spec = self.federation(federation).spec
        if site and site not in spec.sites:
            guess = closest(site, spec.sites)
            raise NameUnknownError(
                f"{federation} has no site {site}." + (f" Did you mean {guess}?" if guess else ""),
                found=site,
                expected=tuple(spec.sites),
                hint="sites: " + ", ".join(spec.sites),
            )
        said = []
        for one in (site,) if site else spec.sites:
            agent = self._sites[federation][one]
            title = agent.lane.title
            said.append(in_words(agent.policy, title) if agent.policy else f"{title} answers nothing: no policy file.")
        return "\n\n".join(said)

    def _open(self, spec: FederationSpec) -> None:
        busy = self._kernel.busy(spec.name)
        if busy is not None:
            raise OperatorError(
                f"the run {busy} goes on over {spec.name}, which cannot change meanwhile",
                hint=f"%wayang attach {busy} waits for it, %wayang stop {busy} ends it",
            )
        agents = {name: self._site(spec.name, name, site, Path(spec.folder)) for name, site in spec.sites.items()}
        titles = {name: agent.lane.title for name, agent in agents.items()}
        # Sites of this process are asked by whoever runs it; over a wire, a certificate says who asks.
        ask = {name: partial(agent.handle, analyst=_person()) for name, agent in agents.items()}
        self._kernel.join(spec.name, ask, titles)
        for former in self._sites.pop(spec.name, {}).values():
            former.close()
        self._sites[spec.name] = agents

    def _site(self, federation: str, name: str, site: SiteSpec, folder: Path) -> SiteAgent:
        platforms = registry.named(site.platforms)
        for table in site.tables.values():
            if table.connection is not None and "://" in table.connection:
                connect(without_password(table.connection), table.connection)
        unusable = {platform.name: platform.missing() for platform in platforms}
        lane = Lane(
            id=name, title=site.title or name.replace("_", " ").capitalize(), kind="site", platforms=site.platforms
        )
        policy = _policy(site, folder)
        return self._agent(lane, Catalog(folder, site.tables), platforms, policy, unusable, f"{federation}/{name}")

    def _agent(
        self,
        lane: Lane,
        catalog: Catalog,
        platforms: tuple[Platform, ...],
        policy: Policy | None,
        unusable: Mapping[str, str | None],
        place: str,
        frames: Mapping[str, pa.Table] | None = None,
        functions: Mapping[str, Function] | None = None,
    ) -> SiteAgent:
        able = (platform for platform in platforms if unusable.get(platform.name) is None)
        usable = {platform.name: costed(platform, self._costs) for platform in able}
        workspace = self._state / "workspace" / place
        return SiteAgent(
            lane,
            catalog,
            Engines(usable, workspace),
            policy=policy,
            audit=Audit(None if lane.kind == "here" else self._state / "audit" / f"{place}.jsonl"),
            ledger=Ledger(None if lane.kind == "here" else self._state / "ledger" / f"{place}.jsonl"),
            budgets=Budgets(None if lane.kind == "here" else self._state / "ledger" / f"{place}.budgets.jsonl"),
            unusable={name: why for name, why in unusable.items() if why is not None},
            frames=frames,
            functions=functions,
        )


def _folder(folder: object) -> Path:
    if folder is None:
        return Path.cwd()
    if not isinstance(folder, str | os.PathLike):
        raise OperatorError(f"a session has a folder, and {shown(folder)} is none", hint='as in Session("study")')
    return Path(folder)


def _unusable(folder: Path, error: Exception) -> DataError:
    name = str(folder) if len(str(folder)) <= 200 else f"{str(folder)[:40]}…"
    if isinstance(error, NotADirectoryError | FileExistsError):
        return DataError(f"a session has a folder, and {name} is none", hint="leave it out for the working directory")
    if isinstance(error, sqlite3.Error):
        reason = str(error)
    else:
        reason = getattr(error, "strerror", None) or "this is no name of a folder"
    return DataError(f"the session cannot keep its journal in {name}: {reason.lower()}")


def _policy(site: SiteSpec, folder: Path) -> Policy | None:
    if site.policy is None:
        return None
    try:
        return read_policy(folder / site.policy)
    except DataError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a process whose user has no name
        return "somebody"


@cache
def default_session() -> Session:
    """Return the session that ``wy.read`` and the magics use, made when it is first needed."""
    session = Session()
    atexit.register(session.close)
    return session
