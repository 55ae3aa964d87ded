"""A lower bound of the least cost from the shelters' capacities at a price, and which pairs it rules out.

With a price p[j] >= 0 for a place at shelter j in place of its capacity, each group takes the shelter that is cheapest
to it:

    L(p) = sum_i min_j (c[i,j] + p[j] a[i,j]) - sum_j p[j] Q[j]   <=   the least cost

whatever the prices; they are improved by subgradient steps (Held, Wolfe and Crowder 1974). A pair (i, j) whose excess
``c[i,j] + p[j] a[i,j] - min_k (...)`` lifts L above the cost of a known allocation is in no allocation that is better,
so leaving it out keeps the optimum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..control import Control
from .problem import AllocationProblem

STEPS = 400
PATIENCE = 12  # steps without a better bound after which the step length is halved
SHORTEST = 1e-4  # step length at which it is enough


@dataclass(frozen=True)
class LagrangianBound:
    """Prices and what they prove.

    Attributes
    ----------
    prices : (n,) float64
        Cost of a place at each shelter.
    bound : float
        No allocation of everyone costs less.
    excess : (g, n) float64
        By how much a pair lifts the bound; infinite for pairs that cannot be used.
    """

    prices: np.ndarray
    bound: float
    excess: np.ndarray

    def keep(self, known_cost: float) -> np.ndarray:
        """Return the pairs (g, n) that an allocation at most as costly as ``known_cost`` can have."""
        return self.bound + self.excess <= known_cost + 1e-9 * (1.0 + abs(known_cost))


def lagrangian_bound(
    problem: AllocationProblem, usable: np.ndarray, aim: float | None = None, control: Control | None = None
) -> LagrangianBound:
    """Price the capacities of shelters for groups that must all be placed.

    Parameters
    ----------
    usable : (g, n) bool
        Pairs that can be used; groups without any take no part.
    aim : float, optional
        Cost of a known allocation, for the length of the steps.

    Examples
    --------
    With room for everyone at the cheapest shelter places have no price, and the bound is the least cost itself.

    >>> cost = np.array([[1.0, 4.0], [2.0, 3.0]])
    >>> problem = AllocationProblem(np.array([1, 1]), np.array([2.0, 2.0]), cost, np.ones((2, 2), dtype=bool))
    >>> found = lagrangian_bound(problem, problem.usable())
    >>> found.bound, found.prices.tolist(), found.excess.tolist()
    (3.0, [0.0, 0.0], [[0.0, 3.0], [0.0, 1.0]])
    """
    control = control or Control()
    rows = np.flatnonzero(usable.any(axis=1))
    cost = np.where(usable[rows], problem.cost[rows], np.inf)
    taken = np.where(usable[rows], problem.room_taken[rows], 0.0)
    capacity = problem.capacity.astype(float)
    here = np.arange(len(rows))
    prices = np.zeros(len(capacity))
    best_prices, best = prices, -np.inf
    priced = np.empty_like(cost)
    length, idle = 1.0, 0
    target = aim if aim is not None else float(np.where(usable[rows], problem.cost[rows], 0.0).max(axis=1).sum())
    for _ in range(STEPS):
        control.stop_if_cancelled()
        np.multiply(taken, prices, out=priced)
        priced += cost
        choice = priced.argmin(axis=1)
        bound = float(priced[here, choice].sum() - prices @ capacity)
        if bound > best + 1e-9 * (1.0 + abs(best) if np.isfinite(best) else 1.0):
            best, best_prices, idle = bound, prices, 0
        else:
            idle += 1
            if idle >= PATIENCE:
                length, idle, prices = length / 2.0, 0, best_prices
                if length < SHORTEST:
                    break
        over = np.bincount(choice, weights=taken[here, choice], minlength=len(capacity)) - capacity
        over[(prices <= 0.0) & (over < 0.0)] = 0.0  # a free place cannot get cheaper
        square = float(over @ over)
        if square == 0.0:
            break
        prices = np.maximum(0.0, prices + length * max(target - bound, 1e-3 * abs(target)) / square * over)
    priced = cost + best_prices * taken
    excess = np.full(usable.shape, np.inf)
    excess[rows] = priced - priced.min(axis=1, keepdims=True)
    return LagrangianBound(best_prices, best, excess)
