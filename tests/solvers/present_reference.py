"""A slow second evaluator of ``present`` with roads that close and a hazard that comes, written from the rules alone.

Nothing is remembered that can be looked up: who is on a road is counted among all stays, a moment of entry is sought
among the beginnings and ends of all closings, and parts are looked through one by one.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from evacuation_planner.plugin.solvers.routing.shared.problem import RoutingProblem
from tests.solvers.routing_oracle import Case

TOO_LATE, QUEUED, CUT_OFF, AT_DESTINATION = range(1, 5)
HAIR = 2e-7  # s: sums made in another order


class Told(NamedTuple):
    """Of each trip when it enters its arcs; when it arrives, None where it does not; None, or why and when caught."""

    entries: list[list[float]]
    arrivals: list[float | None]
    fates: list[tuple[int, float] | None]


class Part(NamedTuple):
    """A part of an arc: reached ``begin`` seconds after entry, left ``end`` after it, None: with the arc."""

    begin: float
    end: float | None
    since: float
    until: float
    catches: bool


def parts_of(problem: RoutingProblem, arc: int) -> list[Part]:
    free = float(problem.cost.free_flow[arc])
    rows = zip(*(column.tolist() for column in problem.closings[:6]))
    return [
        Part(begin * free, None if end == 1 else end * free, since, until, catches)
        for on, begin, end, since, until, catches in rows
        if on == arc
    ]


def may_enter(parts: list[Part], when: float) -> bool:
    return all(not part.since - HAIR <= when + part.begin < part.until - HAIR for part in parts)


def entry_from(parts: list[Part], when: float) -> float:
    """The first moment from then on at which the arc may be entered: now, or when one of its closings ends."""
    ends = [part.until - part.begin for part in parts if when < part.until - part.begin < inf]
    return min((moment for moment in [when, *ends] if may_enter(parts, moment)), default=inf)


def caught_on(parts: list[Part], entry: float, leave: float) -> tuple[float, Part] | None:
    """When and on which part the hazard comes while somebody is on it who is on the arc from ``entry`` to ``leave``."""
    met = [
        part
        for part in parts
        if part.catches
        and entry + part.begin <= part.since < (leave if part.end is None else min(leave, entry + part.end)) - HAIR
    ]
    return min(((part.since, part) for part in met), key=lambda each: (each[0], each[1].begin), default=None)


def evaluate(case: Case, routes: list[list[int]]) -> Told:
    """Tell what becomes of everybody; a trip that stays has no arcs though it is not at its destination."""
    problem = case.problem
    closings = problem.closings
    parts = [parts_of(problem, arc) for arc in range(problem.arcs)]
    entries: list[list[float]] = [[] for _ in routes]
    ready = [float(moment) for moment in problem.departure]  # when each is ready for its next move
    arrivals: list[float | None] = [None] * len(routes)
    fates: list[tuple[int, float] | None] = [None] * len(routes)
    stays: list[list] = []  # arc, trip, when it leaves
    active = set(range(len(routes)))

    def lost(trip: int, why: int, when: float) -> None:
        fates[trip] = why, when
        active.discard(trip)

    def fate_on(trip: int, when: float, part: Part) -> None:
        way = routes[trip][: len(entries[trip])]
        away = problem.departure[trip] + sum(float(problem.cost.free_flow[arc]) for arc in way[:-1])
        away += float(problem.cost.free_flow[way[-1]]) if part.end is None else part.end
        lost(trip, QUEUED if away <= when + HAIR else TOO_LATE, when)

    while active:
        trip = min(active, key=lambda q: (ready[q], q))
        now, hop, way = ready[trip], len(entries[trip]), routes[trip]
        start = float(closings.start_reached[problem.source[trip]])
        goal = float(closings.goal_reached[problem.destination[trip]])
        if not way:
            arrivals[trip] = now
            active.discard(trip)
            if start < now - HAIR:
                lost(trip, TOO_LATE, max(start, min(now, 0.0)))
            elif goal < inf:
                lost(trip, AT_DESTINATION, max(now, goal))
            elif problem.source[trip] != problem.destination[trip]:
                lost(trip, CUT_OFF, now)
            continue
        leave = entry_from(parts[way[hop]], now) if hop < len(way) else now
        if hop == 0 and start < leave - HAIR:
            lost(trip, TOO_LATE, max(start, min(now, 0.0)))
            continue
        met = caught_on(parts[way[hop - 1]], entries[trip][-1], leave) if hop else None
        if hop:
            stays[[k for k, stay in enumerate(stays) if stay[1] == trip][-1]][2] = inf if met else leave
        if met:
            fate_on(trip, *met)
            continue
        if leave == inf:
            lost(trip, CUT_OFF, now)
            continue
        if leave > now:
            ready[trip] = leave
            continue
        if hop == len(way):
            arrivals[trip] = now
            active.discard(trip)
            if goal < inf:
                lost(trip, AT_DESTINATION, max(now, goal))
            continue
        arc = way[hop]
        flow = sum(1 for road, other, until in stays if road == arc and (until, other) > (now, trip))
        took = case.seconds(arc, flow + case.there_anyway(arc, now))
        entries[trip].append(now)
        ready[trip] = now + took
        stays.append([arc, trip, now + took])
    return Told(entries, arrivals, fates)
