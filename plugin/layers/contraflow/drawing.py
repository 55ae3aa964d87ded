"""A road layer with the lanes and capacity of each direction, and with turned stretches as features of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from qgis.core import (
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsLineString,
    QgsMultiLineString,
    QgsPoint,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ...solvers.contraflow.turning import Turned
from ...solvers.roads.network import RoadNetwork
from ..fields import Column, make_field
from ..roads.options import ReadNetwork
from ..shapes import features_of
from ..transforming import transform_vertices
from ..values import id_text

WAYS = (
    Column("lanes_forward", "float", "lanes in the direction in which the line was drawn; 0: closed"),
    Column("lanes_backward", "float", "lanes against it; 0: closed"),
    Column("capacity_forward", "float", "vehicles/h in the direction in which the line was drawn; 0: closed"),
    Column("capacity_backward", "float", "vehicles/h against it; 0: closed"),
)
TURNED = (
    Column("turned", "int", "1 where the directions of this part were turned, else 0"),
    Column("step", "int", "step in which it was turned"),
    Column("gain_s", "float", "vehicle-seconds that this step saves"),
)
ROAD_ID = Column("road_id", "text", "road, as in the layer that was read")
SAME = 0.05  # m: vertices so near are the same


class Part(NamedTuple):
    """A stretch of a feature: its part, first and last vertex, and the values of :data:`WAYS` there."""

    line: int
    first: int
    last: int
    values: tuple[float, float, float, float]


class NotDrawn(Exception):
    """A piece of road is not found in the drawing of its feature."""


def id_column(source: QgsProcessingFeatureSource, id_field: str | None) -> str:
    """Return the column that names a road in the output: the layer's own, else one that it does not have."""
    if id_field:
        return id_field
    there = {name.casefold() for name in source.fields().names()}
    return next(name for name in ("road_id", "network_id", "contraflow_id") if name not in there)


def with_ways(source: QgsProcessingFeatureSource, read: ReadNetwork, id_field: str | None) -> QgsVectorLayer:
    """Return the layer with each road's lanes and capacities by direction, nothing turned.

    Lines that are no roads, and closed roads, stay as they are.
    """
    ours = {column.name for column in (*WAYS, *TURNED)}
    kept = [k for k, field in enumerate(source.fields()) if field.name().casefold() not in ours]
    fields = [QgsField(source.fields().at(k)) for k in kept]
    name = id_column(source, id_field)
    added = [] if id_field else [make_field(Column(name, ROAD_ID.kind, ROAD_ID.comment))]
    layer = _layer(source, [*fields, *added, *(make_field(column) for column in (*WAYS, *TURNED))])
    of_row = {row: road for road, row in enumerate(read.rows)}
    features = []
    for row, feature in enumerate(features_of(source)):
        road = of_row.get(row)
        ways: list[Any] = [None] * 4
        if road is not None and read.traffic is not None:
            each = read.traffic.each
            lanes, flow = np.where(each.open[road], [each.lanes[road], each.capacity[road]], 0.0).tolist()
            ways = [*lanes, *flow] if any(lanes) else ways
        made = QgsFeature(layer.fields())
        made.setGeometry(feature.geometry())
        own = [] if id_field else [str(feature.id())]
        made.setAttributes([*(feature.attribute(k) for k in kept), *own, *ways, 0, None, None])
        features.append(made)
    layer.dataProvider().addFeatures(features)
    return layer


def with_turned(
    layer: QgsVectorLayer,
    read: ReadNetwork,
    turned: Turned,
    step: int,
    length_field: str | None,
    context: QgsProcessingContext,
) -> QgsVectorLayer:
    """Return a layer of :func:`with_ways` with the pieces of a stretch turned, each run of them a feature of its own.

    Copies of them that are drawn on top are closed there, so that the first alone says what is open.

    Raises
    ------
    NotDrawn
        When the drawing of a feature does not hold a piece.
    """
    network = read.network
    wanted: dict[int, list[tuple[np.ndarray, tuple[float, ...]]]] = {}
    for k, piece in enumerate(turned.piece.tolist()):
        xy = network.piece_xy[network.piece_start[piece] : network.piece_start[piece + 1]]
        values = (*turned.lanes[k].tolist(), *turned.capacity[k].tolist())
        road = int(network.piece_road[piece])
        wanted.setdefault(read.rows[road], []).append((xy, values))
        for other in _copies(network, piece, road):
            wanted.setdefault(read.rows[other], []).append((xy, (0.0,) * 4))
    out = _layer(layer, list(layer.fields()))
    columns = [layer.fields().indexFromName(column.name) for column in (*WAYS, *TURNED)]
    length = layer.fields().indexFromName(length_field) if length_field else -1
    features = []
    for row, feature in enumerate(layer.getFeatures()):
        if row not in wanted:
            features.append(QgsFeature(feature))
            continue
        lines = _lines(feature.geometry())
        parts = [part for xy, values in wanted[row] for part in _find(lines, xy, values, read, layer, context)]
        features.extend(_split(feature, lines, parts, columns, length, step))
    out.dataProvider().addFeatures(features)
    return out


