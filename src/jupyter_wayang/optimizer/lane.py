"""A lane as it is planned: what runs where at which cost, before and after the enumeration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from jupyter_wayang.optimizer.cardinality import Estimate, Settle, estimate
from jupyter_wayang.optimizer.context import PlanningContext
from jupyter_wayang.optimizer.costs import NOTHING, Sizes, compute_s, sizes, total
from jupyter_wayang.optimizer.enumeration import Assignment, Enumeration, Output, Problem, enumerate_plans
from jupyter_wayang.optimizer.explanation import Option, Subject, decide
from jupyter_wayang.optimizer.inflation import Candidates, base_tag, inflate, lowered
from jupyter_wayang.optimizer.moves import Moves
from jupyter_wayang.optimizer.origins import origins
from jupyter_wayang.optimizer.stages import stages
from jupyter_wayang.plan.execution import Decision, Edge, ExecutionOperator, ExecutionPlan, Interval, Movement
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.loops import FEEDBACK, feedback
from jupyter_wayang.plan.observation import Work
from jupyter_wayang.plan.operators import Output as Shape
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.platform import BASE_OPERATORS, Platform

__all__ = ["Lane"]

_SHOWN = frozenset((*BASE_OPERATORS, "unpivot", "explode"))
"""Operators of which a platform may have code to show."""

_FEW = 0.05
"""Keeping this part of the rows that come in costs next to nothing."""


@dataclass(frozen=True, kw_only=True)
class Lane:
    """All that is known before the enumeration."""

    plan: LogicalPlan
    context: PlanningContext
    outputs: Mapping[Port, Shape]
    candidates: tuple[Candidates, ...]
    estimates: Mapping[Port, Estimate]
    origins: Mapping[str, str]
    sizes: Mapping[str, Sizes]
    compute: tuple[Mapping[str, Interval], ...]
    moves: Moves
    start_up: Mapping[str, float]

    @classmethod
    def of(cls, plan: LogicalPlan, context: PlanningContext) -> Lane:
        """Estimate and cost a rewritten plan."""
        outputs = plan.outputs()
        estimates = estimate(plan, outputs, context.statistics, context.functions, counted=context.counted)
        inflated = inflate(plan, outputs, context, _bytes(plan, estimates))
        return cls._of(plan, context, outputs, tuple(inflated[node.id] for node in plan.nodes), estimates)

    def settled(self, settle: Settle) -> Lane:
        """Return the lane with other estimates, see :func:`~jupyter_wayang.optimizer.cardinality.estimate`.

        Bounds of bounds are far beyond any memory, so that where there is room is not asked again.
        """
        plan, context = self.plan, self.context
        settled = estimate(
            plan, self.outputs, context.statistics, context.functions, counted=context.counted, settle=settle
        )
        return self._of(plan, context, self.outputs, self.candidates, settled)

    def without(self, refused: Mapping[int, Mapping[str, str]]) -> Lane:
        """Return the lane in which some nodes may not run on some platforms: reasons, by index and platform."""
        candidates = tuple(
            replace(
                one,
                possible={name: platform for name, platform in one.possible.items() if name not in refused[index]},
                impossible={**one.impossible, **refused[index]},
            )
            if index in refused
            else one
            for index, one in enumerate(self.candidates)
        )
        return self._of(self.plan, self.context, self.outputs, candidates, self.estimates)

    @classmethod
    def _of(
        cls,
        plan: LogicalPlan,
        context: PlanningContext,
        outputs: Mapping[Port, Shape],
        candidates: tuple[Candidates, ...],
        estimates: Mapping[Port, Estimate],
    ) -> Lane:
        known = sizes(plan, estimates, context.statistics)
        compute = tuple(
            {
                name: NOTHING
                if node.id in context.done
                else compute_s(
                    node,
                    platform,
                    known[node.id],
                    context.iterations.get(node.id, 1),
                    context.functions.get(node.id),
                )
                for name, platform in one.possible.items()
            }
            for node, one in zip(plan.nodes, candidates, strict=True)
        )
        platforms: dict[str, Platform] = {platform.name: platform for platform in context.platforms}
        running = context.running | {operator.decision.platform for operator in context.done.values()}
        return cls(
            plan=plan,
            context=context,
            outputs=outputs,
            candidates=candidates,
            estimates=estimates,
            origins=origins(plan, estimates, context.statistics, context.functions),
            sizes=known,
            compute=compute,
            moves=Moves(
                plan,
                estimates,
                platforms,
                compute,
                context.iterations,
                context.done,
                context.objective,
                context.memory_bytes,
            ),
            start_up={n: p.costs.start_up_s for n, p in platforms.items() if n not in running},
        )

    def compute_s(self, assignment: Assignment) -> float:
        """Return the most seconds that the operators of a plan may take, without moves and start-up."""
        return sum(compute[name].high for compute, name in zip(self.compute, assignment, strict=True))

    def problem(self, *, pinned: bool, but: int | None = None) -> Problem:
        """Return what is to be enumerated, with pins held (``but`` that of one operator)."""
        operators = tuple(
            {
                name: self.context.objective.of_work(name, cost.mean)
                for name, cost in compute.items()
                if not pinned or index == but or self.candidates[index].pinned in (None, name)
            }
            for index, compute in enumerate(self.compute)
        )
        outputs = tuple(
            Output(
                flow.producer,
                tuple(index for index, _ in flow.readers),
                self.moves.cost(number),
                self.moves.kinds(number),
            )
            for number, flow in enumerate(self.moves.flows)
        )
        start_up = {name: self.context.objective.of_work(name, cost) for name, cost in self.start_up.items()}
        return Problem(operators=operators, outputs=outputs, start_up=start_up)

    def at_rest(self, index: int, best: Assignment) -> bool:
        """Tell whether the rows of a node are there when it has run, or moved, or are so few that keeping costs nothing."""
        platform = self.candidates[index].possible[best[index]]
        if all(channel.at_rest for channel in platform.channels if channel.name == platform.channel):
            return True
        known = self.sizes[self.plan.nodes[index].id]
        rows, out = known.rows, known.out
        if out.mean <= _FEW * rows.mean:
            return True
        flows = [n for n in self.moves.touching[index] if self.moves.flows[n].producer == index]
        # What several read is kept by its engine.
        shared = any(len(self.moves.flows[n].readers) > 1 for n in flows)
        return shared or any(len(route.channels) > 1 for n in flows for route in self.moves.chosen(n, best).routes)

    def execution(self, found: Enumeration, checkpoints: frozenset[str] = frozenset()) -> ExecutionPlan:
        """Return the best plan that was found, with reasons."""
        best = found.best
        moved = [
            route.cost.times(flow.runs)
            for number, flow in enumerate(self.moves.flows)
            for route in self.moves.chosen(number, best).routes
        ]
        started = self._started(best)
        parts = [compute[name] for compute, name in zip(self.compute, best, strict=True)]
        return ExecutionPlan(
            name=self.context.name,
            lanes=(self.context.lane,),
            operators=self._operators(found, checkpoints),
            edges=self._edges(best),
            cost_s=total([*parts, *moved, *(Interval.exact(seconds) for seconds in started.values())]),
            start_up_s=tuple(started.items()),
        )

    def _started(self, assignment: Assignment) -> dict[str, float]:
        used = set(assignment)
        return {name: seconds for name, seconds in self.start_up.items() if name in used and seconds > 0}

    def _operators(self, found: Enumeration, checkpoints: frozenset[str]) -> tuple[ExecutionOperator, ...]:
        best = found.best
        kinds = {n.id: (best[i], self.context.iterations.get(n.id, 1)) for i, n in enumerate(self.plan.nodes)}
        inputs = {n.id: [port.node for port in n.inputs] for n in self.plan.nodes}
        stage_of = stages([node.id for node in self.plan.nodes], inputs, kinds)
        return tuple(
            self._ran(node, stage_of[node.id])
            if node.id in self.context.done
            else msgspec.structs.replace(
                self._operator(index, node, best[index], self._decision(index, node, found), stage_of[node.id]),
                checkpoint=node.id in checkpoints,
                kept=self.moves.kept(index, best),
            )
            for index, node in enumerate(self.plan.nodes)
        )

    def _ran(self, node: Node, stage: int) -> ExecutionOperator:
        """Return an operator as it ran."""
        operator, counted = self.context.done[node.id], self.context.counted.get(Port(node=node.id))
        if counted is None:
            return msgspec.structs.replace(operator, stage=stage)
        rows, bytes_ = Interval.exact(counted), self.estimates[Port(node=node.id)].bytes
        return msgspec.structs.replace(operator, stage=stage, rows=rows, rows_from="counted", bytes=bytes_)

    def _operator(self, index: int, node: Node, name: str, decision: Decision, stage: int) -> ExecutionOperator:
        port = Port(node=node.id)
        schema, known = self.outputs[port], self.estimates.get(port)
        return ExecutionOperator(
            id=node.id,
            logical=node.id,
            lane=self.context.lane.id,
            verb=node.operator.verb,
            text=node.operator.describe(),
            decision=decision,
            schema=schema if isinstance(schema, Schema) else None,
            rows=known.rows if known is not None else None,
            rows_from=self.origins[node.id] if known is not None else "",
            bytes=known.bytes if known is not None else None,
            compute_s=self.compute[index][name],
            work=self._work(node, self.candidates[index].possible[name]),
            iterations=self.context.iterations.get(node.id, 1),
            stage=stage,
            code=self._code(node, self.candidates[index].possible[name]),
        )

    def _work(self, node: Node, platform: Platform) -> Work:
        known = self.sizes[node.id].read_by(platform)
        return Work(
            platform=platform.name,
            tag=base_tag(node.operator),
            rows=known.rows.mean,
            out=known.out.mean,
            bytes=known.bytes.mean,
            operations=known.operations * known.rows.mean,
            decimals=known.decimals * known.rows.mean,
        )

    def _code(self, node: Node, platform: Platform) -> str | None:
        named = tuple(
            (self._called(port), schema) for port in node.inputs if isinstance(schema := self.outputs[port], Schema)
        )
        codes: list[tuple[str, str | None]] = []
        for operator, schemas in lowered(node.operator, tuple(schema for _, schema in named)):
            tag = str(type(operator).__struct_config__.tag)
            if codes:
                named = tuple((codes[-1][0], schema) for schema in schemas)
            # The facts of a preprocessing step, or a model, are not known yet: there is no code to show.
            codes.append((tag, platform.code(operator, named) if tag in _SHOWN else None))
        shown = [code for _, code in codes if code is not None]
        return ";\n\n".join(shown) or None

    def _called(self, port: Port) -> str:
        names = self.plan[port.node].names
        return (names[port.port] if port.port < len(names) else None) or port.node

    def _decision(self, index: int, node: Node, found: Enumeration) -> Decision:
        candidates = self.candidates[index]
        pinned = candidates.pinned is not None
        if pinned:
            # The pin of this operator is lifted, to see what it costs; the others hold.
            found = enumerate_plans(self.problem(pinned=True, but=index)) or found
        options, impossible = [], dict(candidates.impossible)
        for name in candidates.possible:
            whole = found.best_with(index, name)
            if whole is None:
                impossible[name] = (
                    f"rows cannot be moved between {candidates.possible[name].title} and what is around it"
                )
            else:
                options.append(self._option(index, name, *whole))
        titles = {platform.name: platform.title for platform in self.context.platforms}
        objective = self.context.objective.name
        subject = Subject(verb=node.operator.verb, pinned=pinned, titles=titles, objective=objective)
        chosen = candidates.pinned or found.best[index]
        return decide(subject, chosen, options, impossible)

    def _option(self, index: int, name: str, cost: float, assignment: Assignment) -> Option:
        into: list[Interval] = []
        out: list[Interval] = []
        fed_by: list[str] = []
        for number in self.moves.touching[index]:
            flow = self.moves.flows[number]
            routes = [route.cost.times(flow.runs) for route in self.moves.chosen(number, assignment).routes]
            if flow.producer == index:
                out += routes
            read = [route for route, (reader, _) in zip(routes, flow.readers, strict=False) if reader == index]
            into += read
            fed_by += [assignment[flow.producer]] * bool(read)
        return Option(
            platform=name,
            compute_s=self.compute[index][name],
            move_in_s=total(into),
            move_out_s=total(out),
            fed_by=tuple(fed_by),
            started=self._started(assignment),
            total_s=cost if self.context.objective.name == "time" else self._seconds(assignment),
            amount=None if self.context.objective.name == "time" else cost,
        )

    def _seconds(self, assignment: Assignment) -> float:
        parts = [costs[name] for costs, name in zip(self.compute, assignment, strict=True)]
        for number, flow in enumerate(self.moves.flows):
            parts += [route.cost.times(flow.runs) for route in self.moves.chosen(number, assignment).routes]
        return sum(part.mean for part in parts) + sum(self._started(assignment).values())

    def _edges(self, best: Assignment) -> tuple[Edge, ...]:
        moved: dict[tuple[int, int], Movement] = {}
        for number, flow in enumerate(self.moves.flows):
            known = self.estimates[flow.port]
            for reader, route in zip(flow.readers, self.moves.chosen(number, best).routes, strict=False):
                moved[reader] = Movement(channels=route.channels, bytes=known.bytes, cost_s=route.cost.times(flow.runs))
        edges = []
        back = {id_: (port,) for port, readers in feedback(self.plan).items() for id_, _ in readers}
        for index, node in enumerate(self.plan.nodes):
            coming = [(position, port, False) for position, port in enumerate(node.inputs)]
            coming += [(FEEDBACK, port, True) for port in back.get(node.id, ())]
            for position, port, again in coming:
                known_ = self.estimates.get(port)
                edges.append(
                    Edge(
                        source=port,
                        target=node.id,
                        input=position,
                        kind="model" if known_ is None else "rows",
                        back=again,
                        rows=known_.rows if known_ is not None else None,
                        bytes=known_.bytes if known_ is not None else None,
                        movement=moved.get((index, position)),
                    )
                )
        return tuple(edges)


def _bytes(plan: LogicalPlan, estimates: Mapping[Port, Estimate]) -> dict[str, tuple[Interval, Interval]]:
    """Return the bytes that go in and out of every node."""
    out: dict[str, Interval] = {}
    for port, known in estimates.items():
        out[port.node] = out.get(port.node, NOTHING) + known.bytes
    return {
        node.id: (
            total(estimates[port].bytes for port in node.inputs if port in estimates),
            out.get(node.id, NOTHING),
        )
        for node in plan.nodes
    }
