"""Expressions over plain Arrow tables, as the strata of a split are computed, give the values of the reference."""

from __future__ import annotations

import pytest

from jupyter_wayang.errors import WayangError
from jupyter_wayang.plan.operators import Select
from jupyter_wayang.plan.rows import arrow_schema
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.relational.capabilities import frames_refuse
from jupyter_wayang.platforms.relational.frames import PYARROW, evaluate
from jupyter_wayang.testing.cases import CASES, FAILURES
from jupyter_wayang.testing.reference import apply
from jupyter_wayang.testing.runner import Table, assert_rows


def selects(cases):
    found = [case for case in cases if isinstance(case.operator, Select)]
    possible = [
        case for case in found if not frames_refuse(case.operator, tuple(table.schema for table in case.tables))
    ]
    return [pytest.param(case, id=case.name) for case in possible]


@pytest.mark.parametrize("case", selects(CASES))
def test_values_are_those_of_the_reference(case):
    table: Table = case.tables[0]
    (schema,) = case.operator.outputs((table.schema,))
    found = evaluate(case.operator.columns, table.arrow(), table.schema, PYARROW, "split")
    wanted = apply(case.operator, [(table.rows, table.schema)])
    # A column of type null is booleans here, and Arrow has no cast from these.
    carried = Schema.from_pairs((column.name, "bool" if column.type == "null" else column.type) for column in schema)
    assert_rows(found.cast(arrow_schema(carried)), wanted, carried, ordered=True)


@pytest.mark.parametrize("case", selects(FAILURES))
def test_what_has_no_value_is_an_error(case):
    with pytest.raises(WayangError):
        evaluate(case.operator.columns, case.tables[0].arrow(), case.tables[0].schema, PYARROW, "split")
