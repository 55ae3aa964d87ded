"""A road layer read as a network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
)

from ...solvers.control import Control
from ...solvers.graph.components import components
from ...solvers.modes import BY_CAR, ON_FOOT
from ...solvers.roads.edge_list import straight_network
from ...solvers.roads.kinds import road_kinds
from ...solvers.roads.lengths import with_given_lengths
from ...solvers.roads.levels import level_of_roads
from ...solvers.roads.network import RoadNetwork
from ...solvers.roads.problem import CLOSED_ROAD, NOT_A_ROAD
from ...solvers.roads.taken_out import TakenOut
from ...solvers.roads.traffic import Traffic, network_of
from ...solvers.roads.wkb import Lines, parse_lines
from ..closing.danger import DangerLayers, danger_on
from ..transforming import transform_vertices
from .attributes import FOR, Roads, roads_among, traffic_of
from .barriers import close_roads
from .doubles import warn_of_open_copies, without_doubles
from .features import REF, RoadFeatures, read_features
from .measured import check_layer, measured_lines, split_lines
from .options import NetworkOptions, ReadNetwork
from .walking import slopes_of, walking_network

MANY_PARTS = 10
NO_DANGER = DangerLayers()
FEW_NODES = 0.95


def read_network(
    source: QgsProcessingFeatureSource,
    options: NetworkOptions,
    barriers: QgsProcessingFeatureSource | None,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
    danger: DangerLayers = NO_DANGER,
) -> ReadNetwork:
    """Read a line layer as a road network.

    Lines that are no roads for the mode of travel and closed roads are left out and given back with the reason, as are
    roads that cannot be used. What lies inside a barrier is cut off at its border, left out and counted, and so is what
    ``danger`` closes for good from the beginning.

    Raises
    ------
    LayerError
        No CRS, a missing field, no usable road, or every road closed.
    Cancelled
    """
    check_layer(source)
    every = read_features(source, options, control.part(0.0, 0.7))
    control.stop_if_cancelled()
    return _network_of(every, source, options, barriers, context, feedback, control.part(0.7, 1.0), danger)


def read_both_networks(
    source: QgsProcessingFeatureSource,
    options: NetworkOptions,
    barriers: QgsProcessingFeatureSource | None,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
    danger: DangerLayers = NO_DANGER,
) -> tuple[ReadNetwork, ReadNetwork]:
    """Read a line layer once, as the network of cars and as that of walkers, both in one working CRS.

    :meth:`.options.ReadNetwork.arc_rows` tells of each which feature of the layer an arc lies on. Arguments and errors
    as in :func:`read_network`; the mode of ``options`` plays no part.
    """
    check_layer(source)
    every = read_features(source, options.in_mode(ON_FOOT), control.part(0.0, 0.6))
    control.stop_if_cancelled()
    car = _network_of(
        every, source, options.in_mode(BY_CAR), barriers, context, feedback, control.part(0.6, 0.8), danger
    )
    foot = _network_of(
        every, source, options.in_mode(ON_FOOT), barriers, context, feedback, control.part(0.8, 1.0), danger, car.crs
    )
    return car, foot


def _network_of(
    every: RoadFeatures,
    source: QgsProcessingFeatureSource,
    options: NetworkOptions,
    barriers: QgsProcessingFeatureSource | None,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
    danger: DangerLayers,
    working: QgsCoordinateReferenceSystem | None = None,
) -> ReadNetwork:
    """Return the network of a layer's features for one mode, in the CRS ``working`` where one is given."""
    name, crs = source.sourceName(), source.sourceCrs()
    control.progress(0.0, "Splitting roads")
    roads = roads_among(every, options, name, feedback)
    features = roads.features
    traffic = traffic_of(source, roads, options, feedback)
    control.stop_if_cancelled()
    found = measured_lines(features, traffic, name, crs, context, feedback, working)
    drawn, working, unusable = found.drawn, found.crs, found.unusable
    control.stop_if_cancelled()
    level = level_of_roads(len(features.ids), *features.levels())
    pieces = split_lines(found, level, features.ids, options.tolerance, feedback, control)
    factor = slopes_of(found, pieces, level, features.ids, options, context, feedback, control)
    if features.lengths is not None:
        pieces, warnings = with_given_lengths(pieces, features.lengths, features.ids, str(options.length_field))
        for warning in warnings:
            feedback.pushWarning(f"LENGTH_FIELD: {warning}")
    control.stop_if_cancelled()
    control.progress(0.67, "Building the network")
    rejected = [(features.ids[k], reason) for k, reason in sorted(unusable.items())]
    gain = np.empty(0)
    if options.on_foot:
        network, gain = walking_network(pieces, roads, source, factor, options, feedback)
    else:
        network = network_of(pieces, traffic, features.ids)
    control.stop_if_cancelled()
    network = without_doubles(network, pieces, level, traffic, options.tolerance, name, feedback)
    network = _scaled(network, options.capacity_factor, feedback)
    if traffic.closed:
        there = replace(drawn, xy=transform_vertices(drawn.xy, crs, working, context.transformContext()))
        warn_of_open_copies(network, there, list(traffic.closed), options.tolerance, name, feedback)
    control.stop_if_cancelled()
    area, closed, taken = QgsGeometry(), 0, TakenOut.none()
    if barriers is not None:
        network, area, closed, taken = close_roads(network, working, barriers, name, crs, context, feedback)
    control.stop_if_cancelled()
    kinds = road_kinds(
        len(features.ids), features.classes, *features.levels()[1:], features.names, features.tags.get(REF)
    )
    network, on_roads = danger_on(network, working, name, kinds.names, danger, taken, context, feedback)
    control.stop_if_cancelled()
    _log_network(name, network, feedback)
    control.progress(1.0, "Building the network")
    where = _some_vertex(drawn, sorted(unusable)) if unusable else np.empty((0, 2))
    left_out, left_out_xy = _left_out(roads, traffic, drawn, options.travel_mode)
    has_speeds = features.speeds is not None and not options.on_foot
    return ReadNetwork(
        network,
        working,
        rejected,
        where,
        left_out,
        left_out_xy,
        traffic,
        closed,
        name,
        has_speeds,
        area,
        crs,
        0.0 if options.on_foot else options.junction_delay,
        kinds,
        on_roads,
        list(features.rows or []),
        options.on_foot,
        gain=gain,
    )


