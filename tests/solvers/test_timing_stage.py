"""Waves: never worse than everybody at once, as good as trying all on small towns, and the bound that explains."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import Cancelled
from evacuation_planner.plugin.solvers.routing.queue.bars import NEVER
from evacuation_planner.plugin.solvers.timing.latest_departures import latest_departures
from evacuation_planner.plugin.solvers.timing.rerouting import rerouted_orders, routes_anew
from evacuation_planner.plugin.solvers.timing.staging import Staging, stage_departures
from evacuation_planner.plugin.solvers.timing.staging_bound import caught_bound
from evacuation_planner.plugin.solvers.timing.staging_own_times import joined, own_times
from evacuation_planner.plugin.solvers.timing.staging_starts import Waves, cut_in_waves
from evacuation_planner.plugin.solvers.timing.timed_plan import MINUTE
from tests.solvers.timing_cases import random_town, timed


def asked(plan, zones, *, arrival=None, waves=2, step=5, sweeps=10, reroutings=0, limit=None):
    arrival = np.full(zones, NEVER) if arrival is None else np.array(arrival) * MINUTE
    earliest = np.zeros(zones, dtype=np.int64)
    return Staging(plan, earliest, arrival, arrival, step, waves, limit, 6, 2, sweeps, 100, reroutings)


def two_zones():
    """The far zone must cross a narrow road before minute 14; the near one has all day, and stands before it.

    Both use the door (one vehicle a minute); only the far one's own road closes, which a queue at the door blocks.
    """
    roads = [(0, 1, 60.0, 3600.0, 3.0), (2, 1, 60.0, 3600.0, 50.0), (1, 3, 60.0, 60.0, 2.0)]
    trips = [(0, 0.0, 2.0, [0, 2])] * 8 + [(1, 0.0, 2.0, [1, 2])] * 8
    return timed(roads, {0: 12.0}, trips, {0: 12.0})


def test_who_has_time_waits_and_nobody_is_caught():
    plan = two_zones()
    found = stage_departures(asked(plan, 2, arrival=[12, 1000]))
    once = plan.caught_people(plan.outcome(np.zeros(2, dtype=np.int64)))
    assert found.at_once_value[0] == once > 0 and found.value[0] == 0 and found.gains
    assert found.order[0] < found.order[1] and found.wave.tolist() == [1, 2]
    assert found.outcome.last <= found.limit
    # What is told of the answer is what a simulation of its orders says.
    again = plan.outcome(found.order)
    assert np.array_equal(again.fate, found.outcome.fate) and np.array_equal(again.arrival, found.outcome.arrival)
    kept = [(step.caught, max(step.last - found.limit, 0), step.on_the_way) for step in found.steps]
    assert found.steps[0].what == "all at once" and kept == sorted(kept, reverse=True) and kept[-1] == found.value


@pytest.mark.parametrize("seed", range(12))
def test_it_is_never_worse_than_at_once_and_near_the_best_of_all_waves(seed):
    plan, order = random_town(seed)
    zones = len(order)
    found = stage_departures(asked(plan, zones, waves=2, limit=120 * MINUTE))
    assert found.value <= found.at_once_value
    best = min(
        plan.caught_people(plan.outcome(np.array([times[w] for w in wave]) * 5 * MINUTE))
        for wave in product(range(2), repeat=zones)
        for times in product(range(7), repeat=2)
    )
    assert best <= found.value[0] <= best + 2
    assert caught_bound(plan, np.zeros(zones, dtype=np.int64)).people <= best


@pytest.mark.parametrize("seed", range(12))
def test_there_are_no_more_calls_than_asked_for_where_zones_have_their_latest_order(seed):
    plan, order = random_town(seed)
    latest = 3 + 4 * np.arange(len(order))  # minutes, no whole steps: a zone told at its own would be a call more
    found = stage_departures(asked(plan, len(order), arrival=latest, waves=2))
    assert len(np.unique(found.order)) <= 2 and found.value <= found.at_once_value
    assert (found.order <= latest * MINUTE).all() and found.wave.max() <= 2


def test_the_bound_counts_what_the_last_road_lets_pass():
    # One vehicle a minute from minute 2 on, closed at 10: 9 of 20 get away, at least 11 vehicles of 2 are caught.
    roads = [(0, 1, 60.0, 3600.0, 50.0), (1, 2, 60.0, 60.0, 50.0)]
    plan = timed(roads, {1: 10.0}, [(0, 0.0, 2.0, [0, 1])] * 20)
    bound = caught_bound(plan, np.array([0]))
    assert (bound.people, bound.doomed, bound.arc, bound.vehicles, bound.pass_at_most) == (22.0, 0.0, 1, 20, 9)
    found = stage_departures(asked(plan, 1, arrival=[30]))
    assert not found.gains and found.value == found.at_once_value and found.value[0] >= bound.people
    assert found.order.tolist() == [0] and found.bound == bound
    late = caught_bound(plan, np.array([20 * MINUTE]))
    assert late.people == late.doomed == 40 and late.arc == -1


def test_the_bound_counts_who_finds_room_on_dry_roads_behind_the_hazard():
    # Out of the water by minute 10, over a dry road with room for 6 that lets one a minute out from minute 3 on: 8 are
    # through by then and 6 stand there, and one more for each of the two standstills of 5 minutes that there can be; of
    # 30 vehicles of 2 people 14 are caught at least.
    roads = [(0, 1, 60.0, 3600.0, 50.0), (1, 2, 120.0, 60.0, 6.0)]
    plan = timed(roads, {0: 10.0}, [(0, 0.0, 2.0, [0, 1])] * 30)
    bound = caught_bound(plan, np.array([0]))
    assert (bound.people, bound.arc, bound.vehicles, bound.pass_at_most, bound.room) == (28.0, 1, 30, 8, 8)
    assert plan.caught_people(plan.outcome(np.array([0]))) >= 28


def test_the_bound_counts_by_when_roads_behind_a_narrow_one_must_be_reached():
    # One vehicle a minute out of a road that never closes, from minute 2 on; the next one takes 3 minutes and must be
    # left by minute 15: who is out of the narrow one by minute 12 gets away, 11 of 20.
    roads = [(0, 1, 60.0, 3600.0, 50.0), (1, 2, 60.0, 60.0, 50.0), (2, 3, 180.0, 3600.0, 50.0)]
    plan = timed(roads, {2: 15.0}, [(0, 0.0, 2.0, [0, 1, 2])] * 20)
    bound = caught_bound(plan, np.array([0]))
    assert (bound.people, bound.arc, bound.vehicles, bound.pass_at_most, bound.room) == (18.0, 1, 20, 11, -1)
    assert bound.closes == 12 * MINUTE
    assert plan.caught_people(plan.outcome(np.array([0]))) == 18


def test_the_bound_counts_who_drives_a_road_twice_once():
    # One vehicle a minute from minute 1 until 11: ten who drive it once get away, five who drive it twice do not.
    roads = [(0, 1, 60.0, 60.0, 50.0), (1, 0, 60.0, 3600.0, 50.0), (1, 2, 60.0, 3600.0, 50.0)]
    plan = timed(roads, {0: 11.5}, [(0, 0.0, 2.0, [0, 2])] * 10 + [(0, 0.0, 2.0, [0, 1, 0, 2])] * 5)
    assert plan.caught_people(plan.outcome(np.array([0]))) == 10
    assert caught_bound(plan, np.array([0])).people == 8.0


def test_zones_that_cannot_be_told_with_their_wave_are_told_with_another():
    waves = Waves(np.array([0, 1, 1, 2]), np.array([0, 4, 9]))
    earliest, latest = np.array([0, 0, 0, 0]) * MINUTE, np.array([90, 90, 12, 30]) * MINUTE
    assert (waves.orders(5, earliest, latest) // MINUTE).tolist() == [0, 20, 0, 20]
    late = np.array([7, 0, 0, 0]) * MINUTE  # the wave after it is the next; a window without a wave has its own call
    assert (waves.orders(5, late, np.array([90, 90, 12, 30]) * MINUTE) // MINUTE).tolist() == [20, 20, 0, 20]
    assert (waves.orders(5, late, np.array([9, 90, 12, 30]) * MINUTE) // MINUTE).tolist() == [7, 20, 0, 20]


@pytest.mark.parametrize("seed", range(4))
def test_there_are_no_more_calls_than_waves_where_zones_must_be_told_early(seed):
    plan, order = random_town(seed)
    zones = len(order)
    arrival = [3 + 4 * k for k in range(zones)]
    found = stage_departures(asked(plan, zones, arrival=arrival, waves=2))
    assert len(np.unique(found.order)) <= 2 and (found.order <= np.array(arrival) * MINUTE).all()
    assert found.wave.max() == len(np.unique(found.order)) and found.value <= found.at_once_value


def test_times_of_their_own_are_joined_at_least_cost():
    # Three zones are best at 0, 2 and 3 steps; of two calls, 2 and 3 become one at the time of the more urgent.
    best, cost = np.array([0, 2, 3]), np.array([9, 5, 1])

    def tried(candidates):
        return [(int((cost * np.abs(each.time[each.wave] - best)).sum()), 0, 0) for each in candidates]

    own, value = own_times(tried, np.arange(3), np.arange(5), 3)
    assert own.time[own.wave].tolist() == [0, 2, 3] and value == (0, 0, 0)
    waves = joined(tried, own, 2)
    assert waves.time[waves.wave].tolist() == [0, 2, 2] and waves.wave.max() == 1 and len(waves.time) == 2


def test_routes_are_found_anew_and_all_at_once_may_have_them_too():
    # The plan sends everybody over a road that closes; the other way round is open.
    roads = [(0, 1, 60.0, 60.0, 9.0), (0, 2, 60.0, 600.0, 50.0), (2, 1, 60.0, 600.0, 50.0), (3, 0, 30.0, 3600.0, 50.0)]
    plan = timed(roads, {0: 5.0}, [(0, 0.0, 1.0, [3, 0])] * 12)
    stuck = stage_departures(asked(plan, 1, arrival=[1000]))
    assert stuck.value[0] > 0
    found = stage_departures(asked(plan, 1, arrival=[1000], reroutings=1), routes_anew)
    assert found.value[0] == 0 == found.at_once_value[0] and "routes" in [step.what for step in found.steps]
    latest = latest_departures(plan, np.array([0]), 1)
    adds = rerouted_orders(plan, np.array([0]), latest.latest, 1, Control())
    assert latest.latest[0].minute is None and adds == [0]  # the few who get through the closing road are first


def test_zones_are_cut_into_waves_of_about_the_same_weight():
    wave = cut_in_waves(np.arange(6), np.ones(6), 3)
    assert wave.tolist() == [0, 0, 1, 1, 2, 2] and cut_in_waves(np.array([1, 0]), np.zeros(2), 3).max() <= 2


def test_threads_change_nothing_and_a_search_is_stopped():
    plan, order = random_town(4)
    one, two = (stage_departures(asked(plan, len(order)), threads=threads) for threads in (1, 3))
    assert np.array_equal(one.order, two.order) and one.steps == two.steps
    with pytest.raises(Cancelled):
        stage_departures(asked(plan, len(order)), control=Control(cancelled=lambda: True))
