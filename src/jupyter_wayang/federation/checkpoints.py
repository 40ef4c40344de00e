"""Checkpoints as bytes: where rounds go on after a break. Named arrays and plain fields; nothing is unpickled."""

from __future__ import annotations

import msgspec

from jupyter_wayang.errors import DataError
from jupyter_wayang.federation.happenings import Checkpoint
from jupyter_wayang.federation.rounds import Setup, begin

__all__ = ["decoded", "encoded"]

VERSION = 1


class _Stored(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: int
    strategy: str
    done: int
    late: tuple[tuple[str, str], ...]
    state: msgspec.Raw


def encoded(checkpoint: Checkpoint, setup: Setup) -> bytes:
    """Return a checkpoint as bytes.

    The state is written as it is, whatever fields a strategy's own class of it has: all are named arrays, numbers and
    texts. When it is read, the class is that which the strategy begins with.

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.federation.strategies.fedavgm import FedAvgM
    >>> from jupyter_wayang.federation.strategy import GlobalModel
    >>> from jupyter_wayang.plan.models import LogisticRegression, named_array
    >>> arrays = (named_array("weights", np.array([1 / 3])), named_array("intercept", np.zeros(1)))
    >>> start = GlobalModel(model=LogisticRegression(), features=("age",), parameters=arrays)
    >>> setup = Setup(sites=("a",), strategy=FedAvgM(learning_rate=0.5), start=start)
    >>> checkpoint = Checkpoint(done=3, state=begin(setup).strategy)
    >>> decoded(encoded(checkpoint, setup), setup) == checkpoint
    True
    """
    return msgspec.msgpack.encode(
        _Stored(
            version=VERSION,
            strategy=_name(setup),
            done=checkpoint.done,
            late=checkpoint.late,
            state=msgspec.Raw(msgspec.msgpack.encode(checkpoint.state)),
        )
    )


def decoded(data: bytes, setup: Setup) -> Checkpoint:
    """Return the checkpoint that bytes hold.

    Parameters
    ----------
    data
        What :func:`encoded` returned.
    setup
        That of the rounds that go on: of the same strategy.

    Raises
    ------
    DataError
        If it is none, or of another version or strategy.
    """
    try:
        stored = msgspec.msgpack.decode(data, type=_Stored)
        if (stored.version, stored.strategy) != (VERSION, _name(setup)):
            raise DataError(
                f"the checkpoint is one of {stored.strategy}, version {stored.version}",
                expected=(f"{_name(setup)}, version {VERSION}",),
            )
        state = msgspec.msgpack.decode(stored.state, type=type(begin(setup).strategy))
    except msgspec.DecodeError as error:
        raise DataError(f"the checkpoint cannot be read: {error}", hint="run the cell again") from error
    return Checkpoint(done=stored.done, state=state, late=stored.late)


def _name(setup: Setup) -> str:
    return type(setup.strategy).__name__
