"""The latest orders of zones as a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import QgsProcessingFeedback, QgsWkbTypes

from ...solvers.routing.queue.bars import NEVER
from ...solvers.timing.latest_departures import NO_ROAD, LatestDepartures
from ...solvers.timing.latest_order import LatestOrder, shown_windows
from ..fields import Column
from ..writing import OutputLayer
from .case import TimedCase, minutes
from .zone_layer import layer_of_zones

RESULTS = ("latest order", "no limit", "too late", "some stay", "no way", "nobody")
LATEST, UNLIMITED, TOO_LATE, SOME_STAY, NO_WAY, NOBODY = RESULTS
COLUMNS = [
    Column("zone_id", "text", "zone"),
    Column("people", "int", "people who leave it by the plan"),
    Column("vehicles", "int", "vehicles that leave it; who walks counts as one"),
    Column(
        "staying",
        "int",
        "people of these without a way in the plan: they do not get out even if told at once",
    ),
    Column(
        "result",
        "text",
        "latest order; no limit; too late: already at the start time; some stay: who has no way in the plan, the "
        "others get out until latest_of_rest; no way: nobody has one; nobody leaves",
    ),
    Column("order_minute", "float", "when it is told in the plan, minutes after the start time"),
    Column("latest_order", "int", "last minute at which the order can come, if only this zone is told later"),
    Column("latest_decision", "int", "last minute at which it can be decided: DECISION_MINUTES before"),
    Column("latest_time", "datetime", "latest_order as date and time"),
    Column("latest_of_rest", "int", "the same for who has a way in the plan; empty also where these have no limit"),
    Column("margin", "float", "minutes between the order in the plan and the latest one; negative: told too late"),
    Column("later_window", "text", "later minutes that were tried and work again"),
    Column("bottleneck", "text", "road on which those who would be caught a minute later lose most time"),
    Column("bottleneck_road", "text", "its id"),
    Column("others_caught", "int", "people of other zones who would be caught a minute later"),
    Column("hazard_minute", "float", "when the hazard first reaches the zone; empty for never"),
]
BY_MODE = [
    Column("on_foot", "int", "people of these on foot"),
    Column("result_car", "text", "the result for its cars and buses alone"),
    Column("latest_car", "int", "the latest order for those of them who have a way in the plan"),
    Column("result_foot", "text", "the result for its people on foot alone"),
    Column("latest_foot", "int", "the latest order for those of them who have a way in the plan"),
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
        return _result(self.found.latest[zone], bool(self.case.lost[zone]))

    def minute(self, zone: int) -> int | None:
        """Return the latest order of a zone, None where there is no such minute."""
        return self.minute_of_rest(zone) if self.result(zone) == LATEST else None

    def minute_of_rest(self, zone: int) -> int | None:
        """Return the latest order for those of a zone who have a way in the plan, None where there is none."""
        answer = self.found.latest[zone]
        return None if answer is None or answer.unlimited else answer.minute

    def by_mode(self, zone: int) -> list[tuple[str, int | None]]:
        """Return what came out for a zone's vehicles alone and for its walkers alone, with their latest order."""
        plan, walks = self.case.plan, self.case.walks
        stays = plan.stays & (plan.zone == zone)
        lost = bool((stays & ~walks).any()), bool((stays & walks).any())
        return [
            (_result(answer, some), None if answer is None or answer.unlimited else answer.minute)
            for answer, some in zip(self.found.apart[zone], lost)
        ]

    def bottleneck(self, zone: int) -> tuple[str, str]:
        """Return name and id of the road that a zone's answer hangs on, "" for none."""
        arc = int(self.found.bottleneck[zone])
        read = self.case.on_roads.read
        return ("", "") if arc == NO_ROAD else (read.arc_name(arc), read.network.arc_road(arc))


def _result(answer: LatestOrder | None, lost: bool) -> str:
    """Return what came out for people of whom some are ``lost``, without a way in the plan."""
    if answer is None:
        return NO_WAY if lost else NOBODY
    if answer.minute is None:
        return TOO_LATE
    if lost:
        return SOME_STAY
    return UNLIMITED if answer.unlimited else LATEST


def latest_layer(
    found: LatestCase, kind: QgsWkbTypes.Type, id_field: str | None, feedback: QgsProcessingFeedback
) -> OutputLayer:
    """Return the zones with their latest orders, and their other fields behind ours."""
    columns = [*COLUMNS, *(BY_MODE if found.case.mixed else []), *(REROUTED if found.rerouted is not None else [])]
    return layer_of_zones(
        found.case.zones, columns, lambda zone: _row(found, zone), kind, id_field, "latestdeparture_output", feedback
    )


def _row(found: LatestCase, zone: int) -> list[Any]:
    case, latest, rest = found.case, found.minute(zone), found.minute_of_rest(zone)
    told = minutes(case.order[zone])
    answer = found.found.latest[zone]
    name, road = found.bottleneck(zone)
    reached = case.arrival[zone] < NEVER
    row = [
        case.zones.ids[zone], int(round(float(case.people[zone]))), int(case.vehicles[zone]),
        int(round(float(case.staying[zone]))), found.result(zone), told, latest,
        None if latest is None else latest - found.decision,
        None if latest is None else case.start.value(60.0 * latest),
        rest, None if latest is None else latest - told, shown_windows(answer.windows) if answer is not None else "",
        name, road, int(found.found.others[zone]), minutes(case.arrival[zone]) if reached else None,
    ]  # fmt: skip
    if case.mixed:
        row += [int(round(float(case.on_foot[zone])))]
        row += [value for pair in found.by_mode(zone) for value in pair]
    if found.rerouted is not None:
        other = found.rerouted[zone]
        row += [other, None if other is None or rest is None else other - rest]
    return row


def tightest(found: LatestCase) -> list[int]:
    """Return the zones that have a latest order, the earliest first."""
    zones = [(minute, k) for k in range(len(found.case.zones)) if (minute := found.minute(k)) is not None]
    return [k for _, k in sorted(zones)]


def counts(found: LatestCase) -> dict[str, int]:
    """Return how many zones came to which result."""
    results = [found.result(k) for k in range(len(found.case.zones))]
    return {name: results.count(name) for name in RESULTS}


def least_margin(found: LatestCase) -> float | None:
    """Return the least margin in minutes, None where no zone has one."""
    margins = [
        minute - minutes(found.case.order[k]) for k in tightest(found) if (minute := found.minute(k)) is not None
    ]
    return float(np.min(margins)) if margins else None
