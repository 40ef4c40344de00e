"""Simulated federations: rows dealt to many clients, and rounds in which they train as one batch.

The strategies are those of real federations, driven by the same three functions. Nothing crosses a border here: what
is simulated is how a strategy learns from skewed clients, not how it protects them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.partitions import Partition
from jupyter_wayang.federation.strategies.batch import Batch
from jupyter_wayang.federation.strategy import Client, GlobalModel, Personal, State, Strategy, check
from jupyter_wayang.plan.model_specs import LogisticRegression
from jupyter_wayang.plan.models import NamedArray, named_array
from jupyter_wayang.platforms.numpy import batched

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = [
    "LEAST",
    "Clients",
    "Held",
    "Measured",
    "Round",
    "Simulation",
    "by_client",
    "cohort",
    "dealt",
    "measured",
    "measured_apart",
    "rounds",
    "start",
]

_CLASSES = 1_000
_CHUNK_ROWS = 2**13
LEAST = 1e-15
"""Probabilities are not taken for smaller than this where their logarithm counts."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """Rows that nobody trains on, one client after the other.

    Parameters
    ----------
    X, y
        Features, of shape (rows, features), and classes, from 0.
    client
        The client of every row, ascending.
    """

    X: np.ndarray
    y: np.ndarray
    client: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Clients:
    """Rows as they were dealt.

    Parameters
    ----------
    names
        What clients are called.
    target, features
        The columns that are learned, and learned from, in order.
    classes
        The values of the target, sorted: the class of a row is a place among them.
    blocks
        The rows that clients train on.
    held
        The rows that models are measured on.
    counts
        How many training rows of each class a client has: shape (clients, classes).
    """

    names: Sequence[str]
    target: str
    features: tuple[str, ...]
    classes: tuple[Any, ...]
    blocks: tuple[batched.Block, ...]
    held: Held
    counts: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """How many rows each client trains on."""
        found: np.ndarray = self.counts.sum(axis=1)
        return found


def dealt(
    table: pa.Table,
    target: str,
    partition: Partition,
    clients: int | None = None,
    *,
    features: tuple[str, ...] | None = None,
    test: float = 0.2,
    seed: int = 0,
) -> Clients:
    """Deal rows to clients, and of each client's rows some to be measured on.

    Parameters
    ----------
    table
        The rows; features are numbers without nulls.
    target
        The column of classes.
    partition
        How they are dealt.
    clients
        How many clients there are; None: as many as the partition's column has values.
    features
        Columns; None: all numbers but the target and the column that the partition looks at.
    test
        The share of each client's rows that is held out, rounded; a client keeps one row to train on.
    seed
        What all chance comes from.

    Raises
    ------
    OperatorError
        If a column is missing, no number, or has nulls, or if the target has one value, or too many.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from jupyter_wayang.federation.partitions import iid
    >>> table = pa.table({"a": [float(i) for i in range(20)], "y": [i % 2 for i in range(20)]})
    >>> dealt(table, "y", iid(), 2, test=0.2).rows.tolist()
    [8, 8]
    """
    import numpy as np

    if not 0 <= test < 1:
        raise OperatorError("test= is the share of rows that is held out: 0 or more, and below 1", found=str(test))
    names = _features(table, target, partition, features)
    columns = _numbers(table, names)
    y, classes = _classes(table, target)
    column = None if partition.column is None else _column(table, partition.column)
    called = _called(column, partition, clients)
    chance = np.random.default_rng([seed, 0])
    client = partition.deal(y, column, len(called), chance)
    order = np.lexsort((chance.random(len(y)), client))
    starts = np.searchsorted(client[order], np.arange(len(called) + 1))
    # Within a client rows stand in a random order: the first of them are held out.
    sizes = np.diff(starts)
    out = np.minimum(np.rint(test * sizes).astype(np.int64), np.maximum(sizes - 1, 0))
    place = np.arange(len(y)) - np.repeat(starts[:-1], sizes)
    kept = np.sort(order[place < np.repeat(out, sizes)])
    kept = kept[np.argsort(client[kept], kind="stable")]
    members = [order[start + some : end] for start, some, end in zip(starts[:-1], out, starts[1:], strict=True)]
    counts = np.zeros((len(called), len(classes)), dtype=np.int64)
    train = order[place >= np.repeat(out, sizes)]
    np.add.at(counts, (client[train], y[train]), 1)
    return Clients(
        names=called,
        target=target,
        features=names,
        classes=classes,
        blocks=batched.blocks(columns, y, members),
        held=Held(X=np.column_stack([values[kept] for values in columns]), y=y[kept], client=client[kept]),
        counts=counts,
    )


def _column(table: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in table.column_names:
        raise OperatorError(f"there is no column {name}", expected=tuple(table.column_names))
    return table.column(name)


def _features(table: pa.Table, target: str, partition: Partition, features: tuple[str, ...] | None) -> tuple[str, ...]:
    import pyarrow as pa

    _column(table, target)
    if features is None:
        others = {target, partition.column}
        features = tuple(
            field.name
            for field in table.schema
            if field.name not in others
            and (pa.types.is_integer(field.type) or pa.types.is_floating(field.type) or pa.types.is_boolean(field.type))
        )
    if not features or target in features:
        raise OperatorError(f"features are columns of numbers other than {target}", found=", ".join(features))
    return features


def _numbers(table: pa.Table, features: tuple[str, ...]) -> list[np.ndarray]:
    """Return features as arrays of 64-bit floats; where all are 32-bit floats of such, and steps are taken in 64 bits."""
    import numpy as np
    import pyarrow as pa

    columns = [_column(table, name) for name in features]
    kind = np.float32 if all(pa.types.is_float32(column.type) for column in columns) else np.float64
    made = []
    for name, column in zip(features, columns, strict=True):
        if column.null_count:
            raise OperatorError(f"{name} has missing values: impute(mean) first", found=name)
        try:
            values = column.to_numpy().astype(kind, copy=False)
        except (TypeError, ValueError) as error:
            raise OperatorError(
                f"{name} is {column.type}, and a feature is a number", found=str(column.type)
            ) from error
        if not np.isfinite(values).all():
            raise OperatorError(f"{name} has values that are no finite numbers", found=name)
        made.append(values)
    return made


def _classes(table: pa.Table, target: str) -> tuple[np.ndarray, tuple[Any, ...]]:
    import numpy as np

    column = _column(table, target)
    if column.null_count:
        raise OperatorError(f"the target {target} has missing values: filter() them out first", found=target)
    values, y = np.unique(column.to_numpy(), return_inverse=True)
    if not 2 <= len(values) <= _CLASSES:
        raise OperatorError(
            f"the target {target} has {len(values):,} values, and a class is one of 2 to {_CLASSES:,}", found=target
        )
    return y.astype(np.int64), tuple(values.tolist())


def _called(column: pa.ChunkedArray | None, partition: Partition, clients: object) -> Sequence[str]:
    from jupyter_wayang.federation.partitions import ByColumn

    if isinstance(partition, ByColumn) and column is not None:
        names = [str(value) for value in sorted(set(column.drop_null().to_pylist()))]
        if clients is not None and clients != len(names):
            raise OperatorError(
                f"{partition.by} has {len(names)} values, and so many clients there are, not {clients}",
                hint="leave clients= out",
            )
        return names
    if clients is None or isinstance(clients, bool) or not isinstance(clients, int) or clients < 1:
        raise OperatorError("how many clients?", found=str(clients), hint="as in clients=100")
    return [f"client {number}" for number in range(1, clients + 1)]


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """What is simulated.

    Parameters
    ----------
    clients
        The rows, dealt.
    model
        What is fitted.
    strategy
        How the global model comes from what clients learn.
    rounds
        How many rounds.
    participation
        The share of clients that train in a round, above 0 and at most 1; at least one does.
    seed
        What the choice of a round's clients comes from.
    """

    clients: Clients
    model: LogisticRegression
    strategy: Strategy
    rounds: int
    participation: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.model, LogisticRegression):
            raise OperatorError("simulated clients fit a logistic_regression()", found=type(self.model).__name__)
        if self.rounds < 1:
            raise OperatorError("rounds must be 1 or more", found=str(self.rounds))
        if not 0 < self.participation <= 1:
            raise OperatorError("participation= is above 0 and at most 1", found=str(self.participation))


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A model on rows that are held out, over all of them and by client.

    Parameters
    ----------
    rows, log_loss, accuracy
        Of each client that has such rows, shape (clients,): their number, and means over them.
    auc
        Of a yes or no, over the rows of all clients; None of more classes, or if one has no row.
    clients
        The numbers of these clients.
    """

    clients: np.ndarray
    rows: np.ndarray
    log_loss: np.ndarray
    accuracy: np.ndarray
    auc: float | None

    def overall(self, metric: str) -> float | None:
        """Return a metric over the rows of all clients; None without any."""
        if metric == "auc":
            return self.auc
        values: np.ndarray = getattr(self, metric)
        return float((values * self.rows).sum() / self.rows.sum()) if len(values) else None


