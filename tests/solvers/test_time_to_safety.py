"""Time to safety: both quantities, and arrivals, equal those on a time-expanded graph."""

from __future__ import annotations

import numpy as np
import pytest

nx = pytest.importorskip("networkx")
pytest.importorskip("scipy")

from evacuation_planner.plugin.solvers.routing.shared.closings import Closings
from evacuation_planner.plugin.solvers.safety.solve import time_to_safety

# Levels of the time-expanded graph: 2 k is the moment k, 2 k - 1 any moment shortly before it.
FIRST, LAST = -160, 360
SAFE = "safe"


def random_case(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 8))
    m = int(rng.integers(n, 3 * n))
    tail, head = rng.integers(0, n, m), rng.integers(0, n, m)
    travel = rng.choice([0, 4, 8, 12, 16], m, p=[0.1, 0.3, 0.3, 0.2, 0.1])
    k = int(rng.integers(0, 2 * m))
    arc = np.sort(rng.integers(0, m, k))
    begin = rng.choice([0.0, 0.25, 0.5, 0.75], k)
    end = np.minimum(begin + rng.choice([0.25, 0.5, 1.0], k), 1.0)
    catches = rng.random(k) < 0.5
    since = np.where(rng.random(k) < 0.1, -np.inf, rng.integers(0, 60, k))
    lasting = rng.choice([1.0, 5.0, 20.0, np.inf], k)
    until = np.where(
        catches, np.inf, np.where(since == -np.inf, rng.integers(0, 40, k), np.maximum(since, 0) + lasting)
    )
    reached = np.where(rng.random(n) < 0.3, rng.integers(0, 60, n), np.inf)
    safe = rng.choice(n, int(rng.integers(1, 3)), replace=False)
    closings = Closings(arc.astype(np.int32), begin, end, since, until, catches, reached, np.full(n, np.inf))
    return tail, head, travel.astype(float), closings, safe


def may_enter(closings, arc, share, level, travel):
    """Whether who is at ``share`` of an arc at a level may drive on to its end."""
    for k in np.flatnonzero(closings.arc == arc).tolist():
        to_begin = level + 2 * (closings.begin[k] - share) * travel
        to_end = level + 2 * (closings.end[k] - share) * travel
        since, until = 2 * closings.since[k], 2 * closings.until[k]
        if closings.begin[k] >= share and since <= to_begin < until:
            return False
        if closings.catches[k] and closings.end[k] > share and to_end > since:
            return False
        if closings.catches[k] and closings.end[k] == 1.0 and level + 2 * (1 - share) * travel > since:
            return False
    return True


def time_expanded(tail, head, travel, closings, safe):
    """Return the graph of places at levels; who is at the end of an arc may wait there until the hazard comes."""
    graph = nx.DiGraph()
    graph.add_node(SAFE)
    at_end = closings.catches & (closings.end == 1.0)
    last = [min(2 * closings.since[at_end & (closings.arc == e)], default=np.inf) for e in range(len(tail))]
    for level in range(FIRST, LAST + 1):
        for e in range(len(tail)):
            arrived = int(level + 2 * travel[e])
            if arrived <= LAST and may_enter(closings, e, 0.0, level, travel[e]):
                if level <= 2 * closings.start_reached[tail[e]]:
                    graph.add_edge(("start", tail[e], level), ("end", e, arrived))
                for before in np.flatnonzero(head == tail[e]).tolist():
                    if level <= last[before]:
                        graph.add_edge(("end", before, level), ("end", e, arrived))
            if may_enter(closings, e, 0.5, level, travel[e]):
                graph.add_edge(("middle", e, level), ("end", e, int(level + travel[e])))
            if level + 1 <= last[e]:
                graph.add_edge(("end", e, level), ("end", e, level + 1))
            if head[e] in safe:
                graph.add_edge(("end", e, level), SAFE)
        for v in range(len(closings.start_reached)):
            if level + 1 <= 2 * closings.start_reached[v]:
                graph.add_edge(("start", v, level), ("start", v, level + 1))
            if v in safe:
                graph.add_edge(("start", v, level), SAFE)
    return graph


def last_level(good, kind, number):
    """Return the last level at which a place is among the good ones; the horizon stands for ever."""
    levels = [level for level in range(FIRST, LAST + 1) if (kind, number, level) in good]
    if not levels:
        return -np.inf
    return np.inf if levels[-1] > LAST - 180 else np.ceil(levels[-1] / 2)


