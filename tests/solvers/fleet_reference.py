"""A slow, plain fleet, written from the words of the README and from nothing else: it judges tours and tries all plans.

Whole milliseconds; one request after the other, one vehicle after the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from evacuation_planner.plugin.solvers.fleet.arrays import NEVER
from evacuation_planner.plugin.solvers.fleet.problem import FleetProblem, Knowledge, TravelTimes

MS = 1000


@dataclass(frozen=True)
class Bus:
    """Where a vehicle is, when it is free, and whether it has driven."""

    place: int
    free: int
    driven: bool


def way(times, here, there, moment):
    """Return (arrival, driving) at the earliest; None for no way."""
    found = []
    for matrix, opens, closes in zip(times.matrix, times.opens.tolist(), times.closes.tolist()):
        takes = int(matrix[here, there])
        if takes >= 0 and max(moment, opens) + takes <= closes:
            found.append((max(moment, opens) + takes, takes))
    return min(found, default=None)


def boarding(problem, people, wheels):
    """Milliseconds to get in or out, without the stop."""
    return round(problem.boarding * MS) * (people - wheels) + 60 * MS * wheels


def earliest_start(problem, bus, now):
    """When a bus can start a tour of a plan made at ``now``."""
    at = max(bus.free, now)
    period = round(problem.period * MS)
    if bus.driven and problem.wait and at % period:
        at += period - at % period
    return at


def tour(problem, times, v, bus, start, parts, shelter):
    """Drive a tour; return (bus after it, person-milliseconds by part, driving, stops); None where it cannot be.

    ``parts``: (request, people, wheels); ``stops``: (arrival, departure) of each.
    """
    stop, seats, chairs = round(problem.stop * MS), problem.seats[v], problem.chairs[v]
    here, t, driving, waits, stops = bus.place, start, 0, [], []
    if sum(p for _, p, _ in parts) > seats or sum(w for _, _, w in parts) > chairs:
        return None
    if t > times.until[here]:
        return None
    for request, people, wheels in parts:
        found = way(times, here, int(problem.place[request]), t)
        if found is None:
            return None
        ready = max(round(problem.ready[request] * MS), 0)
        t = max(found[0], ready) + stop + boarding(problem, people, wheels)
        here, driving = int(problem.place[request]), driving + found[1]
        if t > times.until[here]:
            return None
        waits.append(people * (t - ready))
        stops.append((found[0], t))
    found = way(times, here, int(problem.shelter_place[shelter]), t)
    if found is None or found[0] > problem.last * MS:
        return None
    free = found[0] + stop + sum(boarding(problem, p, w) for _, p, w in parts)
    stops.append((found[0], free))
    return Bus(int(problem.shelter_place[shelter]), free, True), waits, driving + found[1], stops


def parts_known(problem, left, room, now):
    """Return the parts that a plan at ``now`` is about, with their probability (None: certain)."""
    out = []
    for r in range(len(problem.people)):
        people, wheels = left[r]
        if not people or problem.ready[r] * MS >= now + problem.look_ahead * problem.period * MS:
            continue
        chance = None
        if problem.known[r] * MS > now:
            forgotten = max(problem.ready[r], 0) * MS + problem.look_ahead * problem.period * MS
            if problem.probability[r] == 1.0 or now >= forgotten:
                continue
            chance = problem.probability[r]
        if any(s >= people and c >= wheels for s, c in zip(problem.seats, problem.chairs)) and max(room) >= people:
            out.append(((r, people, wheels), chance))
            continue
        if wheels:
            raise ValueError("the reference divides no requests with wheelchairs")
        while people and max(room):
            some = min(people, max(problem.seats), max(room))
            out.append(((r, some, 0), chance))
            people -= some
    return out


def best_of_all(problem, times, buses, room, parts, now):
    """Return the least (unserved, waiting, driving) of all plans, in thousandths of people."""
    weights = [1.0 if chance is None else chance for _, chance in parts]
    everybody = sum(round(1000 * part[1] * w) for (part, _), w in zip(parts, weights))
    best = [(everybody + 1, 0, 0)]
    later = now + round(problem.period * MS)

    def go(v, bus, rest, space, served, waited, driven):
        if v == len(buses):
            best[0] = min(best[0], (everybody - served, waited, driven))
            return
        go(v + 1, buses[v + 1] if v + 1 < len(buses) else None, rest, space, served, waited, driven)
        for size in range(1, len(rest) + 1):
            for chosen in permutations(rest, size):
                own = [parts[k][0] for k in chosen]
                people = sum(p for _, p, _ in own)
                if people > problem.seats[v]:
                    continue
                start = earliest_start(problem, bus, now)
                if any(parts[k][1] is not None for k in chosen):
                    start = max(start, later)
                for s, free in enumerate(space):
                    if free < people:
                        continue
                    done = tour(problem, times, v, bus, start, own, s)
                    if done is None:
                        continue
                    sure = [round(1000 * p * weights[k]) for k, (_, p, _) in zip(chosen, own)]
                    more = sum(w * (wait // p) for w, (_, p, _), wait in zip(sure, own, done[1]))
                    worth = sum(sure)
                    if best[0][0] == 0 and waited + more > best[0][1]:
                        continue
                    go(
                        v, done[0], [k for k in rest if k not in chosen],
                        [f - people * (j == s) for j, f in enumerate(space)], served + worth, waited + more,
                        driven + done[2],
                    )  # fmt: skip

    go(0, buses[0], list(range(len(parts))), list(room), 0, 0, 0)
    return best[0]


def judge(problem, rolling, *, until_period=None):
    """Drive the tours of a game anew and check every rule; return (buses, left, room, waiting, driving).

    With ``until_period`` only the tours of earlier periods.
    """
    truth = problem.knowledge[-1].times
    period = round(problem.period * MS)
    buses = [
        Bus(int(place), round(max(available, 0.0) * MS), False)
        for place, available in zip(problem.vehicle_place, problem.available)
    ]
    left = [[int(p), int(w)] for p, w in zip(problem.people, problem.wheelchairs)]
    room, waiting, driving = [int(r) for r in problem.room], 0, 0
    for one in sorted(rolling.tours, key=lambda each: each.start):
        if until_period is not None and one.period >= until_period:
            continue
        bus, begin = buses[one.vehicle], one.period * period
        assert one.start == earliest_start(problem, bus, begin), "starts when it can"
        assert begin <= one.start < begin + period, "only tours that start in the period are carried out"
        assert one.origin == bus.place, "never two places at once"
        parts = [(stop.request, stop.on, stop.wheels) for stop in one.stops[:-1]]
        for request, _, _ in parts:
            assert problem.known[request] * MS <= begin, "never a request before it is known"
        done = tour(problem, truth, one.vehicle, bus, one.start, parts, one.stops[-1].shelter)
        assert done is not None, "seats, wheelchairs, ways, the hazard and the last minute"
        assert [(stop.arrival, stop.departure) for stop in one.stops] == done[3]
        assert one.people == sum(p for _, p, _ in parts) and one.stops[-1].load == 0
        for request, people, wheels in parts:
            left[request][0] -= people
            left[request][1] -= wheels
        room[one.stops[-1].shelter] -= one.people
        buses[one.vehicle], waiting, driving = done[0], waiting + sum(done[1]), driving + done[2]
    assert min(room, default=0) >= 0, "no shelter over its room"
    assert all(0 <= w <= p for p, w in left)
    return buses, left, room, waiting, driving


def random_problem(seed, *, requests=4, buses=2, shelters=2, closings=True):
    """Return a random small game; requests of few people, some expected, some known late, ways that close."""
    r = np.random.default_rng(seed)
    count = requests + buses + shelters
    xy = r.uniform(0, 3000, (count, 2))
    seconds = np.ceil(np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) / 6.0)
    knowledge = [Knowledge(-np.inf, TravelTimes.always(seconds))]
    if closings and seed % 3 == 0:
        knowledge.append(Knowledge(float(r.integers(0, 900)), closing(seconds, int(r.integers(400, 2500)), r)))
        if seed % 2:
            knowledge = [replace(knowledge[1], since=-np.inf)]
    people = r.integers(1, 4, requests)
    wheels = np.minimum(people, r.integers(0, 2, requests)) * (seed % 4 == 1)
    ready = r.integers(-200, 900, requests).astype(float)
    known = np.where(r.random(requests) < 0.5, -np.inf, ready + r.integers(-300, 700, requests))
    chance = np.where(np.isfinite(known) & (r.random(requests) < 0.4), np.round(r.uniform(0.1, 0.9, requests), 3), 1.0)
    known[(chance < 1.0) & (r.random(requests) < 0.3)] = np.inf
    return FleetProblem(
        place=np.arange(requests), people=people, wheelchairs=wheels, ready=ready, known=known, probability=chance,
        vehicle_place=np.arange(requests, requests + buses), seats=r.integers(3, 7, buses),
        chairs=np.full(buses, 3 * (seed % 4 == 1)), available=r.integers(0, 2, buses) * r.integers(0, 600, buses) * 1.0,
        shelter_place=np.arange(requests + buses, count),
        room=r.integers(3, 9, shelters) if seed % 4 != 1 else np.full(shelters, 99), knowledge=knowledge,
        boarding=4.0, stop=float(r.integers(0, 121)), period=float(r.choice([450, 900])),
        look_ahead=int(r.integers(1, 3)), wait=bool(seed % 5),
        last=np.inf if r.random() < 0.7 else float(r.integers(900, 3000)),
    )  # fmt: skip


def closing(seconds, moment, r):
    """Return the times where some ways are closed from a moment on, and some places are then reached by the hazard."""
    moment *= MS
    before = np.ceil(seconds * MS).astype(np.int32)
    after = np.where(r.random(seconds.shape) < 0.3, -1, before).astype(np.int32)
    np.fill_diagonal(after, 0)
    until = np.full(len(seconds), NEVER, dtype=np.int64)
    until[: len(seconds) // 3] = moment
    return TravelTimes(np.stack([before, after]), np.array([-NEVER, -NEVER]), np.array([moment, NEVER]), until)
