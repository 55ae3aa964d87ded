"""Bounds of the queue model against every plan on small networks, and against exits counted one by one."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.graph.necessary import necessary_arcs
from evacuation_planner.plugin.solvers.graph.stars import ForwardStar, ReverseStar
from evacuation_planner.plugin.solvers.routing.queue.bounds import door_queues
from evacuation_planner.plugin.solvers.routing.queue.certificate import certify
from evacuation_planner.plugin.solvers.routing.queue.clearance_bound import clearance_bound, clearance_floor
from evacuation_planner.plugin.solvers.routing.queue.doors import Journeys, all_doors
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND, queue_roads
from evacuation_planner.plugin.solvers.routing.shared.exits import earliest_exits, last_exit, merged_slots
from tests.solvers.queue_plans import every_plan, routed, small_network

NETWORKS = 300


def test_never_above_the_best_of_all_plans():
    compared = tight = above_doors = late = 0
    for seed in range(NETWORKS):
        roads, journeys = small_network(seed)
        journeys = routed(journeys)
        total = sum(queue.time for queue in door_queues(roads, journeys))
        proof = certify(roads, journeys)
        assert total <= proof.lower_bound * SECOND + 0.5, seed
        clearance = clearance_bound(roads, journeys).seconds * SECOND
        best = best_clearance = np.inf
        for run in every_plan(roads, journeys, (0.0, 2.0, 300.0)):
            best = min(best, run.total())
            out = int(run.arrival().max(initial=0))
            best_clearance = min(best_clearance, out)
            floor = clearance_floor(roads, run.plan)
            assert floor is None or floor.seconds * SECOND <= out + 0.5, seed
        if np.isfinite(best):
            assert proof.lower_bound * SECOND <= best + 0.5 and clearance <= best_clearance + 0.5, seed
            compared, late = compared + 1, late + (clearance >= best_clearance - 0.5)
            above_doors += total < round(proof.lower_bound * SECOND)
            tight += round(proof.lower_bound * SECOND) == best
    assert compared > 0.5 * NETWORKS and tight > 0.6 * compared and above_doors > 10
    assert late > 0.4 * compared


def two_in_series(sources, headways, departures):
    """Return trips from some places over one road to a junction, then over one road to their destination."""
    count = len(sources)
    tail = np.array([*range(count), count], dtype=np.int32)
    head = np.array([count] * count + [count + 1], dtype=np.int32)
    travel = np.full(count + 1, 10.0)
    star = ForwardStar.of(count + 2, tail, head)
    roads = queue_roads(star, head, travel, 3600.0 / np.array(headways, dtype=float), np.full(count + 1, 9.0))
    source = np.repeat(np.arange(count), sources).astype(np.int32)
    order = np.argsort(departures, kind="stable")
    departure = np.array(departures)[order] * SECOND
    return roads, Journeys(count + 2, tail, head, source[order], np.full(len(source), count + 1, np.int32), departure)


@pytest.mark.parametrize(
    ("sources", "headways", "departures", "doors", "bound"),
    [
        ([3], [5.0, 2.0], [0, 0, 0], 20 + 22 + 24, 20 + 25 + 30),  # the first road lets them out 5 s apart
        ([3], [5.0, 7.0], [0, 0, 0], 20 + 27 + 34, 20 + 27 + 34),  # the door alone
        ([2, 2], [8.0, 8.0, 3.0], [0, 0, 0, 0], 20 + 23 + 26 + 29, 20 + 23 + 28 + 31),  # two come 8 s later, not 6
    ],
)
def test_queues_in_series_by_hand(sources, headways, departures, doors, bound):
    roads, journeys = two_in_series(sources, headways, departures)
    proof = certify(roads, journeys)
    assert dict(proof.history)["queues at the doors"] == doors
    assert proof.lower_bound == bound
    assert sum(funnel.delay for funnel in proof.funnels) == (bound - 20 * sum(sources)) * SECOND


@pytest.mark.parametrize("headway", [[7], [4, 6], [3, 3, 5]])
def test_exits_are_the_largest_over_all_starts(headway):
    rng = np.random.default_rng(len(headway))
    for spread in (1, 20, 60, 150):
        arrival = np.sort(rng.integers(0, spread, 40))
        slots = merged_slots(np.array(headway), 40)
        right = [max(int(arrival[j] + slots[k - j]) for j in range(k + 1)) for k in range(40)]
        assert earliest_exits(arrival, np.array(headway)).tolist() == right
        if len(headway) == 1:
            assert last_exit(arrival, headway[0]) == right[-1]
    assert not len(earliest_exits(np.empty(0, dtype=np.int64), np.array(headway)))


def test_doors_are_the_last_roads_that_somebody_can_pass_first():
    found = 0
    for seed in range(60):
        roads, journeys = small_network(seed)
        for door in all_doors(roads, journeys):
            for column, road in enumerate(door.roads.tolist()):
                assert road in door.all_roads and np.isfinite(door.ready[:, column]).any()
                found += 1
            assert (door.first_ready >= journeys.departure[door.trips]).all()
    assert found > 40


def reaches(tail, head, nodes, root, without):
    reached, stack = {root}, [root]
    while stack:
        at = stack.pop()
        for arc in np.flatnonzero(head == at).tolist():
            if arc != without and tail[arc] not in reached:
                reached.add(int(tail[arc]))
                stack.append(int(tail[arc]))
    return reached


def test_necessary_arcs_against_leaving_each_out():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        nodes, arcs = 8, int(rng.integers(8, 20))
        tail, head = rng.integers(0, nodes, (2, arcs)).astype(np.int32)
        following, _ = necessary_arcs(ForwardStar.of(nodes, tail, head), ReverseStar(nodes, tail, head), 0)
        everybody = reaches(tail, head, nodes, 0, -1)
        needed = {v: {a for a in range(arcs) if v not in reaches(tail, head, nodes, 0, a)} for v in everybody}
        for v in range(nodes):
            if v not in everybody:
                assert following[v] == -2
                continue
            found, at = set(), v
            while at >= 0:
                if at >= nodes:
                    found.add(int(at - nodes))
                    at = int(head[at - nodes])
                else:
                    at = int(following[at])
            assert found == needed[v]
