"""The roads of a layer as walkers find them: their slopes, widths and the network."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback

from ...solvers.control import Control
from ...solvers.naming import first_of
from ...solvers.roads.directions import read_directions
from ...solvers.roads.foot import WidthColumns, effective_width, foot_network, widths_of
from ...solvers.roads.lines import line_of_vertex
from ...solvers.roads.network import RoadNetwork
from ...solvers.roads.profiles import STEEP, Heights, Stations, climbs_on, places_along, smooth_heights, stations_on
from ...solvers.roads.splitting import Pieces
from ...solvers.roads.tobler import STEEPEST
from .attributes import Roads, direction_rule
from .elevation import PARAMETER, Elevation, heights_at, judge_heights
from .measured import MeasuredLines
from .options import NetworkOptions

MANY_STEEP = 0.1  # of the metres of road


def slopes_of(
    found: MeasuredLines,
    pieces: Pieces,
    level: np.ndarray,
    ids: list[str],
    options: NetworkOptions,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> np.ndarray:
    """Return the speed on each piece (p, 2), drawn direction and against it, as a multiple of that on the flat.

    ``level`` (r, 2) and ``ids`` are the features'. Without a raster of heights all roads are flat.

    Raises
    ------
    LayerError
        When the raster has no height under any road.
    Cancelled
    """
    elevation = options.elevation
    if elevation is None or not options.on_foot:
        return np.ones((len(pieces), 2))
    control.progress(0.2, "Reading heights")
    lines = found.lines
    step = found.step.copy()
    step[lines.start[1:] - 1] = 0.0
    gone = np.concatenate([[0.0], np.cumsum(step)])
    along = gone[:-1] - gone[lines.start[:-1]][line_of_vertex(lines)]
    stations = stations_on(along[lines.start[1:] - 1])
    xy = places_along(along, found.xy[found.spot], lines.start, stations)
    read = heights_at(elevation, xy, found.crs, context.transformContext(), control)
    judge_heights(elevation, read, feedback)
    off_ground = level[lines.feature, 1] > 0
    spot = np.column_stack([found.spot[lines.start[:-1]], found.spot[lines.start[1:] - 1]])
    on_ground = np.zeros(len(found.xy), dtype=bool)
    on_ground[found.spot[~off_ground[line_of_vertex(lines)]]] = True
    heights = smooth_heights(stations, read, spot, off_ground, on_ground[spot])
    control.stop_if_cancelled()
    climbs = climbs_on(stations, heights.height, pieces.line, pieces.length)
    _tell(elevation, stations, read, heights, off_ground, [ids[k] for k in lines.feature.tolist()], feedback)
    _tell_steep(elevation, climbs.steepest, climbs.steep_metres, stations, ids, lines.feature, feedback)
    return climbs.factor


def _tell(
    elevation: Elevation,
    stations: Stations,
    read: np.ndarray,
    heights: Heights,
    off_ground: np.ndarray,
    names: list[str],
    feedback: QgsProcessingFeedback,
) -> None:
    """Log where heights come from, and warn of roads without any."""
    line, name = stations.line, elevation.name
    empty = np.isnan(read) & ~off_ground[line]
    feedback.pushInfo(
        f"{PARAMETER}: {len(read):,} heights of “{name}” along the roads, {np.nanmin(read):,.1f} to "
        f"{np.nanmax(read):,.1f} m, at most 50 m apart; smoothed over 100 m."
    )
    if off_ground.any():
        feedback.pushInfo(
            f"{PARAMETER}: {len({names[k] for k in np.flatnonzero(off_ground).tolist()})} road(s) are bridges or "
            "tunnels; they rise evenly from one end to the other."
        )
    if not empty.any():
        return
    roads = list(dict.fromkeys(names[k] for k in np.unique(line[empty]).tolist()))
    flat = list(dict.fromkeys(names[k] for k in np.unique(line[np.isnan(heights.height)]).tolist()))
    text = (
        f"{PARAMETER}: “{name}” has no height under {int(empty.sum()):,} of {len(read):,} places on {len(roads)} "
        f"road(s) ({first_of(roads)}): the heights between known ones taken"
    )
    if flat:
        text += f"; {len(flat)} road(s) have none near ({first_of(flat)}) and are taken as flat"
    feedback.pushWarning(text + ". Walking times there may be wrong.")


def _tell_steep(
    elevation: Elevation,
    steepest: np.ndarray,
    steep_metres: float,
    stations: Stations,
    ids: list[str],
    feature: np.ndarray,
    feedback: QgsProcessingFeedback,
) -> None:
    """Warn of slopes that are capped, and of so many steep ones that the heights are hardly metres of the ground."""
    beyond = list(dict.fromkeys(ids[k] for k in feature[steepest > STEEPEST].tolist()))
    if beyond:
        feedback.pushWarning(
            f"{PARAMETER}: {len(beyond)} road(s) have slopes over {STEEPEST:.0%} (up to {np.nanmax(steepest):.0%}; "
            f"{first_of(beyond)}), which are taken for {STEEPEST:.0%}: cuttings, embankments and bridges without a tag "
            "that the raster does not know, or houses and trees in its heights."
        )
    whole = float(stations.along[stations.ends()[1]].sum())
    if steep_metres > MANY_STEEP * whole:
        unit = "; if they are feet, set ELEVATION_UNIT to 1" if elevation.unit == 1.0 else ""
        feedback.pushWarning(
            f"{PARAMETER}: {steep_metres / whole:.0%} of the roads are steeper than {STEEP:.0%} by “{elevation.name}”, "
            f"which hardly any town is. Check that it holds heights of the ground in the unit of ELEVATION_UNIT{unit}."
        )


def walking_network(
    pieces: Pieces,
    roads: Roads,
    source: QgsProcessingFeatureSource,
    factor: np.ndarray,
    options: NetworkOptions,
    feedback: QgsProcessingFeedback,
) -> tuple[RoadNetwork, np.ndarray]:
    """Return the network of walkers, and how much wider each road is with its lanes (:attr:`.ReadNetwork.gain`).

    ``factor`` (p, 2) is what slopes make of the speed on each piece.
    """
    features, count = roads.features, len(roads.features.ids)
    directions = read_directions(count, features.directions, direction_rule(source, options), roads.one_way)
    columns = WidthColumns(
        count, features.widths, features.lanes, (features.lanes_forward, features.lanes_backward),
        roads.classes.lanes if options.use_classes else np.full(count, np.nan), directions.code, roads.not_for_cars,
    )  # fmt: skip
    width, warnings, notes = widths_of(columns, options.beside_cars)
    gain = np.empty(0)
    if options.beside_cars:
        gain = np.maximum(effective_width(widths_of(columns)[0]) / effective_width(width), 1.0)
    for warning in warnings:
        feedback.pushWarning(f"NETWORK: {warning}")
    for note in notes:
        feedback.pushInfo(f"NETWORK: {note}")
    feedback.pushInfo(
        f"TRAVEL_MODE on foot: {options.walking.speed:g} m/s on the flat, both ways on every road; "
        f"{int(roads.steps.sum())} road(s) are steps. "
        + ("Cars and walkers do not hinder each other." if options.beside_cars else "Cars are not on these roads, and "
        "hinder nobody.")
    )  # fmt: skip
    return foot_network(pieces, width, roads.steps, factor, options.walking, features.ids), gain
