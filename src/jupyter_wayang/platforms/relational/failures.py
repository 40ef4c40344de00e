"""What a person reads when an engine refuses a value: the operator, the column and the reason, never the value itself."""

from __future__ import annotations

from jupyter_wayang.errors import PlatformError
from jupyter_wayang.plan.expressions import Expression, text

__all__ = ["failure"]

_REASONS = (
    (
        ("decimal value does not fit", "decimal type with precision", "decimal addition", "decimal multiplication"),
        "a result has more digits than its decimal",
    ),
    (("overflow", "i128", "out of bounds", "out of range"), "a result does not fit into a 64-bit integer"),
    (("truncated", "from `f64` to `i64`"), "a number does not fit into a 64-bit integer"),
    (
        ("parse", "conversion from", "strptime", "cast", "valid decimal", "converted to decimal"),
        "a value cannot be read as the type that is asked for",
    ),
)


def failure(platform: str, verb: str, error: Exception, expression: Expression | None = None) -> PlatformError:
    """Make the error for an operator that an engine could not run.

    The engine's own words stand in the facts only: they may quote values.

    Examples
    --------
    >>> print(failure("polars", "filter", ValueError("conversion from `i128` to `i64` failed")))
    filter() failed on polars: a result does not fit into a 64-bit integer
    """
    said = str(error)
    reason = next((words for marks, words in _REASONS if any(mark in said.lower() for mark in marks)), None)
    where = f" in {text(expression)}" if expression is not None else ""
    return PlatformError(
        f"{verb}() failed on {platform}: {reason or type(error).__name__}{where}",
        facts=((platform, said.splitlines()[0][:200] if said else type(error).__name__),),
    )
