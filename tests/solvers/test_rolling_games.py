"""Running evacuations planned anew as things become known: not worse here, the past stays, closed roads stay empty."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.rolling.game import Played, play
from evacuation_planner.plugin.solvers.rolling.knowledge import Knowledge
from evacuation_planner.plugin.solvers.rolling.replan import replanned
from evacuation_planner.plugin.solvers.rolling.rest import Ahead, RestMoves, Rooms
from evacuation_planner.plugin.solvers.rolling.running import Running
from evacuation_planner.plugin.solvers.routing.queue.bars import NEVER, moments_of
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND, microseconds, roads_of
from evacuation_planner.plugin.solvers.routing.queue.places import places_of
from evacuation_planner.plugin.solvers.routing.shared.choices import LINEAR
from evacuation_planner.plugin.solvers.routing.shared.closings import Closings
from evacuation_planner.plugin.solvers.routing.shared.descent import rank
from evacuation_planner.plugin.solvers.routing.shared.problem import BUS, Arcs, TripTable, routing_problem
from evacuation_planner.plugin.solvers.routing.shared.routes import Routes
from evacuation_planner.plugin.solvers.routing.shared.volume_delay import road_cost
from tests.solvers.closing_plans import small_problem
from tests.solvers.queue_plans import simple_ways
from tests.solvers.rolling_cases import game

GAMES = range(30)


@pytest.fixture(scope="module")
def played() -> list[Played]:
    return [play(game(seed)) for seed in GAMES]


def test_replanning_is_never_worse_than_none_and_perfect_information_never_worse_than_either(played) -> None:
    assert sum(bool(each.told) for each in played) > 12
    for each in played:
        assert each.carried.rank <= each.fixed.rank
        assert each.perfect.rank <= min(each.carried.rank, each.fixed.rank)
    assert sum(each.carried.caught < each.fixed.caught for each in played) > 8


def moments_by_trip(run, before):
    plan = run.plan
    rows = (run.moment[a:b] for a, b in zip(plan.move[:-1], plan.move[1:]))
    return [row[row < before].tolist() for row in rows]


def test_what_has_happened_before_anybody_is_told_stays_to_the_last_bit(played) -> None:
    for each in played:
        if each.told:
            first = each.told[0].moment
            assert moments_by_trip(each.fixed.run, first) == moments_by_trip(each.carried.run, first)


def test_nobody_enters_a_closed_road_and_everybody_is_accounted_for(played) -> None:
    keeps_the_rules([game(seed) for seed in GAMES], played)


def test_buses_are_told_as_cars_are() -> None:
    """A fifth of the vehicles are buses, each of 2.5 places; what they drive anew is what they would have driven so."""
    asked = [game(seed, buses=0.2) for seed in range(10)]
    played = [play(each) for each in asked]
    keeps_the_rules(asked, played)
    told = 0
    for own, each in zip(asked, played):
        assert each.carried.rank <= each.fixed.rank and each.perfect.rank <= each.carried.rank
        told += sum(int((own.problem.size[one.trips] == BUS).sum()) for one in each.told)
        if each.told:
            first = each.told[0].moment
            assert moments_by_trip(each.fixed.run, first) == moments_by_trip(each.carried.run, first)
        (run, plan), bus = (each.carried.run, each.carried.run.plan), own.problem.size == BUS
        for road in range(own.problem.arcs):  # the next one leaves no road sooner than 2.5 headways after a bus
            rows = [
                (run.moment[plan.move[t] + k + 1], t)
                for t in range(own.problem.trips)
                for k in np.flatnonzero(plan.arc[plan.first[t] : plan.first[t] + plan.hops[t]] == road).tolist()
            ]
            exits = sorted((moment, t) for moment, t in rows if moment < NEVER)
            headway = roads_of(own.problem).headway[road]
            for (moment, t), (later, _) in zip(exits, exits[1:]):
                assert later - moment >= headway * (5 if bus[t] else 2) // 2
    assert told > 3


def keeps_the_rules(games, played) -> None:
    """Nobody enters a closed road, everybody is at his destination or counts as caught."""
    for asked, each in zip(games, played):
        truth, roads, run = asked.problem.closings, roads_of(asked.problem), each.carried.run
        since, until = moments_of(truth.since), moments_of(truth.until)
        for trip in range(asked.problem.trips):
            first, move = run.plan.first[trip], run.plan.move[trip]
            way = run.plan.arc[first : first + run.plan.hops[trip]]
            assert way.tolist() == each.routes.of(trip).tolist()
            assert (asked.problem.head[way[:-1]] == asked.problem.tail[way[1:]]).all()
            entries = run.moment[move : move + len(way)]
            for arc, entry in zip(way.tolist(), entries.tolist()):
                shut = (truth.arc == arc) & (since <= entry) & (entry < until)
                assert entry == NEVER or not shut.any()
            if run.arrived[trip]:
                assert int(asked.problem.head[way[-1]]) == asked.problem.destination[trip]
        arrived = asked.problem.people[run.arrived].sum()
        assert arrived + each.carried.caught == asked.problem.people.sum()
        assert (roads.travel > 0).all()


def test_with_everything_known_from_the_start_nothing_changes() -> None:
    for seed in range(8):
        each = play(game(seed, known=True))
        assert each.told == () and each.planned == ()
        assert each.carried.rank == each.fixed.rank == each.perfect.rank
        assert np.array_equal(each.carried.run.moment, each.fixed.run.moment)


def test_the_same_game_is_played_the_same(played) -> None:
    again = play(game(2))
    assert again.carried.rank == played[2].carried.rank and np.array_equal(
        again.carried.run.moment, played[2].carried.run.moment
    )


def town(rooms: Rooms | None = None, step: int | None = None, known: float = 100.0, now: float = 0.0):
    """A street to a fork: near shelter 2 over a bridge that is out from 30 s on, far shelter 3; one lane, 4 vehicles.

    Without the bridge nobody reaches shelter 2.
    """
    tail, head = np.array([0, 1, 1]), np.array([1, 2, 3])
    never = np.full(4, np.inf)
    out = Closings(
        np.array([1], dtype=np.int32), np.zeros(1), np.ones(1), np.array([30.0]), np.array([np.inf]),
        np.zeros(1, dtype=bool), never, never,
    )  # fmt: skip
    cost = road_cost(LINEAR, np.array([20.0, 10.0, 100.0]), np.full(3, np.inf))
    problem = routing_problem(
        Arcs(4, tail, head, cost, capacity=np.full(3, 360.0), storage=np.full(3, 9.0), closings=out),
        TripTable([0] * 4, [2] * 4, np.zeros(4), np.array([2.0, 2.0, 2.0, 1.0])),
    )
    routes = Routes(np.array([0, 2]), np.array([0, 1], dtype=np.int32), np.zeros(4, dtype=np.int32))
    knowledge = Knowledge.of_closures(out, np.array([known]))
    made = game(0)
    return replace(
        made, problem=problem, routes=routes, knowledge=knowledge, fixed=np.zeros(4, dtype=bool), rooms=rooms,
        now=int(now * SECOND), step=None if step is None else step * SECOND,
    )  # fmt: skip


def test_other_shelters_by_hand() -> None:
    # The first enters the bridge at 20 s; the others come to the fork at 30, 40 and 50 s and stand before it.
    alone = play(town(step=60))
    assert alone.fixed.caught == alone.carried.caught == 5.0 and alone.told == ()
    assert alone.fixed.person_time == 2 * 30.0
    rooms = Rooms(np.array([2, 3]), np.array([10.0, 3.0]))
    some = play(town(rooms, step=60))
    # Told at 120 s: the first who stands there finds room at shelter 3, 100 s away; the next does not, and stands
    # before the one of 1 person behind him, for whom there would be room.
    (told,) = some.told
    assert told.moment == 120 * SECOND and (told.goal_after[told.trips] == 3).all() and 1 in told.trips
    assert some.carried.caught == 3.0 and some.carried.person_time == 60.0 + 2 * 220.0
    assert some.perfect.caught == 3.0
    plenty = play(town(Rooms(np.array([2, 3]), np.array([10.0, 30.0])), step=60))
    assert plenty.carried.caught == 0.0 and plenty.carried.person_time == 60.0 + 2 * 220 + 2 * 230 + 240
    assert plenty.perfect.person_time == 60.0 + 2 * 130.0 + 2 * 140.0 + 150.0  # told in time to drive on at once


def test_once_at_a_moment_and_too_late() -> None:
    rooms = Rooms(np.array([2, 3]), np.array([10.0, 30.0]))
    once = play(town(rooms, now=150.0))
    assert [each.moment for each in once.told] == [150 * SECOND]
    early = play(town(rooms, now=90.0))  # not known yet, and nobody plans again
    assert early.told == () and early.planned == () and early.carried.caught == 5.0
    open_bridge = replace(town(rooms, now=300.0, known=1.0))
    closings = open_bridge.problem.closings._replace(since=np.array([1000.0]))
    with pytest.raises(SolverError, match="NOW_MINUTES: at minute 5 nobody is on the way any more.*minute 1.0"):
        play(replace(open_bridge, problem=replace(open_bridge.problem, closings=closings)))


def test_shelters_take_no_more_than_they_have_room_for() -> None:
    for seed in range(8):
        asked = game(seed)
        nodes = np.unique(asked.problem.destination)
        people = np.bincount(asked.problem.destination, asked.problem.people, asked.problem.nodes)[nodes]
        each = play(replace(asked, rooms=Rooms(nodes, people + 4.0)))
        assert each.carried.rank <= each.fixed.rank
        run = each.carried.run
        came = np.bincount(each.goal[run.arrived], asked.problem.people[run.arrived], asked.problem.nodes)[nodes]
        assert (came <= people + 4.0).all()
        for trip in np.flatnonzero(run.arrived).tolist():
            assert asked.problem.head[each.routes.of(trip)[-1]] == each.goal[trip]


def every_rest(ahead: Ahead):
    """Yield the people caught and person-seconds of all plans of simple ways from where everybody can turn."""
    moves = RestMoves(ahead, None, 20.0)
    ways = [simple_ways(ahead.rest, int(s), int(d)) for s, d in zip(ahead.rest.source, ahead.rest.destination)]
    if not all(ways) or np.prod([float(len(own)) for own in ways]) > 150:
        return
    for plan in product(*ways):
        indptr = np.r_[0, np.cumsum([len(way) for way in plan])].astype(np.int64)
        arcs = np.array([arc for way in plan for arc in way], dtype=np.int32)
        yield rank(moves.judged(Routes(indptr, arcs, np.arange(len(plan), dtype=np.int32)), Control()))


def test_the_rest_found_is_the_best_of_all_on_small_problems() -> None:
    tried = same = 0
    for seed in range(45):
        rng = np.random.default_rng([seed, 21])
        problem, ways = small_problem(seed)
        chosen = [own[int(rng.integers(len(own)))] for own in ways]
        indptr = np.r_[0, np.cumsum([len(way) for way in chosen])].astype(np.int64)
        routes = Routes(
            indptr, np.array([arc for way in chosen for arc in way], dtype=np.int32),
            np.arange(len(chosen), dtype=np.int32),
        )  # fmt: skip
        running = Running.before(
            roads_of(problem), microseconds(problem.departure), routes, places_of(problem), 20 * SECOND
        )
        now = int(rng.integers(0, 40)) * SECOND
        running.drive(now)
        ahead = Ahead.of(running, problem, now, np.zeros(problem.trips, dtype=bool))
        plans = list(every_rest(ahead)) if len(ahead.active) else []
        if len(plans) < 2:
            continue
        found = replanned(ahead, 20.0, sparing=False)
        kept = RestMoves(ahead, None, 20.0).judged(ahead.kept(running.routes), Control())
        value = rank(kept) if found is None else (found.caught, found.person_time)
        assert value <= rank(kept) and (value >= min(plans) or not simple(ahead, running.routes))
        tried += 1
        same += value <= min(plans)
    assert tried >= 15 and same == tried


def simple(ahead: Ahead, routes: Routes) -> bool:
    """Whether nobody's rest of his way passes a node twice."""
    rest = ahead.kept(routes)
    return all(len({*ahead.problem.head[rest.of(k)].tolist()}) == len(rest.of(k)) for k in range(len(ahead.active)))
