"""Trips that turn on the way, in the fast program and in the slow and plain one, to the last digit."""

from __future__ import annotations

import numpy as np

from evacuation_planner.plugin.solvers.rolling.running import Running
from evacuation_planner.plugin.solvers.routing.queue.bars import NEVER
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND, microseconds, roads_of
from evacuation_planner.plugin.solvers.routing.queue.places import places_of
from evacuation_planner.plugin.solvers.routing.shared.closings import ARRIVED
from evacuation_planner.plugin.solvers.routing.shared.routes import Routes
from tests.solvers.closing_plans import Oracle, small_problem
from tests.solvers.queue_plans import simple_ways
from tests.solvers.queue_reference import Claim, Hazard, Town

PATIENCE = 20 * SECOND


class TurningTown(Town):
    """At the moment ``turn[0]``, before anything else happens, trips take other ways: whole ones, by trip."""

    turn: tuple[int, dict[int, list[int]]] = (-1, {})

    def moments_to_come(self) -> list[float]:
        return [*super().moments_to_come(), self.turn[0]]

    def register(self, now: int) -> bool:
        if now == self.turn[0] and self.turn[1]:
            ways, self.turn = self.turn[1], (now, {})
            for trip in sorted(ways):
                self.take(trip, ways[trip], now)
        return super().register(now)

    def take(self, trip: int, way: list[int], now: int) -> None:
        """Let a trip that has neither arrived nor been caught take another way."""
        old, gone = self.routes[trip], len(self.moments[trip])
        if trip in self.to_come:
            self.routes[trip] = way
        elif not gone:
            self.routes[trip] = way
            if old[0] == way[0]:
                return
            queue = self.at_origin[old[0]]
            if queue[0] == trip:
                del self.claimed[Claim(old[0], None)]
                queue.popleft()
                if queue:
                    self.begin(Claim(old[0], None), now)
            else:
                queue.remove(trip)
            self.at_origin[way[0]].append(trip)
            if len(self.at_origin[way[0]]) == 1:
                self.begin(Claim(way[0], None), now)
        else:
            road = old[gone - 1]
            claim = Claim(self.next_of(trip), road)
            claims = self.on[road][0] == trip and claim in self.claimed
            self.routes[trip] = way
            if not claims or claim.into == self.next_of(trip):
                return
            del self.claimed[claim]
            if self.next_of(trip) is None:
                self.leave(road, now)
            else:
                self.begin(Claim(self.next_of(trip), road), now)


def town_of(problem, ways, turn) -> TurningTown:
    oracle = Oracle(problem, PATIENCE)
    start, goal = (
        [None if when[place] == np.inf else round(when[place] * 1e6) for place in ends.tolist()]
        for when, ends in zip(oracle.reached, (problem.source, problem.destination))
    )
    doors = {(int(a), int(b)) for a, b in zip(problem.tail[~oracle.is_road], problem.head[~oracle.is_road])}
    ends = list(zip(problem.source.tolist(), problem.destination.tolist()))
    there = [bool(way) or pair in doors or pair[0] == pair[1] for way, pair in zip(ways, ends)]
    departure = [round(when * 1e6) for when in problem.departure.tolist()]
    town = TurningTown(
        oracle.roads, departure, [list(way) for way in ways], PATIENCE, Hazard(oracle.parts, start, goal, there)
    )
    town.turn = turn
    return town


def other_ways(rng, problem, running, is_road) -> dict[int, list[int]]:
    """Other ways of some who go on: from where they can turn, whether or not they have claimed their next road."""
    found = {}
    for trip in np.flatnonzero(running.goes_on).tolist():
        way, begin = running.routes.of(trip).tolist(), int(running.hop[trip]) + 1
        at = int(problem.head[way[begin - 1]]) if begin else int(problem.source[trip])
        rests = simple_ways(problem, at, int(problem.destination[trip]))
        if not rests or rng.random() < 0.2:
            continue
        rest = [arc for arc in rests[int(rng.integers(len(rests)))] if is_road[arc]]
        if begin or rest:
            found[trip] = way[:begin] + rest
    return found


def routes_of(ways: list[list[int]]) -> Routes:
    indptr = np.r_[0, np.cumsum([len(way) for way in ways])].astype(np.int64)
    arcs = np.array([arc for way in ways for arc in way], dtype=np.int32)
    return Routes(indptr, arcs, np.arange(len(ways), dtype=np.int32))


def test_two_programs_agree_where_trips_turn_though_they_have_claimed_their_next_road():
    claimed = turned = 0
    for seed in range(320):
        rng = np.random.default_rng([seed, 33])
        problem, every = small_problem(seed)
        roads = roads_of(problem)
        ways = [[arc for arc in own[int(rng.integers(len(own)))] if roads.is_road[arc]] for own in every]
        running = Running.before(roads, microseconds(problem.departure), routes_of(ways), places_of(problem), PATIENCE)
        now = int(rng.integers(4, 45)) * SECOND
        running.drive(now)
        others = other_ways(rng, problem, running, roads.is_road)
        for trip, way in others.items():
            hop, state = running.hop[trip], running.state
            waits = hop < 0 and state.counts[2] > trip
            heads = hop >= 0 and state.head[ways[trip][hop]] == trip and state.wanted[ways[trip][hop]] >= 0
            claimed += bool((waits or heads) and way[: hop + 2] != ways[trip][: hop + 2])
        turned += len(others)
        changed = routes_of([others.get(trip, way) for trip, way in enumerate(ways)])
        running = running.turned(changed, running.places, np.array(sorted(others), dtype=np.int64), now)
        running.drive(NEVER)
        run, told = running.run, town_of(problem, ways, (now, others)).run()
        for trip in range(problem.trips):
            mine = run.moment[run.plan.move[trip] : run.plan.move[trip + 1]]
            assert mine[mine < NEVER].tolist() == told.moments[trip], (seed, trip)
            assert (run.fate[trip] == ARRIVED) == (told.fates[trip] is None), (seed, trip)
        assert run.forced == told.forced
    assert turned > 200 and claimed > 20, (turned, claimed)
