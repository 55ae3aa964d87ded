"""Several roads drawn in one place are shut there while all of them are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Window(NamedTuple):
    """Closed from ``since`` until before ``until``, seconds, by ``row`` of the closures."""

    since: float
    until: float
    row: int


def shut_together(roads: Sequence[Sequence[Window]]) -> list[Window]:
    """Return when all roads are closed at once; each window has the row that closes the last of them.

    Parameters
    ----------
    roads : sequence of sequences of Window
        For each road its windows, which may overlap; at least one road.

    Examples
    --------
    Two copies of a street, one closed from 10 to 50 s, the other from 30 s on:

    >>> shut_together([[Window(10.0, 50.0, 0)], [Window(30.0, float("inf"), 1)]])
    [Window(since=30.0, until=50.0, row=1)]
    >>> shut_together([[Window(10.0, 50.0, 0)], []])
    []
    """
    shut = list(roads[0])
    for others in roads[1:]:
        shut = [
            Window(last.since, until, last.row)
            for one in shut
            for other in others
            for last, until in [(max(one, other, key=lambda w: w.since), min(one.until, other.until))]
            if last.since < until
        ]
    return sorted(set(shut))


def covers(shut: Sequence[Window], window: Window) -> bool:
    """Return whether all of a window lies in windows sorted by their beginning.

    Examples
    --------
    >>> covers([Window(0.0, 5.0, 0), Window(5.0, 9.0, 1)], Window(1.0, 8.0, 2))
    True
    >>> covers([Window(0.0, 5.0, 0), Window(6.0, 9.0, 1)], Window(1.0, 8.0, 2))
    False
    """
    reached = window.since
    for one in shut:
        if one.since <= reached < one.until:
            reached = one.until
    return reached >= window.until
