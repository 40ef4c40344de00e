"""Training and scoring as aggregates, on any engine that runs select and group_by: only sums leave the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.expressions import (
    Aggregate,
    AnyExpression,
    Binary,
    BinaryOp,
    Call,
    Case,
    Cast,
    ColumnRef,
    Literal,
    Named,
)
from jupyter_wayang.plan.models import sigmoid
from jupyter_wayang.plan.operators import AnyOperator, GroupBy, Select
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import TARGET, LocalTask, ScoreCell, ScoreTask, Update
from jupyter_wayang.platforms.numpy.learning import (
    added,
    beyond_numbers,
    missing_values,
    no_rows,
    other_values,
    parameters,
    penalties,
    updated,
)
from jupyter_wayang.platforms.numpy.newton import Point, minimize
from jupyter_wayang.platforms.platform import ARROW, Engine, Payload

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["RelationalEngine", "score", "update"]


class RelationalEngine(Engine, Protocol):
    """An engine that runs select and group_by, and says in which channel its payloads are."""

    @property
    def channel(self) -> str:
        """The name of the channel."""
        ...


def update(engine: RelationalEngine, rows: Payload, task: LocalTask) -> Update:
    """Train on rows: one aggregation per step.

    Parameters
    ----------
    engine
        Where the rows are.
    rows
        A payload with the features of the task and :data:`TARGET`, floats without nulls.
    task
        What to train, from where, and how.

    Returns
    -------
    Update
        The parameters after training, and the number of rows.

    Raises
    ------
    OperatorError
        If there are no rows, or a value is missing, or the target is not 0 or 1, or (exact) there is no minimum.
    """
    _check(engine, rows, task)
    return _exact(engine, rows, task) if task.solver == "exact" else _gradient(engine, rows, task)


def score(engine: RelationalEngine, rows: Payload, task: ScoreTask) -> tuple[ScoreCell, ...]:
    """Score rows and count them per class and bin in one aggregation.

    Raises
    ------
    OperatorError
        If a value is missing, or the target is not 0 or 1.
    """
    shaped, shape = _with_margin(engine, rows, task.features, parameters(task))
    scored = Select(columns=(Named(name="y", expression=_Y), Named(name="p", expression=sigmoid(_Z))))
    positive = _binary(">=", _Y, _number(0.5))
    high, low = _number(1 - 1e-15), _number(1e-15)
    clipped = Case(
        condition=_binary("<", _P, low),
        then=low,
        otherwise=Case(condition=_binary(">", _P, high), then=high, otherwise=_P),
    )
    of_class = Case(condition=positive, then=clipped, otherwise=_binary("-", _ONE, clipped))
    right = Case(condition=positive, then=_binary(">=", _P, _number(0.5)), otherwise=_binary("<", _P, _number(0.5)))
    floor = Cast(arg=Call(function="floor", args=(_binary("*", _P, _number(task.bins)),)), to="int64")
    last = Literal.of(task.bins - 1)
    columns = (
        Named(name="target", expression=_Y),
        Named(name="bin", expression=Case(condition=_binary(">", floor, last), then=last, otherwise=floor)),
        Named(name="loss", expression=_binary("-", _number(0.0), Call(function="log", args=(of_class,)))),
        Named(name="right", expression=Case(condition=right, then=Literal.of(1), otherwise=Literal.of(0))),
    )
    counted = GroupBy(
        keys=(Named(name="target", expression=ColumnRef(name="target")), Named(name="bin", expression=_BIN)),
        aggregates=(
            Named(name="n", expression=Aggregate(function="count")),
            Named(name="loss", expression=Aggregate(function="sum", arg=ColumnRef(name="loss"))),
            Named(name="right", expression=Aggregate(function="sum", arg=ColumnRef(name="right"))),
        ),
    )
    table = _asked(engine, shaped, shape, scored, Select(columns=columns), counted)
    found = table.to_pylist()
    if any(cell["bin"] is None or cell["target"] is None for cell in found):
        _check(engine, rows, task)
    if any(cell["target"] not in (0.0, 1.0) for cell in found):
        raise other_values("evaluate")
    made = (
        ScoreCell(bin=c["bin"], target=int(c["target"] >= 0.5), n=c["n"], log_loss=c["loss"], correct=c["right"])
        for c in found
    )
    return tuple(sorted(made, key=lambda cell: (cell.target, cell.bin)))


_Y, _Z, _P, _BIN = ColumnRef(name="y"), ColumnRef(name="z"), ColumnRef(name="p"), ColumnRef(name="bin")
_ONE = Literal.of(1.0)


def _number(content: float) -> Literal:
    return Literal.of(float(content))


def _binary(op: BinaryOp, left: AnyExpression, right: AnyExpression) -> Binary:
    return Binary(op=op, left=left, right=right)


# 1 where the target is a class, else null.
_CLASS = Case(
    condition=_binary(
        "or", _binary("==", ColumnRef(name=TARGET), _number(0)), _binary("==", ColumnRef(name=TARGET), _number(1))
    ),
    then=Literal.of(1),
    otherwise=Literal(value=None, type="int64"),
)


def _mean(name: str, arg: AnyExpression) -> Named:
    return Named(name=name, expression=Aggregate(function="mean", arg=arg))


def _asked(engine: RelationalEngine, rows: Payload, schema: Schema, *operators: AnyOperator) -> pa.Table:
    """Run operators one after the other and fetch what comes out."""
    for operator in operators:
        (rows,) = engine.apply(operator, (rows,), (schema,), {}, "")
        (schema,) = operator.outputs((schema,))  # type: ignore[assignment]
    return engine.convert(rows, engine.channel, ARROW, schema)


def _shape(features: tuple[str, ...]) -> Schema:
    return Schema.from_pairs((name, "float64") for name in (*features, TARGET))


def _check(engine: RelationalEngine, rows: Payload, task: LocalTask | ScoreTask) -> None:
    names = (*task.features, TARGET)
    counts = [Named(name="rows", expression=Aggregate(function="count"))]
    counts += [
        Named(name=f"n{index}", expression=Aggregate(function="count", arg=ColumnRef(name=name)))
        for index, name in enumerate(names)
    ]
    counts.append(Named(name="classes", expression=Aggregate(function="count", arg=_CLASS)))
    found = _asked(engine, rows, _shape(task.features), GroupBy(aggregates=tuple(counts))).to_pylist()[0]
    verb = "fit" if isinstance(task, LocalTask) else "evaluate"
    for index, name in enumerate(names):
        if found[f"n{index}"] < found["rows"]:
            raise missing_values(verb, name)
    if found["classes"] < found["rows"]:
        raise other_values(verb)
    if not found["rows"] and isinstance(task, LocalTask):
        raise no_rows("fit")


def _with_margin(
    engine: RelationalEngine, rows: Payload, features: tuple[str, ...], values: np.ndarray
) -> tuple[Payload, Schema]:
    """Return the rows as x0, x1, …, y and z, the margin at some parameters, and their schema."""
    terms: list[AnyExpression] = [_number(values[-1])]
    terms += [
        _binary("*", ColumnRef(name=name), _number(weight)) for name, weight in zip(features, values[:-1], strict=True)
    ]
    while len(terms) > 1:
        # A balanced tree of sums keeps the nesting low.
        pairs = zip(terms[::2], terms[1::2], strict=False)
        terms = [*(_binary("+", a, b) for a, b in pairs), *terms[len(terms) // 2 * 2 :]]
    columns = [Named(name=f"x{index}", expression=ColumnRef(name=name)) for index, name in enumerate(features)]
    columns += [Named(name="y", expression=ColumnRef(name=TARGET)), Named(name="z", expression=terms[0])]
    operator = Select(columns=tuple(columns))
    schema = _shape(features)
    (shaped,) = engine.apply(operator, (rows,), (schema,), {}, "")
    (shape,) = operator.outputs((schema,))
    return shaped, shape  # type: ignore[return-value]


def _scored(count: int) -> Select:
    """Add the predicted probability to x0, x1, …, y and z."""
    kept = [*(f"x{index}" for index in range(count)), "y", "z"]
    columns = [Named(name=name, expression=ColumnRef(name=name)) for name in kept]
    return Select(columns=(*columns, Named(name="p", expression=sigmoid(_Z))))


def _columns(count: int) -> list[AnyExpression]:
    """Return the features, and 1 for the intercept."""
    return [*(ColumnRef(name=f"x{index}") for index in range(count)), _ONE]


def _times(left: AnyExpression, right: AnyExpression) -> AnyExpression:
    return left if right is _ONE else _binary("*", left, right)


def _gradient(engine: RelationalEngine, rows: Payload, task: LocalTask) -> Update:
    import numpy as np

    if task.batch is not None:
        raise OperatorError("rows that an engine holds have no order to draw batches from: leave batch out")
    count = len(task.features)
    values, more = parameters(task), added(task)
    residual = _binary("-", _P, _Y)
    means = tuple(_mean(f"g{i}", _times(residual, column)) for i, column in enumerate(_columns(count)))
    summary = (*means, Named(name="rows", expression=Aggregate(function="count")))
    loss = None
    for step in range(task.epochs):
        asked = (*summary, _data_loss()) if task.loss and step == 0 else summary
        shaped, shape = _with_margin(engine, rows, task.features, values)
        found = _asked(engine, shaped, shape, _scored(count), GroupBy(aggregates=asked)).to_pylist()[0]
        slope = [found[f"g{i}"] for i in range(count + 1)]
        if None in slope:
            raise beyond_numbers()
        if "loss" in found:
            loss = _penalized(found["loss"], task)
        values = values - task.learning_rate * (np.array(slope) + more.slope(values))
    return updated(values, found["rows"], loss)


def _penalized(data_loss: float, task: LocalTask) -> float:
    w = parameters(task)
    return data_loss + float(penalties(task.model, len(task.features)) @ (w * w)) / 2


def _data_loss() -> Named:
    """Return the mean log loss over y and z, without an exponential that overflows."""
    falling = Call(function="exp", args=(_binary("-", _number(0.0), Call(function="abs", args=(_Z,))),))
    positive = Case(condition=_binary(">", _Z, _number(0.0)), then=_Z, otherwise=_number(0.0))
    soft = _binary("+", positive, Call(function="log", args=(_binary("+", _ONE, falling),)))
    return _mean("loss", _binary("-", soft, _binary("*", _Y, _Z)))


def _exact(engine: RelationalEngine, rows: Payload, task: LocalTask) -> Update:
    import numpy as np

    count = len(task.features)
    more, summary = added(task), _second_order(count)
    size, losses = 0, []

    def objective(w: np.ndarray) -> Point:
        nonlocal size
        shaped, shape = _with_margin(engine, rows, task.features, w)
        found = _asked(engine, shaped, shape, _scored(count), summary).to_pylist()[0]
        size = found["rows"]
        losses.append(found["loss"])
        hessian = np.diag(more.scale)
        for i in range(count + 1):
            for j in range(i, count + 1):
                hessian[i, j] += found[f"h{i}_{j}"]
                hessian[j, i] = hessian[i, j]
        return Point(
            parameters=w,
            loss=found["loss"] + more.value(w),
            gradient=np.array([found[f"g{i}"] for i in range(count + 1)]) + more.slope(w),
            hessian=hessian,
            margin=found["margin"],
            positives=found["positives"],
        )

    point = minimize(objective, parameters(task), penalties=more.scale)
    return updated(point.parameters, size, _penalized(losses[0], task) if task.loss else None)


def _second_order(count: int) -> GroupBy:
    """Loss, gradient and second derivatives as means over x0, x1, …, y, z and p."""
    columns = _columns(count)
    residual, variance = _binary("-", _P, _Y), _binary("*", _P, _binary("-", _ONE, _P))
    side = Case(condition=_binary(">=", _Y, _number(0.5)), then=_Z, otherwise=_binary("-", _number(0.0), _Z))
    made = [
        Named(name="rows", expression=Aggregate(function="count")),
        _mean("positives", _Y),
        _data_loss(),
        Named(name="margin", expression=Aggregate(function="min", arg=side)),
    ]
    made += [_mean(f"g{i}", _times(residual, column)) for i, column in enumerate(columns)]
    made += [
        _mean(f"h{i}_{j}", _times(_times(variance, columns[i]), columns[j]))
        for i in range(count + 1)
        for j in range(i, count + 1)
    ]
    return GroupBy(aggregates=tuple(made))
