"""A road layer mended: its lines and attributes as they are to be written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import (
    QgsFeatureRequest,
    QgsField,
    QgsGeometry,
    QgsLineString,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
)

from ...solvers.control import Control
from ...solvers.naming import NAMED_IN_LOG
from ...solvers.roads.levels import level_codes, level_of_roads, part_crossings
from ...solvers.roads.mended import Row, rows_of
from ...solvers.roads.mending import Drawing, MendingRules, mend_lines
from ...solvers.roads.splitting import SpotLines, split
from ...solvers.roads.wkb import Lines
from ..shapes import features_of
from ..transforming import transform_vertices
from ..values import id_text
from .attributes import roads_among, traffic_of
from .features import LOOK_EVERY, RoadFeatures, read_features
from .measured import check_layer, measured_lines
from .mended_values import ValueWriter
from .options import NetworkOptions

MENDED, ROAD_ID = "mended", "road_id"
GIVEN_ANEW = ("fid", ROAD_ID, MENDED)


@dataclass(frozen=True)
class MendedRoads:
    """A mended layer, ready to be written.

    Attributes
    ----------
    rows : dict of int to list
        For each feature of the layer, by position: (geometry, new attributes by field index, what was done) of the
        features to write in its spot. Features without an entry are written as they are.
    dropped : set of int
        Positions of the features that are left out.
    split, joined, removed : int
        Roads cut, ends joined, roads left out in whole or in part.
    ids : list of str
        The ids of all features, by position.
    """

    rows: dict[int, list[tuple[QgsGeometry, dict[int, Any], str]]]
    dropped: set[int]
    split: int
    joined: int
    removed: int
    ids: list[str]


def mend_roads(
    source: QgsProcessingFeatureSource,
    options: NetworkOptions,
    mending: MendingRules,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> MendedRoads:
    """Mend the roads of a layer; lines that are no roads for cars and closed roads stay as they are.

    Raises
    ------
    LayerError
        As :func:`.network.read_network`.
    Cancelled
    """
    check_layer(source)
    name, crs = source.sourceName(), source.sourceCrs()
    every = read_features(source, options, control.part(0.0, 0.5))
    roads = roads_among(every, options, name, feedback)
    features = roads.features
    traffic = traffic_of(source, roads, options, feedback)
    found = measured_lines(features, traffic, name, crs, context, feedback)
    control.stop_if_cancelled()
    control.progress(0.6, "Mending roads")
    level = level_of_roads(len(features.ids), *features.levels())
    codes = level_codes(level)
    spot, origin, apart = part_crossings(found.lines, found.spot, found.xy, level)
    drawn = SpotLines(found.lines, spot, found.xy[origin], found.step)
    drawing = mend_lines(drawn, options.tolerance, codes, mending, apart, control)
    drawn = SpotLines(drawing.lines, drawing.at, drawing.spots, drawing.step)
    pieces = split(drawn, options.tolerance, codes, apart, control)
    control.stop_if_cancelled()
    control.progress(0.8, "Mending roads")
    writer = ValueWriter(source, features, traffic, options)
    rows, removed = rows_of(
        drawing, pieces, codes, traffic, options.tolerance, mending.remove_doubles, writer.can_say, control
    )
    heights = _heights(found.lines, spot, drawing)
    new = transform_vertices(drawing.spots[len(origin) :], found.crs, crs, context.transformContext())
    where = np.concatenate([found.spots[origin], new])
    written: dict[int, list[tuple[QgsGeometry, dict[int, Any], str]]] = {}
    position = features.rows or []
    of_feature: dict[int, int] = {}
    for row in rows:
        of_feature[row.feature] = of_feature.get(row.feature, 0) + 1
    for number, row in enumerate(rows):
        if number % LOOK_EVERY == 0:
            control.stop_if_cancelled()
        z = [heights.get((row.feature, p), np.nan) for p in row.spot.tolist()] if heights else None
        shape = _line(where[row.spot], z)
        done = _done(row, drawing, features, _is_split(row, of_feature))
        written.setdefault(position[row.feature], []).append((shape, writer.changed(row), done))
    dropped = {position[k] for k in removed | set(found.unusable)} - set(written)
    split_roads = {row.feature for row in rows if _is_split(row, of_feature)}
    return MendedRoads(written, dropped, len(split_roads), drawing.ends, len(removed), every.ids)


def _is_split(row: Row, of_feature: dict[int, int]) -> bool:
    """Whether a feature was cut and several come from it."""
    return row.was_cut and of_feature[row.feature] > 1


def _done(row: Row, drawing: Drawing, features: RoadFeatures, is_split: bool) -> str:
    """Say what was done to a feature."""
    said = []
    if is_split:
        said.append("split")
    if row.feature in drawing.moved:
        said.append("end joined")
    if row.merged:
        named = ", ".join(features.ids[k] for k in row.merged[:NAMED_IN_LOG])
        said.append(f"merged with {named}" + (" and more" if len(row.merged) > NAMED_IN_LOG else ""))
    return "; ".join(said)


def _heights(lines: Lines, spot: np.ndarray, drawing: Drawing) -> dict[tuple[int, int], float]:
    """Return the height of each vertex by feature and spot, in proportion between drawn ones; empty without any."""
    if lines.z is None:
        return {}
    feature = np.repeat(lines.feature, np.diff(lines.start))
    known = dict(zip(zip(feature.tolist(), spot.tolist()), lines.z.tolist()))
    for k, road in enumerate(drawing.lines.feature.tolist()):
        low, high = drawing.lines.start[k], drawing.lines.start[k + 1]
        keys = [(road, p) for p in drawing.at[low:high].tolist()]
        z = np.array([known.get(key, np.nan) for key in keys])
        there = np.isfinite(z)
        if there.any() and not there.all():
            metres = np.concatenate([[0.0], np.cumsum(drawing.step[low : high - 1])])
            known.update(zip(keys, np.interp(metres, metres[there], z[there]).tolist()))
    return known


def _line(xy: np.ndarray, z: list[float] | None) -> QgsGeometry:
    if z is None:
        return QgsGeometry(QgsLineString(xy[:, 0].tolist(), xy[:, 1].tolist()))
    return QgsGeometry(QgsLineString(xy[:, 0].tolist(), xy[:, 1].tolist(), z))


def output_fields(source: QgsProcessingFeatureSource) -> list[QgsField]:
    """Return the layer's fields without those given anew, “fid” among them, which may not be repeated."""
    return [field for field in source.fields().toList() if field.name().lower() not in GIVEN_ANEW]


def written_features(
    source: QgsProcessingFeatureSource, mended: MendedRoads, control: Control
) -> Iterator[tuple[QgsGeometry, list[Any]]]:
    """Yield (geometry, values) of the mended layer: the fields of :func:`output_fields`, then road_id, then mended."""
    fields = source.fields()
    names = [name.lower() for name in fields.names()]
    kept = [k for k, name in enumerate(names) if name not in GIVEN_ANEW]
    own_id = names.index(ROAD_ID) if ROAD_ID in names else -1
    before = names.index(MENDED) if MENDED in names else -1
    for position, feature in enumerate(features_of(source, QgsFeatureRequest())):
        if position % LOOK_EVERY == 0:
            control.stop_if_cancelled()
        if position in mended.dropped:
            continue
        values = feature.attributes()
        for shape, changed, done in mended.rows.get(position) or [(feature.geometry(), {}, "")]:
            changed_values = [changed.get(k, values[k]) for k in kept]
            road = id_text(values[own_id]) if own_id >= 0 else mended.ids[position]
            said = [text for text in (id_text(values[before]) if before >= 0 else "", done) if text]
            yield shape, [*changed_values, road, "; ".join(said)]
