"""Scalar and aggregate expressions: frozen values whose types are inferred, never declared."""

from __future__ import annotations

from jupyter_wayang.plan.expressions.inference import type_of
from jupyter_wayang.plan.expressions.nodes import (
    MAX_DEPTH,
    WINDOW_AGGREGATES,
    Aggregate,
    AnyExpression,
    Binary,
    BinaryOp,
    Call,
    Case,
    Cast,
    ColumnRef,
    Expression,
    IsIn,
    IsNull,
    Literal,
    Named,
    Negate,
    Not,
    Shift,
    Window,
    children,
    count_arguments,
    has_window,
    walk,
)
from jupyter_wayang.plan.expressions.printing import text
from jupyter_wayang.plan.expressions.settling import settled, settled_columns
from jupyter_wayang.plan.expressions.signatures import AGGREGATES, CONSTANTS, FUNCTIONS, RANKS
from jupyter_wayang.plan.expressions.traversal import columns_of, conjuncts, substitute

__all__ = [
    "AGGREGATES",
    "CONSTANTS",
    "FUNCTIONS",
    "MAX_DEPTH",
    "RANKS",
    "WINDOW_AGGREGATES",
    "Aggregate",
    "AnyExpression",
    "Binary",
    "BinaryOp",
    "Call",
    "Case",
    "Cast",
    "ColumnRef",
    "Expression",
    "IsIn",
    "IsNull",
    "Literal",
    "Named",
    "Negate",
    "Not",
    "Shift",
    "Window",
    "children",
    "columns_of",
    "conjuncts",
    "count_arguments",
    "has_window",
    "settled",
    "settled_columns",
    "substitute",
    "text",
    "type_of",
    "walk",
]
