"""The joint plans that the judges are asked about: routes on streets, and what is told of their figures."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.judges import joint_layers, kept
from benchmarks.judges.joint_layers import JOINT, OURS, STEPWISE, sooner, to_ends
from benchmarks.judges.plans import Case, kept_plan, plan_of
from benchmarks.table import MET, NOT_MET

ROW = kept.Verdict(joint_layers.CASE, STEPWISE, "a1", OURS, 1, 100.0, 90.0, 200.0, 10, 10, 1.0, "")


def chain() -> Case:
    """Return pieces 0 -> 1 -> 2 and 1 -> 3, and three trips: two from node 0, one from node 2."""
    one = np.ones(3)
    return Case(
        "chain", np.zeros((4, 2)), np.array([0, 1, 1]), np.array([1, 2, 3]), one, one, one, one, one,
        np.array([0, 0, 2]), np.array([-1, -1, -1]), np.zeros(3),
    )  # fmt: skip


def test_a_plan_ends_at_its_doors_and_who_stays_where_he_is():
    routes = [np.array([0, 1]), np.array([0, 2]), np.empty(0, dtype=np.int64)]
    assert to_ends(chain(), plan_of("p", routes)).destination.tolist() == [2, 3, 2]


@pytest.mark.parametrize(
    "routes",
    [
        [[0, 1], [1], []],  # the second trip starts at node 0, its route at node 1
        [[0, 1], [0, 0], []],  # a gap
        [[0, 1], [0, 3], []],  # no such piece
        [[0, 1], [0]],  # a trip without a route
    ],
)
def test_a_plan_of_other_streets_is_refused(routes):
    with pytest.raises(ValueError):
        to_ends(chain(), plan_of("p", [np.array(route, dtype=np.int64) for route in routes]))


def test_the_gain_is_percent_of_the_step_wise_clearance_and_none_where_somebody_never_arrives():
    joint = replace(ROW, plan=JOINT, last=140.0)
    assert sooner({STEPWISE: ROW, JOINT: joint}, JOINT) == pytest.approx(30.0)
    assert sooner({STEPWISE: ROW, JOINT: replace(joint, arrived=9)}, JOINT) is None
    assert sooner({JOINT: joint}, JOINT) is None


@pytest.mark.parametrize(
    "hours, last, verdict",
    [(100.0, 140.0, MET), (100.0, 171.0, NOT_MET), (109.0, 140.0, NOT_MET), (100.0, 156.0, NOT_MET)],
)
def test_uxsim_must_see_half_of_our_gain_and_our_figures(monkeypatch, hours, last, verdict):
    joint = replace(ROW, plan=JOINT, last=140.0)
    theirs = [replace(ROW, judge=kept.UXSIM), replace(joint, judge=kept.UXSIM, total_time=hours, last=last)]
    monkeypatch.setattr(kept, "verdicts", lambda: [ROW, joint, *theirs])
    rows = joint_layers.table().rows
    assert [row[:2] for row in rows] == [(OURS, STEPWISE), (OURS, JOINT), (kept.UXSIM, STEPWISE), (kept.UXSIM, JOINT)]
    assert rows[1][-1] == MET and rows[-1][-1] == verdict


def test_all_that_is_kept_is_of_the_routes_in_the_files_of_the_plans():
    rows = [row for row in kept.verdicts() if row.case == joint_layers.CASE]
    plans = {name: kept_plan(SimpleNamespace(name=joint_layers.CASE), name) for name in joint_layers.PLANS}
    assert {(row.plan, row.digest) for row in rows} == {(name, plan.digest()) for name, plan in plans.items()}
    assert {row.judge for row in rows} >= {OURS, kept.UXSIM, kept.SUMO, kept.WITH_JUNCTIONS}
