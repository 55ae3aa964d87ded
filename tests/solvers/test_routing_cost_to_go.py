"""Costs to go, regions and searches of a crowded network against slow programs written from their definitions."""

from __future__ import annotations

import heapq
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import Deadline
from evacuation_planner.plugin.solvers.errors import Cancelled, SolverError
from evacuation_planner.plugin.solvers.routing.present import adjoint as delay_value_module
from evacuation_planner.plugin.solvers.routing.present import cost_to_go as cost_to_go_module
from evacuation_planner.plugin.solvers.routing.present.adjoint import valued_timetable
from evacuation_planner.plugin.solvers.routing.present.cost_to_go import CostToGo, raise_to
from evacuation_planner.plugin.solvers.routing.present.plan import make_plan
from evacuation_planner.plugin.solvers.routing.present.simulation import TIMETABLE, simulate
from evacuation_planner.plugin.solvers.routing.present.sweep import Ways, put_back
from evacuation_planner.plugin.solvers.routing.present.time_dependent_search import (
    NOTHING_HEEDED,
    find_ways,
    search_space,
)
from evacuation_planner.plugin.solvers.routing.shared.choices import DENSITY, LINEAR
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, RoutingProblem, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.schedule import Schedule
from evacuation_planner.plugin.solvers.routing.shared.timetable import Timetable, hop_at
from evacuation_planner.plugin.solvers.routing.shared.trees import reverse_trees
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from tests.solvers.assignment_cases import grid
from tests.solvers.routing_oracle import random_case
from tests.solvers.test_routing_marginal import alone, backward_passes_of
from tests.solvers.test_routing_searches import three_trips
from tests.solvers.test_routing_simulation import drawn_routes, rows

OPEN = NOTHING_HEEDED, np.empty(0)  # nothing closes


