"""Two problems that share nothing, such as those of cars and of walkers, as one, and the results of both as one result.

Each is solved by itself, so that its routes are those of a run of its own to the last bit, and their bounds add up.
What comes of all routes is then worked out once, on the roads of both: layers and figures need no two of anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..control import Control
from ..errors import SolverError
from .arriving import of_arrived
from .evaluation import Evaluation, Found, Queues, Setting, evaluated
from .queue.clearance_bound import ClearanceBound
from .queue.network import roads_of
from .queue.places import places_of
from .result import QueueEvidence, RoutingResult
from .shared.choices import QUEUE, REROUTE_MINUTES, STUCK_SECONDS
from .shared.closings import Closings
from .shared.problem import NodeSets, RoutingProblem
from .shared.routes import Routes, each_once
from .shared.trees import Trees
from .shared.volume_delay import RoadCost
from .shared.widths import narrowed


class Half(NamedTuple):
    """One of the two problems, what was found for it, and the number (t,) of each of its trips among all trips."""

    problem: RoutingProblem
    result: RoutingResult
    trip: np.ndarray


def united_problems(
    first: RoutingProblem, second: RoutingProblem, rank: np.ndarray | None = None
) -> tuple[RoutingProblem, np.ndarray, np.ndarray]:
    """Return both problems as one; nodes, arcs and origins of the second come behind those of the first.

    Parameters
    ----------
    rank : (t + u,) int, optional
        Of the trips of both, one after the other: of those that leave at one moment the lower goes first. By default
        all of the first problem.

    Returns
    -------
    problem : RoutingProblem
        Its trips by departure.
    first, second : (t,), (u,) int64
        Number of each trip of either problem.

    Raises
    ------
    SolverError
        When their roads do not slow down by the same function.
    """
    nodes, arcs = first.nodes, first.arcs
    departure = np.concatenate([first.departure, second.departure])
    order = np.lexsort((np.arange(len(departure)) if rank is None else rank, departure))
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))

    def trips(mine: np.ndarray, theirs: np.ndarray) -> np.ndarray:
        return np.concatenate([mine, theirs])[order]

    def roads(mine: np.ndarray, theirs: np.ndarray) -> np.ndarray:
        return np.concatenate([mine, theirs])

    origins = int(max(first.origin.max(initial=-1) + 1, len(first.inside.start) - 1))
    inside = NodeSets(
        roads(_filled(first.inside.start, origins), second.inside.start[1:] + first.inside.start[-1]),
        roads(first.inside.node, second.inside.node + nodes),
    )
    problem = RoutingProblem(
        nodes + second.nodes,
        roads(first.tail, second.tail + np.int32(nodes)),
        roads(first.head, second.head + np.int32(nodes)),
        _united_costs(first.cost, second.cost),
        trips(first.source, second.source + np.int32(nodes)),
        trips(first.destination, second.destination + np.int32(nodes)),
        departure[order],
        trips(first.people, second.people),
        roads(first.length, second.length),
        roads(first.limit, second.limit),
        roads(first.capacity, second.capacity),
        roads(first.storage, second.storage),
        trips(first.origin, second.origin + origins),
        inside,
        _united_closings(first.closings, second.closings, arcs),
        trips(first.size, second.size),
        roads(first.opposite, np.where(second.opposite < 0, -1, second.opposite + arcs)).astype(np.int32),
    )
    return problem, number[: first.trips], number[first.trips :]


def _filled(start: np.ndarray, count: int) -> np.ndarray:
    """Return offsets of ``count`` sets, those that are not known empty."""
    return np.concatenate([start, np.full(count + 1 - len(start), start[-1])])


def _united_costs(first: RoadCost, second: RoadCost) -> RoadCost:
    """Return the costs of the arcs of both; each has its background, if it has one, at the moments of either."""
    if (first.kind, first.a, first.b) != (second.kind, second.a, second.b):
        raise SolverError("Roads of two kinds of congestion cannot be put together.")
    times = np.union1d(first.background_times, second.background_times)
    values = [_at_times(cost, times) for cost in (first, second)]
    rows = np.where(second.background_row < 0, -1, second.background_row + len(values[0]))
    return RoadCost(
        first.kind,
        np.concatenate([first.free_flow, second.free_flow]),
        np.concatenate([first.room, second.room]),
        first.a,
        first.b,
        times,
        np.concatenate([first.background_row, rows]).astype(np.int32),
        np.concatenate(values),
    )


def _at_times(cost: RoadCost, times: np.ndarray) -> np.ndarray:
    """Return the background (r, k) from each of ``times`` (k,) on, 0 before its first."""
    column = np.searchsorted(cost.background_times, times, side="right") - 1
    padded = np.concatenate([np.zeros((len(cost.background_value), 1)), cost.background_value], axis=1)
    return np.ascontiguousarray(padded[:, column + 1])


def _united_closings(first: Closings, second: Closings, arcs: int) -> Closings:
    shifted = second._replace(arc=(second.arc + arcs).astype(np.int32))
    return Closings(*(np.concatenate(columns) for columns in zip(first, shifted)))


def united_results(
    problem: RoutingProblem,
    first: Half,
    second: Half,
    stuck_seconds: float = STUCK_SECONDS,
    reroute_minutes: float = REROUTE_MINUTES,
    control: Control | None = None,
) -> RoutingResult:
    """Return the results of both halves of ``problem`` as one; both are of one method and flow model.

    What is of everybody at once (range and bound of the clearance) is the later of the two; times and bounds add up.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    halves, one = (first, second), first.result
    trip, routes = _routes_of(halves, first.problem.arcs)
    some, queues = problem.only(trip), None
    if one.flow_model == QUEUE:
        queues = Queues(roads_of(some), stuck_seconds, reroute_minutes, places_of(some))
    no = np.empty(0, dtype=np.int32)
    setting = Setting(
        some, Trees(no, no, np.empty((0, 0)), np.empty((0, 0), dtype=np.int32)), one.flow_model, one.static, 0.0, queues
    )
    lasted = evaluated(setting, Found(routes), control.unseen())
    result = RoutingResult(
        method=one.method,
        flow_model=one.flow_model,
        routed=trip,
        unreachable=np.sort(np.concatenate([half.trip[half.result.unreachable] for half in halves])),
        problem=some if queues is None else narrowed(some, routes),
        routes=each_once(routes, some.source, control.unseen()),
        travel=lasted.travel,
        fastest=_fastest(halves, trip),
        static=np.concatenate([half.result.static for half in halves]),
        individual_time=sum(half.result.individual_time for half in halves),
        lower_bound=_sum(halves, lambda each: each.lower_bound),
        bound_name=" and ".join(dict.fromkeys(half.result.bound_name for half in halves if half.result.bound_name)),
        history=_histories(one.history, second.result.history),
        seconds=sum(half.result.seconds for half in halves),
        queue=_evidence(setting, routes, lasted, halves),
        warnings=tuple(dict.fromkeys(text for half in halves for text in half.result.warnings)),
        unlimited_time=_sum(halves, lambda each: each.unlimited_time),
        individual_caught=sum(half.result.individual_caught for half in halves),
        _schedules=[] if lasted.schedule is None else [lasted.schedule.unrecorded()],
    )
    return of_arrived(result, lasted, control.unlogged())


