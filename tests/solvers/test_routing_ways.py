"""What counts as one way, how few ways a plan has, and plans with a limit on ways."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import QUICK, Effort
from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.routing.evaluation import Queues, Setting
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND, roads_of
from evacuation_planner.plugin.solvers.routing.shared.approach import Approaches
from evacuation_planner.plugin.solvers.routing.shared.choices import (
    BPR,
    CUMULATIVE,
    DENSITY,
    LINEAR,
    METHOD_NAMES,
    PRESENT,
    QUEUE,
    SYSTEM_OPTIMAL,
)
from evacuation_planner.plugin.solvers.routing.shared.menu import MenuMaker
from evacuation_planner.plugin.solvers.routing.shared.problem import (
    Arcs,
    NodeSets,
    RoutingProblem,
    TripTable,
    routing_problem,
)
from evacuation_planner.plugin.solvers.routing.shared.routes import Routes, distinct
from evacuation_planner.plugin.solvers.routing.shared.trees import reverse_trees
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from evacuation_planner.plugin.solvers.routing.shared.ways import NO_WAY, SAME_AFTER, ways_of
from evacuation_planner.plugin.solvers.routing.solve import solve

MODELS = {QUEUE: LINEAR, PRESENT: DENSITY, CUMULATIVE: BPR}


def problem_of(
    roads: list[tuple[int, int, float]],
    trips: list[tuple[int, int, int]],
    inside: dict[int, list[int]] | None = None,
) -> RoutingProblem:
    """Roads (from, to, metres) at 10 m/s, trips (source, destination, origin), nodes inside each origin's area."""
    tail, head, metres = (np.array(column) for column in zip(*roads))
    cost = road_cost(LINEAR, metres / 10.0, a=0.0)
    nodes = int(max(tail.max(), head.max())) + 1
    arcs = Arcs(nodes, tail, head, cost, metres.astype(float), capacity=np.full(len(roads), 900.0))
    source, destination, origin = (np.array(column) for column in zip(*trips))
    sets = [sorted((inside or {}).get(k, [])) for k in range(origin.max() + 1)]
    flat = np.array([node for nodes in sets for node in nodes], dtype=np.int64)
    areas = NodeSets(np.r_[0, np.cumsum([len(nodes) for nodes in sets])].astype(np.int64), flat)
    return routing_problem(arcs, TripTable(source, destination, np.zeros(len(trips)), origin=origin, inside=areas))


def routes_of(problem: RoutingProblem, rows: list[list[int]]) -> Routes:
    indptr = np.r_[0, np.cumsum([len(row) for row in rows])]
    return distinct(indptr, np.array([arc for row in rows for arc in row], dtype=np.int32), problem.source)


# --- what counts as one way -------------------------------------------------------------------------------------------


def test_ways_that_are_the_same_500_m_after_the_border_are_one():
    # two starts inside (0, 1), out by 2 and by 3, both on to 4 after 300 m; by 5 one is 600 m around
    roads = [(0, 2, 900), (1, 3, 900), (2, 4, 300), (3, 4, 300), (4, 6, 5000), (3, 5, 300), (5, 4, 300)]
    problem = problem_of(roads, [(0, 6, 0), (1, 6, 0), (1, 6, 0)], {0: [0, 1, 2, 3]})
    ways = ways_of(problem, routes_of(problem, [[0, 2, 4], [1, 3, 4], [1, 5, 6, 4]]))
    assert ways.of_trip.tolist()[0] == ways.of_trip.tolist()[1] != ways.of_trip.tolist()[2]
    assert ways.begin.tolist() == [1, 1, 1]  # 2 and 3 lie inside: their last pieces inside are the first
    assert ways.part(int(ways.of_trip[0])).tolist() == [4] and ways.cut.tolist()[:2] == [2, 2]


def test_a_way_begins_where_it_leaves_the_area_for_the_last_time():
    roads = [(0, 1, 100), (1, 2, 100), (2, 3, 100), (3, 4, 100), (4, 5, 2000)]
    problem = problem_of(roads, [(0, 5, 0)], {0: [0, 2]})  # out at 1, in at 2, out at 3
    ways = ways_of(problem, routes_of(problem, [[0, 1, 2, 3, 4]]))
    assert ways.begin.tolist() == [2] and ways.cut.tolist() == [4]


