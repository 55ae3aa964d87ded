from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.routing.shared.vehicles import fill_vehicles, spread_departures


@given(st.lists(st.tuples(st.integers(0, 400), st.floats(1.0, 60.0)), min_size=1, max_size=8))
def test_people_stay_whole_in_vehicles_and_every_group_complete(groups):
    people, occupancy = (np.array(column, dtype=float) for column in zip(*groups))
    group, inside = fill_vehicles(people, occupancy)
    assert np.array_equal(inside, np.floor(inside)) and (inside >= 1).all()
    assert np.array_equal(np.bincount(group, inside, minlength=len(people)), people)
    vehicles = np.bincount(group, minlength=len(people))
    # As few as hold everybody at the occupancy: one fewer would leave somebody behind.
    assert (vehicles * occupancy >= people * (1 - 1e-6)).all()
    assert ((vehicles - 1) * occupancy < people)[people > 0].all()
    # Where all fit into their vehicles with nobody above the occupancy, nobody is.
    fits = vehicles * np.floor(occupancy + 1e-6) >= people
    assert (inside <= np.where(fits, np.floor(occupancy + 1e-6), np.ceil(occupancy))[group]).all()


@pytest.mark.parametrize(
    ("people", "occupancy", "dealt"),
    [
        (3, 2.5, [2, 1]),
        (5, 2.5, [3, 2]),
        (11, 2.5, [3, 2, 2, 2, 2]),
        (10, 4, [4, 3, 3]),
        (1, 60, [1]),
        (5, 1e300, [5]),
        (0, 2, []),
        (42, 1.4, [2] * 12 + [1] * 18),
        (7, 1, [1] * 7),
        (9, 4.5, [5, 4]),
        (100, 33.3, [25] * 4),
    ],
)
def test_people_are_dealt_evenly(people, occupancy, dealt):
    assert fill_vehicles(np.array([people]), np.array([occupancy]))[1].tolist() == dealt


@pytest.mark.parametrize("occupancy", [0.0, 0.5, np.nan])
def test_vehicles_that_would_be_empty_are_refused(occupancy):
    with pytest.raises(SolverError, match="at least 1"):
        fill_vehicles(np.array([3.0]), np.array([occupancy]))


@pytest.mark.parametrize("profile", [1, 2])
def test_departures_fill_the_window_once_in_each_share(profile):
    departures = np.sort(spread_departures(1000, 600.0, profile, np.random.default_rng(1)))
    assert departures[0] >= 0 and departures[-1] <= 600
    share = departures / 600
    reached = share if profile == 1 else 3 * share**2 - 2 * share**3
    assert np.abs(reached - (np.arange(1000) + 0.5) / 1000).max() <= 0.5001 / 1000
