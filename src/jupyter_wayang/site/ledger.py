"""What every person has asked of a site before: kept at the site, because answers tell more together than alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import RLock

import msgspec

from jupyter_wayang.errors import DataError
from jupyter_wayang.plan.expressions import AnyExpression
from jupyter_wayang.site.disclosure.lineage import Cut

__all__ = ["Asked", "Ledger", "Question"]


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rows of a table an answer is about, all in terms of the table.

    Those where ``condition`` is true (None: all), in a group for each value of ``keys``; ``parts`` are the conditions
    by which a number tells the rows of a group apart. ``cuts`` say which columns stand for rows drawn by chance.
    """

    table: str
    condition: AnyExpression | None = None
    keys: tuple[AnyExpression, ...] = ()
    parts: tuple[AnyExpression, ...] = ()
    cuts: tuple[Cut, ...] = ()


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question that was answered: who asked it when, in which run, and the ``numbers`` that were told of each group."""

    analyst: str
    at_s: float
    run: str
    question: Question
    numbers: tuple[AnyExpression, ...] = ()


class Ledger:
    """Remembers what was answered, in a file of JSON lines; without a path for as long as it lives.

    Parameters
    ----------
    path
        The file, made with its folder at the first entry. Whoever deletes it lets everybody begin anew.
    clock
        Returns seconds since 1970.
    """

    def __init__(self, path: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._lock = RLock()
        self._entries: list[Asked] | None = None
        self._noted: set[tuple[str, str, Question, tuple[AnyExpression, ...]]] = set()

    def of(self, analyst: str, table: str) -> tuple[Asked, ...]:
        """Return what a person was told about a table."""
        with self._lock:
            return tuple(e for e in self._known() if e.analyst == analyst and e.question.table == table)

    def runs_since(self, analyst: str, seconds: float) -> frozenset[str]:
        """Return the runs in which a person was answered within the last ``seconds``."""
        with self._lock:
            since = self._clock() - seconds
            return frozenset(e.run for e in self._known() if e.analyst == analyst and e.at_s > since)

    def note(self, analyst: str, run: str, question: Question, numbers: tuple[AnyExpression, ...] = ()) -> None:
        """Write down that a question is answered. Once a run is enough."""
        with self._lock:
            known, key = self._known(), (analyst, run, question, numbers)
            if key in self._noted:
                return
            entry = Asked(analyst=analyst, at_s=self._clock(), run=run, question=question, numbers=numbers)
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("ab") as file:
                    file.write(msgspec.json.encode(entry) + b"\n")
            known.append(entry)
            self._noted.add(key)

    def _known(self) -> list[Asked]:
        if self._entries is None:
            self._entries = list(self._read())
            self._noted = {(e.analyst, e.run, e.question, e.numbers) for e in self._entries}
        return self._entries

    def _read(self) -> Iterator[Asked]:
        if self._path is None or not self._path.exists():
            return
        for number, line in enumerate(self._path.read_bytes().splitlines(), 1):
            try:
                yield msgspec.json.decode(line, type=Asked)
            except msgspec.DecodeError as error:
                raise DataError(
                    f"line {number} of the ledger {self._path.name} cannot be read, so nothing is answered",
                    hint="the site's owner mends or removes the file",
                ) from error
