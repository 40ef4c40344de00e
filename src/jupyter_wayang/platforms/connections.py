"""Named connections to databases: a plan holds the name, and the address with its password stays here.

An address is a path of a DuckDB or SQLite file, ``postgresql://user:password@host/database``, or a Spark: a cluster's
``spark://host:7077``, or Spark Connect's ``sc://host:15002``. ``${NAME}`` in it is taken from the environment when the
connection is opened, so that no file needs a password in it. A variable ``WAYANG_CONNECTION_ARCHIVE`` declares the
connection ``archive``.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from urllib.parse import unquote, urlsplit

from jupyter_wayang.errors import DataError, closest

__all__ = [
    "Connection",
    "connect",
    "connected",
    "connection",
    "environment",
    "file_platform",
    "is_known",
    "platform_of",
    "without_password",
]

_URL = re.compile(r"(?P<scheme>postgres(?:ql)?)://", re.IGNORECASE)
_SPARK = re.compile(r"(?:spark|sc)://", re.IGNORECASE)
_SECRET = re.compile(r"(?i)(://[^/@\s:]*):[^@/\s]*@|((?:password|token)\s*=\s*)[^\s&;]+")
_TOKEN = re.compile(r"(?i);token=([^;]+)")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SQLITE, _DUCKDB = b"SQLite format 3\x00", b"DUCK"
_ENDINGS = {".duckdb": "duckdb", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite"}


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A database that was given a name. Its text never shows the password."""

    name: str
    platform: str
    """The platform that the database belongs to."""
    address: str = field(repr=False)

    def opened(self) -> str:
        """Return the address to connect to, with what it takes from the environment.

        Raises
        ------
        DataError
            If a variable is not set.
        """

        def found(match: re.Match[str]) -> str:
            if match[1] not in os.environ:
                raise DataError(f"{self.name} takes ${{{match[1]}}} from the environment, where it is not set")
            return os.environ[match[1]]

        return _VARIABLE.sub(found, self.address)

    def shown(self) -> str:
        """Return the address as a person may see it."""
        return without_password(self.address)

    def secrets(self) -> tuple[str, ...]:
        """Return what no message may hold."""
        opened = self.opened()
        if self.platform == "spark":
            return tuple({form for held in _TOKEN.findall(opened) for form in (held, unquote(held))})
        held = urlsplit(opened).password if _URL.match(self.address) else None
        return tuple({held, unquote(held)}) if held else ()


_KNOWN: dict[str, Connection] = {}
_LOCK = RLock()
_PREFIX = "WAYANG_CONNECTION_"


def connect(name: str, where: str | os.PathLike[str]) -> Connection:
    """Give a database a name; a later one of the same name takes its place. Nothing is opened yet.

    Parameters
    ----------
    name
        The name for ``table(name, …)`` and ``query(name, …)``.
    where
        The path of a DuckDB or SQLite file, ``postgresql://user:password@host/database``, ``spark://host:7077`` or
        ``sc://host:15002``.

    Raises
    ------
    DataError
        If no platform reads such a database.

    Examples
    --------
    >>> connect("archive", "postgresql://ada:secret@localhost/visits").shown()
    'postgresql://ada:***@localhost/visits'
    >>> _ = _KNOWN.pop("archive")
    """
    address = os.fspath(where)
    made = Connection(name=name, platform=platform_of(address), address=address)
    with _LOCK:
        _KNOWN[name] = made
    return made


def platform_of(address: str) -> str:
    """Return the platform that a database belongs to, from its address, or from what a file begins with.

    Raises
    ------
    DataError
        If it cannot be told.

    Examples
    --------
    >>> platform_of("postgresql://localhost/visits"), platform_of("visits.duckdb"), platform_of("sc://localhost")
    ('postgres', 'duckdb', 'spark')
    """
    if _URL.match(address):
        return "postgres"
    if _SPARK.match(address):
        return "spark"
    found = file_platform(Path(address)) if "://" not in address else None
    if found is None:
        raise DataError(
            f"which database is {without_password(address)}?",
            hint="a connection is a .duckdb or .sqlite file, postgresql://user:password@host/database, "
            "spark://host:7077 or sc://host:15002",
        )
    return found


def file_platform(path: Path) -> str | None:
    """Return the platform that a database file belongs to, by what it begins with or by its name, or None."""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(len(_SQLITE))
        if head == _SQLITE:
            return "sqlite"
        if head[8:12] == _DUCKDB:
            return "duckdb"
    return _ENDINGS.get(path.suffix.lower())


def connection(name: str) -> Connection:
    """Return a connection by name.

    Raises
    ------
    DataError
        If there is none of that name.
    """
    known = _all()
    if name not in known:
        guess = closest(name, known)
        raise DataError(
            f'there is no connection "{name}".' + (f" Did you mean {guess}?" if guess else ""),
            found=name,
            expected=tuple(known),
            hint=f'make it first: wy.connect("{name}", "postgresql://user:password@host/database")',
        )
    return known[name]


def is_known(name: str) -> bool:
    """Tell whether there is a connection of a name."""
    return name in _all()


def connected(platform: str) -> tuple[Connection, ...]:
    """Return the connections to databases of a platform, in the order in which they were named."""
    return tuple(one for one in _all().values() if one.platform == platform)


def environment() -> dict[str, str]:
    """Return the variables that declare what is known here to another process of ours."""
    return {f"{_PREFIX}{one.name}": one.address for one in _all().values()}


def _all() -> dict[str, Connection]:
    """Return every connection by name; what was declared here goes before what the environment declares."""
    with _LOCK:
        made = dict(_KNOWN)
    for variable, address in os.environ.items():
        name = variable.removeprefix(_PREFIX)
        name = name.lower() if name.isupper() else name
        if variable.startswith(_PREFIX) and name not in made and address:
            made[name] = Connection(name=name, platform=platform_of(address), address=address)
    return made


def without_password(text: str) -> str:
    """Return a text without the password, or the token, of an address in it.

    Examples
    --------
    >>> without_password("host=db password=secret"), without_password("sc://db:443/;token=secret;use_ssl=true")
    ('host=db password=***', 'sc://db:443/;token=***;use_ssl=true')
    """
    return _SECRET.sub(lambda match: f"{match[1]}:***@" if match[1] is not None else f"{match[2]}***", text)
