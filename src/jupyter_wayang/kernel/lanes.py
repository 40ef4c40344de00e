"""One execution plan out of the parts that the places planned: lanes, aggregations at the kernel, the loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from jupyter_wayang.federation.sampling import size
from jupyter_wayang.kernel.actions import AggregateRows, Learn, Measure, Train
from jupyter_wayang.kernel.program import HERE, Program
from jupyter_wayang.plan.execution import Decision, Edge, ExecutionOperator, ExecutionPlan, Interval, Lane, Loop
from jupyter_wayang.plan.logical import Port
from jupyter_wayang.plan.operators import Impute, OneHot, Scale

__all__ = ["KERNEL", "Whole", "merged"]

KERNEL = "kernel"

_AT_KERNEL = Decision(platform=KERNEL, reason="Only aggregates come here, so it runs at the execution kernel.")


@dataclass
class Whole:
    """The parts that the places planned, and the plan that they make."""

    program: Program
    parts: dict[str, ExecutionPlan]
    kernel: ExecutionPlan | None
    name: str
    notes: tuple[str, ...] = ()

    def plan(self) -> ExecutionPlan:
        """Return the whole plan."""
        return merged(self.program, self.parts, self.kernel, name=self.name, notes=self.notes)

    def replaced(self, place: str, part: ExecutionPlan, note: str, *, rest: bool) -> ExecutionPlan:
        """Return the whole plan with what a place planned again; ``rest``: the part that comes last, on this machine."""
        self.notes = (*self.notes, note)
        if rest:
            self.kernel = part
        else:
            self.parts[place] = part
        return self.plan()


def merged(
    program: Program,
    parts: Mapping[str, ExecutionPlan],
    kernel: ExecutionPlan | None,
    *,
    name: str,
    notes: tuple[str, ...] = (),
) -> ExecutionPlan:
    """Join the parts of the places into one plan.

    Parameters
    ----------
    program
        The program that the parts belong to.
    parts
        The part of every place that takes part, by place.
    kernel
        The plan of what comes after, on this machine.
    name
        The name of the task.
    notes
        What a person should know.
    """
    federated = program.federation is not None
    builder = _Merge(program, tuple(parts))
    for place, part in parts.items():
        builder.place(place, part)
    if federated:
        builder.combine()
    rest = _visible(kernel, program)
    if rest is not None:
        builder.rest(rest)
    lanes = (
        [Lane(id=KERNEL, title="Execution kernel", kind="kernel", note="combines, never sees a row")]
        if federated
        else []
    )
    lanes += [_with_rows(lane, part) for part in parts.values() for lane in part.lanes]
    # Sites work side by side: what the whole takes is what the slowest takes, and then the rest.
    slowest = max((part.cost_s for part in parts.values()), key=lambda cost: cost.mean, default=Interval.exact(0))
    return ExecutionPlan(
        name=name,
        lanes=tuple(lanes),
        operators=tuple(builder.operators),
        edges=tuple(builder.edges),
        loop=builder.loop(),
        cost_s=slowest + kernel.cost_s if kernel is not None else slowest,
        start_up_s=tuple(item for part in parts.values() for item in part.start_up_s),
        planned_s=max((part.planned_s for part in parts.values()), default=0.0),
        notes=notes,
    )


def _with_rows(lane: Lane, part: ExecutionPlan) -> Lane:
    """Return the lane with the rows that its sources have, where they are known and may be shown."""
    read = [operator.rows for operator in part.operators if operator.verb == "read"]
    known = [rows.low for rows in read if rows is not None and rows.low == rows.high]
    return msgspec.structs.replace(lane, rows=int(sum(known))) if read and len(known) == len(read) else lane


class _Merge:
    def __init__(self, program: Program, places: tuple[str, ...]) -> None:
        self.program = program
        self.places = places
        # Where an operator has several outputs, their names tell the edges apart.
        self.names = {
            Port(node=node.id, port=index): name
            for node in program.site_plan.nodes
            if len(node.names) > 1
            for index, name in enumerate(node.names)
        }
        self.operators: list[ExecutionOperator] = []
        self.edges: list[Edge] = []

    def id(self, place: str, node: str) -> str:
        """Return the id in the whole plan of a place's operator."""
        return node if place == HERE and self.program.federation is None else f"{place}/{node}"

    def place(self, place: str, part: ExecutionPlan) -> None:
        """Add the part of a place."""
        for operator in part.operators:
            self.operators.append(msgspec.structs.replace(operator, id=self.id(place, operator.id)))
        for edge in part.edges:
            source = Port(node=self.id(place, edge.source.node), port=edge.source.port)
            label = edge.label or self.names.get(edge.source)
            self.edges.append(
                msgspec.structs.replace(edge, source=source, target=self.id(place, edge.target), label=label)
            )

    def rest(self, kernel: ExecutionPlan) -> None:
        """Add what runs on this machine afterwards, as part of the kernel's lane (or of the only one)."""
        lane = KERNEL if self.program.federation is not None else HERE
        taken = {operator.id for operator in self.operators}
        for operator in kernel.operators:
            id_ = self.kernel_id(operator.id)
            if id_ not in taken:
                self.operators.append(msgspec.structs.replace(operator, id=id_, lane=lane))
        for edge in kernel.edges:
            source = Port(node=self.kernel_id(edge.source.node), port=edge.source.port)
            self.edges.append(msgspec.structs.replace(edge, source=source, target=self.kernel_id(edge.target)))

    def kernel_id(self, node: str) -> str:
        """Return the id in the whole plan of an operator of the kernel's."""
        return f"{KERNEL}/{node}" if self.program.federation is not None else node

    def combine(self) -> None:
        """Add the aggregations at the execution kernel, and what flows to and from them."""
        for action in self.program.actions:
            if isinstance(action, Learn):
                self.facts(action)
            elif isinstance(action, Train):
                self.training(action)
            elif isinstance(action, Measure):
                self.kernel_operator(action.node, action.node, "evaluate", "AUC from score bins")
                for place in self.places:
                    self.edge(f"{place}/{action.score}", f"{KERNEL}/{action.node}", "facts")
            elif isinstance(action, AggregateRows):
                self.kernel_operator(f"{action.node}_partials", action.node, "combine", action.parts.partial.describe())
                for place in self.places:
                    self.edge(
                        f"{place}/{action.port.node}",
                        f"{KERNEL}/{action.node}_partials",
                        "facts",
                        port=action.port.port,
                    )

    def facts(self, action: Learn) -> None:
        """A step: aggregates go up, what it learned comes down."""
        operator = action.operator
        verb, text = {
            Impute: ("means", f"of {len(operator.columns)} columns"),
            Scale: ("mean, sd", f"of {len(operator.columns)} columns"),
            OneHot: ("levels", ", ".join(operator.columns)),
        }[type(operator)]
        id_ = f"{action.node}_facts"
        self.kernel_operator(id_, action.node, verb, text)
        for place in self.places:
            self.edge(f"{place}/{action.port.node}", f"{KERNEL}/{id_}", "facts", port=action.port.port)
            self.edge(f"{KERNEL}/{id_}", f"{place}/{action.node}", "facts")

    def training(self, action: Train) -> None:
        """The loop: the model goes down, updates come up."""
        id_ = f"{action.node}_aggregate"
        options, places = action.fit.options, len(self.places)
        how = [options.strategy or "central", f"weights by {dict(options.arguments).get('weights', 'rows')}"]
        if options.participation < 1:
            how.append(f"{size(options.participation, places)} of {places} sites a round")
        if options.quorum is not None:
            how.append(f"quorum {options.quorum}")
        self.kernel_operator(
            id_,
            action.node,
            "aggregate",
            ", ".join(how),
            options.rounds,
        )
        for place in self.places:
            self.edge(f"{place}/{action.update}", f"{KERNEL}/{id_}", "update")
            self.edge(f"{KERNEL}/{id_}", f"{place}/{action.update}", "model", back=True)
            self.edge(f"{KERNEL}/{id_}", f"{place}/{action.watch}", "model")

    def kernel_operator(self, id_: str, logical: str, verb: str, text: str, iterations: int = 1) -> None:
        """Add an operator of the execution kernel."""
        operator = ExecutionOperator(
            id=f"{KERNEL}/{id_}",
            logical=logical,
            lane=KERNEL,
            verb=verb,
            text=text,
            decision=_AT_KERNEL,
            iterations=iterations,
            kind="aggregate",
        )
        self.operators.append(operator)

    def edge(self, source: str, target: str, kind: str, *, port: int = 0, back: bool = False) -> None:
        """Add an edge on which no rows flow."""
        self.edges.append(
            msgspec.convert(
                {"source": {"node": source, "port": port}, "target": target, "kind": kind, "back": back}, Edge
            )
        )

    def loop(self) -> Loop | None:
        """Return the loop of the training, if there is one of more than one round."""
        for action in self.program.actions:
            if isinstance(action, Train) and action.fit.options.rounds > 1:
                inside = [self.id(place, node) for place in self.places for node in (action.update, action.watch)]
                if self.program.federation is not None:
                    inside.append(f"{KERNEL}/{action.node}_aggregate")
                until = action.fit.options.until
                return Loop(
                    operators=tuple(inside), rounds=action.fit.options.rounds, until=until.describe() if until else None
                )
        for turns in self.program.turns:
            names = turns.body | {self.kernel_id(id_) for id_ in turns.body}
            body = tuple(operator.id for operator in self.operators if operator.id in names)
            ends = None if turns.operator.turns is not None else "the condition is false"
            if body:
                return Loop(operators=body, rounds=turns.turns, until=ends)
        return None


def _visible(kernel: ExecutionPlan | None, program: Program) -> ExecutionPlan | None:
    """Return the kernel's plan without sources that only stand for what an action made."""
    if kernel is None or program.kernel_plan is None:
        return None
    made = {action.node for action in program.actions if isinstance(action, Measure)}
    operators = tuple(o for o in kernel.operators if program.federation is None or o.id not in made)
    return msgspec.structs.replace(kernel, operators=operators) if operators or kernel.edges else None
