"""What noisy answers have told each person about a table, kept at the site, and refused beyond a budget."""

from __future__ import annotations

from pathlib import Path
from threading import RLock

import msgspec

from jupyter_wayang.errors import DataError, DisclosureError
from jupyter_wayang.federation.privacy.accountant import Account, Spend
from jupyter_wayang.plan.tasks import LocalTask

__all__ = ["Budgets", "Entry", "spend_of"]


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A noisy answer: whom it was given, about which table, in which run, and what it spent."""

    analyst: str
    table: str
    run: str
    spend: Spend


class Budgets:
    """Remembers what was spent, in a file of JSON lines; without a path for as long as it lives.

    Parameters
    ----------
    path
        The file, made with its folder at the first entry. Whoever deletes it gives everybody a new budget.

    Examples
    --------
    >>> budgets = Budgets()
    >>> budgets.charge("ada", "patients", "run 1", Spend(noise_multiplier=5.0), epsilon=1.0, delta=1e-5)
    >>> round(budgets.account("ada", "patients", epsilon=1.0, delta=1e-5).spent, 3)
    0.726
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = RLock()
        self._entries: list[Entry] | None = None

    def account(self, analyst: str, table: str, *, epsilon: float, delta: float) -> Account:
        """Return the account of a person and a table."""
        with self._lock:
            counts: dict[Spend, int] = {}
            for entry in self._known():
                if (entry.analyst, entry.table) == (analyst, table):
                    once = msgspec.structs.replace(entry.spend, count=1)
                    counts[once] = counts.get(once, 0) + entry.spend.count
            spends = tuple(msgspec.structs.replace(once, count=count) for once, count in counts.items())
            return Account(epsilon=epsilon, delta=delta, unit="row", spends=spends)

    def charge(self, analyst: str, table: str, run: str, spend: Spend, *, epsilon: float, delta: float) -> None:
        """Write down that a noisy answer is given; it must not be where this raises.

        Raises
        ------
        DisclosureError
            If the budget does not reach.
        """
        with self._lock:
            self.account(analyst, table, epsilon=epsilon, delta=delta).charged(spend)
            entry = Entry(analyst=analyst, table=table, run=run, spend=spend)
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("ab") as file:
                    file.write(msgspec.json.encode(entry) + b"\n")
            self._known().append(entry)

    def _known(self) -> list[Entry]:
        if self._entries is None:
            self._entries = self._read()
        return self._entries

    def _read(self) -> list[Entry]:
        if self._path is None or not self._path.exists():
            return []
        try:
            lines = self._path.read_bytes().splitlines()
            return [msgspec.json.decode(line, type=Entry) for line in lines]
        except (msgspec.DecodeError, OSError) as error:
            raise DataError(
                f"what was spent of privacy budgets cannot be read: {self._path.name}: {error}",
                hint="mend the file; without it everybody would have a new budget",
            ) from error


def spend_of(task: LocalTask, site: str) -> Spend | None:
    """Return what the answer to a task spends, or None if no noise is asked for.

    Raises
    ------
    DisclosureError
        If the noise is to come from a seed, which whoever asks knows: such noise hides nothing.

    Examples
    --------
    >>> from jupyter_wayang.plan.models import LogisticRegression
    >>> from jupyter_wayang.plan.privacy import RecordNoise
    >>> noise = RecordNoise(clip=1.0, noise_multiplier=5.0)
    >>> task = LocalTask(model=LogisticRegression(), features=("a",), parameters=(), epochs=3, noise=noise)
    >>> spend_of(task, "va").count
    3
    """
    noise, guard = task.noise, task.guard
    if noise is None and (guard is None or guard.noise_multiplier is None):
        return None
    if (noise is not None and noise.seed is not None) or (guard is not None and guard.seed is not None):
        raise DisclosureError(
            f"{site} has a privacy budget, and adds no noise from a seed: whoever asks could take it away",
            hint="leave seed= out",
        )
    if noise is not None:
        return Spend(noise_multiplier=noise.noise_multiplier, sampling=noise.sample, count=task.epochs)
    return Spend(noise_multiplier=guard.noise_multiplier) if guard and guard.noise_multiplier else None
