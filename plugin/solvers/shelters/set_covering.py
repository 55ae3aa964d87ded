"""Which sites to open for coverage alone: the fewest sites that shelter a number of people, or the most people."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from ..control import Control
from ..dependencies import require
from ..location.coverage import Coverage
from ..mip.program import new_variable
from ..mip.solve import solve_program
from .stage import SITES, UNCOVERED, Stage

MOST_ATTEMPTS = 25
LARGEST_PROGRAM = 150_000  # pairs above which the integer program takes too long and too much memory


def fewest_sites(
    coverage: Coverage, required: np.ndarray, target: int, control: Control, largest: int = LARGEST_PROGRAM
) -> tuple[np.ndarray, Stage]:
    """Return the smallest set of sites, (s,) bool, that shelters ``target`` units, with the evidence.

    Capacitated set covering: minimise Σ open_j subject to flows y[g, j] >= 0 from each group of zones to the sites in
    its reach, Σ_j y[g, j] <= people_g, Σ_g y[g, j] <= room_j * open_j, Σ y >= target.
    A set found by leaving out sites one by one is proved smallest where the largest rooms cannot do with fewer; else
    the integer program decides. Its answer is checked by exact maximum flow; a set that fails by the solver's
    tolerance is ruled out together with all its subsets, and the program solved again. With more than ``largest`` pairs
    of groups and sites it is left out.
    """
    start = time.monotonic()
    best = _leave_out(coverage, required, target, control)
    bound = _least_count(coverage.room, required, target)
    method = "largest rooms"
    if best.sum() > bound and np.count_nonzero(coverage.reach) <= largest:
        best, bound, method = _cover(coverage, required, target, best, bound, control)
    value = float(best.sum())
    return best, Stage(SITES, value, float(bound), value <= bound, method, time.monotonic() - start)


def most_people(coverage: Coverage, required: np.ndarray, max_sites: int, control: Control) -> tuple[np.ndarray, Stage]:
    """Return at most ``max_sites`` sites, (s,) bool, that shelter as many people as possible, with the evidence."""
    start = time.monotonic()
    best = _add_best(coverage, required, max_sites, control)
    reached = coverage.sheltered(best)
    ceiling = min(coverage.sheltered(np.ones(len(required), bool)), _largest(coverage.room, required, max_sites))
    method = "largest rooms"
    if reached < ceiling:
        model = CoverModel("most_people", coverage, required)
        model.problem += -model.total_flow()
        model.problem += model.count() <= max_sites, "max_sites"
        solution = solve_program(model.problem, control=control, mip_gap=0.0)
        method = solution.solver
        if solution.found:
            chosen = model.chosen()
            found = coverage.sheltered(chosen)
            if found > reached:
                best, reached = chosen, found
        if solution.bound is not None:
            ceiling = min(ceiling, int(np.floor(-solution.bound * coverage.units + 0.5)))
        ceiling = max(ceiling, reached)
    value, bound = (coverage.people(coverage.total - units) for units in (reached, ceiling))
    return best, Stage(UNCOVERED, value, bound, reached >= ceiling, method, time.monotonic() - start)


class CoverModel:
    """The PuLP model of coverage: open sites (binary) and flows from groups of zones to sites, in people."""

    def __init__(self, name: str, coverage: Coverage, required: np.ndarray) -> None:
        pulp = require("pulp", "choosing shelters")
        self._pulp = pulp
        self.problem: Any = pulp.LpProblem(name, pulp.LpMinimize)
        demand, room = coverage.group_people / coverage.units, coverage.room / coverage.units
        self.open = [
            new_variable(self.problem, f"open_{j:05d}", int(needed), 1, pulp.LpInteger)
            for j, needed in enumerate(required)
        ]
        self.flow = {}
        for g, j in zip(*(index.tolist() for index in np.nonzero(coverage.reach))):
            most = min(demand[g], room[j])
            if most > 0.0:
                self.flow[g, j] = new_variable(self.problem, f"flow_{g:05d}_{j:05d}", 0.0, float(most))
        of_group: dict[int, list[Any]] = {}
        of_site: dict[int, list[Any]] = {}
        for (g, j), flow in self.flow.items():
            of_group.setdefault(g, []).append(flow)
            of_site.setdefault(j, []).append(flow)
            self.problem += flow <= flow.upBound * self.open[j]
        for g, flows in of_group.items():
            self.problem += pulp.lpSum(flows) <= float(demand[g]), f"people_{g:05d}"
        for j, flows in of_site.items():
            self.problem += pulp.lpSum(flows) <= float(room[j]) * self.open[j], f"room_{j:05d}"

    def total_flow(self) -> Any:
        """People sheltered."""
        return self._pulp.lpSum(list(self.flow.values()))

    def count(self) -> Any:
        """Number of open sites."""
        return self._pulp.lpSum(self.open)

    def chosen(self) -> np.ndarray:
        """Return the open sites of the solution, (s,) bool."""
        return np.array([round(variable.varValue or 0) == 1 for variable in self.open], dtype=bool)

    def rule_out(self, chosen: np.ndarray) -> None:
        """Demand a site outside ``chosen``: neither this set nor any part of it shelters enough."""
        self.problem += self._pulp.lpSum([self.open[j] for j in np.flatnonzero(~chosen)]) >= 1


def _cover(
    coverage: Coverage, required: np.ndarray, target: int, best: np.ndarray, bound: int, control: Control
) -> tuple[np.ndarray, int, str]:
    pulp = require("pulp", "choosing shelters")
    model = CoverModel("fewest_sites", coverage, required)
    people = coverage.people(target)
    model.problem += model.count()
    model.problem += model.total_flow() >= people, "people_to_shelter"
    # Implied by the flows, but it lets the solver see the knapsack in the rooms.
    rooms = [(model.open[j], coverage.people(int(room))) for j, room in enumerate(coverage.room)]
    model.problem += pulp.LpAffineExpression(rooms) >= people, "rooms"
    method = ""
    for attempt in range(MOST_ATTEMPTS):
        solution = solve_program(model.problem, control=control.part(attempt / MOST_ATTEMPTS, 1.0), mip_gap=0.0)
        method = solution.solver
        if solution.bound is not None:
            bound = max(bound, min(int(np.ceil(solution.bound - 1e-6)), int(best.sum())))
        if not solution.found:
            break
        chosen = model.chosen()
        if coverage.sheltered(chosen) >= target:
            if chosen.sum() < best.sum():
                best = chosen
            break
        model.rule_out(chosen)
    return best, bound, method


def _leave_out(coverage: Coverage, required: np.ndarray, target: int, control: Control) -> np.ndarray:
    """Return a small set that shelters ``target``: all sites, less each one that is not needed, smallest first."""
    order = np.argsort(coverage.room, kind="stable")
    return coverage.without(np.ones(len(required), dtype=bool), order[~required[order]], target, control)


def _add_best(coverage: Coverage, required: np.ndarray, max_sites: int, control: Control) -> np.ndarray:
    """Return a set of at most ``max_sites`` built by adding the site that shelters most people more."""
    chosen = required.copy()
    reached = coverage.sheltered(chosen)
    while chosen.sum() < max_sites:
        gain, site = 0, None
        for j in np.argsort(-coverage.room, kind="stable"):
            if chosen[j] or coverage.room[j] <= gain:
                continue
            control.stop_if_cancelled()
            chosen[j] = True
            more = coverage.sheltered(chosen) - reached
            chosen[j] = False
            if more > gain:
                gain, site = more, j
        if site is None:
            break
        chosen[site] = True
        reached += gain
    return chosen


def _least_count(room: np.ndarray, required: np.ndarray, target: int) -> int:
    """Return how many sites any set needs at least: the required ones and the largest rooms besides."""
    count, missing = int(required.sum()), target - int(room[required].sum())
    for more in np.sort(room[~required])[::-1]:
        if missing <= 0:
            break
        missing -= int(more)
        count += 1
    return count


def _largest(room: np.ndarray, required: np.ndarray, max_sites: int) -> int:
    """Return the most units that the rooms of ``max_sites`` sites can hold, the required ones among them."""
    others = np.sort(room[~required])[::-1][: max(0, max_sites - int(required.sum()))]
    return int(room[required].sum() + others.sum())
