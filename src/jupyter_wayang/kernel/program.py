"""From a logical plan to a program: what each site does, what the execution kernel combines, and in which order.

Long because it is one pass over one plan: what an operator becomes depends on all that came before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import msgspec

from jupyter_wayang.errors import DisclosureError, PlanError
from jupyter_wayang.federation.aggregation import decompose
from jupyter_wayang.federation.exact.fitting import most_rounds
from jupyter_wayang.kernel.actions import (
    STEPS,
    Action,
    AggregateRows,
    Learn,
    ListCoefficients,
    Measure,
    PredictRows,
    TakeTurns,
    Train,
    turns_of,
)
from jupyter_wayang.kernel.refusals import (
    check_strategy,
    mixing_refused,
    multiplying_refused,
    rows_refused,
    unmeasured_refused,
)
from jupyter_wayang.plan.expressions import columns_of, type_of
from jupyter_wayang.plan.logical import Hints, LogicalPlan, Node, Port
from jupyter_wayang.plan.model_specs import (
    EXACT,
    GeneralizedLinear,
    LogisticRegression,
    ModelSpec,
    link_of,
    makes,
    saying,
)
from jupyter_wayang.plan.models import Model
from jupyter_wayang.plan.operators import (
    Coefficients,
    Drop,
    Evaluate,
    Filter,
    Fit,
    Fitted,
    GroupBy,
    Infer,
    Limit,
    LocalUpdate,
    MeasureRows,
    ModelShape,
    Predict,
    Prepare,
    ReadFederated,
    ReadFrame,
    Ready,
    Rename,
    Sample,
    Score,
    Select,
    Sort,
    Split,
    TopK,
    WithColumns,
)
from jupyter_wayang.plan.operators.learning import NEWTON, no_strategy, said
from jupyter_wayang.plan.operators.operator import Output
from jupyter_wayang.plan.schema import Schema

__all__ = ["AT_SITES", "HERE", "Program", "compiled"]

HERE = "here"
"""The name of the person's own machine among the places where operators run."""

AT_SITES = (
    *(ReadFederated, Filter, Select, WithColumns, Drop, Rename, Sort, Split, Sample),
    *(*STEPS, Predict),
)
"""Operators that a site may run on its rows: they make at most one row of a row, so that a count of rows counts people."""

