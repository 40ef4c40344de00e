"""Moves: what flows between the operators of a plan, and what it costs for any choice of platforms at its ends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from jupyter_wayang.errors import PlanError
from jupyter_wayang.optimizer.cardinality import Estimate
from jupyter_wayang.optimizer.conversions import ChannelGraph, CostedGraph, Demand, Tree
from jupyter_wayang.optimizer.costs import NOTHING, Sizes, seconds, total
from jupyter_wayang.optimizer.enumeration import Assignment
from jupyter_wayang.optimizer.objective import TIME, Objective
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.logical import LogicalPlan, Port
from jupyter_wayang.plan.loops import feedback
from jupyter_wayang.plan.operators import LocalUpdate, MeasureRows, Score
from jupyter_wayang.plan.operators.loops import Carry
from jupyter_wayang.platforms.platform import ARROW, Platform, lazy

__all__ = ["Flow", "Moves"]


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Rows that leave a port: who makes them, who reads them (node and index of its input), if they are a result.

    ``runs`` says how often the producer runs. The rows of a result are handed over as an Arrow table.
    """

    port: Port
    producer: int
    readers: tuple[tuple[int, int], ...]
    result: bool
    runs: int


@dataclass(frozen=True, kw_only=True)
class Turns:
    """How the turns of a loop get rows that are made once: ``kept``, or made anew in each; and what that costs in all."""

    kept: bool
    cost: Interval


