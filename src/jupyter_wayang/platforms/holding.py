"""A lock that knows which thread holds it, so that a wish to stop meets only the statement of who is to stop."""

from __future__ import annotations

import threading
from types import TracebackType

__all__ = ["Holding"]


class Holding:
    """A lock that its holder may take again.

    Examples
    --------
    >>> lock = Holding()
    >>> with lock:
    ...     lock.by(threading.get_ident()), lock.by(0), lock.by(None)
    (True, False, True)
    >>> lock.by(threading.get_ident())
    False
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._holders: list[int] = []

    def __enter__(self) -> None:
        self._lock.acquire()
        self._holders.append(threading.get_ident())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._holders.pop()
        self._lock.release()

    def by(self, thread: int | None) -> bool:
        """Tell whether a thread holds it now; None stands for any."""
        return thread is None or thread in self._holders
