"""Table 4: user equilibria of published networks, beside AequilibraE's bi-conjugate Frank-Wolfe on the same arrays.

Both run on one thread down to a relative gap of 1e-4. The gap and the objective of both flows are then worked out here,
by the same formula: ``(sum f t - sum of all trips' least times) / sum f t``.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench_venv import NoPeer, run_peer
from benchmarks.measuring import timed
from benchmarks.table import Table, outcome, seconds
from evacuation_planner.plugin.solvers.routing.cumulative.cost import ArcCost
from evacuation_planner.plugin.solvers.routing.cumulative.problem import AssignmentProblem
from evacuation_planner.plugin.solvers.routing.cumulative.solve import solve
from tests.solvers import tntp

HEADER = (
    "network", "solver", "asked", "relative gap", "objective above best known", "wall s", "CPU s", "target", "",
)  # fmt: skip
RELATIVE_GAP = 1e-4
CLOSE = 1e-4  # that the objective may lie above the best known


def assigned_by_peer(case: tntp.Instance) -> tuple[np.ndarray, dict[str, Any]]:
    """Return AequilibraE's flow (m,) and its figures."""
    zones = int(case.source.max()) + 1
    through = case.nodes - physical_nodes(case)
    with tempfile.TemporaryDirectory() as folder:
        instance, flow = Path(folder) / "instance.npz", Path(folder) / "flow.npy"
        np.savez(
            instance, tail=case.tail, head=merged(case, case.head), free_flow=case.free_flow, capacity=case.capacity,
            b=case.b, power=case.power, source=case.source, destination=merged(case, case.destination),
            demand=case.demand, zones=max(zones, through), blocked=through > 0, relative_gap=RELATIVE_GAP,
        )  # fmt: skip
        figures = run_peer("assign_with_aequilibrae.py", str(instance), str(flow), timeout=300, cwd=Path(folder))
        return np.load(flow), json.loads(figures)


def physical_nodes(case: tntp.Instance) -> int:
    """Return the number of nodes before zones were split into a node to leave and one to reach."""
    return int(case.tail.max()) + 1


def merged(case: tntp.Instance, nodes: np.ndarray) -> np.ndarray:
    """Return nodes with both halves of a split zone made one again."""
    return np.where(nodes >= physical_nodes(case), nodes - physical_nodes(case), nodes)


def evaluated(case: tntp.Instance, flow: np.ndarray) -> tuple[float, float]:
    """Return the relative gap and Beckmann's objective of a flow (m,), straight from the definitions."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    share = flow / case.capacity
    time = case.free_flow * (1 + case.b * share**case.power)
    objective = float((case.free_flow * flow * (1 + case.b * share**case.power / (case.power + 1))).sum())
    order = np.lexsort((time, case.head, case.tail))
    pair = case.tail[order].astype(np.int64) * case.nodes + case.head[order]
    keep = order[np.r_[True, np.diff(pair) > 0]]
    graph = csr_matrix((np.maximum(time[keep], 1e-12), (case.tail[keep], case.head[keep])), (case.nodes, case.nodes))
    origins, row = np.unique(case.source, return_inverse=True)
    least = dijkstra(graph, indices=origins)[row, case.destination] @ case.demand
    spent = float(flow @ time)
    return (spent - least) / spent, objective


def ours(case: tntp.Instance, relative_gap: float) -> Any:
    """Measure our assignment on one thread down to a relative gap (of the objective, which is the stricter)."""
    cost = ArcCost.bpr(case.free_flow, case.capacity, case.b, case.power)
    problem = AssignmentProblem(
        case.tail, case.head, cost, case.source, case.destination, demand=case.demand, nodes=case.nodes
    )
    return timed(solve, problem, objective="user", integer=False, threads=1, target_gap=100 * relative_gap, repeats=3)


def network_rows(table: Table, name: str, best: float) -> None:
    """Add the rows of one network."""
    case = tntp.read(name)
    runs = {gap: ours(case, gap) for gap in (RELATIVE_GAP, 1e-6)}
    try:
        flow, peer = assigned_by_peer(case)
    except NoPeer as reason:
        peer = None
        table.notes.append(f"{name}: {reason}")
    for gap, run in runs.items():
        relative, objective = evaluated(case, run.result.flow)
        target, verdict = "objective within 1e-4", outcome(objective / best - 1 <= CLOSE, 0, 0, None)
        if gap == RELATIVE_GAP:
            target += ", not slower than AequilibraE"
            close = objective / best - 1 <= CLOSE and relative <= RELATIVE_GAP
            verdict = outcome(close, run.wall, run.cpu, peer["wall"]) if peer else "no peer to compare with"
        table.add(
            name, "this plugin", f"{gap:g}", f"{relative:.1e}", f"{objective / best - 1:.1e}", seconds(run.wall),
            seconds(run.cpu), target, verdict,
        )  # fmt: skip
    if peer:
        relative, objective = evaluated(case, flow)
        solver = f"AequilibraE {peer['version']}, bi-conjugate Frank-Wolfe, {peer['iterations']} iterations"
        table.add(
            name, solver, f"{RELATIVE_GAP:g}", f"{relative:.1e}", f"{objective / best - 1:.1e}", seconds(peer["wall"]),
            seconds(peer["cpu"]), "-", "-",
        )  # fmt: skip


def tables() -> list[Table]:
    """Return the table of this module."""
    table = Table("User equilibrium (BPR), one thread", HEADER)
    if not tntp.DATA.is_dir():
        table.notes.append("The published networks of `../shared/data/traffic_assignment` are not here: not measured.")
        return [table]
    table.notes.append(
        "Quickest of three runs (AequilibraE: five); each solver stops by its own reckoning at the gap asked for, "
        "while relative gap and objective are worked out from its flow by one formula. AequilibraE's time is its "
        "`execute()` alone, without building graph and matrix; ours includes everything after the arrays."
    )
    for name, best in tntp.BEST_KNOWN.items():
        network_rows(table, name, best)
    return [table]
