"""The card of a model: what it is, what it was fitted on in counts, how, and how good it is."""

from __future__ import annotations

from html import escape
from typing import Any

from jupyter_wayang.drawing.rowtext import table_text
from jupyter_wayang.drawing.tables import table_html
from jupyter_wayang.drawing.text import aligned_table
from jupyter_wayang.plan.expressions import text
from jupyter_wayang.plan.model_specs import tag_of
from jupyter_wayang.plan.models import BinFacts, Facts, ImputeFacts, Model, OneHotFacts, ScaleFacts
from jupyter_wayang.plan.operators.learning import NO_TARGET

__all__ = ["card_html", "card_text", "facts"]

_FEW = 12


def facts(model: Model) -> tuple[tuple[str, str], ...]:
    """Return what a card says, as labels and texts.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import ColumnRef
    >>> from jupyter_wayang.plan.model_specs import LinearRegression
    >>> from jupyter_wayang.plan.records import Record
    >>> from jupyter_wayang.plan.schema import Schema
    >>> made = Model(spec=LinearRegression(l2=0.1), steps=(), inputs=Schema.of(x="float64", y="float64"),
    ...     features=("x",), target=ColumnRef(name="y"), parameters=(), record=Record(method="sums", rows=(("a", 30),)))
    >>> dict(facts(made))["fitted on"]
    '30 rows: a 30'
    """
    settings = ", ".join(f"{name}={getattr(model.spec, name)!r}" for name in model.spec.__struct_fields__)
    found = [("model", f"{tag_of(model.spec)}({settings})")]
    if model.target != NO_TARGET:
        found.append(("target", text(model.target)))
    some, rest = model.features[:_FEW], len(model.features) - _FEW
    found.append(("features", ", ".join(some) + (f" and {rest} more" if rest > 0 else "")))
    if model.steps:
        found.append(("prepared by", ", ".join(map(_step, model.steps))))
    record = model.record
    if record is None:
        return tuple(found)
    if record.rows:
        each = ", ".join(f"{place} {rows:,}" for place, rows in record.rows)
        found.append(("fitted on", f"{sum(rows for _, rows in record.rows):,} rows: {each}"))
    ended = f", {record.rounds} {'round' if record.rounds == 1 else 'rounds'}"
    found.append(("method", record.method + ended + (f" ({record.reason})" if record.reason else "")))
    if record.metrics:
        figures = ", ".join(f"{name} {value:.4g}" for name, value in record.metrics)
        found.append((f"measured on {record.on} rows" if record.on else "measured", figures))
    return tuple(found)


def _step(step: Facts) -> str:
    match step:
        case ImputeFacts(values=values):
            return f"impute of {len(values)} columns"
        case ScaleFacts(values=scaled):
            return f"scale of {len(scaled)} columns"
        case OneHotFacts(levels=levels):
            return "one_hot of " + ", ".join(name for name, _ in levels)
        case BinFacts(column=column):
            return f"bins of {column}"


def card_text(model: Model, parts: Any) -> str:
    """Return the card as text.

    Parameters
    ----------
    model
        The model.
    parts
        What it is made of, as a ``pyarrow.Table``: its coefficients, centres or components.
    """
    lines = aligned_table([[label, said] for label, said in facts(model)])
    return "\n".join([*lines, "", table_text(parts, most=_FEW)])


def card_html(model: Model, parts: Any) -> str:
    """Return the card as HTML; see :func:`card_text`."""
    said = "".join(f"<dt>{escape(label)}</dt><dd>{escape(words)}</dd>" for label, words in facts(model))
    return f'<div class="wy-card"><dl>{said}</dl>{table_html(parts, most=_FEW)}</div>'
