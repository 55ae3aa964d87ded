"""Metro problems for the tests: the paper's case, random ones, and an exhaustive search to judge answers by."""

from __future__ import annotations

import itertools

import numpy as np

from evacuation_planner.plugin.solvers.metro.problem import DispatchObjective, MetroProblem

PUBLISHED = np.array([[100, 25, 3], [0, 0, 0], [200, 50, 9], [68, 11, 0], [0, 0, 0]])  # [M] Table 5


def make_problem(inventory, cost, demand, minutes, km=None, **objective) -> MetroProblem:
    """Build a problem from nested lists, with names S1.., E1.., R1.."""
    inventory, demand = np.array(inventory, dtype=np.int64), np.array(demand, dtype=np.int64)
    minutes = np.array(minutes, dtype=float)
    return MetroProblem(
        tuple(f"S{n + 1}" for n in range(inventory.shape[0])),
        tuple(f"E{n + 1}" for n in range(demand.shape[0])),
        tuple(f"R{n + 1}" for n in range(inventory.shape[1])),
        inventory,
        np.array(cost, dtype=float),
        demand,
        minutes,
        np.zeros_like(minutes) if km is None else np.array(km, dtype=float),
        DispatchObjective(**objective),
    )


def nanjing() -> MetroProblem:
    """A case of the paper's size whose optimum is the published answer (the numbers of the sample case)."""
    return make_problem(
        [[100, 25, 3], [150, 40, 6], [200, 50, 9], [120, 30, 5], [220, 60, 10]],
        [[38, 45, 165], [47, 56, 175], [40, 48, 168], [44, 52, 172], [40, 48, 170]],
        [[368, 86, 12]],
        [[4.1], [7.8], [7.6], [11.7], [22.1]],
    )


def random_problem(
    rng: np.random.Generator, stations: int, incidents: int, types: int, stock: int = 6, demand: int = 8
) -> MetroProblem:
    """Draw a problem; some ways are missing, some deliveries are late, some demands exceed the stock."""
    return make_problem(
        rng.integers(0, stock, (stations, types)),
        rng.integers(0, 30, (stations, types)),
        rng.integers(0, demand, (incidents, types)),
        np.where(rng.random((stations, incidents)) < 0.1, np.inf, rng.uniform(2.0, 50.0, (stations, incidents))),
        rng.uniform(1.0, 20.0, (stations, incidents)),
        cost_per_km=float(rng.integers(0, 2)),
    )


def exhaustive(problem: MetroProblem) -> tuple[int, int, float, int]:
    """Return the best (missing units, demands without one on time, fitness) of all allocations, and how many reach it.

    Goes type by type, which is valid as types share nothing; for tiny problems only.
    """
    totals, ways, objective = np.zeros(3), 1, problem.objective
    stations, incidents = problem.minutes.shape
    for k in range(len(problem.resources)):
        best, count = None, 0
        ranges = [
            range(int(min(problem.inventory[i, k], problem.demand[j, k])) + 1 if problem.reachable[i, j] else 1)
            for i in range(stations)
            for j in range(incidents)
        ]
        for choice in itertools.product(*ranges):
            x = np.array(choice).reshape(stations, incidents)
            if (x.sum(axis=1) > problem.inventory[:, k]).any() or (x.sum(axis=0) > problem.demand[:, k]).any():
                continue
            missing = int((problem.demand[:, k] - x.sum(axis=0)).sum())
            late = sum(problem.demand[j, k] > 0 and not x[problem.on_time[:, j], j].any() for j in range(incidents))
            fitness = 0.0
            for i, j in np.argwhere(x > 0):  # the objective written out, apart from the module's own arrays
                over = max(0.0, problem.minutes[i, j] - objective.limit)
                beta = 0 if over <= 0 else 1 if over <= 5 else 2 if over <= 10 else 10 if over <= 20 else 100
                cost = problem.use_cost[i, k] + objective.cost_per_km * problem.km[i, j]
                fitness += x[i, j] * (objective.weight_delay * beta * over + objective.weight_cost * cost)
            key = (missing, int(late), round(fitness, 6))
            if best is None or key < best:
                best, count = key, 0
            count += key == best
        totals += best
        ways *= count
    return int(totals[0]), int(totals[1]), float(totals[2]), ways
