"""The direct rule: the exact optimum of a single incident without an integer program."""

from __future__ import annotations

import time

import numpy as np

from ..errors import SolverError
from .allocation import Allocation, worth_of
from .problem import MetroProblem


def solve_direct(problem: MetroProblem) -> Allocation:
    """Allocate to one incident type by type: fill from the cheapest combined unit cost, then see to one unit on time.

    With given stocks the types share nothing, and a unit costs the same whichever it is, so filling in order of
    η1 β max(0, t - T) + η2 c is optimal. Where the filled units are all late, the cheapest stocked rescue point
    within the limit takes over one unit of the dearest one used: exactly one, since it costs at least as much as
    every unit it could replace. A demand above the stock is filled as far as the stock goes.

    Raises
    ------
    SolverError
        When the problem has another number of incidents than one.
    """
    if len(problem.incidents) != 1:
        raise SolverError("The direct rule holds for one incident only; use the integer program for several.")
    start = time.monotonic()
    units = np.zeros((len(problem.stations), 1, len(problem.resources)), dtype=np.int64)
    for k in range(len(problem.resources)):
        units[:, 0, k] = _fill(
            problem.combined_cost[:, 0, k],
            np.where(problem.reachable[:, 0], problem.inventory[:, k], 0),
            problem.on_time[:, 0],
            int(problem.demand[0, k]),
        )
    worth = worth_of(problem, units)
    return Allocation(units, worth, "direct rule", worth.fitness, time.monotonic() - start)


def _fill(cost: np.ndarray, stock: np.ndarray, on_time: np.ndarray, demand: int) -> np.ndarray:
    """Return the units of one type taken from each rescue point, shape (i,)."""
    order = np.lexsort((~on_time, cost))  # of equal costs, the ones on time first
    before = np.cumsum(stock[order]) - stock[order]
    taken = np.zeros_like(stock)
    taken[order] = np.clip(demand - before, 0, stock[order])
    timely = np.flatnonzero(on_time & (stock > 0))
    if demand > 0 and len(timely) and not taken[timely].any():
        dearest = [i for i in order if taken[i] > 0][-1]
        taken[dearest] -= 1
        taken[timely[np.argmin(cost[timely])]] += 1
    return taken
