"""What is said of sites and zones, ranks, rooms, and how a choice reports its progress: by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control

pytest.importorskip("pulp")

from evacuation_planner.plugin.solvers.effort import Effort
from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.rounding import MOST_PEOPLE
from evacuation_planner.plugin.solvers.shelters import covering, recommendation
from evacuation_planner.plugin.solvers.shelters.capacity import AREA_STANDARDS, area_per_person, safe_capacity
from evacuation_planner.plugin.solvers.shelters.covering import Cover, CoveringProblem
from evacuation_planner.plugin.solvers.shelters.nearest import nearest
from evacuation_planner.plugin.solvers.shelters.ranking import in_reach, ranks, scores
from evacuation_planner.plugin.solvers.shelters.screening import reasons_to_reject
from evacuation_planner.plugin.solvers.shelters.stage import Stage
from tests.solvers.test_shelters_recommendation import case

INF = np.inf


def test_area_standards_by_their_sources():
    areas = [standard.area for standard in AREA_STANDARDS]
    assert areas[0] is None and areas[1:5] == [1.0, 2.0, 2.0, 3.5]
    assert areas[5:] == pytest.approx([1.8580608, 3.7161216], rel=1e-12)  # a foot is 0.3048 m
    assert [area_per_person(k, 9.0) for k in (0, 1, 3)] == [9.0, 1.0, 2.0]


def test_limits_of_the_safe_capacity():
    assert safe_capacity(np.array([0.0, 7.0]), 2.0, 1.0).tolist() == [0, 3]
    assert safe_capacity(np.array([0.999 * MOST_PEOPLE]), 1.0, 1.0).tolist() == [999 * MOST_PEOPLE // 1000]
    for area, person, share in ((float(MOST_PEOPLE) * 1.001, 1.0, 1.0), (np.nan, 1.0, 1.0), (-1e-9, 1.0, 1.0)):
        with pytest.raises(SolverError, match="AREA_FIELD"):
            safe_capacity(np.array([5.0, area]), person, share)
    for share in (0.0, 1.0001, -0.5, np.nan):
        with pytest.raises(SolverError, match="USABLE_SHARE"):
            safe_capacity(np.array([5.0]), 1.0, share)
    for person in (0.0, -1.0, np.nan):
        with pytest.raises(SolverError, match="AREA_PER_PERSON"):
            safe_capacity(np.array([5.0]), person, 1.0)


def screened(**changes):
    given = {
        "unsafe": [""], "forbidden": np.array([False]), "unjoined": [""], "minutes": np.array([[30.0], [40.0]]),
        "limit": 30.0, "capacity": np.array([5]), "residual": np.array([5]), "min_capacity": 5,
    }  # fmt: skip
    return reasons_to_reject(**{**given, **changes})[0]


def test_doors_reject_a_site_like_too_little_room():
    def doors(count, people, **changes):
        return screened(doors=np.array([count]), door_capacity=np.array([people]), **changes)

    assert doors(1, 5) == "" and screened(doors=np.array([1])) == ""
    assert doors(1, 4) == "doors: 1 door lets in 4 people in DOOR_MINUTES, the minimum is 5"
    assert doors(2, 0, min_capacity=0) == "doors: 2 doors let in 0 people in DOOR_MINUTES, the minimum is 1"
    assert doors(1, 4, residual=np.array([4])).startswith(
        "no room left"
    )  # what is wrong with the site itself comes first


def test_people_are_fewest_of_room_less_the_reserve_and_what_doors_let_in():
    problem = replace(case(), reserve=0.25, door_capacity=np.array([90, 40, 7]))
    assert problem.room(np.array([100, 100, 100])).tolist() == [80.0, 40.0, 7.0]
    assert replace(problem, door_capacity=None).room(np.array([100, 100, 100])).tolist() == [80.0] * 3


def test_reasons_at_their_very_limits():
    assert screened() == ""
    assert screened(limit=29.99) == "beyond the travel limit from every zone (nearest 30.0 min, limit 29.99 min)"
    assert screened(capacity=np.array([4])) == "capacity 4 is below the minimum of 5"
    least = "no room left: the people predicted to be there leave {} of 5 places{}"
    assert screened(residual=np.array([4])) == least.format(4, ", the minimum is 5")
    assert screened(residual=np.array([1]), min_capacity=1) == ""
    assert screened(residual=np.array([0]), min_capacity=1) == least.format(0, "")
    assert screened(residual=np.array([0]), min_capacity=0) == least.format(0, "")
    assert screened(residual=np.array([1]), min_capacity=2, capacity=np.array([5])) == least.format(
        1, ", the minimum is 2"
    )
    unreachable = "not reachable by road from any zone"
    assert screened(minutes=np.full((2, 1), INF)) == screened(minutes=np.zeros((0, 1))) == unreachable
    everything = {"unsafe": ["wet"], "forbidden": np.array([True]), "unjoined": ["far"]}
    assert screened(**everything) == "wet"
    assert screened(**{**everything, "unsafe": [""]}) == "forbidden by the rule field"
    assert screened(unjoined=["far"]) == "not joined to the road network: far"


def test_ranks_and_scores_by_hand():
    status = ["standby", "selected", "rejected", "selected", "standby", "selected"]
    score = np.array([99.0, 40.0, 100.0, 60.0, 99.0, 40.0])
    assert ranks(score, status, ["f", "e", "d", "c", "b", "a"]).tolist() == [5, 3, 0, 1, 4, 2]
    minutes = np.array([[4.0, 2.0, 1.0], [8.0, INF, 1.0]])
    people, room = np.array([30, 10]), np.array([35.0, 50.0, 99.0])
    # Site 2 is not usable: nearest are 2 and 8. Site 0: 30 at 2/4, 5 of 10 at 1. Site 1: all 30 of zone 0.
    assert scores(people, minutes, room, np.array([True, True, False])).tolist() == pytest.approx([50.0, 75.0, 0.0])
    assert scores(people * 0, minutes, room, np.ones(3, bool)).tolist() == [0.0] * 3
    assert scores(people, minutes, room, np.zeros(3, bool)).tolist() == [0.0] * 3
    # One person alone counts; at no distance at all a site is as near as can be.
    assert scores(np.array([1]), np.array([[0.0, 0.5]]), np.ones(2), np.ones(2, bool)).tolist() == [100.0, 0.0]
    # Within one minute nearness is still that of the times: 15 and 45 seconds.
    near = scores(np.array([4]), np.array([[0.25, 0.75]]), np.full(2, 4.0), np.ones(2, bool))
    assert near.tolist() == pytest.approx([100.0, 100.0 / 3.0])
    count, mean = in_reach(np.array([1, 0]), np.array([[6.0, INF], [9.0, 3.0]]))
    assert count.tolist() == [1, 0] and mean[0] == 6.0 and np.isnan(mean[1])


def test_the_nearest_by_hand():
    seconds = np.array([[5.0, 3.0, 3.0], [INF, 7.0, INF], [2.0, 2.0, 2.0]])
    metres = np.array([[50.0, 40.0, 30.0], [INF, 9.0, INF], [6.0, 6.0, 6.0]])
    two = nearest(seconds, metres, 2)
    assert list(zip(two.zone.tolist(), two.shelter.tolist(), two.rank.tolist())) == [
        (0, 2, 1), (0, 1, 2), (1, 1, 1), (2, 0, 1), (2, 1, 2)
    ]  # fmt: skip
    assert list(zip(two.missing_zone.tolist(), two.missing_shelter.tolist())) == [(1, 0), (1, 2)]
    assert len(nearest(seconds, metres, 1).missing_zone) == 0
    for everything in (0, -1, 3, 7):
        assert len(nearest(seconds, metres, everything).zone) == 7


def test_the_sentence_and_the_gap_of_a_stage():
    def stage(value, bound):
        return Stage("sites", value, bound, False, "by hand", 1.26)

    assert [stage(*pair).gap for pair in ((8.0, 6.0), (8.0, 9.0), (0.0, -1.0), (0.5, 0.25))] == [25.0, 0.0, 0.0, 50.0]
    assert stage(8.0, None).gap is None
    assert stage(1234.0, None).sentence() == "Choice, sites: 1,234 (no bound; by hand; 1.3 s)."
    assert stage(8.0, 6.0).sentence() == "Choice, sites: 8 (the proven bound lies 25 % below; by hand; 1.3 s)."
    assert stage(1234.006, 1234.006).sentence() == "Choice, sites: 1,234.01 (proved best; by hand; 1.3 s)."
    assert stage(1234.004, 1234.004).sentence() == "Choice, sites: 1,234 (proved best; by hand; 1.3 s)."


def test_the_gap_of_a_cover_is_that_of_the_first_stage_without_proof():
    good, bad, worse = (Stage("s", 10.0, bound, bound == 10.0, "", 0.0) for bound in (10.0, 8.0, 5.0))
    near, nobody = Stage("s", 10.0, 9.5, True, "", 0.0), np.zeros(0, dtype=bool)
    for stages, gap in (
        ((good, bad, worse), 20.0),
        ((good, good), 0.0),
        ((good, good, near), 5.0),
        ((worse, bad), 50.0),
        ((), None),
    ):
        assert Cover(nobody, np.zeros((0, 0)), 0.0, stages).gap == gap


def test_progress_never_falls_ends_at_one_and_the_stages_have_their_stretches():
    steps = []
    people, minutes = (
        np.array([60, 40, 30]),
        np.array([[5.0, 20.0, 12.0, 9.0], [20.0, 5.0, 12.0, 9.0], [3.0, 2.0, 8.0, 7.0]]),
    )
    problem = CoveringProblem(people, minutes, np.array([60.0, 50.0, 70.0, 80.0]), np.zeros(4, bool), 3)
    cover = covering.solve(
        problem, control=Control(progress=lambda done, text="": steps.append((done, text)), effort=Effort(mip_gap=0.0))
    )
    assert cover.uncovered == 0.0
    amounts = [done for done, _ in steps]
    assert amounts == sorted(amounts) and amounts[-1] == 1.0 and amounts[0] >= 0.0
    assert {text: done for done, text in steps}["Bounding the travel time"] == pytest.approx(0.3 + 0.7 * 0.05)


def test_required_sites_beyond_the_limit_and_a_limit_that_binds_nothing():
    people, minutes, room = np.array([10]), np.array([[3.0, 4.0]]), np.array([10.0, 10.0])
    exactly = covering.solve(CoveringProblem(people, minutes, room, np.array([True, False]), 1))
    assert exactly.chosen.tolist() == [True, False] and len(exactly.stages) == 2
    free = covering.solve(CoveringProblem(people, minutes, room, np.zeros(2, bool), 2))
    assert [stage.name for stage in free.stages] == ["uncovered people", "person-minutes"]
    assert free.stages[0].proved and free.chosen.tolist() == [True, False]


def test_reasons_of_the_plan_by_hand():
    problem = case(max_sites=2, required=np.array([False, True, False]))

    def reason(flow, chosen, full, site=0):
        return recommendation._reason(problem, np.array(flow), chosen, full, site)

    assert reason([0, 0, 0], False, True) == "over MAX_SITES: no more than 2 may be opened"
    assert reason([0, 0, 0], False, False) == "not needed: the selected sites do without it"
    assert reason([0.4, 0, 0], True, True) == "nobody needs it in the plan"
    assert reason([0, 0, 0.4], True, False, 1) == "required; nobody needs it in the plan"
    assert reason([0.5, 0, 0], True, False) == "serves 0 people of 1 zone, 5.0 min on average"
    assert reason([30, 10, 0.4], True, True) == "serves 40 people of 2 zones, 5.8 min on average"  # 234.8 / 40.4
    apart = replace(problem, minutes=np.array([[INF, 10.0], [8.0, 4.0], [12.0, INF]]))
    text = recommendation._reason(apart, np.array([0.0, 30.0, 10.0]), True, True, 0)
    assert text == "serves 40 people of 2 zones, 9.0 min on average"
    assert reason([0, 20, 20], True, True, 1) == "required; serves 40 people of 2 zones, 5.0 min on average"


def test_why_people_are_left_out_by_hand():
    minutes = np.array([[5.0, 50.0], [INF, INF], [50.0, 4.0], [5.0, 5.0], [5.0, 5.0]])
    problem = replace(case(limit=30.0), minutes=minutes, unjoined_zones=["", "", "", "far", ""])

    def why(problem, people=(1, 1, 1, 1, 0), usable=(True, False), tight=(False, False)):
        within = np.where(problem.minutes <= problem.limit, problem.minutes, INF)
        return recommendation._why_uncovered(problem, within, np.array(usable), np.array(people), np.array(tight))

    far, by_road = "not joined to the road network: far", "no site can be reached by road"
    full = "no room left in the sites in reach"
    assert why(problem) == [full, by_road, "no usable site within the travel limit", far, ""]
    assert why(replace(problem, limit=INF), usable=(False, False))[2] == "no usable site"
    for most in (1, 4):
        assert why(replace(problem, max_sites=most))[0] == "no room left in the sites that may be opened"
    doors = "doors: those of the sites in reach let in no more in DOOR_MINUTES"
    assert why(problem, tight=(True, False)) == [doors, *why(problem)[1:]]  # the second site is none of those in reach
    assert why(problem, tight=(False, True)) == why(problem)
    assert why(problem, people=(0, 2, 0, 0, 3))[0] == "" and why(problem, people=(0, 2, 0, 0, 3))[4] == full


@pytest.mark.parametrize(
    ("missing", "uncovered", "expected"),
    [
        ([0.0, 0.0], 0.0, [0, 0]),
        ([0.0, 0.0], 3.0, [0, 0]),
        ([5.0, 3.0], 0.0, [0, 0]),
        ([1.5, 0.7], 2.2, [2, 1]),
        ([2.0, 1.0], 3.0000001, [2, 1]),
        ([2.0, 1.0], 2.9999999, [2, 1]),
        ([0.25, 0.25], 0.5, [1, 0]),
        ([1.0, 0.2, 0.4], 1.6, [1, 0, 1]),
    ],
)
def test_parts_of_people_left_out_by_hand(missing, uncovered, expected):
    assert recommendation._whole(np.array(missing), uncovered).tolist() == expected