@dataclass(frozen=True, kw_only=True)
class Round:
    """A round that is done; number 0 is the model before the first.

    Parameters
    ----------
    number
        Which one.
    state
        What the strategy remembers after it.
    clients
        The numbers of the clients that trained.
    measured
        The global model on the rows that are held out.
    seconds
        How long training took, without the measuring.
    """

    number: int
    state: State
    clients: np.ndarray
    measured: Measured
    seconds: float


def start(clients: Clients, model: LogisticRegression) -> GlobalModel:
    """Return the model before the first round: zeros.

    ``weights`` has the shape (features,) for a yes or no, and (features, classes) where there are more classes.
    """
    import numpy as np

    count = batched.outputs(len(clients.classes))
    shape = (len(clients.features),) if count == 1 else (len(clients.features), count)
    arrays = (named_array("weights", np.zeros(shape)), named_array("intercept", np.zeros(count)))
    return GlobalModel(model=model, features=clients.features, parameters=arrays)


def rounds(simulation: Simulation) -> Iterator[Round]:
    """Yield the model before the first round and after each; a round is computed when it is asked for.

    Raises
    ------
    OperatorError
        If the strategy cannot work with so many clients, or if training diverges.
    """
    import numpy as np

    clients, strategy = simulation.clients, simulation.strategy
    able = np.flatnonzero(clients.rows)
    names = tuple(clients.names[at] for at in able.tolist())
    check(strategy, simulation.model, names)
    state = strategy.init(start(clients, simulation.model), names)
    none = np.empty(0, dtype=np.int64)
    yield Round(number=0, state=state, clients=none, measured=measured(clients, state.current.parameters), seconds=0.0)
    for number in range(1, simulation.rounds + 1):
        began = time.perf_counter()
        who = able[cohort(len(able), simulation.participation, simulation.seed, number)]
        state = _trained(simulation, state, number, who, len(able))
        seconds = time.perf_counter() - began
        yield Round(number=number, state=state, clients=who, measured=_after(simulation, state), seconds=seconds)


