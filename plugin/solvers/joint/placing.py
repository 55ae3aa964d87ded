"""Who goes where before streets are looked at: groups as a step-wise plan sends them, vehicles to the nearest room."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_matrix, vstack

from ..allocation.allocate import solve as allocate
from ..allocation.dividing import unproved
from ..allocation.problem import AllocationProblem
from ..control import Control
from ..errors import SolverError
from ..mip.linear import LinearProgram
from .kinds import WHERE_NEEDED
from .problem import ROUNDING, JointProblem
from .reach import Reach

MOST_PAIRS = 300_000  # of kinds of vehicles and destinations, beyond which each is placed after the other
UNPLACED = 100.0  # times the largest cost: what it costs to leave somebody behind


class Groups(NamedTuple):
    """Groups and what it costs to send them.

    Attributes
    ----------
    sizes : (g,) int64
        People.
    room : (n,) float64
    cost : (g, n) float64
        Of one person.
    allowed : (g, n) bool
        As a whole.
    """

    sizes: np.ndarray
    room: np.ndarray
    cost: np.ndarray
    allowed: np.ndarray


def people_of(problem: JointProblem, vehicles: np.ndarray) -> np.ndarray:
    """Return the people (g,) int64 of the groups in some ``vehicles`` (t,) bool."""
    sums = np.bincount(problem.group[vehicles], weights=problem.people[vehicles], minlength=problem.groups)
    return np.ceil(sums - ROUNDING).astype(np.int64)


def finite_room(room: np.ndarray, people: float) -> np.ndarray:
    """Return room (n,) with places for everybody where there is no limit."""
    return np.where(np.isfinite(room), room, max(people, 1.0))


def send_groups(groups: Groups, split: int, control: Control) -> np.ndarray:
    """Return the people (g, n) of each group sent to each destination: most people first, then least cost.

    Parameters
    ----------
    split : int
        WHOLE, WHERE_NEEDED or FREE.

    Raises
    ------
    Cancelled, SolverError
    """
    cost = np.where(groups.allowed, groups.cost, 0.0) * groups.sizes[:, None]
    problem = AllocationProblem(groups.sizes, groups.room, cost, groups.allowed, split=split)
    people = allocate(problem, control=control.unseen().unlogged()).people
    if split == WHERE_NEEDED and (text := unproved(problem, people)):
        control.log(text)
    return people


def deal(problem: JointProblem, reach: Reach, people: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Return the destination (t,) of the vehicles ``among`` (t,) bool so that groups go where ``people`` (g, n) says.

    A vehicle goes whole: of a divided group those that fit nowhere in its shares go where there is room, else nowhere.
    """
    destination = np.full(problem.vehicles, -1, dtype=np.int32)
    room = problem.room * (1.0 + ROUNDING)
    order = np.argsort(problem.group, kind="stable")
    bounds = np.searchsorted(problem.group[order], np.arange(problem.groups + 1))
    left_over = []
    for group in range(problem.groups):
        vehicles = order[bounds[group] : bounds[group + 1]]
        vehicles = vehicles[among[vehicles]]
        ends = np.flatnonzero(people[group] > 0)
        if len(ends) == 1 and people[group, ends[0]] >= problem.people[vehicles].sum() - ROUNDING:
            destination[vehicles] = ends[0]
            continue
        share = people[group].astype(np.float64)
        for vehicle in vehicles.tolist():
            size = problem.people[vehicle]
            can = ends[reach.allowed[reach.cell[vehicle], ends]]
            can = can[share[can] + ROUNDING >= size]
            if len(can):
                to = can[np.argmax(share[can] / people[group, can])]
                destination[vehicle] = to
                share[to] -= size
            else:
                left_over.append((vehicle, ends))
    free = room - problem.load(destination)
    for vehicle, ends in left_over:
        can = ends[reach.allowed[reach.cell[vehicle], ends] & (free[ends] >= problem.people[vehicle])]
        if len(can):
            to = can[np.argmin(reach.seconds[reach.cell[vehicle], can])]
            destination[vehicle] = to
            free[to] -= problem.people[vehicle]
    return destination


