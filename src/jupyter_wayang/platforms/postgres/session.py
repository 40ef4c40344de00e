"""A session with a server, over ADBC: statements in, Arrow tables out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_wayang.errors import DataError, PlatformError, RunStoppedError, WayangError
from jupyter_wayang.platforms.connections import Connection, without_password
from jupyter_wayang.platforms.postgres.writing import FUNCTIONS, LETTERS

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Session"]

_SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET client_min_messages = 'error'",
    # So that a table is read in its order.
    "SET synchronize_seqscans = off",
)
_STOPPED, _NO_MEMORY = "57014", "53200"
_COLLATIONS = ("pg_c_utf8", "C.UTF-8", "C.utf8", "default", "en_US.utf8", "und-x-icu")


class Session:
    """An open connection. It is not for several threads at once.

    Parameters
    ----------
    connection
        Where to.

    Raises
    ------
    DataError
        If the server cannot be reached, or refuses.
    """

    def __init__(self, connection: Connection) -> None:
        from adbc_driver_postgresql import dbapi

        self.connection = connection
        self._errors: type[Exception] = dbapi.Error
        self._prepared = False
        self._letters = "default"
        try:
            self._held = dbapi.connect(connection.opened(), autocommit=True)
            for setting in _SETTINGS:
                self.execute(setting)
            self._letters = self._collation()
        except dbapi.Error as error:
            raise self._unreachable(error) from error

    @property
    def errors(self) -> type[Exception]:
        """What statements raise."""
        return self._errors

    def execute(self, sql: str) -> None:
        """Run a statement without rows."""
        with self._held.cursor() as cursor:
            self._plain(cursor)
            cursor.execute(self._in_letters(sql))

    def arrow(self, sql: str) -> pa.Table:
        """Return the rows of a SELECT."""
        with self._held.cursor() as cursor:
            cursor.execute(self._in_letters(sql))
            table: pa.Table = cursor.fetch_arrow_table()
            return table

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement of any kind."""
        with self._held.cursor() as cursor:
            self._plain(cursor)
            cursor.execute(sql)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def take(self, name: str, table: pa.Table) -> None:
        """Append the rows of a table to one that is there."""
        with self._held.cursor() as cursor:
            cursor.adbc_ingest(name, table, mode="append", temporary=True)

    def prepare(self) -> None:
        """Make the functions that statements may need, once."""
        if not self._prepared:
            for function in FUNCTIONS:
                self.execute(function)
            self._prepared = True

    def stop(self) -> None:
        """Stop what runs, from another thread."""
        self._held.adbc_cancel()

    def close(self) -> None:
        """End the session; its temporary tables go with it."""
        self._held.close()

    def special(self, error: Exception) -> WayangError | None:
        """Return the error for a statement that was stopped or lacked memory, or None."""
        code = getattr(error, "sqlstate", None)
        if code == _STOPPED:
            return RunStoppedError("PostgreSQL was stopped")
        if code == _NO_MEMORY:
            return PlatformError("PostgreSQL ran out of memory", hint="filter or aggregate earlier")
        return None

    def said(self, error: Exception) -> str:
        """Return what the server said, without the password and the statement."""
        text = (
            next((line for line in str(error).splitlines() if "ERROR:" in line), str(error)).split("ERROR:")[-1].strip()
        )
        for secret in self.connection.secrets():
            text = text.replace(secret, "***")
        return without_password(text)[:200]

    def _plain(self, cursor: Any) -> None:
        # By COPY only SELECT is run.
        cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})

    def _in_letters(self, sql: str) -> str:
        return sql.replace(LETTERS, f'COLLATE "{self._letters}"')

    def _collation(self) -> str:
        known = {name for (name,) in self.rows("SELECT DISTINCT collname::text FROM pg_collation")}
        for name in _COLLATIONS:
            if name in known and self.rows(f"SELECT upper('é' COLLATE \"{name}\") = 'É'")[0][0]:
                return name
        return "default"

    def _unreachable(self, error: Exception) -> DataError:
        return DataError(
            f"the database {self.connection.name} cannot be reached",
            facts=(("address", self.connection.shown()), ("postgres", self.said(error))),
            hint="is the server running, and are user and password right?",
        )