def no_roads(source: QgsProcessingFeatureSource) -> ReadNetwork:
    """Return the network of a layer without features, on which nobody can travel."""
    crs = source.sourceCrs() if source.sourceCrs().isValid() else QgsCoordinateReferenceSystem("EPSG:4326")
    none = straight_network(np.empty((0, 2)), np.empty(0), np.empty(0))
    return ReadNetwork(none, crs, [], layer=source.sourceName(), layer_crs=crs)


def _left_out(roads: Roads, traffic: Traffic, drawn: Lines, mode: int) -> tuple[list[tuple[str, str, str]], np.ndarray]:
    """Return the lines that are no roads and the roads that are closed, with a vertex of each."""
    ids = roads.features.ids
    pairs = zip(roads.others.ids, roads.reasons)
    rows = [(NOT_A_ROAD, road, f"no road {FOR[mode]}: {reason}") for road, reason in pairs]
    rows += [(CLOSED_ROAD, ids[k], f"closed: {reason}") for k, reason in sorted(traffic.closed.items())]
    others, _ = parse_lines(roads.others.geometries)
    where = [_some_vertex(others, list(range(len(roads.reasons)))), _some_vertex(drawn, sorted(traffic.closed))]
    return rows, np.concatenate(where)


def _some_vertex(lines: Lines, features: list[int]) -> np.ndarray:
    """Return a vertex (k, 2) of each feature, NaN where it has none of numbers."""
    known = np.isfinite(lines.xy).all(axis=1)
    owner = np.repeat(lines.feature, np.diff(lines.start))[known]
    there, first = np.unique(owner, return_index=True)
    position = dict(zip(there.tolist(), lines.xy[known][first].tolist()))
    return np.array([position.get(k, (np.nan, np.nan)) for k in features], dtype=np.float64).reshape(-1, 2)


def _scaled(network: RoadNetwork, factor: float, feedback: QgsProcessingFeedback) -> RoadNetwork:
    """Return the network with every capacity times the factor."""
    if factor == 1.0:
        return network
    feedback.pushInfo(f"CAPACITY_FACTOR: every capacity of a road times {factor:g}.")
    return replace(network, capacity=factor * network.capacity)


def _log_network(name: str, network: RoadNetwork, feedback: QgsProcessingFeedback) -> None:
    feedback.pushInfo(
        f"NETWORK: {len(network.road_ids)} roads of “{name}” give {network.node_count} nodes, "
        f"{network.piece_count} pieces and {network.arc_count} directed arcs."
    )
    sizes = np.bincount(components(network.node_count, network.tail, network.head, strong=False))
    if len(sizes) > 1:
        text = (
            f"NETWORK: the roads of “{name}” fall into {len(sizes)} parts that are not connected; the largest has "
            f"{sizes[0]} of {network.node_count} nodes. There is no way from one part to another; most places "
            "of a run join one part where they can. Run “Check roads” to see them; a larger TOLERANCE may join them."
        )
        serious = len(sizes) >= MANY_PARTS or sizes[0] < FEW_NODES * network.node_count
        (feedback.pushWarning if serious else feedback.pushInfo)(text)
