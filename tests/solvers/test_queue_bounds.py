"""Bounds of the queue model against every plan on small networks, and against exits counted one by one."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.graph.necessary import necessary_arcs
from evacuation_planner.plugin.solvers.graph.stars import ForwardStar, ReverseStar
from evacuation_planner.plugin.solvers.routing.queue.bounds import door_queues
from evacuation_planner.plugin.solvers.routing.queue.clearance_bound import clearance_bound, clearance_floor
from evacuation_planner.plugin.solvers.routing.queue.doors import all_doors
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND
from evacuation_planner.plugin.solvers.routing.shared.exits import earliest_exits, last_exit, merged_slots
from tests.solvers.queue_plans import every_plan, routed, small_network

NETWORKS = 300


def test_never_above_the_best_of_all_plans():
    compared = tight = late = 0
    for seed in range(NETWORKS):
        roads, journeys = small_network(seed)
        journeys = routed(journeys)
        total = sum(queue.time for queue in door_queues(roads, journeys))
        clearance = clearance_bound(roads, journeys).seconds * SECOND
        best = best_clearance = np.inf
        for run in every_plan(roads, journeys, (0.0, 2.0, 300.0)):
            best = min(best, run.total())
            out = int(run.arrival().max(initial=0))
            best_clearance = min(best_clearance, out)
            floor = clearance_floor(roads, run.plan)
            assert floor is None or floor.seconds * SECOND <= out + 0.5, seed
        if np.isfinite(best):
            assert total <= best and clearance <= best_clearance + 0.5, seed
            compared, tight, late = compared + 1, tight + (total == best), late + (clearance >= best_clearance - 0.5)
    assert compared > 0.5 * NETWORKS and tight > 0.25 * compared and late > 0.4 * compared


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
