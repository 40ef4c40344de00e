"""Every expression on every relational platform means what the reference says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conformance.cases_expressions import EXPRESSIONS, FAILURES
from conformance.reference import Refused, apply
from conformance.runner import Bench, assert_rows

from jupyter_wayang.errors import WayangError
from jupyter_wayang.plan.schema import Schema

if TYPE_CHECKING:
    from conformance.cases import Case


def _names(cases: list[Case]) -> list[str]:
    names = [case.name for case in cases]
    assert len(set(names)) == len(names)
    return names


def _declared(bench: Bench, case: Case) -> bool:
    reason = bench.refusal(case.operator, case.tables)
    assert reason is None or len(reason) > 10
    return reason is None


@pytest.mark.parametrize("case", EXPRESSIONS, ids=_names(EXPRESSIONS))
def test_rows_are_those_of_the_reference(bench: Bench, case: Case) -> None:
    if not _declared(bench, case):
        return
    (schema,) = case.operator.outputs(tuple(table.schema for table in case.tables))
    assert isinstance(schema, Schema)
    wanted = apply(case.operator, [(table.rows, table.schema) for table in case.tables])
    assert_rows(bench.run(case.operator, *case.tables), wanted, schema, ordered=case.ordered)


@pytest.mark.parametrize("case", FAILURES, ids=_names(FAILURES))
def test_what_has_no_value_is_an_error(bench: Bench, case: Case) -> None:
    with pytest.raises(Refused):
        apply(case.operator, [(table.rows, table.schema) for table in case.tables])
    if not _declared(bench, case):
        return
    with pytest.raises(WayangError) as caught:
        bench.run(case.operator, *case.tables)
    assert case.operator.verb in caught.value.message
    assert "Traceback" not in caught.value.render()
