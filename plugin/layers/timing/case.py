"""A plan whose zones can be told to leave at other moments, from its tables, its roads and a layer of zones."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...solvers.modes import BOTH, FOOT, travel_of
from ...solvers.naming import first_of
from ...solvers.roads.starts import nodes_inside
from ...solvers.routing.queue.bars import NEVER
from ...solvers.routing.queue.network import SECOND, microseconds
from ...solvers.timing.timed_plan import MINUTE, OTHER, TimedPlan
from ..closing.arrivals import Arrivals
from ..errors import LayerError
from ..moments import MomentColumn, Start
from ..places import Places
from ..roads.door_places import polygon_wkb
from ..roads.entrances import refuse_strangers
from ..round_earth import densified
from ..routing.plan import PlanOnRoads, told_apart
from ..speaking import speak_of
from ..transforming import transform_vertices, transformed

ZONES = "ZONES"


@dataclass(frozen=True)
class TimedCase:
    """What is timed, and where it comes from; z zones.

    Attributes
    ----------
    on_roads : PlanOnRoads
    plan : TimedPlan
    zones : Places
    start : Start
        Date and time of t = 0.
    order : (z,) int64
        When each zone is told in the plan, or by its own field, microseconds.
    arrival : (z,) int64
        When the hazard first reaches it, microseconds; NEVER for never.
    vehicles : (z,) int64
    people : (z,) float64
    lost : (z,) int64
        Vehicles that have no way in the plan: they stay, whenever they are told.
    staying : (z,) float64
        Their people.
    """

    on_roads: PlanOnRoads
    plan: TimedPlan
    zones: Places
    start: Start
    order: np.ndarray
    arrival: np.ndarray
    vehicles: np.ndarray
    people: np.ndarray
    lost: np.ndarray
    staying: np.ndarray

    @property
    def walks(self) -> np.ndarray:
        """Who of the plan (t,) is on foot."""
        return np.array([mode == FOOT for mode in self.on_roads.vehicles.mode], dtype=bool)

    @property
    def mixed(self) -> bool:
        """Whether some drive and some walk."""
        return travel_of(self.walks) == BOTH

    @property
    def on_foot(self) -> np.ndarray:
        """People on foot of each zone (z,)."""
        own = self.walks & (self.plan.zone >= 0)
        return np.bincount(self.plan.zone[own], self.plan.people[own], len(self.zones))


def timed_case(
    on_roads: PlanOnRoads,
    background: tuple[np.ndarray, np.ndarray, np.ndarray] | None,
    zones: Places,
    told: MomentColumn | None,
    start: Start,
    stuck_seconds: float,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> TimedCase:
    """Return the plan of these zones; vehicles of other origins leave when they leave in the plan.

    Parameters
    ----------
    told : MomentColumn or None
        When the zones are told, in place of the orders in the plan.

    Raises
    ------
    LayerError
        When no zone is an origin of the plan, or one is told before t = 0.
    """
    vehicles = on_roads.vehicles
    refuse_strangers(ZONES, zones.name, zones.ids, vehicles.origin, "an origin of PLAN")
    number = {name: k for k, name in enumerate(zones.ids)}
    zone = np.array([number.get(name, OTHER) for name in vehicles.origin], dtype=np.int64)
    _tell_strangers(zones, vehicles.origin, number, feedback)
    in_plan = _orders_of_plan(zone, microseconds(np.nan_to_num(vehicles.order)), len(zones), zones, feedback)
    place = on_roads.departure - np.where(zone >= 0, in_plan[zone], 0)
    order = in_plan if told is None else _told(told, in_plan, zones, start, feedback)
    problem = on_roads.problem(background, _inside(zones, on_roads, context))
    if on_roads.stays.any():
        problem = told_apart(problem)
    plan = TimedPlan.of(problem, on_roads.routes, zone, place, stuck_seconds)
    own = zone >= 0
    stays = own & plan.stays
    arrival = _first_arrival(zones, on_roads.read.danger.arrivals)
    case = TimedCase(
        on_roads, plan, zones, start, order, arrival, np.bincount(zone[own], minlength=len(zones)),
        np.bincount(zone[own], vehicles.people[own], len(zones)), np.bincount(zone[stays], minlength=len(zones)),
        np.bincount(zone[stays], vehicles.people[stays], len(zones)),
    )  # fmt: skip
    speak_of(feedback, travel_of(case.walks))
    if case.mixed:
        feedback.pushInfo(
            f"PLAN: {int(np.rint(vehicles.people[~case.walks].sum())):,} people go by car or bus and "
            f"{int(np.rint(vehicles.people[case.walks].sum())):,} on foot; a zone's order is one for all of them, and "
            "cars and walkers do not hinder each other."
        )
    return case


def _tell_strangers(zones: Places, origins: list[str], number: dict[str, int], feedback: QgsProcessingFeedback) -> None:
    """Warn of origins of the plan without a zone, and of zones of which nobody leaves."""
    others = sorted(set(origins) - set(number))
    if others:
        count = sum(name not in number for name in origins)
        feedback.pushWarning(
            f"{ZONES}: {count} vehicles of {len(others)} origin(s) of PLAN have no zone in “{zones.name}” and leave "
            f"when the plan says: {first_of(others)}."
        )
    empty = [name for name in zones.ids if name not in set(origins)]
    if empty:
        feedback.pushWarning(
            f"{ZONES}: nobody leaves {len(empty)} zone(s) of “{zones.name}” in PLAN: {first_of(empty)}."
        )


def _orders_of_plan(
    zone: np.ndarray, order: np.ndarray, zones: int, places: Places, feedback: QgsProcessingFeedback
) -> np.ndarray:
    """Return the order of each zone in the plan (z,) µs: the first of its vehicles'; one without any is told at 0."""
    first, last = np.full(zones, NEVER), np.zeros(zones, dtype=np.int64)
    own = zone >= 0
    np.minimum.at(first, zone[own], order[own])
    np.maximum.at(last, zone[own], order[own])
    several = [places.ids[k] for k in np.flatnonzero((first < NEVER) & (first < last)).tolist()]
    if several:
        feedback.pushWarning(
            f"PLAN: {len(several)} zone(s) have several orders: {first_of(several)}. They are told at the first, and "
            "their vehicles keep the time between."
        )
    return np.where(first < NEVER, first, 0)