def _routes_of(halves: Sequence[Half], arcs: int) -> tuple[np.ndarray, Routes]:
    """Return everybody who has a way, ascending, and what each is to take, on the arcs of both."""
    starts, every, trips, of_trip = [np.zeros(1, dtype=np.int64)], [np.empty(0, dtype=np.int32)], [], []
    count = size = 0
    for half, offset in zip(halves, (0, arcs)):
        caught = half.result.caught
        for number, routes in ((half.result.routed, half.result.routes), (caught.trip, caught.routes)):
            starts.append(routes.indptr[1:] + size)
            every.append(routes.arcs + np.int32(offset))
            trips.append(half.trip[number])
            of_trip.append(routes.of_trip + count)
            count += routes.count
            size += len(routes.arcs)
    trip = np.concatenate(trips)
    order = np.argsort(trip)
    return trip[order], Routes(
        np.concatenate(starts), np.concatenate(every), np.concatenate(of_trip)[order].astype(np.int32)
    )


def _fastest(halves: Sequence[Half], trip: np.ndarray) -> np.ndarray:
    """Return the least time of each ``trip``; not a number for who is caught, who has none among the results."""
    fastest = np.full(int(trip.max(initial=-1)) + 1, np.nan)
    for half in halves:
        fastest[half.trip[half.result.routed]] = half.result.fastest
    return fastest[trip]


