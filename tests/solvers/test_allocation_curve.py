"""The points of the trade-off curve by hand: which weights, what each says, and what time leaves out."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.allocation import tradeoff
from evacuation_planner.plugin.solvers.allocation.objective import BY_PEOPLE, Objective
from evacuation_planner.plugin.solvers.allocation.problem import Allocation, AllocationProblem
from evacuation_planner.plugin.solvers.effort import Effort

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # no division by nothing anywhere

SIZES = np.array([4, 6])
DISSATISFACTION = np.array([[0.5, 0.25], [0.0, 1.0]])
DISTANCE = np.array([[0.125, 1.0], [0.75, 0.25]])
KILOMETRES = np.array([[2.0, np.inf], [5.0, 3.0]])
FIRST = np.array([[4, 0], [6, 0]])  # Z1 = 2, Z2 = 5; 38 km for 10 people
SECOND = np.array([[4, 0], [0, 6]])  # Z1 = 8, Z2 = 2; 26 km


def found(people: np.ndarray, gap: float | None = 0.0) -> Allocation:
    return Allocation(people, ("", ""), 0.0, 0.0, gap)


def curve(monkeypatch, weights=(1.0, 1.0), points=5, gap=1.25, **control):
    """The curve with a solver that finds SECOND below a half; and the costs and the plans it was given."""
    objective = Objective(DISSATISFACTION, DISTANCE, SIZES, *weights, BY_PEOPLE)
    problem = AllocationProblem(SIZES, np.array([10.0, 10.0]), objective.cost, np.ones((2, 2), dtype=bool))
    asked, plan = [], found(FIRST)

    def solve(given, *, control, solver, known):
        assert known is plan and solver == "CBC" and given.sizes is SIZES
        share = given.cost[1, 0] / -4.5 + 1.0  # 6 (0.75 - 0.75 share)
        np.testing.assert_allclose(given.cost, (share * DISSATISFACTION + (1 - share) * DISTANCE) * SIZES[:, None])
        asked.append(round(share, 6))
        control.progress(0.0)
        control.progress(1.0)
        return found(SECOND if share < 0.5 else FIRST, gap)

    monkeypatch.setattr(tradeoff, "solve", solve)
    points = tradeoff.curve(problem, objective, KILOMETRES, plan, points, control=Control(**control), solver="CBC")
    return points, asked


def test_points_by_hand(monkeypatch):
    said, shown = [], []
    points, asked = curve(monkeypatch, log=said.append, progress=lambda share, text="": shown.append(share))
    assert asked == [0.001, 0.999, 0.75, 0.25]
    assert [point.weight_preference for point in points] == pytest.approx([0.001, 0.25, 0.5, 0.75, 0.999])
    assert [point.weight_distance for point in points] == pytest.approx([0.999, 0.75, 0.5, 0.25, 0.001])
    assert [(point.z1, point.z2) for point in points] == [(8.0, 2.0)] * 2 + [(2.0, 5.0)] * 3
    assert [point.preference for point in points] == pytest.approx([0.2, 0.2, 0.8, 0.8, 0.8])
    assert [point.kilometres for point in points] == pytest.approx([2.6, 2.6, 3.8, 3.8, 3.8])
    assert [point.gap for point in points] == [1.25, 1.25, 0.0, 1.25, 1.25]
    assert [point.plan for point in points] == [False, False, True, False, False]
    assert all(point.efficient for point in points)
    assert said[0] == "Weights 0.001 : 0.999 give a mean preference of 0.200 at 2.60 km on average (within 1.2 %)."
    assert said[1].startswith("Weights 0.999 : 0.001 give a mean preference of 0.800 at 3.80 km")
    assert len(said) == 4 and shown == [0.0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75, 1.0]
    curve(monkeypatch, log=said.append, gap=None)
    assert said[-1] == "Weights 0.25 : 0.75 give a mean preference of 0.200 at 2.60 km on average."


@pytest.mark.parametrize(
    ("weights", "points", "expected", "own"),
    [
        ((3.0, 1.0), 3, [0.001, 0.5, 0.75, 0.999], 0.75),
        ((2.0, 0.0), 3, [0.001, 0.5, 0.999, 1.0], 1.0),  # without heed to distance even between equals, unlike 0.999
        ((0.0, 0.5), 3, [0.0, 0.001, 0.5, 0.999], 0.0),
        ((5004.0, 4996.0), 3, [0.001, 0.5004, 0.999], 0.5004),
        ((4996.0, 5004.0), 3, [0.001, 0.4996, 0.999], 0.4996),
        ((506.0, 494.0), 3, [0.001, 0.5, 0.506, 0.999], 0.506),
        ((4994.0, 5006.0), 3, [0.001, 0.4994, 0.5, 0.999], 0.4994),
        ((1.0, 3.0), 1, [0.001, 0.25, 0.999], 0.25),
        ((0.0, 0.0), 2, [0.001, 0.999], None),  # a plan without a weight has no place on the curve
    ],
)
def test_the_weights_are_spread_evenly_and_the_plan_has_its_own(monkeypatch, weights, points, expected, own):
    got, asked = curve(monkeypatch, weights, points)
    assert [point.weight_preference for point in got] == pytest.approx(expected)
    assert [point.weight_preference for point in got if point.plan] == ([] if own is None else [pytest.approx(own)])
    assert sorted(asked) == pytest.approx([share for share in expected if share != own])


class Fence(Effort):
    """Reached after a number of questions."""

    def __init__(self, questions: int) -> None:
        super().__init__()
        self.left = questions

    def passed(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_what_the_time_leaves_out_is_said(monkeypatch):
    said = []
    points, asked = curve(monkeypatch, effort=Fence(3), log=said.append)
    assert asked == [0.001, 0.999, 0.75] and [point.plan for point in points] == [False, True, False, False]
    assert said[-1] == "TIME_LIMIT: the trade-off curve has 4 points; 1 more had no time."
    assert len(curve(monkeypatch, effort=Fence(0))[0]) == 1


def test_points_that_differ_by_rounding_do_not_beat_each_other():
    def efficient(*sums):
        made = [tradeoff.Point(0.0, 1.0, z1, z2, 0.0, 0.0, None, False) for z1, z2 in sums]
        return [point.efficient for point in tradeoff._marked(made)]

    assert efficient((1.0, 5.0), (1.0 + 5e-10, 5.0), (1.0, 5.0 - 5e-10)) == [True, True, True]
    assert efficient((1.0, 5.0), (1.0 + 5e-9, 5.0)) == [True, False]
    assert efficient((1.0, 5.0 + 5e-9), (1.0, 5.0)) == [False, True]
    assert efficient((1.0 + 5e-10, 4.0), (1.0, 5.0)) == [True, False]  # as good in one, better in the other
    assert efficient((4.0, 1.0 + 5e-10), (5.0, 1.0)) == [True, False]
    assert efficient((1.0 + 5e-9, 4.0), (1.0, 5.0)) == [True, True]
