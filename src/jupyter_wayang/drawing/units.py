"""Numbers as people read them: the one place where bytes, seconds, counts and shares are written out."""

from __future__ import annotations

import math

from jupyter_wayang.plan.execution import Interval

__all__ = ["compact", "count", "duration", "estimate", "metric", "share", "signed_duration", "size"]

_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")


def size(amount: float) -> str:
    """Write a number of bytes, decimal units.

    Examples
    --------
    >>> size(512), size(4_700), size(27_000), size(3.2e9)
    ('512 B', '4.7 kB', '27 kB', '3.2 GB')
    """
    step = 0
    while round(amount, 1 if amount < 9.95 and step else 0) >= 1000 and step < len(_SIZES) - 1:
        amount /= 1000
        step += 1
    return f"{_figures(amount) if step else f'{amount:.0f}'} {_SIZES[step]}"


def duration(seconds: float) -> str:
    """Write seconds, in the unit that fits.

    Examples
    --------
    >>> duration(0.00081), duration(0.21), duration(2.41), duration(73), duration(4000)
    ('0.8 ms', '210 ms', '2.4 s', '73 s', '1 h 7 min')
    """
    if seconds <= 0:
        return "0 s"
    if seconds < 1e-4:
        return f"{_figures(seconds * 1e6)} µs"
    if seconds < 0.9995:
        return f"{_figures(seconds * 1e3)} ms"
    if seconds < 119.5:
        return f"{_figures(seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    return f"{minutes // 60} h {minutes % 60} min"


def signed_duration(seconds: float) -> str:
    """Write a difference in seconds, with its sign.

    Examples
    --------
    >>> signed_duration(0.0066), signed_duration(-2.0), signed_duration(0)
    ('+6.6 ms', '−2.0 s', '±0 s')
    """
    if seconds == 0:
        return "±0 s"
    return ("+" if seconds > 0 else "−") + duration(abs(seconds))


def count(number: float) -> str:
    """Write a whole number, in groups of three.

    Examples
    --------
    >>> count(242), count(10123)
    ('242', '10 123')
    """
    return f"{round(number):,}".replace(",", " ")


def compact(number: float) -> str:
    """Write a count in at most six characters, for a card.

    Examples
    --------
    >>> compact(10123), compact(1_234_567), compact(99_999_999)
    ('10 123', '1.2 M', '100 M')
    """
    if number < 99_999.5:
        return count(number)
    for factor, unit in ((1e3, "k"), (1e6, "M"), (1e9, "G")):
        if number < 999.5 * factor:
            return f"{_figures(number / factor)} {unit}"
    return f"{number:.0e}"


def estimate(rows: Interval | None) -> str:
    """Write an estimated count: a tilde, then the mean.

    Examples
    --------
    >>> estimate(Interval(low=200, high=300))
    '~245'
    """
    return "" if rows is None else "~" + compact(rows.mean)


def share(part: float) -> str:
    """Write a share of one as per cent.

    Examples
    --------
    >>> share(0.004), share(0.48), share(0)
    ('<1 %', '48 %', '0 %')
    """
    return "<1 %" if 0 < part < 0.005 else f"{part * 100:.0f} %"


def metric(value: float | None) -> str:
    """Write a metric with three decimals, a dash where there is none.

    Examples
    --------
    >>> metric(0.45149), metric(None)
    ('0.451', '–')
    """
    return "–" if value is None or not math.isfinite(value) else f"{value:.3f}"


def _figures(amount: float) -> str:
    return f"{amount:.1f}" if amount < 9.95 else f"{amount:.0f}"
