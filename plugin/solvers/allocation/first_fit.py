"""A quick allocation of whole groups to begin with, and exchanges that make it better."""

from __future__ import annotations

import numpy as np

from ..control import Control
from .problem import AllocationProblem

PASSES = 20
PAIRS = (100_000_000, 1_000_000_000, 10_000_000_000)  # of groups that may be looked at for an exchange, by effort


def first_fit(problem: AllocationProblem, usable: np.ndarray, prices: np.ndarray | None = None) -> np.ndarray:
    """Return for each group its shelter or -1, shape (g,) int64.

    Large groups come first, since small ones fit into what is left; of equal ones the first comes first. Each takes
    the cheapest shelter with room, a place counting at its price (n,) where prices are given.

    Examples
    --------
    The group of 3 comes first and fills the cheap shelter; the 2 go to the other, and for the 4 there is no room.

    >>> cost = np.array([[1.0, 2.0], [1.0, 5.0], [1.0, 1.0]])
    >>> problem = AllocationProblem(np.array([2, 3, 4]), np.array([3.0, 2.0]), cost, np.ones((3, 2), dtype=bool))
    >>> first_fit(problem, problem.usable()).tolist()
    [1, 0, -1]
    """
    room = problem.capacity.astype(float).copy()
    taken = problem.room_taken
    cost = problem.cost if prices is None else problem.cost + prices * taken
    shelter_of = np.full(len(problem.sizes), -1, dtype=np.int64)
    largest = np.where(usable, taken, 0.0).max(axis=1)
    for i in np.argsort(-largest, kind="stable").tolist():
        fits = np.flatnonzero(usable[i] & (taken[i] <= room))
        if len(fits):
            j = int(fits[np.argmin(cost[i, fits])])
            shelter_of[i] = j
            room[j] -= taken[i, j]
    return shelter_of


def local_search(
    problem: AllocationProblem, usable: np.ndarray, shelter_of: np.ndarray, control: Control | None = None
) -> np.ndarray:
    """Return an allocation (g,) of at least as many people as ``shelter_of``, and of no more cost where as many.

    Groups move, two change places, or one makes way for one left out that is larger, or as large and cheaper there.
    """
    control = control or Control()
    shelter_of = shelter_of.copy()
    members = np.flatnonzero(shelter_of >= 0)
    waiting = np.flatnonzero((shelter_of < 0) & usable.any(axis=1))
    taken = problem.room_taken
    cost = np.where(usable, problem.cost, np.inf)
    room = problem.capacity - np.bincount(
        shelter_of[members], taken[members, shelter_of[members]], len(problem.capacity)
    )
    left = control.effort.pick(*PAIRS)
    for _ in range(PASSES):
        changed = False
        for k in range(len(members)):
            control.stop_if_cancelled()
            left -= len(members) + len(waiting)
            if left < 0 or control.effort.passed():
                return shelter_of
            changed |= _move(cost, taken, room, shelter_of, int(members[k]))
            changed |= _exchange(cost, taken, room, shelter_of, members, int(members[k]))
            changed |= _replace(problem.sizes, cost, taken, room, shelter_of, members, waiting, k)
        if not changed:
            break
    return shelter_of


def people_at(problem: AllocationProblem, shelter_of: np.ndarray) -> np.ndarray:
    """Return the people (g, n) of whole groups at their shelters (g,), -1 for none."""
    out = np.zeros(problem.cost.shape)
    placed = np.flatnonzero(shelter_of >= 0)
    out[placed, shelter_of[placed]] = problem.sizes[placed]
    return out


def shelters_of(people: np.ndarray) -> np.ndarray:
    """Return the shelter (g,) of each whole group among ``people`` (g, n), -1 for none."""
    return np.where(people.any(axis=1), people.argmax(axis=1), -1)


def _saves(gain: np.ndarray | float, cost: float) -> np.ndarray | bool:
    """Whether a gain, or each of several, is more than rounding makes of a ``cost``."""
    return gain > 1e-12 * (1.0 + abs(cost))


def _move(cost: np.ndarray, taken: np.ndarray, room: np.ndarray, shelter_of: np.ndarray, i: int) -> bool:
    here = shelter_of[i]
    fitting = np.where(taken[i] <= room, cost[i], np.inf)
    to = int(fitting.argmin())
    if not _saves(cost[i, here] - fitting[to], cost[i, here]):
        return False
    room[here] += taken[i, here]
    room[to] -= taken[i, to]
    shelter_of[i] = to
    return True


def _exchange(
    cost: np.ndarray, taken: np.ndarray, room: np.ndarray, shelter_of: np.ndarray, members: np.ndarray, i: int
) -> bool:
    """Let group ``i`` change places with the group with which that saves most."""
    here, there = shelter_of[i], shelter_of[members]
    gain = cost[i, here] + cost[members, there] - cost[i, there] - cost[members, here]
    fits = (room[there] + taken[members, there] >= taken[i, there]) & (
        room[here] + taken[i, here] >= taken[members, here]
    )
    gain = np.where(fits & (there != here), gain, -np.inf)
    best = int(gain.argmax())
    if not _saves(gain[best], cost[i, here]):
        return False
    k, to = int(members[best]), int(there[best])
    room[here] += taken[i, here] - taken[k, here]
    room[to] += taken[k, to] - taken[i, to]
    shelter_of[i], shelter_of[k] = to, here
    return True


def _replace(
    sizes: np.ndarray,
    cost: np.ndarray,
    taken: np.ndarray,
    room: np.ndarray,
    shelter_of: np.ndarray,
    members: np.ndarray,
    waiting: np.ndarray,
    k: int,
) -> bool:
    """Let the ``k``-th placed group make way for one of those left out."""
    i = int(members[k])
    here = shelter_of[i]
    fits = (taken[waiting, here] <= room[here] + taken[i, here]) & np.isfinite(cost[waiting, here])
    more = sizes[waiting] - sizes[i]
    saved = cost[i, here] - cost[waiting, here]
    helps = fits & ((more > 0) | ((more == 0) & _saves(saved, cost[i, here])))
    if not helps.any():
        return False
    best = int(np.lexsort((-saved, -more, ~helps))[0])  # worth it first, then most people, then most saved
    comes = int(waiting[best])
    room[here] += taken[i, here] - taken[comes, here]
    shelter_of[i], shelter_of[comes] = -1, here
    members[k], waiting[best] = comes, i
    return True
