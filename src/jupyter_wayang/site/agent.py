"""The agent of a site: answers messages, within the policy, and shows nothing else.

Long because the border is in one place: every message that a site answers has its handler here.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping
from functools import partial, singledispatchmethod
from typing import TYPE_CHECKING, cast

import msgspec

from jupyter_wayang.catalog import Catalog
from jupyter_wayang.errors import DataError, DisclosureError, PlanError, PlatformError, SiteError, WayangError
from jupyter_wayang.execution.sampling import SAMPLE_ROWS, first_rows
from jupyter_wayang.execution.scheduler import Engines, LaneExecutor
from jupyter_wayang.federation.exact import asked, guards
from jupyter_wayang.federation.exact.statement import ROWS
from jupyter_wayang.federation.metrics import protect
from jupyter_wayang.federation.privacy.leaving import leaving
from jupyter_wayang.optimizer.context import PlanningContext
from jupyter_wayang.optimizer.objective import Objective
from jupyter_wayang.optimizer.pipeline import plan_lane
from jupyter_wayang.optimizer.remembered import Remembered
from jupyter_wayang.optimizer.rewrite import rewrite
from jupyter_wayang.plan.execution import ExecutionPlan, Lane
from jupyter_wayang.plan.logical import LogicalPlan, Port
from jupyter_wayang.plan.loops import iterations
from jupyter_wayang.plan.operators import ReadFile, ReadFrame, ReadTable
from jupyter_wayang.plan.operators.functions import Calling
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.statistics import FunctionStatistics
from jupyter_wayang.plan.sums import Errors
from jupyter_wayang.platforms.functions import Function, Functions, Stopping
from jupyter_wayang.platforms.machine import memory_bytes
from jupyter_wayang.platforms.platform import Platform
from jupyter_wayang.site.answers import Answers
from jupyter_wayang.site.audit import Audit, detail_of, held_back
from jupyter_wayang.site.budgets import Budgets, spend_of
from jupyter_wayang.site.counting import Counting
from jupyter_wayang.site.disclosure.lineage import RowSet
from jupyter_wayang.site.disclosure.rounding import coarse
from jupyter_wayang.site.disclosure.withholding import guarded, withhold
from jupyter_wayang.site.gate import Gate
from jupyter_wayang.site.ledger import Ledger
from jupyter_wayang.site.localizing import localized
from jupyter_wayang.site.masking import Sums
from jupyter_wayang.site.parts import Part
from jupyter_wayang.site.policy import Policy
from jupyter_wayang.site.replanning import Replanning
from jupyter_wayang.site.statistics import Statistics
from jupyter_wayang.transport import messages
from jupyter_wayang.transport.bodies import from_bytes, to_bytes

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SiteAgent"]


class SiteAgent:
    """A site in this process.

    Parameters
    ----------
    lane
        Name, title and kind of the place, as plans show it.
    catalog
        Where its tables are.
    engines
        The platforms that it has.
    unusable
        Platforms that it cannot use, and why.
    policy
        What it allows; None: nothing.
    audit
        Where it records what left.
    ledger
        Where it remembers what it answered whom; None: in memory only.
    budgets
        Where it remembers what noisy answers have spent; None: in memory only.
    frames
        Tables of the notebook by key, for the person's own machine.
    functions
        Functions of the notebook by key, for the person's own machine.
    """

    def __init__(
        self,
        lane: Lane,
        catalog: Catalog,
        engines: Engines,
        *,
        policy: Policy | None,
        audit: Audit,
        ledger: Ledger | None = None,
        budgets: Budgets | None = None,
        unusable: Mapping[str, str] | None = None,
        frames: Mapping[str, pa.Table] | None = None,
        functions: Mapping[str, Function] | None = None,
    ) -> None:
        self.lane = lane
        self._catalog = catalog
        self._engines = engines
        self.policy = policy
        self._audit = audit
        self._unusable = dict(unusable or {})
        self._frames: Mapping[str, pa.Table] = frames if frames is not None else {}
        self._functions: Mapping[str, Function] = functions if functions is not None else {}
        self._taken: dict[str, FunctionStatistics] = {}
        self._known = Statistics(catalog, self._frames)
        self._parts: dict[str, Part] = {}
        self._threads: dict[str, int] = {}
        self._samples: dict[str, Stopping] = {}
        self._plans = Remembered()
        self._answers = Answers()
        self._sums = Sums(lane.id)
        self._budgets = budgets or Budgets()
        counting = Counting(catalog, self._computed)
        self._gate = None if policy is None else Gate(policy, ledger or Ledger(), counting, lane.title)

    def allow(self, platform: Platform) -> None:
        """Let plans of this place use a platform that could not be used before."""
        if self._unusable.pop(platform.name, None) is not None:
            self._engines.platforms = {**self._engines.platforms, platform.name: platform}

    def handle(self, request: bytes, analyst: str = "") -> bytes:
        """Answer one encoded message; an error becomes an answer, never an exception.

        Parameters
        ----------
        request
            A message of :data:`jupyter_wayang.transport.messages.Request`.
        analyst
            Who asks, as whoever carries the message has made sure: no message says so itself.

        Returns
        -------
        bytes
            A message of :data:`jupyter_wayang.transport.messages.Answer`.
        """
        run, id_, asked, detail = "", "", "unreadable", ""
        try:
            message = messages.decode_request(request)
            run, id_, asked, detail = (
                message.run,
                message.id,
                str(type(message).__struct_config__.tag),
                detail_of(message),
            )
            self._admit(run, analyst)
            if id_ and self.lane.kind == "site":
                answer = self._answers.once(run, id_, request, lambda: self._answered(message, analyst))
            else:
                answer = self._answered(message, analyst)
            if isinstance(message, messages.Release):
                self._answers.forget(run)
        except WayangError as error:
            answer = self._failure(error, run)
        except Exception as error:  # noqa: BLE001 - the border: what went wrong inside must not take the run down with it
            answer = self._unexpected(error, run)
        reply = messages.encode(msgspec.structs.replace(answer, id=id_))
        answered = str(type(answer).__struct_config__.tag)
        self._audit.record(
            site=self.lane.id,
            analyst=analyst,
            run=run,
            asked=asked,
            detail=detail,
            answered=answered,
            held=held_back(answer),
            bytes_out=len(reply),
        )
        return reply

    def _answered(self, message: messages.Request, analyst: str) -> messages.Answer:
        """Answer one message; an error becomes an answer."""
        run = message.run
        try:
            if not isinstance(message, messages.Interrupt):
                self._threads[run] = threading.get_ident()
            return self._with_progress(self._answer(message, analyst), run)
        except WayangError as error:
            return self._with_progress(self._failure(error, run), run)
        except Exception as error:  # noqa: BLE001 - as above
            return self._unexpected(error, run)
        finally:
            if self._threads.get(run) == threading.get_ident():
                del self._threads[run]

    def _admit(self, run: str, analyst: str) -> None:
        """Refuse people whom the policy does not name, and who ask about what is somebody else's."""
        self._gated.admit(analyst, run)
        part = self._parts.get(run)
        if part is not None and part.analyst != analyst:
            raise SiteError(f"{self.lane.title} knows no plan for the run {run}")

    def _failure(self, error: WayangError, run: str) -> messages.Failure:
        """Return an error as it may leave: messages quote no value; hints about data may name files, facts anything."""
        own = self.policy is not None and self.policy.allows_rows
        hint = error.hint if own or not isinstance(error, DataError | PlatformError) else None
        facts, span = (error.facts, error.span) if own else ((), None)
        kind = type(error).__name__
        return messages.Failure(run=run, kind=kind, message=error.message, hint=hint, facts=facts, span=span)

    def _unexpected(self, error: Exception, run: str) -> messages.Failure:
        """Keep the traceback here; of an error that nobody foresaw, only its kind leaves: its text may hold values."""
        self._audit.failed(site=self.lane.id, run=run, text="".join(traceback.format_exception(error)))
        detail = f": {error}" if self.policy is not None and self.policy.allows_rows else ""
        return messages.Failure(
            run=run, kind="SiteError", message=f"{self.lane.title} met a {type(error).__name__}{detail}"
        )

    def close(self) -> None:
        """Free what every run holds, and the platforms."""
        self._parts.clear()
        self._engines.close()

    def _with_progress(self, answer: messages.Answer, run: str) -> messages.Answer:
        part = self._parts.get(run)
        if part is None or isinstance(answer, messages.Done):
            return answer
        progress, part.progress[:] = tuple(part.progress), []
        printed, part.printed[:] = tuple(part.printed), []
        replanned, part.replanned[:] = tuple(part.replanned), []
        return msgspec.structs.replace(answer, progress=progress, printed=printed, replanned=replanned)

    @property
    def _own(self) -> Policy:
        return self._gated.policy

    @property
    def _gated(self) -> Gate:
        if self._gate is None:
            raise DisclosureError(
                f"{self.lane.title} has no policy file, so it answers nothing", hint="the site's owner writes one"
            )
        return self._gate

    @property
    def _tells_counts(self) -> bool:
        return self._own.allows_rows or "aggregate" in self._own.operators

    def _part(self, run: str) -> Part:
        if run not in self._parts:
            raise SiteError(f"{self.lane.title} knows no plan for the run {run}")
        return self._parts[run]

    @singledispatchmethod
    def _answer(self, message: object, analyst: str) -> messages.Answer:
        raise PlanError(f"{self.lane.title} does not know {type(message).__name__}")

    @_answer.register
    def _(self, message: messages.Describe, analyst: str) -> messages.Answer:
        self._own.check_table(message.table, self.lane.title)
        operator = self._catalog.named(message.table)
        (schema,) = operator.outputs(())
        visible = self._own.visible(message.table, cast("Schema", schema))
        return messages.Description(run=message.run, schema=visible)

    @_answer.register
    def _(self, message: messages.SubmitPlan, analyst: str) -> messages.Answer:
        plan = message.plan
        if not self._own.allows_rows:
            self._own.check_plan(plan, self.lane.title)
            if message.frames:
                raise DisclosureError(f"{self.lane.title} takes no rows")
        frames = {**self._frames, **{key: from_bytes(body) for key, body in message.frames}}
        local = localized(plan, self._catalog)
        context = self._context(local, message, frames)
        made = self._plans.optimize(local, context)
        plan, planned = made.logical, made.execution
        replanning = Replanning(
            made=made,
            context=context,
            running=lambda: self._engines.running,
            shown=partial(self._shown, local),
            minimum=0 if self._own.allows_rows else max(1, self._own.minimum_rows),
        )
        empty = any(statistics.rows.high == 0 for statistics in context.statistics.values())
        executor = LaneExecutor(
            plan,
            planned,
            self._engines,
            frames=frames,
            salt=self.lane.id,
            finished=self._finished(message.run),
            functions=self._callable(message.run),
            # What is planned again shows about how many rows there were: only where counts may be asked for.
            checkpoints=frozenset(made.checkpoints if self._tells_counts else ()),
            checked=replanning,
        )
        # A rule may move an operator, and with it the port where a result is.
        moved = dict(zip(message.plan.results, plan.results, strict=True))
        self._parts[message.run] = Part(
            run=message.run,
            analyst=analyst,
            plan=message.plan,
            local=local,
            whence=dict(zip(message.plan.results, local.results, strict=True)),
            running=plan,
            executor=executor,
            ports=moved,
            replanned=replanning.told,
            counted={node.id for node in plan.nodes if not node.inputs},
        )
        return messages.Planned(run=message.run, plan=self._shown(local, planned), empty=empty)

    @_answer.register
    def _(self, message: messages.Learned, analyst: str) -> messages.Answer:
        part = self._part(message.run)
        if message.model is not None:
            self._own.allow("rows", self.lane.title)
            part.executor.learn_model(message.node, message.model)
        else:
            part.executor.learn(message.node, message.columns)
            part.learned[message.node] = message.columns
            part.passed.clear()
        return messages.Done(run=message.run)

    @_answer.register
    def _(self, message: messages.Aggregate, analyst: str) -> messages.Answer:
        part = self._part(message.run)
        self._own.check_aggregate(message.operator, message.purpose, part.readers(message.port), self.lane.title)
        made, looked = guarded(message.operator), None
        if not self._own.allows_rows:
            rows = part.rows(message.port)
            looked = self._gated.numbers(analyst, message.run, rows, message.operator, message.purpose)
            part.counted.add(part.port(message.port).node)
        table = part.executor.aggregate(part.port(message.port), made.operator)
        kept, note = withhold(table, made, self._own.minimum_rows, looked)
        return messages.Aggregated(run=message.run, body=to_bytes(kept), note=note)

    @_answer.register
    def _(self, message: messages.Sum, analyst: str) -> messages.Answer:
        part, task, minimum = self._part(message.run), message.task, self._own.minimum_rows
        self._own.allow("evaluate" if isinstance(task, Errors) else "fit", self.lane.title)
        part.prepared(message.node)
        self._pass(part, message.node, task.features, lambda: part.rows(Port(node=message.node)))
        port = part.port(Port(node=message.node))
        (found,) = part.executor.aggregates(port, (), (guards.examined(task),))
        nothing = asked.withheld(task, found[ROWS][0].as_py(), minimum)
        if nothing is not None:
            return messages.Summed(run=message.run, round=message.round, sums=nothing[0], note=nothing[1])
        guards.check(task, found, self.lane.title, minimum_rows=minimum, minimum_cell=self._own.minimum_cell)
        wanted = asked.statement(task)
        tables = part.executor.aggregates(port, wanted.derived, tuple(wanted.aggregates()))
        sums, note = asked.answered(task, tables, self.lane.title, minimum_rows=minimum)
        return messages.Summed(run=message.run, round=message.round, sums=sums, note=note)

    @_answer.register
    def _(self, message: messages.Train, analyst: str) -> messages.Answer:
        self._own.allow("fit", self.lane.title)
        if message.inbox is None:
            self._sums.allow_plain(message.run, message.node)
        part = self._part(message.run)
        self._pass(part, message.node, message.task.features, lambda: part.entering(message.node))
        update = part.executor.update(message.node, message.task)
        if update.rows < self._own.minimum_rows:
            raise DisclosureError(f"{self.lane.title} has fewer rows to train on than its minimum")
        parameters = sum(len(array.data) // 8 for array in update.parameters)
        self._own.check_parameters(parameters, update.rows, self.lane.title)
        self._spend(part, message)
        protected = leaving(update, message.task)
        if message.inbox is not None:
            at = (message.run, message.node, message.round)
            masked = self._sums.masked(*at, message.inbox, message.task, protected)
            return messages.Secured(run=message.run, round=message.round, said=masked)
        return messages.Trained(run=message.run, round=message.round, update=protected)

    def _spend(self, part: Part, message: messages.Train) -> None:
        """Charge the asker's budget for a noisy update, if the policy sets one."""
        budget = self._own.privacy_budget
        spend = None if budget is None else spend_of(message.task, self.lane.title)
        if budget is not None and spend is not None:
            self._budgets.charge(
                part.analyst, part.table, message.run, spend, epsilon=budget.epsilon, delta=budget.delta
            )

    @_answer.register
    def _(self, message: messages.Secure, analyst: str) -> messages.Answer:
        self._own.allow("fit", self.lane.title)
        said = self._sums.said(message.run, message.node, message.round, message.asked)
        return messages.Secured(run=message.run, round=message.round, said=said)

    @_answer.register
    def _(self, message: messages.Score, analyst: str) -> messages.Answer:
        self._own.allow("evaluate", self.lane.title)
        part, own = self._part(message.run), self._own
        self._pass(part, message.node, message.task.features, lambda: part.entering(message.node))
        cells = part.executor.score(message.node, message.task)
        merged, note = protect(cells, minimum_cell=own.minimum_cell, minimum_rows=own.minimum_rows)
        rounded = coarse(merged, rows=own.metric_rows, digits=own.metric_digits)
        return messages.Scored(run=message.run, round=message.round, cells=rounded, note=note)

    @_answer.register
    def _(self, message: messages.Measure, analyst: str) -> messages.Answer:
        self._own.allow("rows", self.lane.title)
        values = self._part(message.run).executor.measure(message.node, message.task)
        return messages.Measured(run=message.run, values=values)

    @_answer.register
    def _(self, message: messages.Turn, analyst: str) -> messages.Answer:
        self._own.allow("rows", self.lane.title)
        executor = self._part(message.run).executor
        more = executor.begin(message.node) if message.round == 0 else executor.turn(message.node)
        return messages.Turned(run=message.run, round=message.round, more=more)

    @_answer.register
    def _(self, message: messages.Collect, analyst: str) -> messages.Answer:
        self._own.allow("rows", self.lane.title)
        part = self._part(message.run)
        table = part.executor.table(part.port(message.port))
        return messages.Rows(run=message.run, body=to_bytes(table))

    @_answer.register
    def _(self, message: messages.Sample, analyst: str) -> messages.Answer:
        self._own.allow("rows", self.lane.title)
        stopping = self._samples[message.run] = Stopping()
        try:
            made = self._sampled(message, stopping)
        finally:
            del self._samples[message.run]
        return messages.Description(run=message.run, schema=made)

    def _sampled(self, message: messages.Sample, stopping: Stopping) -> Schema:
        plan = rewrite(first_rows(message.plan, SAMPLE_ROWS))
        asked = messages.SubmitPlan(run=message.run, plan=plan)
        planned = plan_lane(plan, self._context(plan, asked, self._frames))
        executor = LaneExecutor(
            plan,
            planned,
            self._engines,
            frames=self._frames,
            salt=self.lane.id,
            finished=lambda *_: None,
            functions=self._callable(message.run),
        )
        with stopping.ending(partial(executor.stop, threading.get_ident())):
            return executor.learned(plan.results, message.operator)

    @_answer.register
    def _(self, message: messages.Interrupt, analyst: str) -> messages.Answer:
        # Comes while other messages are being answered, in threads of their own; what it ends fails with the run stopped.
        if message.run in self._parts:
            self._parts[message.run].executor.stop(self._threads.get(message.run, 0))
        if message.run in self._samples:
            self._samples[message.run].stop()
        return messages.Done(run=message.run)

    @_answer.register
    def _(self, message: messages.Release, analyst: str) -> messages.Answer:
        self._parts.pop(message.run, None)
        self._sums.forget(message.run)
        return messages.Done(run=message.run)

    def _pass(self, part: Part, node: str, features: tuple[str, ...], traced: Callable[[], RowSet]) -> None:
        """Check rows that a node adds up, and the features that a model has of them."""
        if self._own.allows_rows or (node, features) in part.passed:
            return
        rows = traced()
        self._gated.features(rows, features)
        self._gated.rows(part.analyst, part.run, rows)
        part.passed.add((node, features))
        part.counted |= {node, part.running[node].inputs[0].node}

    def _computed(self, plan: LogicalPlan, frames: Mapping[str, pa.Table]) -> pa.Table:
        """Compute the result of a plan of the site's own; nobody is told of it."""
        made = self._plans.optimize(plan, self._context(plan, messages.SubmitPlan(plan=plan), frames))
        executor = LaneExecutor(
            made.logical, made.execution, self._engines, frames=frames, salt=self.lane.id, finished=lambda *_: None
        )
        return executor.table(made.logical.results[0])

    def _context(
        self, plan: LogicalPlan, message: messages.SubmitPlan, frames: Mapping[str, pa.Table]
    ) -> PlanningContext:
        allowed = message.platforms
        platforms = tuple(p for p in self._engines.platforms.values() if allowed is None or p.name in allowed)
        unusable = dict(self._unusable)
        if allowed is not None:
            unusable.update(
                {p: "not among the platforms asked for" for p in self._engines.platforms if p not in allowed}
            )
        return PlanningContext(
            lane=self.lane,
            platforms=platforms,
            unusable=unusable,
            statistics={
                node.id: self._known.of(node.operator, frames, self._own).times(message.scale)
                for node in plan.nodes
                if isinstance(node.operator, ReadFile | ReadFrame | ReadTable)
            },
            functions={
                node.id: self._taken[node.operator.function.key]
                for node in plan.nodes
                if isinstance(node.operator, Calling) and node.operator.function.key in self._taken
            },
            running=self._engines.running,
            iterations={**iterations(plan), **dict(message.iterations)},
            name=self.lane.title,
            objective=Objective.of(message.preferences),
            memory_bytes=message.preferences.memory_bytes or memory_bytes(),
        )

    def _callable(self, run: str) -> Functions:
        """Return the functions of the notebook, for a run: what they print and take is noted."""

        def printed(node: str, text: str) -> None:
            part = self._parts.get(run)
            if part is None:
                return
            if part.printed and part.printed[-1].node == node:
                # One event a call, however many lines.
                text = part.printed.pop().text + text
            part.printed.append(messages.Printed(node=node, text=text))

        def measured(key: str, rows: int, out: int, seconds: float) -> None:
            known = self._taken.get(key)
            self._taken[key] = FunctionStatistics.of(rows, out, seconds, known)

        return Functions(held=self._functions, printed=printed, measured=measured)

    def _finished(self, run: str) -> Callable[[str, int | None, float], None]:
        def finished(node: str, rows: int | None, seconds: float) -> None:
            part = self._parts.get(run)
            if part is not None:
                counted = self._own.allows_rows or (self._tells_counts and node in part.counted)
                shown = rows if counted and rows is not None and rows >= self._own.minimum_rows else None
                part.progress.append(messages.Progress(node=node, rows=shown, seconds=seconds))

        return finished

    def _shown(self, logical: LogicalPlan, plan: ExecutionPlan) -> ExecutionPlan:
        """Return the plan as it may leave: with the functions of its own person, and without the names of files."""
        if self._own.allows_rows:
            called = {n.id: n.operator.function.key for n in logical.nodes if isinstance(n.operator, Calling)}
            texts = {id_: self._functions[key].text for id_, key in called.items() if key in self._functions}
            operators = (msgspec.structs.replace(o, code=texts.get(o.logical, o.code)) for o in plan.operators)
        else:
            operators = (msgspec.structs.replace(o, code=None) if o.verb == "read" else o for o in plan.operators)
        return msgspec.structs.replace(plan, operators=tuple(operators))
