"""Who is caught by the hazard or cut off, as points (OUTPUT_CAUGHT): of which trip, where, when, why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProcessingContext

from ...solvers.roads.network import point_along
from ...solvers.routing.queue.network import SECOND
from ...solvers.routing.queue.places import places_of
from ...solvers.routing.result import RoutingResult
from ...solvers.routing.shared.closings import ARRIVED, AT_DESTINATION, REASONS
from ...solvers.routing.shared.problem import RoutingProblem
from ..fields import Column
from ..roads.route_geometry import points_in
from .case import RoutingCase

AT_ORIGIN, ON_ROAD, AT_GOAL = range(3)
PLACES = ("origin", "road", "destination")

CAUGHT = [
    Column("origin_id", "text", "where the trips start"),
    Column("destination_id", "text", "where they should go"),
    Column("class", "text", "class of people, where the trips tell it"),
    Column("people", "int", "people caught"),
    Column("vehicles", "int", "their vehicles"),
    Column("place", "text", "where: origin, road (the point is where on it they are) or destination"),
    Column("road_id", "text", "the road; empty at an origin or a destination"),
    Column("street", "text", "what people call it"),
    Column("time", "datetime", "when the first of them is caught"),
    Column("last_time", "datetime", "when the last of them is caught"),
    Column("time_s", "float", "the first, s from t = 0"),
    Column("reason_code", "text", "too late to leave, queue, way cut off or destination reached"),
    Column("stays", "int", "1: the plan has no way for them that arrives in time, so they never leave; else 0"),
    Column("origin_name", "text", "what people call the origin"),
    Column("destination_name", "text", "what people call the destination"),
]


class CaughtGroups(NamedTuple):
    """Those caught of one trip at one place for one reason, (g,) each, the first ones first.

    Attributes
    ----------
    row : int64
        Row of the trips.
    reason : int8
        As in :data:`...solvers.routing.shared.closings.REASONS`.
    stays : bool
        Who never leaves, since the plan has no way for him that arrives in time.
    place : int64
        AT_ORIGIN, ON_ROAD or AT_GOAL.
    arc : int64
        The road, -1 where they are on none.
    xy : (g, 2) float64
        Where, in the working CRS.
    people, vehicles : float64, int64
    first, last : float64
        When the first and the last of them is caught, s from t = 0.
    """

    row: np.ndarray
    reason: np.ndarray
    stays: np.ndarray
    place: np.ndarray
    arc: np.ndarray
    xy: np.ndarray
    people: np.ndarray
    vehicles: np.ndarray
    first: np.ndarray
    last: np.ndarray


def caught_groups(case: RoutingCase, result: RoutingResult) -> CaughtGroups:
    """Return who is caught, by trip, place and reason; who stays apart."""
    caught, network = result.caught, case.read.network
    problem = _lost(result)
    there = _there(problem)
    place, spot, share = _where(case, result, problem, there)
    key = np.column_stack([case.row[caught.trip], caught.reason, _stays(result, there), place, spot]).astype(np.int64)
    found, group = np.unique(key, axis=0, return_inverse=True)
    group, count = group.ravel(), len(found)
    vehicles = np.bincount(group, minlength=count)
    along = np.bincount(group, share, count) / np.maximum(vehicles, 1)
    first, last = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(first, group, caught.time)
    np.maximum.at(last, group, caught.time)
    xy = [
        point_along(network.arc_xy(at), part) if kind == ON_ROAD else tuple(network.node_xy[at].tolist())
        for kind, at, part in zip(found[:, 3].tolist(), found[:, 4].tolist(), along.tolist())
    ]
    groups = CaughtGroups(
        found[:, 0], found[:, 1], found[:, 2] > 0, found[:, 3], np.where(found[:, 3] == ON_ROAD, found[:, 4], -1),
        np.array(xy, dtype=float).reshape(-1, 2), np.bincount(group, caught.people, count), vehicles, first, last,
    )  # fmt: skip
    order = np.lexsort((groups.row, -groups.people, groups.first))
    return CaughtGroups(*(column[order] for column in groups))


def people_by_reason(result: RoutingResult) -> list[tuple[str, int]]:
    """Return the reasons for which somebody is caught, most people first, with how many."""
    people = np.bincount(result.caught.reason, result.caught.people, len(REASONS))
    order = np.argsort(-people, kind="stable").tolist()
    return [(REASONS[k], int(round(people[k]))) for k in order if people[k] > 0]


def people_staying(result: RoutingResult) -> int:
    """Return how many of the people caught never leave, since the plan has no way for them that arrives in time."""
    return int(round(float(result.caught.people[_stays(result, _there(_lost(result)))].sum())))


def _lost(result: RoutingResult) -> RoutingProblem:
    """Return the caught (c,) as trips."""
    everybody = result.everybody()
    return everybody.problem.only(np.flatnonzero(everybody.fate != ARRIVED))


def _there(problem: RoutingProblem) -> np.ndarray:
    """Return who starts at a door of his destination."""
    known = places_of(problem)
    return np.zeros(problem.trips, dtype=bool) if known is None or not len(known.there) else known.there


def _stays(result: RoutingResult, there: np.ndarray) -> np.ndarray:
    """Return who (c,) of the caught never leaves; ``there`` (c,) as :func:`_there` gives it."""
    return (result.caught.routes.hops() == 0) & ~there


def _where(
    case: RoutingCase, result: RoutingResult, problem: RoutingProblem, there: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return of each of the caught (c,) at what kind of place he is, its node or arc, and the share of the arc.

    Who stands in a queue is taken to be at the end of his road.
    """
    caught = result.caught
    place = np.full(len(caught.trip), AT_ORIGIN, dtype=np.int64)
    driven = caught.arc >= 0
    place[driven & case.read.network.is_road[np.maximum(caught.arc, 0)]] = ON_ROAD
    ended = caught.reason == AT_DESTINATION
    place[ended & (driven | there)] = AT_GOAL
    spot = np.where(place == AT_GOAL, problem.destination, problem.source).astype(np.int64)
    share = np.zeros(len(spot))
    on = np.flatnonzero(place == ON_ROAD)
    spot[on] = caught.arc[on]
    since = caught.schedule.entry[caught.schedule.indptr[1:][on] - 1]
    time = problem.cost.free_flow if result.queue is None else result.queue.roads.travel / SECOND
    share[on] = np.clip((caught.time[on] - since) / np.maximum(time[spot[on]], 1.0 / SECOND), 0.0, 1.0)
    return place, spot, share


def caught_rows(
    case: RoutingCase, result: RoutingResult, target: QgsCoordinateReferenceSystem, context: QgsProcessingContext
) -> Iterator[tuple[QgsGeometry, list[Any]]]:
    """Yield those caught of each trip at one place for one reason, the first ones first."""
    groups, rows, read = caught_groups(case, result), case.rows, case.read
    for k, shape in enumerate(points_in(read, [(x, y) for x, y in groups.xy.tolist()], target, context)):
        row, arc = int(groups.row[k]), int(groups.arc[k])
        yield (
            shape,
            [
                rows.origin[row],
                rows.destination[row],
                rows.class_of(row),
                int(round(groups.people[k])),
                int(groups.vehicles[k]),
                PLACES[int(groups.place[k])],
                read.network.arc_road(arc) if arc >= 0 else None,
                read.arc_name(arc) if arc >= 0 else None,
                case.start.value(float(groups.first[k])),
                case.start.value(float(groups.last[k])),
                float(groups.first[k]),
                REASONS[int(groups.reason[k])],
                int(groups.stays[k]),
                *rows.names(row),
                *case.told(rows.mode_of(row)),
            ],
        )
