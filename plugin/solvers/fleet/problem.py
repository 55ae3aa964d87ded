"""A fleet that fetches people: requests, vehicles, shelters, and what is known when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import SolverError
from .arrays import MILLISECONDS, NEVER

BOARDING_WHEELCHAIR = 60.0  # s


@dataclass(frozen=True)
class TravelTimes:
    """Travel between places on empty roads within windows of time.

    Attributes
    ----------
    matrix : (w, p, p) int32
        Milliseconds of who leaves and arrives within a window; -1 where there is no way.
    opens, closes : (w,) int64
        Milliseconds; the windows may overlap.
    until : (p,) int64
        Last millisecond to leave a place, before the hazard reaches it.
    """

    matrix: np.ndarray
    opens: np.ndarray
    closes: np.ndarray
    until: np.ndarray

    @classmethod
    def always(cls, seconds: np.ndarray) -> TravelTimes:
        """Return times (p, p) in seconds that hold at any moment; infinite where there is no way."""
        return cls(
            milliseconds(np.asarray(seconds)[None]), np.array([-NEVER]), np.array([NEVER]),
            np.full(len(seconds), NEVER, dtype=np.int64),
        )  # fmt: skip

    def leg(self, here: int, there: int, moment: int) -> tuple[int, int] | None:
        """Return arrival and driving of who leaves at the earliest at ``moment``, None where there is no way."""
        best = self.quickest(here, there, moment)
        return None if best is None else best[:2]

    def quickest(self, here: int, there: int, moment: int) -> tuple[int, int, int] | None:
        """Return what :meth:`leg` does, and the window of that way."""
        best = None
        for w in range(len(self.opens)):
            takes = int(self.matrix[w, here, there])
            arrival = max(moment, int(self.opens[w])) + takes
            if takes >= 0 and arrival <= self.closes[w] and (best is None or (arrival, takes) < best[:2]):
                best = (arrival, takes, w)
        return best


def milliseconds(seconds: np.ndarray) -> np.ndarray:
    """Return times rounded up to whole milliseconds, int32, -1 for infinite ones.

    Rounded up, times that keep to the triangle inequality keep to it.
    """
    known = np.isfinite(seconds)
    out = np.full(seconds.shape, -1, dtype=np.int32)
    out[known] = np.ceil(seconds[known] * MILLISECONDS - 1e-4).astype(np.int32)
    return out


@dataclass(frozen=True)
class Knowledge:
    """The travel times as they are known from a moment on.

    Attributes
    ----------
    since : float
        Seconds from t = 0; -inf for from the beginning.
    times : TravelTimes
    news : bool
        Whether anything is known anew; else only windows that have ended are left out.
    """

    since: float
    times: TravelTimes
    news: bool = True


@dataclass(frozen=True)
class FleetProblem:
    """The whole game; r requests, v vehicles, s shelters, p places.

    Attributes
    ----------
    place : (r,) int
        Place of each request, -1 where it joins no road.
    people, wheelchairs : (r,) int
        The latter of these.
    ready, known : (r,) float64
        Seconds from t = 0 from which people can be fetched, and from which a request is known; ``known`` may be -inf
        (from the start) and, of an expected request, inf (it never comes true).
    probability : (r,) float64
        Above 0 and at most 1; a request of less is expected before it is known, and certain from then on.
    vehicle_place, seats, chairs : (v,) int
        People in a vehicle at most, wheelchairs of these at most.
    available : (v,) float64
        Seconds from t = 0.
    shelter_place, room : (s,) int
    knowledge : sequence of Knowledge
        By moment; the first holds from the beginning, the last is how things are.
    boarding, stop : float
        Seconds a person takes to get in or out, and a stop besides.
    period : float
        Seconds.
    look_ahead : int
        Periods whose requests a plan looks at.
    wait : bool
        Whether a vehicle that finishes inside a period waits until the next begins.
    last : float
        Seconds from t = 0 after which nobody arrives at a shelter; inf for no limit.
    """

    place: np.ndarray
    people: np.ndarray
    wheelchairs: np.ndarray
    ready: np.ndarray
    known: np.ndarray
    probability: np.ndarray
    vehicle_place: np.ndarray
    seats: np.ndarray
    chairs: np.ndarray
    available: np.ndarray
    shelter_place: np.ndarray
    room: np.ndarray
    knowledge: Sequence[Knowledge]
    boarding: float = 4.0
    stop: float = 120.0
    period: float = 900.0
    look_ahead: int = 3
    wait: bool = True
    last: float = np.inf

    def __post_init__(self) -> None:
        if not self.period > 0.0:
            raise SolverError("PERIOD_MINUTES must be more than 0.")
        if self.look_ahead < 1:
            raise SolverError("LOOK_AHEAD must be at least 1.")
        if (np.asarray(self.seats) < 1).any():
            raise SolverError("A vehicle without seats can fetch nobody.")
        if (np.asarray(self.wheelchairs) > self.people).any() or (np.asarray(self.people) < 0).any():
            raise SolverError("A request has more wheelchairs than people, or fewer people than none.")

    @property
    def truth(self) -> TravelTimes:
        """The travel times as they are."""
        return self.knowledge[-1].times

    def known_at(self, moment: float) -> TravelTimes:
        """Return the travel times as they are known at a moment."""
        found = self.knowledge[0]
        for each in self.knowledge[1:]:
            if each.since <= moment:
                found = each
        return found.times

    @property
    def period_ms(self) -> int:
        """The period in milliseconds."""
        return round(self.period * MILLISECONDS)

    def next_period(self, moment: int) -> int:
        """Return when the first period begins that does not begin before ``moment``, both in milliseconds."""
        return -(-moment // self.period_ms) * self.period_ms

    @property
    def last_ms(self) -> int:
        """The last moment in milliseconds."""
        return NEVER if np.isinf(self.last) else round(self.last * MILLISECONDS)

    def service(self, people: int, wheelchairs: int) -> int:
        """Return the milliseconds that so many people take to get in or out, the stop included."""
        seconds = self.stop + self.boarding * (people - wheelchairs) + BOARDING_WHEELCHAIR * wheelchairs
        return round(seconds * MILLISECONDS)

    def ready_ms(self, request: int) -> int:
        """Return from when people can be fetched and wait, in milliseconds."""
        return round(max(float(self.ready[request]), 0.0) * MILLISECONDS)
