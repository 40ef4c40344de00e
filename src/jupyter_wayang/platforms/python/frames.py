"""What goes through the pipes between an engine and its worker: a kind, a length, bytes.

Nothing in it is code but the function itself, which goes one way only: from a person's session to a child of its own.
"""

from __future__ import annotations

import struct
from typing import IO

__all__ = ["ERROR", "FUNCTION", "JOB", "PRINTED", "RESULT", "TABLE", "read", "write"]

JOB, FUNCTION, TABLE, PRINTED, RESULT, ERROR = b"J", b"F", b"T", b"P", b"R", b"E"
_HEAD = struct.Struct(">cQ")


def write(pipe: IO[bytes], kind: bytes, body: bytes | memoryview) -> None:
    """Write a frame."""
    pipe.write(_HEAD.pack(kind, len(body)))
    pipe.write(body)


def read(pipe: IO[bytes]) -> tuple[bytes, bytes]:
    """Read a frame.

    Raises
    ------
    EOFError
        If the other end is closed.
    """
    kind, length = _HEAD.unpack(_exactly(pipe, _HEAD.size))
    return kind, _exactly(pipe, length)


def _exactly(pipe: IO[bytes], length: int) -> bytes:
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError("the other end of the pipe is closed")
    return data
