"""Time the allocation of metro resources: exact, its sensitivity, and by swarm, beside pyswarms' ready swarm.

Run with the project's Python: ``.venv/bin/python benchmarks/metro.py [--seeds N]``.

The small case has the size of Lu and Sun's (5 rescue points, 3 types, 1 incident); the large one is drawn.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "build" / "plugins")]
warnings.simplefilter("ignore", DeprecationWarning)

import numpy as np

from evacuation_planner.plugin.solvers.metro.exact import solve_exact
from evacuation_planner.plugin.solvers.metro.optimum import solve_direct
from evacuation_planner.plugin.solvers.metro.problem import MetroProblem
from evacuation_planner.plugin.solvers.metro.sensitivity import by_rescue_points, by_resource_types
from evacuation_planner.plugin.solvers.metro.subsets import program_choices
from evacuation_planner.plugin.solvers.metro.swarm import SwarmParameters, solve_swarm
from evacuation_planner.plugin.solvers.metro.swarm_library import quiet_logging
from evacuation_planner.plugin.solvers.metro.swarm_space import SwarmSpace
from tests.solvers.metro_cases import nanjing, random_problem


def exact(name: str, problem: MetroProblem) -> None:
    """Time the integer program."""
    start = time.perf_counter()
    dispatch = solve_exact(problem)
    seconds = time.perf_counter() - start
    state = "gap 0" if dispatch.proved else "not proved"
    print(f"exact, {name}: F = {dispatch.fitness.total:,.1f}, {state}, {seconds:.2f} s")


def sensitivity(name: str, problem: MetroProblem) -> None:
    """Time both curves: the best subset for each number of rescue points, and the number of types."""
    start = time.perf_counter()
    points = by_rescue_points(problem)
    middle = time.perf_counter()
    types = by_resource_types(problem)
    state = "all proved" if all(sample.proved for sample in (*points, *types)) else "not all proved"
    print(
        f"sensitivity, {name}: 1 to {len(points)} rescue points {middle - start:.3f} s, 1 to {len(types)} types "
        f"{time.perf_counter() - middle:.2f} s, {state}"
    )


def by_program(name: str, problem: MetroProblem) -> None:
    """Time the integer program for the rescue points where the subsets could be gone through as well."""
    start = time.perf_counter()
    choices = program_choices(problem)
    seconds = time.perf_counter() - start
    print(f"the same by the integer program, {name}: 1 to {len(choices)} rescue points {seconds:.2f} s")


def swarm(problem: MetroProblem, seeds: int, repair: bool) -> None:
    """Time our swarm with the paper's parameters."""
    optimum = solve_direct(problem).fitness.total
    gaps, seconds = [], []
    for seed in range(seeds):
        start = time.perf_counter()
        result = solve_swarm(problem, seed=seed, repair=repair)
        seconds.append(time.perf_counter() - start)
        gaps.append(100 * (result.dispatch.fitness.total / optimum - 1))
    report("swarm with repair" if repair else "swarm as published", gaps, seconds)


def ready_made(problem: MetroProblem, seeds: int) -> None:
    """Time pyswarms' GlobalBestPSO on the same space, with the same sizes and a constant inertia between the two."""
    from pyswarms.single import GlobalBestPSO

    parameters, optimum = SwarmParameters(), solve_direct(problem).fitness.total
    space = SwarmSpace.of(problem, parameters.x_max)

    def objective(position: np.ndarray) -> np.ndarray:
        fitness, violation = space.value(position)
        return np.where(violation > 0, space.ceiling + violation, fitness)

    gaps, seconds = [], []
    for seed in range(seeds):
        np.random.seed(seed)  # noqa: NPY002 - the library draws from numpy's global generator
        start = time.perf_counter()
        optimizer = GlobalBestPSO(
            parameters.particles,
            space.size,
            {"c1": parameters.c1, "c2": parameters.c2, "w": 0.65},
            bounds=(np.zeros(space.size), space.upper),
            bh_strategy="nearest",
            velocity_clamp=(-parameters.v_max, parameters.v_max),
        )
        best, _ = optimizer.optimize(objective, parameters.iterations, verbose=False)
        seconds.append(time.perf_counter() - start)
        gaps.append(100 * (best / optimum - 1) if best < space.ceiling else np.inf)
    report("pyswarms GlobalBestPSO", gaps, seconds)


def report(name: str, gaps: list[float], seconds: list[float]) -> None:
    """Print a line on the runs of one swarm."""
    hits = sum(gap < 1e-6 for gap in gaps)
    print(
        f"{name}, 200 x 1000: {min(gaps):.2f} to {max(gaps):.2f} % above the optimum, "
        f"optimal in {hits} of {len(gaps)} seeds, {np.median(seconds):.2f} s"
    )


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    seeds = parser.parse_args().seeds
    exact("5 rescue points x 3 types x 1 incident", nanjing())
    large = random_problem(np.random.default_rng(1), 200, 20, 60, stock=30, demand=60)
    exact("200 rescue points x 60 types x 20 incidents", large)
    ten = random_problem(np.random.default_rng(3), 10, 1, 10, stock=60, demand=100)
    sensitivity("10 rescue points x 10 types x 1 incident", ten)
    by_program("10 rescue points x 10 types x 1 incident", ten)
    two = random_problem(np.random.default_rng(4), 10, 2, 10, stock=60, demand=100)
    sensitivity("10 rescue points x 10 types x 2 incidents", two)
    swarm(nanjing(), seeds, repair=False)
    swarm(nanjing(), seeds, repair=True)
    with quiet_logging():
        ready_made(nanjing(), seeds)


if __name__ == "__main__":
    main()