def _after(simulation: Simulation, state: State) -> Measured:
    """Measure what clients have after a round: the global model, or each its own."""
    import numpy as np

    clients, strategy = simulation.clients, simulation.strategy
    if not isinstance(strategy, Personal):
        return measured(clients, state.current.parameters)
    models = np.zeros((len(clients.names), *batched.parameters(state.current.parameters).shape))
    for client in np.unique(clients.held.client).tolist():
        models[client] = batched.parameters(strategy.personal(state, clients.names[client]))
    return measured_apart(clients, models)


def _trained(simulation: Simulation, state: State, number: int, who: np.ndarray, total: int) -> State:
    clients, strategy = simulation.clients, simulation.strategy
    names = tuple(clients.names[at] for at in who.tolist())
    tasks = [strategy.task(state, Client(site=name, round=number, sites=names, total=total)) for name in names]
    made = batched.train(clients.blocks, who, tasks)
    rows, like = clients.rows[who], state.current.parameters
    updates = Batch(names, made.points, rows, like, losses=made.losses, personal=made.personal)
    # A strategy goes through a sequence; that the seam says `tuple` is for those that are sent one by one.
    after, _ = strategy.apply(state, cast("Any", updates))
    return after


def cohort(total: int, participation: float, seed: int, number: int) -> np.ndarray:
    """Return which of ``total`` clients train in a round, ascending: drawn without repetition by (seed, round).

    Examples
    --------
    >>> cohort(10, 0.3, 7, 1).tolist() == cohort(10, 0.3, 7, 1).tolist(), len(cohort(10, 0.3, 7, 2))
    (True, 3)
    """
    import numpy as np

    size = max(1, math.floor(participation * total + 0.5))
    if size >= total:
        return np.arange(total)
    return np.sort(np.random.default_rng([seed, number]).choice(total, size, replace=False))


