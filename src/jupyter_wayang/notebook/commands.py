"""Commands of ``%wayang`` about costs, what was planned, and what runs came to: calibrate, compare, baselines, export."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

from jupyter_wayang.errors import NameUnknownError, OperatorError, closest
from jupyter_wayang.language.arguments import shown
from jupyter_wayang.language.builder import Collection, FittedModel
from jupyter_wayang.notebook.display import Text
from jupyter_wayang.session import Plan, Result, Run
from jupyter_wayang.session.comparing import Comparison, compare
from jupyter_wayang.session.exporting import ENDINGS
from jupyter_wayang.session.run_comparison import RunComparison, compare_runs

if TYPE_CHECKING:
    from jupyter_wayang.app import Session

__all__ = ["baselined", "calibrated", "compared", "exported", "planned"]


def calibrated(session: Session, rest: str) -> Text:
    """Measure this machine, or with ``--from-runs`` learn from what the journal has.

    Raises
    ------
    OperatorError
        If the line has anything else.
    """
    words = rest.split()
    flags = {"--quick", "--from-runs"}
    wrong = [word for word in words if word not in flags]
    if wrong or len(words) > 1:
        raise OperatorError(
            f"%wayang calibrate takes no {shown(wrong[0])}" if wrong else "calibrate measures, or reads runs: not both",
            hint="%wayang calibrate [--quick | --from-runs]",
        )
    if words == ["--from-runs"]:
        return Text(repr(session.calibrate_from_runs()))
    return Text(repr(session.calibrate(quick="--quick" in words)))


def compared(session: Session, rest: str) -> Comparison | RunComparison:
    """Compare plans or runs: ids of runs, and names of collections, plans and results.

    Two are compared as plans. More than two, or with ``--curves``, are runs whose metrics are put in one table and
    chart.

    Raises
    ------
    OperatorError
        If there are too few.
    NameUnknownError
        If one stands for nothing.
    """
    words = rest.split()
    names = [word for word in words if word != "--curves"]
    if ("--curves" in words and names) or len(names) > 2:
        return compare_runs(*(_run(session, name) for name in names), names=names)
    if len(names) != 2:
        raise OperatorError(
            f"two are compared, and here {'is' if len(names) == 1 else 'are'} {len(names)}",
            hint="%wayang compare A B [C …] [--curves], with ids of runs (%wayang runs) or names of collections, plans or results",
        )
    return compare(planned(session, names[0]), planned(session, names[1]), (names[0], names[1]))


def baselined(session: Session, rest: str) -> RunComparison:
    """Measure what the model of a run is to be better than, and show it beside the run.

    Raises
    ------
    OperatorError
        If there is not one name, or if the run has no baselines.
    """
    names = rest.split()
    if len(names) != 1:
        raise OperatorError("the baselines of which run?", hint="%wayang baselines RUN; %wayang runs lists the runs")
    return compare_runs(_run(session, names[0]), names=names, baselines=True)


def _run(session: Session, name: str) -> Run:
    found = planned(session, name)
    if isinstance(found, Plan):
        raise OperatorError(f"{name} has not been run", hint="%wayang runs lists the runs")
    return found.run if isinstance(found, Result) else found


def planned(session: Session, name: str) -> Plan | Run | Result:
    """Return the plan of a collection, a plan, a run or a result by its name, or a run of the journal by its name or id.

    Raises
    ------
    NameUnknownError
        If there is none.
    """
    found = session.scope.collections.get(name) or session.scope.variables.get(name)
    if isinstance(found, Plan | Run | Result):
        return found
    if isinstance(found, Collection | FittedModel):
        names = session.scope.names_of(found.ports)
        return session.plan((found.port,), names=names, platforms=None, name=name, captured=())
    runs = session.kernel.runs()
    # The newest comes first: a name stands for its last run.
    run = next((summary.run for summary in runs if name in (summary.run, summary.name)), None)
    if run is not None:
        return session.attach(run)
    guess = closest(name, [*session.scope.collections, *(summary.name or summary.run for summary in runs)])
    raise NameUnknownError(
        f"there is no run, plan or collection {name}." + (f" Did you mean {guess}?" if guess else ""),
        found=name,
        hint="%wayang runs lists the runs",
    )


def exported(session: Session, latest: Callable[[], Plan], rest: str) -> Text:
    """Write a plan into a file: ``[NAME] --format FORMAT [--to FILE]``; without a name the plan that was shown last.

    Raises
    ------
    OperatorError
        If the line has something else.
    """
    usage = "%wayang export [NAME] --format " + "|".join(ENDINGS) + " [--to FILE]"
    try:
        words = shlex.split(rest)
    except ValueError as error:
        raise OperatorError(f"the line cannot be read: {error}", hint=usage) from error
    given: dict[str, str] = {}
    while words:
        word = words.pop(0)
        name, sign, value = word.partition("=")
        if name in ("--format", "--to") and (sign or words):
            given[name] = value if sign else words.pop(0)
        elif word.startswith("-") or "name" in given:
            raise OperatorError(f"%wayang export takes no {shown(word)}", hint=usage)
        else:
            given["name"] = word
    if "--format" not in given:
        raise OperatorError("in which format?", hint=usage)
    found = planned(session, given["name"]) if "name" in given else latest()
    plan = found if isinstance(found, Plan) else (found.run if isinstance(found, Result) else found).plan()
    path, notes = session.export(plan, given["--format"], given.get("--to"))
    return Text("\n".join([str(path), *(f"note: {note}" for note in notes)]))
