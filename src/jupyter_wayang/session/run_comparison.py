"""Runs side by side: one table, one chart, and every metric of every round as data."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_wayang.errors import OperatorError, WayangError
from jupyter_wayang.events import BytesMoved, MetricsMeasured, RoundFinished, RunFinished, RunStarted
from jupyter_wayang.federation.fairness import METRICS, fairness
from jupyter_wayang.session.runs import Figures, Result, Run

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["RunComparison", "compare_runs"]

_TITLES = {"log_loss": "Log loss", "accuracy": "Accuracy", "auc": "AUC"}


@dataclass(frozen=True, repr=False)
class RunComparison:
    """Runs that measured a model, to be looked at together.

    Parameters
    ----------
    runs
        The runs.
    names
        What they are called, each name once.
    baselines
        Figures that have no rounds, by name and metric: what the runs are to be better than.
    """

    runs: tuple[Run, ...]
    names: tuple[str, ...]
    baselines: Figures

    @property
    def summary(self) -> pa.Table:
        """A row for each run, with its last metrics over all rows; ``worst`` and ``spread`` are of accuracy, by site."""
        import pyarrow as pa

        rows = [_row(name, run) for name, run in zip(self.names, self.runs, strict=True)]
        rows += [{"run": name, **values} for name, values in self.baselines.items()]
        kinds = {"run": pa.string(), "state": pa.string(), "strategy": pa.string(), "rounds": pa.int64()}
        numbers = ("seconds", "bytes_left", "log_loss", "accuracy", "auc", "worst", "spread")
        schema = pa.schema([*kinds.items(), *((name, pa.float64()) for name in numbers)])
        return pa.Table.from_pylist(rows, schema=schema)

    def to_arrow(self) -> pa.Table:
        """Return every metric of every round and site: columns ``run, round, site, on, metric, value``.

        Of sites there are ``global``, each by name as far as it may be shown, and ``worst`` and ``spread`` over them.
        """
        import pyarrow as pa

        rows = [(name, *one) for name, run in zip(self.names, self.runs, strict=True) for one in _measured(run)]
        kinds = (pa.string(), pa.int64(), pa.string(), pa.string(), pa.string(), pa.float64())
        columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
        names = ("run", "round", "site", "on", "metric", "value")
        return pa.table(
            {name: pa.array(column, kind) for name, column, kind in zip(names, columns, kinds, strict=True)}
        )

    def to_pandas(self) -> pd.DataFrame:
        """Return what :meth:`to_arrow` has, as a pandas DataFrame."""
        frame: pd.DataFrame = self.to_arrow().to_pandas()
        return frame

    def to_csv(self, where: str | os.PathLike[str]) -> None:
        """Write what :meth:`to_arrow` has into a CSV file."""
        from pyarrow import csv

        csv.write_csv(self.to_arrow(), where)

    def to_svg(self, theme: str = "auto") -> str:
        """Return the metrics by round as one picture: over all rows, the worst site's accuracy, and their spread."""
        from jupyter_wayang.drawing.run_comparison import Panel, runs_svg

        wanted = [(metric, "global", _TITLES[metric]) for metric in ("log_loss", "accuracy", "auc")]
        wanted += [("accuracy", "worst", "Accuracy, worst site"), ("accuracy", "spread", "Accuracy, spread over sites")]
        measured = [list(_measured(run)) for run in self.runs]
        panels = []
        for metric, site, title in wanted:
            # Accuracy and AUC of a model without weights say nothing.
            first = 0 if metric == "log_loss" else 1
            lines = {
                name: {
                    number: value for number, at, _, of, value in one if (of, at) == (metric, site) and number >= first
                }
                for name, one in zip(self.names, measured, strict=True)
            }
            key = metric if site == "global" else site
            known = {name: values.get(key) for name, values in self.baselines.items()}
            levels = {name: value for name, value in known.items() if value is not None}
            panels.append(Panel(title=title, lines=lines, levels=levels))
        return runs_svg(panels, theme=theme)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        from jupyter_wayang.drawing.text import table_text

        return table_text(self.summary, most=len(self.runs) + len(self.baselines))

    def _repr_html_(self) -> str:
        from jupyter_wayang.drawing.html import picture_html, table_html

        picture = picture_html(self.to_svg(), f"Metrics by round of {', '.join(self.names)}")
        return picture + table_html(self.summary, most=len(self.runs) + len(self.baselines))


def compare_runs(
    *runs: Run | Result,
    names: Sequence[str] | None = None,
    baselines: bool | Figures = False,
) -> RunComparison:
    """Put runs side by side; one alone is fine, for its table.

    Parameters
    ----------
    runs
        Runs or results.
    names
        What they are called; None: their names, or their ids.
    baselines
        Whether those of the first run are measured too; or what :meth:`Run.baselines` returned.

    Raises
    ------
    OperatorError
        If there is none, or if one is no run.
    """
    given = tuple(_of(one) for one in runs)
    if not given:
        raise OperatorError("runs and results are compared, and here is none", hint="compare_runs(first, second)")
    called = [_name(run) for run in given] if names is None else list(names)
    if len(called) != len(given):
        raise OperatorError(f"names= has a name for each run: {len(given)}, not {len(called)}")
    twice = {name for name in called if called.count(name) > 1}
    unique = tuple(f"{name} ({run.id})" if name in twice else name for name, run in zip(called, given, strict=True))
    levels = (given[0].baselines() if baselines else {}) if isinstance(baselines, bool) else baselines
    return RunComparison(given, unique, levels)


def _of(what: object) -> Run:
    found = what.run if isinstance(what, Result) else what
    if not isinstance(found, Run):
        raise OperatorError(f"runs and results are compared, and a {type(what).__name__} is none")
    return found


def _name(run: Run) -> str:
    return next((event.name for event in run.events() if isinstance(event, RunStarted)), "") or run.id


def _measured(run: Run) -> Iterator[tuple[int, str, str, str, float]]:
    """Yield (round, site, on, metric, value) of all that a run measured, and the worst and the spread of each round."""
    events = run.events()
    for event in events:
        if isinstance(event, MetricsMeasured):
            for metric in (*METRICS, "rows"):
                value = getattr(event, metric)
                if value is not None:
                    yield event.round, event.site, event.on, metric, float(value)
    for one in fairness(events):
        yield one.round, "worst", one.on, one.metric, one.worst
        yield one.round, "spread", one.on, one.metric, one.spread


def _row(name: str, run: Run) -> dict[str, Any]:
    events = run.events()
    last = {}
    for _, site, _, metric, value in _measured(run):
        last[site, metric] = value
    end = next((event for event in events if isinstance(event, RunFinished)), None)
    return {
        "run": name,
        "state": run.state,
        "strategy": _strategy(run),
        "rounds": max((event.round for event in events if isinstance(event, RoundFinished)), default=0),
        "seconds": None if end is None else end.seconds,
        "bytes_left": float(sum(e.bytes for e in events if isinstance(e, BytesMoved) and e.direction == "up")),
        **{metric: last.get(("global", metric)) for metric in METRICS},
        "worst": last.get(("worst", "accuracy")),
        "spread": last.get(("spread", "accuracy")),
    }


def _strategy(run: Run) -> str | None:
    """Return what the plan says of how updates are combined."""
    try:
        plan = run.plan().execution
    except WayangError:
        return None
    inside = plan.loop.operators if plan.loop is not None else ()
    return next((one.text for one in plan.operators if one.kind == "aggregate" and one.id in inside), None)