_BINS = 20
"""Score bins by which a model is measured on its training rows, where nobody says otherwise."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """What a run does.

    ``site_plan`` is what each of the ``sites`` plans for itself; ``actions`` come in order; ``kernel_plan`` is the rest,
    over tables that the actions make, on this machine. ``result`` is where the result is: a port of the kernel plan,
    of the site plan, or the node of a fit or fitted model.
    """

    federation: str | None
    sites: tuple[str, ...]
    site_plan: LogicalPlan
    iterations: tuple[tuple[str, int], ...]
    actions: tuple[Action, ...]
    kernel_plan: LogicalPlan | None
    result_at: str
    result: Port
    models: tuple[tuple[str, Model], ...] = ()
    rounds: int = 0
    kernel_turns: tuple[TakeTurns, ...] = ()

    @property
    def turns(self) -> tuple[TakeTurns, ...]:
        """All loops, wherever they run."""
        return (*(action for action in self.actions if isinstance(action, TakeTurns)), *self.kernel_turns)


@dataclass
class _Compiler:
    plan: LogicalPlan
    outputs: dict[Port, Output]
    federation: str | None
    loops: dict[str, TakeTurns] = field(default_factory=dict)
    kernel_turns: list[TakeTurns] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    site_nodes: list[Node] = field(default_factory=list)
    kernel_nodes: list[Node] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    asked: list[Port] = field(default_factory=list)
    iterations: dict[str, int] = field(default_factory=dict)
    trains: dict[str, Train] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=dict)

    def node(self, node: Node) -> None:
        operator = node.operator
        if isinstance(operator, Fit):
            self.fit(node, operator)
        elif isinstance(operator, Fitted):
            self.models[node.id] = operator.model
        elif isinstance(operator, Evaluate):
            self.evaluate(node, operator)
        elif isinstance(operator, Coefficients):
            self.actions.append(ListCoefficients(node=node.id, model=node.inputs[0].node))
            self.made(node, self.rows(Port(node=node.id)))
        elif isinstance(operator, GroupBy) and self.federation is not None and node.inputs[0].node in self.held:
            self.aggregate(node, operator)
        elif self.at_sites(node):
            self.keep(node)
        elif any(port.node in self.held for port in self.rows_of(node)):
            raise mixing_refused(node)
        elif isinstance(node.operator, Predict):
            raise PlanError(
                "predict() works on rows that were read",
                hint="in a cell of its own, a model predicts rows of the notebook",
            ).located(node.span, None)
        else:
            self.kernel_nodes.append(node)
            if node.id in self.loops:
                self.kernel_turns.append(self.loops[node.id])

    def at_sites(self, node: Node) -> bool:
        """Tell whether a node runs where rows were read: at the sites, or here if nothing is federated."""
        if not node.inputs:
            return self.federation is None or isinstance(node.operator, ReadFederated)
        return all(port.node in self.held for port in self.rows_of(node))

    def rows_of(self, node: Node) -> tuple[Port, ...]:
        return tuple(port for port in node.inputs if isinstance(self.outputs[port], Schema))

    def keep(self, node: Node) -> None:
        self.held.add(node.id)
        operator = node.operator
        if self.federation is not None and isinstance(operator, Limit | TopK):
            raise DisclosureError(
                f"{operator.verb}() of rows at the sites would tell of the row that one more or less brings in",
                hint="aggregate first, or draw rows by chance: sample(fraction=0.5)",
            ).located(node.span, None)
        if self.federation is not None and not isinstance(operator, AT_SITES):
            raise multiplying_refused(node)
        if isinstance(operator, Predict):
            self.predict(node, operator)
            return
        self.site_nodes.append(node)
        if node.id in self.loops:
            self.actions.append(self.loops[node.id])
        if isinstance(operator, STEPS):
            self.actions.append(Learn(node=node.id, operator=operator, port=node.inputs[0]))
            self.asked.append(node.inputs[0])

    def spec(self, model: str) -> ModelSpec:
        """Return what kind of model a node makes."""
        operator = self.plan[model].operator
        if isinstance(operator, Fit):
            return operator.model
        return self.models[model].spec

    def predict(self, node: Node, operator: Predict) -> None:
        """Add a prediction: an expression, or features and a model that is asked about them."""
        model, rows = node.inputs[0].node, node.inputs[1]
        spec = self.spec(model)
        if not any(rows.node in loop.body for loop in self.loops.values()):
            self.asked.append(rows)
        action = PredictRows(node=node.id, model=model, column=operator.column, port=rows)
        shape = self.outputs[node.inputs[0]]
        made = said(shape, operator.column) if isinstance(shape, ModelShape) else ()
        link = saying(spec) if self.federation is not None else link_of(spec)
        if link is not None:
            told = msgspec.structs.replace(operator, link=link, made=made)
            self.site_nodes.append(msgspec.structs.replace(node, operator=told, inputs=(rows,)))
            self.actions.append(action)
            return
        if self.federation is not None:
            raise no_strategy(spec).located(node.span, None)
        ready = f"{node.id}_ready"
        self.site_nodes += [
            Node(id=ready, operator=Ready(steps=()), inputs=(rows,), span=node.span),
            msgspec.structs.replace(node, operator=Infer(model=spec, made=made), inputs=(Port(node=ready),)),
        ]
        self.actions.append(replace(action, ready=ready, made=tuple(name for name, _ in made)))

    def fit(self, node: Node, fit: Fit) -> None:
        port = node.inputs[0]
        if port.node not in self.held:
            raise PlanError("fit() works on rows that were read, not on combined results").located(node.span, None)
        exact = self.exactly(fit)
        if not exact and not isinstance(fit.model, LogisticRegression) and self.federation is not None:
            raise no_strategy(fit.model).located(node.span, None)
        if exact and fit.options.strategy is None:
            options = msgspec.structs.replace(fit.options, rounds=most_rounds(fit.model))
            fit = msgspec.structs.replace(fit, options=options)
        steps, base = self.steps_above(port)
        inputs = self.rows(base)
        train = Train(
            node=node.id,
            fit=fit,
            steps=steps,
            inputs=inputs,
            features=fit.features or tuple(name for name in inputs.names if name not in columns_of(fit.target)),
            prepare=f"{node.id}_prepare",
            update=f"{node.id}_prepare" if exact else f"{node.id}_update",
            watch=f"{node.id}_score",
            watch_prepare=f"{node.id}_prepare",
            on="train",
            bins=None,
            makes=makes(fit.model, type_of(fit.target, inputs)),
            exact=exact,
        )
        self.training(node, train)
        if link_of(fit.model) == "logit":
            train = self.watched(train)
        self.trains[node.id] = train
        self.actions.append(train)

    def exactly(self, fit: Fit) -> bool:
        """Tell whether a model is fitted from sums: over sites without a strategy, and what nothing else fits."""
        if fit.options.strategy is not None:
            return fit.options.strategy == NEWTON
        alone = isinstance(fit.model, GeneralizedLinear)
        return alone or (self.federation is not None and isinstance(fit.model, EXACT))

    def training(self, node: Node, train: Train) -> None:
        """Add what prepares rows and trains on them, or adds up over them."""
        fit = train.fit
        if train.exact:
            prepare = Prepare(steps=(), target=fit.target, features=train.features)
            hints = msgspec.structs.replace(node.hints, cache=True)
            self.site_nodes.append(
                Node(id=train.prepare, operator=prepare, inputs=node.inputs, hints=hints, span=node.span)
            )
            self.asked.append(Port(node=train.prepare))
            return
        arguments = dict(fit.options.arguments)
        epochs, batch = arguments.get("local_epochs", 1) if fit.options.strategy else 0, arguments.get("batch")
        self.site_nodes += [
            Node(
                id=train.prepare,
                operator=Prepare(steps=(), target=fit.target, features=train.features),
                inputs=node.inputs,
                span=node.span,
            ),
            Node(
                id=train.update,
                operator=LocalUpdate(
                    model=fit.model,
                    rounds=fit.options.rounds,
                    epochs=int(epochs or 0),
                    batch=batch if isinstance(batch, int) else None,
                    private=fit.options.private,
                ),
                inputs=(Port(node=train.prepare),),
                hints=node.hints,
                span=node.span,
            ),
        ]
        self.asked.append(Port(node=train.update))
        self.iterations[train.update] = fit.options.rounds

    def watched(self, train: Train) -> Train:
        """Add what measures a model after each round: on the rows of an evaluation, or else on those it trains on."""
        rounds, evaluation = train.fit.options.rounds, self.watching(train.node)
        if evaluation is not None and isinstance(evaluation.operator, Evaluate):
            train = replace(
                train,
                watch=f"{evaluation.id}_score",
                watch_prepare=f"{evaluation.id}_prepare",
                on="test",
                bins=evaluation.operator.bins,
            )
            self.scoring(evaluation, train)
        else:
            train = replace(train, bins=_BINS)
            scoring = Score(bins=_BINS, rounds=rounds)
            self.site_nodes.append(Node(id=train.watch, operator=scoring, inputs=(Port(node=train.prepare),)))
            self.asked.append(Port(node=train.watch))
        self.iterations[train.watch] = rounds + 1
        return train

    def watching(self, fit: str) -> Node | None:
        """Return the evaluation whose rows are measured after each round, if the plan has one."""
        for node in self.plan.nodes:
            if (
                isinstance(node.operator, Evaluate)
                and node.inputs[0].node == fit
                and fit not in self.above(node.inputs[1])
            ):
                return node
        return None

    def above(self, port: Port) -> set[str]:
        """Return the ids of all that a port needs."""
        wanted: set[str] = set()
        stack = [port.node]
        while stack:
            id_ = stack.pop()
            if id_ not in wanted:
                wanted.add(id_)
                stack += [p.node for p in self.plan[id_].inputs]
        return wanted

    def scoring(self, node: Node, train: Train | None) -> None:
        """Add what scores the rows of an evaluation, after all that these rows need."""
        operator, rows = node.operator, node.inputs[1]
        if not isinstance(operator, Evaluate):
            raise PlanError(f"{node.id} is no evaluation")
        self.complete(rows)
        if train is not None:
            target, features = train.fit.target, train.features
            steps = tuple(self.plan[step].operator.verb for step in train.steps)
        else:
            model = self.models[node.inputs[0].node]
            target, features, steps = model.target, model.features, ()
        prepare, score = f"{node.id}_prepare", f"{node.id}_score"
        rounds = train.fit.options.rounds if train is not None else 1
        prepared = Prepare(steps=steps, target=target, features=features)
        self.site_nodes.append(Node(id=prepare, operator=prepared, inputs=(rows,), span=node.span))
        if self.summed(node):
            self.asked.append(Port(node=prepare))
            return
        self.site_nodes.append(
            Node(
                id=score,
                operator=Score(bins=operator.bins, rounds=rounds) if self.logistic(node) else self.measuring(node),
                inputs=(Port(node=prepare),),
                hints=node.hints,
                span=node.span,
            )
        )
        self.asked.append(Port(node=score))

    def logistic(self, node: Node) -> bool:
        """Tell whether an evaluation measures a probability by its log-odds, from counts that may leave a site."""
        spec = self.spec(node.inputs[0].node)
        return (saying if self.federation is not None else link_of)(spec) == "logit"

    def summed(self, node: Node) -> bool:
        """Tell whether an evaluation measures a number over sites, from sums of errors."""
        link = link_of(self.spec(node.inputs[0].node))
        return self.federation is not None and link in ("identity", "log")

    def measuring(self, node: Node) -> MeasureRows:
        """Return what measures another model exactly, where all rows are."""
        spec = self.spec(node.inputs[0].node)
        if self.federation is not None:
            raise unmeasured_refused(node, spec)
        return MeasureRows(model=spec)

    def complete(self, port: Port) -> None:
        """Compile all that a port needs, where that has not been done yet."""
        wanted = self.above(port)
        for node in self.plan.nodes:
            if (
                node.id in wanted
                and node.id not in self.held
                and node.id not in self.models
                and node.id not in self.trains
            ):
                self.node(node)

    def evaluate(self, node: Node, operator: Evaluate) -> None:
        model, rows = node.inputs[0].node, node.inputs[1]
        if rows.node not in self.held:
            raise PlanError("evaluate() works on rows that were read, not on combined results").located(node.span, None)
        train = self.trains.get(model)
        score = f"{node.id}_prepare" if self.summed(node) else f"{node.id}_score"
        watched = train is not None and train.bins is not None and train.watch == score
        if not watched:
            self.scoring(node, train)
        self.actions.append(
            Measure(
                node=node.id,
                model=model,
                prepare=f"{node.id}_prepare",
                score=score,
                bins=operator.bins,
                watched=watched,
                exact=not (self.logistic(node) or self.summed(node)),
                sums=self.summed(node),
            )
        )
        self.made(node, self.rows(Port(node=node.id)))

    def aggregate(self, node: Node, operator: GroupBy) -> None:
        port = node.inputs[0]
        schema = self.rows(port)
        parts = decompose(operator, schema)
        self.actions.append(AggregateRows(node=node.id, port=port, parts=parts))
        self.asked.append(port)
        (partial,) = parts.partial.outputs((schema,))
        source, merged = f"{node.id}_partials", f"{node.id}_merge"
        if not isinstance(partial, Schema):
            raise PlanError(f"{node.id} does not aggregate")
        self.kernel_nodes += [
            Node(id=source, operator=ReadFrame(key=node.id, label="partial aggregates", schema=partial)),
            Node(id=merged, operator=parts.merge, inputs=(Port(node=source),)),
            Node(id=node.id, operator=parts.finish, inputs=(Port(node=merged),), names=node.names, span=node.span),
        ]

    def made(self, node: Node, schema: Schema) -> None:
        """Add a table that an action makes as a source of the kernel's plan."""
        source = ReadFrame(key=node.id, label=node.operator.verb, schema=schema)
        self.kernel_nodes.append(Node(id=node.id, operator=source, names=node.names, span=node.span, hints=Hints()))

    def rows(self, port: Port) -> Schema:
        output = self.outputs[port]
        if not isinstance(output, Schema):
            raise PlanError(f"{port.node} is a model, not a collection")
        return output

    def steps_above(self, port: Port) -> tuple[tuple[str, ...], Port]:
        """Return the ids of the steps directly above a port, first one first, and the port above them."""
        steps: list[str] = []
        while isinstance(self.plan[port.node].operator, STEPS):
            steps.insert(0, port.node)
            port = self.plan[port.node].inputs[0]
        return tuple(steps), port


