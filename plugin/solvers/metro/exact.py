"""The exact allocation for one or several incidents, [M] section 4.1.2: an integer program for each type."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..control import Control
from ..dependencies import require
from ..errors import SolverError
from ..mip.equal_plans import MAY_DIFFER, SETTLED, fixed_weights, settle
from ..mip.program import new_variable
from ..mip.solution import Solution
from ..mip.solve import solve_program
from .dispatch import Dispatch, fitness_of
from .problem import MetroProblem

NOTHING = "nothing to solve"  # instead of a solver


@dataclass(frozen=True)
class _Piece:
    """One type's answer: units (i, j), the proven bound of its fitness, the solver's name, whether all agree on it."""

    units: np.ndarray
    bound: float | None
    solver: str
    settled: bool


def solve_exact(problem: MetroProblem, *, control: Control | None = None) -> Dispatch:
    """Allocate at the least fitness, serving as much of the demand as the stocks allow.

    Types share neither stock nor constraint, so each is a program of its own:

    .. math:: \\min \\sum_{ij} (\\eta_1 \\beta_{ij} \\max(0, t_{ij} - T) + \\eta_2 c_{ijk}) x_{ijk}

    subject to :math:`\\sum_i x_{ijk} = d_{jk}`, :math:`\\sum_j x_{ijk} \\le p_{ik}` and
    :math:`\\sum_{i: t_{ij} \\le T} x_{ijk} \\ge 1` for each demanded type ([M] prints :math:`\\ge d` for the first;
    as no unit has a negative cost, no surplus is ever worth sending). Where that cannot be met, three steps in order
    of rank: fewest missing units, then fewest incidents without a unit on time, then the least fitness.

    Parameters
    ----------
    problem : MetroProblem
    control : Control, optional
        Its effort is that of each type's program, its fence for all together. Default: normal, without a fence.

    Raises
    ------
    MissingDependency
        When PuLP is not installed.
    SolverError
        When the search ends before every type has an allocation.

    Examples
    --------
    Ten minutes late, a unit costs 2 · 10 more (β = 2), so that only what must comes from B: 0.7 · 2 · 20 + 0.3 · 7 · 2.

    >>> stock, cost, wanted = np.array([[5], [9]]), np.array([[2.0], [2.0]]), np.array([[7]])
    >>> minutes = np.array([[20.0], [30.0]])
    >>> problem = MetroProblem(("A", "B"), ("fire",), ("mask",), stock, cost, wanted, minutes, minutes)
    >>> best = solve_exact(problem)
    >>> best.units[:, 0, 0].tolist(), round(best.fitness.total, 6), best.proved
    ([5, 2], 32.2, True)
    """
    control = control or Control()
    require("pulp", "the exact allocation of metro resources")
    start = time.monotonic()
    units = np.zeros((len(problem.stations), len(problem.incidents), len(problem.resources)), dtype=np.int64)
    wanted = np.flatnonzero(problem.demand.any(axis=0))
    bounds: list[float] = []
    names: list[str] = []
    proved = settled = True
    for count, k in enumerate(wanted):
        control.stop_if_cancelled()
        inner = control.part(count / len(wanted), (count + 1) / len(wanted))
        inner.progress(0.0, f"Allocating {problem.resources[k]}")
        piece = _solve_type(problem, int(k), inner)
        units[:, :, k] = piece.units
        proved, settled = proved and piece.bound is not None, settled and piece.settled
        bounds.append(piece.bound or 0.0)
        names.append(piece.solver)
    fitness = fitness_of(problem, units)
    bound = min(fitness.total, sum(bounds)) if proved else None
    found = Dispatch(units, fitness, names[0] if names else NOTHING, bound, time.monotonic() - start)
    control.log(_sentence(found, len(wanted)))
    if names:
        control.log(SETTLED if settled else MAY_DIFFER)
    return found


def _sentence(found: Dispatch, types: int) -> str:
    """Return what was found, for the log."""
    solver = "Nothing to solve" if found.solver == NOTHING else found.solver
    state = "no bound" if found.bound is None else f"bound {found.bound:,.2f}"
    return f"{solver}: fitness {found.fitness.total:,.2f}, {state}, {types} resource type(s) in {found.seconds:.2f} s."


def _solve_type(problem: MetroProblem, k: int, control: Control) -> _Piece:
    """Solve one type: first as the paper demands, and where that is infeasible, step by step with less."""
    model = _Model(problem, k)
    if not model.pairs:
        return _Piece(np.zeros(problem.minutes.shape, dtype=np.int64), 0.0, "nothing in reach", True)
    if model.may_be_feasible():
        solution = model.solve(control)
        if solution.found:
            settled = solution.gap == 0.0 and model.settle(control)
            return _Piece(model.values(), solution.bound, solution.solver, settled)
        if solution.status != "infeasible":
            raise _not_found(problem, k)
    model = _Model(problem, k, with_shortage=True)
    proved = True
    for step in (model.least_missing, model.least_late, model.least_fitness):
        step()
        solution = model.solve(control)
        if not solution.found:
            raise _not_found(problem, k)
        if step != model.least_fitness:
            proved = proved and solution.status == "optimal"
            model.keep_objective(solution)
    settled = proved and solution.gap == 0.0 and model.settle(control)
    return _Piece(model.values(), solution.bound if proved else None, solution.solver, settled)


def _not_found(problem: MetroProblem, k: int) -> SolverError:
    return SolverError(
        f"EFFORT: the search ended before an allocation of “{problem.resources[k]}” was found. "
        f"Choose a greater EFFORT (and TIME_LIMIT; 0 = no limit)."
    )


class _Model:
    """The PuLP model of one type; ``with_shortage`` lets units be missing and incidents go without one on time."""

    def __init__(self, problem: MetroProblem, k: int, with_shortage: bool = False) -> None:
        pulp = require("pulp", "the exact allocation of metro resources")
        self.pulp, self.problem, self.k = pulp, problem, k
        self.stock = problem.inventory[:, k]
        self.demand = problem.demand[:, k]
        self.incidents = np.flatnonzero(self.demand > 0)
        self.program = pulp.LpProblem("metro_resources", pulp.LpMinimize)
        self.pairs: dict[tuple[int, int], Any] = {}
        self.by_station: dict[int, list[Any]] = {}
        self.by_incident: dict[int, list[Any]] = {int(j): [] for j in self.incidents}
        self.timely: dict[int, list[Any]] = {int(j): [] for j in self.incidents}
        for i, j in np.argwhere(problem.reachable & (self.stock > 0)[:, None] & (self.demand > 0)):
            i, j = int(i), int(j)
            most = int(min(self.stock[i], self.demand[j]))
            variable = new_variable(self.program, f"x_{i}_{j}", 0, most, pulp.LpInteger)
            self.pairs[i, j] = variable
            self.by_station.setdefault(i, []).append(variable)
            self.by_incident[j].append(variable)
            if problem.on_time[i, j]:
                self.timely[j].append(variable)
        self.missing: dict[int, Any] = {}
        self.too_late: dict[int, Any] = {}
        if with_shortage:
            for j in self.by_incident:
                most = int(self.demand[j])
                self.missing[j] = new_variable(self.program, f"missing_{j}", 0, most, pulp.LpInteger)
                self.too_late[j] = new_variable(self.program, f"too_late_{j}", 0, 1, pulp.LpInteger)
        self._constrain()

    def _constrain(self) -> None:
        for i, variables in self.by_station.items():
            if len(variables) > 1:
                self.program += self._sum(variables) <= int(self.stock[i]), f"stock_{i}"
        for j in self.by_incident:
            missing = [self.missing[j]] if self.missing else []
            too_late = [self.too_late[j]] if self.too_late else []
            self.program += self._sum(self.by_incident[j] + missing) == int(self.demand[j]), f"demand_{j}"
            self.program += self._sum(self.timely[j] + too_late) >= 1, f"on_time_{j}"
        self.least_fitness()

    def _sum(self, variables: list[Any]) -> Any:
        return self.pulp.LpAffineExpression((variable, 1) for variable in variables)

    def may_be_feasible(self) -> bool:
        """Whether neither the stocks nor a lack of anything on time rule out the full demand at first sight."""
        in_stock = self.stock > 0
        return bool(
            self.stock.sum() >= self.demand.sum()
            and all((self.problem.on_time[:, j] & in_stock).any() for j in self.incidents)
        )

    def least_missing(self) -> None:
        """Aim at the fewest missing units."""
        self.program.setObjective(self._sum(list(self.missing.values())))

    def least_late(self) -> None:
        """Aim at the fewest incidents without a unit on time."""
        self.program.setObjective(self._sum(list(self.too_late.values())))

    def least_fitness(self) -> None:
        """Aim at the least fitness."""
        cost = self.problem.combined_cost[:, :, self.k]
        terms = ((variable, float(cost[pair])) for pair, variable in self.pairs.items())
        self.program.setObjective(self.pulp.LpAffineExpression(terms))

    def keep_objective(self, solution: Solution) -> None:
        """Hold the objective of the step just solved at the (whole) value it reached."""
        reached = self.program.objective
        self.program += reached <= int(round(solution.objective or 0.0))

    def solve(self, control: Control) -> Solution:
        """Solve the model as it stands, to a gap of 0."""
        return solve_program(self.program, control=control.unlogged(), mip_gap=0.0)

    def settle(self, control: Control) -> bool:
        """Take, of the allocations as good as the one just found, the one that every solver agrees on, if proved."""
        parts, weights = list(self.pairs.values()), fixed_weights(len(self.pairs))
        return settle(self.program, parts, weights, control=control)

    def values(self) -> np.ndarray:
        """Return the units of the last solution, shape (i, j)."""
        units = np.zeros(self.problem.minutes.shape, dtype=np.int64)
        for pair, variable in self.pairs.items():
            units[pair] = int(round(variable.varValue))
        return units
