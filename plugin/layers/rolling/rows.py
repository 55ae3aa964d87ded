"""Who is told what anew, and what re-planning and knowing earlier bring, as layers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProcessingContext, QgsWkbTypes

from ...solvers.naming import heads
from ...solvers.rolling.game import Came, Played, Told
from ...solvers.routing.queue.network import SECOND
from ..fields import Column
from ..roads.route_geometry import points_in
from ..routing.mode_rows import MODE
from ..routing.streets import streets_of
from ..writing import OutputLayer
from .case import RunningCase

AT_ORIGIN, ON_ROAD = "at the origin", "on the road"
PLANS = ("no re-planning", "re-planning", "perfect information")
CHANGES = [
    Column("minute", "float", "when they are told, minutes after the start time"),
    Column("told_at", "datetime", "the same as date and time"),
    Column("origin_id", "text", "where they come from"),
    Column("place", "text", "where they are told: at the origin, or on the road"),
    Column("on_road", "text", "road that the first of them is on; empty at the origin"),
    Column("destination_id", "text", "where they were going"),
    Column("new_destination_id", "text", "where they go now"),
    Column("old_road", "text", "road that they would have taken at this point"),
    Column("new_road", "text", "road that they take there instead"),
    Column("people", "int", "people"),
    Column("vehicles", "int", "vehicles"),
    Column("streets", "text", "names of the streets from there on, of the first of them"),
    Column("old_road_name", "text", "what the road that they would have taken is called"),
    Column("new_road_name", "text", "what the road that they take instead is called"),
]
COMPARISON = [
    Column("plan", "text", "no re-planning, re-planning, or perfect information"),
    Column("caught", "int", "people caught"),
    Column("arrived", "int", "people who arrive"),
    Column("person_hours", "float", "time from departure to arrival of all who arrive, person-hours"),
    Column("last_arrival", "float", "when the last of them arrives, minutes after the start time"),
    Column("last_arrival_at", "datetime", "the same as date and time"),
]


class Change(NamedTuple):
    """Those who are told the same at the same moment: the first of them, people, vehicles; ``at`` is a node, roads are
    arcs, -1 for none."""

    told: Told
    first: int
    people: float
    vehicles: int
    on: int
    at: int
    old: int
    new: int
    rest: np.ndarray


def changes(case: RunningCase, played: Played) -> list[Change]:
    """Return who is told what, by moment, most people first."""
    found = [change for told in played.told for change in _of_moment(case, told)]
    return sorted(found, key=lambda change: (change.told.moment, -change.people, change.first))


def _of_moment(case: RunningCase, told: Told) -> Iterator[Change]:
    problem, groups = case.game.problem, defaultdict(list)
    for trip, hops in zip(told.trips.tolist(), told.hops.tolist()):
        old, new = told.before.of(trip), told.after.of(trip)
        same = min(len(old), len(new))
        apart = np.flatnonzero(old[:same] != new[:same])
        turn = int(apart[0]) if len(apart) else same
        ends = int(problem.head[new[turn - 1]]) if turn else int(problem.source[trip])
        roads = tuple(int(way[turn]) if turn < len(way) else -1 for way in (old, new))
        vehicles = case.on_roads.vehicles
        key = (
            vehicles.origin[trip], hops > 0, int(told.goal_before[trip]), int(told.goal_after[trip]), ends, *roads,
            vehicles.mode[trip],
        )  # fmt: skip
        groups[key].append((trip, hops, turn))
    for key, members in groups.items():
        trip, hops, turn = members[0]
        people = float(problem.people[[member[0] for member in members]].sum())
        on = int(told.after.of(trip)[hops - 1]) if hops else -1
        yield Change(told, trip, people, len(members), on, key[4], key[5], key[6], told.after.of(trip)[turn:])


def changes_layer(
    case: RunningCase, played: Played, target: QgsCoordinateReferenceSystem, context: QgsProcessingContext
) -> OutputLayer:
    """Return who is told what, each at the junction at which the new way leaves the old one."""
    found = changes(case, played)
    columns = [*CHANGES, *([MODE] if case.several_modes else [])]
    return OutputLayer(
        columns, _change_rows(case, found, target, context), QgsWkbTypes.Type.Point, target,
        "rollinghorizon_output_changes",
    )  # fmt: skip


def _change_rows(
    case: RunningCase, found: list[Change], target: QgsCoordinateReferenceSystem, context: QgsProcessingContext
) -> Iterator[tuple[QgsGeometry | None, list[Any]]]:
    read, vehicles = case.on_roads.read, case.on_roads.vehicles
    xy = [tuple(read.network.node_xy[change.at].tolist()) for change in found]

    def road(arc: int) -> str | None:
        return read.network.arc_road(arc) if arc >= 0 else None

    def name(arc: int) -> str | None:
        return read.arc_name(arc) if arc >= 0 else None

    for change, shape in zip(found, points_in(read, xy, target, context)):
        told = change.told
        yield (
            shape,
            [
                told.moment / SECOND / 60.0,
                case.start.value(told.moment / SECOND),
                vehicles.origin[change.first],
                ON_ROAD if change.on >= 0 else AT_ORIGIN,
                road(change.on),
                case.destination(change.first, told.goal_before),
                case.destination(change.first, told.goal_after),
                road(change.old),
                road(change.new),
                int(round(change.people)),
                change.vehicles,
                streets_of(read, change.rest),
                name(change.old),
                name(change.new),
                *([vehicles.mode[change.first]] if case.several_modes else []),
            ],
        )


def compared(played: Played) -> list[tuple[str, Came]]:
    """Return the three plans with what they come to."""
    return list(zip(PLANS, (played.fixed, played.carried, played.perfect)))


def comparison_layer(case: RunningCase, played: Played) -> OutputLayer:
    """Return what the three plans come to as a table."""
    people = float(case.game.problem.people.sum())
    rows: list[tuple[None, list[Any]]] = []
    for name, came in compared(played):
        there = bool(came.run.arrived.any())
        rows.append(
            (
                None,
                [
                    name, int(round(came.caught)), int(round(people - came.caught)), came.person_time / 3600.0,
                    came.last / 60.0 if there else None, case.start.value(came.last) if there else None,
                ],
            )
        )  # fmt: skip
    return OutputLayer(COMPARISON, rows, None, None, None)


def verdict(played: Played) -> str:
    """Return in a sentence what re-planning brings."""
    fixed, carried = played.fixed, played.carried
    if not played.planned:
        return "Nothing new became known while anybody was on the way, so the plan was carried out as it was."
    if not played.told:
        return (
            "What became known gives no reason to send anybody another way: the plan was carried out as it was "
            f"({heads(round(carried.caught))} caught)."
        )
    return _against(carried, fixed, "Re-planning", "leaving the plan as it was")


def worth(played: Played) -> str:
    """Return in a sentence what knowing everything from the start would have been worth."""
    carried, perfect = played.carried, played.perfect
    if not played.planned or carried.rank == perfect.rank:
        return "Nothing better was found for who had known everything from the start."
    return _against(perfect, carried, "Knowing everything from the start", "re-planning")


def _against(one: Came, other: Came, what: str, than: str) -> str:
    hours = (other.person_time - one.person_time) / 3600.0
    if one.caught < other.caught:
        return (
            f"{what} saves {heads(round(other.caught - one.caught))}: caught are {one.caught:,.0f}, "
            f"and {other.caught:,.0f} by {than}."
        )
    if one.caught > other.caught:
        return (
            f"{what} turned out WORSE, with {heads(round(one.caught))} caught, {other.caught:,.0f} by {than}. The new "
            "ways were the better ones by what was known then; what became known later cut them off."
        )
    same = f"as many people are caught ({one.caught:,.0f})"
    if hours > 0.0:
        return f"{what} saves {hours:,.1f} person-hours; {same}."
    if hours < 0.0:
        return (
            f"{what} turned out WORSE: it takes {-hours:,.1f} person-hours more than {than}; {same}. The new ways were "
            "the better ones by what was known then; what became known later made them longer."
        )
    return f"{what} changes neither time nor who is caught; {same}."