def _told(
    told: MomentColumn, in_plan: np.ndarray, zones: Places, start: Start, feedback: QgsProcessingFeedback
) -> np.ndarray:
    """Return the orders of the zones' own field, where it has one; else those of the plan."""
    seconds = told.seconds(start, feedback)
    early = np.flatnonzero(seconds < 0)
    if len(early):
        raise LayerError(
            f"ORDER_TIME_FIELD: zone {zones.ids[early[0]]} of “{zones.name}” is told {-seconds[early[0]]:,.0f} s "
            f"before START_TIME ({start.text()}). Correct the value."
        )
    order = np.where(np.isfinite(seconds), microseconds(np.nan_to_num(seconds)), in_plan)
    changed = int((order != in_plan).sum())
    if changed:
        feedback.pushInfo(f"ORDER_TIME_FIELD: {changed} zone(s) are told at other moments than in PLAN.")
    return order


def _inside(zones: Places, on_roads: PlanOnRoads, context: QgsProcessingContext) -> dict[str, np.ndarray]:
    """Return the nodes inside each zone that is a polygon, by its id."""
    polygons = [k for k in range(len(zones)) if not math.isnan(zones.area[k])]
    shapes = [polygon_wkb(zones, zones.ids[k], zones.geometries[k], on_roads.read, context) for k in polygons]
    begin, nodes = nodes_inside(on_roads.read.network, shapes)
    return {zones.ids[k]: nodes[begin[j] : begin[j + 1]] for j, k in enumerate(polygons)}


def _first_arrival(zones: Places, arrivals: Arrivals | None) -> np.ndarray:
    """Return when the hazard first reaches anything of each zone, microseconds."""
    if arrivals is None:
        return np.full(len(zones), NEVER)
    transforms = arrivals.context.transformContext()
    seconds = arrivals.at(transform_vertices(zones.xy, zones.crs, arrivals.crs, transforms))
    polygons = [k for k in range(len(zones)) if not math.isnan(zones.area[k])]
    dense = [zones.geometries[k] for k in polygons]
    if zones.crs != arrivals.crs:
        dense = [transformed(densified(shape, zones.crs), zones.crs, arrivals.crs, transforms) for shape in dense]
    seconds[polygons] = np.minimum(seconds[polygons], arrivals.over(dense))
    reached = np.isfinite(seconds)
    return np.where(reached, microseconds(np.where(reached, seconds, 0.0)), NEVER)


def minutes(moments: int | np.integer | float) -> float:
    """Return microseconds as minutes."""
    return float(moments) / MINUTE


def seconds_of(moments: np.ndarray | int) -> np.ndarray:
    """Return microseconds as seconds."""
    return np.asarray(moments) / SECOND