def compiled(plan: LogicalPlan) -> Program:
    """Compile a logical plan with one result.

    Parameters
    ----------
    plan
        What a person wrote.

    Returns
    -------
    Program
        What is done where, in which order.

    Raises
    ------
    DisclosureError
        If the result would be rows of sites.
    PlanError
        If the plan mixes federations, or rows of sites with other rows.
    """
    federated = [node.operator for node in plan.nodes if isinstance(node.operator, ReadFederated)]
    federations = {operator.federation for operator in federated}
    if len(federations) > 1:
        raise PlanError(f"a plan reads from one federation, not from {' and '.join(sorted(federations))}")
    compiler = _Compiler(
        plan=plan, outputs=plan.outputs(), federation=next(iter(federations), None), loops=turns_of(plan)
    )
    for node in plan.nodes:
        if node.id not in compiler.held and node.id not in compiler.trains:
            compiler.node(node)
    sites = federated[0].sites if federated else (HERE,)
    for train in compiler.trains.values():
        check_strategy(train.fit, plan[train.node], sites)
    (result,) = plan.results
    at = _result_at(compiler, result)
    if at == "site" and federated:
        raise rows_refused(plan, result, federated[0])
    if at == "site":
        compiler.asked.append(result)
    kernel_nodes = tuple(compiler.kernel_nodes) if at == "kernel" else ()
    return Program(
        federation=compiler.federation,
        sites=sites,
        site_plan=LogicalPlan(nodes=tuple(compiler.site_nodes), results=tuple(dict.fromkeys(compiler.asked))),
        iterations=tuple(compiler.iterations.items()),
        actions=tuple(compiler.actions),
        kernel_plan=LogicalPlan(nodes=kernel_nodes, results=(result,)) if kernel_nodes else None,
        result_at=at,
        result=result,
        models=tuple(compiler.models.items()),
        rounds=max(
            (
                *(train.fit.options.rounds for train in compiler.trains.values()),
                *(loop.turns for loop in (*_taken(compiler.actions), *compiler.kernel_turns)),
            ),
            default=0,
        ),
        kernel_turns=tuple(compiler.kernel_turns),
    )


def _taken(actions: list[Action]) -> list[TakeTurns]:
    return [action for action in actions if isinstance(action, TakeTurns)]


def _result_at(compiler: _Compiler, result: Port) -> str:
    if isinstance(compiler.outputs[result], ModelShape):
        return "model"
    return "site" if result.node in compiler.held else "kernel"
