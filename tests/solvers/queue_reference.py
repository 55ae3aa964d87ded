"""A slow second evaluator of ``queue``, written from the rules alone: who is where, looked through at every step.

Nothing is remembered that can be looked up: each moment is the least of all that could come next, and whoever claims a
road is sought among all claims whenever somebody may enter it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import NamedTuple

LONG_AGO = -(10**18)


class Roads(NamedTuple):
    """Free-flow time, headway (microseconds) and room of each road; changes (moment, road, headway, room)."""

    travel: list[int]
    headway: list[int]
    room: list[int]
    changes: list[tuple[int, int, int, int]]


class Told(NamedTuple):
    """Of each trip its entry and its exits; how many were forced in; the roads of the rings that were opened."""

    moments: list[list[int]]
    forced: int
    rings: list[set[int]]


class Claim(NamedTuple):
    """A vehicle that would enter ``into`` from the road ``source``; from the origin where that is None."""

    into: int
    source: int | None


class Town:
    """Everybody's place; ``patience`` in microseconds, 0: no road is ever full."""

    def __init__(self, roads: Roads, departure: list[int], routes: list[list[int]], patience: int) -> None:
        self.travel, self.headway, self.room = list(roads.travel), list(roads.headway), list(roads.room)
        self.changes = sorted(roads.changes, key=lambda change: change[0])
        self.departure, self.routes, self.patience = departure, routes, patience
        self.on = {road: deque() for road in range(len(roads.travel))}  # trips, first in first out
        self.at_origin = defaultdict(deque)  # by first road: trips that have departed
        self.to_come = sorted((trip for trip in range(len(routes)) if routes[trip]), key=lambda t: (departure[t], t))
        self.moments: list[list[int]] = [[] for _ in routes]
        self.last_exit = defaultdict(lambda: LONG_AGO)  # moment, with the headway of that moment on top
        self.last_entry = defaultdict(lambda: LONG_AGO)
        self.claimed: dict[Claim, int] = {}  # since when
        self.number: dict[Claim, int] = defaultdict(int)
        self.level: dict[int, int] = defaultdict(int)
        self.forced, self.rings = 0, []

    def next_of(self, trip: int) -> int | None:
        """The road that a trip enters next, None at its destination."""
        gone = len(self.moments[trip])
        return self.routes[trip][gone] if gone < len(self.routes[trip]) else None

    def ready(self, road: int) -> int:
        """When the head of a road may leave."""
        entered = self.moments[self.on[road][0]][-1]
        return max(entered + self.travel[road], self.last_exit[road])

    def waits(self, road: int) -> bool:
        """Whether the head of a road has made its claim."""
        return bool(self.on[road]) and Claim(self.next_of(self.on[road][0]), road) in self.claimed

    def full(self, road: int) -> bool:
        return self.patience > 0 and len(self.on[road]) >= self.room[road]

    def claims_on(self, road: int) -> list[Claim]:
        return [claim for claim in self.claimed if claim.into == road]

    def favourite(self, road: int) -> Claim:
        """The claim that the merge takes."""
        return min(
            self.claims_on(road),
            key=lambda claim: (
                self.number[claim],
                self.claimed[claim],
                len(self.on) if claim.source is None else claim.source,
            ),
        )

    def stands_until(self, road: int) -> int | None:
        """When a full road that somebody wants to enter has stood for too long."""
        claims = self.claims_on(road)
        if not self.full(road) or not claims:
            return None
        return max(self.last_entry[road], min(self.claimed[claim] for claim in claims)) + self.patience

    # What happens.

    def begin(self, claim: Claim, now: int) -> None:
        self.claimed[claim] = now
        self.number[claim] = max(self.number[claim], self.level[claim.into])

    def register(self, now: int) -> bool:
        """Note departures and heads whose time has come; who is at the destination leaves. Whether there was any."""
        found = False
        while self.to_come and self.departure[self.to_come[0]] <= now:
            trip = self.to_come.pop(0)
            first = self.routes[trip][0]
            self.at_origin[first].append(trip)
            if len(self.at_origin[first]) == 1:
                self.begin(Claim(first, None), now)
            found = True
        for road, trips in self.on.items():
            if trips and not self.waits(road) and self.ready(road) <= now:
                found = True
                if self.next_of(trips[0]) is None:
                    self.leave(road, now)
                else:
                    self.begin(Claim(self.next_of(trips[0]), road), now)
        return found

    def leave(self, road: int, now: int) -> None:
        self.moments[self.on[road].popleft()].append(now)
        self.last_exit[road] = now + self.headway[road]

    def enter(self, claim: Claim, now: int) -> None:
        into, source = claim
        del self.claimed[claim]
        self.level[into] = max(self.level[into], self.number[claim])
        self.number[claim] += self.headway[into if source is None else source]
        if source is None:
            trip = self.at_origin[into].popleft()
            self.moments[trip].append(now)
            if self.at_origin[into]:
                self.begin(claim, now)
        else:
            trip = self.on[source][0]
            self.leave(source, now)
        self.on[into].append(trip)
        self.last_entry[into] = now

    def move(self, now: int) -> None:
        """Let everybody enter who can."""
        while True:
            wanted = {claim.into for claim in self.claimed if not self.full(claim.into)}
            if not wanted:
                return
            self.enter(self.favourite(min(wanted)), now)

    def settle(self, now: int) -> None:
        """Carry out what is possible; who becomes ready meanwhile, on a road of no length, is noted after that."""
        self.move(now)
        while self.register(now):
            self.move(now)

    def force(self, now: int) -> bool:
        """Let somebody into the first road that has stood for too long; whether there is one."""
        for road in self.on:
            until = self.stands_until(road)
            if until is not None and until <= now:
                claim = self.favourite(road)
                ring = self.ring_through(claim)
                if ring:
                    self.rings.append(ring)
                self.enter(claim, now)
                self.forced += 1
                return True
        return False

    def ring_through(self, claim: Claim) -> set[int]:
        """The full roads whose heads wait for each other and one of which the claim would leave, else none."""
        ring, road = set(), claim.into
        while road not in ring and self.full(road) and self.waits(road):
            ring.add(road)
            if road == claim.source:
                return ring
            road = self.next_of(self.on[road][0])
        return set()

    def moments_to_come(self) -> list[int]:
        soon = [self.departure[trip] for trip in self.to_come[:1]] + [change[0] for change in self.changes[:1]]
        for road, trips in self.on.items():
            if trips and not self.waits(road):
                soon.append(self.ready(road))
            until = self.stands_until(road)
            if until is not None:
                soon.append(until)
        return soon

    def run(self) -> Told:
        while self.to_come or any(self.at_origin.values()) or any(self.on.values()):
            now = min(self.moments_to_come())
            while self.changes and self.changes[0][0] <= now:
                _, road, self.headway[road], self.room[road] = self.changes.pop(0)
            self.register(now)
            self.settle(now)
            while self.force(now):
                self.settle(now)
        return Told(self.moments, self.forced, self.rings)


def evaluate(roads: Roads, departure: list[int], routes: list[list[int]], patience: int) -> Told:
    """Return when everybody is where; ``routes`` are lists of roads, empty for who starts at a door."""
    return Town(roads, departure, routes, patience).run()
