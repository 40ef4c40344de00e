"""The comparison as a table, and in words: who gains and who does not, read off the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Literal, cast

from jupyter_wayang.demo.comparison import CONTENDERS, GLOBAL, Comparison, Contender
from jupyter_wayang.demo.scores import Score

__all__ = ["COLUMNS", "as_html", "as_text", "caption", "table", "verdicts"]

Metric = Literal["auc", "log_loss", "accuracy"]
METRICS: tuple[Metric, ...] = ("auc", "log_loss", "accuracy")
COLUMNS = ("rows of", "to learn", "to test", "model", "AUC", "log loss", "accuracy")

_NAMES: dict[Contender, str] = {
    "federated": "federated",
    "local": "each alone",
    "pooled": "rows pooled",
    "majority": "majority class",
}
_WORDS = {"auc": "AUC", "log_loss": "log loss"}
_SURE = 0.9
"""A difference is called one if it has the same sign in nine splits of ten."""


def table(found: Comparison) -> list[tuple[str, ...]]:
    """Return the rows of the table: mean, lowest and highest over the seeds."""
    made = []
    for site in (GLOBAL, *found.titles):
        learn, test = _sizes(found, site)
        for contender in CONTENDERS:
            scores = found.scores(site, contender)
            lead = (_title(found, site), learn, test) if contender == CONTENDERS[0] else ("", "", "")
            made.append((*lead, _NAMES[contender], *(_range(scores, metric) for metric in METRICS)))
    return made


def caption(found: Comparison) -> str:
    """Say how to read the table."""
    several = len(found.seeds)
    return (
        f"Mean [lowest, highest] over {several} splits (seeds {found.seeds[0]} to {found.seeds[-1]}), "
        "exact, on the rows that the sites held back. Under 'all hospitals' "
        "each-alone asks every hospital's own model about its own patients."
    )


def verdicts(found: Comparison) -> list[str]:
    """Say who gains, who does not, and how far the federated model is from one with all rows in one place."""
    gains = {site: _difference(found, site) for site in found.titles}
    made = [_apart(found)]
    for outcome, verb in (("gains", "gains"), ("loses", "loses"), ("neither", "sees no clear difference")):
        made += [_verdict(found, site, verb) for site, (which, _) in gains.items() if which == outcome]
    made += [said for site in found.titles if (said := _against_majority(found, site))]
    return [*made, *found.notes, *_withheld(found)]


def as_text(found: Comparison) -> str:
    """Return table and words as text."""
    rows = [COLUMNS, *table(found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = [caption(found), ""]
    for row in rows:
        cells = [
            cell.rjust(wide) if 1 <= column <= 2 else cell.ljust(wide)
            for column, (cell, wide) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join([*lines, "", *(f"- {said}" for said in verdicts(found))])


def as_html(found: Comparison) -> str:
    """Return table and words for a notebook cell."""
    from jupyter_wayang.drawing.html import rows_html

    said = "".join(f"<li>{escape(one)}</li>" for one in verdicts(found))
    return rows_html([(name, "") for name in COLUMNS], table(found), caption=caption(found)) + f"<ul>{said}</ul>"


def _title(found: Comparison, site: str) -> str:
    return "all hospitals" if site == GLOBAL else found.titles[site]


def _sizes(found: Comparison, site: str) -> tuple[str, str]:
    if site == GLOBAL:
        return str(sum(found.training.values())), str(sum(found.test.values()))
    return str(found.training[site]), str(found.test[site])


def _values(scores: Iterable[Score], metric: Metric) -> list[float]:
    return [value for one in scores if (value := cast("float | None", getattr(one, metric))) is not None]


def _range(scores: Sequence[Score], metric: Metric) -> str:
    values = _values(scores, metric)
    if not values:
        return "–"
    mean, low, high = (f"{value:.3f}" for value in (_mean(values), min(values), max(values)))
    return mean if low == high else f"{mean} [{low}, {high}]"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _metric_of(found: Comparison, site: str) -> Metric:
    """Return what a site is judged by: the AUC, and where it may not be shown the log loss."""
    whole = all(one.auc is not None for who in ("federated", "local") for one in found.scores(site, who))
    return "auc" if whole else "log_loss"


def _difference(found: Comparison, site: str) -> tuple[str, int]:
    """Return ``gains``, ``loses`` or ``neither``, and in how many splits the federated model is the better one."""
    metric = _metric_of(found, site)
    sign = -1 if metric == "log_loss" else 1
    pairs = zip(
        _values(found.scores(site, "federated"), metric), _values(found.scores(site, "local"), metric), strict=True
    )
    differences = [sign * (ours - alone) for ours, alone in pairs]
    better, worse = sum(d > 0 for d in differences), sum(d < 0 for d in differences)
    if better >= _SURE * len(differences):
        return "gains", better
    return ("loses" if worse >= _SURE * len(differences) else "neither"), better


def _verdict(found: Comparison, site: str, verb: str) -> str:
    metric, (_, better) = _metric_of(found, site), _difference(found, site)
    ours, alone = (_mean(_values(found.scores(site, who), metric)) for who in ("federated", "local"))
    return (
        f"{found.titles[site]} ({found.training[site]} rows to learn from) {verb}: {_WORDS[metric]} {ours:.3f} "
        f"with the others, {alone:.3f} alone; better in {better} of {len(found.seeds)} splits."
    )


def _apart(found: Comparison) -> str:
    ours, pooled, converged = (
        _values(found.scores(GLOBAL, who), "auc") for who in ("federated", "pooled", "converged")
    )
    most, far = (max(abs(a - b) for a, b in zip(ours, other, strict=True)) for other in (pooled, converged))
    return (
        f"With all rows in one place the model has the AUC {_mean(pooled):.3f}, federated {_mean(ours):.3f}; over "
        f"{len(ours)} splits they are at most {most:.4f} apart ({far:.4f} if the pooled model is fitted to convergence)."
    )


def _against_majority(found: Comparison, site: str) -> str | None:
    """Say where answering the same for everybody is right more often than the federated model."""
    ours, same = (_mean(_values(found.scores(site, who), "accuracy")) for who in ("federated", "majority"))
    if ours > same:
        return None
    return (
        f"At {found.titles[site]} one answer for everybody is right for {same:.3f} of the test rows (of all its rows "
        f"{found.majority[site]:.3f}), the federated model for {ours:.3f}: there its accuracy says little."
    )


def _withheld(found: Comparison) -> Iterable[str]:
    for site, title in found.titles.items():
        notes = {one.note for one in found.scores(site, "federated") if one.note}
        if notes:
            yield f"The AUC of {title} is not shown: among its test rows {', '.join(sorted(notes))}."
