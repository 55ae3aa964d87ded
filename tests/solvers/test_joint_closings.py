"""Shelters and streets together before a hazard that comes: against all plans of small problems, and step by step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.joint.kinds import BY_GROUP, BY_VEHICLE, FREE, WHERE_NEEDED, WHOLE
from evacuation_planner.plugin.solvers.joint.reach import in_time
from evacuation_planner.plugin.solvers.joint.result import JointPlan
from evacuation_planner.plugin.solvers.joint.solve import solve
from evacuation_planner.plugin.solvers.routing.queue.network import roads_of
from evacuation_planner.plugin.solvers.routing.shared.closings import ARRIVED
from tests.solvers.joint_cases import random_problem
from tests.solvers.joint_closing_cases import Plans, Rank, closed_problem
from tests.solvers.test_joint import DISLIKE, check, quick

MOST_PLANS = 300  # that an exhaustive search looks at


def rank_of(problem, plan: JointPlan) -> Rank:
    floods = problem.network.closings.start_reached[problem.network.source] < np.inf
    left = float(problem.people[floods & (plan.destination < 0)].sum())
    return Rank(float(problem.people.sum()) - plan.people_placed, plan.people_caught + left, plan.value)


@pytest.mark.parametrize("seed", range(30))
def test_who_arrives_in_time_alone(seed):
    problem = closed_problem(seed, vehicles=4)
    plans, found = Plans(problem, 0.0), in_time(problem, roads_of(problem.network))
    for vehicle, ways in enumerate(plans.ways):
        for end in {option.destination for option in ways}:
            there = any(option.destination == end for option in plans.alone[vehicle])
            assert found[vehicle, end] == there


def test_against_all_plans():
    equal = few = count = lost = 0
    for seed in range(60):
        problem = closed_problem(seed, vehicles=3 + seed % 2)
        plans = Plans(problem, DISLIKE)
        if not (4 <= plans.count() <= MOST_PLANS and any(plans.alone)):
            continue
        rng = np.random.default_rng(seed)
        unit, split = int(rng.integers(2)), int(rng.choice([WHOLE, FREE]))
        result = solve(problem, unit=unit, split=split, preference_seconds=DISLIKE, control=quick())
        check(problem, result)
        found, best = rank_of(problem, result.plan), plans.best(unit, split)
        assert found.missing >= best.missing, seed  # nobody is claimed to arrive who cannot
        assert (found.missing, found.caught, found.value + 1e-6) >= best, seed
        if found.missing == best.missing:
            assert result.lower_bound <= best.value + 1e-6, seed
        few += found.missing == best.missing
        equal += found[:2] == best[:2] and found.value <= best.value + 1e-6
        count, lost = count + 1, lost + any(plans.lost)
    assert count >= 40 and lost >= 3
    assert few >= 0.95 * count
    assert equal >= 0.9 * count


@pytest.mark.parametrize("seed", (5, 6, 7))
def test_step_by_step_nobody_stays_behind_for_a_group_that_cannot_go_as_a_whole(seed):
    """With room for everybody, each for himself, whoever arrives by the joint plan has a place or is caught."""
    problem = closed_problem(seed, vehicles=30, junctions=30, arcs=80, places=4, groups=1)
    problem = replace(problem, room=np.full(problem.destinations, 1e4))
    result = solve(problem, unit=BY_VEHICLE, preference_seconds=DISLIKE, control=quick())
    stepwise = result.stepwise
    away = np.zeros(problem.vehicles, dtype=bool)
    away[stepwise.placed] = True
    away[stepwise.routing.caught.trip] = True
    assert len(result.plan.placed) >= 20 and away[result.plan.placed].all()


@pytest.mark.parametrize("unit", (BY_GROUP, BY_VEHICLE))
@pytest.mark.parametrize("seed", range(6))
def test_towns_are_never_worse_than_step_by_step(unit, seed):
    problem = closed_problem(seed, 400.0, vehicles=200, junctions=25, arcs=100, places=4, groups=15)
    result = solve(
        problem, unit=unit, split=WHERE_NEEDED, preference_seconds=DISLIKE, max_routes=3 * (seed % 2), control=quick()
    )
    check(problem, result)
    plan = result.plan
    assert rank_of(problem, plan) <= rank_of(problem, result.stepwise)
    caught, routing = plan.routing.caught, plan.routing
    everybody = np.sort(np.r_[plan.placed, caught.trip, np.flatnonzero(plan.destination < 0)])
    assert everybody.tolist() == list(range(problem.vehicles))
    drove = routing.everybody()
    assert (drove.fate == ARRIVED).sum() == len(plan.placed)
    assert len(caught.trip) == (drove.fate != ARRIVED).sum()


@pytest.mark.parametrize("unit, seed", ((BY_GROUP, 1), (BY_VEHICLE, 1), (BY_VEHICLE, 2)))
def test_what_closes_after_everybody_has_arrived_changes_nothing(unit, seed):
    open_roads = replace(random_problem(seed), hazard=None)
    closings = closed_problem(seed).network.closings
    late = closings._replace(
        since=closings.since + 1e5, until=closings.until + 1e5, start_reached=closings.start_reached + 1e5,
        goal_reached=np.full(open_roads.network.nodes, np.inf),
    )  # fmt: skip
    plans = [
        solve(replace(open_roads, network=network), unit=unit, preference_seconds=DISLIKE, control=quick()).plan
        for network in (open_roads.network, replace(open_roads.network, closings=late))
    ]
    for one, other in zip(*((p.destination, p.routing.routes.arcs, p.routing.arrival, p.reason) for p in plans)):
        assert one.tolist() == other.tolist()
    assert plans[0].value == plans[1].value
