"""The files that hold shipped coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jupyter_wayang.platforms.platform import Coefficient

_WIDTH = 121  # as the formatter wants it, with the end of the line


def cost_file(
    title: str,
    how: str,
    start_up_s: float,
    operators: Mapping[str, Coefficient],
    conversions: Mapping[str, Coefficient],
) -> str:
    """Return the text of a platform's ``costs.py``."""
    tables = _table("operators", operators) + (_table("conversions", conversions) if conversions else "")
    return (
        f'"""What {title} costs, in seconds: {how}"""\n\n'
        "from __future__ import annotations\n\n"
        "from jupyter_wayang.platforms.platform import Coefficient, CostTable\n\n"
        '__all__ = ["COSTS"]\n\n'
        f"COSTS = CostTable(\n    start_up_s={start_up_s:.2g},\n{tables})\n"
    )


def channel_file(how: str, conversions: Mapping[str, Coefficient]) -> str:
    """Return the text of the module with the conversions that belong to no platform."""
    lines = "".join(f'    "{name}": {_literal(coefficient)},\n' for name, coefficient in conversions.items())
    return (
        f'"""What conversions cost that need no engine, in seconds: {how}"""\n\n'
        "from __future__ import annotations\n\n"
        "from jupyter_wayang.platforms.platform import Coefficient\n\n"
        '__all__ = ["COSTS"]\n\n'
        f"COSTS = {{\n{lines}}}\n"
    )


def replaced(path: Path, text: str) -> None:
    """Write a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".new")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)


def _table(name: str, costs: Mapping[str, Coefficient]) -> str:
    lines = "".join(_line(tag, _literal(one)) for tag, one in costs.items())
    return f"    {name}={{\n{lines}    }},\n"


def _line(tag: str, literal: str) -> str:
    line = f'        "{tag}": {literal},\n'
    if len(line) <= _WIDTH:
        return line
    name, arguments = literal.rstrip(")").split("(")
    return f'        "{tag}": {name}(\n            {arguments}\n        ),\n'


def _literal(coefficient: Coefficient) -> str:
    kept = {
        "row_s": coefficient.row_s,
        "out_row_s": coefficient.out_row_s,
        "byte_s": coefficient.byte_s,
        "operation_s": coefficient.operation_s,
        "decimal_s": coefficient.decimal_s,
    }
    parts = [f"fixed_s={coefficient.fixed_s!r}", *(f"{name}={value!r}" for name, value in kept.items() if value)]
    return f"Coefficient({', '.join(parts)}, spread={coefficient.spread!r})"
