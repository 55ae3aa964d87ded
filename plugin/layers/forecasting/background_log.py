"""What the log says of sensors on roads and of the vehicles that come of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
from qgis.core import QgsProcessingFeedback

from ...solvers.forecasting.held import Held, mean_of
from ...solvers.naming import first_of
from ...solvers.roads.sensed import SECONDS, Standing
from ..places import Places
from ..roads.options import ReadNetwork
from .background_rows import BackgroundFlow

PARAMETER = "SENSORS"


def log_sensors(
    flow: BackgroundFlow,
    sensors: Places,
    read: ReadNetwork,
    standing: Standing,
    reasons: dict[str, str],
    spread: bool,
    feedback: QgsProcessingFeedback,
) -> None:
    """Say which road each sensor counts, who counts none, and how far flows were spread."""

    def road(piece: int) -> str:
        return flow.sums.ids[int(flow.sums.of_line[read.network.piece_road[piece]])]

    there = [k for k in flow.series if standing.piece[k] >= 0]
    shown = [f"{sensors.ids[k]}: road {road(standing.piece[k])}, {standing.distance[k]:,.0f} m" for k in there]
    feedback.pushInfo(f"{PARAMETER}: {len(there)} of {len(reasons)} sensor(s) count a road: {first_of(shown, '; ')}.")
    left = [f"{sensor}: {why}" for sensor, why in reasons.items() if why]
    if left:
        feedback.pushWarning(f"{PARAMETER}: {len(left)} sensor(s) are not used: {first_of(left, '; ')}.")
    doubtful = [
        f"{sensors.ids[k]}: road {road(standing.piece[k])} at {standing.distance[k]:,.0f} m, road "
        f"{road(standing.other[k])} at {standing.other_distance[k]:,.0f} m"
        for k in there
        if standing.other[k] >= 0
    ]
    if doubtful:
        feedback.pushWarning(
            f"{PARAMETER}: {len(doubtful)} sensor(s) may be meant for another road than the nearest: "
            f"{first_of(doubtful, '; ')}. Move a point onto the road that it counts, away from junctions."
        )
    _log_spread(flow, spread, feedback)


def _log_spread(flow: BackgroundFlow, spread: bool, feedback: QgsProcessingFeedback) -> None:
    sums, numbers = flow.sums, flow.numbers
    if not spread:
        feedback.pushInfo(
            f"SPREAD: {numbers['ROADS']:.0f} road(s) have a sensor; {numbers['ROADS_WITHOUT']:.0f} have no vehicles."
        )
        return
    taken = np.zeros(len(sums.ids), dtype=bool)
    taken[flow.loads.road] = True
    kinds = Counter(kind or "no class" for kind, has in zip(sums.classes, taken.tolist()) if not has)
    far = flow.loads.metres.max(initial=0.0) / 1000
    if not any(sums.classes):
        feedback.pushInfo("SPREAD: no road has a class; all are of one. Choose a ROAD_CLASS_FIELD if there is one.")
    feedback.pushInfo(
        f"SPREAD: {numbers['ROADS']:.0f} road(s) take the flow of the nearest sensor of their class, the farthest over "
        f"{far:.1f} km."
    )
    if kinds:
        counted = first_of([f"{kind} ({number})" for kind, number in kinds.most_common()])
        feedback.pushInfo(
            f"SPREAD: {numbers['ROADS_WITHOUT']:.0f} road(s) have no sensor of their class within MAX_DISTANCE and "
            f"get no vehicles: {counted}."
        )


def _most(flow: BackgroundFlow) -> tuple[np.ndarray, np.ndarray, list[Held]]:
    """Return the most vehicles on each road (g,), the first sensor of each, -1 for none, and series that add up to all.

    Roads with one sensor are worked out together: there may be hundreds of thousands.
    """
    count, loads = len(flow.sums.ids), flow.loads
    peak, source, most = np.zeros(count), np.full(count, -1), np.zeros(len(flow.sensors))
    for sensor, held in flow.series.items():
        most[sensor] = np.nanmax(held.values)
    alone = np.bincount(loads.road, minlength=count)[loads.road] == 1
    road, sensor = loads.road[alone], loads.sensor[alone]
    peak[road], source[road] = loads.vehicles[alone] * most[sensor], sensor
    weight = np.bincount(sensor, weights=loads.vehicles[alone], minlength=len(flow.sensors))
    series = []
    for k in np.unique(sensor).tolist():
        moments, values, _ = mean_of([flow.series[k]], weight[[k]])
        series.append(Held(moments, values, np.inf))
    for own in flow.loads_by_road(~alone):
        moments, values, _ = flow.on_road(own)
        peak[loads.road[own[0]]], source[loads.road[own[0]]] = values.max(), loads.sensor[own[0]]
        series.append(Held(moments, values, np.inf))
    return peak, source, series


def peaks(flow: BackgroundFlow, feedback: QgsProcessingFeedback) -> dict[str, float]:
    """Return the most vehicles at a time and how many roads have too many; warn of these."""
    sums = flow.sums
    peak, source, several = _most(flow)
    grid = np.unique(np.concatenate([np.empty(0), *(held.moments for held in several)]))
    total = sum((np.nan_to_num(held.at(grid)) for held in several), np.zeros(len(grid)))
    busy = SECONDS * peak / np.maximum(sums.passing, 1e-9)
    worst = np.argsort(-busy, kind="stable")
    over = [k for k in worst.tolist() if busy[k] > 1.0 + 1e-9]
    if over:
        named = first_of([f"{sums.ids[k]} ({busy[k]:.1f} times, {flow.sensors[source[k]]})" for k in over])
        feedback.pushWarning(
            f"{PARAMETER}: flows above the capacity of {len(over)} road(s): {named}. Check VALUE_IS, SENSORS_COUNT and "
            f"the roads' capacity: are these vehicles, and of how long a time?"
        )
    full = np.flatnonzero(peak > sums.room)
    if len(full):
        named = first_of([f"{sums.ids[k]} ({peak[k]:,.1f} on room for {sums.room[k]:,.1f})" for k in full.tolist()])
        feedback.pushWarning(
            f"{PARAMETER}: more vehicles than there is room for on {len(full)} road(s): {named}. In the queue model "
            f"they leave such a road a tenth of its capacity."
        )
    return {"MOST_VEHICLES": float(total.max(initial=0.0)), "OVER_CAPACITY": len(over), "OVER_ROOM": len(full)}
