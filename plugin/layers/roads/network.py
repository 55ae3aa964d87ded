"""A road layer read as a network; the way in to everything about roads for algorithms."""

from __future__ import annotations

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
)

from ...solvers.control import IsCancelled, Progress, part, stop_if
from ...solvers.roads.components import components
from ...solvers.roads.lengths import with_given_lengths
from ...solvers.roads.levels import level_of_roads
from ...solvers.roads.lines import clean, keep_lines, without
from ...solvers.roads.merging import equal_places
from ...solvers.roads.network import RoadNetwork
from ...solvers.roads.problem import CLOSED_ROAD, NOT_A_ROAD
from ...solvers.roads.splitting import Pieces
from ...solvers.roads.traffic import Traffic, network_of
from ...solvers.roads.wkb import Lines, parse_lines
from ..errors import LayerError
from ..places import NAMED_IN_LOG
from . import working_crs as network_crs
from .attributes import Roads, roads_among, traffic_of
from .barriers import close_roads
from .doubles import without_doubles
from .features import RoadFeatures, read_features
from .joining import join_places
from .options import NetworkOptions, ReadNetwork
from .route_geometry import arcs_geometries, arcs_geometry
from .splitting import split_lines

__all__ = [
    "NetworkOptions",
    "ReadNetwork",
    "arcs_geometries",
    "arcs_geometry",
    "join_places",
    "read_network",
]

MANY_PARTS = 10
FEW_NODES = 0.95
OUTSIDE = "coordinates outside the range of the layer's reference system"


def read_network(
    source: QgsProcessingFeatureSource,
    options: NetworkOptions,
    barriers: QgsProcessingFeatureSource | None,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    progress: Progress,
    cancelled: IsCancelled,
) -> ReadNetwork:
    """Read a line layer as a road network.

    Lines that are no roads for cars and closed roads are left out and given back with the reason, as are roads that
    cannot be used. What lies inside a barrier is cut off at its border, left out and counted.

    Raises
    ------
    LayerError
        No CRS, a missing field, no usable road, or every road closed.
    Cancelled
    """
    name, crs = source.sourceName(), source.sourceCrs()
    if source.featureCount() == 0:  # asked first: an empty file often has no CRS either
        _refuse_empty(name, [], {})
    if not crs.isValid():
        raise LayerError(
            f"NETWORK: “{name}” has no coordinate reference system. Set it in the layer's properties (Source)."
        )
    every = read_features(source, options, part(progress, 0.0, 0.7), cancelled)
    stop_if(cancelled)
    progress(0.7, "Splitting roads")
    roads = roads_among(every, options, name, feedback)
    features = roads.features
    traffic = traffic_of(source, roads, options, feedback)
    drawn, lines, unusable = _usable_lines(features, crs)
    if len(lines) == 0:
        _refuse_empty(name, features.ids, unusable)
    lines = keep_lines(lines, traffic.open()[lines.feature])
    if len(lines) == 0:
        raise LayerError(f"NETWORK: every usable road of “{name}” is closed. Check speeds, capacities and directions.")
    level = level_of_roads(len(features.ids), *features.levels())
    pieces, working, unusable = _pieces(
        lines, level, unusable, features, name, crs, options.tolerance, context, feedback
    )
    if features.lengths is not None:
        pieces, warnings = with_given_lengths(pieces, features.lengths, features.ids, str(options.length_field))
        for warning in warnings:
            feedback.pushWarning(f"LENGTH_FIELD: {warning}")
    stop_if(cancelled)
    progress(0.9, "Building the network")
    rejected = [(features.ids[k], reason) for k, reason in sorted(unusable.items())]
    _log_rejected(name, rejected, feedback)
    network = network_of(pieces, traffic, features.ids)
    network = without_doubles(network, pieces, level, traffic, options.tolerance, name, feedback)
    stop_if(cancelled)
    area, closed = QgsGeometry(), 0
    if barriers is not None:
        network, area, closed = close_roads(network, working, barriers, name, crs, context, feedback)
    _log_network(name, network, feedback)
    progress(1.0, "Building the network")
    where = _some_vertex(drawn, sorted(unusable)) if unusable else np.empty((0, 2))
    left_out, left_out_xy = _left_out(roads, traffic, drawn)
    has_speeds = features.speeds is not None
    return ReadNetwork(
        network, working, rejected, where, left_out, left_out_xy, traffic, closed, name, has_speeds, area, crs
    )


def _left_out(roads: Roads, traffic: Traffic, drawn: Lines) -> tuple[list[tuple[str, str, str]], np.ndarray]:
    """Return the lines that are no roads and the roads that are closed, with a vertex of each."""
    ids = roads.features.ids
    rows = [(NOT_A_ROAD, road, f"no road for cars: {reason}") for road, reason in zip(roads.others.ids, roads.reasons)]
    rows += [(CLOSED_ROAD, ids[k], f"closed: {reason}") for k, reason in sorted(traffic.closed.items())]
    others, _ = parse_lines(roads.others.geometries)
    where = [_some_vertex(others, list(range(len(roads.reasons)))), _some_vertex(drawn, sorted(traffic.closed))]
    return rows, np.concatenate(where)