def test_doors_are_different_ways_and_who_starts_at_one_has_none():
    roads = [(0, 1, 600), (0, 2, 600), (1, 3, 1), (2, 3, 1)]
    problem = problem_of(roads, [(0, 3, 0), (0, 3, 0), (3, 3, 1)])
    ways = ways_of(problem, routes_of(problem, [[0, 2], [1, 3], []]))
    assert len(set(ways.of_trip.tolist())) == 3 and ways.of_trip[2] == NO_WAY


def test_without_lengths_a_way_begins_with_its_first_piece():
    problem = problem_of([(0, 1, 100), (0, 2, 100), (1, 3, 100), (2, 3, 100)], [(0, 3, 0), (0, 3, 0)])
    routes = routes_of(problem, [[0, 2], [1, 3]])
    for length, cuts in ((problem.length, [1, 1]), (0 * problem.length, [0, 0])):
        assert ways_of(replace(problem, length=length), routes).cut.tolist() == cuts


def _brute(problem: RoutingProblem, rows: list[list[int]]) -> int:
    """Fewest common parts, by trying all choices of cuts."""
    cuts = []
    for trip, row in enumerate(rows):
        first, last = (problem.inside.start[problem.origin[trip] + k] for k in (0, 1))
        area = set(problem.inside.node[first:last].tolist())
        heads = [k for k, arc in enumerate(row) if int(problem.head[arc]) in area]
        begin = min(heads[-1] + 1 if heads else 0, len(row) - 1)
        metres, choices = 0.0, [begin]
        for k in range(begin, len(row) - 1):
            metres += float(problem.length[row[k]])
            if metres > SAME_AFTER:
                break
            choices.append(k + 1)
        pair = int(problem.origin[trip]), int(problem.destination[trip])
        cuts.append([(pair, tuple(row[k:])) for k in choices])
    return min(len(set(choice)) for choice in product(*cuts))


@pytest.mark.parametrize("seed", range(40))
def test_no_grouping_has_fewer_ways(seed):
    rng = np.random.default_rng(seed)
    # a tree towards node 0, so that many ways share their ends
    parent = [0] + [int(rng.integers(0, k)) for k in range(1, 12)]
    roads = [(k, parent[k], int(rng.choice([100, 200, 300, 700]))) for k in range(1, 12)]
    starts = rng.integers(1, 12, 6).tolist()
    problem = problem_of(roads, [(s, 0, int(rng.integers(2))) for s in starts] + [(1, 0, 1)], {0: [3, 5], 1: [2, 4]})
    rows = []
    for node in [*starts, 1]:
        row = []
        while node:
            row.append(node - 1)
            node = parent[node]
        rows.append(row)
    ways = ways_of(problem, routes_of(problem, rows))
    assert len(ways.pair) == _brute(problem, rows)
    for trip, row in enumerate(rows):
        assert row[int(ways.cut[trip]) :] == ways.part(int(ways.of_trip[trip])).tolist()


# --- plans with a limit -----------------------------------------------------------------------------------------------


