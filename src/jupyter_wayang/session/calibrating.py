"""Calibration in a notebook: a bar while it goes on."""

from __future__ import annotations

from collections.abc import Callable

from jupyter_wayang.execution.measuring import Progress

__all__ = ["bar"]

_STEPS = 1_000


def bar() -> Callable[[Progress], None]:
    """Return what shows progress as a bar; it closes itself at the end."""
    from tqdm.auto import tqdm

    shown = tqdm(total=_STEPS, bar_format="{l_bar}{bar}| {elapsed}", leave=True)

    def told(progress: Progress) -> None:
        shown.set_description_str(progress.text)
        shown.update(int(progress.share * _STEPS) - shown.n)
        if progress.share >= 1.0:
            shown.close()

    return told
