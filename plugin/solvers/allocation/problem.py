"""The allocation of groups to shelters as arrays: what is asked, and what was found."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..errors import SolverError
from ..mip.solution import Solution

NO_SHELTER = "no shelter in reach"
TOO_LARGE = "group larger than any shelter in reach"
CAPACITY = "capacity"
DOORS = "doors"

WHOLE, WHERE_NEEDED, FREE = 0, 1, 2  # whether groups may be divided between shelters


@dataclass(frozen=True)
class AllocationProblem:
    """Groups of people and the shelters that may take them ([E] 3.2, eq. 5, 6, 10 and 13).

    Attributes
    ----------
    sizes : (g,) int64
        People of each group; a group of size 0 takes part in nothing.
    capacity : (n,) float64
        Room of each shelter, in people (or in the unit of ``consumption``).
    cost : (g, n) float64
        Cost of sending the whole of a group to a shelter, finite where allowed.
    allowed : (g, n) bool
        Whether a group may go to a shelter at all.
    split : int
        WHOLE: every group goes to one shelter. WHERE_NEEDED: groups larger than any shelter in reach are divided, and
        as few others as possible, so that everybody who can be placed is. FREE: any group may be divided.
    consumption : (g, n) float64, optional
        Room that a group takes at a shelter; default: its size everywhere.
    opening : (n,) float64, optional
        Cost of using a shelter at all; default: none.
    inside : (n,) float64, optional
        Room of each shelter if its doors let everybody in, at least ``capacity``; only the reasons depend on it.
        Default: ``capacity``.
    let_in : (n,) float64, optional
        How many of those who drive may come to each shelter, besides ``capacity`` for all; given together with
    drives : (g,) bool, optional
        which groups do.
    """

    sizes: np.ndarray
    capacity: np.ndarray
    cost: np.ndarray
    allowed: np.ndarray
    split: int = WHOLE
    consumption: np.ndarray | None = None
    opening: np.ndarray | None = None
    inside: np.ndarray | None = None
    let_in: np.ndarray | None = None
    drives: np.ndarray | None = None

    def __post_init__(self) -> None:
        shape = (len(self.sizes), len(self.capacity))
        for name in ("cost", "allowed", "consumption"):
            array = getattr(self, name)
            if array is not None and array.shape != shape:
                raise SolverError(f"{name} has the shape {array.shape}; {shape} is needed: groups by shelters.")
        if not np.all(np.isfinite(self.cost[self.allowed])):
            raise SolverError("The cost of an allowed pair of group and shelter is not a number.")
        if np.any(self.sizes < 0) or np.any(self.capacity < 0):
            raise SolverError("Groups and capacities cannot be negative.")
        if self.split != WHOLE and (self.consumption is not None or self.opening is not None):
            raise SolverError(
                "Groups can be divided only where each person takes one place and shelters open for free."
            )

    @property
    def room_taken(self) -> np.ndarray:
        """Room that each group takes at each shelter, shape (g, n)."""
        if self.consumption is not None:
            return self.consumption
        return np.broadcast_to(self.sizes[:, None].astype(float), self.cost.shape)

    @property
    def room(self) -> np.ndarray:
        """People of each group for whom there is room at each shelter if nobody else comes, (g, n)."""
        if self.let_in is None:
            return np.broadcast_to(self.capacity, self.cost.shape)
        return np.where(self.driving[:, None], np.minimum(self.capacity, self.let_in), self.capacity)

    @property
    def driving(self) -> np.ndarray:
        """Which groups, (g,) bool, come by the doors that ``let_in`` is about."""
        return np.zeros(len(self.sizes), dtype=bool) if self.drives is None else self.drives

    @property
    def divisible(self) -> np.ndarray:
        """Which groups, (g,) bool, may be divided in any case."""
        if self.split == WHOLE:
            return np.zeros(len(self.sizes), dtype=bool)
        largest = np.where(self.allowed, np.floor(self.room), 0.0).max(axis=1, initial=0.0)
        return (largest >= 1) & ((self.sizes > largest) | (self.split == FREE))

    def in_parts(self, people: np.ndarray) -> np.ndarray:
        """Return which groups, (g,) bool, an allocation (g, n) divides: between shelters, or some of it stay behind."""
        placed = people.sum(axis=1)
        return (placed > 0) & ((placed < self.sizes) | ((people > 0).sum(axis=1) > 1))

    def usable(self) -> np.ndarray:
        """Return the pairs (g, n) that can be part of an allocation: allowed, not empty, and room for (a part of) it.

        Leaving the others out keeps the optimum: their variable is 0 in every feasible solution.
        """
        pairs = self.allowed & (self.sizes[:, None] > 0)
        return pairs & np.where(self.divisible[:, None], self.room >= 1, self.room_taken <= self.room)

    def usable_in_parts(self) -> np.ndarray:
        """Return the pairs (g, n) that can be part of an allocation where any group may be divided."""
        return self.allowed & (self.sizes[:, None] > 0) & (self.capacity[None, :] >= 1)

    def behind_doors(self, people: np.ndarray) -> np.ndarray:
        """Return which groups (g,) would find room after an allocation (g, n) if the doors let them in."""
        if self.let_in is not None:
            free, least = self.capacity - people.sum(axis=0), self.sizes[:, None] if self.split == WHOLE else 1
            return self.driving & (self.allowed & (self.let_in < self.capacity) & (free >= least)).any(axis=1)
        if self.inside is None:
            return np.zeros(len(self.sizes), dtype=bool)
        free = self.inside - people.sum(axis=0)
        least = self.sizes[:, None] if self.split == WHOLE else 1
        return (self.allowed & (self.inside > self.capacity) & (free >= least)).any(axis=1)

    def cost_of(self, people: np.ndarray) -> float:
        """Return the cost of an allocation (g, n) but for opening, a divided group at the shares of its people."""
        group, shelter = np.nonzero(people)
        return float(self.cost[group, shelter] @ (people[group, shelter] / self.sizes[group]))


def with_the_rest(problem: AllocationProblem, usable: np.ndarray, room: int) -> AllocationProblem:
    """Return the problem with one more shelter, the last, for up to ``room`` people who stay behind at no cost.

    Only groups with a ``usable`` pair (g, n) may stay there; those without any take no part as before.
    """
    one_more = np.zeros((len(problem.sizes), 1))
    return AllocationProblem(
        sizes=problem.sizes,
        capacity=np.append(problem.capacity, float(room)),
        cost=np.hstack([problem.cost, one_more]),
        allowed=np.hstack([problem.allowed, usable.any(axis=1)[:, None]]),
        consumption=np.hstack([problem.room_taken, problem.sizes[:, None].astype(float)]),
    )


@dataclass(frozen=True)
class Allocation:
    """Who goes where, and the proof.

    Attributes
    ----------
    people : (g, n) int64
        People of each group sent to each shelter.
    reasons : tuple of str, length g
        Why (a part of) a group stays behind, "" for a group with everyone placed.
    objective : float
        Cost of the allocation, a divided group at the shares of its people.
    bound, gap : float or None
        Proven lower bound of ``objective`` for this number of people sheltered, and the gap in percent; None where the
        search ended before a proof.
    more_people : int
        How many more people at most could be sheltered; 0 when the number sheltered is proven to be the greatest.
    stages : tuple of Solution
        What the solver reported, step by step.
    """

    people: np.ndarray
    reasons: tuple[str, ...]
    objective: float
    bound: float | None
    gap: float | None
    more_people: int = 0
    stages: tuple[Solution, ...] = field(default=())

    @property
    def allocated(self) -> np.ndarray:
        """People of each group that have a place, shape (g,)."""
        return self.people.sum(axis=1)

    @property
    def load(self) -> np.ndarray:
        """People at each shelter, shape (n,)."""
        return self.people.sum(axis=0)
