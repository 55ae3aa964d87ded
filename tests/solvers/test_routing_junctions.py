"""Where ways merge and cross, on a crossing of four streets that is drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.routing.junctions import junctions
from evacuation_planner.plugin.solvers.routing.road_use import road_use
from evacuation_planner.plugin.solvers.routing.shared.choices import INDIVIDUAL, LINEAR, PRESENT
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from evacuation_planner.plugin.solvers.routing.solve import solve

# Node 0 in the middle; arcs 0 to 3 lead in from east, north, west, south (nodes 1 to 4), 4 to 7 out to them.
EAST, NORTH, WEST, SOUTH = 1, 2, 3, 4


def found(*trips: tuple[int, int]):
    cost = road_cost(LINEAR, np.full(8, 10.0), a=0.0)
    arcs = Arcs(5, [1, 2, 3, 4, 0, 0, 0, 0], [0, 0, 0, 0, 1, 2, 3, 4], cost)
    source, destination = zip(*trips)
    problem = routing_problem(arcs, TripTable(source, destination, np.zeros(len(trips))))
    result = solve(problem, method=INDIVIDUAL, flow_model=PRESENT)
    is_road = np.ones(8, dtype=bool)
    return junctions(result, road_use(result), is_road, lambda arc, begin: (arc % 4) * np.pi / 2)


@pytest.mark.parametrize(
    "trips, streams",
    [
        ([(EAST, WEST), (WEST, EAST)], 0),  # side by side
        ([(EAST, WEST), (NORTH, SOUTH)], 2),  # across
        ([(EAST, WEST), (NORTH, WEST)], 2),  # into one road
        ([(EAST, WEST), (EAST, SOUTH)], 0),  # out of one road
        ([(SOUTH, WEST), (NORTH, SOUTH)], 2),  # turning left across those who come
        ([(SOUTH, EAST), (NORTH, SOUTH)], 0),  # turning right
        ([(EAST, WEST), (WEST, EAST), (NORTH, SOUTH)], 3),
        ([(SOUTH, EAST), (EAST, NORTH), (NORTH, WEST), (WEST, SOUTH)], 0),  # all turn right
    ],
)
def test_streams_that_merge_or_cross(trips, streams):
    there = found(*trips)
    assert there.streams.tolist() == ([streams] if streams else [])
    assert there.node.tolist() == ([0] if streams else [])


def test_vehicles_are_all_that_pass_and_those_in_conflict():
    there = found((EAST, WEST), (EAST, WEST), (NORTH, SOUTH), (SOUTH, EAST))
    assert (there.vehicles.tolist(), there.conflicting.tolist()) == ([4], [3])
    assert there.blocked is None and there.delay.tolist() == [0.0]