def say_gain(layer: QgsVectorLayer, step: int, gain: float) -> None:
    """Write what a step saves, in vehicle-seconds, into its features."""
    at, column = layer.fields().indexFromName("step"), layer.fields().indexFromName("gain_s")
    changes = {feature.id(): {column: gain} for feature in layer.getFeatures() if feature.attribute(at) == step}
    layer.dataProvider().changeAttributeValues(changes)


def _layer(source: Any, fields: Sequence[QgsField]) -> QgsVectorLayer:
    crs = source.sourceCrs() if isinstance(source, QgsProcessingFeatureSource) else source.crs()
    name = source.sourceName() if isinstance(source, QgsProcessingFeatureSource) else source.name()
    kind = QgsWkbTypes.displayString(QgsWkbTypes.linearType(source.wkbType()))
    layer = QgsVectorLayer(f"{kind}?crs={crs.authid()}", name, "memory")
    layer.setCrs(crs)
    layer.dataProvider().addAttributes(list(fields))
    layer.updateFields()
    return layer


def _copies(network: RoadNetwork, piece: int, road: int) -> list[int]:
    """Return the other roads drawn along a piece."""
    rows = network.copies[network.copies[:, 0] == piece]
    return [int(other) for other in rows[:, 1].tolist() if other != road]


def _lines(geometry: QgsGeometry) -> list[list[QgsPoint]]:
    """Return the vertices of each line of a geometry."""
    straight = QgsGeometry(geometry.constGet().segmentize())
    return [list(part.vertices()) for part in straight.constParts()]


def _find(
    lines: list[list[QgsPoint]],
    xy: np.ndarray,
    values: tuple[float, ...],
    read: ReadNetwork,
    layer: QgsVectorLayer,
    context: QgsProcessingContext,
) -> list[Part]:
    """Return where a piece lies in its feature."""
    for number, line in enumerate(lines):
        at = np.array([[point.x(), point.y()] for point in line])
        own = transform_vertices(at, layer.crs(), read.crs, context.transformContext())
        keep = np.r_[True, np.hypot(*np.diff(own, axis=0).T) > 0]  # as reading leaves out repeated vertices
        index, own = np.flatnonzero(keep), own[keep]
        for flipped in (False, True):
            ends = xy[::-1] if flipped else xy
            first = _near(own, ends[0])
            last = _near(own, ends[-1])
            for i in first.tolist():
                for j in last[last > i].tolist():
                    if j - i == len(xy) - 1 and np.hypot(*(own[i : j + 1] - ends).T).max() <= SAME:
                        given = values if not flipped else (values[1], values[0], values[3], values[2])
                        return [Part(number, int(index[i]), int(index[j]), given)]  # type: ignore[arg-type]
    raise NotDrawn


def _near(own: np.ndarray, place: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.hypot(*(own - place).T) <= SAME)


def _split(
    feature: QgsFeature, lines: list[list[QgsPoint]], parts: list[Part], columns: list[int], length: int, step: int
) -> list[QgsFeature]:
    """Return a feature cut at the ends of its turned parts; neighbours with the same values are one."""
    out = []
    total = sum(_metres(line) for line in lines)
    multi = QgsWkbTypes.isMultiType(feature.geometry().wkbType())
    for number, line in enumerate(lines):
        own = sorted(part for part in parts if part.line == number)
        joined: list[Part] = []
        for part in own:
            if joined and joined[-1].last == part.first and joined[-1].values == part.values:
                joined[-1] = joined[-1]._replace(last=part.last)
            else:
                joined.append(part)
        at = 0
        stretches: list[tuple[int, int, tuple[float, ...] | None]] = []
        for part in joined:
            if part.first > at:
                stretches.append((at, part.first, None))
            stretches.append((part.first, part.last, part.values))
            at = part.last
        if at < len(line) - 1:
            stretches.append((at, len(line) - 1, None))
        for first, last, values in stretches:
            made = QgsFeature(feature)
            drawn = QgsLineString(line[first : last + 1])
            shape: Any = drawn
            if multi:
                shape = QgsMultiLineString()
                shape.addGeometry(drawn)
            made.setGeometry(QgsGeometry(shape))
            if values is not None:
                for column, value in zip(columns, (*values, 1, step, None)):
                    made.setAttribute(column, value)
            if length >= 0 and isinstance(feature.attribute(length), (int, float)) and total > 0:
                made.setAttribute(length, feature.attribute(length) * _metres(line[first : last + 1]) / total)
            out.append(made)
    return out


def _metres(line: list[QgsPoint]) -> float:
    xy = np.array([[point.x(), point.y()] for point in line])
    return float(np.hypot(*np.diff(xy, axis=0).T).sum())


def road_of(feature: QgsFeature, column: str) -> str:
    """Return the id of a feature's road."""
    return id_text(feature[column])
