"""A plan as a stand-alone SVG: no scripts, no fonts from elsewhere, readable in print and by a screen reader."""

from __future__ import annotations

import math
from collections.abc import Mapping

from jupyter_wayang.drawing import units
from jupyter_wayang.drawing.captions import caption, floor_text, inputs_of, moves, platforms_of, shares
from jupyter_wayang.drawing.cards import CARD_CSS, State, Styled, card, states_of
from jupyter_wayang.drawing.collapse import MOST_OPERATORS, collapsed
from jupyter_wayang.drawing.layout import layout
from jupyter_wayang.drawing.legend import legend
from jupyter_wayang.drawing.marks import arrow, badge, escaped, path, rect, text, titled
from jupyter_wayang.drawing.measure import cut, width
from jupyter_wayang.drawing.places import EdgePlace, FramePlace, LanePlace, Layout
from jupyter_wayang.drawing.tokens import FONT, PlatformLook, Theme, css, platform_css, resolve
from jupyter_wayang.plan.execution import Edge, ExecutionOperator, ExecutionPlan, Lane, Loop

__all__ = ["plan_svg"]

_CSS = """& text{font-family:%FONT%;font-size:11px;fill:var(--wy-ink-2);font-variant-numeric:tabular-nums}
& .ground{fill:var(--wy-surface)}& .lane{fill:var(--wy-lane)}& .lanek{fill:var(--wy-lane-strong)}
& text.site{font-size:12px;font-weight:600;fill:var(--wy-ink)}
& .edge{fill:none;stroke:var(--wy-edge)}& .head{fill:var(--wy-edge)}
& .fact{fill:none;stroke:var(--wy-edge);stroke-width:1;stroke-dasharray:2.5 2.5}
& .back{fill:none;stroke:var(--wy-ink-2);stroke-width:1.5;stroke-dasharray:5 2.5}& .backh{fill:var(--wy-ink-2)}
& .lab{paint-order:stroke;stroke:var(--wy-lane);stroke-width:3px;stroke-linejoin:round}& .labk{stroke:var(--wy-lane-strong)}
& .bar{stroke-width:4;fill:none}& .swatch{stroke:var(--wy-line);stroke-width:.5}& .plain{stroke:var(--wy-ink-2)}
& .frame{fill:var(--wy-surface);fill-opacity:.72;stroke:var(--wy-ink-2);stroke-width:1.25}
& .pill{fill:var(--wy-ink)}& text.pillt{fill:var(--wy-surface);font-weight:600}"""


def plan_svg(
    plan: ExecutionPlan,
    *,
    theme: Theme = "light",
    collapse: bool | None = None,
    looks: Mapping[str, PlatformLook] | None = None,
    states: Mapping[str, State] | None = None,
) -> str:
    """Draw a plan: a lane per site, a card per operator, edges with rows and bytes, the loop as one frame.

    Parameters
    ----------
    plan
        What is drawn.
    theme
        ``light``, ``dark``, or ``auto`` for a picture that follows the system's.
    collapse
        Whether sites with equal plans share a lane; by default they do above 300 operators.
    looks
        Title, badge and hue of platforms, besides those that are known.
    states
        States of operators by id; by default what the plan's measurements tell.

    Returns
    -------
    str
        An SVG document.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import ExecutionPlan, Interval
    >>> plan_svg(ExecutionPlan(lanes=(), operators=(), edges=(), cost_s=Interval.exact(0)))[:4]
    '<svg'
    """
    small = collapse if collapse is not None else len(plan.operators) > MOST_OPERATORS
    shown = collapsed(plan) if small else plan
    return _Picture(shown, plan, looks, states if states is not None else states_of(shown)).draw(theme)