def town(seed: int, kind: int = LINEAR, trips: int = 120) -> RoutingProblem:
    """A grid of streets of 300 m with two zones of nine junctions and two shelters."""
    rng = np.random.default_rng(seed)
    side = 9
    node = np.arange(side * side).reshape(side, side)
    ways = [(node[:, :-1], node[:, 1:]), (node[:-1], node[1:])]
    a, b = (np.concatenate([way[k].ravel() for way in ways]) for k in (0, 1))
    keep = rng.random(len(a)) < 0.9
    tail, head = np.r_[a[keep], b[keep]], np.r_[b[keep], a[keep]]
    free = rng.integers(15, 40, len(tail)).astype(float)
    room = np.full(len(tail), 40.0)
    cost = {
        LINEAR: road_cost(LINEAR, free, a=0.0),
        DENSITY: road_cost(DENSITY, free, room, 0.05),
        BPR: road_cost(BPR, free, room, 0.15, 4.0),
    }[kind]
    zones = [node[:3, :3].ravel(), node[6:, :3].ravel()]
    origin = rng.integers(0, 2, trips)
    source = np.array([rng.choice(zones[k]) for k in origin])
    inside = NodeSets(np.array([0, 9, 18]), np.concatenate(zones))
    arcs = Arcs(
        side * side, tail, head, cost, np.full(len(tail), 300.0), capacity=np.full(len(tail), 600.0),
        storage=np.full(len(tail), 40.0),
    )  # fmt: skip
    goal = rng.choice(node[3:6, 8], trips)
    table = TripTable(source, goal, np.sort(rng.uniform(0, 300, trips)), origin=origin, inside=inside)
    return routing_problem(arcs, table)


def most_ways(problem: RoutingProblem, routes: Routes) -> int:
    return int(np.bincount(ways_of(problem, routes).pair).max(initial=0))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("most", (1, 2, 3))
def test_a_plan_keeps_its_limit_in_every_model(model, most):
    for seed in range(3):
        problem = town(seed, MODELS[model])
        result = solve(problem, flow_model=model, max_routes=most, certify=False, control=Control(effort=Effort(QUICK)))
        assert len(result.routed) == problem.trips or len(result.unreachable)
        if not result.warnings:
            assert most_ways(result.problem, result.routes) <= most
        assert result.unlimited_time <= result.total_time
        for trip in range(result.problem.trips):
            row = result.routes.of(trip)
            nodes = [int(result.problem.source[trip]), *result.problem.head[row].tolist()]
            assert (result.problem.tail[row] == nodes[:-1]).all() and nodes[-1] == result.problem.destination[trip]


@pytest.mark.parametrize("seed", range(6))
def test_a_limited_plan_is_never_worse_than_the_limited_starts(seed):
    problem = town(seed)
    result = solve(problem, method=SYSTEM_OPTIMAL, max_routes=2, certify=False, control=Control(effort=Effort(QUICK)))
    for method in (METHOD_NAMES.index(name) for name in ("individual", "greedy", "informed")):
        start = solve(problem, method=method, certify=False)
        few = MenuMaker(start.problem, 2).limited(start.routes, Control())
        assert most_ways(start.problem, few) <= 2 or result.warnings
        queues = Queues(roads_of(start.problem))
        setting = Setting(start.problem, reverse_trees(start.problem), QUEUE, np.zeros(0), 0.0, queues)
        assert result.total_time <= setting.queued(few, Control()).total() / SECOND + 1e-6


def test_starts_that_reach_no_way_of_the_others_keep_their_own():
    # two pockets of one zone, each with a road of its own of 2 km to the shelter
    roads = [(0, 2, 2000), (1, 2, 2000)]
    problem = problem_of(roads, [(0, 2, 0), (1, 2, 0)], {0: [0, 1]})
    result = solve(problem, max_routes=1, certify=False, control=Control(effort=Effort(QUICK)))
    assert [result.routes.of(k).tolist() for k in range(2)] == [[0], [1]]
    assert any("need more than 1" in text for text in result.warnings)


def test_an_approach_stays_inside_until_it_is_near():
    # from 0 inside to the way that begins with 5 -> 6: by 1, 2 (inside) and 400 m outside, not by 3 and 900 m
    roads = [(0, 1, 100), (1, 2, 100), (2, 5, 400), (0, 3, 10), (3, 5, 900), (5, 6, 3000)]
    problem = problem_of(roads, [(0, 6, 0)], {0: [0, 1, 2]})
    found = Approaches(problem).to(np.array([5], dtype=np.int32), 0, np.array([0, 1, 3]))
    assert found[0].tolist() == [0, 1, 2] and found[1].tolist() == [1, 2] and found[2] is None


def test_a_limit_below_nothing_is_refused():
    with pytest.raises(SolverError, match="MAX_ROUTES"):
        solve(town(0), max_routes=-1)
