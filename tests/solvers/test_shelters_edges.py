"""The choice of shelters at its edges: defaults, equal gains, large numbers, targets below everybody."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.location.coverage import Coverage
from evacuation_planner.plugin.solvers.shelters import facility_location, recommendation, set_covering
from tests.solvers.test_shelters_facility_location import problem
from tests.solvers.test_shelters_facility_location import relaxed as bound_of
from tests.solvers.test_shelters_recommendation import case
from tests.solvers.test_shelters_set_covering import everywhere, mask


def test_a_site_for_one_person_is_a_site_unless_a_minimum_is_asked_for():
    small = case(people=np.array([1, 0, 0]), capacity=np.array([1, 0, 0]), predicted=np.zeros(3, dtype=int))
    found = recommendation.solve(small)
    assert found.status == ["selected", "rejected", "rejected"]
    assert found.reason[1:] == ["capacity 0 is below the minimum of 1"] * 2


def test_of_sites_that_add_as_many_people_the_larger_one_is_added():
    """0 and 1 add the first zone's 10 each; 1 has room for the second's 5 too, which are in site 2 already."""
    reach = np.array([[1, 1, 0], [0, 1, 1]], dtype=bool)
    coverage = Coverage(np.array([10, 5]), reach, np.array([20.0, 30.0, 5.0]))
    assert set_covering._add_best(coverage, mask(3, 2), 2, Control()).tolist() == [False, True, True]


def test_a_large_number_of_people_that_all_find_room_is_proved():
    best, stage = set_covering.most_people(everywhere([400, 400], [300, 300, 500]), mask(3), 2, Control())
    assert best.tolist() == [True, False, True] and (stage.value, stage.proved) == (0.0, True)


def test_a_set_that_shelters_more_than_its_target_is_no_worse_for_it(monkeypatch):
    """Both sites hold all 10 people, of whom 5 are to be sheltered: at 9 minutes each, or at 5."""
    travel, coverage = problem([10], [[9, 5]], [10, 10], 1, target=5.0)
    monkeypatch.setattr(facility_location, "exchange_sites", lambda case, cover, target, best, *rest: best)
    monkeypatch.setattr(facility_location, "linear_relaxation", lambda *arguments: bound_of(0.5, 0.5, bound=1.0))
    found = facility_location.least_travel(travel, coverage, 5, mask(2, 0), Control(effort=Effort(mip_gap=0.0)))
    assert found.chosen.tolist() == [False, True] and found.stage.value == pytest.approx(25.0)
