"""A slow second evaluator of ``queue``, written from the rules alone: who is where, looked through at every step.

Nothing is remembered that can be looked up: each moment is the least of all that could come next, and whoever claims a
road is sought among all claims whenever somebody may enter it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

LONG_AGO = -(10**18)
TOO_LATE, QUEUED, CUT_OFF, AT_DESTINATION = range(1, 5)


class Roads(NamedTuple):
    """Free-flow time, headway (microseconds) and room of each road; changes (moment, road, headway, room)."""

    travel: list[int]
    headway: list[int]
    room: list[int]
    changes: list[tuple[int, int, int, int]]


class Part(NamedTuple):
    """A part of a road that closes from ``since`` until before ``until`` (microseconds; infinite as floats are).

    It is reached ``begin`` after entry and left ``end`` after it; None: at the exit.
    """

    road: int
    begin: int
    end: int | None
    since: float
    until: float
    catches: bool

    @classmethod
    def of(cls, road: int, begin: float, end: float, since: float, until: float, catches: bool, travel: int) -> Part:
        """Return the part between two shares of a road, with times in seconds."""
        moments = [when if abs(when) == inf else round(when * 1e6) for when in (since, until)]
        return cls(road, round(begin * travel), None if end == 1 else round(end * travel), *moments, catches)

    def there(self, entry: int, now: int) -> bool:
        """Whether who entered at ``entry`` and has not left the road is on the part."""
        return entry + self.begin <= now and (self.end is None or now < entry + self.end)


@dataclass(frozen=True)
class Hazard:
    """Parts of roads that close; by trip when its origin and destination are reached (None: never), and who needs no
    road to be at his destination. ``places``: how many of a car each trip takes; empty, if all are cars.
    """

    parts: list[Part] = field(default_factory=list)
    start: list[int | None] = field(default_factory=list)
    goal: list[int | None] = field(default_factory=list)
    there: list[bool] = field(default_factory=list)
    places: list[float] = field(default_factory=list)


class Told(NamedTuple):
    """Of each trip its entry and its exits; how many were forced in; the roads of the rings that were opened.

    ``fates``: of each trip None, or why and when it is caught.
    """

    moments: list[list[int]]
    forced: int
    rings: list[set[int]]
    fates: list[tuple[int, int] | None]


class Claim(NamedTuple):
    """A vehicle that would enter ``into`` from the road ``source``; from the origin where that is None."""

    into: int
    source: int | None


class Town:
    """Everybody's place; ``patience`` in microseconds, 0: no road is ever full."""

    def __init__(
        self, roads: Roads, departure: list[int], routes: list[list[int]], patience: int, hazard: Hazard
    ) -> None:
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
        self.parts, self.hazard, self.now = hazard.parts, hazard, LONG_AGO
        self.fates: list[tuple[int, int] | None] = [None] * len(routes)

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

    def size(self, trip: int) -> float:
        """How many cars' places a trip takes."""
        return self.hazard.places[trip] if self.hazard.places else 1

    def full(self, road: int) -> bool:
        return self.patience > 0 and sum(self.size(trip) for trip in self.on[road]) >= self.room[road]

    def shut(self, road: int, when: float) -> bool:
        """Whether somebody who entered then would come to a part that is closed."""
        return any(part.since <= when + part.begin < part.until for part in self.parts if part.road == road)

    def openings(self, road: int) -> list[float]:
        """The moments at which one of the closings of a road ends."""
        return [part.until - part.begin for part in self.parts if part.road == road and part.until < inf]

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
        if not self.full(road) or not claims or self.shut(road, self.now):
            return None
        opened = [when for when in self.openings(road) if when <= self.now and not self.shut(road, when)]
        return max(self.last_entry[road], min(self.claimed[claim] for claim in claims), *opened) + self.patience

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
            if trips and self.fates[trips[0]] is None and not self.waits(road) and self.ready(road) <= now:
                found = True
                if self.next_of(trips[0]) is None:
                    self.leave(road, now)
                else:
                    self.begin(Claim(self.next_of(trips[0]), road), now)
        return found

    def leave(self, road: int, now: int) -> None:
        trip = self.on[road].popleft()
        self.moments[trip].append(now)
        self.last_exit[road] = now + int(self.headway[road] * self.size(trip))

    def enter(self, claim: Claim, now: int) -> None:
        into, source = claim
        del self.claimed[claim]
        self.level[into] = max(self.level[into], self.number[claim])
        trip = (self.at_origin[into] if source is None else self.on[source])[0]
        self.number[claim] += int(self.headway[into if source is None else source] * self.size(trip))
        if source is None:
            self.at_origin[into].popleft()
            self.moments[trip].append(now)
            if self.at_origin[into]:
                self.begin(claim, now)
        else:
            self.leave(source, now)
        self.on[into].append(trip)
        self.last_entry[into] = now

    def move(self, now: int) -> None:
        """Let everybody enter who can."""
        while True:
            wanted = {
                claim.into for claim in self.claimed if not self.full(claim.into) and not self.shut(claim.into, now)
            }
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

    def catch(self, now: int) -> None:
        """Catch whom the hazard reaches now."""
        for trip, when in enumerate(self.hazard.start):
            if when == now and self.fates[trip] is None and self.routes[trip] and not self.moments[trip]:
                self.fates[trip] = TOO_LATE, now
                first = self.routes[trip][0]
                if trip in self.to_come:
                    self.to_come.remove(trip)
                    continue
                heads = self.at_origin[first][0] == trip
                self.at_origin[first].remove(trip)
                if heads:
                    del self.claimed[Claim(first, None)]
                    if self.at_origin[first]:
                        self.begin(Claim(first, None), now)
        for part in self.parts:
            if part.catches and part.since == now:
                for trip in self.on[part.road]:
                    if self.fates[trip] is None and part.there(self.moments[trip][-1], now):
                        if trip == self.on[part.road][0]:
                            self.claimed.pop(Claim(self.next_of(trip), part.road), None)
                        self.fates[trip] = self.why(trip, part), now

    def why(self, trip: int, part: Part) -> int:
        """Whether a trip would have left the part in time without anybody else on the roads."""
        before = sum(self.travel[road] for road in self.routes[trip][: len(self.moments[trip]) - 1])
        end = self.travel[part.road] if part.end is None else part.end
        return QUEUED if self.departure[trip] + before + end <= part.since else TOO_LATE

    def shut_since(self, road: int) -> float | None:
        """From when a road is closed and never opens again; None where it does."""
        mine = [part for part in self.parts if part.road == road]
        since = min((part.since - part.begin for part in mine if part.until == inf), default=None)
        while since is not None:
            earlier = [
                part.since - part.begin for part in mine if part.since - part.begin < since <= part.until - part.begin
            ]
            if not earlier:
                break
            since = min(earlier)
        return since

    def stranded(self, trip: int) -> tuple[int, int]:
        """Why and since when somebody stands who never moves again."""
        gone = len(self.moments[trip])
        when = self.moments[trip][-1] + self.travel[self.routes[trip][gone - 1]] if gone else self.departure[trip]
        ahead = self.next_of(trip)
        shut = None if ahead is None else self.shut_since(ahead)
        return (QUEUED, when) if shut is None else (CUT_OFF, max(when, shut))

    def fate(self, trip: int) -> tuple[int, int] | None:
        """What has become of a trip once nothing moves; who is late for a hazard that was there before is so from 0."""
        found = self.last(trip)
        return (
            found if found is None or found[0] != TOO_LATE else (TOO_LATE, max(found[1], min(self.departure[trip], 0)))
        )

    def last(self, trip: int) -> tuple[int, int] | None:
        if self.fates[trip]:
            return self.fates[trip]
        if self.routes[trip] and len(self.moments[trip]) <= len(self.routes[trip]):
            return self.stranded(trip)
        if not self.hazard.start:
            return None
        departure, start, goal = self.departure[trip], self.hazard.start[trip], self.hazard.goal[trip]
        if not self.routes[trip]:
            if start is not None and start < departure:
                return TOO_LATE, start
            if not self.hazard.there[trip]:
                return (CUT_OFF, departure) if goal is None else (AT_DESTINATION, max(departure, goal))
        if goal is not None:
            return AT_DESTINATION, max([departure, *self.moments[trip]][-1], goal)
        return None

    def moments_to_come(self) -> list[float]:
        soon = [self.departure[trip] for trip in self.to_come[:1]] + [change[0] for change in self.changes[:1]]
        for road, trips in self.on.items():
            if trips and self.fates[trips[0]] is None and not self.waits(road):
                soon.append(self.ready(road))
            until = self.stands_until(road)
            if until is not None:
                soon.append(until)
            if self.claims_on(road):
                soon += self.openings(road)
        soon += [part.since for part in self.parts if part.catches] + [w for w in self.hazard.start if w is not None]
        return soon

    def run(self) -> Told:
        while self.to_come or any(self.at_origin.values()) or any(self.on.values()):
            ahead = [when for when in self.moments_to_come() if when > self.now]
            if not ahead:
                break
            self.now = now = min(ahead)
            while self.changes and self.changes[0][0] <= now:
                _, road, self.headway[road], self.room[road] = self.changes.pop(0)
            self.register(now)
            self.settle(now)
            while self.force(now):
                self.settle(now)
            self.catch(now)
        return Told(self.moments, self.forced, self.rings, [self.fate(trip) for trip in range(len(self.routes))])


def evaluate(
    roads: Roads, departure: list[int], routes: list[list[int]], patience: int, hazard: Hazard | None = None
) -> Told:
    """Return when everybody is where; ``routes`` are lists of roads, empty for who starts at a door."""
    return Town(roads, departure, routes, patience, hazard or Hazard()).run()