def _sum(halves: Sequence[Half], value: Callable[[RoutingResult], float | None]) -> float | None:
    """Return a number of both together; None where one with trips has none."""
    found = [value(half.result) for half in halves if half.problem.trips]
    known = [each for each in found if each is not None]
    return float(sum(known)) if known and len(known) == len(found) else None


def _histories(
    first: tuple[tuple[float, float], ...], second: tuple[tuple[float, float], ...]
) -> tuple[tuple[float, float], ...]:
    """Return how the time of both together fell: first that of the one, then that of the other."""
    if not first or not second:
        return first or second
    since, last, begin = first[-1][0], first[-1][1], second[0][1]
    return (
        *((seconds, total + begin) for seconds, total in first),
        *((since + seconds, last + total) for seconds, total in second[1:]),
    )


def _evidence(setting: Setting, routes: Routes, lasted: Evaluation, halves: Sequence[Half]) -> QueueEvidence | None:
    """Return what the queue model adds, of both halves; None under another model."""
    if setting.queues is None or lasted.run is None:
        return None
    with_trips = [half for half in halves if half.problem.trips] or halves[:1]
    found = [half.result.queue for half in with_trips]
    known = [each for each in found if each is not None]
    bounds = [
        (each.clearance_bound, 0 if half is halves[0] else halves[0].problem.arcs)
        for half, each in zip(with_trips, known)
    ]
    arrived = np.flatnonzero(lasted.run.arrived)
    return QueueEvidence(
        setting.roads_for(routes) if setting.problem.shares_widths else setting.queues.roads,
        lasted.run if len(arrived) == setting.problem.trips else lasted.run.only(arrived),
        sum(each.informed_time for each in known),
        max(each.informed_clearance for each in known),
        _later(bounds),
        _latest([each.clearance_low for each in known]),
        _latest([each.clearance_high for each in known]),
        informed_caught=sum(each.informed_caught for each in known),
    )


def _later(bounds: Sequence[tuple[ClearanceBound | None, int]]) -> ClearanceBound | None:
    """Return the bound that is later, its roads ``offset`` arcs behind; None where one is not known."""
    known = [bound._replace(roads=bound.roads + offset) for bound, offset in bounds if bound is not None]
    return max(known, key=lambda bound: bound.seconds) if known and len(known) == len(bounds) else None


def _latest(moments: Sequence[float | None]) -> float | None:
    known = [moment for moment in moments if moment is not None]
    return max(known) if len(known) == len(moments) else None


def widened(problem: RoutingProblem, by: np.ndarray) -> RoutingProblem:
    """Return the problem with ``by`` (m,) times the width of each arc: what passes, stands and hinders."""
    cost = problem.cost
    return replace(
        problem,
        capacity=problem.capacity * by,
        storage=problem.storage * by,
        limit=problem.limit * by,
        cost=cost._replace(room=cost.room * by) if cost.kind else cost,
    )