class Moves:
    """All flows of a plan.

    Parameters
    ----------
    plan
        A logical plan.
    estimates
        Rows and bytes of its ports.
    platforms
        The allowed ones, by name.
    compute
        For every node the platforms that can run it, with the seconds of all its executions.
    iterations
        How often a node runs, by id.
    done
        Ids of nodes that have run: what they read has moved already.
    objective
        What ways are compared by.
    memory_bytes
        What there is room for; None: for all.
    """

    def __init__(
        self,
        plan: LogicalPlan,
        estimates: Mapping[Port, Estimate],
        platforms: Mapping[str, Platform],
        compute: tuple[Mapping[str, Interval], ...],
        iterations: Mapping[str, int],
        done: Collection[str] = (),
        objective: Objective = TIME,
        memory_bytes: int | None = None,
    ) -> None:
        self._plan = plan
        self._estimates = estimates
        self._memory_bytes = memory_bytes
        self._done = frozenset(done)
        self._objective = objective
        self._platforms = platforms
        self._compute = compute
        self._iterations = tuple(max(1, iterations.get(node.id, 1)) for node in plan.nodes)
        self._learning = tuple(isinstance(node.operator, LocalUpdate | Score | MeasureRows) for node in plan.nodes)
        self._index = {node.id: index for index, node in enumerate(plan.nodes)}
        channels = ChannelGraph(platforms.values())
        self._reusable = channels.reusable
        self._lazy = frozenset(name for name, platform in platforms.items() if lazy(platform))
        self._readers = plan.consumers()
        self.flows = self._flows(estimates)
        self.touching: tuple[tuple[int, ...], ...] = self._touching()
        self._graphs: tuple[CostedGraph, ...] = tuple(
            channels.costed(estimates[flow.port].rows, estimates[flow.port].bytes, objective) for flow in self.flows
        )
        self._trees: dict[tuple[int, str, Assignment], Tree | None] = {}
        self._productions: dict[tuple[int, str], Interval] = {}
        self._renewals: dict[tuple[int, str], Interval] = {}

    def _flows(self, estimates: Mapping[Port, Estimate]) -> tuple[Flow, ...]:
        readers, next_turn = self._readers, feedback(self._plan)
        found = []
        for port in estimates:
            producer = self._index[port.node]
            asking = (*readers.get(port, ()), *next_turn.get(port, ()))
            read = tuple((self._index[id_], index) for id_, index in asking if id_ not in self._done)
            # What local training and scoring answer is small, and goes another way than rows.
            result = port in self._plan.results and not self._learning[producer]
            if read or result:
                runs = self._iterations[producer]
                found.append(Flow(port=port, producer=producer, readers=read, result=result, runs=runs))
        return tuple(found)

    def _touching(self) -> tuple[tuple[int, ...], ...]:
        """Return, for every node, the flows that it makes or reads."""
        found: list[dict[int, None]] = [{} for _ in self._plan.nodes]
        for number, flow in enumerate(self.flows):
            for index in (flow.producer, *(reader for reader, _ in flow.readers)):
                found[index][number] = None
        return tuple(tuple(numbers) for numbers in found)

    def cost(self, number: int) -> Callable[[str, Assignment], float]:
        """Return the cost of a flow as a function of the platforms of its producer and of its readers."""
        known: dict[tuple[str, Assignment], float] = {}

        def cost(producer: str, readers: Assignment) -> float:
            ends = (producer, readers)
            if ends not in known:
                source, demands, engines, again = self._asked(number, producer, readers)
                one = self._graphs[number].cost_s(source, demands, engines, self._amount(producer, again))
                turns = self._turns(number, producer, readers)
                more = 0.0 if turns is None else self._amount(producer, turns.cost)
                known[ends] = (one + more) * self.flows[number].runs
            return known[ends]

        return cost

    def kinds(self, number: int) -> tuple[int, ...]:
        """Return how often each reader of a flow reads: those that read as often may change places."""
        flow = self.flows[number]
        return tuple(self._reads(index, flow.runs) for index, _ in flow.readers)

    def tree(self, number: int, producer: str, readers: Assignment) -> Tree | None:
        """Return the conversion tree of one run of a flow; the last route is that of the result, if it is one."""
        key = (number, producer, readers)
        if key not in self._trees:
            source, demands, engines, again = self._asked(number, producer, readers)
            amount = self._amount(producer, again)
            found = self._graphs[number].tree(source, demands, engines, again, amount)
            turns = self._turns(number, producer, readers)
            if found is not None and turns is not None:
                (route,) = found.routes
                more = replace(route, cost=route.cost + turns.cost)
                found = replace(found, routes=(more,), mean_s=found.mean_s + self._amount(producer, turns.cost))
            self._trees[key] = found
        return self._trees[key]

    def kept(self, index: int, assignment: Assignment) -> bool:
        """Tell whether what a node makes is kept for the turns of a loop, because to make it in each would cost more."""
        for number in self.touching[index]:
            flow = self.flows[number]
            if flow.producer == index:
                turns = self._turns(number, assignment[index], tuple(assignment[reader] for reader, _ in flow.readers))
                if turns is not None and turns.kept:
                    return True
        return False

    def _turns(self, number: int, producer: str, readers: Assignment) -> Turns | None:
        """Return how the turns of a loop get what is made once before it, if that is only a recipe where both ends are."""
        flow = self.flows[number]
        # What several read is kept by its engine anyway, and what changes its form is there afterwards.
        if producer not in self._lazy or flow.result or len(readers) != 1 or readers[0] != producer:
            return None
        (times,) = self.kinds(number)
        if times == 1:
            return None
        known = self._estimates[flow.port]
        again = self._renewal(flow.producer, producer).times(times - 1)
        keeping = self._keeping(producer, Sizes(known.rows, known.rows, known.bytes))
        if self._plan.nodes[flow.producer].hints.cache:
            return Turns(kept=True, cost=keeping)
        room = self._memory_bytes is None or known.bytes.mean <= self._memory_bytes
        kept = room and keeping.mean <= again.mean
        return Turns(kept=kept, cost=keeping if kept else again)

    def _amount(self, platform: str, production: Interval) -> float:
        return self._objective.of_work(platform, production.mean)

    def _asked(
        self, number: int, producer: str, readers: Assignment
    ) -> tuple[str, tuple[Demand, ...], frozenset[str], Interval]:
        flow = self.flows[number]
        demands = tuple(
            Demand(self._platforms[name].channel, times)
            for name, times in zip(readers, self.kinds(number), strict=True)
        )
        if flow.result:
            demands = (*demands, Demand(ARROW))
        source = ARROW if self._learning[flow.producer] else self._platforms[producer].channel
        return source, demands, frozenset((producer, *readers)), self._production(flow.producer, producer)

    def _reads(self, index: int, runs: int) -> int:
        # Local training and scoring keep their rows (Engine.keep), and a carry has its first value before the first turn:
        # however often they run, they read once.
        once = self._learning[index] or isinstance(self._plan.nodes[index].operator, Carry)
        return 1 if once else max(1, self._iterations[index] // runs)

    def chosen(self, number: int, assignment: Assignment) -> Tree:
        """Return the conversion tree of a flow in a complete plan."""
        flow = self.flows[number]
        tree = self.tree(number, assignment[flow.producer], tuple(assignment[index] for index, _ in flow.readers))
        if tree is None:
            raise PlanError(f"there is no way to move the rows of {flow.port.node} as this plan needs")
        return tree

    def _keeping(self, name: str, sizes: Sizes) -> Interval:
        """Estimate what it costs to keep rows: as much as to hand all of them out."""
        platform = self._platforms[name]
        coefficient = platform.costs.conversions.get(f"{platform.channel}>{ARROW}")
        return NOTHING if coefficient is None else seconds(coefficient, sizes)

    def _production(self, index: int, name: str) -> Interval:
        """Estimate what it costs to make rows once more: all that this platform would have put off until they are read."""
        if self._reusable[self._platforms[name].channel]:
            return NOTHING
        key = (index, name)
        if key not in self._productions:
            inputs = {self._index[port.node] for port in self._plan.nodes[index].inputs}
            before = [self._production(other, name) for other in inputs if name in self._compute[other]]
            self._productions[key] = total([self._once(index, name), *before])
        return self._productions[key]

    def _renewal(self, index: int, name: str) -> Interval:
        """Estimate what it costs to run a recipe once more: back to what is at rest, or kept because several read it."""
        key = (index, name)
        if key not in self._renewals:
            inputs = {self._index[port.node] for port in self._plan.nodes[index].inputs if not self._shared(port)}
            before = [self._renewal(other, name) for other in inputs if name in self._compute[other]]
            self._renewals[key] = total([self._once(index, name), *before])
        return self._renewals[key]

    def _once(self, index: int, name: str) -> Interval:
        return self._compute[index][name].times(1 / self._iterations[index])

    def _shared(self, port: Port) -> bool:
        return len(self._readers.get(port, ())) + self._plan.results.count(port) > 1
