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
    """Measure this machine, or with ``--from-runs`` learn from what the journal has.

    Raises
    ------
    OperatorError
        If the line has anything else.
    """
    words = rest.split()
    flags = {"--quick", "--from-runs"}
    wrong = [word for word in words if word not in flags]
    if wrong or len(words) > 1:
        raise OperatorError(
            f"%wayang calibrate takes no {shown(wrong[0])}" if wrong else "calibrate measures, or reads runs: not both",
            hint="%wayang calibrate [--quick | --from-runs]",
        )
    if words == ["--from-runs"]:
        return Text(repr(session.calibrate_from_runs()))
    return Text(repr(session.calibrate(quick="--quick" in words)))
