"""Searches of ways and changes of routes, each function by itself, by hand or against another program."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from evacuation_planner.plugin.solvers.control import Control, never
from evacuation_planner.plugin.solvers.effort import NORMAL, Effort
from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.routing.cumulative.refined import apply_change, best_change, padded
from evacuation_planner.plugin.solvers.routing.present import sweep as sweep_module
from evacuation_planner.plugin.solvers.routing.present.cost_to_go import CostToGo
from evacuation_planner.plugin.solvers.routing.present.plan import (
    insert_trip,
    make_plan,
    remove_trip,
    repacked,
    rows_of,
)
from evacuation_planner.plugin.solvers.routing.present.refined import Refinement, is_touched
from evacuation_planner.plugin.solvers.routing.present.resimulation import LiveSchedule
from evacuation_planner.plugin.solvers.routing.present.run import as_run
from evacuation_planner.plugin.solvers.routing.present.simulation import ORDER, TIMETABLE, simulate
from evacuation_planner.plugin.solvers.routing.present.sweep import Sweep, Ways, driven, put_back
from evacuation_planner.plugin.solvers.routing.present.time_dependent_search import (
    NOTHING_HEEDED,
    find_way,
    find_ways,
    search_space,
    weigh,
)
from evacuation_planner.plugin.solvers.routing.shared import individual as individual_module
from evacuation_planner.plugin.solvers.routing.shared import trees as trees_module
from evacuation_planner.plugin.solvers.routing.shared.choices import BPR, CUMULATIVE, DENSITY, LINEAR, PRESENT
from evacuation_planner.plugin.solvers.routing.shared.closed_arcs import NOTHING_CLOSES
from evacuation_planner.plugin.solvers.routing.shared.greedy import greedy_routes
from evacuation_planner.plugin.solvers.routing.shared.individual import individual_routes
from evacuation_planner.plugin.solvers.routing.shared.local_changes import (
    candidates,
    least_gain,
    may_change,
    open_turns,
)
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.timetable import copied, empty_timetable
from evacuation_planner.plugin.solvers.routing.shared.trees import reverse_trees
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import mean_background, road_cost
from tests.solvers.routing_oracle import random_case
from tests.solvers.test_routing_marginal import crowded_grid
from tests.solvers.test_routing_operations import changed
from tests.solvers.test_routing_simulation import drawn_routes, rows

OPEN = NOTHING_HEEDED, np.empty(0)  # nothing closes


def distances(problem) -> np.ndarray:
    """Least free-flow seconds between all nodes, by another program."""
    graph = np.full((problem.nodes, problem.nodes), np.inf)
    np.minimum.at(graph, (problem.tail, problem.head), problem.cost.free_flow)
    return dijkstra(csr_matrix(np.where(np.isfinite(graph), graph, 0.0)))


def test_trees_and_fastest_routes_against_another_program(monkeypatch):
    monkeypatch.setattr(individual_module, "BLOCK", 1)  # a block for each few routes
    for seed in range(30):
        problem = random_case(seed, nodes=9, trips=12).problem
        between, trees = distances(problem), reverse_trees(problem)
        assert trees.destinations[trees.row].tolist() == problem.destination.tolist()
        assert trees.seconds == pytest.approx(between[:, trees.destinations].T)
        routes = individual_routes(problem, trees)
        assert routes.count == len(set(zip(problem.source.tolist(), problem.destination.tolist())))
        for trip in range(12):
            arcs = routes.of(trip)
            nodes = [int(problem.source[trip]), *problem.head[arcs].tolist()]
            assert problem.tail[arcs].tolist() == nodes[:-1] and nodes[-1] == problem.destination[trip]
            seconds = problem.cost.free_flow[arcs].sum()
            assert seconds == pytest.approx(between[problem.source[trip], problem.destination[trip]])


def test_a_table_of_trees_that_is_too_large_is_refused(monkeypatch):
    problem = random_case(1, nodes=9, trips=12).problem
    size = len(set(problem.destination.tolist())) * 9 * 12.0
    monkeypatch.setattr(trees_module, "LARGEST_TABLE", size)
    told = []
    reverse_trees(problem, control=Control(progress=lambda share, text: told.append(share)))
    assert told[-1] == 1.0 and told[0] == pytest.approx(1 / len(told)) and len(told) == size / 108
    monkeypatch.setattr(trees_module, "LARGEST_TABLE", size - 1)
    with pytest.raises(SolverError, match=f"{len(told)} different places on 9 junctions.* 0 GB"):
        reverse_trees(problem)


def greedy_by_definition(case, flow_model, static) -> list[list[int]]:
    """Algorithm 2 with plain lists: the earliest trip (then the lowest index) takes its next arc, to the end."""
    problem, onward = case.problem, distances(case.problem)
    at = [[float(t), int(s)] for t, s in zip(problem.departure, problem.source)]
    routes = [[] for _ in at]
    on = [None] * len(at)
    chosen = static.astype(float).tolist()
    active = {k for k in range(len(at)) if problem.source[k] != problem.destination[k]}
    while active:
        trip = min(active, key=lambda k: (at[k][0], k))
        now, here = at[trip]
        on[trip], goal = None, int(problem.destination[trip])
        if here == goal:
            active.remove(trip)
            continue
        best = None
        for arc in np.flatnonzero(problem.tail == here).tolist():
            there = int(problem.head[arc])
            if onward[there, goal] >= onward[here, goal] - 1e-9:
                continue
            if flow_model == CUMULATIVE:
                seconds = case.seconds(arc, chosen[arc] + 1)
            else:
                seconds = case.seconds(arc, on.count(arc) + case.there_anyway(arc, now))
            if best is None or seconds + onward[there, goal] < best[0]:
                best = seconds + onward[there, goal], seconds, arc
        chosen[best[2]] += 1
        on[trip], at[trip] = best[2], [now + best[1], int(problem.head[best[2]])]
        routes[trip].append(best[2])
    return routes


@pytest.mark.parametrize(
    ("flow_model", "kind"), [(PRESENT, LINEAR), (PRESENT, DENSITY), (CUMULATIVE, LINEAR), (CUMULATIVE, BPR)]
)
def test_greedy_against_its_definition(flow_model, kind):
    around = 0
    for seed in range(24):
        case = random_case(seed, kind, nodes=8, trips=14, background=True)
        static = mean_background(case.problem.cost, 0.0, 30.0)
        trees = reverse_trees(case.problem)
        found = greedy_routes(case.problem, trees, flow_model, static)
        routes = [found.of(k).tolist() for k in range(14)]
        assert routes == greedy_by_definition(case, flow_model, static), seed
        fastest = individual_routes(case.problem, trees)
        around += sum(routes[k] != fastest.of(k).tolist() for k in range(14))
    assert around > 20


def test_a_plan_keeps_routes_and_times():
    case = random_case(2, nodes=8, trips=6)
    routes = drawn_routes(case, 2)
    schedule = simulate(case.problem, rows(routes), record=TIMETABLE)
    hops = sum(len(route) for route in routes)
    for plan in (make_plan(schedule), repacked(make_plan(schedule))):
        assert plan.used.tolist() == [hops] and len(plan.arc) == len(plan.entry) == hops + hops // 2 + 10_000
        indptr, arc = rows_of(plan)
        assert arc.tolist() == sum(routes, []) and indptr.tolist() == schedule.indptr.tolist()
        assert plan.entry[:hops].tolist() == schedule.entry.astype(np.float32).tolist()
        assert plan.arrival.tolist() == schedule.arrival.astype(np.float32).tolist()


def test_taking_a_trip_out_and_putting_it_in():
    case = random_case(2, nodes=8, trips=6)
    routes = drawn_routes(case, 2)
    schedule = simulate(case.problem, rows(routes), record=TIMETABLE)
    table, plan, trip = copied(schedule.table), make_plan(schedule), 3

    def lists():
        return [
            (table.entries[f : f + n].tolist(), table.exits[f : f + n].tolist(), table.delay_value[f : f + n].tolist())
            for f, n in zip(table.start, table.size)
        ]

    before = lists()
    remove_trip(table, plan, trip)
    stays = zip(
        routes[trip], *(t[slice(*schedule.indptr[trip : trip + 2])] for t in (schedule.entry, schedule.exits()))
    )
    missing = {arc: (np.float32(entry), np.float32(leave)) for arc, entry, leave in stays}
    for road, (entries, exits, worth) in enumerate(lists()):
        gone = missing.get(road)
        assert sorted([*entries, *([gone[0]] if gone else [])]) == before[road][0]
        assert sorted([*exits, *([gone[1]] if gone else [])]) == before[road][1]
        assert worth == list(range(1, len(entries) + 1))
    insert_trip(table, plan, trip)
    assert lists() == before


def open_guide(nodes: int) -> CostToGo:
    return CostToGo(np.arange(nodes, dtype=np.int32), np.zeros((3, nodes), dtype=np.float32), 1e6)


def test_ways_on_roads_that_are_empty_but_for_oneself_are_the_fastest():
    improved = stayed = 0
    for seed in range(0, 100, 2):
        case = random_case(seed, nodes=9, trips=9)
        problem, goal = case.problem, int(case.problem.destination[0])
        between, routes = distances(problem), drawn_routes(case, seed)
        for trip in np.flatnonzero(problem.destination == goal):
            alone = problem.only(np.array([trip]))
            schedule = simulate(alone, rows([routes[trip]]), record=TIMETABLE)
            search, plan = search_space(problem.nodes, problem.arcs), make_plan(schedule)
            ends = alone.source, alone.destination, alone.departure
            own = problem.cost.free_flow[routes[trip]].sum()
            assert weigh(
                problem.cost, NOTHING_HEEDED, schedule.table, plan, search, 0, alone.departure[0]
            ) == pytest.approx(own)
            limit, hops, used = np.zeros(1), np.full(1, 77), np.zeros(1, dtype=np.int64)
            arc = np.full(64, -1, dtype=np.int32)
            at = find_ways(
                problem.cost, problem.star(), problem.tail, *OPEN, schedule.table, plan, search,
                open_guide(problem.nodes), ends, np.zeros(1, dtype=np.int64), 0, 5, 0.005, limit, hops, arc, used,
            )  # fmt: skip
            assert at == 1 and limit[0] == pytest.approx(own * 0.995) and used[0] == hops[0]
            least = between[alone.source[0], goal]
            if least < own * 0.995:
                way = arc[: hops[0]]
                assert problem.cost.free_flow[way].sum() == pytest.approx(least)
                assert [alone.source[0], *problem.head[way]] == [*problem.tail[way], goal]
                improved += 1
            else:
                assert hops[0] == 0
                stayed += 1
    assert improved > 5 and stayed > 5


@pytest.mark.parametrize(("until", "then", "found"), [(100, 0, True), (0, 100, False)])
def test_what_is_still_to_come_is_asked_for_when_one_is_there(until, then, found):
    """Node 1 is reached at 15, the middle of the second bin; up to the middle of the first it is another matter."""
    cost = road_cost(LINEAR, np.array([10.0, 10.0]))
    star = routing_problem(Arcs(3, [0, 1], [1, 2], cost), TripTable([0], [2], [0.0])).star()
    costs = np.array([[0, until, 0], [0, then, 0], [0, then, 0], [0, then, 0]], dtype=np.float32)
    to_go, search = CostToGo(np.arange(3, dtype=np.int32), costs, 10.0), search_space(3, 2)
    search.number[0] = 1
    table = empty_timetable(np.zeros(2, dtype=np.int64))
    assert find_way(cost, star, NOTHING_CLOSES, np.empty(0), table, search, to_go, 0, 0, 2, 5.0, 50.0) == found


def three_trips():
    """Roads 0-1 of 10 s, 0-2 and 2-1 of 4 s each; three trips on the first from 0, 1 and 2 s on, a trip that stays."""
    cost = road_cost(LINEAR, np.array([10.0, 4.0, 4.0]), a=0.5)
    problem = routing_problem(
        Arcs(3, [0, 0, 2], [1, 2, 1], cost), TripTable([0, 0, 0, 1], [1, 1, 1, 1], [0.0, 1.0, 2.0, 3.0])
    )
    return problem, simulate(problem, rows([[0], [0], [0], []]), record=TIMETABLE)


def test_a_batch_of_searches_writes_its_ways_one_after_the_other():
    problem, schedule = three_trips()
    limit, hops, used, arc = np.zeros(4), np.full(4, 77), np.zeros(1, dtype=np.int64), np.full(8, -1, dtype=np.int32)
    search, plan = search_space(3, 3), make_plan(schedule)
    ends, chosen = (problem.source, problem.destination, problem.departure), np.array([2, 3, 0, 1])

    def go(at, steps):
        return find_ways(
            problem.cost, problem.star(), problem.tail, *OPEN, schedule.table, plan, search, open_guide(3), ends,
            chosen, at, steps, 0.0, limit, hops, arc, used,
        )  # fmt: skip

    assert go(0, 3) == 3 and hops.tolist() == [2, 0, 2, 77] and used[0] == 4
    # Trip 2 takes 20 s; trip 0 takes 10 s and makes two others 5 s slower each.
    assert limit.tolist() == [20.0, 0.0, 20.0, 0.0]
    assert arc.tolist() == [1, 2, 1, 2, -1, -1, -1, -1]
    assert go(3, 3) == 4 and used[0] == 6 and limit[3] == 15 + 5 and arc.tolist() == [1, 2, 1, 2, 1, 2, -1, -1]
    assert go(2, 3) == 2 and used[0] == 6  # a way might take four places


def test_putting_trips_back_on_their_ways_one_after_the_other():
    """8 s on the other way; then 8 s and the 2 s on each road by which the second is slowed there; then too much."""
    problem, schedule = three_trips()
    table, plan, search = copied(schedule.table), make_plan(schedule), search_space(3, 3)
    trips, moved = (problem.source, problem.destination, problem.departure), np.zeros(4, dtype=bool)
    batch = np.array([2, 3, 1, 0])
    ways = Ways(np.array([20.0, 9.0, 12.0, 12.0]), np.array([1, 0, 1, 1]), np.array([2, 0, 2, 2]), np.array([9, 1, 2]))
    assert put_back(problem.cost, NOTHING_HEEDED, table, plan, search, trips, batch, ways, 0, moved) == 4
    # Trip 2 alone is on it from 2 to 10. Trip 1, from 1 to 9, slows it by 2 s on both roads: 12 s, no less than 12.
    # Trip 0, from 0 to 8, does so too.
    assert moved.sum() == 1 and rows_of(plan)[1].tolist() == [0, 0, 1, 2] and plan.arrival[2] == 10.0
    assert table.size.tolist() == [2, 1, 1]
    assert [table.entries[table.start[k]] for k in (1, 2)] == [2.0, 6.0]
    assert [table.exits[table.start[k]] for k in (1, 2)] == [6.0, 10.0]
    more = ways._replace(limit=np.array([0.0, 0.0, 12.5, 12.0]))
    assert put_back(problem.cost, NOTHING_HEEDED, table, plan, search, trips, batch, more, 2, moved) == 4
    assert moved.sum() == 2 and table.size.tolist() == [1, 2, 2] and plan.arrival[1] == 9.0
    # Room is lacking: nothing is done, and the trip is to be tried again.
    full = plan._replace(used=np.array([len(plan.arc) - 1]))
    wide = ways._replace(limit=np.full(4, 99.0))
    assert (
        put_back(problem.cost, NOTHING_HEEDED, table, full, search, trips, batch, wide, 3, moved) == 3
        and moved.sum() == 2
    )
    full.used[0] -= 1
    assert (
        put_back(problem.cost, NOTHING_HEEDED, table, full, search, trips, batch, wide, 3, moved) == 4
        and moved.sum() == 3
    )
    assert full.used[0] == len(plan.arc) and table.size.tolist() == [0, 3, 3]


@pytest.mark.parametrize(
    ("most", "most_work", "batches"), [(1, 10**9, 1), (10**9, 10**9, 5), (10**9, 0, 0), (0, 10**9, 0)]
)
def test_a_part_of_a_sweep(most, most_work, batches, monkeypatch):
    """It ends after the batch in which enough have moved, or where no work is left; 36 trips by eight."""
    monkeypatch.setattr(sweep_module, "BATCH", 8)
    problem = crowded_grid(trips=150, side=4)
    trees = reverse_trees(problem)
    start = simulate(problem, individual_routes(problem, trees), record=TIMETABLE)
    order = np.random.default_rng(1).permutation(problem.trips)[:36]
    told = []
    with ThreadPoolExecutor(2) as pool:
        sweep = Sweep(problem, trees, pool, 2, None)
        control = Control(progress=lambda share, text: told.append(share))
        before = driven(problem, start.indptr, start.arc, as_run(start, problem.departure))
        plan, looked, moved = sweep.run(before, order, most, most_work, control)
        after = plan.run.schedule
    before, now = ([s.arc[slice(*s.indptr[k : k + 2])].tolist() for k in range(problem.trips)] for s in (start, after))
    others = {k for k in range(problem.trips) if before[k] != now[k]}
    assert looked == min(8 * batches, 36) and len(others) == moved and others <= set(order[:looked].tolist())
    assert told == [min(8 * k, 36) / 36 for k in range(1, batches + 1)]
    if not batches:
        assert after is start and sweep.work == 0
        return
    assert moved >= 1 and after.arrival.sum() < start.arrival.sum()
    assert after.table is not None and sweep.simulated == len(after.arc) < sweep.work
    exact = simulate(problem, rows(now))
    assert exact.arrival.tolist() == after.arrival.tolist()


def test_the_ways_of_a_batch_lead_from_where_its_trips_are_to_where_they_go():
    problem = crowded_grid(trips=150, side=4)
    trees = reverse_trees(problem)
    start = simulate(problem, individual_routes(problem, trees), record=TIMETABLE)
    batch, plan = np.arange(10, 150, 3), make_plan(start)
    with ThreadPoolExecutor(2) as pool:
        sweep = Sweep(problem, trees, pool, 2, None)
        costs_to_go = sweep.backward_passes.make(start, start.table, pool, Control(effort=Effort(NORMAL)))
        ways = sweep.find(
            NOTHING_HEEDED, start.table, plan, costs_to_go, batch, Control(cancelled=never, effort=Effort(NORMAL))
        )
    assert (ways.hops > 0).sum() > 5 and len(ways.arc) == ways.hops.sum()
    search = search_space(problem.nodes, problem.arcs)
    for k, trip in enumerate(batch):
        weight = weigh(problem.cost, NOTHING_HEEDED, start.table, plan, search, trip, problem.departure[trip])
        assert ways.limit[k] == pytest.approx(weight * 0.995)
        way = ways.arc[ways.start[k] : ways.start[k] + ways.hops[k]]
        if len(way):
            assert [problem.source[trip], *problem.head[way]] == [*problem.tail[way], problem.destination[trip]]


def test_changes_at_each_turn_against_listing_them_all():
    """Every Add, Drop and Swap; and turns that are said to have none really have none."""
    kinds = np.zeros(3, dtype=int)
    for seed in range(30):
        case = random_case(seed, nodes=8, trips=6)
        problem, star, turns = case.problem, case.problem.star(), open_turns(case.problem)
        for trip, route in enumerate(drawn_routes(case, seed)):
            nodes = [int(problem.source[trip]), *problem.head[route].tolist()]
            on_route, listed = np.zeros(problem.nodes, dtype=np.int64), []
            on_route[nodes] = 5
            for k, arc in enumerate(route):
                following = route[k + 1] if k + 1 < len(route) else -1
                beyond, found = nodes[k + 2] if following >= 0 else -1, np.empty((64, 3), dtype=np.int64)
                count = candidates(star, nodes[k], nodes[k + 1], beyond, on_route, 5, found)
                assert count == 0 or may_change(turns, arc, following)
                whole = np.empty((64, 3), dtype=np.int64)
                free = np.zeros(problem.nodes, dtype=np.int64)
                assert may_change(turns, arc, following) == (
                    candidates(star, nodes[k], nodes[k + 1], beyond, free, -1, whole) > 0
                )
                few = np.empty((1, 3), dtype=np.int64)
                assert candidates(star, nodes[k], nodes[k + 1], beyond, on_route, 5, few) == min(count, 1)
                for kind, *new in found[:count].tolist():
                    removed = 1 if kind == 0 else 2
                    listed.append([*route[:k], *[a for a in new if a >= 0], *route[k + removed :]])
                    kinds[kind] += 1
                    assert (new[1] < 0) == (kind == 1)
            assert sorted(listed) == sorted(changed(route, problem, set(nodes)))
    assert (kinds > 10).all()


def test_the_least_gain_of_a_change():
    assert least_gain(100.0, 0.25) == pytest.approx(20.0)  # 100 / (100 - 20) = 1.25
    assert least_gain(100.0, 0.0) == pytest.approx(1e-7)


@pytest.mark.parametrize(
    ("change", "route", "load", "nodes"),
    [
        ((0, 5, 6), [0, 5, 6, 2], [1, 0, 1, 0, 0, 1, 1, 0], [0, 1, 2, 3, 4]),
        ((1, 3, -1), [0, 3], [1, 0, 0, 1, 0, 0, 0, 0], [0, 1, 3]),
        ((2, 5, 7), [0, 5, 7], [1, 0, 0, 0, 0, 1, 0, 1], [0, 1, 3, 4]),
    ],
)
def test_a_change_in_a_route(change, route, load, nodes):
    """The route 0-1-2-3 by the arcs 0, 1, 2; at its second arc. Arc 3 is 1-3, 5 is 1-4, 6 is 4-2, 7 is 4-3."""
    head = np.array([1, 2, 3, 3, 0, 4, 2, 3])
    row, flow, on_route = np.array([0, 1, 2, 99, 98]), np.array([1, 1, 1, 0, 0, 0, 0, 0]), np.zeros(5, dtype=np.int64)
    on_route[:4] = 7
    size = apply_change(row, 3, 1, np.array(change), flow, head, on_route, 7)
    assert row[:size].tolist() == route and flow.tolist() == load
    assert np.flatnonzero(on_route == 7).tolist() == nodes


def test_the_best_of_several_changes():
    """Roads of 10, 12, 3 and 30 s with 0, 0, 1 and 0 vehicles; one more costs 11, 13.2, 2 * 3.6 - 3.3 and 33 s."""
    cost = road_cost(LINEAR, np.array([10.0, 12.0, 3.0, 30.0]), a=0.1)
    load, static = np.array([0, 0, 1, 0]), np.zeros(4)
    found = np.array([[0, 0, 1], [2, 3, 2], [1, 1, -1], [1, 0, -1], [0, 2, 2]])

    def best(count, first, both, least=0.0):
        return best_change(cost, static, load, found, count, first, both, least)

    # Gains: first - 24.2, both - 36.9, both - 13.2, both - 11, first - 7.8.
    assert best(5, 30.0, 40.0) == 3 and best(3, 30.0, 40.0) == 2 and best(2, 30.0, 40.0) == 0
    assert best(1, 24.2, 99.0) == -1 and best(1, 24.3, 99.0) == 0 and best(1, 24.3, 99.0, 0.2) == -1
    assert best(2, 23.0, 36.8) == -1 and best(2, 23.0, 37.0) == 1
    assert best(5, 20.0, 20.0) == 4 and best(4, 20.0, 20.0) == 3 and best(0, 99.0, 99.0) == -1


def test_the_best_change_weighs_the_background():
    cost = road_cost(LINEAR, np.array([10.0, 10.0]), a=0.1)
    found = np.array([[1, 0, -1], [1, 1, -1]])
    assert best_change(cost, np.array([5.0, 0.0]), np.zeros(2, dtype=np.int64), found, 2, 0.0, 14.0, 0.0) == 1
    assert best_change(cost, np.array([0.0, 5.0]), np.zeros(2, dtype=np.int64), found, 2, 0.0, 14.0, 0.0) == 0


def test_routes_in_a_block_with_room():
    size, block = padded(np.array([2, 4, 4, 7]), np.arange(10, 20))
    assert size.tolist() == [2, 0, 3] and block.shape == (3, 3 + 16)
    assert [block[k, : size[k]].tolist() for k in range(3)] == [[12, 13], [], [14, 15, 16]]


def test_which_labels_a_change_concerns():
    """A label is looked at again when an arc of it, or of one of its changes, was altered in the pass or after it."""
    problem, schedule = three_trips()
    schedule = simulate(problem, rows([[1, 2], [0], [0], []]), record=ORDER)
    record = LiveSchedule(problem, schedule).record
    found = np.array([[0, 0, -1], [0, 0, 0]])
    first, second = int(record.start[0]), int(record.start[0]) + 1
    for touched, hop, count, expected in (
        ([0, 3, 0], first, 0, True), ([0, 2, 0], first, 0, False), ([0, 0, 3], first, 0, True),
        ([0, 0, 4], second, 0, True), ([0, 9, 0], second, 0, False), ([3, 0, 0], first, 0, False),
        ([3, 0, 0], first, 1, True), ([2, 2, 2], first, 2, False),
    ):  # fmt: skip
        assert is_touched(record, hop, found, count, np.array(touched), 3) == expected
    pair = np.array([[0, 1, 0]])
    assert is_touched(record, second, pair, 1, np.array([3, 0, 0]), 3)
    # A change of one new arc, at the last arc of the second trip: there is no other one, not even the last of all.
    assert not is_touched(record, int(record.start[1]), np.array([[1, 1, -1]]), 1, np.array([0, 0, 3]), 3)


def test_a_pass_goes_from_label_to_label_in_the_order_of_time():
    """Every label with a change that could gain enough is given once, at the place of its hop in the order."""
    case = random_case(4, DENSITY, nodes=8, trips=14)
    schedule = simulate(case.problem, rows(drawn_routes(case, 4)), record=ORDER)
    live = LiveSchedule(case.problem, schedule)
    given = {}
    for steps in (1, 3, 10**6):
        refinement = Refinement(case.problem, live, 0.02)
        places = []
        while refinement.done < 1.0:
            if refinement.next(steps):
                places.append(int(refinement.state[0]))
                refinement.state[0] += 1
        given[steps] = places
    assert given[1] == given[3] == given[10**6] and len(given[1]) > 5 and given[1] == sorted(set(given[1]))