def place_vehicles(
    problem: JointProblem, reach: Reach, preference: np.ndarray, destination: np.ndarray, control: Control
) -> np.ndarray:
    """Return ``destination`` (t,) with those placed that have none (-1), each alone, as many people as there is room.

    Vehicles whose destination is not allowed lose it first. Where not all find room beside the others, all are placed
    anew. ``preference`` (g, n): seconds that weigh the dislike.
    """
    destination = destination.copy()
    placed = np.flatnonzero(destination >= 0)
    destination[placed[~reach.allowed[reach.cell[placed], destination[placed]]]] = -1
    destination = _drop(problem, destination)
    can = reach.somewhere
    if not (can & (destination < 0)).any():
        return destination
    beside = nearest_room(problem, reach, preference, destination, control)
    if not (can & (beside < 0)).any():
        return beside
    anew = nearest_room(problem, reach, preference, np.full(problem.vehicles, -1, dtype=np.int32), control)
    sheltered = [float(problem.people[plan >= 0].sum()) for plan in (beside, anew)]
    return anew if sheltered[1] > sheltered[0] else beside


def _drop(problem: JointProblem, destination: np.ndarray) -> np.ndarray:
    """Return ``destination`` without the last vehicles of rooms that are too full."""
    for to in np.flatnonzero(problem.load(destination) > problem.room * (1.0 + ROUNDING)).tolist():
        vehicles = np.flatnonzero(destination == to)
        sums = np.cumsum(problem.people[vehicles])
        destination[vehicles[sums > problem.room[to] * (1.0 + ROUNDING)]] = -1
    return destination


def nearest_room(
    problem: JointProblem, reach: Reach, preference: np.ndarray, destination: np.ndarray, control: Control
) -> np.ndarray:
    """Place those without a destination in the room that is left: most people, then least time and dislike.

    A transportation problem over cells and sizes of vehicles; of vehicles of one size its corners are whole, else what
    is left over is put where it fits.
    """
    destination = destination.copy()
    todo = np.flatnonzero((destination < 0) & reach.somewhere)
    free = problem.room - problem.load(destination)
    kinds, kind = np.unique(np.column_stack([reach.cell[todo], problem.people[todo]]), axis=0, return_inverse=True)
    kind = kind.ravel()
    cell, size = kinds[:, 0].astype(np.int64), kinds[:, 1]
    count = np.bincount(kind, minlength=len(kinds)).astype(np.float64)
    members = np.argsort(kind, kind="stable")
    at = np.searchsorted(kind[members], np.arange(len(kinds)))
    cost = reach.seconds[cell] + preference[reach.group[cell]]
    if reach.allowed[cell].sum() <= MOST_PAIRS:
        for k, to, vehicles in _together(reach.allowed[cell], cost, size, count, free, control):
            destination[todo[members[at[k] : at[k] + vehicles]]] = to
            at[k] += vehicles
    free = problem.room * (1.0 + ROUNDING) - problem.load(destination)
    rest = todo[destination[todo] < 0]
    for vehicle in rest[np.argsort(-problem.people[rest], kind="stable")].tolist():
        here = reach.cell[vehicle]
        can = np.flatnonzero(reach.allowed[here] & (free >= problem.people[vehicle]))
        if len(can):
            best = can[np.argmin(reach.seconds[here, can] + preference[reach.group[here], can])]
            destination[vehicle] = best
            free[best] -= problem.people[vehicle]
    return destination


def _together(
    allowed: np.ndarray, cost: np.ndarray, size: np.ndarray, count: np.ndarray, free: np.ndarray, control: Control
) -> list[tuple[int, int, int]]:
    """Return how many vehicles (third) of which kind go where: most people, then least ``cost`` (k, n) a person.

    ``size``, ``count`` (k,): people in a vehicle of each kind, and how many there are; ``free`` (n,): room.
    """
    row, to = np.nonzero(allowed)
    price = cost[row, to] * np.maximum(size[row], ROUNDING)
    behind = UNPLACED * (1.0 + price.max(initial=0.0)) * np.maximum(size, ROUNDING)
    kinds, pairs = len(count), len(row)
    columns = np.arange(pairs + kinds)
    each = coo_matrix((np.ones(len(columns)), (np.r_[row, np.arange(kinds)], columns))).tocsr()
    rooms = coo_matrix((size[row], (to, columns[:pairs])), shape=(len(free), len(columns))).tocsr()
    program = LinearProgram(
        np.r_[price, behind], np.zeros(len(columns)), np.r_[count[row], count], vstack([each, rooms]).tocsr(),
        np.r_[count, np.full(len(free), -np.inf)],
        np.r_[count, np.where(np.isfinite(free), np.maximum(free, 0.0), np.inf)],
    )  # fmt: skip
    found = program.solve(control)
    if found is None:  # everybody may stay behind
        raise SolverError("The vehicles cannot be placed. Please report the case.")
    whole = np.floor(found.x[:pairs] + 1e-6).astype(np.int64)
    some = np.flatnonzero(whole)
    return list(zip(row[some].tolist(), to[some].tolist(), whole[some].tolist()))
