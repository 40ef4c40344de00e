"""The style of HTML pages and cells: on the same variables as the pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jupyter_wayang.drawing.tokens import FONT, MONO, PlatformLook, css

__all__ = ["report_css", "table_css"]

_TABLE = """& table{border-collapse:collapse;font-size:12px;font-variant-numeric:tabular-nums}
& caption{text-align:left;font-weight:600;padding:0 0 4px}
& th,& td{padding:3px 10px;text-align:left;white-space:nowrap;border-bottom:1px solid var(--wy-grid)}
& th{font-weight:600;vertical-align:bottom;border-bottom:1px solid var(--wy-line)}
& th small{display:block;font-weight:400;font-size:11px;color:var(--wy-ink-3)}
& .r{text-align:right}& .null{color:var(--wy-ink-3)}& .note{font-size:12px;color:var(--wy-ink-2);margin:4px 0 0}
"""

_REPORT = """& {background:var(--wy-surface);color:var(--wy-ink);font:13px/1.45 %FONT%;font-variant-numeric:tabular-nums;margin:0}
& main{max-width:1280px;margin:0 auto;padding:20px 20px 48px}
& h1{font-size:20px;font-weight:600;margin:0}& h2{font-size:15px;font-weight:600;margin:28px 0 8px}& p{margin:4px 0}
& .sub{color:var(--wy-ink-2)}
& .figures{display:flex;flex-wrap:wrap;gap:10px 0;margin:14px 0 0;padding:0;border:1px solid var(--wy-line);border-radius:8px}
& .figures div{padding:8px 18px;border-right:1px solid var(--wy-line);margin:4px 0}& .figures div:last-child{border-right:0}
& .figures b{display:block;font-size:17px;font-weight:600}& .figures span{font-size:12px;color:var(--wy-ink-2)}
& .picture{overflow-x:auto;border:1px solid var(--wy-line);border-radius:8px;padding:6px}& .picture svg{display:block;margin:0 auto}
& .plan{box-sizing:border-box;width:max-content;min-width:100%;max-width:calc(100vw - 40px);position:relative;left:50%;transform:translateX(-50%)}
& dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 14px;margin:0}& dt{font-weight:600}& dd{margin:0;color:var(--wy-ink-2)}
& .notes{margin:8px 0 0;padding:0 0 0 18px;color:var(--wy-ink-2)}
& details{border:1px solid var(--wy-line);border-radius:6px;margin:6px 0;background:var(--wy-surface)}
& details.lane>summary{background:var(--wy-lane);border-radius:6px;font-weight:600}
& details.lane>div{padding:2px 10px 8px}& summary{cursor:pointer;padding:6px 10px;min-height:18px}
& summary:focus-visible{outline:2px solid var(--wy-accent);outline-offset:2px}
& .op>summary{display:flex;gap:8px;align-items:baseline;flex-wrap:wrap}& .op>summary b{font-weight:600}
& .op>summary .end{margin-left:auto;color:var(--wy-ink-2);font-size:12px}& .op>div{padding:0 12px 10px}
& .pb{display:inline-block;min-width:12px;padding:0 3px;border:1.5px solid;border-radius:3px;font-size:11px;line-height:14px;font-weight:600;text-align:center}
& .alts{display:grid;grid-template-columns:max-content minmax(120px,320px) max-content max-content;gap:4px 14px;align-items:center;margin:8px 0;font-size:12px}
& .alts .no{grid-column:2/-1;color:var(--wy-ink-2)}& .alts .chosen{font-weight:600}& .alts .head{color:var(--wy-ink-3);font-size:11px}
& .track{display:flex;height:11px;gap:1px}& .track i{display:block;box-sizing:border-box;min-width:1px}
& .c1{background:var(--wy-cost-compute)}& .c3{border:1px solid var(--wy-cost-in)}
& .c2{background:repeating-linear-gradient(135deg,var(--wy-cost-in) 0 2px,transparent 2px 4px);border:1px solid var(--wy-cost-in)}
& .key i{display:inline-block;width:12px;height:9px;margin:0 4px 0 0}& .key span{margin-right:12px}
& pre{font:12px/17px %MONO%;background:var(--wy-lane);border:1px solid var(--wy-line);border-radius:4px;padding:8px 10px;overflow-x:auto;margin:6px 0}
& .scroll{overflow:auto;max-height:420px;border:1px solid var(--wy-line);border-radius:8px}& .scroll table{width:100%}
& .scroll th{position:sticky;top:0;background:var(--wy-lane)}
& footer{margin-top:32px;color:var(--wy-ink-3);font-size:12px}
& .scroll.whole{max-height:none}
@media print{& .scroll{max-height:none}& details{break-inside:avoid}}
"""


def table_css(scope: str) -> str:
    """Return the style of a table in a notebook cell."""
    look = f"& {{font:12px/1.45 {FONT};overflow-x:auto}}\n" + _TABLE
    # A cell's ground and ink are the notebook's, whatever its theme: greys that show on both, no colours of our own.
    for name, grey in (("grid", "rgba(128,128,128,.25)"), ("line", "rgba(128,128,128,.5)")):
        look = look.replace(f"var(--wy-{name})", grey)
    for name, strength in (("ink-2", ".8"), ("ink-3", ".72")):
        look = look.replace(f"color:var(--wy-{name})", f"opacity:{strength}")
    return look.replace("&", scope)


def report_css(scope: str, names: Sequence[str], looks: Mapping[str, PlatformLook] | None) -> str:
    """Return the style of a report, with a class ``p0``, ``p1``, … for the badge of each platform."""
    badges = "\n".join(
        f"{scope} .p{i}{{background:var(--wy-bg-p{i});border-color:var(--wy-p{i});color:var(--wy-on-p{i})}}"
        for i in range(len(names))
    )
    rules = (_REPORT + _TABLE).replace("&", scope).replace("%FONT%", FONT).replace("%MONO%", MONO)
    return "\n".join([css(scope, names, looks), rules, badges])
