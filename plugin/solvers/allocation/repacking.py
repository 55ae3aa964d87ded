"""Placing whole groups in shelters with hardly any room to spare: shelters may be overfilled on the way, at a price.

Where nearly every place is needed, no exchange between two shelters fits any more long before all groups are placed
well, or at all. Here a shelter may take too many people, each of whom costs a price; the prices of overfilled shelters
rise until nobody is too many, and fall again to go on from there (Yagiura, Ibaraki and Glover 2004).
"""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np

from ..control import Control
from .problem import AllocationProblem

SETS = 150  # of the groups of a shelter that are tried together in an exchange with another
WORK = (100_000_000, 500_000_000, 5_000_000_000)  # pairs of such sets, by effort
STALE = 40  # rounds without a cheaper allocation after which it is enough
DEAREST = 16  # groups of a shelter that are looked at, those that save most elsewhere
RISE, FALL = 1.25, 0.7  # of the price of a person too many, from one round to the next
TOLERANCE = 1e-9


def repack(
    problem: AllocationProblem,
    usable: np.ndarray,
    shelter_of: np.ndarray,
    rounds: int,
    control: Control,
    enough: float = -np.inf,
) -> np.ndarray | None:
    """Return the cheapest allocation (g,) in which nobody is too many that was found, None where none was.

    Every group has a shelter in ``shelter_of`` (g,), any of which may be too full, and takes as many places as it has
    people. In each of the ``rounds`` groups are exchanged between two shelters until that helps nowhere. A cost of
    ``enough`` ends the search.

    Examples
    --------
    A group of 3 is too many where a group of 2 is already; exchanging them for the 4 elsewhere fills both shelters.

    >>> problem = AllocationProblem(
    ...     np.array([3, 2, 4]), np.array([4.0, 5.0]), np.array([[0.0, 1.0], [0.0, 1.0], [9.0, 0.0]]),
    ...     np.ones((3, 2), dtype=bool),
    ... )
    >>> repack(problem, problem.usable(), np.array([0, 0, 1]), 50, Control()).tolist()
    [1, 1, 0]
    """
    packing = _Packing(problem, usable, shelter_of, control.effort.pick(*WORK))
    best, least, stale = None, np.inf, 0
    for _ in range(rounds):
        packing.descend(control)
        full = packing.over > 0.0
        stale += best is not None
        if not full.any() and packing.cost < least:
            best, least, stale = packing.shelter_of.copy(), packing.cost, 0
        if stale >= STALE or packing.work < 0 or least <= enough or control.effort.passed():
            break
        if full.any():
            packing.raise_price(full, RISE)
        else:
            packing.raise_price(~full, FALL)
    return best


class _Packing:
    """An allocation on its way, with the price of a person too many at each shelter."""

    def __init__(self, problem: AllocationProblem, usable: np.ndarray, shelter_of: np.ndarray, work: int) -> None:
        self.work = work
        self._size, self._room = problem.sizes.astype(float), np.floor(problem.capacity)
        self._cost, self.shelter_of = np.where(usable, problem.cost, np.inf), shelter_of.copy()
        shelters = len(self._room)
        self._load = np.bincount(shelter_of, self._size, shelters)
        self._price = np.full(shelters, abs(self.cost) / max(float(self._size.sum()), 1.0) or 1.0)
        self._changed = np.zeros(shelters, dtype=np.int64)  # when a shelter's groups or price last changed
        self._looked = np.full((shelters, shelters), -1, dtype=np.int64)  # when a pair was last looked at
        self._now = 0

    @property
    def cost(self) -> float:
        """Cost of the allocation, without what the people too many cost."""
        return float(self._cost[np.arange(len(self.shelter_of)), self.shelter_of].sum())

    @property
    def over(self) -> np.ndarray:
        """People too many at each shelter, (n,)."""
        return np.maximum(self._load - self._room, 0.0)

    def raise_price(self, shelters: np.ndarray, factor: float) -> None:
        """Multiply the price of a person too many at some ``shelters``, (n,) bool, and look at them again."""
        self._price[shelters] *= factor
        self._now += 1
        self._changed[shelters] = self._now

    def descend(self, control: Control) -> None:
        """Exchange groups between any two shelters until no exchange helps."""
        shelters, progress = len(self._room), True
        while progress:
            progress = False
            for a in range(shelters):
                for b in range(a + 1, shelters):
                    if self._looked[a, b] >= max(self._changed[a], self._changed[b]):
                        continue
                    control.stop_if_cancelled()
                    if self.work < 0 or control.effort.passed():
                        return
                    self._looked[a, b] = self._now  # the exchange is the best of all: another is found by changing
                    progress |= self._exchange(a, b)

    def _exchange(self, a: int, b: int) -> bool:
        """Make the exchange between two shelters that saves most, if any does."""
        leaving, sets_a = self._sets(a, b)
        coming, sets_b = self._sets(b, a)
        saved = sets_a @ (self._cost[leaving, a] - self._cost[leaving, b])
        saved_back = sets_b @ (self._cost[coming, b] - self._cost[coming, a])
        moved = (sets_a @ self._size[leaving])[:, None] - sets_b @ self._size[coming]
        over_a, over_b = self._load[a] - self._room[a], self._load[b] - self._room[b]
        gain = saved[:, None] + saved_back
        self.work -= gain.size
        gain -= self._price[a] * np.maximum(over_a - moved, 0.0)
        gain -= self._price[b] * np.maximum(over_b + moved, 0.0)
        out, back = divmod(int(gain.argmax()), gain.shape[1])
        best = gain[out, back] + self._price[a] * max(over_a, 0.0) + self._price[b] * max(over_b, 0.0)
        if not best > TOLERANCE * (1.0 + np.abs(saved).max() + np.abs(saved_back).max()):
            return False
        self.shelter_of[leaving[sets_a[out] > 0.0]] = b
        self.shelter_of[coming[sets_b[back] > 0.0]] = a
        self._load[a] -= moved[out, back]
        self._load[b] += moved[out, back]
        self._now += 1
        self._changed[[a, b]] = self._now
        return True

    def _sets(self, here: int, there: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the groups (m,) that may leave one shelter for another, and sets of them (k, m), 1 for a member."""
        members = np.flatnonzero((self.shelter_of == here) & np.isfinite(self._cost[:, there]))
        if len(members) > DEAREST:
            saving = (self._cost[members, here] - self._cost[members, there]) / self._size[members]
            members = members[np.sort(np.argsort(-saving, kind="stable")[:DEAREST])]
        return members, _subsets(len(members))


@cache
def _subsets(count: int) -> np.ndarray:
    """Return the smallest sets of ``count`` things, (k, count) float64: all of a size, as long as they are few."""
    sets: list[tuple[int, ...]] = [()]
    for size in range(1, count + 1):
        more = list(combinations(range(count), size))
        if len(sets) + len(more) > SETS:
            break
        sets += more
    table = np.zeros((len(sets), count))
    for k, members in enumerate(sets):
        table[k, list(members)] = 1.0
    return table
