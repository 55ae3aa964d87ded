"""A quick allocation where room is short: those whom it costs most to leave first, then every place filled.

Taking the largest groups first (:mod:`.first_fit`) leaves only small ones waiting, with which no remaining place can be
filled, and pays no heed to cost. Here prices on capacities, those who stay behind included, say who gains most.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..control import Control
from .exchange import exchange_sets
from .lagrangian import relax
from .problem import AllocationProblem, with_the_rest


def filled(problem: AllocationProblem, usable: np.ndarray, work: int, control: Control) -> np.ndarray:
    """Return a shelter or -1 for each group, (g,), with as many people placed as the exchanges find room for.

    ``work`` is the number of combinations of groups that the exchanges may look at.
    """
    wanted = int(problem.sizes[usable.any(axis=1)].sum())
    room = int(np.floor(problem.capacity[usable.any(axis=0)]).sum())
    staying = max(0, wanted - room)
    place = _fill(problem, usable, _by_regret(problem, usable, staying, control), control)
    if wanted - int(problem.sizes[place >= 0].sum()) == staying:
        return place
    return _fill(problem, usable, _more_people(problem, usable, place, work, control), control)


def _by_regret(problem: AllocationProblem, usable: np.ndarray, staying: int, control: Control) -> np.ndarray:
    """Place the groups that lose most without their best choice first, each where it is cheapest at the prices."""
    extended = with_the_rest(problem, usable, staying)
    pairs = extended.usable()
    relaxation = relax(extended, pairs, control=control)
    second = np.partition(relaxation.excess, 1, axis=1)[:, 1]
    priced = extended.cost + relaxation.prices * extended.room_taken
    room = extended.capacity.copy()
    place = np.full(len(problem.sizes), -1, dtype=np.int64)
    for i in np.argsort(-second, kind="stable").tolist():
        fits = np.flatnonzero(pairs[i] & (extended.room_taken[i] <= room))
        if len(fits):
            place[i] = fits[np.argmin(priced[i, fits])]
            room[place[i]] -= extended.room_taken[i, place[i]]
    place[place == len(problem.capacity)] = -1
    return place


def _fill(problem: AllocationProblem, usable: np.ndarray, place: np.ndarray, control: Control) -> np.ndarray:
    """Let groups that wait come in, in place of a smaller one where need be, at the least cost a person."""
    place, taken = place.copy(), problem.room_taken
    placed = np.flatnonzero(place >= 0)
    room = problem.capacity - np.bincount(place[placed], taken[placed, place[placed]], len(problem.capacity))
    changed = True
    while changed:
        changed = False
        for j in np.argsort(-room, kind="stable").tolist():
            control.stop_if_cancelled()
            while _let_in(problem, usable, taken, room, place, j):
                changed = True
    return place


def _let_in(
    problem: AllocationProblem, usable: np.ndarray, taken: np.ndarray, room: np.ndarray, place: np.ndarray, j: int
) -> bool:
    if room[j] < 1:
        return False
    waiting, here = np.flatnonzero((place < 0) & usable[:, j]), np.flatnonzero(place == j)
    leaving, saved = np.append(taken[here, j], 0.0), np.append(problem.cost[here, j], 0.0)  # the last: nobody leaves
    more = taken[waiting, j][None, :] - leaving[:, None]
    fits = (more > 0) & (more <= room[j])
    if not fits.any():
        return False
    price = np.full(more.shape, np.inf)
    np.divide(problem.cost[waiting, j][None, :] - saved[:, None], more, out=price, where=fits)
    out, comes = np.unravel_index(price.argmin(), price.shape)
    place[waiting[comes]] = j
    if out < len(here):
        place[here[out]] = -1
    room[j] -= more[out, comes]
    return True


def _more_people(
    problem: AllocationProblem, usable: np.ndarray, place: np.ndarray, work: int, control: Control
) -> np.ndarray:
    """Exchange groups so that fewer people wait, whatever that costs."""
    behind = len(problem.capacity)
    extended = with_the_rest(problem, usable, int(problem.sizes.sum()))
    waiting = np.zeros(extended.cost.shape)
    waiting[:, behind] = problem.sizes
    extended = replace(extended, cost=waiting)
    start = np.where(place < 0, behind, place)
    found = exchange_sets(extended, extended.usable(), start, work, control)
    return np.where(found == behind, -1, found)
