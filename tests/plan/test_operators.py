"""Operators derive their schema, and refuse what cannot be."""

from __future__ import annotations

import pytest

from jupyter_wayang.errors import ColumnError, ExpressionTypeError, OperatorError
from jupyter_wayang.plan.expressions import Aggregate, Binary, ColumnRef, Literal, Named
from jupyter_wayang.plan.models import LogisticRegression
from jupyter_wayang.plan.operators import (
    Drop,
    Evaluate,
    Filter,
    Fit,
    FitOptions,
    Goal,
    GroupBy,
    Impute,
    Join,
    Limit,
    ModelShape,
    OneHot,
    Operator,
    Predict,
    Rename,
    Scale,
    Select,
    Sort,
    SortKey,
    Split,
    WithColumns,
)
from jupyter_wayang.plan.schema import Schema

ROWS = Schema.of(age="int64", bmi="float64", ward="string", ill="bool")
AGE, BMI, WARD, ILL = (ColumnRef(name=name) for name in ROWS.names)
COUNT = Aggregate(function="count")


def out(operator: Operator, *inputs: object) -> Schema:
    made = operator.outputs(inputs or (ROWS,))  # type: ignore[arg-type]
    assert isinstance(made[0], Schema)
    return made[0]


def named(**columns: object) -> tuple[Named, ...]:
    return tuple(Named(name=name, expression=expression) for name, expression in columns.items())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("operator", "schema"),
    [
        (Filter(condition=ILL), ROWS),
        (
            Select(columns=named(a=AGE, half=Binary(op="/", left=AGE, right=Literal.of(2)))),
            Schema.of(a="int64", half="float64"),
        ),
        (
            WithColumns(columns=named(bmi=AGE, new=WARD)),
            Schema.of(age="int64", bmi="int64", ward="string", ill="bool", new="string"),
        ),
        (Drop(columns=("age", "ill")), Schema.of(bmi="float64", ward="string")),
        (Rename(names=(("age", "years"),)), Schema.of(years="int64", bmi="float64", ward="string", ill="bool")),
        (
            GroupBy(keys=named(ward=WARD), aggregates=named(n=COUNT, m=Aggregate(function="mean", arg=AGE))),
            Schema.of(ward="string", n="int64", m="float64"),
        ),
        (Sort(keys=(SortKey(expression=AGE),)), ROWS),
        (Limit(rows=0), ROWS),
        (Impute(columns=("age",)), Schema.of(age="float64", bmi="float64", ward="string", ill="bool")),
        (Scale(columns=("age",)), Schema.of(age="float64", bmi="float64", ward="string", ill="bool")),
        (OneHot(columns=("ward",)), Schema.of(age="int64", bmi="float64", ill="bool")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_schemas_are_derived(operator: Operator, schema: Schema) -> None:
    assert out(operator) == schema


@pytest.mark.parametrize(
    ("operator", "error", "says"),
    [
        (Filter(condition=AGE), ExpressionTypeError, "needs a condition, but age is int64"),
        (Filter(condition=Binary(op=">", left=COUNT, right=Literal.of(1))), OperatorError, "takes no aggregates"),
        (Select(columns=()), OperatorError, "at least one column"),
        (Select(columns=(*named(a=AGE), *named(a=BMI))), OperatorError, "twice"),
        (Select(columns=named(a=ColumnRef(name="agee"))), ColumnError, "Did you mean age"),
        (Drop(columns=("nothing",)), ColumnError, "no column"),
        (Drop(columns=ROWS.names), OperatorError, "no column"),
        (Rename(names=(("age", "bmi"),)), OperatorError, "twice"),
        (GroupBy(), OperatorError, "at least one aggregate"),
        (GroupBy(aggregates=named(a=AGE)), OperatorError, "reads age outside of an aggregate"),
        (GroupBy(aggregates=named(a=Binary(op="+", left=COUNT, right=AGE))), OperatorError, "reads age outside"),
        (Sort(keys=()), OperatorError, "at least one column"),
        (Impute(columns=("ward",)), OperatorError, "works on numbers, and ward is string"),
        (OneHot(columns=()), OperatorError, "needs the columns"),
        (Fit(model=LogisticRegression(), target=WARD), OperatorError, "needs true or false"),
        (Evaluate(), OperatorError, "asked of a model"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Operator) else None,
)
def test_what_cannot_be_is_said(operator: Operator, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        operator.outputs((ROWS,))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Limit(rows=-1), "0 or more"),
        (lambda: Split(fraction=1.0), "between 0 and 1"),
        (lambda: FitOptions(rounds=0), "between 1 and"),
        (lambda: Evaluate(bins=1), "bins"),
        (lambda: LogisticRegression(l2=-1.0), "l2"),
        (lambda: LogisticRegression(l2=float("nan")), "l2"),
    ],
)
def test_parameters_out_of_range_are_refused_on_construction(make: object, says: str) -> None:
    with pytest.raises(OperatorError, match=says):
        make()  # type: ignore[operator]


OTHER = Schema.of(ward="string", age="float64", beds="int64")


def test_joins_name_what_they_take() -> None:
    on_ward = (("ward", "ward"),)
    assert out(Join(on=on_ward), ROWS, OTHER).names == ("age", "bmi", "ward", "ill", "age_right", "beds")
    assert out(Join(on=on_ward, suffix="_2", how="left"), ROWS, OTHER)["age_2"].type == "float64"
    assert out(Join(on=on_ward, how="semi"), ROWS, OTHER) == ROWS
    assert out(Join(on=(), how="cross"), ROWS, OTHER).names[-3:] == ("ward_right", "age_right", "beds")


@pytest.mark.parametrize(
    ("join", "says"),
    [
        (Join(on=(), how="inner"), "needs keys"),
        (Join(on=(("ward", "ward"),), how="cross"), "neither keys nor"),
        (Join(on=(("ward", "beds"),)), "cannot be equal"),
        (Join(on=(("ward", "none"),)), "no column"),
        (Join(on=(("ward", "ward"),), suffix=""), "twice"),
    ],
)
def test_joins_that_cannot_be(join: Join, says: str) -> None:
    with pytest.raises((OperatorError, ExpressionTypeError, ColumnError), match=says):
        join.outputs((ROWS, OTHER))


def test_models_and_rows_do_not_mix() -> None:
    (model,) = Fit(model=LogisticRegression(), target=ILL).outputs((ROWS,))
    assert isinstance(model, ModelShape)
    assert out(Predict(), model, ROWS).names == (*ROWS.names, "prediction")
    assert out(Evaluate(), model, ROWS)["auc"].type == "float64"
    with pytest.raises(OperatorError, match="this is a model"):
        Filter(condition=ILL).outputs((model,))
    with pytest.raises(OperatorError, match="twice"):
        Predict(column="age").outputs((model, ROWS))


@pytest.mark.parametrize(("op", "reached"), [("<", False), ("<=", True), (">", False), (">=", True)])
def test_goals(op: str, reached: bool) -> None:
    goal = Goal(metric="auc", op=op, threshold=0.9)  # type: ignore[arg-type]
    assert goal.reached(0.9) is reached
    assert not goal.reached(None)