class _Picture:
    def __init__(
        self,
        plan: ExecutionPlan,
        whole: ExecutionPlan,
        looks: Mapping[str, PlatformLook] | None,
        states: Mapping[str, State],
    ) -> None:
        self.plan = plan
        self.states = states
        self.whole = whole
        self.places: Layout = layout(plan)
        self.operators = {operator.id: operator for operator in plan.operators}
        self.lanes = {lane.id: lane for lane in plan.lanes}
        self.shares = shares(plan)
        self.boxes = {place.id: place.box for place in self.places.cards}
        self.inputs = inputs_of(whole)
        self.styled = Styled(platforms=platforms_of(plan), looks=looks)

    def draw(self, theme: Theme) -> str:
        places = self.places
        key, height = legend(self.plan, self.states.values(), self._sample(), places.width, places.height)
        frame = places.frame
        body = [
            rect(0, 0, places.width, places.height + height, "ground"),
            *(self._lane(place) for place in places.lanes),
            rect(frame.box.x, frame.box.y, frame.box.width, frame.box.height, "frame", radius=7) if frame else "",
            *(self._edge(place) for place in places.edges),
            *(self._header(place) for place in places.lanes),
            *(self._words(place) for place in places.edges),
            self._loop(frame) if frame and self.plan.loop else "",
            *(self._card(place.id) for place in places.cards),
            key,
        ]
        scope = f".wy-plan.wy-{theme}"
        style = [css(scope, self.styled.platforms, self.styled.looks)] if theme == "auto" else []
        rules = f"{_CSS}\n{CARD_CSS}\n{platform_css(self.styled.platforms, '&')}".replace("%FONT%", FONT)
        style.append(resolve(rules, theme, self.styled.platforms, self.styled.looks).replace("&", scope))
        size = f'viewBox="0 0 {places.width:.0f} {places.height + height:.0f}" width="{places.width:.0f}" height="{places.height + height:.0f}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="wy-plan wy-{theme}" {size} role="img">'
            f"<title>{escaped(_title(self.whole))}</title><desc>{escaped(_description(self.whole, self.styled))}</desc>"
            f"<style>{escaped(chr(10).join(style))}</style>{''.join(body)}</svg>"
        )

    def _sample(self) -> tuple[int, int]:
        for edge in self.plan.edges:
            if moves(edge):
                return self._bars(edge)
        return 0, 0

    def _bars(self, edge: Edge) -> tuple[int, int]:
        source, target = self.operators[edge.source.node], self.operators[edge.target]
        return self.styled.look(source.decision.platform)[1], self.styled.look(target.decision.platform)[1]

    def _lane(self, place: LanePlace) -> str:
        kind = "lanek" if self.lanes[place.id].kind == "kernel" else "lane"
        return rect(place.box.x, place.box.y, place.box.width, place.box.height, kind, radius=6)

    def _header(self, place: LanePlace) -> str:
        lane, box = self.lanes[place.id], place.box
        x, y = box.x + 10, box.y + 18
        halo = "lab labk" if lane.kind == "kernel" else "lab"
        parts = [text(x, y, lane.title, f"site {halo}")]
        x += width(lane.title, 12, bold=True) + 12
        for name in lane.platforms:
            look, index = self.styled.look(name)
            parts += [badge(x, y - 12, look.badge, index), text(x + 24, y, look.title, halo)]
            x += 24 + width(look.title) + 9
        rest = [f"{units.count(lane.rows)} rows" if lane.rows is not None else "", lane.note]
        words = ", ".join(part for part in rest if part)
        return "".join([*parts, text(x, y, cut(words, max(box.right - x - 10, 0)) if words else "", halo)])

    def _edge(self, place: EdgePlace) -> str:
        edge = self.plan.edges[place.edge]
        style, head = ("back", "backh") if edge.back else (("edge" if edge.kind == "rows" else "fact"), "head")
        thick = _thickness(edge) if edge.kind == "rows" and not edge.back else None
        tips = "".join(arrow(tip, head) for tip in place.heads)
        parts = path(place.points, style, width=thick, short=place.heads) + tips
        if place.mark is not None:
            first, second = self._bars(edge)
            (x, y), half = place.mark, 6 if place.inline else 9
            parts += rect(x - 6, y - half, 12, 2 * half, self._ground(edge))
            parts += f'<path d="M{x - 3.5:.1f} {y - half:.1f}v{2 * half}" class="bar m{first}"/>'
            parts += f'<path d="M{x + 3.5:.1f} {y - half:.1f}v{2 * half}" class="bar m{second}"/>'
        return titled(parts, self._about(edge))

    def _ground(self, edge: Edge) -> str:
        return "lanek" if self.lanes[self.operators[edge.target].lane].kind == "kernel" else "lane"

    def _words(self, place: EdgePlace) -> str:
        edge = self.plan.edges[place.edge]
        if place.label is None:
            return ""
        source, (x, y) = self.operators[edge.source.node], place.label
        kind = "lab labk" if self._ground(edge) == "lanek" else "lab"
        if place.inline:
            words = floor_text(edge, source)
            ground = rect(x - 4, y - 7, width(words) + 8, 14, self._ground(edge)) if words else ""
            return ground + text(x, y + 4, words)
        said, lift = caption(edge, source), 12.5 if place.mark is not None else 8
        above = text(x, y - lift, said.above, kind + (" cnt" if said.counted else ""), anchor="middle")
        return above + text(x, y + lift + (8 if place.mark is not None else 7), said.below, kind, anchor="middle")

    def _about(self, edge: Edge) -> str:
        source, target = self.operators[edge.source.node], self.operators[edge.target]
        kinds = {"rows": "rows", "facts": "aggregates only", "update": "a model update", "model": "the model"}
        lines = [f"{source.id} → {target.id}: {kinds[edge.kind]}{', every round' if edge.back else ''}"]
        if edge.rows is not None:
            lines.append(f"{units.count(edge.rows.low)} to {units.count(edge.rows.high)} rows estimated")
        if edge.bytes is not None:
            lines.append(units.size(edge.bytes.mean))
        if edge.movement is not None and moves(edge):
            way = " → ".join(edge.movement.channels)
            lines.append(f"{way}: {units.size(edge.movement.bytes.mean)}, {units.duration(edge.movement.cost_s.mean)}")
        return "\n".join(lines)

    def _loop(self, frame: FramePlace) -> str:
        loop = self.plan.loop
        assert loop is not None  # noqa: S101 -- the caller has looked
        words = _round(loop)
        wide = width(words, bold=True) + 20
        (x, y), room = frame.pill, frame.box.width - 16
        parts = [text(*frame.title, cut("Loop, planned as one", frame.box.width - 18, 12, bold=True), "site")]
        parts += [
            rect(x, y - 9, wide, 18, "pill", radius=9),
            text(x + wide / 2, y + 3.8, words, "pillt", anchor="middle"),
        ]
        sent = [edge.bytes.mean for edge in self.whole.edges if edge.kind == "update" and edge.bytes is not None]
        label = f"{units.size(sum(sent) / len(sent))} ↑" if sent else ""
        if label and wide + width(label) + 8 < room:
            parts.append(text(frame.box.right - 12, y + 4, label, "lab", anchor="end"))
        until = f"{words}, until {loop.until}" if loop.until else words
        return titled("".join(parts), until)

    def _card(self, id_: str) -> str:
        operator = self.operators[id_]
        return card(
            operator,
            self.boxes[id_],
            self.styled,
            share=self.shares.get(id_),
            state=self.states.get(id_),
            third=self._third(operator),
        )

    def _third(self, operator: ExecutionOperator) -> str:
        """What stands in the place of rows: of an aggregate what it takes in, of a step of the loop its rounds."""
        into = [edge for edge in self.inputs.get(operator.id, ()) if edge.kind in ("facts", "update")]
        sizes = [edge.bytes.mean for edge in into if edge.bytes is not None]
        if operator.kind == "aggregate" and sizes:
            return f"{len(sizes)} × {units.size(sum(sizes) / len(sizes))}"
        loop = self.plan.loop
        if loop is not None and operator.id in loop.operators:
            return f"{loop.rounds} rounds" if loop.round in (None, loop.rounds) else f"{loop.round} of {loop.rounds}"
        if operator.kind == "aggregate" and into:
            return f"from {len(into)} sites"
        return f"× {operator.iterations}" if operator.iterations > 1 else ""


