"""The best rescue points of each number: all subsets of a single incident's, judged by the direct rule at once."""

from __future__ import annotations

import numpy as np

from ..control import Control
from ..dependencies import available
from ..errors import SolverError
from .allocation import Worth
from .choice import Choice
from .problem import MetroProblem
from .subset_program import program_choices

MOST_EXHAUSTIVE = 14  # rescue points; 16,384 subsets


def best_choices(problem: MetroProblem, *, control: Control | None = None) -> list[Choice]:
    """Return the best subset for each number of rescue points, from 1 to all.

    Better is: fewer missing units, then fewer demands without a unit on time, then the lower fitness F. One incident
    and up to 14 rescue points are gone through subset by subset; otherwise an integer program chooses.

    Raises
    ------
    MissingDependency
        When PuLP is needed and not installed.
    SolverError
        When the search ends before an answer for every number.
    """
    control = control or Control()
    if len(problem.incidents) == 1 and len(problem.stations) <= MOST_EXHAUSTIVE:
        control.log(
            f"Comparing all {2 ** len(problem.stations) - 1:,} subsets of {len(problem.stations)} rescue points."
        )
        return exhaustive_choices(problem, control=control)
    if available("pulp"):
        control.log("The best rescue points of each number come from an integer program.")
    return program_choices(problem, control=control)


def exhaustive_choices(problem: MetroProblem, *, control: Control | None = None) -> list[Choice]:
    """Return the best subsets of a single incident's rescue points by looking at every subset.

    Raises
    ------
    SolverError
        With several incidents, or more rescue points than can be gone through.
    """
    control = control or Control()
    n = len(problem.stations)
    if len(problem.incidents) != 1 or n > MOST_EXHAUSTIVE:
        raise SolverError(f"All subsets can be compared for one incident and {MOST_EXHAUSTIVE} rescue points only.")
    members = (np.arange(1, 2**n)[:, None] >> np.arange(n)) & 1 == 1
    missing = np.zeros(len(members), dtype=np.int64)
    late, penalty, cost = np.zeros_like(missing), np.zeros(len(members)), np.zeros(len(members))
    wanted = np.flatnonzero(problem.demand[0])
    for step, k in enumerate(wanted):
        control.stop_if_cancelled()
        control.progress(step / len(wanted), f"Comparing subsets for {problem.resources[k]}")
        units = _fill_all(problem, int(k), members)
        sent = units.sum(axis=1)
        missing += problem.demand[0, k] - sent
        late += ~units[:, problem.on_time[:, 0]].any(axis=1)
        penalty += units @ problem.unit_penalty[:, 0]
        cost += units @ problem.unit_cost[:, 0, k]
    fitness = problem.weight_delay * penalty + problem.weight_cost * cost
    size = members.sum(axis=1)
    out: list[Choice] = []
    # Of equal fitness the smaller subset, then the one of earlier rescue points; noise of sums must not decide.
    order = np.lexsort((np.arange(len(members)), size, np.round(fitness, 7), late, missing))
    for count in range(1, n + 1):
        best = int(order[size[order] <= count][0])
        worth = Worth(float(fitness[best]), float(penalty[best]), float(cost[best]))
        stations = tuple(np.flatnonzero(members[best]).tolist())
        out.append(Choice(count, stations, int(missing[best]), int(late[best]), worth, True))
    control.progress(1.0, "")
    return out


def _fill_all(problem: MetroProblem, k: int, members: np.ndarray) -> np.ndarray:
    """Return the units of type k by the direct rule for every subset at once, shape (subsets, i)."""
    cost, on_time = problem.combined_cost[:, 0, k], problem.on_time[:, 0]
    order = np.lexsort((~on_time, cost))
    stock = np.where(problem.reachable[:, 0], problem.inventory[:, k], 0)[order] * members[:, order]
    before = np.cumsum(stock, axis=1) - stock
    taken = np.clip(problem.demand[0, k] - before, 0, stock)
    timely = (stock > 0) & on_time[order]
    mend = np.flatnonzero(timely.any(axis=1) & ~(taken > 0)[:, on_time[order]].any(axis=1) & taken.any(axis=1))
    if len(mend):
        dearest = taken.shape[1] - 1 - np.argmax((taken[mend] > 0)[:, ::-1], axis=1)
        taken[mend, dearest] -= 1
        taken[mend, np.argmax(timely[mend], axis=1)] += 1
    units = np.empty_like(taken)
    units[:, order] = taken
    return units
