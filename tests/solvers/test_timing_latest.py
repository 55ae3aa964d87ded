"""The latest order of a zone: against every minute tried, and worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import Cancelled
from evacuation_planner.plugin.solvers.timing.latest_departures import NO_ROAD, last_minute, latest_departures, works_at
from evacuation_planner.plugin.solvers.timing.latest_order import LatestOrder, latest_order
from evacuation_planner.plugin.solvers.timing.timed_plan import MINUTE
from tests.solvers.timing_cases import random_town, timed


def every_minute(plan, order, zone):
    """Whether an order at each minute works, by simulations that share nothing with the search."""
    base = plan.outcome(order)
    good = []
    for minute in range(last_minute(plan, order) + 1):
        told = order.copy()
        told[zone] = minute * MINUTE
        caught = plan.outcome(told).caught
        own, others = plan.zone == zone, plan.zone != zone
        good.append(not caught[own].any() and not (caught & others & ~base.caught).any())
    return good


@pytest.mark.parametrize("seed", range(25))
def test_the_answer_is_the_last_minute_before_the_first_that_fails(seed):
    plan, order = random_town(seed)
    found = latest_departures(plan, order, 1)
    for zone, answer in enumerate(found.latest):
        good = every_minute(plan, order, zone)
        if all(good):
            assert answer.unlimited and answer.minute == len(good) - 1
            continue
        first = good.index(False)
        assert not answer.unlimited and answer.minute == (first - 1 if first else None), (zone, answer)
        for begin, end in answer.windows:
            assert begin > (answer.minute or 0) and good[begin] and good[end]


@pytest.mark.parametrize("step", [2, 5, 17])
def test_with_larger_steps_the_answer_holds_and_the_next_minute_fails(step):
    answers = 0
    for seed in range(40):
        plan, order = random_town(seed)
        for zone, answer in enumerate(latest_departures(plan, order, step).latest):
            good = every_minute(plan, order, zone)
            if answer.minute is None:
                assert not good[0]
                continue
            assert good[answer.minute]
            if not answer.unlimited:
                answers += 1
                assert not good[answer.minute + 1]
                assert all(good[m] for m in range(answer.minute % step, answer.minute, step))
    assert answers > 20


def test_the_latest_order_by_hand_counts_queue_and_way():
    # 10 vehicles at once, one out every 60 s of a road of 120 s, which the hazard takes at minute 30: the last is out
    # 120 + 9 * 60 s = 11 min after the order. At minute 19 he leaves as the hazard comes: he is away.
    roads = [(0, 1, 120.0, 60.0, 20.0)]
    plan = timed(roads, {0: 30.0}, [(0, 0.0, 2.0, [0])] * 10)
    found = latest_departures(plan, np.array([0]), 5)
    assert found.latest == [LatestOrder(19, False, [])] and found.bottleneck.tolist() == [0]
    assert plan.caught_people(found.base) == plan.caught_people(found.together) == 0


def test_who_has_no_way_in_the_plan_speaks_against_no_order_and_is_counted_as_caught():
    # The ten of the test above; two more of their zone have no way in the plan, nor have the three of zone 1.
    roads = [(0, 1, 120.0, 60.0, 20.0)]
    stays = [(0, 0.0, 2.0, []), (0, 60.0, 2.0, []), *[(1, 0.0, 1.0, [])] * 3]
    plan = timed(roads, {0: 30.0}, [*[(0, 0.0, 2.0, [0])] * 10, *stays])
    found = latest_departures(plan, np.array([0, 0]), 5)
    assert plan.stays.sum() == 5 and found.latest == [LatestOrder(19, False, []), None]
    assert plan.caught_people(found.base) == plan.caught_people(found.together) == 2 * 2 + 3
    assert found.others.tolist() == [0, 0]
    for minute in (0, 19, 20):
        caught = plan.outcome(np.array([minute, 0]) * MINUTE).caught
        assert caught[plan.stays].all() and caught[~plan.stays].any() == (minute > 19)


def test_others_who_are_caught_speak_against_an_order_and_are_named():
    # Zone 0 alone has all the time: its own road never closes. But it goes before zone 1 into the common road, which
    # closes at minute 12: zone 1, told at minute 5, needs it from minute 6 until 10.
    roads = [(0, 2, 60.0, 3600.0, 50.0), (1, 2, 60.0, 3600.0, 50.0), (2, 3, 60.0, 60.0, 50.0)]
    trips = [(0, 0.0, 1.0, [0, 2])] * 4 + [(1, 0.0, 1.0, [1, 2])] * 4
    plan = timed(roads, {2: 12.0}, trips)
    found = latest_departures(plan, np.array([0, 5 * MINUTE]), 1)
    good = every_minute(plan, np.array([0, 5 * MINUTE]), 0)
    assert found.latest[0].minute == good.index(False) - 1
    assert found.others[0] > 0 and found.bottleneck[0] in (0, 1, 2)
    late, alone = found.latest[1].minute, every_minute(plan, np.array([0, 5 * MINUTE]), 1)
    assert late == alone.index(False) - 1


def test_told_together_at_their_own_last_minutes_zones_meet_in_the_queue():
    roads = [(0, 2, 60.0, 3600.0, 50.0), (1, 2, 60.0, 3600.0, 50.0), (2, 3, 60.0, 60.0, 50.0)]
    trips = [(0, 0.0, 3.0, [0, 2])] * 6 + [(1, 0.0, 3.0, [1, 2])] * 6
    plan = timed(roads, {2: 30.0}, trips)
    found = latest_departures(plan, np.array([0, 0]), 1, threads=2)
    assert [answer.minute for answer in found.latest] == [23, 23]  # minute 30 less 2 of way and 5 of queue
    assert plan.caught_people(found.together) == 18 and plan.caught_people(found.base) == 0
    again = latest_departures(plan, np.array([0, 0]), 1, threads=1)
    assert again.latest == found.latest and np.array_equal(again.together.fate, found.together.fate)


def test_a_zone_that_the_hazard_never_meets_has_no_limit_and_one_caught_at_once_no_minute():
    roads = [(0, 1, 60.0, 600.0, 50.0), (2, 3, 600.0, 600.0, 50.0)]
    plan = timed(roads, {1: 5.0}, [(0, 0.0, 1.0, [0]), (1, 0.0, 1.0, [1])])
    found = latest_departures(plan, np.array([0, 0]), 5)
    assert found.latest[0].unlimited and found.bottleneck[0] == NO_ROAD
    assert found.latest[1].minute is None and found.bottleneck[1] == 1
    works, last = works_at(plan, np.array([0, 0]), 0, Control(), found.base, plan.stays)
    assert last == 6 and all(works(minute) for minute in range(last + 1))


def test_a_later_minute_that_works_again_is_a_window():
    assert latest_order(lambda minute: minute < 3 or 20 <= minute < 31, 60, 5) == LatestOrder(2, False, [(20, 30)])
    assert latest_order(lambda minute: minute != 11, 20, 3) == LatestOrder(10, False, [(14, 20)])
    assert latest_order(lambda minute: False, 60, 5) == LatestOrder(None, False, [])


def test_a_search_is_stopped():
    plan, order = random_town(1)
    with pytest.raises(Cancelled):
        latest_departures(plan, order, 1, Control(cancelled=lambda: True))
