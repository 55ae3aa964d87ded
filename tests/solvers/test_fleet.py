"""The fleet against a slow one written apart, all plans of small games, and rules that hold in every game."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import Cancelled, SolverError
from evacuation_planner.plugin.solvers.fleet import unserved as reasons
from evacuation_planner.plugin.solvers.fleet.perfect import with_perfect_information
from evacuation_planner.plugin.solvers.fleet.planning import make_plan
from evacuation_planner.plugin.solvers.fleet.problem import FleetProblem, Knowledge, TravelTimes
from evacuation_planner.plugin.solvers.fleet.rolling import play, roll
from evacuation_planner.plugin.solvers.fleet.unserved import unserved
from tests.solvers import fleet_reference as slow


def line(positions, requests, buses, shelters, **more):
    """Places on a street, one metre a second; the first are requests, then buses, then shelters."""
    x = np.asarray(positions, dtype=float)
    count = requests + buses
    given = {
        "place": np.arange(requests), "people": np.ones(requests, int), "wheelchairs": np.zeros(requests, int),
        "ready": np.zeros(requests), "known": np.full(requests, -np.inf), "probability": np.ones(requests),
        "vehicle_place": np.arange(requests, count), "seats": np.full(buses, 40), "chairs": np.zeros(buses, int),
        "available": np.zeros(buses), "shelter_place": np.arange(count, count + shelters),
        "room": np.full(shelters, 1000), "knowledge": [Knowledge(-np.inf, TravelTimes.always(abs(x[:, None] - x)))],
    }  # fmt: skip
    return FleetProblem(**{**given, **more})


def test_by_hand():
    """From 0 m a bus drives 300 s, takes 10 people in 2 min + 40 s, is at the shelter at 600 m at 760 s."""
    problem = line([300, 0, 600], 1, 1, 1, people=np.array([10]))
    found = play(problem, 1, 1)
    (tour,) = found.tours
    assert [(s.kind, s.arrival, s.departure, s.on, s.off, s.load) for s in tour.stops] == [
        ("request", 300_000, 460_000, 10, 0, 10), ("shelter", 760_000, 920_000, 0, 10, 0),
    ]  # fmt: skip
    assert found.waiting == 10 * 460_000
    assert found.driving == 600_000
    assert found.last_arrival == 760_000


def test_waits_for_the_period_and_what_that_costs():
    """The second 40 of 80 people: the bus is free at 1,160 s and starts again at 1,800 s, or at once."""
    problem = line([300, 0, 600], 1, 1, 1, people=np.array([80]))
    found = play(problem, 1, 1)
    assert [tour.start for tour in found.tours] == [0, 1_800_000]
    assert found.tours[1].idle == 1_800_000 - (300 + 280 + 300 + 280) * 1000
    assert [tour.start for tour in play(replace(problem, wait=False), 1, 1).tours] == [0, 1_160_000]


def test_known_in_the_first_period_waits_for_the_second():
    problem = line([300, 0, 600], 1, 1, 1, known=np.array([1.0]))
    assert play(problem, 1, 1).tours[0].start == 900_000
    assert play(replace(problem, known=np.array([900.0])), 1, 1).tours[0].start == 900_000
    assert play(replace(problem, known=np.array([900.5])), 1, 1).tours[0].start == 1_800_000


def test_expected_requests_hold_a_vehicle_back():
    """Two people for sure far away, twenty expected nearby for the next period: the bus is kept for these."""
    more = {
        "people": np.array([1, 20]), "ready": np.array([0.0, 880.0]), "known": np.array([-np.inf, 880.0]),
        "stop": 0.0, "seats": np.array([20]),
    }  # fmt: skip
    problem = line([-900, 60, 0, 0], 2, 1, 1, **more)
    sure = play(replace(problem, look_ahead=2), 1, 1)
    assert [tour.stops[0].request for tour in sure.tours] == [0, 1]
    kept = play(replace(problem, probability=np.array([1.0, 0.9]), look_ahead=2), 1, 1)
    assert [tour.stops[0].request for tour in kept.tours] == [1, 0]
    assert kept.waiting < sure.waiting
    myopic = play(replace(problem, probability=np.array([1.0, 0.9]), ready=np.array([0.0, 900.0]), look_ahead=1), 1, 1)
    assert [tour.stops[0].request for tour in myopic.tours] == [0, 1]


def test_who_is_known_does_not_wait_for_ever_for_who_is_only_expected():
    """Room for four: kept for the four who may come until three periods after they are ready, not longer."""
    more = {
        "people": np.array([3, 4]), "known": np.array([-np.inf, np.inf]), "probability": np.array([1.0, 0.9]),
        "ready": np.array([0.0, 100.0]), "room": np.array([4]),
    }  # fmt: skip
    found = play(line([300, 60, 0, 600], 2, 1, 1, **more), 1, 1)
    assert [(tour.start, tour.stops[0].request) for tour in found.tours] == [(3_600_000, 0)]


def test_a_request_is_divided_by_the_room_that_is_left():
    """Seven people, rooms of four and three; then three of a group of five, which no shelter takes at once."""
    more = {"people": np.array([7]), "room": np.array([4, 3])}
    found = play(line([300, 0, 600, 700], 1, 1, 2, **more), 1, 1)
    assert [(tour.people, tour.stops[-1].shelter) for tour in found.tours] == [(4, 0), (3, 1)]
    more = {"people": np.array([5, 5]), "room": np.array([5, 3])}
    found = play(line([300, 310, 0, 600, 700], 2, 1, 2, **more), 1, 1)
    assert found.served == 8
    assert found.left[:, 0].tolist() == [0, 2]


def test_where_the_nearest_shelters_are_full_farther_ones_are_looked_for():
    """Twelve people one by one; six shelters for two each, the last one far away."""
    positions = [*range(100, 112), 0, 600, 610, 620, 630, 640, 9000]
    found = play(line(positions, 12, 1, 6, room=np.full(6, 2), seats=np.array([3])), 1, 1)
    assert found.served == 12
    near = line([100, 0, 600, 610, 620, 630, 9000], 1, 1, 5)
    closed = near.knowledge[0].times.matrix.copy()
    closed[0, 0, 2:6] = -1  # ways out of the request to all but the farthest close before anybody could be there
    times = near.knowledge[0].times
    both = replace(
        times, matrix=np.concatenate([times.matrix, closed]), opens=np.array([-slow.NEVER, -slow.NEVER]),
        closes=np.array([10_000, slow.NEVER]),
    )  # fmt: skip
    assert play(replace(near, knowledge=[Knowledge(-np.inf, both)]), 1, 1).served == 1


def test_a_way_out_that_leads_past_the_next_stop():
    """Nobody comes from the first stop to the shelter but by the second; as planned, both are fetched."""
    times = np.array([[0, 10, 10, np.inf], [np.inf, 0, 10, 10], [10, np.inf, 0, np.inf], [np.inf] * 3 + [0.0]])
    problem = line([0, 0, 0, 0], 2, 1, 1, knowledge=[Knowledge(-np.inf, TravelTimes.always(times))])
    (tour,) = play(problem, 1, 1).tours
    assert [stop.request for stop in tour.stops] == [0, 1, -1]


@pytest.mark.parametrize("seed", range(40))
def test_each_plan_is_the_best_of_all(seed):
    """By the slow simulator, from what was known at the beginning of each period."""
    problem = slow.random_problem(seed, requests=5 if seed % 20 == 7 else 3 + seed % 2)
    found = play(problem, 1, seed)
    for period in found.periods:
        buses, left, room, *_ = slow.judge(problem, found, until_period=period.number)
        times = [k.times for k in problem.knowledge if k.since * 1000 <= period.begin][-1]
        parts = slow.parts_known(problem, left, room, period.begin)
        assert period.proved
        assert tuple(period.planned) == slow.best_of_all(problem, times, buses, room, parts, period.begin)


def test_the_search_alone_finds_nearly_all_of_these():
    """Without trying all plans: the moves and ruin and recreate, on the first plans of the same games."""
    equal = 0
    for seed in range(60):
        steps = roll(slow.random_problem(seed, requests=5), 1, seed, Control())
        case, planned = next(steps)
        value = make_plan(case, [], 2, seed, Control(), exact=False).value
        assert value >= planned.value
        equal += value == planned.value
    assert equal >= 57


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 9), st.integers(1, 4), st.integers(1, 4))
def test_rules_of_every_game(seed, requests, buses, shelters):
    """The slow simulator drives the tours anew: seats, wheelchairs, news, places, room; everybody is accounted for."""
    problem = slow.random_problem(seed, requests=requests, buses=buses, shelters=shelters)
    problem = replace(problem, people=problem.people * (1 + seed % 4))  # some larger than a vehicle
    found = play(problem, 1, seed)
    _, left, room, waiting, driving = slow.judge(problem, found)
    assert (waiting, driving) == (found.waiting, found.driving)
    assert [list(each) for each in left] == found.left.tolist()
    assert room == found.fleet.room.tolist()
    out = unserved(problem, found)
    assert found.served + sum(each.people for each in out) == problem.people.sum()
    assert all(each.reason for each in out)
    perfect = with_perfect_information(problem, found, 1, seed)
    assert (-perfect.served, perfect.waiting, perfect.driving) <= (-found.served, found.waiting, found.driving)


def test_perfect_information_of_a_small_game_is_the_best_of_all():
    compared = 0
    for seed in range(24):
        problem = slow.random_problem(seed, requests=3 + seed % 2)
        found = play(problem, 1, seed)
        perfect = with_perfect_information(problem, found, 1, seed)
        buses, left, room, *_ = slow.judge(problem, found, until_period=0)
        sure = np.isfinite(np.maximum(problem.known, 0.0))
        open_game = replace(problem, known=np.where(sure, -np.inf, np.inf), look_ahead=1000)
        parts = [part for part in slow.parts_known(open_game, left, room, 0) if part[1] is None]
        if any(stop.on not in (0, problem.people[stop.request]) for tour in found.tours for stop in tour.stops):
            continue  # divided on the way
        best = slow.best_of_all(open_game, problem.truth, buses, room, parts, 0)
        everybody = sum(1000 * part[0][1] for part in parts)
        assert (everybody - 1000 * perfect.served, perfect.waiting * 1000, perfect.driving) == best
        compared += 1
    assert compared >= 20


def test_reasons():
    problem = line(
        [300, 300, 300, 0, 600], 3, 1, 1, place=np.array([0, -1, 2]), people=np.array([5, 2, 3]),
        known=np.array([-np.inf, -np.inf, np.inf]), probability=np.array([1.0, 1.0, 0.5]), room=np.array([3]),
    )  # fmt: skip
    found = play(problem, 1, 1)
    assert [(each.request, each.people, each.reason) for each in unserved(problem, found)] == [
        (0, 2, reasons.FULL), (1, 2, reasons.NO_ROAD), (2, 3, reasons.EXPECTED_ONLY),
    ]  # fmt: skip

    def why(problem):
        return [each.reason for each in unserved(problem, play(problem, 1, 1))]

    one = line([300, 0, 600], 1, 1, 1)
    assert why(one) == []
    assert why(replace(one, last=500.0)) == [reasons.TOO_LATE]
    assert why(replace(one, last=500.0, known=np.array([600.0]))) == [reasons.KNOWN_TOO_LATE]
    assert why(replace(one, wheelchairs=np.array([1]))) == [reasons.NO_WHEELCHAIR]
    assert why(replace(one, room=np.array([0]))) == [reasons.NO_SHELTER]
    assert why(replace(one, seats=np.array([], int), chairs=np.array([], int), vehicle_place=np.array([], int),
                       available=np.array([]))) == [reasons.NO_VEHICLE]  # fmt: skip
    cut = np.array([[0.0, np.inf, 300], [np.inf, 0, np.inf], [np.inf, np.inf, 0]])
    assert why(replace(one, knowledge=[Knowledge(-np.inf, TravelTimes.always(cut))])) == [reasons.NOT_REACHED]
    assert why(replace(one, knowledge=[Knowledge(-np.inf, TravelTimes.always(cut.T))])) == [reasons.NO_WAY_OUT]
    times = TravelTimes.always(np.array([[0.0, 300, 300], [300, 0, 600], [300, 600, 0]]))
    times.until[0] = 400_000  # the hazard is there before everybody is in the bus
    assert why(replace(one, knowledge=[Knowledge(-np.inf, times)])) == [reasons.CUT_OFF]


def test_a_closing_that_was_not_known_sends_the_bus_elsewhere():
    """The nearer shelter is cut off at 400 s; nobody knows when the tour starts, so it ends at the other one."""
    problem = line([300, 0, 600, 2300], 1, 1, 2)
    before = problem.knowledge[0].times
    after = before.matrix.copy()
    after[0, 0, 2] = -1
    truth = replace(before, matrix=after)
    found = play(replace(problem, knowledge=[problem.knowledge[0], Knowledge(400.0, truth)]), 1, 1)
    (tour,) = found.tours
    assert (tour.planned_shelter, tour.stops[-1].shelter) == (0, 1)
    assert tour.stops[-1].arrival == (300 + 124 + 2000) * 1000


def test_same_seed_same_tours_and_cancelled():
    problem = slow.random_problem(2, requests=30, buses=4, shelters=3)
    problem = replace(problem, room=np.full(3, 99))
    assert play(problem, 2, 5).tours == play(problem, 2, 5).tours
    with pytest.raises(Cancelled):
        play(problem, 2, 5, Control(cancelled=lambda: True))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"period": 0.0}, "PERIOD_MINUTES"),
        ({"look_ahead": 0}, "LOOK_AHEAD"),
        ({"seats": np.array([0])}, "without seats"),
        ({"wheelchairs": np.array([2])}, "more wheelchairs than people"),
    ],
)
def test_refuses(change, words):
    with pytest.raises(SolverError, match=words):
        replace(line([300, 0, 600], 1, 1, 1), **change)
