"""Two plans or two runs, to be looked at side by side."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.execution import ExecutionPlan
from jupyter_wayang.session.plans import Plan
from jupyter_wayang.session.runs import Result, Run

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True)
class Comparison:
    """What changed from one plan to another, with what was counted and measured of those that ran.

    Parameters
    ----------
    before, after
        The plans.
    names
        What they are called.
    """

    before: ExecutionPlan
    after: ExecutionPlan
    names: tuple[str, str] = ("A", "B")

    @property
    def text(self) -> str:
        """In words, and as a table."""
        from jupyter_wayang.drawing.comparison import comparison_text

        return comparison_text(self.before, self.after, self.names)

    def to_svg(self, theme: str = "auto") -> str:
        """Return both plans as one picture."""
        from jupyter_wayang.drawing.comparison import comparison_svg

        return comparison_svg(self.before, self.after, self.names, theme=theme)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        from jupyter_wayang.drawing.comparison import comparison_html

        return comparison_html(self.before, self.after, self.names)


def compare(before: object, after: object, names: tuple[str, str] = ("A", "B")) -> Comparison:
    """Compare two plans, runs or results, or one of each.

    Parameters
    ----------
    before, after
        What is compared; a run with what it counted and measured.
    names
        What they are called.

    Raises
    ------
    OperatorError
        If one is neither plan nor run.
    """
    return Comparison(_execution(before), _execution(after), names)


def _execution(what: object) -> ExecutionPlan:
    from jupyter_wayang.drawing.measured import measured

    if isinstance(what, Result):
        what = what.run
    if isinstance(what, Run):
        return measured(what.plan().execution, what.events())
    if isinstance(what, Plan):
        return what.execution
    if isinstance(what, ExecutionPlan):
        return what
    raise OperatorError(
        f"plans, runs and results are compared, and a {type(what).__name__} is none", hint="plan.compare(other)"
    )
