"""The clearance curve: its grid, and who is inside the hazard when, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.routing.clearance import Inside, clearance, time_grid
from evacuation_planner.plugin.solvers.routing.shared.choices import INDIVIDUAL, LINEAR
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from evacuation_planner.plugin.solvers.routing.solve import solve


@pytest.mark.parametrize("last", [0.0, 1.0, 239.0, 241.0, 5000.0, 86_400.0 * 240, 3e7, 1e9, 3.3e15, 1e300, 1.7e308])
def test_the_grid_has_few_rows_whatever_the_last_arrival(last):
    grid = time_grid(last)
    assert grid[0] == 0 and grid[-1] >= last and len(grid) <= 242
    assert len(grid) < 2 or (grid[-2] < last and len(grid) > 90 or last < 90)


def test_the_grid_refuses_what_never_ends():
    with pytest.raises(SolverError, match="never arrives"):
        time_grid(np.inf)


def two_roads(inside: Inside):
    """Two cars with 3 and 2 people leave node 0 at 10 and 20 s over roads of 10 and 20 s; nothing slows them."""
    cost = road_cost(LINEAR, np.array([10.0, 20.0]), a=0.0)
    problem = routing_problem(Arcs(3, [0, 1], [1, 2], cost), TripTable([0, 0], [2, 2], [10.0, 20.0], [3, 2]))
    curve = clearance(solve(problem, method=INDIVIDUAL), inside)
    return dict(zip(curve.seconds.tolist(), curve.in_hazard.tolist())), curve


def nowhere(**changes) -> Inside:
    base = {
        "indptr": np.zeros(3, dtype=np.int64), "begin": np.empty(0), "end": np.empty(0),
        "home": np.zeros(2, dtype=bool), "goal": np.zeros(2, dtype=bool), "staying": 0,
    }  # fmt: skip
    return Inside(**{**base, **changes})


def test_people_on_the_middle_of_a_road_are_inside_by_time_along_it():
    # The second road from a quarter to three quarters: 5 to 15 s after it is entered, at 20 and at 30 s.
    inside = nowhere(indptr=np.array([0, 0, 1]), begin=np.array([0.25]), end=np.array([0.75]))
    at, _ = two_roads(inside)
    assert [at[t] for t in (24, 25, 34, 35, 44, 45, 50)] == [0, 3, 3, 2, 2, 0, 0]


def test_people_at_home_are_inside_until_they_leave_though_their_road_is_not():
    at, _ = two_roads(nowhere(home=np.array([True, True])))
    assert [at[t] for t in (0, 9, 10, 19, 20, 50)] == [5, 5, 2, 2, 0, 0]


def test_the_end_of_one_road_is_the_beginning_of_the_next():
    # All of the first road and half of the second: inside from leaving until 20 and 30 s, without a gap at 20.
    inside = nowhere(indptr=np.array([0, 1, 2]), begin=np.zeros(2), end=np.array([1.0, 0.5]), home=np.ones(2, bool))
    at, _ = two_roads(inside)
    assert [at[t] for t in (0, 10, 20, 29, 30, 39, 40)] == [5, 5, 5, 5, 2, 2, 0]


def test_who_arrives_inside_and_who_has_no_route_stay():
    at, curve = two_roads(nowhere(goal=np.array([True, False]), staying=7))
    assert [at[t] for t in (0, 39, 40, 50)] == [7, 7, 10, 10] and curve.staying == 7
    assert (
        clearance(
            solve(routing_problem(Arcs(1, [], [], road_cost(LINEAR, np.empty(0))), TripTable([], [], [])))
        ).in_hazard
        is None
    )
