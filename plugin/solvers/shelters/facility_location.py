"""Which sites to open for the least travel: a capacitated location problem, bounded, reduced by proof, then solved."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..control import Control
from ..dependencies import require
from ..mip.equal_plans import fixed_weights, held, settle
from ..mip.linear import PRICED
from ..mip.program import new_variable
from ..mip.solution import Solution
from ..mip.solve import solve_program
from .coverage import Coverage
from .exchange import exchange_sites, fixed_by_price
from .location_problem import LinearRelaxation, LocationProblem, flows_to, linear_relaxation
from .stage import Stage

ALL_LINKED = 20_000  # up to so many pairs the program gets every row flow <= most * open
MOST_ATTEMPTS = 10
MOST_PAIRS = 1_000  # above which a second solve, for the set that every solver agrees on, takes too long


@dataclass(frozen=True)
class Location:
    """A set of sites, (s,) bool, its flows, (p,), what is proved of its person-minutes; whether all agree on it."""

    chosen: np.ndarray
    flow: np.ndarray
    stage: Stage
    settled: bool


def least_travel(
    problem: LocationProblem, coverage: Coverage, target: int, start: np.ndarray, control: Control
) -> Location:
    """Return the sites and flows with the least person-minutes among the sets that shelter ``target`` units.

    At most ``problem.max_sites`` sites. A linear relaxation bounds the answer from below and exchanges of sites
    improve ``start`` from above; a site whose reduced cost exceeds the difference is closed (or open) in every better
    set, which is the proof by which it leaves the integer program. What is left goes to the solver.
    """
    began = time.monotonic()
    best, (flow, value) = start, flows_to(problem, start, control)
    control.progress(0.05, "Bounding the travel time")
    relaxation = linear_relaxation(problem, control)
    bound, method = relaxation.bound, "linear relaxation"
    if value - bound > control.effort.mip_gap * value:
        control.progress(0.15, "Exchanging sites")
        best, flow, value = exchange_sites(problem, coverage, target, best, flow, value, relaxation, control)
    if value - bound > control.effort.mip_gap * value and not control.effort.passed():
        control.progress(0.3, "Choosing the sites with the least travel")
        program = _Program(problem, value, relaxation)
        control.log(program.sentence(value, bound))
        for _ in range(MOST_ATTEMPTS):
            program.start_from(best, flow)
            solution = program.solve(control.part(0.3, 0.9))
            method = solution.solver
            if solution.status == "infeasible":
                bound = value  # nothing better is left
            elif solution.bound is not None:
                bound = max(bound, min(solution.bound, value))
            if not solution.found:
                break
            chosen = program.chosen()
            if coverage.sheltered(chosen) < target:
                program.rule_out(chosen)
                continue
            found_flow, found = flows_to(problem, chosen, control)
            if found < value:
                best, flow, value = chosen, found_flow, found
            break
    bound = value if value - bound <= 1e-9 * value else bound  # equal but for floating point
    proved = value - bound <= control.effort.mip_gap * value
    agreed = None
    if bound == value:
        agreed = _agreed(problem, coverage, target, best, flow, value, relaxation, control)
    best = best if agreed is None else agreed
    flow, _ = flows_to(problem, best, control, settled=True)
    stage = Stage("person-minutes", value, bound, proved, method, time.monotonic() - began)
    return Location(best, flow, stage, agreed is not None)


def _agreed(
    problem: LocationProblem,
    coverage: Coverage,
    target: int,
    best: np.ndarray,
    flow: np.ndarray,
    value: float,
    relaxation: LinearRelaxation,
    control: Control,
) -> np.ndarray | None:
    """Return the set of sites of ``value`` person-minutes that every solver agrees on, None where it is not proved.

    Equally good flows are whole in the units of the coverage, so a pair whose price for one unit exceeds what lies
    between bound and value has none.
    """
    possible = relaxation.pair_price <= (held(value) - relaxation.bound) * coverage.units + PRICED
    if np.count_nonzero(possible) > MOST_PAIRS:
        return None
    program = _Program(problem, value, relaxation, possible)
    program.start_from(best, flow)
    weights = fixed_weights(len(problem.room))[list(program.open)]
    sites = list(program.open.values())
    if not settle(program.problem, sites, weights, control=control):
        return None
    chosen = program.chosen()
    if coverage.sheltered(chosen) < target or flows_to(problem, chosen, control)[1] > held(value):
        return None
    return chosen


class _Program:
    """The PuLP model over the sites that a set better than ``value`` may open, and the pairs that are ``possible``."""

    def __init__(
        self, problem: LocationProblem, value: float, relaxation: LinearRelaxation, possible: np.ndarray | bool = True
    ) -> None:
        pulp = require("pulp", "choosing shelters")
        self._pulp, self._count = pulp, len(problem.room)
        closed, opened = fixed_by_price(value, relaxation)
        closed &= ~problem.required
        self._sites = np.flatnonzero(~closed)
        self._fixed = int(closed.sum()), int((opened | problem.required).sum())
        self.problem: Any = pulp.LpProblem("least_travel", pulp.LpMinimize)
        self._flows: dict[int, Any] = {}
        self.open = {
            j: new_variable(self.problem, f"open_{j:05d}", int(opened[j] or problem.required[j]), 1, pulp.LpInteger)
            for j in self._sites.tolist()
        }
        keep = np.flatnonzero(~closed[problem.site] & possible)
        self._rows(problem, relaxation, keep)

    def _rows(self, problem: LocationProblem, relaxation: LinearRelaxation, keep: np.ndarray) -> None:
        pulp, model = self._pulp, self.problem
        linked = set(keep.tolist() if len(keep) <= ALL_LINKED else relaxation.tight.tolist())
        of_zone: dict[int, list[Any]] = {}
        of_site: dict[int, list[Any]] = {}
        cost = []
        columns = (keep, problem.zone[keep], problem.site[keep], problem.minutes[keep], problem.most[keep])
        for pair, i, j, minutes, most in zip(*(column.tolist() for column in columns)):
            flow = self._flows[pair] = new_variable(model, f"flow_{i:06d}_{j:05d}", 0.0, most)
            of_zone.setdefault(i, []).append(flow)
            of_site.setdefault(j, []).append(flow)
            cost.append((flow, minutes))
            if pair in linked:
                model += pulp.LpAffineExpression([(flow, 1.0), (self.open[j], -most)]) <= 0
        model += pulp.LpAffineExpression(cost)
        for i, flows in of_zone.items():
            total = pulp.LpAffineExpression([(flow, 1.0) for flow in flows])
            people = float(problem.people[i])
            model += (total == people) if problem.all_sheltered else (total <= people)
        for j, flows in of_site.items():
            total = pulp.LpAffineExpression([(flow, 1.0) for flow in flows])
            model += total <= float(problem.room[j]) * self.open[j]
        model += pulp.lpSum(list(self.open.values())) <= problem.max_sites
        rooms = [(self.open[j], float(problem.room[j])) for j in self._sites.tolist()]
        model += pulp.LpAffineExpression(rooms) >= problem.target
        if not problem.all_sheltered:
            model += pulp.LpAffineExpression([(flow, 1.0) for flow, _ in cost]) >= problem.target

    def sentence(self, value: float, bound: float) -> str:
        """Return what is known before the solver starts."""
        closed, opened = self._fixed
        return (
            f"Least travel: {value:,.0f} person-minutes reached, {bound:,.0f} proved as a lower bound; of "
            f"{self._count} sites {closed} are proved closed and {opened} open, the rest go to the solver."
        )

    def solve(self, control: Control) -> Solution:
        """Solve the program from the values its variables hold."""
        return solve_program(self.problem, control=control, warm_start=True)

    def start_from(self, chosen: np.ndarray, flow: np.ndarray) -> None:
        """Give the solver a known solution to begin with: sites, (s,) bool, and flows, (p,)."""
        for j, variable in self.open.items():
            variable.varValue = int(chosen[j])
        for pair, variable in self._flows.items():
            variable.varValue = float(flow[pair])

    def chosen(self) -> np.ndarray:
        """Return the open sites of the solution, (s,) bool."""
        chosen = np.zeros(self._count, dtype=bool)
        chosen[[j for j, variable in self.open.items() if round(variable.varValue or 0) == 1]] = True
        return chosen

    def rule_out(self, chosen: np.ndarray) -> None:
        """Demand a site outside ``chosen``, which shelters too few, as does any part of it."""
        self.problem += self._pulp.lpSum([v for j, v in self.open.items() if not chosen[j]]) >= 1
