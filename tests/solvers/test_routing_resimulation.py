"""Changing one route after the other must give, to the last bit, what simulating everybody anew gives."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import Cancelled
from evacuation_planner.plugin.solvers.routing.present.resimulation import LiveSchedule
from evacuation_planner.plugin.solvers.routing.present.simulation import ORDER, TIMETABLE, simulate
from evacuation_planner.plugin.solvers.routing.shared.choices import DENSITY, LINEAR
from evacuation_planner.plugin.solvers.routing.shared.problem import Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from tests.solvers.routing_oracle import random_case
from tests.solvers.test_routing_simulation import drawn_routes, rows

TRIPS = 10


def change(live: LiveSchedule, trip: int, before: list[int], after: list[int]) -> float:
    """Ask for the gain of another route, from where it differs."""
    same = next(k for k, (a, b) in enumerate(zip(before, after)) if a != b)
    hop = int(live.record.start[trip]) + same
    return live.gain(hop, len(before) - same, np.array(after[same:]))


def assert_lists_equal(live: LiveSchedule, whole) -> None:
    """The sorted lists of the arcs are those of a full simulation, and the hops beside them begin and end then."""
    mine, record = live.record.table, live.record
    np.testing.assert_array_equal(mine.size, whole.table.size)
    for road, size in enumerate(mine.size):
        here, there = (slice(t.start[road], t.start[road] + size) for t in (mine, whole.table))
        np.testing.assert_array_equal(mine.entries[here], whole.table.entries[there])
        np.testing.assert_array_equal(mine.exits[here], whole.table.exits[there])
        np.testing.assert_array_equal(mine.delay_value[here], np.arange(1, size + 1))
        np.testing.assert_array_equal(record.entry[record.entering[here]].astype(np.float32), mine.entries[here])
        np.testing.assert_array_equal(record.entry[record.leaving[here] + 1].astype(np.float32), mine.exits[here])
        assert (record.arc[record.entering[here]] == road).all() and (record.arc[record.leaving[here]] == road).all()


@pytest.mark.parametrize("kind", [LINEAR, DENSITY])
def test_changes_one_after_the_other_are_as_simulating_everybody_anew(kind):
    """Some draws have whole numbers of seconds, so that vehicles meet at the very same moment."""
    kept = laid_out = 0
    for seed in range(120):
        case = random_case(seed, kind, trips=TRIPS, background=seed % 3 == 0)
        routes = drawn_routes(case, seed)
        live = LiveSchedule(case.problem, simulate(case.problem, rows(routes), record=ORDER))
        now = simulate(case.problem, rows(routes))
        for step in range(12):
            trip, other = step % TRIPS, drawn_routes(case, 1000 * seed + step)[step % TRIPS]
            if other == routes[trip]:
                continue
            gain = change(live, trip, routes[trip], other)
            tried = [other if k == trip else routes[k] for k in range(TRIPS)]
            whole = simulate(case.problem, rows(tried), record=TIMETABLE)
            assert gain == pytest.approx(float((now.arrival - whole.arrival).sum()), abs=1e-9)
            if step % 3 == 0:  # not kept: nothing may remain of it
                continue
            record = live.record
            live.keep()
            kept, laid_out = kept + 1, laid_out + (live.record is not record)
            routes, now = tried, whole
            found = live.schedule()
            assert found.arc.tolist() == sum(routes, [])
            for field in ("indptr", "entry", "arrival", "order"):
                np.testing.assert_array_equal(getattr(found, field), getattr(whole, field))
            assert_lists_equal(live, whole)
            assert live.own_time(trip) == whole.arrival[trip] - case.problem.departure[trip]
    assert kept > 300 and laid_out > 30  # both ways of taking a change over were tried


def test_hops_are_found_by_the_moment_at_which_they_end():
    case = random_case(3, LINEAR, trips=TRIPS)
    schedule = simulate(case.problem, rows(drawn_routes(case, 3)), record=ORDER)
    live, ends = LiveSchedule(case.problem, schedule), np.sort(schedule.exits())
    for moment in (0.0, ends[4], ends[4] + 1e-6, ends[-1] + 1.0):
        assert live.first_ending(moment) == (ends < moment).sum()


def test_a_change_that_touches_nobody_else_affects_one_trip():
    cost = road_cost(LINEAR, np.array([10.0, 7.0, 10.0]), a=0.02)
    problem = routing_problem(Arcs(4, [0, 0, 2], [1, 1, 3], cost), TripTable([0, 2], [1, 3], [0.0, 0.0]))
    live = LiveSchedule(problem, simulate(problem, rows([[0], [2]]), record=ORDER))
    assert live.gain(int(live.record.start[0]), 1, np.array([1])) == 3.0
    arcs, trips = live.keep()
    assert trips.tolist() == [0] and arcs.tolist() == [0, 1]
    assert live.schedule().arc.tolist() == [1, 2] and live.schedule().arrival.tolist() == [7.0, 10.0]


def test_following_a_change_can_be_cancelled():
    case = random_case(5, LINEAR, trips=TRIPS)
    live = LiveSchedule(case.problem, simulate(case.problem, rows(drawn_routes(case, 5)), record=ORDER))
    hop = int(live.record.start[0])
    with pytest.raises(Cancelled):
        live.gain(hop, 1, live.record.arc[hop : hop + 1], control=Control(cancelled=lambda: True))


def test_a_schedule_without_its_order_is_refused():
    case = random_case(5, LINEAR, trips=TRIPS)
    with pytest.raises(ValueError, match="not recorded"):
        LiveSchedule(case.problem, simulate(case.problem, rows(drawn_routes(case, 5))))
