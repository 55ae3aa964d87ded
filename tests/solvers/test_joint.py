"""Shelters and streets together: against all plans of small problems, by hand, and what must hold of every plan."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.allocation.problem import CAPACITY, NO_SHELTER, TOO_LARGE
from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import QUICK, Effort
from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.joint.assignment import Assignment
from evacuation_planner.plugin.solvers.joint.kinds import (
    BY_GROUP,
    BY_VEHICLE,
    CLEARANCE,
    FREE,
    HAZARD,
    TIME,
    WHERE_NEEDED,
    WHOLE,
)
from evacuation_planner.plugin.solvers.joint.problem import Destinations, JointProblem, Vehicles, joint_problem
from evacuation_planner.plugin.solvers.joint.result import REASONS, JointResult
from evacuation_planner.plugin.solvers.joint.solve import solve
from evacuation_planner.plugin.solvers.routing.queue.adjoint import delay_values
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND, roads_of
from evacuation_planner.plugin.solvers.routing.shared.choices import LINEAR
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from tests.solvers.joint_cases import Option, best_of, options, random_problem, value_of
from tests.solvers.queue_cases import case_of, town

MOST_PLANS = 500  # that an exhaustive search looks at
DISLIKE = 20.0  # s


def quick() -> Control:
    return Control(effort=Effort(QUICK))


def streets(roads: list[tuple[int, int, float, float]], nodes: int) -> Arcs:
    """Return roads (tail, head, seconds, vehicles/h) on which ten vehicles find room."""
    tail, head, seconds, capacity = (np.array(column) for column in zip(*roads))
    cost = road_cost(LINEAR, seconds, np.ones(len(tail)), a=0.0)
    return Arcs(nodes, tail, head, cost, capacity=capacity, storage=np.full(len(tail), 10.0))


def two_shelters(vehicles: int, room: tuple[float, float] = (99.0, 99.0), people: float = 1.0) -> JointProblem:
    """Vehicles at one place: shelter 0 after 10 s, shelter 1 after 20 s, each behind a door of 900 vehicles/h."""
    arcs = streets([(0, 1, 10.0, 900.0), (0, 2, 20.0, 900.0)], 3)
    start = np.zeros(vehicles)
    return joint_problem(
        arcs, Vehicles(start, start, np.full(vehicles, people), start), Destinations([1, 2], room), [[0.0, 0.0]],
        [[True, True]],
    )  # fmt: skip


def check(problem: JointProblem, result: JointResult) -> None:
    """What must hold of every plan."""
    plan = result.plan
    assert (plan.people(problem).sum(axis=0) <= problem.room + 1e-9).all()
    assert ((plan.destination >= 0) == (plan.reason == 0)).all()
    assert plan.people_placed + plan.people_caught + problem.people[plan.reason > 0].sum() == problem.people.sum()
    assert plan.people(problem).sum() == plan.people_placed
    assert problem.allowed[problem.group[plan.placed], plan.destination[plan.placed]].all()
    routing, head, tail = plan.routing, problem.network.head, problem.network.tail
    assert routing.problem.destination.tolist() == problem.node[plan.destination[plan.placed]].tolist()
    for trip, vehicle in enumerate(plan.placed.tolist()):  # a way along roads, and connectors where there are some
        node = int(problem.network.source[vehicle])
        for arc in routing.routes.of(trip).tolist():
            node = _across(problem, node, int(tail[arc]))
            node = int(head[arc])
        _across(problem, node, int(routing.problem.destination[trip]))
    stepwise = result.stepwise
    assert plan.people_placed >= stepwise.people_placed
    if (plan.people_placed, plan.people_caught) == (stepwise.people_placed, stepwise.people_caught):
        assert result.value <= stepwise.value


def _across(problem: JointProblem, node: int, to: int) -> int:
    """Go from ``node`` to ``to`` by connectors alone."""
    seen, network = {node}, problem.network
    while to not in seen:
        free = np.isinf(network.capacity) & np.isin(network.tail, list(seen))
        more = set(network.head[free].tolist()) - seen
        assert more, "the way has a gap"
        seen |= more
    return to


@pytest.mark.parametrize("seed", range(120))
def test_against_all_plans(seed):
    problem = random_problem(seed, vehicles=3 + seed % 2)
    if np.prod([len(options(problem, k)) for k in range(problem.vehicles)]) > MOST_PLANS:
        return
    rng = np.random.default_rng(seed)
    unit, split, aim = int(rng.integers(2)), int(rng.choice([WHOLE, WHOLE, FREE])), int(rng.integers(3))
    aim = TIME if problem.hazard is None and aim == HAZARD else aim
    result = solve(problem, unit=unit, split=split, aim=aim, preference_seconds=DISLIKE, control=quick())
    check(problem, result)
    _, least = best_of(problem, unit, split, aim, DISLIKE, result.plan.people_placed)
    slack = 1e-9 * abs(least) + 1e-6
    assert result.lower_bound <= least + slack
    assert result.value >= least - slack
    plan = [Option(-1, ())] * problem.vehicles
    for trip, vehicle in enumerate(result.plan.placed.tolist()):
        ways = tuple(result.plan.routing.routes.of(trip).tolist())
        plan[vehicle] = Option(int(result.plan.destination[vehicle]), ways)
    roads = roads_of(problem.network)
    assert value_of(problem, tuple(plan), aim, DISLIKE, roads) == pytest.approx(result.value)
    if unit == BY_GROUP and split == WHOLE:
        for group in range(problem.groups):
            mine = (problem.group == group) & (problem.people > 0) & (result.plan.reason != 1)
            assert len(set(result.plan.destination[mine].tolist())) <= 1


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("unit", (BY_GROUP, BY_VEHICLE))
def test_towns_are_never_worse_than_step_by_step(unit, seed):
    problem = random_problem(seed, vehicles=300, junctions=30, arcs=110, places=4, groups=20)
    aim = (TIME, CLEARANCE, HAZARD)[seed % 3]
    if problem.hazard is None:
        aim = TIME
    result = solve(problem, unit=unit, aim=aim, preference_seconds=DISLIKE, control=quick())
    check(problem, result)
    assert result.lower_bound <= result.value


def test_the_same_input_gives_the_same_plan():
    problem = random_problem(3, vehicles=120, junctions=20, arcs=70, places=3)
    plans = [solve(problem, unit=BY_VEHICLE, control=quick()).plan for _ in range(2)]
    assert plans[0].destination.tolist() == plans[1].destination.tolist()
    assert plans[0].value == plans[1].value


def test_two_doors_share_a_queue():
    # k by the first door arrive after 10, 14, ..., others after 20, 24, ...: with 11 and 9 the last after 50 and 52 s
    result = solve(two_shelters(20), unit=BY_VEHICLE, aim=CLEARANCE, control=quick())
    assert result.value == result.lower_bound == 50.0 + 2.0
    # 10 + 4 k < 20 + 4 j wherever it is: 11 or 12 by the first
    result = solve(two_shelters(20), unit=BY_VEHICLE, aim=TIME, control=quick())
    assert result.value == min(
        sum(10 + 4 * j for j in range(k)) + sum(20 + 4 * j for j in range(20 - k)) for k in range(21)
    )


def test_a_dislike_weighs_as_many_seconds_as_asked():
    arcs = streets([(0, 1, 10.0, 3600.0), (0, 2, 20.0, 3600.0)], 3)
    problem = joint_problem(
        arcs, Vehicles([0], [0.0], [2.0], [0]), Destinations([1, 2], [9.0, 9.0]), [[1.0, 0.0]], [[True, True]]
    )
    for seconds, end, value in ((9.0, 0, 38.0), (11.0, 1, 40.0)):
        result = solve(problem, unit=BY_VEHICLE, preference_seconds=seconds, control=quick())
        assert (int(result.plan.destination[0]), result.value, result.lower_bound) == (
            end, value, pytest.approx(value),
        )  # fmt: skip


def test_less_room_than_people_leaves_the_rest_with_a_reason():
    result = solve(two_shelters(20, (4.0, 3.0)), unit=BY_VEHICLE, control=quick())
    assert result.plan.people_placed == 7.0
    assert {REASONS[k] for k in result.plan.reason[result.plan.destination < 0].tolist()} == {CAPACITY}


def test_a_group_larger_than_everything():
    whole = solve(two_shelters(20, (14.0, 13.0)), unit=BY_GROUP, split=WHOLE, control=quick())
    assert whole.plan.people_placed == 0.0 and whole.value == 0.0
    assert {REASONS[k] for k in whole.plan.reason.tolist()} == {TOO_LARGE}
    divided = solve(two_shelters(20, (14.0, 13.0)), unit=BY_GROUP, split=WHERE_NEEDED, control=quick())
    assert divided.plan.people_placed == 20.0


def test_vehicles_without_any_way():
    problem = two_shelters(3)
    lost = joint_problem(
        streets([(0, 1, 10.0, 900.0)], 4), Vehicles([0, 3], [0.0, 0.0], [1, 1], [0, 1]), Destinations([1], [9.0]),
        [[0.0], [0.0]], [[True], [True]],
    )  # fmt: skip
    result = solve(lost, unit=BY_VEHICLE, control=quick())
    assert [REASONS[k] for k in result.plan.reason.tolist()] == ["", NO_SHELTER]
    none = joint_problem(
        streets([(1, 0, 10.0, 900.0)], 3), Vehicles([0], [0.0], [1], [0]), Destinations([1], [9.0]), [[0.0]], [[True]]
    )
    assert solve(none, control=quick()).plan.people_placed == 0.0
    assert problem.vehicles == 3


def test_exits_have_room_for_all():
    result = solve(two_shelters(40, (np.inf, np.inf)), unit=BY_GROUP, split=WHOLE, aim=CLEARANCE, control=quick())
    assert result.plan.people_placed == 40.0 and result.stepwise.people_placed == 40.0
    assert result.stepwise.clearance == 10.0 + 39 * 4.0  # all to the quickest


@pytest.mark.parametrize("most", (0, 2))
def test_groups_share_doors_as_vehicles_would(most):
    # both groups of ten prefer the near shelter; behind one door each of the last ten waits for ten others
    arcs = streets([(0, 1, 10.0, 900.0), (0, 2, 20.0, 900.0)], 3)
    group, start = np.repeat([0, 1], 10), np.zeros(20)
    problem = joint_problem(
        arcs, Vehicles(start, start, np.ones(20), group), Destinations([1, 2], [99.0, 99.0]), np.zeros((2, 2)),
        np.ones((2, 2), dtype=bool),
    )  # fmt: skip
    result = solve(problem, unit=BY_GROUP, split=WHOLE, max_routes=most, control=quick())
    check(problem, result)
    assert result.stepwise.value == sum(10 + 4 * k for k in range(20))
    assert result.value == sum(10 + 4 * k for k in range(10)) + sum(20 + 4 * k for k in range(10))


def test_what_moves_and_exchanges_save():
    rng = np.random.default_rng(5)
    cost, size = rng.uniform(10.0, 500.0, (6, 4)), rng.integers(1, 30, 6).astype(float)
    at, more, headway = rng.integers(0, 4, 6), rng.uniform(-20.0, 40.0, 4), rng.uniform(1.0, 5.0, 4)
    left = np.full(4, 40.0)

    def value(now: np.ndarray) -> float:
        change = np.bincount(now, weights=size, minlength=4) - np.bincount(at, weights=size, minlength=4)
        if (change > left).any():
            return np.inf
        return cost[np.arange(6), now].sum() + 0.5 * (headway * (more + change) ** 2).sum()

    groups = Assignment(cost, size, size, at, more, left, headway)
    moving, exchanging = groups.by_moving(), groups.by_exchanging()
    assert groups.value() == pytest.approx(value(at))
    for group, to in np.argwhere(np.isfinite(moving)).tolist():
        now = at.copy()
        now[group] = to
        assert moving[group, to] == pytest.approx(value(at) - value(now))
    for one, other in np.argwhere(np.isfinite(exchanging)).tolist():
        now = at.copy()
        now[one], now[other] = at[other], at[one]
        assert exchanging[one, other] == pytest.approx(value(at) - value(now))
    groups.improve(Control())
    assert groups.value() == pytest.approx(value(groups.at)) and groups.value() < value(at)
    assert max(groups.by_moving().max(), groups.by_exchanging().max()) <= 1e-6 * groups.value()


@pytest.mark.parametrize("most", (1, 2))
def test_so_many_ways_at_most(most):
    problem = random_problem(1, vehicles=150, junctions=20, arcs=80, places=3)
    result = solve(problem, unit=BY_VEHICLE, max_routes=most, control=quick())
    check(problem, result)
    assert np.bincount(result.plan.routing.ways().pair).max() <= most
    assert result.plan.routing.unlimited_time <= result.plan.total_time


def test_with_few_ways_some_go_elsewhere():
    # two ways to shelter 0 and one to shelter 1, each of 900 vehicles/h: one way a pair leaves two ways in all
    arcs = streets([(0, 1, 10.0, 900.0), (0, 3, 5.0, 900.0), (3, 1, 6.0, 900.0), (0, 2, 30.0, 900.0)], 4)
    start = np.zeros(40)
    problem = joint_problem(
        arcs, Vehicles(start, start, np.ones(40), start), Destinations([1, 2], [99.0, 99.0]), [[0.0, 0.0]], [[True] * 2]
    )  # fmt: skip
    result = solve(problem, unit=BY_VEHICLE, max_routes=1)
    check(problem, result)
    assert np.bincount(result.plan.routing.ways().pair).max() == 1

    def value(near: int) -> float:
        return sum(10 + 4 * k for k in range(near)) + sum(30 + 4 * k for k in range(40 - near))

    assert result.value == min(value(near) for near in range(41))
    assert result.plan.routing.unlimited_time < result.value


def test_a_delay_is_priced_on_the_road_that_others_join():
    # two roads of one capacity in a row: both bind the exits of the second
    case = case_of(town([(0, 1, 10, 900, 13), (1, 2, 10, 900, 13)]), [(0.0, [0, 1])] * 3)
    run = case.run(record_order=True)
    first, merged = (delay_values(case.roads, run, merged=merged) for merged in (False, True))
    moves = run.plan.move[:-1]
    assert first[moves + 1].tolist() == [3.0, 2.0, 1.0] and first[moves + 2].tolist() == [1.0, 1.0, 1.0]
    assert merged[moves + 2].tolist() == [3.0, 2.0, 1.0] and merged[moves + 1].tolist() == [3.0, 0.0, 0.0]
    assert run.moment[moves[2] + 2] == 28 * SECOND


@pytest.mark.parametrize(
    "wrong",
    ({"unit": 2}, {"split": 3}, {"aim": 3}, {"preference_seconds": -1.0}, {"max_routes": -1}, {"aim": HAZARD}),
)
def test_what_cannot_be_asked(wrong):
    with pytest.raises(SolverError, match=next(iter(wrong)).upper()):
        solve(two_shelters(1), **wrong)


def test_what_cannot_be_a_problem():
    with pytest.raises(SolverError, match=r"\[0, 1\]"):
        joint_problem(
            streets([(0, 1, 1.0, 900.0)], 2), Vehicles([0], [0.0], [1], [0]), Destinations([1], [1]), [[1.5]], [[True]]
        )
