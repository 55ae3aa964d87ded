"""Why requests were not served."""

from __future__ import annotations

import math
from itertools import product
from typing import NamedTuple

import numpy as np

from .arrays import MILLISECONDS, NEVER
from .dividing import divide
from .problem import FleetProblem
from .rolling import Rolling

EXPECTED_ONLY = "expected only: it never became known"
NO_ROAD = "joins no road"
KNOWN_TOO_LATE = "became known after LAST_MINUTE"
NO_SHELTER = "no shelter with room at the start"
NO_WHEELCHAIR = "no vehicle has a place for a wheelchair"
NO_VEHICLE = "no vehicle"
NOT_REACHED = "no vehicle has a way to it"
NO_WAY_OUT = "no way from it to a shelter"
FULL = "shelters full"
TOO_LATE = "no shelter can be reached by LAST_MINUTE"
CUT_OFF = "cut off by the hazard or a closure before it could be fetched"
NO_TOUR = "no tour was found"


class Unserved(NamedTuple):
    """People of a request who were not served."""

    request: int
    people: int
    wheels: int
    reason: str


def unserved(problem: FleetProblem, rolling: Rolling) -> list[Unserved]:
    """Return who was not served, by request, each with the reason that holds first."""
    out = []
    for r in np.flatnonzero(rolling.left[:, 0] > 0).tolist():
        people, wheels = rolling.left[r].tolist()
        reason = _reason(problem, rolling, r)
        if reason == NO_TOUR and wheels and wheels < people and not (problem.chairs > 0).any():
            reason = NO_WHEELCHAIR
        out.append(Unserved(r, people, wheels, reason))
    return out


def _reason(problem: FleetProblem, rolling: Rolling, r: int) -> str:
    wheels, place = int(rolling.left[r, 1]), int(problem.place[r])
    if problem.probability[r] < 1.0 and np.isposinf(problem.known[r]):
        return EXPECTED_ONLY
    if place < 0:
        return NO_ROAD
    if problem.known[r] > problem.last:
        return KNOWN_TOO_LATE
    if not len(problem.seats):
        return NO_VEHICLE
    if not (np.asarray(problem.room) > 0).any():
        return NO_SHELTER
    if wheels == rolling.left[r, 0] and not (problem.chairs > 0).any():
        return NO_WHEELCHAIR
    times = problem.truth
    sites = np.asarray(problem.shelter_place, dtype=np.int64)
    begins = np.unique(np.concatenate([problem.vehicle_place, sites]))
    if not (times.matrix[:, begins, place] >= 0).any():
        return NOT_REACHED
    ways_out = (times.matrix[:, place, sites] >= 0).any(axis=0)
    if not ways_out.any():
        return NO_WAY_OUT
    if not (rolling.fleet.room[ways_out] > 0).any():
        return FULL
    if _still(problem, rolling, r, place):
        return TOO_LATE if problem.last_ms < NEVER else NO_TOUR
    return CUT_OFF


def _still(problem: FleetProblem, rolling: Rolling, r: int, place: int) -> bool:
    """Whether some of them could be fetched after the last plan if only LAST_MINUTE did not matter."""
    times, fleet = problem.truth, rolling.fleet
    known = math.ceil(max(float(problem.known[r]), 0.0) * MILLISECONDS)
    begin = max([problem.next_period(known), *(each.begin for each in rolling.periods[-1:])])
    parts = divide(r, rolling.left[r], problem.seats, problem.chairs, int(fleet.room.max(initial=0)))
    for part, v in product(parts, range(len(problem.seats))):
        here, start = int(fleet.place[v]), fleet.start(v, begin, problem)
        way = times.leg(here, place, start)
        if part.people > problem.seats[v] or part.wheels > problem.chairs[v]:
            continue
        if way is None or start > times.until[here]:
            continue
        departure = max(way[0], problem.ready_ms(r)) + problem.service(part.people, part.wheels)
        if departure > times.until[place]:
            continue
        for s in np.flatnonzero(fleet.room >= part.people).tolist():
            if times.leg(place, int(problem.shelter_place[s]), departure) is not None:
                return True
    return False
