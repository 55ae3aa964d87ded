"""Tours as they are carried out: under all closings, whether or not they were known when the tour was planned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import MILLISECONDS
from .dividing import Part
from .problem import FleetProblem

REQUEST, SHELTER, START = "request", "shelter", "start"


@dataclass(frozen=True)
class Stop:
    """A stop of a tour.

    Attributes
    ----------
    kind : str
        REQUEST or SHELTER.
    request, shelter : int
        Which one, -1 for none.
    place : int
    arrival, departure : int
        Milliseconds from t = 0.
    on, off, wheels : int
        People who get in or out, and wheelchairs of these.
    load : int
        People aboard afterwards.
    waited : int
        Person-milliseconds that those who get in have waited.
    """

    kind: str
    request: int
    shelter: int
    place: int
    arrival: int
    departure: int
    on: int
    off: int
    wheels: int
    load: int
    waited: int


@dataclass(frozen=True)
class Tour:
    """A tour as it was carried out.

    Attributes
    ----------
    vehicle, period : int
    start : int
        Milliseconds.
    origin : int
        Place where it starts.
    idle : int
        Milliseconds that the vehicle, free already, had waited for the period after its last tour to begin.
    stops : list of Stop
        The last one at a shelter.
    driven : int
        Milliseconds.
    planned_shelter : int
        Where the plan would have led; another one than reached where the way was cut off.
    """

    vehicle: int
    period: int
    start: int
    origin: int
    idle: int
    stops: list[Stop]
    driven: int
    planned_shelter: int

    @property
    def people(self) -> int:
        """People brought to the shelter."""
        return self.stops[-1].off


@dataclass
class Fleet:
    """Where vehicles are, and the room that is left.

    Attributes
    ----------
    place, free : (v,) int64
        Where each vehicle is, and from when it is free (ms).
    driven : (v,) bool
        Whether it has driven already.
    room : (s,) int64
    """

    place: np.ndarray
    free: np.ndarray
    driven: np.ndarray
    room: np.ndarray

    @classmethod
    def of(cls, problem: FleetProblem) -> Fleet:
        """Return the fleet at t = 0."""
        free = np.round(np.maximum(problem.available, 0.0) * MILLISECONDS).astype(np.int64)
        return cls(
            np.asarray(problem.vehicle_place, dtype=np.int64).copy(), free, np.zeros(len(free), dtype=np.bool_),
            np.asarray(problem.room, dtype=np.int64).copy(),
        )  # fmt: skip

    def start(self, v: int, begin: int, problem: FleetProblem) -> int:
        """Return when a tour of a plan made at ``begin`` can start.

        A vehicle that has driven starts with a period, unless vehicles do not wait for that.
        """
        free = max(int(self.free[v]), begin)
        if self.driven[v] and problem.wait:
            free = problem.next_period(free)
        return free

    def free_from(self, begin: int, problem: FleetProblem) -> np.ndarray:
        """Return :meth:`start` of all vehicles (v,)."""
        return np.array([self.start(v, begin, problem) for v in range(len(self.free))], dtype=np.int64)


def carry_out(
    problem: FleetProblem, fleet: Fleet, v: int, start: int, period: int, parts: list[Part], shelter: int
) -> Tour | None:
    """Carry out a tour, changing the fleet; None where nobody could be fetched.

    Where the tour is not possible as planned, who cannot be reached or brought out any more is passed over and waits
    for the next plan; where the shelter is cut off, the tour ends at the one reached first that has room.
    """
    done = _driven(problem, fleet, v, start, parts, shelter, as_planned=True)
    done = done or _driven(problem, fleet, v, start, parts, shelter, as_planned=False)
    if done is None:
        return None
    stops, driving = done
    idle = 0
    if fleet.driven[v] and problem.wait:
        idle = min(start, problem.next_period(int(fleet.free[v]))) - int(fleet.free[v])
    tour = Tour(v, period, start, int(fleet.place[v]), idle, stops, driving, shelter)
    fleet.place[v], fleet.free[v], fleet.driven[v] = stops[-1].place, stops[-1].departure, True
    fleet.room[stops[-1].shelter] -= tour.people
    return tour


def _driven(
    problem: FleetProblem, fleet: Fleet, v: int, start: int, parts: list[Part], shelter: int, *, as_planned: bool
) -> tuple[list[Stop], int] | None:
    """Return the stops of a tour and its driving; None where nobody can be fetched, or not as planned."""
    times = problem.truth
    here, t, load, wheels, driven, boarding = int(fleet.place[v]), start, 0, 0, 0, 0
    stops: list[Stop] = []
    if t > times.until[here]:
        return None
    for part in parts:
        place, aboard = int(problem.place[part.request]), load + part.people
        service, ready = problem.service(part.people, part.wheels), problem.ready_ms(part.request)
        way = times.leg(here, place, t)
        departure = 0 if way is None else max(way[0], ready) + service
        cut_off = way is None or departure > times.until[place]
        if way is None or cut_off or not (as_planned or _refuge(problem, fleet, place, departure, aboard, shelter)):
            if as_planned:
                return None
            continue
        stops.append(
            Stop(
                REQUEST, part.request, -1, place, way[0], departure, part.people, 0, part.wheels, aboard,
                part.people * (departure - ready),
            )
        )  # fmt: skip
        here, t, load, wheels, driven = place, departure, aboard, wheels + part.wheels, driven + way[1]
        boarding += service - problem.service(0, 0)
    end = _refuge(problem, fleet, here, t, load, shelter) if stops else None
    if end is None or (as_planned and end[0] != shelter):
        return None
    reached, arrival, drive = end
    place, free = int(problem.shelter_place[reached]), arrival + problem.service(0, 0) + boarding
    stops.append(Stop(SHELTER, -1, reached, place, arrival, free, 0, load, wheels, 0, 0))
    return stops, driven + drive


def _refuge(
    problem: FleetProblem, fleet: Fleet, here: int, moment: int, load: int, shelter: int
) -> tuple[int, int, int] | None:
    """Return a shelter with arrival and driving, the planned one where it can be reached; None for none."""
    times, best = problem.truth, None
    for s in [shelter, *range(len(fleet.room))]:
        way = times.leg(here, int(problem.shelter_place[s]), moment)
        if way is None or way[0] > problem.last_ms or fleet.room[s] < load:
            continue
        if s == shelter:
            return s, *way
        if best is None or way < best[1:]:
            best = (s, *way)
    return best
