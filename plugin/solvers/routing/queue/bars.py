"""When roads may not be entered and where the hazard catches whom, in the whole microseconds of the queue model."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...kernels import compiled
from ..shared.bars import first_reached, joined_bars, open_from
from ..shared.closings import Closings

NEVER = np.iinfo(np.int64).max
BEFORE = -(2**62)  # long before anything happens
SECOND = 1_000_000  # microseconds


class Bars(NamedTuple):
    """When the m roads are barred, and where the hazard is when; k bars, o of which end, c parts that it reaches.

    Attributes
    ----------
    start : (m + 1,) int64
        The bars of road e are rows ``start[e]`` to ``start[e + 1]``.
    since, until : (k,) int64
        Nobody may enter from ``since`` until before ``until``, microseconds, ascending on each road and apart; NEVER
        where the road stays closed.
    open_time : (o,) int64, open_arc : (o,) int32
        The bars' ends, in order of time, and the road.
    catch_time : (c,) int64, catch_arc : (c,) int32
        When the hazard reaches a part, in order of time, and of which road.
    catch_begin, catch_end : (c,) int64
        Who entered is on the part from so long after his entry until before so long after it; NEVER: until his exit.
    last_entry, last_exit : (m,) int64
        Who enters or leaves a road later is caught there, or could not have entered; NEVER where nobody is.
    """

    start: np.ndarray
    since: np.ndarray
    until: np.ndarray
    open_time: np.ndarray
    open_arc: np.ndarray
    catch_time: np.ndarray
    catch_arc: np.ndarray
    catch_begin: np.ndarray
    catch_end: np.ndarray
    last_entry: np.ndarray
    last_exit: np.ndarray


def bars_of(closings: Closings | None, travel: np.ndarray, is_road: np.ndarray) -> Bars:
    """Return what closes on roads with free-flow times ``travel`` (m,) microseconds; connectors never do."""
    arcs = len(travel)
    rows = (Closings.none(0) if closings is None else closings).ever(is_road)
    arc = rows.arc.astype(np.int32)
    begin, end = (np.rint(share * travel[arc]).astype(np.int64) for share in (rows.begin, rows.end))
    since, until = moments_of(rows.since), moments_of(rows.until)
    start, row, bar_since, bar_until = joined_bars(
        arc, since - begin, np.where(until == NEVER, NEVER, until - begin), arcs
    )
    ends = np.flatnonzero(bar_until < NEVER)
    ends = ends[np.lexsort((row[ends], bar_until[ends]))]
    until_exit = np.where(rows.end >= 1.0, NEVER, end)
    caught = first_reached(rows.catches, since, arc, begin)
    last_entry, last_exit = np.full((2, arcs), NEVER)
    at_exit = until_exit[caught] == NEVER
    np.minimum.at(last_exit, arc[caught[at_exit]], since[caught[at_exit]])
    np.minimum.at(last_entry, arc[caught[~at_exit]], (since - end)[caught[~at_exit]])
    return Bars(
        start, bar_since, bar_until, bar_until[ends], row[ends], since[caught], arc[caught], begin[caught],
        until_exit[caught], last_entry, last_exit,
    )  # fmt: skip


def moments_of(seconds: np.ndarray) -> np.ndarray:
    """Return moments in whole microseconds, int64: BEFORE for -inf, NEVER for inf.

    Examples
    --------
    >>> moments_of(np.array([-np.inf, 1.5, np.inf])).tolist() == [BEFORE, 1500000, NEVER]
    True
    """
    finite = np.isfinite(seconds)
    whole = np.rint(np.where(finite, seconds, 0.0) * SECOND).astype(np.int64)
    return np.where(finite, whole, np.where(seconds > 0, NEVER, BEFORE))


@compiled
def barred(bars, at, road, now):
    """Whether nobody may enter ``road`` now; ``at`` (m,) is each road's first bar that has not ended, kept up."""
    k = at[road]
    while k < bars.start[road + 1] and bars.until[k] <= now:
        k += 1
    at[road] = k
    return k < bars.start[road + 1] and bars.since[k] <= now


@compiled
def opened(bars, at, road):
    """Return when the last bar of ``road`` that has ended did; BEFORE without one. After :func:`barred`."""
    if at[road] > bars.start[road]:
        return bars.until[at[road] - 1]
    return BEFORE


@compiled
def open_until(bars, road, moment):
    """Return the last moment until ``moment`` at which ``road`` may be entered; below BEFORE without one."""
    for k in range(bars.start[road + 1] - 1, bars.start[road] - 1, -1):
        if moment >= bars.since[k] and moment < bars.until[k]:
            moment = bars.since[k] - 1
    return moment


@compiled
def entry_in_time(bars, arc, moment):
    """Return when who comes to ``arc`` at ``moment`` may enter it and is caught on none of its parts but perhaps the
    last; NEVER if he may not.
    """
    begin = open_from(bars, arc, moment, 0)
    return NEVER if begin > bars.last_entry[arc] else begin
