"""Roads that somebody closes, for a while or for good: points, lines, polygons, or a table of road ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsWkbTypes,
)

from ...solvers.naming import first_of
from ...solvers.roads.areas_along import stretches_inside
from ...solvers.roads.closure_places import pieces_at_points, pieces_on_lines
from ...solvers.roads.network import BACKWARD_WAY, FORWARD_WAY, RoadNetwork
from ...solvers.roads.road_closings import BOTH_WAYS, PieceParts, RoadClosings
from ..errors import LayerError
from ..mending import polygons_of
from ..moments import MomentColumn, Start, moment_column
from ..shapes import features_of
from ..transforming import transform_vertices, transformed
from ..values import id_text

PARAMETER = "CLOSURES"
FROM_FIELD, TO_FIELD = "CLOSURES_FROM_FIELD", "CLOSURES_TO_FIELD"
ROAD_FIELD, DIRECTION_FIELD = "CLOSURES_ROAD_FIELD", "CLOSURES_DIRECTION_FIELD"
WAYS = {"": BOTH_WAYS, "both": BOTH_WAYS, "forward": FORWARD_WAY, "backward": BACKWARD_WAY}
MINUTE = 60.0
_KIND = QgsWkbTypes.GeometryType


@dataclass(frozen=True)
class ClosureFields:
    """Fields of the layer, None where there is none."""

    begin: str | None = None
    end: str | None = None
    road: str | None = None
    direction: str | None = None


@dataclass(frozen=True)
class ClosureRows:
    """The rows of a layer of closures.

    Attributes
    ----------
    name : str
        The layer's name.
    crs : QgsCoordinateReferenceSystem
    features : list of str
        Words that name each row, such as "feature 3".
    shapes : list of QgsGeometry
        Null where a row closes the road that it names.
    road : list of str
        That road's id, "" for a row that closes what its geometry means.
    ways : (k,) int8
        Directions that are closed (bits of :mod:`...solvers.roads.network`).
    begin, end : MomentColumn or None
        From when and until when; None, and empty values: always.
    road_field : str
        For messages.
    """

    name: str
    crs: QgsCoordinateReferenceSystem
    features: list[str]
    shapes: list[QgsGeometry]
    road: list[str]
    ways: np.ndarray
    begin: MomentColumn | None
    end: MomentColumn | None
    road_field: str

    def __len__(self) -> int:
        return len(self.features)

    @property
    def moments(self) -> list[MomentColumn]:
        """The columns of moments there are."""
        return [column for column in (self.begin, self.end) if column is not None]

    @property
    def timed(self) -> bool:
        """Whether any row has a moment."""
        return any(moment is not None for column in self.moments for moment in column.moments)

    def windows(self, start: Start, feedback: QgsProcessingFeedback) -> tuple[np.ndarray, np.ndarray]:
        """Return the seconds (k,) from which and until before which each row closes its roads.

        Those that begin by t = 0 begin at -inf; an end more than 30 days later is infinite.

        Raises
        ------
        LayerError
            A closure that ends before it begins, or a moment far from t = 0.
        """
        nothing = np.full(len(self), np.nan)
        since = nothing if self.begin is None else self.begin.seconds(start, feedback)
        until = nothing if self.end is None else self.end.seconds(start, feedback, late_is_never=True)
        wrong = np.flatnonzero(until <= since)
        if len(wrong) and self.begin is not None and self.end is not None:
            k = int(wrong[0])
            raise LayerError(
                f"{TO_FIELD}: {self.features[k]} of “{self.name}” opens again at {start.text(float(until[k]))} "
                f"(“{self.end.field}”), not after it closes at {start.text(float(since[k]))} (“{self.begin.field}”). "
                f"Correct one of the two."
            )
        since = np.where(np.isnan(since) | (since <= 0.0), -np.inf, since)
        return since, np.where(np.isnan(until), np.inf, until)


def read_closures(
    source: QgsProcessingFeatureSource, fields: ClosureFields, feedback: QgsProcessingFeedback
) -> ClosureRows:
    """Read a layer of closures; rows without a geometry and without a road are passed over with a warning.

    Raises
    ------
    LayerError
        No reference system, a direction that is none, a moment that is none.
    """
    name, crs = source.sourceName(), source.sourceCrs()
    rows: list[tuple[str, QgsGeometry, str, int, Any, Any]] = []
    empty = []
    for feature in features_of(source):
        shape = QgsGeometry(feature.geometry()) if feature.hasGeometry() else QgsGeometry()
        road = id_text(feature[fields.road]) if fields.road else ""
        words = f"feature {feature.id()}"
        if not road and (shape.isNull() or shape.isEmpty()):
            empty.append(str(feature.id()))
            continue
        way = _way(feature, fields.direction, name)
        moments = (feature[field] if field else None for field in (fields.begin, fields.end))
        rows.append((words, QgsGeometry() if road else shape, road, way, *moments))
    if empty:
        feedback.pushWarning(
            f"{PARAMETER}: {len(empty)} row(s) of “{name}” have neither a geometry nor a road ({ROAD_FIELD}) and close "
            f"nothing: {first_of(empty)}."
        )
    if any(not row[2] for row in rows) and not crs.isValid():
        raise LayerError(
            f"{PARAMETER}: “{name}” has no coordinate reference system. Set it in the layer's properties (Source)."
        )
    words = [row[0] for row in rows]
    columns = [
        moment_column([row[column] for row in rows], words, parameter, name, field, MINUTE) if field else None
        for column, parameter, field in ((4, FROM_FIELD, fields.begin), (5, TO_FIELD, fields.end))
    ]
    return ClosureRows(
        name, crs, words, [row[1] for row in rows], [row[2] for row in rows],
        np.array([row[3] for row in rows], dtype=np.int8), columns[0], columns[1], fields.road or "",
    )  # fmt: skip


def _way(feature: QgsFeature, field: str | None, layer: str) -> int:
    word = id_text(feature[field]).casefold() if field else ""
    if word not in WAYS:
        raise LayerError(
            f"{DIRECTION_FIELD}: feature {feature.id()} of “{layer}” has “{feature[field]}” in the field “{field}”. "
            f"Write forward or backward (as the road is drawn), or both."
        )
    return WAYS[word]


def closed_stretches(
    rows: ClosureRows,
    network: RoadNetwork,
    crs: QgsCoordinateReferenceSystem,
    layer: str,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> RoadClosings:
    """Return the stretches of road that each row closes, for the moment without their times; ``cause`` is the row.

    Parameters
    ----------
    crs
        The working CRS of the network.
    layer
        The road layer's name.

    Raises
    ------
    LayerError
        When the layer cannot be transformed, or none of its roads is in the network.
    """
    groups = [_by_id(rows, network, layer, feedback)]
    for kind, find in (
        (_KIND.PolygonGeometry, _by_area),
        (_KIND.LineGeometry, _by_line),
        (_KIND.PointGeometry, _by_point),
    ):
        own = [k for k, shape in enumerate(rows.shapes) if not rows.road[k] and shape.type() == kind]
        if own:
            found, parts = find(rows, np.array(own), network, crs, context)
            groups.append(RoadClosings.of_parts(network, parts, -np.inf, ways=rows.ways[found], cause=found))
    closed = RoadClosings.together(groups)
    idle = np.setdiff1d(np.arange(len(rows)), closed.cause)
    if len(idle):
        feedback.pushWarning(
            f"{PARAMETER}: {len(idle)} row(s) of “{rows.name}” close no road: "
            f"{first_of([rows.features[k] for k in idle.tolist()])}. A polygon must meet a road, a line run along one "
            f"or cross it between junctions, a point lie within 15 m of one."
        )
    return closed


def _by_id(rows: ClosureRows, network: RoadNetwork, layer: str, feedback: QgsProcessingFeedback) -> RoadClosings:
    """Return the roads that rows name; of those drawn on top of each other what only they open."""
    lines: dict[str, list[int]] = {}
    for k, road in enumerate(network.road_ids):
        lines.setdefault(road, []).append(k)
    named = [k for k, road in enumerate(rows.road) if road]
    unknown = [rows.road[k] for k in named if rows.road[k] not in lines]
    if unknown:
        text = (
            f"{ROAD_FIELD}: {len(unknown)} road(s) of “{rows.name}” are not in “{layer}”: {first_of(unknown)} (the "
            f"network has {first_of(sorted(set(network.road_ids))[:3])}). Check “{rows.road_field}” and "
            f"NETWORK_ID_FIELD."
        )
        if len(unknown) == len(rows):
            raise LayerError(text)
        feedback.pushWarning(text)
    own, others = _openings(network)
    groups = []
    still = set()
    for k in named:
        for road in lines.get(rows.road[k], []):
            piece, ways = own.get(road, (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int8)))
            closed = ways & rows.ways[k]
            kept = closed & others(piece, road)
            if kept.any():
                still.add(rows.road[k])
            closed = closed & ~kept
            piece, closed = piece[closed > 0], closed[closed > 0]
            parts = PieceParts(piece, np.zeros(len(piece)), np.ones(len(piece)))
            groups.append(RoadClosings.of_parts(network, parts, -np.inf, ways=closed, cause=k))
    if still:
        feedback.pushWarning(
            f"{ROAD_FIELD}: {len(still)} closed road(s) of “{rows.name}” are drawn on top of a road that stays open, "
            f"so that people still drive there: {first_of(sorted(still))}. Close every copy, or draw the closure."
        )
    return RoadClosings.together(groups)


def _openings(network: RoadNetwork) -> tuple[dict[int, tuple[np.ndarray, np.ndarray]], Any]:
    """Return the pieces of each road with the directions that it opens, and what tells those of its copies."""
    merged = np.zeros(network.piece_count, dtype=bool)
    merged[network.copies[:, 0]] = True
    single = np.flatnonzero(~merged)
    piece = np.concatenate([single, network.copies[:, 0]])
    road = np.concatenate([network.piece_road[single], network.copies[:, 1]]).astype(np.int64)
    ways = np.concatenate([np.full(len(single), BOTH_WAYS), network.copies[:, 2]]).astype(np.int8)
    order = np.lexsort((piece, road))
    few, first = np.unique(road[order], return_index=True)
    last = np.append(first[1:], len(order))
    own = {key: (piece[order[a:b]], ways[order[a:b]]) for key, a, b in zip(few.tolist(), first.tolist(), last.tolist())}
    several: dict[int, list[tuple[int, int]]] = {}
    for at, other, way in network.copies.tolist():
        several.setdefault(at, []).append((other, way))

    def others(pieces: np.ndarray, road: int) -> np.ndarray:
        out = np.zeros(len(pieces), dtype=np.int8)
        for k, at in enumerate(pieces.tolist()):
            for other, way in several.get(at, ()):
                out[k] |= way if other != road else 0
        return out

    return own, others


def _by_area(
    rows: ClosureRows,
    own: np.ndarray,
    network: RoadNetwork,
    crs: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
) -> tuple[np.ndarray, PieceParts]:
    shapes = [bytes(polygons_of(_moved(rows, k, crs, context)).asWkb().data()) for k in own.tolist()]
    area, parts = stretches_inside(network, shapes, border=False)
    return own[area], parts


def _by_line(
    rows: ClosureRows,
    own: np.ndarray,
    network: RoadNetwork,
    crs: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
) -> tuple[np.ndarray, PieceParts]:
    shapes = [bytes(_moved(rows, k, crs, context).asWkb().data()) for k in own.tolist()]
    line, piece = pieces_on_lines(network, shapes)
    return own[line], PieceParts(piece, np.zeros(len(piece)), np.ones(len(piece)))


def _by_point(
    rows: ClosureRows,
    own: np.ndarray,
    network: RoadNetwork,
    crs: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
) -> tuple[np.ndarray, PieceParts]:
    points = [[(v.x(), v.y()) for v in rows.shapes[k].vertices()] for k in own.tolist()]
    row = np.repeat(own, [len(several) for several in points])
    xy = np.array([point for several in points for point in several], dtype=float).reshape(-1, 2)
    moved = transform_vertices(xy, rows.crs, crs, context.transformContext())
    known = np.flatnonzero(np.isfinite(moved).all(axis=1))
    point, piece = pieces_at_points(network, moved[known])
    return row[known[point]], PieceParts(piece, np.zeros(len(piece)), np.ones(len(piece)))


def _moved(rows: ClosureRows, k: int, crs: QgsCoordinateReferenceSystem, context: QgsProcessingContext) -> QgsGeometry:
    shape = QgsGeometry(rows.shapes[k].constGet().segmentize())
    try:
        return transformed(shape, rows.crs, crs, context.transformContext())
    except LayerError as error:
        raise LayerError(f"{PARAMETER}: {rows.features[k]} of “{rows.name}”: {error}.") from error
