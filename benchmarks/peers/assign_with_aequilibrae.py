"""Solve a user equilibrium with AequilibraE's bi-conjugate Frank-Wolfe, on one thread.

Run by the Python of the benchmark's own virtual environment, with the files of the instance (.npz) and of the flow
(.npy) as arguments. It writes the flow on every arc and prints, as JSON, the version, the seconds of the quickest of
five runs, the relative gap that AequilibraE states and its iterations.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib.metadata import version

for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "BLOSC"):
    os.environ[f"{name}_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd
from aequilibrae.matrix import AequilibraeMatrix
from aequilibrae.paths import Graph, TrafficAssignment, TrafficClass

RUNS = 5
MOST_ITERATIONS = 5000


def graph_of(case: np.lib.npyio.NpzFile) -> Graph:
    """Return the graph of an instance; nodes count from 1."""
    columns = {name: case[name] for name in ("free_flow", "capacity", "b", "power")}
    network = pd.DataFrame(
        {
            "link_id": np.arange(1, len(case["tail"]) + 1),
            "a_node": case["tail"] + 1,
            "b_node": case["head"] + 1,
            "direction": np.ones(len(case["tail"]), dtype=np.int8),
            **columns,
        }
    )
    graph = Graph()
    graph.network = network
    graph.mode = "c"
    graph.prepare_graph(np.arange(1, int(case["zones"]) + 1))
    graph.set_graph("free_flow")
    graph.set_blocked_centroid_flows(bool(case["blocked"]))
    return graph


def matrix_of(case: np.lib.npyio.NpzFile) -> AequilibraeMatrix:
    """Return the demand between zones."""
    zones = int(case["zones"])
    matrix = AequilibraeMatrix()
    matrix.create_empty(zones=zones, matrix_names=["trips"], memory_only=True)
    matrix.index[:] = np.arange(1, zones + 1)
    demand = np.zeros((zones, zones))
    np.add.at(demand, (case["source"], case["destination"]), case["demand"])
    matrix.matrix["trips"][:, :] = demand
    matrix.computational_view(["trips"])
    return matrix


def run(case: np.lib.npyio.NpzFile) -> tuple[TrafficAssignment, float, float]:
    """Return the finished assignment, and the wall and CPU seconds of its execution alone."""
    assignment = TrafficAssignment()
    assignment.set_classes([TrafficClass("car", graph_of(case), matrix_of(case))])
    assignment.set_vdf("BPR")
    assignment.set_vdf_parameters({"alpha": "b", "beta": "power"})
    assignment.set_capacity_field("capacity")
    assignment.set_time_field("free_flow")
    assignment.set_algorithm("bfw")
    assignment.set_cores(1)
    assignment.max_iter = MOST_ITERATIONS
    assignment.rgap_target = float(case["relative_gap"])
    wall, cpu = time.perf_counter(), time.process_time()
    assignment.execute()
    return assignment, time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """Run the instance and print the figures."""
    case = np.load(sys.argv[1])
    runs = [run(case) for _ in range(RUNS)]
    assignment, wall, cpu = min(runs, key=lambda one: one[1])
    np.save(sys.argv[2], assignment.results()["PCE_AB"].sort_index().to_numpy())
    figures = {
        "version": version("aequilibrae"),
        "wall": wall,
        "cpu": cpu,
        "relative_gap": float(assignment.assignment.rgap),
        "iterations": int(assignment.assignment.iter),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
