"""The journal: every event of every run, in SQLite, before anybody sees it, and what a run needs to go on after a break."""

from __future__ import annotations

import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from threading import Condition, Lock

import msgspec

from jupyter_wayang.errors import DataError, NameUnknownError, RunStoppedError
from jupyter_wayang.events import AnyEvent, RunFinished

__all__ = ["KEPT_RUNS", "SCHEMA_VERSION", "Journal", "RunSummary"]

SCHEMA_VERSION = 1
KEPT_RUNS = 200
"""Older runs are forgotten when a new one starts."""
_RECENT = 4_096
"""Events of a run that are held in memory too: whoever follows it asks for no older ones."""

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS runs (
    run TEXT PRIMARY KEY, name TEXT NOT NULL, started_s REAL NOT NULL, state TEXT NOT NULL, process INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS events (run TEXT NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (run, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (run TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (run, name));
"""

# One row, as SQLite gives up the interpreter's lock for each, and beside a busy run it is had back only 5 ms later.
_EVENTS = """
SELECT group_concat(CAST(body AS TEXT)) FROM (SELECT body FROM events WHERE run = ? AND seq > ? ORDER BY seq)
"""


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A run in a list: its id, name, start (seconds since 1970) and state."""

    run: str
    name: str
    started_s: float
    state: str


class Journal:
    """Numbers events, stores them, and wakes whoever waits for them. Safe to use from several threads.

    Parameters
    ----------
    folder
        The folder (``.wayang``), made with a ``.gitignore`` of its own.
    clock
        Seconds since 1970.

    Raises
    ------
    DataError
        If the journal there was written by another version.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        self.path = folder / "journal.sqlite"
        self._clock = clock
        # Taken in this order. Whoever waits beside a busy run must not stand in line behind its writing, which gives up the
        # interpreter's lock and gets it back only milliseconds later.
        self._filing = Lock()
        self._changed = Condition()
        self._recent: dict[str, deque[AnyEvent]] = {}
        self._next: dict[str, int] = {}
        self._closed = False
        self._ended: set[str] = set()
        self._connection = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._open()
        self._close_orphans()

    def _open(self) -> None:
        self._connection.executescript(_TABLES)
        row = self._connection.execute("SELECT value FROM meta WHERE key = 'version'").fetchone()
        if row is None:
            self._connection.execute("INSERT OR IGNORE INTO meta VALUES ('version', ?)", (str(SCHEMA_VERSION),))
        elif row[0] != str(SCHEMA_VERSION):
            self._connection.close()
            raise DataError(
                f"{self.path} has version {row[0]}, and this program reads version {SCHEMA_VERSION}",
                hint="move the folder away to start a new journal",
            )

    def _close_orphans(self) -> None:
        """End the runs of processes that are gone: nobody else will."""
        rows = self._connection.execute("SELECT run, process FROM runs WHERE state = 'running'").fetchall()
        for run, process in rows:
            if not _alive(process):
                self.append(run, RunFinished(state="failed", reason="its process ended", error="RunStoppedError"))
                self.end(run, "failed")

    def begin(self, run: str, name: str) -> None:
        """Enter a run, and forget the oldest ones above :data:`KEPT_RUNS`."""
        with self._filing:
            self._execute("INSERT INTO runs VALUES (?, ?, ?, 'running', ?)", (run, name, self._clock(), os.getpid()))
            old = self._execute(
                "SELECT run FROM runs WHERE state != 'running' ORDER BY started_s DESC LIMIT -1 OFFSET ?", (KEPT_RUNS,)
            ).fetchall()
            for (gone,) in old:
                self._execute("DELETE FROM events WHERE run = ?", (gone,))
                self._execute("DELETE FROM kept WHERE run = ?", (gone,))
                self._execute("DELETE FROM runs WHERE run = ?", (gone,))

    def append(self, run: str, event: AnyEvent) -> AnyEvent:
        """Number an event, store it, and return it as stored."""
        with self._filing:
            seq = self._next.get(run) or self._stored(run) + 1
            stored = msgspec.structs.replace(event, run=run, seq=seq, at_s=self._clock())
            self._execute("INSERT INTO events VALUES (?, ?, ?)", (run, seq, msgspec.json.encode(stored)))
            with self._changed:
                self._next[run] = seq + 1
                self._recent.setdefault(run, deque(maxlen=_RECENT)).append(stored)
                self._changed.notify_all()
            return stored

    def keep(self, run: str, name: str, body: bytes) -> None:
        """Store under a name what a run needs to go on after a break, instead of what was there."""
        with self._filing:
            self._execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", (run, name, body))

    def kept(self, run: str) -> dict[str, bytes]:
        """Return all that was stored for a run, by name."""
        with self._filing:
            return dict(self._execute("SELECT name, body FROM kept WHERE run = ?", (run,)).fetchall())

    def end(self, run: str, state: str) -> None:
        """Note how a run ended."""
        with self._filing:
            self._execute("UPDATE runs SET state = ? WHERE run = ?", (state, run))
            with self._changed:
                self._ended.add(run)
                self._recent.pop(run, None)
                self._changed.notify_all()

    def events(self, run: str, since: int = 0) -> tuple[AnyEvent, ...]:
        """Return the events of a run with a number above ``since``, in order.

        Raises
        ------
        NameUnknownError
            If there is no such run.
        RunStoppedError
            If the journal was closed.
        """
        with self._changed:
            recent = self._recent.get(run)
            if recent and recent[0].seq <= since + 1 and not self._closed:
                return tuple(islice(recent, since + 1 - recent[0].seq, None))
        with self._filing:
            (bodies,) = self._execute(_EVENTS, (run, since)).fetchone()
            if bodies is None and self._execute("SELECT 1 FROM runs WHERE run = ?", (run,)).fetchone() is None:
                raise NameUnknownError(f"there is no run {run}", hint="%wayang runs lists them")
        return () if bodies is None else _DECODER.decode(f"[{bodies}]")

    def wait(self, run: str, since: int, timeout_s: float) -> bool:
        """Wait until there is an event above ``since`` or the run ends, at most ``timeout_s``; tells whether there is one."""
        if run not in self._next and self._last(run) > since:
            return True
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or run in self._ended or self._next.get(run, 0) > since + 1, timeout_s
            )
        return self._last(run) > since

    def runs(self) -> tuple[RunSummary, ...]:
        """Return the runs, newest first."""
        with self._filing:
            rows = self._execute("SELECT run, name, started_s, state FROM runs ORDER BY started_s DESC").fetchall()
        return tuple(
            RunSummary(run=run, name=name, started_s=started, state=state) for run, name, started, state in rows
        )

    def close(self) -> None:
        """Close the file."""
        with self._filing:
            self._connection.close()
            with self._changed:
                self._closed = True
                self._changed.notify_all()

    def _execute(self, statement: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        if self._closed:
            raise RunStoppedError("this session is closed")
        return self._connection.execute(statement, values)

    def _last(self, run: str) -> int:
        """Return the number of the last event of a run, 0 of a journal that is closed."""
        known = self._next.get(run)
        if known is not None:
            return 0 if self._closed else known - 1
        with self._filing:
            return 0 if self._closed else self._stored(run)

    def _stored(self, run: str) -> int:
        row = self._execute("SELECT max(seq) FROM events WHERE run = ?", (run,)).fetchone()
        return int(row[0] or 0)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


_DECODER: msgspec.json.Decoder[tuple[AnyEvent, ...]] = msgspec.json.Decoder(tuple[AnyEvent, ...])
