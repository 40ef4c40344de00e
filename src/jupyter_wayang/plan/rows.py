"""Rows as Arrow tables in the project's closed set of types: the one place where foreign types are cast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.errors import DataError, OperatorError
from jupyter_wayang.plan.schema import DataType, Schema
from jupyter_wayang.plan.types import MAX_PRECISION, decimal_of, decimal_type, item_of, list_type

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["arrow_schema", "arrow_type", "normalize", "schema_of"]


def arrow_type(type_: DataType) -> pa.DataType:
    """Return the Arrow type of a column type."""
    import pyarrow as pa

    digits, item = decimal_of(type_), item_of(type_)
    if digits:
        return pa.decimal128(digits.precision, digits.scale)
    if item:
        return pa.list_(arrow_type(item))
    return {
        "bool": pa.bool_(),
        "int64": pa.int64(),
        "float64": pa.float64(),
        "string": pa.string(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
        "null": pa.null(),
    }[type_]


def arrow_schema(schema: Schema) -> pa.Schema:
    """Return the Arrow schema of a schema."""
    import pyarrow as pa

    return pa.schema([(column.name, arrow_type(column.type)) for column in schema])


def schema_of(foreign: pa.Schema) -> Schema:
    """Return the schema that a foreign Arrow schema becomes when it enters.

    Raises
    ------
    OperatorError
        If a column has a type that no platform shares (structs, maps, binary), or if a name is there twice.
    """
    return Schema.from_pairs((field.name, _entered(field)) for field in foreign)


def _entered(field: pa.Field) -> DataType:
    made = _type_name(field.type)
    if made is None:
        raise OperatorError(
            f'the column "{field.name}" has the type {field.type}, which not every platform has',
            hint="cast it, or leave it out with drop(), before it is handed over",
        )
    return made


def _type_name(foreign: pa.DataType) -> DataType | None:
    import pyarrow.types as kinds

    type_ = foreign.value_type if kinds.is_dictionary(foreign) else foreign
    if kinds.is_decimal(type_):
        exact = type_.precision <= MAX_PRECISION and 0 <= type_.scale <= type_.precision
        return decimal_type(type_.precision, type_.scale) if exact else None
    if kinds.is_list(type_) or kinds.is_large_list(type_) or kinds.is_fixed_size_list(type_):
        item = _type_name(type_.value_type)
        return list_type(item) if item else None
    checks: tuple[tuple[object, DataType], ...] = (
        (kinds.is_boolean, "bool"),
        (kinds.is_integer, "int64"),
        (kinds.is_floating, "float64"),
        (kinds.is_string, "string"),
        (kinds.is_large_string, "string"),
        (kinds.is_string_view, "string"),
        (kinds.is_date, "date"),
        (kinds.is_timestamp, "timestamp"),
        (kinds.is_null, "null"),
    )
    for check, name in checks:
        if check(type_):  # type: ignore[operator]
            return name
    return None


def _without_nan(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_list(column.type):
        # Items are looked at where they lie; the lists keep their bounds and their nulls.
        lists = column.combine_chunks()
        items = _without_nan(pa.chunked_array([lists.values]))
        offsets = lists.offsets
        kept = (
            pa.ListArray.from_arrays(offsets, items.combine_chunks(), mask=pc.is_null(lists)) if len(lists) else lists
        )
        return pa.chunked_array([kept], column.type)
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    return column


def normalize(table: pa.Table) -> pa.Table:
    """Cast a table to the closed set of types; NaN becomes null.

    Raises
    ------
    DataError
        If a value does not fit (an unsigned integer above 2**63 - 1, a time zone that is lost is converted to UTC).

    Examples
    --------
    >>> import pyarrow as pa
    >>> normalize(pa.table({"x": pa.array([1.5, float("nan")], pa.float32())}))["x"].to_pylist()
    [1.5, None]
    """
    import pyarrow as pa

    target = arrow_schema(schema_of(table.schema))
    columns = []
    for field, chunked in zip(target, table.columns, strict=True):
        try:
            column = chunked if chunked.type == field.type else chunked.cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError(
                f'the column "{field.name}" holds a value that {field.type} cannot',
                facts=(("arrow", str(error).splitlines()[0]),),
            ) from error
        columns.append(_without_nan(column))
    return pa.table(columns, schema=target)
