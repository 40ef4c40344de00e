"""Colours, sizes and the looks of platforms: the only place where one is written down.

Hue means platform and nothing else; two letters say it again. Darkness means a share of time. Levels of ink and surface
are mixed from two colours per theme, so that their contrast holds in both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from jupyter_wayang.platforms.registry import installed

__all__ = [
    "FONT",
    "KERNEL",
    "MONO",
    "PlatformLook",
    "Theme",
    "css",
    "heat",
    "look_of",
    "platform_css",
    "resolve",
]

Theme = Literal["light", "dark", "auto"]

FONT = 'Inter,system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif'
MONO = 'ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace'
KERNEL = "kernel"

_NEUTRAL = "#8a9099"
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_VARIABLE = re.compile(r"var\(--wy-([a-z0-9-]+)\)")
_STEPS = (0.01, 0.03, 0.10, 0.30)


@dataclass(frozen=True)
class PlatformLook:
    """How a platform is shown: what people read, two letters, a hue.

    ``outlined`` tells kin that share a hue apart; ``dark`` is the hue in the dark theme, where it differs.
    """

    title: str
    badge: str
    hue: str
    outlined: bool = False
    dark: str | None = None


_HUES: Mapping[str, tuple[str, bool, str | None]] = MappingProxyType(
    {
        "pandas": ("#cc79a7", False, None),
        "polars": ("#0072b2", False, "#3d9bd8"),
        "duckdb": ("#f0e442", False, None),
        "postgres": ("#56b4e9", False, None),
        "sqlite": ("#56b4e9", True, None),
        "spark": ("#d55e00", False, None),
        "sklearn": ("#e69f00", False, None),
        "numpy": ("#e69f00", True, None),
        "networkx": ("#009e73", False, None),
        "python": ("#009e73", True, None),
    }
)
"""The Okabe-Ito hues; ten platforms, seven hues: a pair of kin shares one, the first filled, the second outlined."""


def look_of(name: str, looks: Mapping[str, PlatformLook] | None = None) -> PlatformLook:
    """Return how a platform is shown: with its own title and letters; one that is not installed with its name's.

    Examples
    --------
    >>> look_of("duckdb").badge, look_of("flink").badge
    ('Du', 'Fl')
    """
    if looks is not None and name in looks:
        return looks[name]
    if name == KERNEL:
        return PlatformLook("kernel", "K", "")
    hue, outlined, dark = _HUES.get(name, (_NEUTRAL, False, None))
    platform = installed().get(name)
    title, badge = (name, name[:2].capitalize() or "?") if platform is None else (platform.title, platform.badge)
    return PlatformLook(title, badge, hue, outlined, dark)


def heat(share: float | None) -> int:
    """Return the step of darkness, 0 to 5, for a share of time between 0 and 1.

    Examples
    --------
    >>> [heat(x) for x in (None, 0, 0.005, 0.02, 0.05, 0.2, 0.5)]
    [0, 0, 1, 2, 3, 4, 5]
    """
    if not share:
        return 0
    return 1 + sum(share >= step for step in _STEPS)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mix(colour: str, percent: int, ground: str) -> str:
    parts = (
        a * percent / 100 + b * (1 - percent / 100) for a, b in zip(_channels(colour), _channels(ground), strict=True)
    )
    return "#" + "".join(f"{round(part):02x}" for part in parts)


def _luminance(colour: str) -> float:
    parts = [c / 255 for c in _channels(colour)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _on(colour: str) -> str:
    light = _luminance(colour)
    return "#ffffff" if 1.05 / (light + 0.05) > (light + 0.05) / (_luminance("#111111") + 0.05) else "#111111"


def _theme(
    ink: str, surface: str, mixes: Mapping[str, int], heats: str, accent: str, rest: Mapping[str, str]
) -> dict[str, str]:
    values = {"ink": ink, "surface": surface, **{name: _mix(ink, percent, surface) for name, percent in mixes.items()}}
    for step, pair in enumerate(heats.split()):
        values[f"heat-{step}"], values[f"heat-{step}-ink"] = pair.split("/")
    return {**values, "accent": accent, **rest}


_MIXES = {"ink-2": 76, "ink-3": 68, "edge": 54, "cost-compute": 72, "cost-in": 42, "cost-out": 24}
_LIGHT = _theme(
    "#1f2328",
    "#ffffff",
    {**_MIXES, "lane": 4, "lane-strong": 8, "line": 16, "grid": 9},
    "#ffffff/#1f2328 #edf0f5/#1f2328 #d6deea/#1f2328 #b3c2d8/#14181d #566c8f/#ffffff #2c3e5c/#ffffff",
    "#1565c0",
    {
        "accent-ink": "#1158a8",
        "failed": "#a3231f",
        "failed-wash": "#fdf0ef",
        "stall": "#7d4e00",
        "stall-wash": "#fff5dc",
        "stall-mark": "#c98500",
    },
)
_DARK = _theme(
    "#e1e3e6",
    "#111111",
    {**_MIXES, "lane": 6, "lane-strong": 11, "line": 20, "grid": 12},
    "#16181b/#e1e3e6 #232a33/#e8eaed #303c4d/#eef0f3 #43556f/#ffffff #8fa6c9/#0d1117 #cfdcf0/#0d1117",
    "#64b5f6",
    {
        "accent-ink": "#82c0f7",
        "failed": "#ff9b91",
        "failed-wash": "#2e1614",
        "stall": "#f0b84a",
        "stall-wash": "#2b2008",
        "stall-mark": "#d99a1c",
    },
)


def _hue(look: PlatformLook, *, dark: bool) -> str:
    wanted = (look.dark or look.hue) if dark else look.hue
    return wanted if _HEX.fullmatch(wanted) else _NEUTRAL


def _platform_values(names: Iterable[str], looks: Mapping[str, PlatformLook] | None, *, dark: bool) -> dict[str, str]:
    values = {}
    for index, name in enumerate(names):
        look = look_of(name, looks)
        theme = _DARK if dark else _LIGHT
        hue = theme["ink"] if look.badge == "K" and not look.hue else _hue(look, dark=dark)
        values[f"p{index}"] = hue
        values[f"on-p{index}"] = (
            theme["ink"] if look.outlined else (theme["surface"] if hue == theme["ink"] else _on(hue))
        )
        values[f"bg-p{index}"] = theme["surface"] if look.outlined else hue
    return values


def platform_css(names: Iterable[str], scope: str) -> str:
    """Return the rules for badges (``b0``), their text (``o0``) and conversion bars (``m0``), by a name's place."""
    rules = []
    for index, _ in enumerate(names):
        rules.append(f"{scope} .b{index}{{fill:var(--wy-bg-p{index});stroke:var(--wy-p{index})}}")
        rules.append(f"{scope} text.o{index}{{fill:var(--wy-on-p{index})}}")
        rules.append(f"{scope} .m{index}{{stroke:var(--wy-p{index})}}")
    return "\n".join(rules)


def css(scope: str, names: Iterable[str] = (), looks: Mapping[str, PlatformLook] | None = None) -> str:
    """Return the variables of both themes for what matches ``scope``; the system says which one is used."""
    order = tuple(names)

    def block(dark: bool) -> str:
        values = {**(_DARK if dark else _LIGHT), **_platform_values(order, looks, dark=dark)}
        return f"{scope}{{" + ";".join(f"--wy-{name}:{value}" for name, value in values.items()) + "}"

    return f"{block(False)}\n@media (prefers-color-scheme:dark){{{block(True)}}}"


def resolve(text: str, theme: Theme, names: Iterable[str] = (), looks: Mapping[str, PlatformLook] | None = None) -> str:
    """Put plain colours in the place of variables, for viewers that know no variables; ``auto`` keeps them.

    Examples
    --------
    >>> resolve("fill:var(--wy-ink)", "dark")
    'fill:#e1e3e6'
    """
    if theme == "auto":
        return text
    dark = theme == "dark"
    values = {**(_DARK if dark else _LIGHT), **_platform_values(tuple(names), looks, dark=dark)}
    return _VARIABLE.sub(lambda found: values[found[1]], text)
