"""Arrow tables as bytes and back: IPC streams, never pickles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.errors import WireError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["from_bytes", "to_bytes"]


def to_bytes(table: pa.Table) -> bytes:
    """Return a table as an Arrow IPC stream."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def from_bytes(body: bytes) -> pa.Table:
    """Read a table from an Arrow IPC stream.

    Raises
    ------
    WireError
        If it is not one, or if its buffers do not fit its schema.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from_bytes(to_bytes(pa.table({"a": [1]}))).to_pylist()
    [{'a': 1}]
    """
    import pyarrow as pa

    try:
        with pa.ipc.open_stream(body) as reader:
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowInvalid, OSError) as error:
        raise WireError(f"the table cannot be read: {error}") from error
    return table