def town(seed: int, side: int, trips: int, free: tuple[float, float], window: float) -> RoutingProblem:
    """A grid of streets, whose trips lead from one half of its nodes to two others."""
    rng = np.random.default_rng(seed)
    streets = grid(side, 10, 2, seed)
    cost = road_cost(LINEAR, rng.uniform(*free, len(streets.tail)), a=0.03)
    nodes = rng.permutation(side * side)
    destination = nodes[:2][rng.integers(0, 2, trips)]
    source = nodes[2:][rng.integers(0, side * side // 2, trips)]
    departure = np.sort(rng.uniform(0.0, window, trips))
    return routing_problem(
        Arcs(side * side, streets.tail, streets.head, cost), TripTable(source, destination, departure)
    )


def network(problem: RoutingProblem, weight: np.ndarray) -> csr_matrix:
    return csr_matrix((weight, (problem.tail, problem.head)), shape=(problem.nodes,) * 2)


def made_costs_to_go(problem: RoutingProblem, schedule: Schedule, table: Timetable) -> list[CostToGo]:
    with ThreadPoolExecutor(2) as pool:
        return backward_passes_of(problem)[0].make(schedule, table, pool, Control(effort=Deadline(0)))


def costs_by_definition(problem, table, until, bins):
    """Seconds, and these with the delay caused, of each road in each bin; the mean cost of those who enter.

    Who enters after the last bin finds the roads empty.
    """
    seconds, cost = np.empty((2, problem.arcs, bins))
    mean = problem.cost.free_flow.copy()
    edges = np.linspace(0.0, until, bins + 1)
    for road in range(problem.arcs):
        for k in range(bins):
            own, delay = hop_at(problem.cost, table, road, (edges[k] + edges[k + 1]) / 2, np.inf, np.inf)
            seconds[road, k], cost[road, k] = own, own + delay
        first = table.start[road]
        met = [
            cost[road, np.searchsorted(edges, t, side="left") - 1] if 0 < t <= until else problem.cost.free_flow[road]
            for t in table.entries[first : first + table.size[road]].tolist()
        ]
        if met:
            mean[road] = sum(met) / len(met)
    return seconds, cost, mean


def region_by_definition(problem, mean, goal, sources) -> np.ndarray:
    """Whether the way over a node costs at most 15 % and 60 s more than the best one of some source.

    Roads cost half of what they cost on average above their time when empty.
    """
    free = problem.cost.free_flow
    between = dijkstra(network(problem, free + np.maximum(mean - free, 0.0) / 2))
    return np.any([between[s] + between[:, goal] <= 1.15 * between[s, goal] + 60.0 for s in sources], axis=0)


def guide_by_definition(problem, seconds, cost, step, goal, inside) -> np.ndarray:
    """The least cost from each node at the middle of each bin, going back bin by bin; no road is shorter than a bin."""
    nodes, bins = problem.nodes, cost.shape[1]
    empty = dijkstra(network(problem, problem.cost.free_flow).T, indices=goal)
    found = np.full((bins + 1, nodes), np.inf)
    found[bins] = np.where(inside, empty, np.inf)
    found[:, goal] = 0.0
    for k in range(bins - 1, -1, -1):
        for road in range(problem.arcs):
            here, there = problem.tail[road], problem.head[road]
            if inside[here] and inside[there] and here != goal:
                later = k + seconds[road, k] / step
                onward = np.interp(later, np.arange(k + 1, bins + 1), found[k + 1 :, there])
                found[k, here] = min(found[k, here], cost[road, k] + onward)
    return found


@pytest.mark.parametrize(("most", "bins"), [(8_000_000, 48), (None, 10), (0, 4)])
def test_costs_to_go_against_their_definition(most, bins, monkeypatch):
    """Where there are too many values, there are fewer bins, four at least."""
    problem = town(3, 6, 160, (60.0, 110.0), 400.0)
    schedule = alone(problem)
    table, trees = valued_timetable(problem, schedule), reverse_trees(problem)
    sizes = [(to_go.local >= 0).sum() for to_go in made_costs_to_go(problem, schedule, table)]
    monkeypatch.setattr(cost_to_go_module, "LARGEST", 10 * sum(sizes) + 1 if most is None else most)
    made = made_costs_to_go(problem, schedule, table)
    arrival = np.sort(schedule.arrival)  # 97 % have arrived
    place = 0.97 * (problem.trips - 1)
    until = np.interp(place, np.arange(problem.trips), arrival)
    mean = costs_by_definition(problem, table, until, 48)[2]
    seconds, cost, _ = costs_by_definition(problem, table, until, bins)
    checked = 0
    for number, to_go in enumerate(made):
        goal = int(trees.destinations[number])
        inside = region_by_definition(problem, mean, goal, np.unique(problem.source[trees.row == number]))
        assert np.array_equal(to_go.local >= 0, inside) and not inside.all()
        assert to_go.step == pytest.approx(until / bins) and to_go.cost.shape == (bins + 1, inside.sum())
        if bins == 48:
            assert to_go.step < 60.0
            expected = guide_by_definition(problem, seconds, cost, to_go.step, goal, inside)
            for node in np.flatnonzero(inside):
                assert to_go.cost[:, to_go.local[node]] == pytest.approx(expected[:, node], rel=1e-5), node
                checked += 1
    assert bins < 48 or checked > 20


def way_by_definition(problem, table, stays, source, goal, departure, allowed):
    """Label setting in time: nodes are settled once, at their least cost; the least cost of the goal."""
    queue, settled = [(0.0, source, departure)], set()
    while queue:
        spent, here, now = heapq.heappop(queue)
        if here == goal:
            return spent
        if here in settled:
            continue
        settled.add(here)
        for road in np.flatnonzero(problem.tail == here).tolist():
            if allowed[problem.head[road]]:
                seconds, delay = hop_at(problem.cost, table, road, now, *stays.get(road, (np.inf, np.inf)))
                heapq.heappush(queue, (spent + seconds + delay, int(problem.head[road]), now + seconds))
    return np.inf


@pytest.mark.parametrize("kind", [LINEAR, DENSITY])
def test_ways_through_traffic_against_a_slow_program(kind):
    """Nothing is known of what is still to come; some nodes are left out."""
    better = none = 0
    for seed in range(0, 60, 2):
        case = random_case(seed, kind, nodes=9, trips=14, background=seed % 4 == 0)
        problem, rng = case.problem, np.random.default_rng(seed)
        schedule = simulate(problem, rows(drawn_routes(case, seed)), record=TIMETABLE)
        table, plan, search = valued_timetable(problem, schedule), make_plan(schedule), search_space(9, problem.arcs)
        ends = problem.source, problem.destination, problem.departure
        for trip in range(problem.trips):
            source, goal = int(problem.source[trip]), int(problem.destination[trip])
            allowed = rng.random(9) < 0.9
            allowed[[source, goal]] = True
            local = np.where(allowed, np.arange(9), -1).astype(np.int32)
            to_go = CostToGo(local, np.zeros((3, 9), dtype=np.float32), 1e6)
            mine = slice(*schedule.indptr[trip : trip + 2])
            times = (moments[mine].astype(np.float32).tolist() for moments in (schedule.entry, schedule.exits()))
            stays = dict(zip(schedule.arc[mine].tolist(), zip(*times)))  # rounded as in the timetable
            own, now = 0.0, float(problem.departure[trip])
            for road in schedule.arc[mine].tolist():
                seconds, delay = hop_at(problem.cost, table, road, now, *stays[road])
                own, now = own + seconds + delay, now + seconds
            limit, hops, used = np.zeros(1), np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
            arc, before = np.full(64, -1, dtype=np.int32), search.number[1]
            find_ways(
                problem.cost, problem.star(), problem.tail, *OPEN, table, plan, search, to_go, ends, np.array([trip]),
                0, 5, 0.01, limit, hops, arc, used,
            )  # fmt: skip
            assert limit[0] == pytest.approx(0.99 * own, rel=1e-5)
            least = way_by_definition(problem, table, stays, source, goal, float(problem.departure[trip]), allowed)
            assert 1 <= search.number[1] - before <= 9
            if least >= limit[0]:
                assert hops[0] == 0
                none += 1
                continue
            spent, now = 0.0, float(problem.departure[trip])
            for road in arc[: hops[0]].tolist():
                seconds, delay = hop_at(problem.cost, table, road, now, *stays.get(road, (np.inf, np.inf)))
                spent, now = spent + seconds + delay, now + seconds
            assert spent == pytest.approx(least, rel=1e-5) and allowed[problem.head[arc[: hops[0]]]].all()
            better += 1
    assert better > 100 and none > 50


def test_worth_of_delays_slice_by_slice(monkeypatch):
    """Hops are handled from the last on; the user is asked before each slice of seven."""
    case = random_case(6, DENSITY, nodes=7, trips=25)
    schedule = simulate(case.problem, rows(drawn_routes(case, 6)), record=TIMETABLE)
    whole = valued_timetable(case.problem, schedule)
    monkeypatch.setattr(delay_value_module, "SLICE", 7)
    asked = []
    sliced = valued_timetable(case.problem, schedule, Control(cancelled=lambda: bool(asked.append(1))))
    size = int(whole.used[0])
    lists = np.concatenate([np.arange(a, a + n) for a, n in zip(whole.start, whole.size)])
    assert np.array_equal(sliced.delay_value[:size][lists], whole.delay_value[:size][lists])
    assert len(asked) >= len(schedule.arc) // 7
    for stop in range(len(asked)):
        left = iter([False] * stop + [True])
        with pytest.raises(Cancelled):
            valued_timetable(case.problem, schedule, Control(cancelled=lambda remaining=left: next(remaining)))


def test_how_large_a_table_of_trees_would_be():
    """Two destinations on a thousand million nodes, 12 bytes each."""
    cost = road_cost(LINEAR, np.ones(1))
    problem = routing_problem(Arcs(1_000_000_000, [0], [1], cost), TripTable([0, 0, 0], [1, 2, 2], np.zeros(3)))
    with pytest.raises(SolverError, match="2 different places on 1000000000 junctions.* take 24 GB"):
        reverse_trees(problem)


@pytest.mark.parametrize(
    ("time", "value", "expected"),
    [
        (40.0, 15.0, [8, 13, 17, 20, 9]),  # half-way between the middles of bins 1 and 2, where it was 12
        (55.0, 16.5, [8, 10, 15, 21, 9]),  # at three quarters of a bin after that of bin 1: it was 13 + a quarter of 6
        (0.0, 9.0, [9, 11, 14, 20, 9]),  # before the first middle, as there
        (75.0, 20.0, [8, 10, 14, 22.75, 9]),  # between the last bin and the empty roads: it was 20 - 0.25 * 11
        (90.0, 99.0, [8, 10, 14, 20, 9]),  # from a bin after the last one's middle on: the empty roads
        (50.0, 14.0, [8, 10, 14, 20, 9]),  # no more than it was
    ],
)
def test_what_a_search_finds_out_raises_the_bins_beside(time, value, expected):
    """Bins of 20 s, their middles at 10, 30, 50 and 70; the second node is another one."""
    cost = np.array([[8, 1], [10, 1], [14, 1], [20, 1], [9, 1]], dtype=np.float32)
    to_go = CostToGo(np.array([-1, 0, 1], dtype=np.int32), cost, 20.0)
    raise_to(to_go, 1, time, value)
    assert to_go.cost[:, 0].tolist() == pytest.approx(expected) and to_go.cost[:, 1].tolist() == [1] * 5


def test_a_way_that_is_no_longer_takes_the_place_of_the_old_one():
    """Trip 2 moves to the way of two roads, once more, back to the one road, and to the two again."""
    problem, schedule = three_trips()
    table, plan, search = schedule.table, make_plan(schedule), search_space(3, 3)
    trips, moved, used = (problem.source, problem.destination, problem.departure), np.zeros(4, dtype=bool), []
    for way in ([1, 2], [1, 2], [0], [1, 2]):
        ways = Ways(np.full(1, 99.0), np.zeros(1, np.int64), np.array([len(way)]), np.array(way, dtype=np.int32))
        assert put_back(problem.cost, NOTHING_HEEDED, table, plan, search, trips, np.array([2]), ways, 0, moved) == 1
        used.append(int(plan.used[0]))
        assert plan.arc[plan.start[2] : plan.start[2] + plan.hops[2]].tolist() == way
    assert used == [5, 5, 5, 7] and moved.tolist() == [False, False, True, False] and table.size.tolist() == [2, 1, 1]
