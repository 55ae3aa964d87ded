"""The latest orders of zones as a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import QgsProcessingFeedback, QgsWkbTypes

from ...solvers.routing.queue.bars import NEVER
from ...solvers.timing.latest_departures import NO_ROAD, LatestDepartures
from ...solvers.timing.latest_order import shown_windows
from ..carrying import Carried, all_others
from ..fields import Column
from ..writing import OutputLayer
from .case import TimedCase, minutes

LATEST, UNLIMITED, TOO_LATE, NO_WAY, NOBODY = "latest order", "no limit", "too late", "no way", "nobody"
COLUMNS = [
    Column("zone_id", "text", "zone"),
    Column("people", "int", "people who leave it by the plan"),
    Column("vehicles", "int", "vehicles that leave it"),
    Column("result", "text", "latest order; no limit; too late: already at the start time; no way; nobody leaves"),
    Column("order_minute", "float", "when it is told in the plan, minutes after the start time"),
    Column("latest_order", "int", "last minute at which the order can come, if only this zone is told later"),
    Column("latest_decision", "int", "last minute at which it can be decided: DECISION_MINUTES before"),
    Column("latest_time", "datetime", "latest_order as date and time"),
    Column("margin", "float", "minutes between the order in the plan and the latest one; negative: told too late"),
    Column("later_window", "text", "later minutes that were tried and work again"),
    Column("bottleneck", "text", "road on which those who would be caught a minute later lose most time"),
    Column("bottleneck_road", "text", "its id"),
    Column("others_caught", "int", "people of other zones who would be caught a minute later"),
    Column("hazard_minute", "float", "when the hazard first reaches the zone; empty for never"),
]
REROUTED = [
    Column("latest_rerouted", "int", "last minute with the best routes found for that order"),
    Column("reroute_adds", "int", "minutes that these routes add"),
]


@dataclass(frozen=True)
class LatestCase:
    """What was found: of the plan's routes, and the last minute of others (z,) where they were asked for."""

    case: TimedCase
    found: LatestDepartures
    decision: int
    rerouted: list[int | None] | None

    @property
    def together_caught(self) -> int:
        """People caught where every zone is told at its own latest order."""
        return self.case.plan.caught_people(self.found.together)

    @property
    def base_caught(self) -> int:
        """People caught at the orders of the plan."""
        return self.case.plan.caught_people(self.found.base)

    def result(self, zone: int) -> str:
        """Return what came out for a zone, in a word or two."""
        if self.case.lost[zone]:
            return NO_WAY
        answer = self.found.latest[zone]
        if answer is None:
            return NOBODY
        if answer.minute is None:
            return TOO_LATE
        return UNLIMITED if answer.unlimited else LATEST

    def minute(self, zone: int) -> int | None:
        """Return the latest order of a zone, None where there is no such minute."""
        answer = self.found.latest[zone]
        return answer.minute if answer is not None and self.result(zone) == LATEST else None

    def bottleneck(self, zone: int) -> tuple[str, str]:
        """Return name and id of the road that a zone's answer hangs on, "" for none."""
        arc = int(self.found.bottleneck[zone])
        read = self.case.on_roads.read
        return ("", "") if arc == NO_ROAD else (read.arc_name(arc), read.network.arc_road(arc))


def latest_layer(
    found: LatestCase, kind: QgsWkbTypes.Type, id_field: str | None, feedback: QgsProcessingFeedback
) -> OutputLayer:
    """Return the zones with their latest orders, and their other fields behind ours."""
    zones = found.case.zones
    columns = [*COLUMNS, *(REROUTED if found.rerouted is not None else [])]
    carried = all_others(zones, columns, id_field, feedback)
    if any(shape.wkbType() != kind for shape in zones.geometries):
        kind = QgsWkbTypes.multiType(kind)
    rows = [(zones.geometries[k].coerceToType(kind)[0], _row(found, k, carried)) for k in range(len(zones))]
    points = QgsWkbTypes.geometryType(kind) == QgsWkbTypes.GeometryType.PointGeometry
    return OutputLayer(
        [*columns, *carried.fields], rows, kind, zones.crs, f"latestdeparture_output{'_point' if points else ''}"
    )


def _row(found: LatestCase, zone: int, carried: Carried) -> list[Any]:
    case, latest = found.case, found.minute(zone)
    told = minutes(case.order[zone])
    answer = found.found.latest[zone]
    name, road = found.bottleneck(zone)
    reached = case.arrival[zone] < NEVER
    row = [
        case.zones.ids[zone], int(round(float(case.people[zone]))), int(case.vehicles[zone]), found.result(zone), told,
        latest, None if latest is None else latest - found.decision,
        None if latest is None else case.start.value(60.0 * latest),
        None if latest is None else latest - told, shown_windows(answer.windows) if answer is not None else "",
        name, road, int(found.found.others[zone]), minutes(case.arrival[zone]) if reached else None,
    ]  # fmt: skip
    if found.rerouted is not None:
        other = found.rerouted[zone]
        row += [other, None if other is None or latest is None else other - latest]
    return [*row, *carried.of(case.zones.attributes[zone])]


def tightest(found: LatestCase) -> list[int]:
    """Return the zones that have a latest order, the earliest first."""
    zones = [(minute, k) for k in range(len(found.case.zones)) if (minute := found.minute(k)) is not None]
    return [k for _, k in sorted(zones)]


def counts(found: LatestCase) -> dict[str, int]:
    """Return how many zones came to which result."""
    results = [found.result(k) for k in range(len(found.case.zones))]
    return {name: results.count(name) for name in (LATEST, UNLIMITED, TOO_LATE, NO_WAY, NOBODY)}


def least_margin(found: LatestCase) -> float | None:
    """Return the least margin in minutes, None where no zone has one."""
    margins = [
        minute - minutes(found.case.order[k]) for k in tightest(found) if (minute := found.minute(k)) is not None
    ]
    return float(np.min(margins)) if margins else None
