"""Exchanges of up to two groups of one shelter for up to two of another: what helps where no place is left over.

With every shelter filled to the last place a group can only change places with one of its own size; two groups find two
others of the same sum far more often. Who stays behind counts as a shelter here (:func:`.problem.with_the_rest`).
"""

from __future__ import annotations

import numpy as np

from ..control import Control
from .problem import AllocationProblem

MOST_GROUPS = 250  # of a shelter that are looked at for one exchange: those that gain most by it
TOLERANCE = 1e-9


def exchange_sets(
    problem: AllocationProblem, usable: np.ndarray, shelter_of: np.ndarray, work: int, control: Control
) -> np.ndarray:
    """Return an allocation (g,) of no more cost than ``shelter_of``, in which every group has a shelter.

    Every group takes as many places wherever it goes. Pairs of shelters are looked at in turn, until no exchange
    between any two helps or ``work`` sets of groups were looked at.
    """
    shelter_of = shelter_of.copy()
    size = problem.sizes.astype(float)
    cost = np.where(usable, problem.cost, np.inf)
    shelters = len(problem.capacity)
    room = problem.capacity - np.bincount(shelter_of, size, shelters)
    changed = np.zeros(shelters, dtype=np.int64)  # when a shelter's groups last changed
    looked = np.full((shelters, shelters), -1, dtype=np.int64)  # when a pair was last looked at
    now, progress = 0, True
    while progress:
        progress = False
        for a in range(shelters):
            for b in range(a + 1, shelters):
                if looked[a, b] >= max(changed[a], changed[b]):
                    continue
                control.stop_if_cancelled()
                if work <= 0 or control.effort.passed():
                    return shelter_of
                while True:
                    sets, found = _exchange(size, cost, room, shelter_of, a, b)
                    work -= sets
                    if not found:
                        break
                    now += 1
                    changed[a] = changed[b] = now
                    progress = True
                looked[a, b] = now
    return shelter_of


def _exchange(
    size: np.ndarray, cost: np.ndarray, room: np.ndarray, shelter_of: np.ndarray, a: int, b: int
) -> tuple[int, bool]:
    """Make the exchange between two shelters that saves most; returns the sets looked at, and whether one saves."""
    from_a, saved_a, taken_a = _sets(size, cost, shelter_of, a, b)
    from_b, saved_b, taken_b = _sets(size, cost, shelter_of, b, a)
    if len(taken_a) < len(taken_b):  # the table is made of the shorter list
        found = _best(size, room, shelter_of, b, a, (from_b, saved_b, taken_b), (from_a, saved_a, taken_a))
    else:
        found = _best(size, room, shelter_of, a, b, (from_a, saved_a, taken_a), (from_b, saved_b, taken_b))
    return len(taken_a) + len(taken_b), found


Sets = tuple[np.ndarray, np.ndarray, np.ndarray]


def _sets(size: np.ndarray, cost: np.ndarray, shelter_of: np.ndarray, here: int, there: int) -> Sets:
    """Return none, one or two groups of a shelter: members (k, 2) with -1 for none, saving (k,), places (k,)."""
    members = np.flatnonzero((shelter_of == here) & np.isfinite(cost[:, there]))
    saving = cost[members, here] - cost[members, there]
    if len(members) > MOST_GROUPS:
        order = np.argsort(-saving / size[members], kind="stable")[:MOST_GROUPS]
        members, saving = members[order], saving[order]
    one, two = np.triu_indices(len(members), 1)
    first = np.concatenate([[-1], np.arange(len(members)), one])
    second = np.concatenate([np.full(1 + len(members), -1), two])
    # Position -1 reads the zero put at the end.
    saving, places = np.append(saving, 0.0), np.append(size[members], 0.0)
    named = np.append(members, -1)
    return (
        np.stack([named[first], named[second]], axis=1),
        saving[first] + saving[second],
        places[first] + places[second],
    )


def _best(size: np.ndarray, room: np.ndarray, shelter_of: np.ndarray, a: int, b: int, long: Sets, short: Sets) -> bool:
    """Find the best pair of sets that fits and exchange them: ``long`` leaves shelter ``a``, ``short`` leaves ``b``."""
    order = np.argsort(short[2], kind="stable")
    members, saving, taken = short[0][order], short[1][order], short[2][order]
    first = np.searchsorted(taken, long[2] - room[b] - TOLERANCE, "left")  # enough leave b for those who come
    last = np.searchsorted(taken, long[2] + room[a] + TOLERANCE, "right")  # not too many come to a
    some = np.flatnonzero(last > first)
    if not len(some):
        return False
    best = _greatest(saving, first[some], last[some])
    gain = long[1][some] + saving[best]
    k = int(gain.argmax())
    if not gain[k] > TOLERANCE * (1.0 + abs(saving).max()):
        return False
    leaving, coming = long[0][some[k]], members[best[k]]
    leaving, coming = leaving[leaving >= 0], coming[coming >= 0]
    shelter_of[leaving], shelter_of[coming] = b, a
    difference = float(size[leaving].sum() - size[coming].sum())
    room[a] += difference
    room[b] -= difference
    return True


def _greatest(values: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return where ``values`` (v,) is first greatest in each stretch ``first`` to before ``last``, shape as those."""
    table = [np.arange(len(values))]
    width = 1
    while 2 * width <= len(values):
        left, right = table[-1][:-width], table[-1][width:]
        table.append(np.where(values[left] >= values[right], left, right))
        width *= 2
    level = np.frexp(last - first)[1] - 1
    out = np.empty(len(first), dtype=np.int64)
    for power in np.unique(level).tolist():
        here = level == power
        left, right = table[power][first[here]], table[power][last[here] - 2**power]
        out[here] = np.where(values[left] >= values[right], left, right)
    return out
