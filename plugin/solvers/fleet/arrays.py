"""What the kernels of the fleet read and change: the problem of one plan, and a plan as rows of stops.

Times are whole milliseconds from t = 0, so that two plans of equal value are equal to the last digit. A *row* is what
one vehicle does: numbers of parts of requests as it picks them up, and ``-1 - s`` where it brings everybody aboard to
shelter s; a *tour* is a stretch of a row that ends with a shelter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

MILLISECONDS = 1000
CERTAIN = 1000  # weight of a person who waits for sure
NEVER = np.iinfo(np.int64).max // 4
TIME, PLACE, LOAD, WHEELS, BOARDED, WAITED, DRIVEN, FIRST, LAST, EARLIEST = range(10)  # columns of Plan.before
ROW, POSITION, TOKEN, CHANGED, INSTEAD, WAIT_MORE, DRIVE_MORE = range(7)  # of a way to insert a part
CLOSEST_PARTS, CLOSEST_SHELTERS = 24, 4
ROWS = 256  # parts at a time of which the nearest are looked for
NO_TOKEN = np.int64(1)  # neither a part that is inserted with nor a shelter
NONE, NOTHING, MORE, LESS = np.int64(-1), np.int64(0), np.int64(1), np.int64(-1)  # plain numbers compile kernels anew


class Case(NamedTuple):
    """The problem of one plan; n parts of requests, v vehicles, s shelters, p places, w windows of time.

    Attributes
    ----------
    travel : (w, p, p) int32
        Milliseconds from place to place for who leaves and arrives within a window; -1: no way.
    opens, closes : (w,) int64
        The windows.
    place, people, wheels : (n,) int64
        Of parts: where, how many people, wheelchairs of these.
    ready, base, service : (n,) int64
        From when they can be fetched, from when their waiting counts, how long the stop takes.
    weight, worth : (n,) int64
        Of a millisecond of waiting, and of being served at all (thousandths of people).
    not_before : (n,) int64
        Moment before which no tour may start that fetches them.
    until : (p,) int64
        Last moment to leave a place.
    seats, chairs, start, free : (v,) int64
        Seats, places for wheelchairs, where the vehicle is and when it can start first.
    shelter, room : (s,) int64
        Place, and people for whom there is room.
    period : int
        Later tours start at whole multiples of it; 0: at once.
    last : int
        Last moment to reach a shelter.
    stop : int
        What a stop takes besides boarding.
    near : (n, k) int64
        Parts nearest to each.
    near_shelter : (n, s) int64
        Shelters from the nearest to each on.
    """

    travel: np.ndarray
    opens: np.ndarray
    closes: np.ndarray
    place: np.ndarray
    people: np.ndarray
    wheels: np.ndarray
    ready: np.ndarray
    base: np.ndarray
    service: np.ndarray
    weight: np.ndarray
    worth: np.ndarray
    not_before: np.ndarray
    until: np.ndarray
    seats: np.ndarray
    chairs: np.ndarray
    start: np.ndarray
    free: np.ndarray
    shelter: np.ndarray
    room: np.ndarray
    period: int
    last: int
    stop: int
    near: np.ndarray
    near_shelter: np.ndarray

    @property
    def parts(self) -> int:
        """Number of parts."""
        return len(self.place)


class Plan(NamedTuple):
    """A plan that kernels change in place; two rows more than vehicles, for trying.

    Attributes
    ----------
    rows : (v + 2, c) int64
    length : (v + 2,) int64
    before : (v + 2, c + 1, 10) int64
        How things stand before each stop of a row, and after the last one.
    used : (s,) int64
        People brought to each shelter.
    row_of : (n,) int64
        Vehicle that fetches each part, -1 for none.
    """

    rows: np.ndarray
    length: np.ndarray
    before: np.ndarray
    used: np.ndarray
    row_of: np.ndarray

    @classmethod
    def empty(cls, case: Case) -> Plan:
        """Return the plan that fetches nobody."""
        rows, room = len(case.seats) + 2, 2 * case.parts + 2
        return cls(
            np.zeros((rows, room), dtype=np.int64), np.zeros(rows, dtype=np.int64),
            np.zeros((rows, room + 1, 10), dtype=np.int64), np.zeros(len(case.room), dtype=np.int64),
            np.full(case.parts, -1, dtype=np.int64),
        )  # fmt: skip

    def copy(self) -> Plan:
        """Return a plan of its own."""
        return Plan(*(each.copy() for each in self))


class Value(NamedTuple):
    """What a plan is worth, the least first: who is not served, then waiting, then driving.

    Attributes
    ----------
    unserved : int
        Thousandths of people (times their probability) who are in no tour.
    waiting : int
        Thousandths of people times milliseconds.
    driving : int
        Milliseconds.
    """

    unserved: int
    waiting: int
    driving: int


def least_travel(travel: np.ndarray, here: np.ndarray, there: np.ndarray, no_way: int = NEVER) -> np.ndarray:
    """Return the travel of the quickest window (h, t) from each place ``here`` to each ``there``."""
    least = np.full((len(here), len(there)), no_way, dtype=np.int64)
    for window in travel:  # one at a time: all together take too much memory
        block = window[np.ix_(here, there)]
        np.minimum(least, np.where(block < 0, no_way, block), out=least)
    return least


def nearest(travel: np.ndarray, place: np.ndarray, shelter: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the parts nearest to each part (n, k), and the shelters in that order (n, s), by the quickest window."""
    count = max(min(CLOSEST_PARTS, len(place) - 1), 0)
    near = np.zeros((len(place), count), dtype=np.int64)
    for first in range(0, len(place), ROWS):
        own = place[first : first + ROWS]
        between = np.minimum(least_travel(travel, own, place), least_travel(travel, place, own).T)
        between[np.arange(len(own)), first + np.arange(len(own))] = NEVER
        near[first : first + ROWS] = np.argsort(between, axis=1, kind="stable")[:, :count]
    out = least_travel(travel, place, shelter)
    return near, np.argsort(out, axis=1, kind="stable").astype(np.int64)
