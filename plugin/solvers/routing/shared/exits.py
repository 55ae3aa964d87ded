"""When vehicles are through, at the earliest, if they can leave a set of roads only so long after each other.

Every road lets one vehicle out at 0, h, 2 h, ...: its *slots*. Those of several roads are merged: pooled into one road
of the same capacity they would let too few out at once.
"""

from __future__ import annotations

import numpy as np

from ...kernels import compiled


def merged_slots(headway: np.ndarray, count: int) -> np.ndarray:
    """Return the first ``count`` slots of roads with ``headway`` (e,) > 0, merged, ascending.

    Examples
    --------
    >>> merged_slots(np.array([4, 6]), 6).tolist()
    [0, 0, 4, 6, 8, 12]
    """
    headway = np.asarray(headway)
    last = count / (1.0 / headway).sum()  # by then each road has had one more than last / h, rounded down
    slots = [step * np.arange(int(last / step) + 2, dtype=headway.dtype) for step in headway]
    return np.sort(np.concatenate(slots))[:count]


def earliest_exits(arrival: np.ndarray, headway: np.ndarray) -> np.ndarray:
    """Return before when the first, second, ... of some vehicles cannot have left a set of roads.

    The k-th exit is no sooner than ``max over j <= k of arrival_j + slot_(k - j)``: those behind the first j - 1 all
    leave after ``arrival_j``, at best each road at once, then after its headway.

    Parameters
    ----------
    arrival : (n,) int64
        First possible exits, ascending.
    headway : (e,) int64
        Of each road.

    Returns
    -------
    (n,) int64

    Examples
    --------
    >>> earliest_exits(np.array([0, 1, 1, 20]), np.array([4])).tolist()
    [0, 4, 8, 20]
    """
    exits = np.empty(len(arrival), dtype=np.int64)
    if len(arrival):
        slots = merged_slots(headway, len(arrival) + len(headway))
        fill_exits(arrival, slots, len(headway), exits, np.empty(len(arrival), dtype=np.int64))
    return exits


@compiled
def fill_exits(arrival, slots, roads, exits, start):
    """Fill ``exits`` (n,); ``start`` (n,) is room to work in, the arrivals after which the roads may be busy.

    Slots are never closer together than from 0 on, so an arrival j counts only if it is later than all earlier ones
    allow the j-th exit. Two slots s apart are never further apart than slot_(s + roads - 1): so a much later start
    replaces an earlier one.
    """
    first = 0
    last = 0
    for k in range(len(arrival)):
        value = arrival[k]
        begins = True
        for i in range(first, last):
            out = arrival[start[i]] + slots[k - start[i]]
            if out >= value:
                value = out
                begins = False
        exits[k] = value
        if begins:
            while first < last and arrival[k] >= arrival[start[last - 1]] + slots[k - start[last - 1] + roads - 1]:
                last -= 1
            start[last] = k
            last += 1


def last_exit(arrival: np.ndarray, headway: float) -> float:
    """Return before when the last of some vehicles cannot have left one road.

    Parameters
    ----------
    arrival : (n,)
        First possible exits, ascending, n > 0.
    headway : float
        Of the road, in the same unit.
    """
    return (arrival + np.arange(len(arrival) - 1, -1, -1) * headway).max()