def _round(loop: Loop) -> str:
    if loop.round is None:
        return f"{loop.rounds} rounds"
    return f"{loop.rounds}/{loop.rounds} done" if loop.round >= loop.rounds else f"round {loop.round}/{loop.rounds}"


def _thickness(edge: Edge) -> float:
    amount = edge.bytes.mean if edge.bytes is not None else 0.0
    return round(min(5.0, 1 + 0.9 * math.log10(1 + amount / 1000)), 1)


def _title(plan: ExecutionPlan) -> str:
    sites = sum(lane.kind == "site" for lane in plan.lanes)
    where = f" at {sites} sites" if sites else ""
    return f"Plan {plan.name}: {len(plan.operators)} operators{where}".replace("Plan :", "Plan:")


def _description(plan: ExecutionPlan, styled: Styled) -> str:
    parts = [_told(plan, lane, styled) for lane in plan.lanes[:20]]
    if plan.loop is not None:
        parts.append(f"A loop of {plan.loop.rounds} rounds.")
    return " ".join(parts)


def _told(plan: ExecutionPlan, lane: Lane, styled: Styled) -> str:
    steps = [
        f"{op.verb} on {styled.look(op.decision.platform)[0].title}" for op in plan.operators if op.lane == lane.id
    ]
    return f"{lane.title}: {', '.join(steps)}."