@pytest.mark.parametrize("seed", range(25))
def test_both_quantities_equal_those_on_a_time_expanded_graph(seed):
    tail, head, travel, closings, safe = random_case(seed)
    found = time_to_safety(tail, head, travel, closings, safe, np.arange(len(safe)))
    plain = nx.MultiDiGraph()
    plain.add_nodes_from(range(len(closings.start_reached)))
    plain.add_weighted_edges_from((b, a, t) for a, b, t in zip(tail.tolist(), head.tolist(), travel.tolist()))
    quickest = nx.multi_source_dijkstra_path_length(plain, set(safe.tolist()))
    nodes = range(len(closings.start_reached))
    assert found.nodes.seconds.tolist() == pytest.approx([quickest.get(v, np.inf) for v in nodes], abs=1e-6)
    expected = [travel[e] / 2 + quickest.get(int(head[e]), np.inf) for e in range(len(tail))]
    assert found.middles.seconds.tolist() == pytest.approx(expected, abs=1e-6)
    graph = time_expanded(tail, head, travel, closings, safe)
    good = nx.ancestors(graph, SAFE)
    for v in nodes:
        assert found.nodes.latest[v] == pytest.approx(last_level(good, "start", v), abs=1e-6), f"node {v}"
    for e in range(len(tail)):
        assert found.middles.latest[e] == pytest.approx(last_level(good, "middle", e), abs=1e-6), f"arc {e}"


@pytest.mark.parametrize("seed", range(60, 72))
def test_arrivals_equal_those_on_a_time_expanded_graph(seed):
    tail, head, travel, closings, safe = random_case(seed)
    found = time_to_safety(tail, head, travel, closings, safe, np.arange(len(safe)))
    graph = time_expanded(tail, head, travel, closings, safe)
    rng = np.random.default_rng(seed)
    n = len(closings.start_reached)
    node, ready = rng.integers(0, n, 12), rng.integers(0, 50, 12).astype(float)
    arrival = found.arrivals(node, ready)
    for v, r, a in zip(node.tolist(), ready.tolist(), arrival.tolist()):
        there = nx.descendants(graph, ("start", v, int(2 * r))) if ("start", v, int(2 * r)) in graph else set()
        ends = [p[2] for p in there if p[0] == "end" and head[p[1]] in safe]
        expected = r if v in safe else min(ends, default=np.inf) / 2
        if np.isfinite(expected) or np.isfinite(a):
            assert a == pytest.approx(expected, abs=1e-6)


def test_the_place_is_one_that_can_be_reached_when_one_leaves_last():
    for seed in range(40):
        tail, head, travel, closings, safe = random_case(seed)
        found = time_to_safety(tail, head, travel, closings, safe, np.arange(len(safe)))
        for place in range(len(safe)):
            alone = time_to_safety(tail, head, travel, closings, safe[[place]], [0])
            for whole, one in ((found.nodes, alone.nodes), (found.middles, alone.middles)):
                of = whole.place == place
                assert one.latest[of].tolist() == whole.latest[of].tolist()
                of = whole.nearest == place
                assert one.seconds[of].tolist() == pytest.approx(whole.seconds[of].tolist())
        assert ((found.nodes.place < 0) == (found.nodes.latest == -np.inf)).all()


def test_the_nearest_place_where_its_way_is_open_when_one_leaves_last():
    """The own road closes at 100; place 1 is 200 s farther, but its road never closes."""
    tail, head = np.array([0, 1, 1]), np.array([1, 2, 3])
    one = np.full(2, 1.0)
    closings = Closings(
        np.array([0, 1], dtype=np.int32), 0 * one, one, np.array([100.0, 500.0]), np.inf * one, one > 0,
        np.full(4, np.inf), np.full(4, np.inf),
    )  # fmt: skip
    found = time_to_safety(tail, head, np.array([20.0, 30.0, 230.0]), closings, [2, 3], [0, 1])
    assert found.nodes.latest.tolist() == [80.0, np.inf, np.inf, np.inf]
    assert found.nodes.place.tolist() == [0, 1, 0, 1]
    assert found.nodes.nearest.tolist() == [0, 0, 0, 1]


def test_no_roads_and_nowhere_safe():
    nothing = np.empty(0, dtype=np.int64)
    found = time_to_safety(nothing, nothing, np.empty(0), Closings.none(2), [0], [0])
    assert found.nodes.seconds.tolist() == [0.0, np.inf] and found.nodes.place.tolist() == [0, -1]
    found = time_to_safety(np.array([0]), np.array([1]), np.ones(1), Closings.none(2), nothing, nothing)
    assert (found.nodes.seconds == np.inf).all() and (found.middles.latest == -np.inf).all()
    assert found.arrivals([0], [5.0]).tolist() == [np.inf]
