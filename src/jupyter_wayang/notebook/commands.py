"""Commands of ``%wayang`` about costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language.arguments import shown
from jupyter_wayang.notebook.display import Text

if TYPE_CHECKING:
    from jupyter_wayang.app import Session

__all__ = ["calibrated"]


def calibrated(session: Session, rest: str) -> Text:
    """Measure what platforms cost on this machine.

    Raises
    ------
    OperatorError
        If the line has anything but ``--quick``.
    """
    words = rest.split()
    if words not in ([], ["--quick"]):
        raise OperatorError(f"%wayang calibrate takes no {shown(rest)}", hint="%wayang calibrate [--quick]")
    return Text(repr(session.calibrate(quick=bool(words))))
