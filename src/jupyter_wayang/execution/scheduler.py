"""The executor of a lane: computes what is asked of a plan, each operator on its platform, each edge along its channels."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, cast

import msgspec

from jupyter_wayang.errors import PlanError, PlatformError
from jupyter_wayang.execution.lowering import LEARNED, lower
from jupyter_wayang.execution.turns import Turns
from jupyter_wayang.plan.execution import Edge, ExecutionPlan
from jupyter_wayang.plan.expressions import Named
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import AnyOperator, GroupBy, Infer, LocalUpdate, MeasureRows, Score
from jupyter_wayang.plan.operators.functions import Calling
from jupyter_wayang.plan.operators.graph import GraphOperator
from jupyter_wayang.plan.rows import schema_of
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import InferTask, LocalTask, ScoreCell, ScoreTask, Update
from jupyter_wayang.platforms import channels
from jupyter_wayang.platforms.functions import FunctionEngine, Functions, Stopping
from jupyter_wayang.platforms.platform import ARROW, Engine, ModelEngine, Payload, Platform
from jupyter_wayang.platforms.relational import graphs

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Engines", "LaneExecutor"]


@dataclass
class Engines:
    """The running engines of a place, each started when it is first needed."""

    platforms: Mapping[str, Platform]
    workspace: Path
    _open: dict[str, Engine] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def __getitem__(self, name: str) -> Engine:
        with self._lock:
            if name not in self._open:
                self._open[name] = self.platforms[name].open(self.workspace)
            return self._open[name]

    @property
    def running(self) -> frozenset[str]:
        """The platforms that were started."""
        return frozenset(self._open)

    def owner(self, source: str, target: str) -> str | None:
        """Return the platform that does a conversion, or None if no engine is needed."""
        for platform in self.platforms.values():
            for conversion in platform.conversions:
                if (conversion.source, conversion.target) == (source, target):
                    return platform.name
        return None

    def convert(self, payload: Payload, source: str, target: str, schema: Schema) -> Payload:
        """Take a payload one step along the channel graph."""
        owner = self.owner(source, target)
        if owner is None:
            return channels.convert(payload, source, target, self.workspace)
        return self[owner].convert(payload, source, target, schema)

    def interrupt(self, names: Iterable[str | None], thread: int | None) -> None:
        """Stop what a thread, or anybody, runs on some platforms, where they can; it raises RunStoppedError there."""
        for name in names:
            end = getattr(self._open.get(name or ""), "interrupt", None)
            if end is not None:
                end(thread)

    def close(self) -> None:
        """Close every engine."""
        with self._lock:
            for engine in self._open.values():
                engine.close()
            self._open.clear()


Finished = Callable[[str, "int | None", float], None]

Checked = Callable[[str, Mapping[Port, int], frozenset[str]], "tuple[ExecutionPlan, frozenset[str]] | None"]
"""Told, at a checkpoint, of its node, all rows that were counted, and what has run; returns the plan for what has not,
with its checkpoints, or None if all stays."""


class LaneExecutor:
    """Computes ports of a plan on demand, each once.

    Parameters
    ----------
    logical, plan
        The logical plan and the platforms chosen for it: the same node ids.
    engines
        The engines of the place.
    frames
        Arrow tables by key.
    salt
        The name of the place, for splits.
    finished
        Told of every operator that ran: id, rows (None if they were not counted), seconds.
    functions
        The functions of the notebook; None: there are none here.
    checkpoints
        Nodes whose rows are counted when they have run.
    checked
        Asked at every checkpoint.
    """

    def __init__(
        self,
        logical: LogicalPlan,
        plan: ExecutionPlan,
        engines: Engines,
        *,
        frames: Mapping[str, pa.Table],
        salt: str,
        finished: Finished,
        functions: Functions | None = None,
        checkpoints: frozenset[str] = frozenset(),
        checked: Checked | None = None,
    ) -> None:
        self._logical = logical
        self._engines = engines
        self._frames = frames
        self._salt = salt
        self._finished = finished
        self._functions = functions if functions is not None else Functions()
        self._stopping = Stopping()
        self._platform = {operator.id: operator.decision.platform for operator in plan.operators}
        self._edges: dict[tuple[str, int], Edge] = {(edge.target, edge.input): edge for edge in plan.edges}
        self._consumers = logical.consumers()
        self._learned: dict[str, tuple[Named, ...]] = {}
        self._models: dict[str, InferTask] = {}
        self._payloads: dict[Port, Payload] = {}
        self._schemas: dict[Port, Schema] = {}
        self._moved: dict[tuple[Port, tuple[str, ...]], Payload] = {}
        self._turns = Turns(logical, self)
        self._checkpoints = checkpoints if checked is not None else frozenset()
        self._checked = checked
        self._counted: dict[Port, int] = {}

    def learn(self, node: str, columns: tuple[Named, ...]) -> None:
        """Say what a learned operator does. What was computed from it before is forgotten."""
        if not isinstance(self._logical[node].operator, LEARNED):
            raise PlanError(f"{node} is no operator that learns")
        self._learned[node] = columns
        self._changed(node)

    def learn_model(self, node: str, task: InferTask) -> None:
        """Say which model an operator asks. What was computed from it before is forgotten."""
        if not isinstance(self._logical[node].operator, Infer):
            raise PlanError(f"{node} asks no model")
        self._models[node] = task
        self._changed(node)

    def _changed(self, node: str) -> None:
        later = frozenset(self._downstream(node))
        self._turns.forget(later)
        self.forget(later)

    def begin(self, node: str) -> bool:
        """Bring a loop before its first turn, and tell whether there is one."""
        return self._turns.begin(node)

    def turn(self, node: str) -> bool:
        """Take the next turn of a loop, and tell whether there is another."""
        return self._turns.take(node)

    def forget(self, nodes: frozenset[str]) -> None:
        """Forget what was computed of nodes."""
        for cache in (self._payloads, self._schemas):
            for port in [port for port in cache if port.node in nodes]:
                del cache[port]
        for key in [key for key in self._moved if key[0].node in nodes]:
            del self._moved[key]

    def put(self, port: Port, payload: Payload, like: Port) -> None:
        """Say what the rows of a port are; its columns are those of another."""
        self._payloads[port], self._schemas[port] = payload, self._schemas[like]

    def told(self, node: str, seconds: float) -> None:
        """Say that a node ran."""
        self._finished(node, None, seconds)

    def entering(self, port: Port, node: str, index: int) -> Payload:
        """Return the rows of a computed port as they enter an input of a node, kept."""
        return self._moved_payload(port, node, index, keep=True)

    def table(self, port: Port) -> pa.Table:
        """Return the rows of a port as an Arrow table."""
        self._compute(port.node)
        channel = self._channel(port.node)
        payload, schema = self._payloads[port], self._schemas[port]
        began = time.perf_counter()
        table = payload if channel == ARROW else self._engines.convert(payload, channel, ARROW, schema)
        self._finished(port.node, table.num_rows, time.perf_counter() - began)
        return table

    def aggregate(self, port: Port, operator: GroupBy) -> pa.Table:
        """Aggregate the rows of a port on the platform where they are."""
        self._compute(port.node)
        began = time.perf_counter()
        schema, channel = self._schemas[port], self._channel(port.node)
        engine = self._engines[self._platform[port.node]]
        (made,) = engine.apply(operator, (self._payloads[port],), (schema,), self._frames, self._salt)
        (result,) = _rows(operator, (schema,))
        table: pa.Table = made if channel == ARROW else self._engines.convert(made, channel, ARROW, result)
        self._finished(port.node, None, time.perf_counter() - began)
        return table

    def schema(self, port: Port) -> Schema:
        """Return the columns of a port, with what was learned so far."""
        self._compute(port.node)
        return self._schemas[port]

    def update(self, node: str, task: LocalTask) -> Update:
        """Train on the rows that enter a node; a personal model after the other."""
        rows = self._entering(node)
        began = time.perf_counter()
        engine = self._engines[self._platform[node]]
        update, second = engine.update(rows, task), task.second()
        if second is not None:
            update = msgspec.structs.replace(update, personal=engine.update(rows, second).parameters)
        self._finished(node, None, time.perf_counter() - began)
        return update

    def score(self, node: str, task: ScoreTask) -> tuple[ScoreCell, ...]:
        """Score the rows that enter a node."""
        rows = self._entering(node)
        began = time.perf_counter()
        cells = self._engines[self._platform[node]].score(rows, task)
        self._finished(node, sum(cell.n for cell in cells), time.perf_counter() - began)
        return cells

    def measure(self, node: str, task: InferTask) -> tuple[tuple[str, float | None], ...]:
        """Measure a model on the rows that enter a node."""
        rows = self._entering(node)
        began = time.perf_counter()
        values = self._models_of(node).measure(rows, task)
        self._finished(node, int(dict(values)["rows"] or 0), time.perf_counter() - began)
        return values

    def _models_of(self, node: str) -> ModelEngine:
        engine = self._engines[self._platform[node]]
        if not isinstance(engine, ModelEngine):
            raise PlanError(f"{self._platform[node]} asks no models")
        return engine

    def _entering(self, node: str) -> Payload:
        """Return the rows that enter a node, kept; the first time they are made, which is their maker's time."""
        port = self._logical[node].inputs[0]
        self._compute(port.node)
        began, known = time.perf_counter(), len(self._moved)
        payload = self._moved_payload(port, node, 0, keep=True)
        if len(self._moved) > known:
            counted = self._engines[self._platform[node]].count(payload)
            self._finished(port.node, counted, time.perf_counter() - began)
        return payload

    def _downstream(self, node: str) -> set[str]:
        found = {node}
        for other in self._logical.nodes:
            if any(port.node in found for port in other.inputs):
                found.add(other.id)
        return found

    def _upstream(self, node: str) -> set[str]:
        found = {node}
        for other in reversed(self._logical.nodes):
            if other.id in found:
                found |= {port.node for port in other.inputs}
        return found

    def _channel(self, node: str) -> str:
        return self._engines.platforms[self._platform[node]].channel

    def compute(self, node: str) -> None:
        """Compute a node and what it needs."""
        self._compute(node)

    def _compute(self, target: str) -> None:
        wanted = self._upstream(target)
        for node in self._logical.nodes:
            if node.id in wanted and Port(node=node.id) not in self._payloads and not self._turns.hidden(node.id):
                if node.id in self._turns:
                    self._turns.run(node.id)
                    continue
                if isinstance(node.operator, LocalUpdate | Score | MeasureRows):
                    raise PlanError(f"{node.id} makes no rows")
                self._run(node)
                if node.id in self._checkpoints:
                    self._check(node.id)

    def _check(self, id_: str) -> None:
        """Count rows, and follow another plan from here on if they are not as expected."""
        port = Port(node=id_)
        began = time.perf_counter()
        self._counted[port] = self._at_rest(port)
        self._finished(id_, self._counted[port], time.perf_counter() - began)
        ran = {one.node for one in self._payloads if self._resting(one.node)} | self._upstream(id_)
        found = self._checked(id_, dict(self._counted), frozenset(ran)) if self._checked is not None else None
        self._checkpoints -= {id_}
        if found is not None:
            self._follow(*found, frozenset(ran))

    def _at_rest(self, port: Port) -> int:
        """Return how many rows a port has; if they are only a recipe, they are made: moved if they will be, else kept."""
        channel = self._channel(port.node)
        if not self._resting(port.node):
            leaving = (edge.movement for edge in self._edges.values() if edge.source == port and edge.movement)
            if any(movement.channels[1:2] == (ARROW,) for movement in leaving):
                return int(self._step(port, (channel, ARROW), self._payloads[port]).num_rows)
            self._payloads[port] = self._engines[self._platform[port.node]].keep(self._payloads[port])
        payload = self._payloads[port]
        return int(payload.num_rows) if channel == ARROW else self._engines[self._platform[port.node]].count(payload)

    def _resting(self, node: str) -> bool:
        platform = self._engines.platforms[self._platform[node]]
        return all(channel.at_rest for channel in platform.channels if channel.name == platform.channel)

    def _follow(self, plan: ExecutionPlan, checkpoints: frozenset[str], ran: frozenset[str]) -> None:
        """Run what has not run as another plan has it."""
        platforms = {operator.id: operator.decision.platform for operator in plan.operators}
        self.forget(frozenset(id_ for id_, name in platforms.items() if id_ not in ran and name != self._platform[id_]))
        edges = {(edge.target, edge.input): edge for edge in plan.edges}
        self._edges = edges | {ends: edge for ends, edge in self._edges.items() if ends[0] in ran}
        self._platform = platforms
        self._checkpoints = checkpoints

    def _run(self, node: Node) -> None:
        began = time.perf_counter()
        inputs = tuple(self._moved_payload(port, node.id, index) for index, port in enumerate(node.inputs))
        schemas = tuple(self._schemas[port] for port in node.inputs)
        engine = self._engines[self._platform[node.id]]
        operators = lower(node.operator, schemas, self._learned.get(node.id))
        declared = self._engines.platforms[self._platform[node.id]].operators
        for operator in operators:
            if isinstance(operator, Calling):
                inputs, schemas = (self._called(node.id, operator, inputs, schemas),), _rows(operator, schemas)
                continue
            if isinstance(operator, Infer):
                if node.id not in self._models:
                    raise PlanError(f"{node.id} does not know its model yet")
                payloads: tuple[Payload, ...] = (self._models_of(node.id).infer(inputs[0], self._models[node.id]),)
            elif isinstance(operator, GraphOperator) and str(type(operator).__struct_config__.tag) not in declared:
                payloads = (graphs.run(engine, operator, inputs[0], schemas[0]),)
            else:
                payloads = engine.apply(operator, inputs, schemas, self._frames, self._salt)
            schemas = _rows(operator, schemas)
            inputs = payloads
        ports = [Port(node=node.id, port=index) for index in range(len(inputs))]
        shared = [port for port in ports if self._readers(port) > 1 or self._turns.repeated(port) or node.hints.cache]
        for index, payload in enumerate(inputs):
            port = Port(node=node.id, port=index)
            self._payloads[port] = engine.keep(payload) if port in shared else payload
            self._schemas[port] = schemas[index]
        counted = engine.count(self._payloads[Port(node=node.id)]) if len(inputs) > 1 or shared else None
        self._finished(node.id, counted, time.perf_counter() - began)

    def learned(self, ports: tuple[Port, ...], operator: AnyOperator) -> Schema:
        """Return the columns that the function of an operator makes of the rows of some ports.

        Raises
        ------
        PlanError
            If it made no rows, or if no platform here calls functions.
        WayangError
            If the function fails.
        """
        if not isinstance(operator, Calling):
            raise PlanError(f"{operator.verb} calls no function")
        tag = str(type(operator).__struct_config__.tag)
        able = (name for name, one in self._engines.platforms.items() if tag in one.operators and one.channel == ARROW)
        name = next(able, None)
        if name is None:
            raise PlanError("no platform here calls functions of the notebook")
        engine = cast("FunctionEngine", self._engines[name])
        tables = tuple(self.table(port) for port in ports)
        call = self._functions.call("sample", operator.function, self._stopping)
        made: pa.Table = engine.call(operator, tables, tuple(self._schemas[port] for port in ports), call)
        if made.num_columns == 0:
            raise PlanError(
                f"{operator.function.name} of {operator.verb}() made no row of the first rows: its columns are not known",
                hint="a hint says them, as in def f(row) -> dict(word=str, n=int)",
            )
        return schema_of(made.schema)

    def stop(self, thread: int | None = None) -> None:
        """End the function of the notebook or the statement that runs, and let no function begin.

        Engines serve other runs too: with ``thread``, only a statement that this thread waits for is ended.
        """
        self._stopping.stop()
        self._engines.interrupt(set(self._platform.values()), thread)

    def _called(
        self, node: str, operator: Calling, inputs: tuple[Payload, ...], schemas: tuple[Schema, ...]
    ) -> Payload:
        engine = cast("FunctionEngine", self._engines[self._platform[node]])
        call = self._functions.call(node, operator.function, self._stopping)
        try:
            return engine.call(operator, inputs, schemas, call)
        except PlatformError as error:
            error.located(self._logical[node].span, None)
            raise

    def _readers(self, port: Port) -> int:
        """Return how many read a port: the operators after it, and whoever asks for a result."""
        return len(self._consumers.get(port, ())) + self._logical.results.count(port)

    def _step(self, port: Port, path: tuple[str, ...], payload: Payload) -> Payload:
        """Take the rows of a port the last step of a path, once."""
        if (port, path) not in self._moved:
            self._moved[port, path] = self._engines.convert(payload, path[-2], path[-1], self._schemas[port])
        return self._moved[port, path]

    def _moved_payload(self, port: Port, node: str, index: int, *, keep: bool = False) -> Payload:
        edge = self._edges.get((node, index))
        path = edge.movement.channels if edge is not None and edge.movement is not None else (self._channel(port.node),)
        payload = self._payloads[port]
        for step in range(1, len(path)):
            payload = self._step(port, path[: step + 1], payload)
        if keep:
            key = (port, (*path, "kept"))
            if key not in self._moved:
                self._moved[key] = self._engines[self._platform[node]].keep(payload)
            payload = self._moved[key]
        return payload


def _rows(operator: AnyOperator, schemas: tuple[Schema, ...]) -> tuple[Schema, ...]:
    made = operator.outputs(schemas)
    return tuple(output for output in made if isinstance(output, Schema))
