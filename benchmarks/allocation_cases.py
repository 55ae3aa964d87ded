"""The instances on which the allocation is measured: published ones, the paper's, and a large one that is drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.cases import SHARED
from evacuation_planner.plugin.solvers.allocation.objective import AS_PRINTED, BY_GROUPS, Objective, normalised
from evacuation_planner.plugin.solvers.allocation.problem import AllocationProblem

DATA = SHARED / "data" / "allocation"
GAP = ("a05100", "a05200", "a10100", "a20200", "b05100", "b10200", "c05100", "c05200")
SSCFLP = tuple(f"p{k}" for k in range(1, 13))
CLASSES = 5

# [E] Tables 1 to 3: people, preferences for shelters 1 and 2, kilometres to them, capacities.
PAPER_SIZES = np.array([50, 60, 40, 30, 40, 60, 50, 40, 30])
PAPER_PREFERENCE = np.array(
    [[0.8, 0.4], [0.1, 0.5], [0.5, 0.5], [0.85, 0.3], [0.75, 0.1], [0.35, 0.75], [0.95, 0.25], [0.5, 0.5], [0.75, 0.45]]
)
PAPER_KILOMETRES = np.repeat([[3.5, 7.0], [5.5, 5.0], [8.5, 7.0]], 3, axis=0)
PAPER_CAPACITY = np.array([240.0, 230.0])


def published(name: str) -> tuple[AllocationProblem, float]:
    """Return an instance of ``../shared/data/allocation`` and its published optimum."""
    return _facility_location(name) if name in SSCFLP else _generalised_assignment(name)


def _generalised_assignment(name: str) -> tuple[AllocationProblem, float]:
    numbers = np.array((DATA / "gap" / name).read_text().split(), dtype=float)
    agents, jobs = int(numbers[0]), int(numbers[1])
    cost, use = numbers[2 : 2 + 2 * agents * jobs].reshape(2, agents, jobs)
    capacity = numbers[2 + 2 * agents * jobs :]
    lines = [line.split() for line in Path(DATA / "gap" / "optima.txt").read_text().splitlines()]
    optimum = next(float(line[2]) for line in lines if line[0] == f"{name}_Min")
    everything = np.ones((jobs, agents), dtype=bool)
    return AllocationProblem(np.ones(jobs, dtype=int), capacity, cost.T, everything, consumption=use.T), optimum


def _facility_location(name: str) -> tuple[AllocationProblem, float]:
    numbers = np.array((DATA / "sscflp" / name).read_text().split(), dtype=float)
    sites, customers = int(numbers[0]), int(numbers[1])
    capacity, opening = numbers[2 : 2 + 2 * sites].reshape(2, sites)
    rest = numbers[2 + 2 * sites :]
    demand, cost = rest[:customers], rest[customers:].reshape(customers, sites)
    optimum = float((DATA / "sscflp" / "optima.txt").read_text().split()[int(name[1:]) - 1])
    everything = np.ones((customers, sites), dtype=bool)
    return AllocationProblem(demand.astype(int), capacity, cost, everything, opening=opening), optimum


def paper(weight_preference: float, weight_distance: float) -> tuple[AllocationProblem, Objective]:
    """Return the paper's case with distances scaled as printed and groups counted."""
    objective = Objective(
        1.0 - PAPER_PREFERENCE,
        normalised(PAPER_KILOMETRES, AS_PRINTED),
        PAPER_SIZES,
        weight_preference,
        weight_distance,
        BY_GROUPS,
    )
    allowed = np.ones(PAPER_PREFERENCE.shape, dtype=bool)
    return AllocationProblem(PAPER_SIZES, PAPER_CAPACITY, objective.cost, allowed), objective


def city(zones: int, shelters: int, room: float, seed: int = 1) -> AllocationProblem:
    """Return zones of five classes and shelters spread over a city 20 km wide, with places for ``room`` x the people.

    Preferences are drawn evenly; distance and dissatisfaction have weight 1, people count.
    """
    draw = np.random.default_rng(seed)
    sizes = draw.integers(5, 120, zones * CLASSES)
    share = draw.dirichlet(np.full(shelters, 4.0))
    capacity = np.floor(share * sizes.sum() * room)
    capacity[0] += np.ceil(sizes.sum() * room) - capacity.sum()
    at_zone, at_shelter = draw.random((zones, 2)) * 20.0, draw.random((shelters, 2)) * 20.0
    kilometres = np.hypot(*np.moveaxis(at_zone[:, None] - at_shelter[None], 2, 0))
    kilometres = np.repeat(kilometres, CLASSES, axis=0)
    objective = Objective(draw.random((zones * CLASSES, shelters)).round(2), normalised(kilometres), sizes)
    return AllocationProblem(sizes, capacity, objective.cost, np.ones(kilometres.shape, dtype=bool))