def measured(clients: Clients, parameters: tuple[NamedArray, ...]) -> Measured:
    """Measure a global model on the rows that are held out."""
    W = batched.parameters(parameters)
    return _measured(clients, lambda X, _: X @ W[:-1] + W[-1])


def measured_apart(clients: Clients, models: np.ndarray) -> Measured:
    """Measure on the rows that are held out of each client a model of its own: (clients, features + 1, outputs)."""
    import numpy as np

    return _measured(clients, lambda X, of: np.einsum("rf,rfk->rk", X, models[of, :-1]) + models[of, -1])


def _measured(clients: Clients, predictor: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Measured:
    """Measure what a predictor makes of features and the clients whose rows they are."""
    import numpy as np

    held, count = clients.held, batched.outputs(len(clients.classes))
    right, loss = np.empty(len(held.y)), np.empty(len(held.y))
    scores = np.empty(len(held.y)) if count == 1 else None
    for begin in range(0, len(held.y), _CHUNK_ROWS):
        some = slice(begin, begin + _CHUNK_ROWS)
        y = held.y[some]
        made = batched.probabilities(predictor(held.X[some].astype(np.float64, copy=False), held.client[some]))
        if scores is not None:
            scores[some] = p = made[:, 0]
            right[some], likely = (p >= 0.5) == (y == 1), np.where(y == 1, p, 1 - p)
        else:
            right[some], likely = made.argmax(axis=1) == y, made[np.arange(len(y)), y]
        loss[some] = -np.log(np.clip(likely, LEAST, 1 - LEAST))
    return by_client(held, loss, right, auc=None if scores is None else _auc(scores, held.y))


def by_client(held: Held, loss: np.ndarray, right: np.ndarray, auc: float | None) -> Measured:
    """Return means by client of the log loss of every row, and of whether it was right (1 or 0)."""
    import numpy as np

    there, first, rows = np.unique(held.client, return_index=True, return_counts=True)
    sums = [np.add.reduceat(values, first) if len(there) else values for values in (loss, right)]
    return Measured(clients=there, rows=rows, log_loss=sums[0] / rows, accuracy=sums[1] / rows, auc=auc)


def _auc(scores: np.ndarray, y: np.ndarray) -> float | None:
    """Return the probability that a row of class 1 scores above one of class 0, ties counting ½."""
    import numpy as np

    ones = int(y.sum())
    pairs = ones * (len(y) - ones)
    if not pairs:
        return None
    _, at, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return float((ranks[at][y == 1].sum() - ones * (ones + 1) / 2) / pairs)
