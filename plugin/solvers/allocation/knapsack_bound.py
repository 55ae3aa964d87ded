"""A lower bound where shelters cost something to open: each shelter's best whole groups at a price for each group.

With a price p[i] for placing group i instead of the rule that it has exactly one shelter, each shelter j takes the
groups that are worth most there, whole ones, and shelters are opened that hold everybody: knapsacks, one a shelter and
one of shelters.

    v[j] = opening[j] + min { sum_i (c[i,j] - p[i]) x[i] : sum_i size[i] x[i] <= Q[j], x[i] 0 or 1 }
    L(p) = sum_i p[i] + min { sum_j v[j] y[j] : sum_j Q[j] y[j] >= all people, y[j] 0 or 1 }   <=   the least cost

whatever the prices. At those of the linear relaxation L is no less than its bound, since no group is divided here;
subgradient steps (Held, Wolfe and Crowder 1974) raise it further.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..control import Control
from .problem import AllocationProblem

STEPS = (100, 400, 1500)  # by effort
WORK = (100_000_000, 1_000_000_000, 20_000_000_000)  # cells of all tables of all steps together, by effort
CELLS = 2_000_000  # of the tables of one step: where they would be more, places are counted in larger units
AIM = 0.01  # of the bound: how much higher the steps take the best possible one to lie
LENGTH, SHORTEST = 0.5, 2e-3  # of a step: the first, and that at which it is enough
PATIENCE = 12  # steps without a better bound after which the step length is halved
BETTER = 1e-5  # of the bound: a rise by less does not count as better


@dataclass(frozen=True)
class KnapsackBound:
    """Prices of the groups and what they prove.

    Attributes
    ----------
    prices : (g,) float64
        Worth of placing each group, 0 for one that can go nowhere.
    bound : float
        No allocation of everyone who can go anywhere costs less, opening included.
    value : (n,) float64
        v[j]: what opening each shelter costs, less what it is worth to have its best groups there.
    missing : (g,) float64
        1 less the shelters that take each group at these prices.
    """

    prices: np.ndarray
    bound: float
    value: np.ndarray
    missing: np.ndarray


def knapsack_bound(
    problem: AllocationProblem, usable: np.ndarray, prices: np.ndarray, control: Control | None = None
) -> KnapsackBound:
    """Price the groups, from ``prices`` (g,) on; each takes as many places as it has people.

    Parameters
    ----------
    usable : (g, n) bool
        Pairs that can be used; groups without any take no part.

    Examples
    --------
    Two groups of 2 do not fit into one shelter of 3 together, so that both shelters must open.

    >>> problem = AllocationProblem(
    ...     np.array([2, 2]), np.array([3.0, 3.0]), np.array([[0.0, 1.0], [0.0, 1.0]]), np.ones((2, 2), dtype=bool),
    ...     opening=np.array([5.0, 5.0]),
    ... )
    >>> knapsack_bound(problem, problem.usable(), np.array([5.0, 5.0])).bound
    11.0
    """
    control = control or Control()
    knapsacks = _Knapsacks(problem, usable)
    work = control.effort.pick(*WORK)
    at = best = knapsacks.bound(np.where(usable.any(axis=1), prices, 0.0))
    length, idle = LENGTH, 0
    for _ in range(control.effort.pick(*STEPS)):
        control.stop_if_cancelled()
        square = float(at.missing @ at.missing)
        if square == 0.0 or knapsacks.cells > work or control.effort.passed():
            break
        aim = best.bound + AIM * abs(best.bound)
        at = knapsacks.bound(at.prices + length * (aim - at.bound) / square * at.missing)
        idle = 0 if at.bound > best.bound + BETTER * abs(best.bound) else idle + 1
        best = max(best, at, key=lambda found: found.bound)
        if idle >= PATIENCE:
            at, length, idle = best, length / 2.0, 0
            if length < SHORTEST:
                break
    return best


def cheapest_sets(value: np.ndarray, capacity: np.ndarray, wanted: int, spare: np.ndarray | None = None) -> np.ndarray:
    """Return the sets of shelters with ``wanted`` places at the least sum of ``value`` (n,), shape (k, n) bool.

    For each of the ``spare`` (k,) numbers of places, default none, the set with so many more. Where there are very many
    places they are counted in larger units, rounded down, and a set may have somewhat too few: the sum stays a bound.

    Examples
    --------
    >>> cheapest_sets(np.array([3.0, 2.0, -1.0]), np.array([5.0, 4.0, 1.0]), 5, np.array([0, 1])).tolist()
    [[False, True, True], [True, False, True]]
    """
    places = np.floor(capacity).astype(np.int64)
    spare = np.zeros(1, dtype=np.int64) if spare is None else spare
    most = int(places.sum()) - wanted  # places that may stay closed
    unit = 1 + max(0, most) * len(value) // CELLS
    weight, room = places // unit, np.maximum(most - spare, 0) // unit
    saved = np.zeros(int(room.max(initial=0)) + 1)  # most that closing saves, by places closed
    closes = np.zeros((len(value), len(saved)), dtype=bool)
    for j in np.flatnonzero((value > 0.0) & (weight < len(saved))).tolist():
        closed = saved[: len(saved) - weight[j]] + value[j]
        closes[j, weight[j] :] = closed > saved[weight[j] :]
        saved[weight[j] :] = np.maximum(saved[weight[j] :], closed)
    opened, left = np.ones((len(spare), len(value)), dtype=bool), room.copy()
    for j in range(len(value) - 1, -1, -1):
        opened[:, j] = ~closes[j, left]
        left = np.where(opened[:, j], left, left - weight[j])
    return opened


class _Knapsacks:
    """The knapsacks of one problem, solved for all shelters at once: one group of each after the other."""

    def __init__(self, problem: AllocationProblem, usable: np.ndarray) -> None:
        self._problem, self.cells = problem, 0
        self._wanted = int(problem.sizes[usable.any(axis=1)].sum())
        self._rows = usable.any(axis=1)
        self._cost = np.where(usable, problem.cost, np.inf)
        places = np.minimum(np.floor(problem.capacity), self._wanted).astype(np.int64)
        unit = 1 + int(places.max(initial=0)) * len(places) // CELLS
        self._size, self._room = problem.sizes // unit, places // unit

    def bound(self, prices: np.ndarray) -> KnapsackBound:
        """Return L at some prices (g,)."""
        opening = np.zeros(len(self._room)) if self._problem.opening is None else self._problem.opening
        worth, taken = self._fill(prices)
        value = opening - worth
        opened = cheapest_sets(value, self._problem.capacity, self._wanted)[0]
        missing = np.where(self._rows, 1.0 - taken[:, opened].sum(axis=1), 0.0)
        return KnapsackBound(prices, float(prices.sum() + value[opened].sum()), value, missing)

    def _fill(self, prices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the most that groups are worth together at each shelter (n,), and which ones (g, n) bool.

        Groups come in by their worth for each place. A shelter is done when each group left would cost it, by the
        relaxation in which one group is divided, more than what it has already lies below the most possible.
        """
        order, size, gain, most, loss = self._sorted(prices)
        shelters, before = np.arange(len(order)), int(self._size.max(initial=0))
        cells = np.arange(int(self._room.max(initial=0)) + 1)
        table = np.zeros((len(order), before + len(cells)))
        table[:, :before] = -np.inf  # cells of less than no room, where nothing can be
        at = np.arange(len(order))[:, None] * table.shape[1] + before + cells
        steps = []
        for k in range(order.shape[1]):
            some = np.flatnonzero(loss[:, k] < most - table[shelters, before + self._room])
            if not len(some):
                break
            with_it = table.ravel()[at[some] - size[some, k, None]] + gain[some, k, None]
            without = table[some, before:]
            steps.append((some, with_it > without))
            table[some, before:] = np.maximum(with_it, without)
            self.cells += with_it.size
        left, taken = self._room.copy(), np.zeros(self._cost.shape, dtype=bool)
        for k in range(len(steps) - 1, -1, -1):
            some, takes = steps[k]
            mine = some[takes[np.arange(len(some)), left[some]]]
            taken[order[mine, k], mine] = True
            left[mine] -= size[mine, k]
        return table[shelters, before + self._room], taken

    def _sorted(self, prices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return the groups of each shelter by worth for each place (n, g), their sizes and worths in this order,
        the most that they are worth where one may be divided (n,), and what one of those from here on costs (n, g).
        """
        gain = np.maximum(prices[:, None] - self._cost, 0.0).T
        order = np.argsort(-gain / np.maximum(self._size, 0.5), axis=1, kind="stable")
        size, gain = self._size[order], np.take_along_axis(gain, order, axis=1)
        filled = np.cumsum(size, axis=1)
        whole = filled <= self._room[:, None]
        first = np.minimum(whole.sum(axis=1), order.shape[1] - 1)[:, None]  # the group that may be divided
        rest = np.where(whole.all(axis=1), 0, self._room - np.where(whole, size, 0).sum(axis=1))
        divided, its_size = np.take_along_axis(gain, first, axis=1), np.take_along_axis(size, first, axis=1)
        rate = np.where(whole.all(axis=1), 0.0, (divided / np.maximum(its_size, 1))[:, 0])  # worth of one more place
        most = np.where(whole, gain, 0.0).sum(axis=1) + rate * rest
        loss = np.where(gain > 0.0, rate[:, None] * size - gain, np.inf)
        return order, size, gain, most, np.minimum.accumulate(loss[:, ::-1], axis=1)[:, ::-1]
