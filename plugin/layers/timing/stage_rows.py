"""When to call which zone, the trips with these orders, and the steps of the search, as layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import QgsGeometry, QgsPointXY, QgsProcessingContext, QgsProcessingFeedback, QgsWkbTypes

from ...solvers.naming import heads
from ...solvers.routing.queue.bars import NEVER
from ...solvers.timing.staging import Staged, Step
from ..carrying import ORDER_TIME
from ..fields import Column
from ..transforming import transform_vertices
from ..writing import OutputLayer
from .case import TimedCase, minutes, seconds_of
from .zone_layer import layer_of_zones

ZONES = [
    Column("zone_id", "text", "zone"),
    Column("wave", "int", "which call it is told with, from 1; zones of a wave are told together"),
    Column(ORDER_TIME, "float", "when it is told, minutes after the start time"),
    Column("told_at", "datetime", "the same as date and time"),
    Column("people", "int", "people who leave it by the plan"),
    Column("caught", "int", "of these, people caught"),
    Column(
        "staying", "int", "of these, people who have no way in the plan, nor in routes found anew: they never leave"
    ),
    Column("caught_at_once", "int", "people caught if everybody were told at once"),
    Column("last_arrival", "float", "when the last of it arrives, minutes after the start time; empty if nobody does"),
    Column("hazard_minute", "float", "when the hazard first reaches it; empty for never"),
]
TRIPS = [
    Column("zone_id", "text", "origin"),
    Column("shelter_id", "text", "destination"),
    Column("people", "int", "people"),
    Column("vehicles", "int", "vehicles, or people on foot"),
    Column("mode", "text", "how they travel: car, foot or bus"),
    Column(ORDER_TIME, "float", "when they are told, minutes after the start time"),
]
STEPS = [
    Column("step", "int", "place in the search"),
    Column("change", "text", "a way to begin, a zone or a wave that was moved, or routes found anew"),
    Column("zone_id", "text", "zone that was moved to another wave"),
    Column("wave", "int", "wave that was moved, or that the zone was moved to; here numbered as in the search"),
    Column("minute", "int", "when that wave is called, minutes after the start time"),
    Column("caught", "int", "people caught"),
    Column("last_arrival", "float", "minutes after the start time"),
    Column("vehicle_hours", "float", "time on the road and waiting to get onto it, of those who arrive"),
]


@dataclass(frozen=True)
class StagedCase:
    """What was found, and where it comes from."""

    case: TimedCase
    found: Staged

    def explanation(self) -> str:
        """Return why the answer catches whom it catches, "" where nobody is: the bound, and the road that makes it."""
        bound, caught = self.found.bound, self.found.value[0]
        if not caught:
            return ""
        text = (
            f"By these routes at least {bound.people:,.0f} of the {caught:,} people are caught however zones are called"
        )
        if bound.staying:
            text += f", {bound.staying:,.0f} of them because they have no way in the plan"
        if bound.doomed > bound.staying:
            alone = bound.doomed - bound.staying
            text += f", {alone:,.0f} of them even if they were alone on the roads and told at the earliest"
        if bound.arc < 0:
            return f"{text}."
        read = self.case.on_roads.read
        name, passing = read.arc_name(bound.arc), f"{3.6e9 / bound.headway:,.0f} an hour"
        units = "people on foot" if read.walked[bound.arc] else "vehicles"
        moment = f"{minutes(bound.closes):,.0f} min after START_TIME"
        if bound.room < 0:
            return (
                f"{text}. {bound.vehicles:,} {units} that could get out alone go over “{name}”, which lets {passing} "
                f"pass, and must be past it {moment}, before it or a road behind it on their way closes: at most "
                f"{bound.pass_at_most:,} of them get away."
            )
        return (
            f"{text}. {bound.vehicles:,} {units} that could get out alone go over “{name}”, which lets {passing} "
            f"pass, and must be past roads before it that the hazard closes by {moment}: at most "
            f"{bound.pass_at_most:,} are through by then, and {bound.room:,} find room on the roads between."
        )

    def verdict(self) -> str:
        """Return in a sentence what staging brings."""
        found = self.found
        (caught, over, way), (once, over_once, way_once) = found.value, found.at_once_value
        if not found.gains:
            return (
                "Calling zones in waves gains nothing: telling everybody at once is the answer "
                f"({heads(once)} caught, the last arrives after {minutes(found.at_once.last):,.0f} min)."
            )
        if caught < once:
            return f"In waves {caught:,} people are caught; {once:,} if everybody is told at once."
        if over < over_once:
            sooner = minutes(over_once - over)
            return f"As many people are caught ({caught:,}), but the last arrives {sooner:,.0f} min earlier."
        return (
            f"As many people are caught ({caught:,}), but those who arrive spend {(way_once - way) / 3.6e9:,.1f} "
            "vehicle-hours less on the road and waiting for it."
        )


def zone_layer(
    found: StagedCase, kind: QgsWkbTypes.Type, id_field: str | None, feedback: QgsProcessingFeedback
) -> OutputLayer:
    """Return the zones with their orders and waves, and their other fields behind ours."""
    return layer_of_zones(
        found.case.zones, ZONES, lambda zone: _zone(found, zone), kind, id_field, "stagedeparture_output", feedback
    )


def _zone(found: StagedCase, zone: int) -> list[Any]:
    case, staged = found.case, found.found
    own = case.plan.zone == zone
    arrived = own & ~staged.outcome.caught
    last = staged.outcome.arrival[arrived].max(initial=-1)
    people = case.plan.people
    caught, at_once = (
        int(round(float(people[own & outcome.caught].sum()))) for outcome in (staged.outcome, staged.at_once)
    )
    staying = int(round(float(people[own & staged.plan.stays].sum())))
    order = int(staged.order[zone])
    return [
        case.zones.ids[zone], int(staged.wave[zone]), minutes(order), case.start.value(float(seconds_of(order))),
        int(round(float(case.people[zone]))), caught, staying, at_once, minutes(last) if last >= 0 else None,
        minutes(case.arrival[zone]) if case.arrival[zone] < NEVER else None,
    ]  # fmt: skip


def trip_layer(found: StagedCase, context: QgsProcessingContext) -> OutputLayer:
    """Return a line for each zone, destination and mode of the plan with the order of the zone."""
    case, staged = found.case, found.found
    vehicles, zones = case.on_roads.vehicles, case.zones
    goals = case.on_roads.goal
    rows: dict[tuple[int, str, str], list[int]] = {}
    for k in np.flatnonzero(case.plan.zone >= 0).tolist():
        rows.setdefault((int(case.plan.zone[k]), vehicles.destination[k], vehicles.mode[k]), []).append(k)
    xy = case.on_roads.read.network.node_xy
    ends = np.array([_place(case, goals[trips], xy) for trips in rows.values()]).reshape(-1, 2)
    ends = transform_vertices(ends, case.on_roads.read.crs, zones.crs, context.transformContext())
    made = []
    for ((zone, destination, mode), trips), end in zip(rows.items(), ends):
        begin = zones.xy[zone]
        line = QgsGeometry()
        if np.isfinite(end).all():
            line = QgsGeometry.fromPolylineXY([QgsPointXY(*map(float, begin)), QgsPointXY(*map(float, end))])
        people = int(round(float(vehicles.people[trips].sum())))
        made.append((line, [zones.ids[zone], destination, people, len(trips), mode, minutes(staged.order[zone])]))
    return OutputLayer(TRIPS, made, QgsWkbTypes.Type.LineString, zones.crs)


def _place(case: TimedCase, goals: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Return where vehicles arrive: a door of their destination, not a number where none is known."""
    known = goals[goals >= 0]
    if not len(known):
        return np.full(2, np.nan)
    node, network = int(known[0]), case.on_roads.read.network
    doors = np.flatnonzero(~network.is_road & (network.head == node))
    return xy[network.tail[doors[0]]] if len(doors) else xy[node]


def step_layer(found: StagedCase) -> OutputLayer:
    """Return the steps that were kept."""
    rows = [(None, _step(found.case, number + 1, step)) for number, step in enumerate(found.found.steps)]
    return OutputLayer(STEPS, rows)


def _step(case: TimedCase, number: int, step: Step) -> list[Any]:
    zone = case.zones.ids[step.zone] if step.zone >= 0 else None
    wave, minute = (step.wave + 1, step.minute) if step.wave >= 0 else (None, None)
    return [number, step.what, zone, wave, minute, step.caught, minutes(step.last), step.on_the_way / 3.6e9]
