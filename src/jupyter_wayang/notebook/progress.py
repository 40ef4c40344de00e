"""Waiting for a run in a cell; where nothing shows it live, with a progress bar made of its events."""

from __future__ import annotations

from jupyter_wayang.events import MetricsMeasured, RoundFinished, RunStarted
from jupyter_wayang.session import Result, Run

__all__ = ["wait_quietly", "wait_with_progress"]


def wait_quietly(run: Run) -> Result:
    """Wait for a run that is shown live; an interrupt stops the run at its next step.

    Raises
    ------
    WayangError
        What made the run fail.
    """
    try:
        return run.wait()
    except KeyboardInterrupt:
        return run.wait()


def wait_with_progress(run: Run) -> Result:
    """Wait for a run and show a bar; an interrupt stops the run at its next step.

    Raises
    ------
    WayangError
        What made the run fail.
    """
    from tqdm.auto import tqdm

    bar = None
    try:
        for event in run.follow():
            if isinstance(event, RunStarted) and event.rounds > 1:
                bar = tqdm(total=event.rounds, unit="round", desc=event.name or run.id, leave=True)
            elif bar is not None and isinstance(event, RoundFinished):
                bar.update(1)
            elif (
                bar is not None
                and isinstance(event, MetricsMeasured)
                and event.site == "global"
                and event.log_loss is not None
            ):
                bar.set_postfix_str(
                    f"log loss {event.log_loss:.3f}" + (f", AUC {event.auc:.3f}" if event.auc is not None else "")
                )
    except KeyboardInterrupt:
        run.stop()
        return run.wait()
    finally:
        if bar is not None:
            bar.close()
    return run.wait()
