"""A quick allocation where room is short: those whom it costs most to leave first, then every place filled.

Taking the largest groups first (:mod:`.first_fit`) leaves only small ones waiting, with which no remaining place can be
filled, and pays no heed to cost. Here prices on capacities, those who stay behind included, say who gains most.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..control import Control
from .exchange import exchange_sets
from .lagrangian import lagrangian_bound
from .problem import AllocationProblem, with_the_rest


def insert_by_regret(problem: AllocationProblem, usable: np.ndarray, work: int, control: Control) -> np.ndarray:
    """Return a shelter or -1 for each group, (g,), with as many people placed as the exchanges find room for.

    ``work`` is the number of combinations of groups that the exchanges may look at.
    """
    wanted = int(problem.sizes[usable.any(axis=1)].sum())
    room = int(np.floor(problem.capacity[usable.any(axis=0)]).sum())
    staying = max(0, wanted - room)
    shelter_of = _fill(problem, usable, _by_regret(problem, usable, staying, control), control)
    if wanted - int(problem.sizes[shelter_of >= 0].sum()) == staying:
        return shelter_of
    return _fill(problem, usable, _more_people(problem, usable, shelter_of, work, control), control)


def _by_regret(problem: AllocationProblem, usable: np.ndarray, staying: int, control: Control) -> np.ndarray:
    """Place the groups that lose most without their best choice first, each where it is cheapest at the prices."""
    extended = with_the_rest(problem, usable, staying)
    pairs = extended.usable()
    lagrangian = lagrangian_bound(extended, pairs, control=control)
    second = np.partition(lagrangian.excess, 1, axis=1)[:, 1]
    priced = extended.cost + lagrangian.prices * extended.room_taken
    room = extended.capacity.copy()
    shelter_of = np.full(len(problem.sizes), -1, dtype=np.int64)
    for i in np.argsort(-second, kind="stable").tolist():
        fits = np.flatnonzero(pairs[i] & (extended.room_taken[i] <= room))
        if len(fits):
            shelter_of[i] = fits[np.argmin(priced[i, fits])]
            room[shelter_of[i]] -= extended.room_taken[i, shelter_of[i]]
    shelter_of[shelter_of == len(problem.capacity)] = -1
    return shelter_of


def _fill(problem: AllocationProblem, usable: np.ndarray, shelter_of: np.ndarray, control: Control) -> np.ndarray:
    """Let groups that wait come in, in place of a smaller one where need be, at the least cost a person."""
    shelter_of, taken = shelter_of.copy(), problem.room_taken
    placed = np.flatnonzero(shelter_of >= 0)
    room = problem.capacity - np.bincount(shelter_of[placed], taken[placed, shelter_of[placed]], len(problem.capacity))
    changed = True
    while changed:
        changed = False
        for j in np.argsort(-room, kind="stable").tolist():
            control.stop_if_cancelled()
            while _let_in(problem, usable, taken, room, shelter_of, j):
                changed = True
    return shelter_of


def _let_in(
    problem: AllocationProblem, usable: np.ndarray, taken: np.ndarray, room: np.ndarray, shelter_of: np.ndarray, j: int
) -> bool:
    if room[j] < 1:
        return False
    waiting, here = np.flatnonzero((shelter_of < 0) & usable[:, j]), np.flatnonzero(shelter_of == j)
    leaving, saved = np.append(taken[here, j], 0.0), np.append(problem.cost[here, j], 0.0)  # the last: nobody leaves
    more = taken[waiting, j][None, :] - leaving[:, None]
    fits = (more > 0) & (more <= room[j])
    if not fits.any():
        return False
    price = np.full(more.shape, np.inf)
    np.divide(problem.cost[waiting, j][None, :] - saved[:, None], more, out=price, where=fits)
    out, comes = np.unravel_index(price.argmin(), price.shape)
    shelter_of[waiting[comes]] = j
    if out < len(here):
        shelter_of[here[out]] = -1
    room[j] -= more[out, comes]
    return True


def _more_people(
    problem: AllocationProblem, usable: np.ndarray, shelter_of: np.ndarray, work: int, control: Control
) -> np.ndarray:
    """Exchange groups so that fewer people wait, whatever that costs."""
    behind = len(problem.capacity)
    extended = with_the_rest(problem, usable, int(problem.sizes.sum()))
    waiting = np.zeros(extended.cost.shape)
    waiting[:, behind] = problem.sizes
    extended = replace(extended, cost=waiting)
    start = np.where(shelter_of < 0, behind, shelter_of)
    found = exchange_sets(extended, extended.usable(), start, work, control)
    return np.where(found == behind, -1, found)
