"""A run: plans, learns, trains, measures, combines, and says so in events."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang import events
from jupyter_wayang.errors import SiteError, WayangError
from jupyter_wayang.federation import aggregation
from jupyter_wayang.kernel.actions import AggregateRows, Learn, Measure, PredictRows, TakeTurns, Train
from jupyter_wayang.kernel.asking import GRACE_S, Asking, RunContext, Stopped, rest_of
from jupyter_wayang.kernel.lanes import Whole
from jupyter_wayang.kernel.outcome import Outcome
from jupyter_wayang.kernel.program import HERE, Program
from jupyter_wayang.kernel.steps import Steps
from jupyter_wayang.kernel.training import Trained, measured, measured_exactly, train
from jupyter_wayang.plan import wire
from jupyter_wayang.plan.execution import ExecutionPlan
from jupyter_wayang.plan.expressions import AnyExpression, Case, Cast, ColumnRef, Named, type_of
from jupyter_wayang.plan.expressions import Literal as Constant
from jupyter_wayang.plan.logical import LogicalPlan, Port
from jupyter_wayang.plan.models import Facts, Model, applied, expanded
from jupyter_wayang.plan.operators import AnyOperator, GroupBy
from jupyter_wayang.plan.operators.learning import FEATURE
from jupyter_wayang.plan.schema import Schema, common_type
from jupyter_wayang.plan.tasks import TARGET, InferTask
from jupyter_wayang.transport import messages
from jupyter_wayang.transport.bodies import from_bytes, to_bytes

if TYPE_CHECKING:
    import pyarrow as pa

_DESCRIBED_S = 60.0
"""How long a site is waited for that is asked for nothing but the columns of a table: a person waits too."""

__all__ = ["describing", "planning", "rest_of", "running", "sampling"]


def describing(sites: tuple[str, ...], table: str, context: RunContext) -> Steps[Schema]:
    """Ask sites for the columns of a table, and return those that all can give.

    Raises
    ------
    SiteError
        If a site lacks the table or a column, or has a column of another kind; the message names the site.
    """
    asked = {site: messages.Describe(run=context.run, table=table) for site in sites}
    answers = yield from Asking(context).all(asked, within_s=_DESCRIBED_S)
    schemas = {site: answer.schema for site, answer in answers.items() if isinstance(answer, messages.Description)}
    first = sites[0]
    types = {column.name: column.type for column in schemas[first]}
    for site in sites[1:]:
        for name, type_ in types.items():
            if name not in schemas[site]:
                raise SiteError(
                    f"the table {table} of {context.title(site)} has no column {name}, which {context.title(first)} has",
                    hint="columns: " + ", ".join(schemas[site].names),
                )
            common = common_type(type_, schemas[site][name].type)
            if common is None:
                raise SiteError(
                    f"the column {name} of {table} is {schemas[site][name].type} at {context.title(site)} and {type_} at {context.title(first)}",
                    found=schemas[site][name].type,
                    expected=(type_,),
                    hint="types = { … } in the declaration of the table says how to read it",
                )
            types[name] = common
    return Schema.from_pairs(types.items())


def planning(program: Program, context: RunContext) -> Steps[ExecutionPlan]:
    """Plan a program at every place, and return the whole plan."""
    asking = Asking(context)
    try:
        plan, _ = yield from _planned(program, asking)
    except WayangError:
        with suppress(WayangError):  # the first error is the one to tell
            yield from _released(program, asking)
        raise
    yield from _released(program, asking)
    return plan


def running(program: Program, context: RunContext) -> Steps[Outcome]:
    """Run a program; its events end with :class:`~jupyter_wayang.events.RunFinished`, however it ends.

    Raises
    ------
    WayangError
        What made it fail.
    """
    began = time.perf_counter()
    work = _Running(program, context)
    try:
        outcome = yield from work.steps()
    except Stopped:
        outcome = Outcome(state="stopped", models=work.models)
        work.reason = "stopped by hand"
    except WayangError as error:
        with suppress(WayangError):  # the first error is the one to tell
            yield from _released(program, work.asking)
        work.finish("failed", error.message, time.perf_counter() - began, error=type(error).__name__)
        raise
    yield from _released(program, work.asking)
    work.finish(outcome.state, work.reason, time.perf_counter() - began)
    return outcome


def _planned(program: Program, asking: Asking) -> Steps[tuple[ExecutionPlan, tuple[str, ...]]]:
    """Plan at every place; return the plan and the places that take part."""
    context = asking.context
    began = time.perf_counter()
    answers = yield from asking.all(
        {
            place: messages.SubmitPlan(
                run=context.run,
                plan=program.site_plan,
                iterations=program.iterations,
                platforms=context.platforms,
                preferences=context.preferences,
                scale=context.scale,
            )
            for place in (program.sites if program.site_plan.nodes else ())
        }
    )
    planned = {place: answer for place, answer in answers.items() if isinstance(answer, messages.Planned)}
    empty = tuple(place for place, answer in planned.items() if answer.empty and program.federation is not None)
    parts = {place: answer.plan for place, answer in planned.items() if place not in empty}
    if planned and not parts:
        raise SiteError("no site has any rows of the table")
    for place in empty:
        context.emit(events.SiteLeftOut(site=place, reason="its table has no rows"))
    kernel = None
    if program.kernel_plan is not None:
        answer = yield from asking.one(
            HERE,
            messages.SubmitPlan(
                run=rest_of(context.run),
                plan=program.kernel_plan,
                platforms=context.platforms,
                preferences=context.preferences,
                # What sites answer does not grow with their rows.
                scale=context.scale if program.federation is None else 1.0,
            ),
        )
        kernel = answer.plan if isinstance(answer, messages.Planned) else None
    notes = tuple(f"{context.title(place)} is left out: its table has no rows." for place in empty)
    asking.whole = Whole(program=program, parts=dict(parts), kernel=kernel, name=context.name, notes=notes)
    plan = asking.whole.plan()
    plan = msgspec.structs.replace(plan, planned_s=time.perf_counter() - began)
    context.emit(events.Planned(plan=wire.encode(plan).decode(), planned_s=plan.planned_s))
    return plan, tuple(parts)


def _released(program: Program, asking: Asking) -> Steps[None]:
    """Tell every place that it is over; a wish to stop no longer matters."""
    asking.deaf = True
    run = asking.context.run
    free = {place: messages.Release(run=run) for place in program.sites if not asking.busy(place)}
    for place in program.sites:
        if place not in free:
            # It hears of it when it is done with what it is at work on, and nobody waits for that.
            yield from asking.post(place, messages.Release(run=run))
    with suppress(SiteError):  # a site that is gone holds nothing any more
        yield from asking.all(free, within_s=GRACE_S)
    if program.kernel_plan is not None:
        yield from asking.one(HERE, messages.Release(run=rest_of(run)))


def sampling(plan: LogicalPlan, operator: AnyOperator, context: RunContext) -> Steps[Schema]:
    """Run a function on the first rows of what a plan makes, and return the columns that it makes.

    Raises
    ------
    WayangError
        If it cannot be run, or if nothing can be learned from what it makes.
    """
    sample = messages.Sample(run=context.run, plan=plan, operator=operator)
    answer = yield from Asking(context).one(HERE, sample)
    if not isinstance(answer, messages.Description):
        raise SiteError("the columns of the sample did not come")
    return answer.schema


class _Running:
    def __init__(self, program: Program, context: RunContext) -> None:
        self.program = program
        self.context = context
        self.asking = Asking(context)
        self.models: dict[str, Model] = dict(program.models)
        self.trained: dict[str, Trained] = {}
        self.frames: dict[str, pa.Table] = {}
        self.facts: dict[str, Facts] = {}
        self.columns: dict[str, Schema] = {}
        self.places: tuple[str, ...] = ()
        self.rounds = 0
        self.reason = "done"
        self.state: events.State = "done"

    def steps(self) -> Steps[Outcome]:
        """Do everything, in order."""
        program, context = self.program, self.context
        context.emit(
            events.RunStarted(
                name=context.name,
                sites=program.sites if program.federation else (),
                rounds=program.rounds,
                resumes=context.resumes,
            )
        )
        _, self.places = yield from _planned(program, self.asking)
        for action in program.actions:
            if isinstance(action, Learn):
                yield from self.learn(action)
            elif isinstance(action, Train):
                yield from self.train(action)
            elif isinstance(action, Measure):
                yield from self.measure(action)
            elif isinstance(action, TakeTurns):
                yield from self.turns(action, context.run)
            elif isinstance(action, PredictRows):
                yield from self.predict(action)
            else:
                yield from self.aggregate(action)
        fitted = {id_: model for id_, model in self.models.items() if id_ in self.trained}
        if program.result_at == "model":
            return Outcome(state=self.state, model=self.models[program.result.node], models=fitted)
        table = yield from self.collected()
        columns = tuple((field.name, str(field.type)) for field in table.schema)
        context.emit(events.ResultReady(key=context.run, rows=table.num_rows, columns=columns))
        return Outcome(state=self.state, table=table, models=fitted)

    def learn(self, action: Learn) -> Steps[None]:
        """Learn a preprocessing step over the places, and tell them what it does."""
        schema = self.schema_before(action)
        kept = f"facts/{action.node}"
        stored = self.context.kept.get(kept)
        # A run that goes on must not ask again: sums of floats may come out otherwise, and the rows may have changed.
        facts = (
            msgspec.msgpack.decode(stored, type=Facts)
            if stored is not None
            else (yield from self.learned(aggregation.learn(action.operator, schema), action.port))
        )
        self.context.keep(kept, msgspec.msgpack.encode(facts))
        self.facts[action.node] = facts
        columns = applied(facts, schema)
        self.columns[action.node] = Schema.from_pairs(
            (named.name, type_of(named.expression, schema)) for named in columns
        )
        self.context.emit(events.FactsLearned(operator=action.node, text=aggregation.describe(facts)))
        self.combined(f"{action.node}_facts")
        yield from self.tell(action.node, columns)

    def learned(self, learning: aggregation.Learning, port: Port) -> Steps[Facts]:
        """Ask the places for what a step wants to know, until it knows enough; one with a constant asks nothing."""
        tables: Mapping[str, pa.Table] | None = None
        while True:
            try:
                request = next(learning) if tables is None else learning.send(tables)
            except StopIteration as finished:
                facts: Facts = finished.value
                return facts
            tables = yield from self.tables(port, request, "learn")

    def schema_before(self, action: Learn) -> Schema:
        """Return the columns that enter a step, with what the steps before it have learned."""
        if action.port.node in self.columns:
            return self.columns[action.port.node]
        output = self.program.site_plan.outputs()[action.port]
        if not isinstance(output, Schema):
            raise SiteError(f"{action.node} has no rows to learn from")
        return output

    def train(self, action: Train) -> Steps[None]:
        """Fit a model by rounds; once one was stopped, no other is begun."""
        if self.state == "stopped":
            raise Stopped
        facts = tuple(self.facts[step] for step in action.steps)
        features = expanded(action.features, facts)
        target = _as_target(action.fit.target, action.inputs)
        yield from self.tell(action.prepare, (*(Named(name=f, expression=ColumnRef(name=f)) for f in features), target))
        if action.watch_prepare != action.prepare:
            model = Model(
                spec=action.fit.model,
                steps=facts,
                inputs=action.inputs,
                features=features,
                target=action.fit.target,
                parameters=(),
            )
            yield from self.tell(action.watch_prepare, (*model.prepared(), target))
        trained = yield from train(action, features, self.places, self.asking)
        self.trained[action.node] = trained
        self.combined(f"{action.node}_aggregate")
        self.rounds += trained.rounds
        self.reason, self.state = trained.reason, trained.state
        self.models[action.node] = Model(
            spec=action.fit.model,
            steps=facts,
            inputs=action.inputs,
            features=features,
            target=action.fit.target,
            parameters=trained.parameters,
            personal=trained.personal,
        )

    def turns(self, action: TakeTurns, run: str) -> Steps[None]:
        """Take the turns of a loop, each a step of the run: between them it can be paused and stopped."""
        number, more = 0, True
        while more:
            began = time.perf_counter()
            if number:
                self.context.emit(events.RoundStarted(round=number, sites=()))
            answer = yield from self.asking.one(HERE, messages.Turn(run=run, node=action.node, round=number))
            if not isinstance(answer, messages.Turned):
                raise SiteError(f"{action.node} took no turn")
            if number:
                ended = events.RoundFinished(round=number, seconds=time.perf_counter() - began, sites=())
                self.context.emit(ended)
            self.rounds, number, more = self.rounds + (number > 0), number + 1, answer.more

    def measure(self, action: Measure) -> Steps[None]:
        """Make the table of metrics of an evaluation."""
        if action.watched:
            table = self.trained[action.model].table
        else:
            model = self.models[action.model]
            yield from self.tell(action.prepare, (*model.prepared(), _as_target(model.target, model.inputs)))
            if action.exact:
                table = yield from measured_exactly(action, model, model.features, self.asking)
            else:
                table = yield from measured(action, model, self.places, self.asking)
        self.frames[action.node] = table
        self.combined(action.node)

    def predict(self, action: PredictRows) -> Steps[None]:
        """Tell the places what a prediction is."""
        output = self.program.site_plan.outputs()[action.port]
        names = output.names if isinstance(output, Schema) else ()
        if action.ready is not None:
            yield from self.ask_model(action, names)
            return
        model = self.models[action.model]
        kept = tuple(Named(name=name, expression=ColumnRef(name=name)) for name in names)
        said = dict.fromkeys(self.places, model.linear()) | {
            site: model.at(site).linear() for site, _ in model.personal
        }
        yield from self.tell_each(
            action.node,
            {place: (*kept, Named(name=action.column, expression=said[place])) for place in self.places},
        )

    def ask_model(self, action: PredictRows, names: tuple[str, ...]) -> Steps[None]:
        """Tell this machine which features a model reads, and the model."""
        model = self.models[action.model]
        features = tuple(
            Named(name=f"{FEATURE}{index}", expression=named.expression) for index, named in enumerate(model.prepared())
        )
        kept = (Named(name=name, expression=ColumnRef(name=name)) for name in names)
        yield from self.tell(str(action.ready), (*kept, *features))
        task = InferTask(
            model=model.spec,
            makes=model.makes,
            features=tuple(named.name for named in features),
            parameters=model.parameters,
            columns=action.made,
        )
        yield from self.asking.one(HERE, messages.Learned(run=self.context.run, node=action.node, model=task))

    def aggregate(self, action: AggregateRows) -> Steps[None]:
        """Aggregate rows at the sites; what they answer becomes a table of the kernel."""
        tables = yield from self.tables(action.port, action.parts.partial, "aggregate")
        self.frames[action.node] = aggregation.gathered(action.parts, tables)
        self.combined(f"{action.node}_partials")

    def combined(self, node: str) -> None:
        """Say that an operator of the execution kernel has combined what the sites answered."""
        if self.context.federated:
            self.context.emit(events.OperatorFinished(operator=self.context.operator(HERE, node)))

    def tables(self, port: Port, operator: GroupBy, purpose: str) -> Steps[Mapping[str, pa.Table]]:
        """Ask every place for an aggregation of its rows."""
        answers = yield from self.asking.all(
            {
                place: messages.Aggregate(run=self.context.run, port=port, operator=operator, purpose=purpose)
                for place in self.places
            }
        )
        tables = {}
        for place, answer in answers.items():
            if isinstance(answer, messages.Aggregated):
                tables[place] = from_bytes(answer.body)
                if answer.note is not None and purpose == "aggregate":
                    self.context.emit(events.Withheld(site=place, operator=port.node, reason=answer.note))
        return tables

    def tell(self, node: str, columns: tuple[Named, ...]) -> Steps[None]:
        """Tell every place what a learned operator does."""
        yield from self.tell_each(node, dict.fromkeys(self.places, columns))

    def tell_each(self, node: str, columns: Mapping[str, tuple[Named, ...]]) -> Steps[None]:
        """Tell the places what a learned operator does, each of them its own."""
        run = self.context.run
        yield from self.asking.all(
            {place: messages.Learned(run=run, node=node, columns=own) for place, own in columns.items()}
        )

    def collected(self) -> Steps[pa.Table]:
        """Return the rows of the result."""
        program, run = self.program, self.context.run
        if program.result_at == "site":
            answer = yield from self.asking.one(HERE, messages.Collect(run=run, port=program.result))
        else:
            frames = tuple((key, to_bytes(table)) for key, table in self.frames.items())
            if program.kernel_plan is None:
                raise SiteError("the run made no rows")
            plan = messages.SubmitPlan(
                run=rest_of(run),
                plan=program.kernel_plan,
                platforms=self.context.platforms,
                preferences=self.context.preferences,
                frames=frames,
            )
            yield from self.asking.one(HERE, plan)
            for action in program.kernel_turns:
                yield from self.turns(action, plan.run)
            answer = yield from self.asking.one(HERE, messages.Collect(run=rest_of(run), port=program.result))
        if not isinstance(answer, messages.Rows):
            raise SiteError("the rows of the result did not come")
        return from_bytes(answer.body)

    def finish(self, state: events.State, reason: str, seconds: float, error: str | None = None) -> None:
        """Emit the last event."""
        self.context.emit(
            events.RunFinished(state=state, reason=reason, error=error, rounds=self.rounds, seconds=seconds)
        )


def _as_target(target: AnyExpression, inputs: Schema) -> Named:
    """Return the target as the number 0 or 1; rows without one were left out before."""
    if type_of(target, inputs) == "bool":
        one, zero = Constant.of(1.0), Constant.of(0.0)
        return Named(name=TARGET, expression=Case(condition=target, then=one, otherwise=zero))
    return Named(name=TARGET, expression=Cast(arg=target, to="float64"))