def _usable_lines(features: RoadFeatures, crs: QgsCoordinateReferenceSystem) -> tuple[Lines, Lines, dict[int, str]]:
    """Return the lines as drawn, those fit for use, and why features lost a line."""
    drawn, not_lines = parse_lines(features.geometries)
    lines, unclean = clean(drawn)
    outside: dict[int, str] = {}
    if crs.isGeographic() and network_crs.in_units(crs, "degrees"):
        lines, outside = without(lines, (np.abs(lines.xy) > [540.0, 90.0]).any(axis=1), OUTSIDE)
    return drawn, lines, {**outside, **unclean, **not_lines}


def _some_vertex(lines: Lines, features: list[int]) -> np.ndarray:
    """Return a vertex (k, 2) of each feature, NaN where it has none of numbers."""
    known = np.isfinite(lines.xy).all(axis=1)
    owner = np.repeat(lines.feature, np.diff(lines.start))[known]
    there, first = np.unique(owner, return_index=True)
    position = dict(zip(there.tolist(), lines.xy[known][first].tolist()))
    return np.array([position.get(k, (np.nan, np.nan)) for k in features], dtype=np.float64).reshape(-1, 2)


def _pieces(
    lines: Lines,
    level: np.ndarray,
    unusable: dict[int, str],
    features: RoadFeatures,
    name: str,
    crs: QgsCoordinateReferenceSystem,
    tolerance: float,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> tuple[Pieces, QgsCoordinateReferenceSystem, dict[int, str]]:
    """Measure the lines, choose the working CRS and split the lines in it."""
    ellipsoid = network_crs.ellipsoid_of(context, crs)
    places, place = equal_places(lines.xy)
    lonlat = network_crs.longitude_latitude(places, crs, ellipsoid, context.transformContext())
    lost = ~np.isfinite(lonlat).all(axis=1)
    if lost.any():
        lines, more = without(lines, lost[place], OUTSIDE)
        unusable = {**more, **unusable}
        if len(lines) == 0:
            _refuse_empty(name, features.ids, unusable)
        return _pieces(lines, level, unusable, features, name, crs, tolerance, context, feedback)
    step = network_crs.step_lengths(lonlat, place, lines.start, ellipsoid)
    working = network_crs.working_crs(crs, places, place, lonlat, step)
    xy = network_crs.transform_vertices(places, crs, working, context.transformContext())
    if not np.isfinite(xy).all():
        raise LayerError(
            f"NETWORK: the roads of “{name}” could not be transformed from {network_crs.name_of(crs)} to "
            f"{network_crs.name_of(working)}. Check that the layer's coordinate reference system is the right one."
        )
    feedback.pushInfo(
        f"NETWORK: working in {network_crs.name_of(working)}; lengths are measured on the ellipsoid {ellipsoid}."
    )
    pieces = split_lines(lines, place, xy, step, level, features.ids, tolerance, feedback)
    return pieces, working, unusable


def _refuse_empty(name: str, ids: list[str], unusable: dict[int, str]) -> None:
    if not ids:
        raise LayerError(f"NETWORK: “{name}” has no features. Choose a layer with roads in it.")
    shown = "; ".join(f"{ids[k]}: {reason}" for k, reason in sorted(unusable.items())[:NAMED_IN_LOG])
    raise LayerError(
        f"NETWORK: none of the {len(ids)} feature(s) of “{name}” can be used as a road ({shown}). "
        "Repair the geometries or choose another line layer."
    )


def _log_rejected(name: str, rejected: list[tuple[str, str]], feedback: QgsProcessingFeedback) -> None:
    if rejected:
        shown = "; ".join(f"{road}: {reason}" for road, reason in rejected[:NAMED_IN_LOG])
        more = f" (and {len(rejected) - NAMED_IN_LOG} more)" if len(rejected) > NAMED_IN_LOG else ""
        feedback.pushWarning(f"NETWORK: {len(rejected)} feature(s) of “{name}” cannot be used: {shown}{more}.")


def _log_network(name: str, network: RoadNetwork, feedback: QgsProcessingFeedback) -> None:
    feedback.pushInfo(
        f"NETWORK: {len(network.road_ids)} roads of “{name}” give {network.node_count} nodes, "
        f"{network.piece_count} pieces and {network.arc_count} directed arcs."
    )
    sizes = np.bincount(components(network, strong=False))
    if len(sizes) > 1:
        text = (
            f"NETWORK: the roads of “{name}” fall into {len(sizes)} parts that are not connected; the largest has "
            f"{sizes[0]} of {network.node_count} nodes. There is no way from one part to another; all places of "
            "a run join one part where they can. Run “Check roads” to see them; a larger TOLERANCE may join them."
        )
        serious = len(sizes) >= MANY_PARTS or sizes[0] < FEW_NODES * network.node_count
        (feedback.pushWarning if serious else feedback.pushInfo)(text)
