"""PyVRP's tours as a start of the plans of a fleet: handed out by hand, none without it, and with it where it is."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.dependencies import MissingDependency
from evacuation_planner.plugin.solvers.errors import Cancelled
from evacuation_planner.plugin.solvers.fleet.planning import make_plan, plan_of_rows
from evacuation_planner.plugin.solvers.fleet.rolling import play, roll
from evacuation_planner.plugin.solvers.fleet.ruin import value
from evacuation_planner.plugin.solvers.fleet.with_pyvrp import handed_out, least_driving
from tests.solvers import fleet_reference as slow
from tests.solvers.test_fleet import line


def first_case(problem):
    """Return what the first plan of a game is about."""
    return next(roll(problem, 0, 1, Control()))[0]


def test_tours_of_many_people_a_minute_are_handed_out_first():
    """Two buses at 0 m; tours of 2, 30 and 20 people of about the same length, the last to who is back first."""
    problem = line([300, 310, 320, 0, 0, 600], 3, 2, 1, people=np.array([2, 30, 20]), wait=False)
    assert handed_out(first_case(problem), [[0, -1, 1, -1, 2, -1], []]) == [[1, -1], [2, -1, 0, -1]]


def test_a_tour_is_handed_to_a_vehicle_that_has_the_seats():
    problem = line([300, 310, 0, 0, 600], 2, 2, 1, people=np.array([30, 20]), seats=np.array([20, 40]))
    assert handed_out(first_case(problem), [[0, -1], [1, -1]]) == [[1, -1], [0, -1]]


def test_without_pyvrp_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyvrp", None)
    with pytest.raises(MissingDependency, match=r"USE_PYVRP(.|\n)*pyvrp>=0.13,<0.15"):
        play(line([300, 0, 600], 1, 1, 1), 1, 1, pyvrp=10)


@pytest.fixture
def case():
    """Twenty requests of one to three people, two buses, three shelters with room for all."""
    pytest.importorskip("pyvrp")
    problem = slow.random_problem(1, requests=20, buses=2, shelters=3, closings=False)
    return first_case(replace(problem, known=np.full(20, -np.inf), look_ahead=99, last=np.inf))


def test_pyvrp_drives_little(case):
    """All are fetched as far as seats and places allow; a tenth of a second is its unit, so 1 % above ours at most."""
    rows = least_driving(case, 2000, 1, Control())
    plan = plan_of_rows(case, rows)
    theirs = value(case, plan)
    unweighted = case._replace(weight=np.zeros_like(case.weight))
    ours = make_plan(unweighted, [], 20, 1, Control()).value
    assert theirs.unserved == ours.unserved == 0
    assert 0.99 * ours.driving <= theirs.driving <= 1.02 * ours.driving
    assert least_driving(case, 2000, 1, Control()) == rows


def test_a_plan_with_one_more_start_is_never_worse(case):
    for seed in range(3):
        assert make_plan(case, [], 1, seed, Control(), pyvrp=50).value <= make_plan(case, [], 1, seed, Control()).value


def test_pyvrp_is_cancelled(case):
    with pytest.raises(Cancelled):
        least_driving(case, 10**9, 1, Control(cancelled=lambda: True))
