"""Which sites to open for the least travel: a capacitated location problem, bounded, reduced by proof, then solved."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..control import Control
from ..dependencies import require
from ..location.coverage import Coverage
from ..location.exchange import SiteSet, better_rounded, exchange_sites, fixed_by_price, serve_set
from ..location.location_problem import LinearRelaxation, LocationProblem, flows_to, linear_relaxation
from ..mip.equal_plans import fixed_weights, held, settle
from ..mip.linear import PRICED
from ..mip.program import new_variable
from ..mip.solution import Solution
from ..mip.solve import solve_program
from .set_covering import LARGEST_PROGRAM
from .stage import TRAVEL, TRAVEL_AND_SITES, Stage

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

    At most ``problem.max_sites`` sites; where opening a site has a cost, the least of both together. A linear
    relaxation bounds the answer from below and exchanges of sites improve ``start`` from above; a site whose reduced
    cost exceeds the difference is closed (or open) in every better set, which is the proof by which it leaves the
    integer program. What is left goes to the solver.
    """
    began = time.monotonic()
    best = serve_set(problem, start, control)
    control.progress(0.05, "Bounding the travel time")

    def enough(relaxation: LinearRelaxation) -> bool:
        """Whether what the relaxation suggests is near enough to its bound; rounds take long where pairs are many."""
        nonlocal best
        best = better_rounded(problem, coverage, target, best, relaxation, control)
        return best.value - relaxation.bound <= control.effort.mip_gap * best.value

    relaxation = linear_relaxation(problem, control, enough if len(problem.zone) > ALL_LINKED else None)
    bound, method = relaxation.bound, "linear relaxation"
    if best.value - bound > control.effort.mip_gap * best.value:
        control.progress(0.15, "Exchanging sites")
        best = exchange_sites(problem, coverage, target, best, relaxation, control)
    if best.value - bound > control.effort.mip_gap * best.value and not control.effort.passed():
        best, bound, method = _by_program(problem, coverage, target, best, relaxation, control)
    bound = best.value if best.value - bound <= 1e-9 * best.value else bound  # equal but for floating point
    proved = best.value - bound <= control.effort.mip_gap * best.value
    agreed = None
    if bound == best.value:
        agreed = _agreed(problem, coverage, target, best, relaxation, control)
    chosen = best.chosen if agreed is None else agreed
    flow, _ = flows_to(problem, chosen, control, settled=True)
    name = TRAVEL if problem.opening is None else TRAVEL_AND_SITES
    stage = Stage(name, best.value, bound, proved, method, time.monotonic() - began)
    return Location(chosen, flow, stage, agreed is not None)


def _by_program(
    problem: LocationProblem,
    coverage: Coverage,
    target: int,
    best: SiteSet,
    relaxation: LinearRelaxation,
    control: Control,
) -> tuple[SiteSet, float, str]:
    """Return what the integer program makes of a known set, the bound, and the solver's name."""
    bound, method = relaxation.bound, "linear relaxation"
    control.progress(0.3, "Choosing the sites with the least travel")
    program = _Program(problem, best.value, relaxation)
    control.log(program.sentence(best.value, bound))
    if program.pairs > LARGEST_PROGRAM:
        control.log(
            f"{program.pairs} pairs of zones and sites are too many for the integer program; the relaxation's bound "
            "stands. A lower MAX_TRAVEL_TIME leaves fewer."
        )
        return best, bound, method
    program.build()
    for _ in range(MOST_ATTEMPTS):
        program.start_from(best.chosen, best.served.flow)
        solution = program.solve(control.part(0.3, 0.9))
        method = solution.solver
        if solution.status == "infeasible":
            bound = best.value  # nothing better is left
        elif solution.bound is not None:
            bound = max(bound, min(solution.bound, best.value))
        if not solution.found:
            break
        chosen = program.chosen()
        if coverage.sheltered(chosen) < target:
            program.rule_out(chosen)
            continue
        best = min(best, serve_set(problem, chosen, control), key=lambda found: found.value)
        break
    return best, bound, method


def _agreed(
    problem: LocationProblem,
    coverage: Coverage,
    target: int,
    best: SiteSet,
    relaxation: LinearRelaxation,
    control: Control,
) -> np.ndarray | None:
    """Return the set of sites as good as ``best`` that every solver agrees on, None where it is not proved.

    Equally good flows are whole in the units of the coverage, so a pair whose price for one unit exceeds what lies
    between bound and value has none.
    """
    possible = relaxation.pair_price <= (held(best.value) - relaxation.bound) * coverage.units + PRICED
    if np.count_nonzero(possible) > MOST_PAIRS:
        return None
    program = _Program(problem, best.value, relaxation, possible)
    program.build()
    program.start_from(best.chosen, best.served.flow)
    weights = fixed_weights(len(problem.room))[list(program.open)]
    sites = list(program.open.values())
    if not settle(program.problem, sites, weights, control=control):
        return None
    chosen = program.chosen()
    if coverage.sheltered(chosen) < target or flows_to(problem, chosen, control)[1] > held(best.value):
        return None
    return chosen


class _Program:
    """The PuLP model over the sites that a set better than ``value`` may open, and the pairs that are ``possible``."""

    def __init__(
        self, problem: LocationProblem, value: float, relaxation: LinearRelaxation, possible: np.ndarray | bool = True
    ) -> None:
        self._problem, self._relaxation = problem, relaxation
        closed, self._opened = fixed_by_price(value, relaxation)
        closed &= ~problem.required
        self._sites = np.flatnonzero(~closed)
        self._fixed = int(closed.sum()), int((self._opened | problem.required).sum())
        self._keep = np.flatnonzero(~closed[problem.site] & possible)

    @property
    def pairs(self) -> int:
        """Number of pairs of zones and sites in the program."""
        return len(self._keep)

    def build(self) -> None:
        """Make the model."""
        pulp = self._pulp = require("pulp", "choosing shelters")
        self.problem: Any = pulp.LpProblem("least_travel", pulp.LpMinimize)
        self._flows: dict[int, Any] = {}
        least = (self._opened | self._problem.required).astype(int)
        self.open = {
            j: new_variable(self.problem, f"open_{j:05d}", int(least[j]), 1, pulp.LpInteger)
            for j in self._sites.tolist()
        }
        self._rows(self._problem, self._relaxation, self._keep)

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
        opening = problem.site_cost
        model += pulp.LpAffineExpression(
            cost + [(variable, float(opening[j])) for j, variable in self.open.items() if opening[j]]
        )
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
            f"{len(self._problem.room)} sites {closed} are proved closed and {opened} open, the rest go to the solver."
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
        chosen = np.zeros(len(self._problem.room), dtype=bool)
        chosen[[j for j, variable in self.open.items() if round(variable.varValue or 0) == 1]] = True
        return chosen

    def rule_out(self, chosen: np.ndarray) -> None:
        """Demand a site outside ``chosen``, which shelters too few, as does any part of it."""
        self.problem += self._pulp.lpSum([v for j, v in self.open.items() if not chosen[j]]) >= 1
