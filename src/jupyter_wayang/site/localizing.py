"""A plan that names tables becomes one over the site's own files and databases, which the asker is not told."""

from __future__ import annotations

import msgspec

from jupyter_wayang.catalog import Catalog
from jupyter_wayang.plan.expressions import Cast, ColumnRef, Named
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import AnyOperator, ReadFederated, Select
from jupyter_wayang.plan.schema import Schema

__all__ = ["localized"]


def localized(plan: LogicalPlan, catalog: Catalog) -> LogicalPlan:
    """Put the sources of a catalog in the place of tables by name, with the types that were told of them."""
    nodes: list[Node] = []
    moved: dict[Port, Port] = {}
    for original in plan.nodes:
        inputs = tuple(moved.get(port, port) for port in original.inputs)
        node = msgspec.structs.replace(original, inputs=inputs)
        if isinstance(node.operator, ReadFederated):
            source, cast = _source(node.operator, catalog)
            nodes.append(msgspec.structs.replace(node, operator=source))
            if cast is not None:
                nodes.append(Node(id=f"{node.id}_cast", operator=cast, inputs=(Port(node=node.id),)))
                moved[Port(node=node.id)] = Port(node=f"{node.id}_cast")
        else:
            nodes.append(node)
    return LogicalPlan(nodes=tuple(nodes), results=tuple(moved.get(port, port) for port in plan.results))


def _source(operator: ReadFederated, catalog: Catalog) -> tuple[AnyOperator, Select | None]:
    source = catalog.named(operator.table)
    (own,) = source.outputs(())
    if own == operator.schema or not isinstance(own, Schema):
        return source, None
    return source, Select(
        columns=tuple(
            Named(
                name=column.name,
                expression=ColumnRef(name=column.name)
                if own[column.name].type == column.type
                else Cast(arg=ColumnRef(name=column.name), to=column.type),
            )
            for column in operator.schema
        )
    )
