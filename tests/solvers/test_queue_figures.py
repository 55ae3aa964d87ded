"""A whole city under the queue model: figures of an independent simulation, and stopping on the way."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import Cancelled
from evacuation_planner.plugin.solvers.graph.stars import ForwardStar
from evacuation_planner.plugin.solvers.kernels import kernels_compiled
from evacuation_planner.plugin.solvers.routing.queue.network import microseconds, queue_roads, standing_room
from evacuation_planner.plugin.solvers.routing.queue.simulation import plan_of, simulate_queues
from evacuation_planner.plugin.solvers.routing.shared.individual import individual_routes
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.routes import Routes
from evacuation_planner.plugin.solvers.routing.shared.trees import reverse_trees
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import LINEAR, road_cost
from tests.solvers.queue_cases import case_of, town

CITY = Path(__file__).resolve().parents[3] / "shared" / "cases" / "sample_city.npz"
slow_without_numba = pytest.mark.skipif(not kernels_compiled(), reason="no numba: a city takes too long here")


@pytest.fixture(scope="module")
def city():
    if not CITY.is_file():
        pytest.skip("the cases of ../shared/cases are not here")
    with np.load(CITY) as arrays:
        return {name: arrays[name] for name in arrays.files}


@pytest.fixture(scope="module")
def shortest_routes(city):
    arcs = Arcs(len(city["node_xy"]), city["tail"], city["head"], road_cost(LINEAR, city["free_flow"], a=0.0))
    trips = TripTable(city["source"], city["destination"], city["departure"], city["people"])
    problem = routing_problem(arcs, trips)
    return individual_routes(problem, reverse_trees(problem))


def roads_of(city, lane_capacity):
    star = ForwardStar.of(len(city["node_xy"]), city["tail"], city["head"])
    standing = standing_room(city["length"], city["lanes"])
    return queue_roads(star, city["head"], city["free_flow"], city["lanes"] * lane_capacity, standing)


@slow_without_numba
@pytest.mark.parametrize(
    "lane_capacity, hours, without_spillback, minutes_95, minutes",
    [(None, 30_603, 30_430, 288.2, 352.0), (900.0, 22_195, 22_219, 193.6, 236.9), (1800.0, 7_138, 7_107, 99.2, 121.9)],
    ids=["by class", "900", "1800"],
)
def test_individual_routes_of_the_city(
    city, shortest_routes, lane_capacity, hours, without_spillback, minutes_95, minutes
):
    roads = roads_of(city, city["lane_capacity"].astype(float) if lane_capacity is None else lane_capacity)
    plan = plan_of(roads, microseconds(city["departure"]), shortest_routes)
    run = simulate_queues(roads, plan)
    arrival = np.sort(run.arrival()) / 60e6
    assert run.total() / 3600e6 == pytest.approx(hours, rel=0.01)
    assert arrival[-1] == pytest.approx(minutes, rel=0.01)
    assert arrival[int(np.ceil(0.95 * len(arrival))) - 1] == pytest.approx(minutes_95, rel=0.01)
    assert run.forced == 0
    free = simulate_queues(roads, plan, stuck_seconds=0.0)
    assert free.total() / 3600e6 == pytest.approx(without_spillback, rel=0.01)


@slow_without_numba
def test_a_user_can_stop_within_a_second():
    # 400,000 vehicles over 60 roads: some ten seconds of work.
    roads = town([(k, k + 1, 4.0, 900.0, 9.0) for k in range(60)])
    case = case_of(roads, [(0.0, list(range(60)))] * 4)
    case.run()  # kernels are loaded
    way = Routes(np.array([0, 60]), np.arange(60, dtype=np.int32), np.zeros(400_000, dtype=np.int32))
    many = plan_of(roads, np.zeros(400_000, dtype=np.int64), way)
    begun, shown = time.monotonic(), []
    control = Control(
        progress=lambda fraction, text: shown.append((fraction, time.monotonic())),
        cancelled=lambda: time.monotonic() - begun > 0.5,
    )
    with pytest.raises(Cancelled):
        simulate_queues(roads, many, control=control)
    stopped = time.monotonic()
    assert stopped - begun < 1.5
    assert len(shown) >= 2
    assert [fraction for fraction, _ in shown] == sorted(fraction for fraction, _ in shown)
    assert 0 < shown[-1][0] < 1
