"""The last minute at which a zone can be told to leave (spec of time against the hazard, section 14)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, NamedTuple

Works = Callable[[int], bool]


class LatestOrder(NamedTuple):
    """The answer for one zone, in whole minutes from t = 0.

    Attributes
    ----------
    minute : int or None
        The last minute up to which every order tried works; None where not even an order at t = 0 does.
    unlimited : bool
        Whether every order tried works, the last of them after all that closes.
    windows : list of (int, int)
        First and last of later minutes that were tried and work again.
    """

    minute: int | None
    unlimited: bool
    windows: list[tuple[int, int]]


def latest_order(works: Works, last: int, step: int) -> LatestOrder:
    """Return the last minute up to which every order that is tried works.

    The boundary is found by bisection and then checked downwards in steps to t = 0, since a later order may meet an
    emptier road: where an earlier one fails, the boundary below the earliest failure counts.

    Parameters
    ----------
    works : callable
        Whether an order at a minute lets everybody out.
    last : int
        A minute after all that closes, at least 1.
    step : int
        Minutes between the checks, at least 1.

    Examples
    --------
    >>> latest_order(lambda minute: minute < 38, 120, 5)
    LatestOrder(minute=37, unlimited=False, windows=[])
    >>> latest_order(lambda minute: not 12 < minute < 20 and minute < 38, 120, 5)
    LatestOrder(minute=12, unlimited=False, windows=[(22, 37)])
    """
    tried: dict[int, bool] = {}

    def holds(minute: int) -> bool:
        if minute not in tried:
            tried[minute] = works(minute)
        return tried[minute]

    if not holds(0):
        return LatestOrder(None, False, _again(tried, -1))
    found = last if holds(last) else _boundary(holds, 0, last)
    for minute in range(found - step, 0, -step):
        holds(minute)
    failing = [minute for minute, well in tried.items() if not well]
    if not failing:
        return LatestOrder(last, True, [])
    first = min(failing)
    found = _boundary(holds, max(minute for minute in tried if minute < first), first)
    return LatestOrder(found, False, _again(tried, found))


def _boundary(holds: Works, low: int, high: int) -> int:
    """Return a minute that works and whose next one does not, between one that works and a later one that does not."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _again(tried: dict[int, bool], after: int) -> list[tuple[int, int]]:
    """Return the windows of minutes tried that work, after one that is the answer."""
    windows: list[tuple[int, int]] = []
    open_window = False
    for minute in sorted(minute for minute in tried if minute > after):
        if tried[minute]:
            windows = [*windows[:-1], (windows[-1][0], minute)] if open_window else [*windows, (minute, minute)]
        open_window = tried[minute]
    return windows


def shown_windows(windows: Sequence[tuple[int, int]]) -> str:
    """Return windows as people read them.

    >>> shown_windows([(22, 37), (50, 50)])
    '22 to 37, 50'
    """
    return ", ".join(f"{first} to {last}" if last > first else str(first) for first, last in windows)
