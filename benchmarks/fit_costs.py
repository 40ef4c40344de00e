"""Measure what platforms cost on this machine, and write it down as the coefficients that the optimizer starts with.

The same mechanism as ``%wayang calibrate``, more thorough: :mod:`jupyter_wayang.execution.measuring` measures,
:mod:`jupyter_wayang.optimizer.calibration` fits.

``python benchmarks/fit_costs.py`` writes ``costs.py`` of every platform and ``platforms/channel_costs.py``;
``--into FOLDER`` writes them elsewhere, ``--quick`` tries out small sizes and writes nothing unless told where.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterable
from pathlib import Path
from statistics import median

import msgspec
from cost_files import channel_file, cost_file, replaced

from jupyter_wayang.execution.measuring import NO_ENGINE, QUICK, THOROUGH, Effort, Measured
from jupyter_wayang.optimizer.calibration import Fitted, Key, estimated, q_errors
from jupyter_wayang.plan.observation import Observation
from jupyter_wayang.platforms import channels
from jupyter_wayang.platforms.machine import machine_class
from jupyter_wayang.platforms.platform import (
    BASE_OPERATORS,
    FUNCTION_TAGS,
    GRAPH_OPERATORS,
    LEARNING_OPERATORS,
    MODEL_OPERATORS,
    Coefficient,
    CostTable,
    Platform,
)
from jupyter_wayang.platforms.registry import installed
from jupyter_wayang.site.calibration import fitted, measured

_PLATFORMS = Path(channels.__file__).parent


def report(title: str, fits: dict[Key, Fitted], observations: Iterable[Observation], sizes: tuple[int, ...]) -> None:
    """Print a line a coefficient: itself, and by how much it misses sizes that it was not fitted on."""
    points: dict[str, list[Observation]] = {}
    for one in observations:
        points.setdefault(one.parts[0].tag, []).append(one)
    print(f"\n{title}")
    print(f"{'':30}{'fixed_s':>9}{'row_s':>9}{'out_row_s':>10}{'byte_s':>9}{'spread':>7}   held out, factor")
    for (_, tag), one in fits.items():
        c = one.coefficient
        pairs = [(estimated(c, point.parts[0]) or 1e-9, point.seconds) for point in points[tag]]
        worst = max(max(a / b, b / a) for a, b in pairs)
        held = "  ".join(f"{size:,}: {one.held_out[f'{size:,}']:.1f}" for size in sizes if f"{size:,}" in one.held_out)
        numbers = f"{c.fixed_s:>9.2g}{c.row_s:>9.2g}{c.out_row_s:>10.2g}{c.byte_s:>9.2g}{c.spread:>7.1f}"
        print(f"{tag:30}{numbers}   {held}   worst of all {worst:.1f}")


def _in_order(fits: dict[Key, Fitted], shipped: CostTable) -> tuple[dict[str, Coefficient], dict[str, Coefficient]]:
    """Return coefficients of operators and of conversions; what cannot be measured (a person's functions) stays."""
    known = {**shipped.operators, **shipped.conversions, **{tag: one.coefficient for (_, tag), one in fits.items()}}
    usual = (*BASE_OPERATORS, *FUNCTION_TAGS, *LEARNING_OPERATORS, *MODEL_OPERATORS, *GRAPH_OPERATORS)
    tags = [tag for tag in usual if tag in known]
    tags += [tag for tag in known if tag not in tags and ">" not in tag]
    return {tag: known[tag] for tag in tags}, {tag: one for tag, one in known.items() if ">" in tag}


def _measured(name: str, effort: Effort) -> Measured:
    return measured(name, effort, lambda one: print(f"  {one.text} …", file=sys.stderr, flush=True))


def fit_platform(platform: Platform, how: str, effort: Effort, into: Path | None) -> None:
    """Measure a platform, print what was fitted, and write it."""
    found = _measured(platform.name, effort)
    fits = fitted(found.observations)
    report(f"{platform.title}: start-up {found.start_up_s:.2g} s", fits, found.observations, effort.sizes)
    errors = q_errors({key: one.coefficient for key, one in fits.items()}, found.stages)
    if errors:
        print(f"{len(errors)} stages held out: median factor {median(errors):.2f}, worst {max(errors):.1f}")
    if into is not None:
        tables = _in_order(fits, platform.costs)
        replaced(into / platform.name / "costs.py", cost_file(platform.title, how, found.start_up_s, *tables))


def main(arguments: list[str] | None = None) -> None:
    """Measure, fit, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, one repeat, without Spark")
    parser.add_argument("--without-spark", action="store_true")
    parser.add_argument("--platforms", help="only these, as in pandas,duckdb")
    parser.add_argument("--into", type=Path, help="the folder that the files are written into")
    options = parser.parse_args(arguments)
    effort = QUICK if options.quick else THOROUGH
    into = options.into or (None if options.quick else _PLATFORMS)
    how = f"written by ``benchmarks/fit_costs.py`` on {dt.date.today()}, {machine_class()}."  # noqa: DTZ011
    for name, platform in installed().items():
        wanted = name in options.platforms.split(",") if options.platforms else True
        left_out = name == "spark" and (options.quick or options.without_spark)
        if wanted and not left_out and platform.missing() is None:
            # Spark is asked rarely: each of its jobs takes about as long as all of another platform.
            own = effort if name != "spark" else msgspec.structs.replace(effort, repeats=min(2, effort.repeats))
            fit_platform(platform, how, own, into)
    if not options.platforms:
        found = _measured(NO_ENGINE, effort)
        fits = fitted(found.observations)
        report("without an engine", fits, found.observations, effort.sizes)
        if into is not None:
            replaced(
                into / "channel_costs.py", channel_file(how, {tag: one.coefficient for (_, tag), one in fits.items()})
            )


if __name__ == "__main__":
    main()
