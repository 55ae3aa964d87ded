"""Who is caught by the plans of *system optimal* on towns too large to try all changes, with and without MAX_ROUTES."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.effort import QUICK, Effort
from evacuation_planner.plugin.solvers.routing.shared.choices import GREEDY, INDIVIDUAL, INFORMED, LINEAR
from evacuation_planner.plugin.solvers.routing.shared.closings import CUT_OFF, Closings
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from evacuation_planner.plugin.solvers.routing.solve import solve
from tests.solvers.closing_plans import Oracle, small_problem

TRIPS = 60


def quick(problem, **choices):
    return solve(problem, certify=False, control=Control(effort=Effort(QUICK)), **choices)


def fork():
    """Sixty vehicles leave at 0 by a road that lets one out every 6 s from 11 s on, by turns for X and for Y.

    The hazard reaches the 10 s to X at 40 s: of those for X, who come there at 11, 23, 35, 47 s and so on, two get
    through, the third is caught on it and the fourth stands before it for ever, in front of everybody else: by then
    three for Y have passed.
    """
    never = np.full(5, np.inf)
    part = (np.array([2], dtype=np.int32), *(np.array([value]) for value in (0.0, 1.0, 40.0, np.inf)), np.array([True]))
    arcs = Arcs(
        5, [0, 1, 2, 2], [1, 2, 3, 4], road_cost(LINEAR, np.array([1.0, 10.0, 10.0, 10.0]), np.full(4, np.inf)),
        [10.0, 100.0, 100.0, 100.0], capacity=[3600.0, 600.0, 3600.0, 3600.0], storage=[100.0] * 4,
        closings=Closings(*part, never, never),
    )  # fmt: skip
    return routing_problem(arcs, TripTable([0] * TRIPS, [3, 4] * (TRIPS // 2), np.zeros(TRIPS)))


def test_by_hand_who_cannot_arrive_stays_and_lets_the_others_pass():
    problem = fork()
    for method in (INDIVIDUAL, GREEDY, INFORMED):
        assert quick(problem, method=method).people_caught == TRIPS - 2 - 3
    for most in (0, 1, 3):
        told: list[str] = []
        result = solve(
            problem, max_routes=most, certify=False, control=Control(effort=Effort(QUICK), log=told.append)
        )  # fmt: skip
        assert result.people_caught == TRIPS // 2 - 2  # one for X more costs one for Y
        assert set(result.caught.reason.tolist()) == {CUT_OFF} and (result.caught.arc == -1).all()
        assert result.warnings == ()
        assert any(text.startswith("28 vehicles, 28 people, arrive in time by no way") for text in told)


def parallel_roads():
    """Twenty vehicles leave at 0 for a goal to which five roads lead, 10, 11, ... 14 s long and one exit every 6 s.

    The hazard reaches the last 1 % of each at 24.5 s: who is in time has left it before, at 10 (11, ...) + 6 k s, so
    that each lets three pass: 10, 16 and 22 s, of the fourth road 13, 19 and 25 s: only two, as of the fifth.
    """
    nodes, seconds = 7, np.array([*(10.0 + k for k in range(5)), *[1.0] * 5])
    ends = [(0, 1 + k) for k in range(5)] + [(1 + k, 6) for k in range(5)]
    tail, head = zip(*ends)
    never = np.full(nodes, np.inf)
    closings = Closings(
        np.arange(5, dtype=np.int32), np.full(5, 0.99), np.ones(5), np.full(5, 24.5), np.full(5, np.inf),
        np.ones(5, dtype=bool), never, never,
    )  # fmt: skip
    arcs = Arcs(
        nodes, list(tail), list(head), road_cost(LINEAR, seconds, np.full(10, np.inf)), (10.0 * seconds).tolist(),
        capacity=[600.0] * 5 + [3600.0] * 5, storage=[100.0] * 10, closings=closings,
    )  # fmt: skip
    return routing_problem(arcs, TripTable([0] * 20, [6] * 20, np.zeros(20)))


def test_by_hand_a_limit_of_ways_has_more_caught_and_says_so():
    problem, pass_by = parallel_roads(), [3, 3, 3, 2, 2]
    for most in (1, 2, 3, 0):
        result = quick(problem, max_routes=most)
        assert result.people_caught == 20 - sum(pass_by[: most or 5])
        said = [text for text in result.warnings if "people are caught, without" in text]
        assert len(said) == (most > 0)
        if said:
            assert f"at most {most} ways" in said[0]
            assert f" {result.people_caught:.0f} people are caught, without the limit {20 - sum(pass_by)}" in said[0]


def town(seed):
    """Return a few junctions whose roads close, with some 150 vehicles."""
    few, _ = small_problem(seed, 120)
    rng = np.random.default_rng([seed, 16])
    many = few.only(np.repeat(np.arange(few.trips), 150 // few.trips))
    return replace(many, departure=many.departure + rng.integers(0, 60_000, many.trips) / 1e3)


@pytest.mark.parametrize("seed", range(10))
def test_never_more_caught_than_by_drivers_with_navigation_unless_the_limit_is_said_to_cost_it(seed):
    problem = town(seed)
    others = min(quick(problem, method=method).people_caught for method in (INDIVIDUAL, GREEDY, INFORMED))
    free = quick(problem)
    assert free.people_caught <= others
    oracle = Oracle(problem)
    driven = dict(zip(free.routed.tolist(), map(free.routes.of, range(problem.trips))))
    driven |= dict(zip(free.caught.trip.tolist(), map(free.caught.routes.of, range(problem.trips))))
    goes = [k for k in range(problem.trips) if len(driven[k])]
    fates, _ = oracle.fates(goes, [driven[k].tolist() for k in goes])
    caught = sum(problem.people[k] for k, fate in zip(goes, fates) if fate)
    stay = np.setdiff1d(np.arange(problem.trips), [*goes, *free.routed])
    assert caught + problem.people[stay].sum() == free.people_caught
    for most in (1, 2, 3):
        few = quick(problem, max_routes=most)
        said = [text for text in few.warnings if f"{few.people_caught:,.0f} people are caught, without" in text]
        assert few.people_caught <= others or said
        assert len(few.routed) + len(few.caught.trip) == problem.trips
        again = quick(problem, max_routes=most)
        assert [again.routes.of(k).tolist() for k in range(len(again.routed))] == [
            few.routes.of(k).tolist() for k in range(len(few.routed))
        ]
