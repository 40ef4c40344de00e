"""What is different between two plans of one task: as data, and in one sentence."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import msgspec

from jupyter_wayang.drawing import units
from jupyter_wayang.drawing.captions import moves
from jupyter_wayang.drawing.tokens import look_of
from jupyter_wayang.plan.execution import Edge, ExecutionOperator, ExecutionPlan, Interval

__all__ = ["Change", "Changes", "changes"]

_TOLD_LANES = 3
_SURE_SHARE = 1e-3
_LEAST_S = 1e-6


Kind = Literal["moved", "pinned", "unpinned", "added", "removed", "conversion", "start"]


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One difference.

    ``moved``: an operator (``operator``) went from one platform to another; ``pinned`` and ``unpinned``: only the pin
    differs. A conversion is named by the operator that takes its rows; ``before`` and ``after`` are then
    ``from → to`` platforms. ``start`` is a platform that is started in one plan only; it has no operator.
    ``difference_s`` is the operator's own cost or the conversion's, over all rounds.
    """

    kind: Kind
    operator: str
    lane: str
    verb: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    by_hand: bool = False
    difference_s: float = 0.0
    bytes: float = 0.0


class Changes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All differences between two plans.

    ``sentence`` says the most important, ``more`` what follows from it. ``operators`` are the ids in the new plan that
    are to be marked, ``edges`` the indices of the new plan's edges whose conversion is new or another.
    """

    sentence: str
    more: str = ""
    items: tuple[Change, ...] = ()
    operators: tuple[str, ...] = ()
    edges: tuple[int, ...] = ()
    before_s: float = 0.0
    after_s: float = 0.0
    conversions_before: int = 0
    conversions_after: int = 0

    @property
    def difference_s(self) -> float:
        """What the whole plan costs more."""
        return self.after_s - self.before_s


def changes(before: ExecutionPlan, after: ExecutionPlan) -> Changes:
    """Compare two plans of one task.

    Parameters
    ----------
    before, after
        The plans. Operators are the same if their ids are.

    Returns
    -------
    Changes
        In the order of the new plan's operators; what a person pinned comes first.

    Examples
    --------
    >>> empty = ExecutionPlan(lanes=(), operators=(), edges=(), cost_s=Interval.exact(0))
    >>> changes(empty, empty).sentence
    'The plan is the same as before.'
    """
    return _Comparison(before, after).told()


class _Comparison:
    def __init__(self, before: ExecutionPlan, after: ExecutionPlan) -> None:
        self.before, self.after = before, after
        self.old = {operator.id: operator for operator in before.operators}
        self.new = {operator.id: operator for operator in after.operators}
        self.titles = {lane.id: lane.title for lane in (*before.lanes, *after.lanes)}
        self.sites = any(lane.kind == "site" for lane in after.lanes)
        self.old_edges, self.new_edges = _keyed(before), _keyed(after)

    def told(self) -> Changes:
        operators = [change for id_ in self.new if (change := self.operator(id_)) is not None]
        operators += [self.gone(operator) for id_, operator in self.old.items() if id_ not in self.new]
        operators.sort(key=lambda change: not change.by_hand)
        conversions, edges = self.conversions()
        items = (*operators, *conversions, *self.starts())
        sentence, more = self.words(operators, conversions)
        return Changes(
            sentence=sentence,
            more=more,
            items=items,
            operators=tuple(change.operator for change in operators if change.operator in self.new),
            edges=edges,
            before_s=self.before.cost_s.mean,
            after_s=self.after.cost_s.mean,
            conversions_before=len(self.before.movements),
            conversions_after=len(self.after.movements),
        )

    def operator(self, id_: str) -> Change | None:
        new, old = self.new[id_], self.old.get(id_)
        if old is None:
            return _change("added", new, difference_s=_own(new))
        here, there = old.decision, new.decision
        by_hand = here.pinned != there.pinned
        if here.platform != there.platform:
            return _change(
                "moved",
                new,
                before=(here.platform,),
                after=(there.platform,),
                by_hand=by_hand,
                difference_s=_own(new) - _own(old),
            )
        if by_hand:
            return _change("pinned" if there.pinned else "unpinned", new, after=(there.platform,), by_hand=True)
        return None

    def gone(self, operator: ExecutionOperator) -> Change:
        return _change("removed", operator, difference_s=-_own(operator))

    def conversions(self) -> tuple[list[Change], tuple[int, ...]]:
        """Return the conversions that are new, gone or others, and the new plan's edges that have one of them."""
        found, marked = [], []
        for key in dict.fromkeys((*self.new_edges, *self.old_edges)):
            index, new = self.new_edges.get(key, (-1, None))
            _, old = self.old_edges.get(key, (-1, None))
            here, there = self.way(old, self.old), self.way(new, self.new)
            if here == there:
                continue
            target = self.new.get(key[1]) or self.old[key[1]]
            moved = (new if there else old) or new or old
            change = _change("conversion", target, before=here, after=there, difference_s=_moving(new) - _moving(old))
            size = moved.movement.bytes.mean if moved is not None and moved.movement is not None else 0.0
            found.append(msgspec.structs.replace(change, bytes=size))
            if there:
                marked.append(index)
        return found, tuple(marked)

    def starts(self) -> list[Change]:
        """Return the platforms that are started more or less often, and what that costs."""
        seconds: Counter[str] = Counter()
        for plan, sign in ((self.after, 1.0), (self.before, -1.0)):
            for name, start_s in plan.start_up_s:
                seconds[name] += sign * start_s  # type: ignore[assignment]
        return [
            Change(kind="start", operator="", lane="", verb="", after=(name,), difference_s=difference)
            for name, difference in seconds.items()
            if abs(difference) > _LEAST_S
        ]

    def way(self, edge: Edge | None, operators: dict[str, ExecutionOperator]) -> tuple[str, ...]:
        """Return the platforms that a conversion goes from and to, or nothing if rows stay as they are."""
        if edge is None or not moves(edge):
            return ()
        return operators[edge.source.node].decision.platform, operators[edge.target].decision.platform

    def words(self, operators: list[Change], conversions: list[Change]) -> tuple[str, str]:
        if not operators and not conversions:
            return "The plan is the same as before.", ""
        if not operators:
            return self.sentence("Only conversions changed", conversions, []), ""
        first = operators[0]
        rest = [change for change in operators if change.kind != first.kind or change.after != first.after]
        alike = [change for change in operators if change not in rest and change.verb == first.verb]
        rest += [change for change in operators if change not in rest and change.verb != first.verb]
        at = f" at {self.places([change.lane for change in alike])}" if self.sites else ""
        return self.sentence(f"{first.verb}{at} {_happened(first)}", conversions, alike), self.following(rest)

    def places(self, lanes: list[str]) -> str:
        names = list(dict.fromkeys(self.titles.get(lane, lane) for lane in lanes))
        return _listed(names) if len(names) <= _TOLD_LANES else f"{len(names)} sites"

    def sentence(self, head: str, conversions: list[Change], alike: list[Change]) -> str:
        parts = []
        difference = self.after.cost_s.mean - self.before.cost_s.mean
        same = abs(difference) <= _SURE_SHARE * max(self.before.cost_s.mean, self.after.cost_s.mean)
        local = [self.there(change) for change in alike if change.kind == "moved"] if self.sites else []
        if len(local) == 1 and local[0] is not None and abs(local[0] - difference) > 0.01 * abs(local[0]):
            # Sites work side by side: what one takes longer need not show in the whole.
            parts.append(f"{units.signed_duration(local[0])} there")
        said = (
            "the whole plan takes as long as before"
            if same
            else f"{units.signed_duration(difference)} for the whole plan"
        )
        parts.append(said)
        more = len(self.after.movements) - len(self.before.movements)
        if more:
            parts.append(f"{abs(more)} conversion{'s' if abs(more) > 1 else ''} {'more' if more > 0 else 'fewer'}")
        added = sum(change.bytes for change in conversions if change.after and not change.before)
        if added:
            parts.append(f"{units.size(added)} more converted")
        return f"{head}: {', '.join(parts)}."

    def there(self, change: Change) -> float | None:
        """Return what the plan of the operator's place costs more by the move, as one of the two plans tells."""
        for plan, to, sign in ((self.old, change.after, 1.0), (self.new, change.before, -1.0)):
            for one in plan[change.operator].decision.alternatives:
                if one.platform in to and one.difference_s is not None:
                    return sign * one.difference_s
        return None

    def following(self, rest: list[Change]) -> str:
        moved = [change for change in rest if change.kind == "moved"]
        if not moved:
            return ""
        verbs = list(dict.fromkeys(change.verb for change in moved))
        said = _listed(verbs) if len(verbs) <= 4 else f"{len(moved)} operators"
        to = list(dict.fromkeys(look_of(change.after[0]).title for change in moved))
        lanes = f" at {self.places([change.lane for change in moved])}" if self.sites else ""
        return f"{said}{lanes} {'move' if len(moved) > 1 else 'moves'} with it, to {_listed(to)}."


