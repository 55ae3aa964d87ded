"""What a run under ``queue`` says of roads and people, on a road that is worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.routing.clearance import Inside, clearance
from evacuation_planner.plugin.solvers.routing.flows import road_flows
from evacuation_planner.plugin.solvers.routing.road_use import road_use
from evacuation_planner.plugin.solvers.routing.shared.choices import INDIVIDUAL, LINEAR, QUEUE, SYSTEM_OPTIMAL
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from evacuation_planner.plugin.solvers.routing.solve import solve


@pytest.fixture(scope="module")
def result():
    """Five cars with 2 people each leave at once; the road of 10 s has room for 3 and lets one out every 4 s.

    They enter at 0, 0, 0, 10, 14 and leave at 10, 14, 18, 22, 26.
    """
    cost = road_cost(LINEAR, np.array([10.0]), a=0.0)
    arcs = Arcs(2, [0], [1], cost, [100.0], [3.0], [900.0], [1.0])
    trips = TripTable([0] * 5, [1] * 5, np.zeros(5), [2.0] * 5)
    return solve(routing_problem(arcs, trips), method=INDIVIDUAL, flow_model=QUEUE)


def test_who_waits_at_the_origin_has_not_entered(result):
    assert result.entered().tolist() == [0, 0, 0, 10, 14]
    curve = clearance(result)
    at = {name: dict(zip(curve.seconds.tolist(), getattr(curve, name).tolist())) for name in
          ("waiting", "departed", "arrived", "on_road")}  # fmt: skip
    assert [at["waiting"][t] for t in (0, 9, 10, 13, 14, 26)] == [4, 4, 2, 2, 0, 0]
    assert [at["departed"][t] for t in (0, 9, 10, 13, 14, 26)] == [6, 6, 8, 8, 10, 10]
    assert [at["arrived"][t] for t in (0, 9, 10, 13, 14, 26)] == [0, 0, 2, 2, 4, 10]
    assert (curve.waiting + curve.on_road + curve.arrived == 10).all()


def test_those_who_wait_at_home_are_inside_the_hazard_until_they_enter(result):
    none = np.empty(0)
    inside = Inside(np.zeros(2, dtype=np.int64), none, none, np.ones(5, dtype=bool), np.zeros(5, dtype=bool), 0)
    at = dict(zip(clearance(result, inside).seconds.tolist(), clearance(result, inside).in_hazard.tolist()))
    assert [at[t] for t in (0, 9, 10, 13, 14, 26)] == [4, 4, 2, 2, 0, 0]


def test_a_wait_is_delay_and_no_detour(result):
    assert result.detours().tolist() == [1.0] * 5
    assert result.delay(0.95) == 16.0
    assert result.delay(0.5) == 8.0
    assert result.queue.origin_wait == 24.0


def test_the_use_of_roads_tells_their_queues(result):
    use = road_use(result)
    assert (use.vehicles.tolist(), use.peak.tolist()) == ([5], [3])
    assert use.delay.tolist() == [4 + 8 + 2 + 2]
    assert use.traffic.peak_flow.tolist() == [20]
    assert use.traffic.longest_queue.tolist() == [1]  # the third from 14 s on, the others leave as soon as they may
    assert not use.over_capacity.any()


def test_intervals_share_what_happens_on_a_road(result):
    # In at 0, 0, 0, 10, 14; driven at 10, 10, 10, 20, 24; out at 10, 14, 18, 22, 26. Queued: the third from 14 to 18.
    flows = road_flows(result, 8.0)
    assert flows.begin.tolist() == [0, 8, 16, 24] and flows.end.tolist() == [8, 16, 24, 32]
    assert flows.entered.tolist() == [3, 2, 0, 0]
    assert flows.delay.tolist() == [0, 4 + 6, 2 + 2, 2]
    assert flows.queue.tolist() == [0, 2 / 8, 2 / 8, 0]
    assert flows.blocked.tolist() == [0, 0, 0, 0]
    with pytest.raises(SolverError, match="FLOW_MINUTES"):
        road_flows(result, 1e-6)


def test_ways_that_the_search_found_twice_are_one_route():
    # Two roads side by side that let 900 an hour out each: whatever the search tries, there are two ways.
    cost = road_cost(LINEAR, np.array([10.0, 12.0]), a=0.0)
    arcs = Arcs(2, [0, 0], [1, 1], cost, [100.0] * 2, [13.0] * 2, [900.0] * 2, [13.0] * 2)
    trips = TripTable([0] * 60, [1] * 60, np.zeros(60))
    found = solve(routing_problem(arcs, trips), method=SYSTEM_OPTIMAL, flow_model=QUEUE)
    assert found.routes.count == 2
    assert np.bincount(found.routes.of_trip).tolist() in ([30, 30], [31, 29], [29, 31])
