from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.control import SolverError
from evacuation_planner.plugin.solvers.routing.vehicles import fill_vehicles, spread_departures


@given(st.lists(st.tuples(st.integers(0, 400), st.floats(0.5, 60.0)), min_size=1, max_size=8))
def test_people_stay_whole_in_vehicles_and_every_group_complete(groups):
    people, occupancy = (np.array(column, dtype=float) for column in zip(*groups))
    group, inside = fill_vehicles(people, occupancy)
    assert np.array_equal(inside, np.floor(inside)) and (inside >= 0).all()
    assert np.array_equal(np.bincount(group, inside, minlength=len(people)), people)
    assert np.array_equal(np.bincount(group, minlength=len(people)), np.ceil(people / occupancy - 1e-9))
    assert (inside <= np.ceil(occupancy[group])).all()


def test_two_and_a_half_people_a_vehicle_alternate():
    group, inside = fill_vehicles(np.array([11.0]), np.array([2.5]))
    assert inside.tolist() == [3, 2, 3, 2, 1]


def test_empty_vehicles_are_refused():
    with pytest.raises(SolverError, match="above 0"):
        fill_vehicles(np.array([3.0]), np.array([0.0]))


@pytest.mark.parametrize("profile", [1, 2])
def test_departures_fill_the_window_once_in_each_share(profile):
    departures = np.sort(spread_departures(1000, 600.0, profile, np.random.default_rng(1)))
    assert departures[0] >= 0 and departures[-1] <= 600
    share = departures / 600
    reached = share if profile == 1 else 3 * share**2 - 2 * share**3
    assert np.abs(reached - (np.arange(1000) + 0.5) / 1000).max() <= 0.5001 / 1000
