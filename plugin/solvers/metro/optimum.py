"""The exact answer by whatever is installed: the integer program, or the direct rule where that is exact too."""

from __future__ import annotations

import time
from typing import Callable

import numpy as np

from ..control import Control
from ..dependencies import available, how_to_install
from ..errors import SolverError
from .dispatch import Dispatch, fitness_of
from .exact import solve_exact
from .problem import MetroProblem


def solve_direct(problem: MetroProblem) -> Dispatch:
    """Allocate to one incident type by type: fill from the cheapest combined unit cost, then see to one unit on time.

    With given stocks the types share nothing, and a unit costs the same whichever it is, so filling in order of
    η1 β max(0, t - T) + η2 c is optimal. Where the filled units are all late, the cheapest stocked rescue point
    within the limit takes over one unit of the dearest one used: exactly one, since it costs at least as much as
    every unit it could replace. A demand above the stock is filled as far as the stock goes.

    Raises
    ------
    SolverError
        When the problem has another number of incidents than one.

    Examples
    --------
    Five of the cheaper ones and two of the others, all on time: 0.3 (5 · 2 + 2 · 3).

    >>> stock, cost, wanted = np.array([[5], [9]]), np.array([[2.0], [3.0]]), np.array([[7]])
    >>> minutes = np.array([[10.0], [15.0]])
    >>> problem = MetroProblem(("A", "B"), ("fire",), ("mask",), stock, cost, wanted, minutes, minutes)
    >>> best = solve_direct(problem)
    >>> best.units[:, 0, 0].tolist(), round(best.fitness.total, 6)
    ([5, 2], 4.8)
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
    fitness = fitness_of(problem, units)
    return Dispatch(units, fitness, "direct rule", fitness.total, time.monotonic() - start)


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


def solve_optimum(
    problem: MetroProblem, *, control: Control | None = None, warn: Callable[[str], None] | None = None
) -> Dispatch:
    """Return the best allocation; without PuLP a single incident is solved by the direct rule, with a warning.

    Raises
    ------
    MissingDependency
        When PuLP is not installed and there are several incidents.
    SolverError
        When the search ends before every type has an allocation.
    """
    control = control or Control()
    if len(problem.incidents) == 1 and not available("pulp"):
        if warn is not None:
            warn(
                "The Python package pulp is not installed, so the integer program was replaced by the direct rule, "
                "which is exact for a single incident. Several incidents need pulp.\n" + how_to_install("pulp")
            )
        return solve_direct(problem)
    return solve_exact(problem, control=control)
