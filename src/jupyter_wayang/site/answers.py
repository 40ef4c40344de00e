"""What a site has answered: who asks twice gets the same answer, and nothing is done a second time."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock

from jupyter_wayang.errors import WireError
from jupyter_wayang.transport.messages import Answer

__all__ = ["Answers"]

_KEPT = 2
"""Answers per run: a run asks a site again only for what it has not been answered, and asks nothing else meanwhile."""


class Answers:
    """The last answers of every run, by the id of their requests. Safe to use from several threads.

    Examples
    --------
    >>> from jupyter_wayang.transport.messages import Done
    >>> answers, made = Answers(), []
    >>> def make():
    ...     made.append("once")
    ...     return Done(run="r", id="7")
    >>> answers.once("r", "7", b"train", make) is answers.once("r", "7", b"train", make), made
    (True, ['once'])
    """

    def __init__(self) -> None:
        self._kept: dict[str, OrderedDict[str, tuple[bytes, Future[Answer]]]] = {}
        self._lock = Lock()

    def once(self, run: str, id: str, request: bytes, make: Callable[[], Answer]) -> Answer:
        """Return the answer to a request: a new one, or the one that was made before or is being made.

        Parameters
        ----------
        run, id
            Whose request it is, and its id.
        request
            All of it: the same id must not come with something else.
        make
            Makes the answer; does not raise.

        Raises
        ------
        WireError
            If another request had this id.
        """
        digest = hashlib.sha256(request).digest()
        with self._lock:
            of_run = self._kept.setdefault(run, OrderedDict())
            known = of_run.get(id)
            if known is None:
                mine: Future[Answer] = Future()
                of_run[id] = (digest, mine)
                while len(of_run) > _KEPT:
                    of_run.popitem(last=False)
        if known is None:
            answer = make()
            mine.set_result(answer)
            return answer
        if known[0] != digest:
            raise WireError(f"the request {id} came before, and asked for something else")
        return known[1].result()

    def forget(self, run: str) -> None:
        """Let go of the answers of a run."""
        with self._lock:
            self._kept.pop(run, None)
