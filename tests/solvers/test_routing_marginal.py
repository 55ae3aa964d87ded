"""What a vehicle more costs everyone, what is still to come, and the search that stands on both."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import NORMAL, Deadline, Effort
from evacuation_planner.plugin.solvers.routing.present import system_optimal as sweep_module
from evacuation_planner.plugin.solvers.routing.present.adjoint import valued_timetable
from evacuation_planner.plugin.solvers.routing.present.cost_to_go import BackwardPasses, remaining
from evacuation_planner.plugin.solvers.routing.present.simulation import TIMETABLE, simulate_rows
from evacuation_planner.plugin.solvers.routing.shared.choices import DENSITY, LINEAR
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, RoutingProblem, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.routes import distinct
from evacuation_planner.plugin.solvers.routing.shared.schedule import Schedule
from evacuation_planner.plugin.solvers.routing.shared.timetable import (
    Timetable,
    add_stay,
    copied,
    drop_stay,
    hop_at,
    make_room,
)
from evacuation_planner.plugin.solvers.routing.shared.trees import reverse_trees
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from evacuation_planner.plugin.solvers.routing.solve import solve
from tests.solvers.assignment_cases import grid


def crowded_grid(kind: int = LINEAR, trips: int = 1500, side: int = 7) -> RoutingProblem:
    """Everybody leaves a street grid within five minutes for two corners."""
    rng = np.random.default_rng(4)
    streets = grid(side, 10, 2, seed=1)
    free = rng.uniform(8.0, 20.0, len(streets.tail))
    room, a = (None, 0.02) if kind == LINEAR else (np.full(len(free), 80.0), 0.05)
    cost = road_cost(kind, free, room, a)
    source = rng.integers(0, side * side, trips)
    destination = np.where(rng.random(trips) < 0.5, 0, side * side - 1)
    source = np.where(source == destination, side, source)
    return routing_problem(
        Arcs(side * side, streets.tail, streets.head, cost),
        TripTable(source, destination, np.sort(rng.uniform(0.0, 300.0, trips))),
    )


def alone(problem: RoutingProblem) -> Schedule:
    routes = solve(problem, method=0).routes
    indptr, arc = routes.expanded()
    return simulate_rows(problem, indptr, arc, record=TIMETABLE)


def detour(problem: RoutingProblem, trip: int, rng: np.random.Generator) -> list[int]:
    """A fastest way on disturbed times: another way of the trip that is not silly."""
    weight = problem.cost.free_flow * rng.uniform(0.7, 1.4, problem.arcs)
    graph = csr_matrix((weight, (problem.tail, problem.head)), shape=(problem.nodes,) * 2)
    before = dijkstra(graph, indices=int(problem.source[trip]), return_predecessors=True)[1]
    arcs: list[int] = []
    node = int(problem.destination[trip])
    while node != problem.source[trip]:
        arcs.insert(0, int(np.flatnonzero((problem.tail == before[node]) & (problem.head == node))[0]))
        node = int(before[node])
    return arcs


def cost_of(problem: RoutingProblem, table: Timetable, schedule: Schedule, trip: int, arcs: list[int]) -> float:
    """Own seconds and delay caused on a way of a trip, besides everyone else."""
    mine = slice(schedule.indptr[trip], schedule.indptr[trip + 1])
    stays = {int(a): (e, x) for a, e, x in zip(schedule.arc[mine], schedule.entry[mine], schedule.exits()[mine])}
    now, total = float(problem.departure[trip]), 0.0
    for arc in arcs:
        seconds, delay = hop_at(problem.cost, table, arc, now, *stays.get(arc, (np.inf, np.inf)))
        total += seconds + delay
        now += seconds
    return total


@pytest.mark.parametrize("kind", [LINEAR, DENSITY])
def test_the_worth_of_delays_foretells_what_a_changed_route_does_to_everyone(kind):
    """Against the simulation of all vehicles with one route changed, for 120 trips drawn at random."""
    problem = crowded_grid(kind, 1500 if kind == LINEAR else 900)
    schedule, rng = alone(problem), np.random.default_rng(0)
    valued, plain = valued_timetable(problem, schedule), copied(schedule.table)
    exact, foretold, first_order = [], [], []
    for trip in rng.permutation(problem.trips)[:120]:
        old = schedule.arc[schedule.indptr[trip] : schedule.indptr[trip + 1]].tolist()
        new = detour(problem, trip, rng)
        if new == old:
            continue
        indptr = schedule.indptr.copy()
        indptr[trip + 1 :] += len(new) - len(old)
        arc = np.concatenate([schedule.arc[: schedule.indptr[trip]], new, schedule.arc[schedule.indptr[trip + 1] :]])
        after = simulate_rows(problem, indptr, arc.astype(np.int32))
        exact.append(float(schedule.arrival.sum() - after.arrival.sum()))
        for table, gains in ((valued, foretold), (plain, first_order)):
            gains.append(cost_of(problem, table, schedule, trip, old) - cost_of(problem, table, schedule, trip, new))
    assert len(exact) >= 50
    agreement = np.corrcoef(exact, foretold)[0, 1]
    assert agreement > 0.9
    assert agreement > np.corrcoef(exact, first_order)[0, 1]


def test_in_a_steady_flow_a_delay_is_worth_the_marginal_time_of_the_static_flow():
    """One road, a vehicle every 2 s: the flow settles at f = r t(f), and W = 1 / (1 - d r) with d = 0.02 * 20 s."""
    trips, rate = 3000, 0.5
    cost = road_cost(LINEAR, np.array([20.0]), a=0.02)
    problem = routing_problem(Arcs(2, [0], [1], cost), TripTable([0] * trips, [1] * trips, np.arange(trips) / rate))
    schedule = simulate_rows(problem, np.arange(trips + 1), np.zeros(trips, dtype=np.int32), record=TIMETABLE)
    worth = np.diff(valued_timetable(problem, schedule).delay_value[:trips])
    assert np.median(worth[500:2500]) == pytest.approx(1 / (1 - 0.4 * rate), rel=0.02)
    assert worth[-1] == 1.0  # nobody comes after the last


stay = st.tuples(st.integers(0, 2), st.integers(0, 50), st.integers(1, 20))


@given(st.lists(stay, max_size=25), st.lists(stay, max_size=25), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_a_timetable_keeps_what_is_put_in_and_not_taken_out(first, second, random):
    """Against plain lists: lists stay sorted, and a hop meets and delays whom it should."""
    cost = road_cost(LINEAR, np.full(3, 10.0), a=0.1)
    size = np.zeros(3, dtype=np.int64)
    table = copied(empty(size))
    held: list[tuple[int, float, float]] = []
    for road, entry, length in [*first, *second]:
        while not make_room(table, road):
            table = copied(table)
        add_stay(table, road, np.float32(entry), np.float32(entry + length))
        held.append((road, float(entry), float(entry + length)))
        if random.random() < 0.4:
            gone = held.pop(random.randrange(len(held)))
            drop_stay(table, gone[0], np.float32(gone[1]), np.float32(gone[2]))
    for road in range(3):
        entries, exits = (sorted(s[k] for s in held if s[0] == road) for k in (1, 2))
        lists = slice(table.start[road], table.start[road] + len(entries))
        assert table.entries[lists].tolist() == entries and table.exits[lists].tolist() == exits
        np.testing.assert_allclose(table.delay_value[lists], np.arange(1, len(entries) + 1))
        for now in (0.0, 13.5, 30.0):
            flow = sum(e <= now for e in entries) - sum(x <= now for x in exits)
            seconds, delay = hop_at(cost, table, road, now, np.inf, np.inf)
            assert seconds == pytest.approx(10.0 * (1 + 0.1 * flow))
            assert delay == pytest.approx(sum(now < e <= now + seconds for e in entries) * 1.0, abs=1e-4)


def empty(size: np.ndarray) -> Timetable:
    from evacuation_planner.plugin.solvers.routing.shared.timetable import empty_timetable

    return empty_timetable(size)


def backward_passes_of(problem: RoutingProblem) -> tuple[BackwardPasses, np.ndarray]:
    from evacuation_planner.plugin.solvers.graph.stars import ReverseStar

    trees = reverse_trees(problem)
    sources = [np.unique(problem.source[trees.row == k]) for k in range(len(trees.destinations))]
    entering = ReverseStar(problem.nodes, problem.tail, problem.head)
    return BackwardPasses(problem, problem.star(), trees, entering, sources), trees.seconds


def test_on_empty_roads_a_guide_tells_the_free_flow_times():
    from concurrent.futures import ThreadPoolExecutor

    problem = crowded_grid().only(np.array([700]))
    schedule = alone(problem)
    costs_to_go, seconds = backward_passes_of(problem)
    with ThreadPoolExecutor(2) as pool:
        to_go = costs_to_go.make(schedule, valued_timetable(problem, schedule), pool, Control(effort=Deadline(0)))[0]
    inside = np.flatnonzero(to_go.local >= 0)
    assert int(problem.source[0]) in inside and int(problem.destination[0]) in inside
    for node in inside:
        for time in (0.0, float(schedule.arrival[0]) / 2, 1e6):
            assert remaining(to_go, node, time) == pytest.approx(seconds[0, node], rel=0.03)  # it meets itself


def test_when_the_time_is_up_there_are_no_guides_and_nothing_is_simulated_again():
    from concurrent.futures import ThreadPoolExecutor

    problem = crowded_grid(trips=400, side=4)
    schedule, deadline = alone(problem), Effort(NORMAL, 1e-9)
    costs_to_go, _ = backward_passes_of(problem)
    with ThreadPoolExecutor(2) as pool:
        assert costs_to_go.make(schedule, valued_timetable(problem, schedule), pool, Control(effort=deadline)) == []
    best, history, _ = sweep_module.system_optimal_schedule(
        problem, reverse_trees(problem), schedule, Control(effort=deadline)
    )
    assert best is schedule and len(history) == 1


def test_a_guide_foretells_the_cost_of_the_best_way_at_its_time():
    """Against label setting on the same timetable, over all simple ways of a small crowded grid."""
    from concurrent.futures import ThreadPoolExecutor

    from tests.solvers.routing_oracle import simple_paths

    problem = crowded_grid(trips=400, side=4)
    schedule = alone(problem)
    table = valued_timetable(problem, schedule)
    costs_to_go, _ = backward_passes_of(problem)
    with ThreadPoolExecutor(2) as pool:
        made = costs_to_go.make(schedule, table, pool, Control(effort=Deadline(0)))
    row, told, least = reverse_trees(problem).row, [], []
    for trip in range(0, problem.trips, 9):
        ways = simple_paths(problem, int(problem.source[trip]), int(problem.destination[trip]))
        costs = []
        for way in ways:
            now, total = float(problem.departure[trip]), 0.0
            for arc in way:
                seconds, delay = hop_at(problem.cost, table, arc, now, np.inf, np.inf)
                total, now = total + seconds + delay, now + seconds
            costs.append(total)
        least.append(min(costs))
        told.append(remaining(made[row[trip]], problem.source[trip], problem.departure[trip]))
    ratio = np.array(told) / np.array(least)
    assert 0.9 < np.median(ratio) < 1.1 and np.corrcoef(told, least)[0, 1] > 0.9


def test_the_number_of_threads_does_not_change_the_routes(monkeypatch):
    problem, found = crowded_grid(), []
    for threads in (1, 3):
        monkeypatch.setattr(sweep_module.os, "cpu_count", lambda count=threads: count)
        found.append(solve(problem))
    assert found[0].total_time == found[1].total_time
    assert found[0].routes.expanded()[1].tolist() == found[1].routes.expanded()[1].tolist()
    assert found[0].total_time < 0.95 * found[0].individual_time


def test_a_schedule_without_its_timetable_is_refused():
    problem = crowded_grid(trips=5)
    indptr, arc = distinct(np.zeros(6, dtype=np.int64), np.empty(0, dtype=np.int32), problem.source).expanded()
    with pytest.raises(ValueError, match="not recorded"):
        valued_timetable(problem, Schedule(indptr, arc, np.empty(0), problem.departure))
