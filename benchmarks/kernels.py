"""Compile or load every kernel on a small network, and tell how long it takes with an empty cache.

Run by itself (``python benchmarks/kernels.py``), it prints the seconds that compiling or loading took.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [path for path in (str(ROOT), str(ROOT / "build" / "plugins")) if path not in sys.path]

import numpy as np


def warm_up() -> float:
    """Run every method and flow model once on a small street grid; return the seconds."""
    from benchmarks.cases import Roads, Trips, routing_problem
    from evacuation_planner.plugin.solvers.routing.cumulative.solve import solve as assign
    from evacuation_planner.plugin.solvers.routing.solve import solve
    from tests.solvers.assignment_cases import grid

    start = time.perf_counter()
    small = grid(8, 200, 3, seed=0)
    roads = Roads(np.zeros((small.nodes, 2)), small.tail, small.head, small.cost.free_flow)
    problem = routing_problem(roads, Trips(small.source, small.destination, np.linspace(0.0, 60.0, 200)))
    for flow_model in (0, 1):
        for method in range(4):
            solve(problem, method=method, flow_model=flow_model)
    for bpr in (False, True):
        case = grid(6, 40, 3, seed=0, bpr=bpr)
        assign(case.problem(background=None), target_gap=0.1)
        weighted = case.problem(background=None, demand=np.ones(len(case.source)))
        assign(weighted, objective="user", integer=False, target_gap=0.1)
    return time.perf_counter() - start


def compile_seconds() -> float:
    """Return the seconds that :func:`warm_up` takes in a fresh process with an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
        run = subprocess.run(
            [sys.executable, __file__], env=environment, capture_output=True, text=True, check=False, timeout=600
        )
    if run.returncode:
        raise RuntimeError(f"The kernels do not compile: {run.stderr.strip()[-500:]}")
    return float(run.stdout.split()[-1])


if __name__ == "__main__":
    print(f"{warm_up():.2f}")