def _keyed(plan: ExecutionPlan) -> dict[tuple[str, str, int, str], tuple[int, Edge]]:
    """Return the edges by what they join; edges that join the same are told apart by their number."""
    seen: Counter[tuple[str, str, int, str]] = Counter()
    found = {}
    for index, edge in enumerate(plan.edges):
        key = (f"{edge.source.node}:{edge.source.port}", edge.target, edge.input, edge.kind)
        seen[key] += 1
        found[(*key[:3], f"{edge.kind} {seen[key]}")] = (index, edge)
    return found


def _change(
    kind: Kind,
    operator: ExecutionOperator,
    *,
    before: tuple[str, ...] = (),
    after: tuple[str, ...] = (),
    by_hand: bool = False,
    difference_s: float = 0.0,
) -> Change:
    return Change(
        kind=kind,
        operator=operator.id,
        lane=operator.lane,
        verb=operator.verb,
        before=before,
        after=after,
        by_hand=by_hand,
        difference_s=difference_s,
    )


def _happened(change: Change) -> str:
    if change.kind == "moved":
        return f"now runs in {look_of(change.after[0]).title}, not {look_of(change.before[0]).title}"
    if change.kind in ("pinned", "unpinned"):
        return (
            f"is {'pinned to' if change.kind == 'pinned' else 'no longer pinned to'} {look_of(change.after[0]).title}"
        )
    return "is new" if change.kind == "added" else "is gone"


def _own(operator: ExecutionOperator) -> float:
    return _mean(operator.compute_s)


def _moving(edge: Edge | None) -> float:
    return _mean(edge.movement.cost_s) if edge is not None and edge.movement is not None else 0.0


def _mean(interval: Interval | None) -> float:
    return interval.mean if interval is not None else 0.0


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
