"""Table 5: reverse shortest-path trees beside scipy, networkx and QGIS's own graph classes, on the same arrays."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from benchmarks import cases
from benchmarks.measuring import qgis_version, timed, version
from benchmarks.table import Table
from evacuation_planner.plugin.solvers.routing.shared.problem import RoutingProblem
from evacuation_planner.plugin.solvers.routing.shared.trees import reverse_trees

HEADER = ("network", "with", "trees", "wall ms a tree", "CPU ms a tree", "times as long (CPU)", "largest difference s")
FEW = 5  # trees that the slow peers grow
Grow = Callable[[np.ndarray], np.ndarray]


def lightest_arcs(problem: RoutingProblem) -> np.ndarray:
    """Return the arcs (k,) that are the quickest from their tail to their head, for graphs without parallel arcs."""
    order = np.lexsort((problem.cost.free_flow, problem.head, problem.tail))
    pair = problem.tail[order].astype(np.int64) * problem.nodes + problem.head[order]
    return order[np.r_[True, np.diff(pair) > 0]]


def with_scipy(problem: RoutingProblem) -> Grow:
    """Return a function that grows the trees of given destinations with scipy.sparse.csgraph."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    keep = lightest_arcs(problem)
    ends = (problem.head[keep], problem.tail[keep])
    graph = csr_matrix((problem.cost.free_flow[keep], ends), (problem.nodes, problem.nodes))
    return lambda places: dijkstra(graph, indices=places, return_predecessors=True)[0]


def with_networkx(problem: RoutingProblem) -> Grow:
    """Return the same with networkx."""
    import networkx

    keep = lightest_arcs(problem)
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(problem.nodes))
    graph.add_weighted_edges_from(
        zip(problem.head[keep].tolist(), problem.tail[keep].tolist(), problem.cost.free_flow[keep].tolist())
    )

    def grow(places: np.ndarray) -> np.ndarray:
        seconds = np.full((len(places), problem.nodes), np.inf)
        for row, place in enumerate(places.tolist()):
            found = networkx.single_source_dijkstra(graph, place)[0]
            seconds[row, list(found)] = list(found.values())
        return seconds

    return grow


def with_qgis(problem: RoutingProblem, xy: np.ndarray) -> Grow:
    """Return the same with QgsGraph and QgsGraphAnalyzer."""
    from qgis.analysis import QgsGraph, QgsGraphAnalyzer
    from qgis.core import QgsPointXY

    graph = QgsGraph()
    for x, y in xy.tolist():
        graph.addVertex(QgsPointXY(x, y))
    arcs = zip(problem.head.tolist(), problem.tail.tolist(), problem.cost.free_flow.tolist())
    for head, tail, free_flow in arcs:
        graph.addEdge(head, tail, [free_flow])

    def grow(places: np.ndarray) -> np.ndarray:
        return np.array([QgsGraphAnalyzer.dijkstra(graph, place, 0)[1] for place in places.tolist()])

    return grow


def network_rows(table: Table, label: str, roads: Any, problem: RoutingProblem) -> None:
    """Add the rows of one network."""
    places = np.unique(problem.destination).astype(np.int32)
    few = places[:FEW]
    run = timed(reverse_trees, problem, repeats=3)
    own = 1e3 * run.cpu / len(places)
    table.add(label, "this plugin", len(places), f"{1e3 * run.wall / len(places):.2f}", f"{own:.2f}", "1", "-")
    peers = (
        (f"scipy.sparse.csgraph {version('scipy')}", with_scipy, places),
        (f"networkx {version('networkx')}", with_networkx, few),
        (f"QgsGraphAnalyzer, QGIS {qgis_version()}", lambda case: with_qgis(case, roads.xy), few),
    )
    for name, prepare, those in peers:
        try:
            grow = prepare(problem)
        except ImportError as error:
            table.add(label, name, "-", "-", "-", "-", f"not installed ({error.name})")
            continue
        peer = timed(grow, those, repeats=2)
        seconds = run.result.seconds[: len(those)]
        there = np.isfinite(seconds)
        difference = np.abs(peer.result[there] - seconds[there]).max()
        cpu = 1e3 * peer.cpu / len(those)
        table.add(
            label, name, len(those), f"{1e3 * peer.wall / len(those):.2f}", f"{cpu:.2f}", f"{cpu / own:.1f}",
            f"{difference:.1e}",
        )  # fmt: skip


def tables() -> list[Table]:
    """Return the table of this module."""
    table = Table("Reverse shortest-path trees", HEADER)
    table.notes.append(
        "Time from every node to one destination, with the arc to take next, at free-flow times. Making each peer's "
        "graph from the arrays is not counted; making ours is. The plugin's trees grow on all cores, the peers' on one."
    )
    if cases.shared_cases() is None:
        table.notes.append(cases.ABSENT)
        roads = cases.sample_city()
        network_rows(table, "sample city", roads, cases.routing_problem(roads, cases.city_trips(roads, 0)))
        return [table]
    for name, places in (("TG", 60), ("NYC", 61)):
        roads = cases.network(name)
        trips = cases.shared_cases().county(roads, 0, destinations=places)
        network_rows(table, name, roads, cases.routing_problem(roads, trips))
    return [table]
