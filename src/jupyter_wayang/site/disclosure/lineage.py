"""What rows a port of a site's plan has, and what its columns are made of, said in terms of the table itself.

Names do not hide anything from the checks that follow: a column that was made three operators before is read here as
what it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import msgspec

from jupyter_wayang.errors import DisclosureError, OperatorError
from jupyter_wayang.execution.lowering import lower
from jupyter_wayang.plan.expressions import AnyExpression, Binary, ColumnRef, Named, substitute
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import AnyOperator, Filter, Sample, Select, Sort, Split
from jupyter_wayang.plan.operators.operator import Output
from jupyter_wayang.plan.schema import Schema

__all__ = ["Cut", "RowSet", "both", "trace"]


class Cut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows that were drawn by chance: which, of what, and the column that says of every row whether it is among them.

    ``condition`` and ``columns`` are over the table and say what the operator drew from; ``port`` is its output.
    """

    name: str
    operator: Split | Sample
    port: int
    condition: AnyExpression | None
    columns: tuple[Named, ...]


@dataclass(frozen=True)
class RowSet:
    """Rows of a table: those where ``condition`` is true (None: all), with ``columns`` made of the table's.

    ``cuts`` say what the columns are that are not in the table.
    """

    table: str
    condition: AnyExpression | None
    columns: Mapping[str, AnyExpression]
    cuts: tuple[Cut, ...] = field(default=())

    def composed(self, expression: AnyExpression) -> AnyExpression:
        """Return an expression over the columns of this as one over the columns of the table.

        Raises
        ------
        DisclosureError
            If it is nested too deeply to be checked.
        """
        try:
            return substitute(expression, dict(self.columns))
        except OperatorError as error:
            raise DisclosureError(
                "the expressions are nested too deeply for a site to check them", hint="make them in fewer steps"
            ) from error


def trace(plan: LogicalPlan, port: Port, table: str, learned: Mapping[str, tuple[Named, ...]]) -> RowSet:
    """Follow a port back to the table that its rows come from.

    Parameters
    ----------
    plan
        The plan, in which every operator has one input, and the first reads a table.
    port
        The port.
    table
        The name of the table.
    learned
        What the operators do that learn, by node.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import Literal, text
    >>> from jupyter_wayang.plan.operators import ReadFrame, WithColumns
    >>> one = Binary(op="==", left=ColumnRef(name="id"), right=Literal.of(5))
    >>> nodes = (
    ...     Node(id="read", operator=ReadFrame(key="k", label="k", schema=Schema.of(id="int64"))),
    ...     Node(
    ...         id="made",
    ...         operator=WithColumns(columns=(Named(name="one", expression=one),)),
    ...         inputs=(Port(node="read"),),
    ...     ),
    ... )
    >>> plan = LogicalPlan(nodes=nodes, results=(Port(node="made"),))
    >>> text(trace(plan, Port(node="made"), "patients", {}).columns["one"])
    'id == 5'
    """
    chain = _chain(plan, port)
    schema = cast("Schema", chain[0][0].operator.outputs(())[0])
    rows = RowSet(table, None, {name: ColumnRef(name=name) for name in schema.names})
    for node, index in chain[1:]:
        for operator in lower(node.operator, (schema,), learned.get(node.id)):
            outputs: tuple[Output, ...] = operator.outputs((schema,))
            place = index if len(outputs) > 1 else 0
            rows = _after(rows, operator, place)
            schema = cast("Schema", outputs[place])
    return rows


def both(left: AnyExpression | None, right: AnyExpression | None) -> AnyExpression | None:
    """Return what is true where both are; None is true everywhere."""
    if left is None or right is None:
        return right if left is None else left
    return Binary(op="and", left=left, right=right)


def _chain(plan: LogicalPlan, port: Port) -> list[tuple[Node, int]]:
    found = []
    while True:
        node = plan[port.node]
        found.append((node, port.port))
        if not node.inputs:
            return found[::-1]
        (port,) = node.inputs


def _after(rows: RowSet, operator: AnyOperator, port: int) -> RowSet:
    match operator:
        case Sort():
            return rows
        case Filter(condition=condition):
            return RowSet(rows.table, both(rows.condition, rows.composed(condition)), rows.columns, rows.cuts)
        case Select(columns=columns):
            made = {named.name: rows.composed(named.expression) for named in columns}
            return RowSet(rows.table, rows.condition, made, rows.cuts)
        case Split() | Sample():
            columns = tuple(Named(name=name, expression=made) for name, made in rows.columns.items())
            cut = Cut(name="", operator=operator, port=port, condition=rows.condition, columns=columns)
            digest = hashlib.sha256(msgspec.json.encode((rows.table, cut))).hexdigest()[:16]
            cut = msgspec.structs.replace(cut, name=f"__cut_{digest}")
            # What was drawn was drawn from the rows before: the column alone says which rows they are.
            return RowSet(rows.table, ColumnRef(name=cut.name), rows.columns, (*rows.cuts, cut))
    raise DisclosureError(f"a site cannot say which rows {operator.verb}() makes", hint="filter or split them")
