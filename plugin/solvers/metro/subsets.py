"""The best rescue points of each number: all subsets of a single incident's, or an integer program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..control import Control
from ..dependencies import available, require
from ..errors import SolverError
from ..mip.equal_plans import MAY_DIFFER, SETTLED, fixed_weights, settle
from ..mip.program import new_variable
from ..mip.solution import Solution
from ..mip.solve import solve_program
from .dispatch import Fitness, fitness_of
from .problem import MetroProblem


@dataclass(frozen=True)
class Choice:
    """The best of all subsets with at most ``count`` rescue points.

    Attributes
    ----------
    count : int
    stations : tuple of int
        Indices of the rescue points chosen.
    missing, late : int
        Units missing, and demands without one unit on time.
    fitness : Fitness
        Of the best allocation from these rescue points.
    proved : bool
        Whether no other subset is better.
    """

    count: int
    stations: tuple[int, ...]
    missing: int
    late: int
    fitness: Fitness
    proved: bool


def program_choices(problem: MetroProblem, *, control: Control | None = None) -> list[Choice]:
    """Return the best subset for each number of rescue points, from 1 to all.

    The program of [M] section 4.1.2 with a binary y_i for each rescue point, :math:`\\sum_j x_{ijk} \\le p_{ik} y_i`
    and :math:`\\sum_i y_i \\le n`; missing units and demands without one on time are minimised first, in this order.

    Raises
    ------
    MissingDependency
        When PuLP is not installed.
    SolverError
        When the search ends before an answer for every number.
    """
    control = control or Control()
    require("pulp", "choosing among rescue points of several incidents")
    total = len(problem.stations)
    out: list[Choice] = []
    settled = True
    for count in range(1, total + 1):
        control.stop_if_cancelled()
        inner = control.part((count - 1) / total, count / total)
        inner.progress(0.0, f"Choosing {count} of {total} rescue points")
        model = _Model(problem, count)
        out.append(model.best(inner))
        settled = settled and model.settled
    control.log(SETTLED if settled else MAY_DIFFER)
    return out


class _Model:
    """The PuLP model of one number of rescue points, all types together."""

    def __init__(self, problem: MetroProblem, count: int) -> None:
        self.pulp = require("pulp", "choosing among rescue points of several incidents")
        self.problem, self.count = problem, count
        self.settled = True
        self.program = self.pulp.LpProblem("rescue_points", self.pulp.LpMinimize)
        whole = self.pulp.LpInteger
        self.used = [new_variable(self.program, f"y_{i}", 0, 1, whole) for i in range(len(problem.stations))]
        self.units: dict[tuple[int, int, int], Any] = {}
        self.missing: list[Any] = []
        self.late: list[Any] = []
        for j, k in np.argwhere(problem.demand > 0).tolist():
            self._demand(j, k)
        sent: dict[tuple[int, int], list[Any]] = {}
        for (i, _, k), variable in self.units.items():
            sent.setdefault((i, k), []).append(variable)
        for (i, k), variables in sent.items():
            stock = int(problem.inventory[i, k])
            self.program += self._sum(variables) - stock * self.used[i] <= 0, f"stock_{i}_{k}"
        self.program += self._sum(self.used) <= count, "number"

    def _demand(self, j: int, k: int) -> None:
        problem, whole, sent, timely = self.problem, self.pulp.LpInteger, [], []
        demand = int(problem.demand[j, k])
        for i in np.flatnonzero(problem.reachable[:, j] & (problem.inventory[:, k] > 0)).tolist():
            most = int(min(problem.inventory[i, k], demand))
            variable = new_variable(self.program, f"x_{i}_{j}_{k}", 0, most, whole)
            self.units[i, j, k] = variable
            self.program += variable - most * self.used[i] <= 0, f"opened_{i}_{j}_{k}"
            sent.append(variable)
            if problem.on_time[i, j]:
                timely.append(variable)
        missing = new_variable(self.program, f"missing_{j}_{k}", 0, demand, whole)
        late = new_variable(self.program, f"late_{j}_{k}", 0, 1, whole)
        self.missing.append(missing)
        self.late.append(late)
        self.program += self._sum([*sent, missing]) == demand, f"demand_{j}_{k}"
        self.program += self._sum([*timely, late]) >= 1, f"on_time_{j}_{k}"

    def _sum(self, variables: list[Any]) -> Any:
        return self.pulp.LpAffineExpression((variable, 1) for variable in variables)

    def best(self, control: Control) -> Choice:
        """Minimise in order of rank and return what was chosen."""
        if not self.units:
            return self._choice(True)
        proved = True
        for variables in (self.missing, self.late):
            objective = self._sum(variables)
            self.program.setObjective(objective)
            solution = self._solve(control)
            proved = proved and solution.status == "optimal"
            self.program += objective <= int(round(solution.objective or 0.0))
        cost = self.problem.combined_cost
        self.program.setObjective(self.pulp.LpAffineExpression((v, float(cost[at])) for at, v in self.units.items()))
        solution = self._solve(control)
        parts = [*self.used, *self.units.values()]
        weights = fixed_weights(len(parts))
        self.settled = solution.gap == 0.0 and settle(self.program, parts, weights, control=control)
        return self._choice(proved and solution.status == "optimal")

    def _solve(self, control: Control) -> Solution:
        solution = solve_program(self.program, control=control.unlogged(), mip_gap=0.0)
        if not solution.found:
            raise SolverError(
                f"EFFORT: the search ended before the best {self.count} rescue point(s) were found. Choose a greater "
                f"EFFORT (and TIME_LIMIT; 0 = no limit)."
            )
        return solution

    def _choice(self, proved: bool) -> Choice:
        problem = self.problem
        units = np.zeros((*problem.minutes.shape, len(problem.resources)), dtype=np.int64)
        for at, variable in self.units.items():
            units[at] = int(round(variable.varValue))
        timely = (units * problem.on_time[:, :, None]).sum(axis=0)
        missing = int((problem.demand - units.sum(axis=0)).sum())
        late = int(((problem.demand > 0) & (timely == 0)).sum())
        stations = tuple(np.flatnonzero(units.any(axis=(1, 2))).tolist())
        return Choice(self.count, stations, missing, late, fitness_of(problem, units), proved)


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
    total = problem.objective.weight_delay * penalty + problem.objective.weight_cost * cost
    size = members.sum(axis=1)
    out: list[Choice] = []
    # Of equal fitness the smaller subset, then the one of earlier rescue points; noise of sums must not decide.
    order = np.lexsort((np.arange(len(members)), size, np.round(total, 7), late, missing))
    for count in range(1, n + 1):
        best = int(order[size[order] <= count][0])
        fitness = Fitness(float(total[best]), float(penalty[best]), float(cost[best]))
        stations = tuple(np.flatnonzero(members[best]).tolist())
        out.append(Choice(count, stations, int(missing[best]), int(late[best]), fitness, True))
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
