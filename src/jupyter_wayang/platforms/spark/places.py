"""Where a Spark is: in this process, in a cluster, or behind Spark Connect; each by the name of its connection."""

from __future__ import annotations

import importlib.util
import socket
from contextlib import suppress
from urllib.parse import urlsplit

from jupyter_wayang.errors import DataError, PlatformError
from jupyter_wayang.platforms import connections

__all__ = ["NO_CONNECT", "OWN", "address", "answering", "home", "is_connect", "is_own", "without_connect"]

OWN = "spark"
"""The Spark of this process, unless a connection has this name."""

NO_CONNECT = "Spark Connect needs grpcio, grpcio-status and zstandard (extra `spark-connect`)"

_MODULES = ("grpc", "grpc_status", "zstandard")
_PORTS = {"sc": 15002, "spark": 7077}
_PATIENCE_S = 5.0


def home() -> str:
    """Return the Spark that new rows go to: the first that was named, else that of this process."""
    named = connections.connected("spark")
    return named[0].name if named else OWN


def is_own(place: str) -> bool:
    """Tell whether a place is the Spark of this process."""
    return place == OWN and not connections.is_known(place)


def is_connect(place: str) -> bool:
    """Tell whether a place is behind Spark Connect."""
    return not is_own(place) and connections.connection(place).address.lower().startswith("sc:")


def without_connect() -> bool:
    """Tell whether something is missing that Spark Connect needs; imports nothing."""
    return any(importlib.util.find_spec(name) is None for name in _MODULES)


def address(place: str) -> str:
    """Return the address of a place that was named.

    Raises
    ------
    DataError
        If its connection is to something else.
    """
    found = connections.connection(place)
    if found.platform != "spark":
        raise DataError(f"{place} is no Spark", found=found.shown(), hint="as in spark://host:7077 or sc://host:15002")
    return found.opened()


def answering(place: str, where: str) -> None:
    """Make sure that somebody listens at an address: Spark itself would go on trying for minutes.

    Raises
    ------
    PlatformError
        If nobody does.
    """
    for host, port in _hosts(where):
        with suppress(OSError):
            socket.create_connection((host, port), _PATIENCE_S).close()
            return
    raise PlatformError(
        f"{place} cannot be reached: nobody answers at {connections.without_password(where)}",
        hint="is the server running, and is this the port that it prints when it starts?",
    )


def _hosts(where: str) -> list[tuple[str, int]]:
    """Return hosts and ports of an address; a cluster may have masters in reserve.

    Examples
    --------
    >>> _hosts("spark://a:7077,b:7078"), _hosts("sc://a/;use_ssl=true")
    ([('a', 7077), ('b', 7078)], [('a', 15002)])
    """
    scheme, _, rest = where.partition("://")
    found = [urlsplit(f"//{one}") for one in rest.split("/")[0].split(",")]
    try:
        return [(one.hostname or "", one.port or _PORTS[scheme.lower()]) for one in found]
    except ValueError as error:
        raise DataError(
            f"{connections.without_password(where)} is no address of a Spark", hint="as in sc://host:15002"
        ) from error
