"""Roads that somebody closes, for a while or for good: points, lines, polygons, or a table of road ids."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
)

from ...solvers.naming import first_of
from ...solvers.roads.network import BACKWARD_WAY, FORWARD_WAY
from ...solvers.roads.road_closings import BOTH_WAYS
from ..errors import LayerError
from ..moments import MomentColumn, Start, known_seconds, moment_column
from ..shapes import features_of
from ..values import id_text

PARAMETER = "CLOSURES"
FROM_FIELD, TO_FIELD = "CLOSURES_FROM_FIELD", "CLOSURES_TO_FIELD"
ROAD_FIELD, DIRECTION_FIELD = "CLOSURES_ROAD_FIELD", "CLOSURES_DIRECTION_FIELD"
KNOWN_FIELD = "CLOSURES_KNOWN_FIELD"
WAYS = {"": BOTH_WAYS, "both": BOTH_WAYS, "forward": FORWARD_WAY, "backward": BACKWARD_WAY}
MINUTE = 60.0


@dataclass(frozen=True)
class ClosureFields:
    """Fields of the layer, None where there is none."""

    begin: str | None = None
    end: str | None = None
    road: str | None = None
    direction: str | None = None
    known: str | None = None


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
    known : MomentColumn or None
        When each row becomes known; None, and empty values: from the start.
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
    known: MomentColumn | None = None

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

    def known_from(self, start: Start, feedback: QgsProcessingFeedback) -> np.ndarray:
        """Return the seconds (k,) from which each row is known, -inf from the start; see :func:`known_seconds`."""
        return known_seconds(self.known, len(self), start, feedback)

    def only(self, rows: np.ndarray) -> ClosureRows:
        """Return some of the rows (k,), by number."""
        few = rows.tolist()
        begin, end, known = (None if each is None else each.of(few) for each in (self.begin, self.end, self.known))
        return replace(
            self, features=[self.features[k] for k in few], shapes=[self.shapes[k] for k in few],
            road=[self.road[k] for k in few], ways=self.ways[rows], begin=begin, end=end, known=known,
        )  # fmt: skip

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
    rows: list[tuple[str, QgsGeometry, str, int, Any, Any, Any]] = []
    empty = []
    for feature in features_of(source):
        shape = QgsGeometry(feature.geometry()) if feature.hasGeometry() else QgsGeometry()
        road = id_text(feature[fields.road]) if fields.road else ""
        words = f"feature {feature.id()}"
        if not road and (shape.isNull() or shape.isEmpty()):
            empty.append(str(feature.id()))
            continue
        way = _way(feature, fields.direction, name)
        moments = (feature[field] if field else None for field in (fields.begin, fields.end, fields.known))
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
        for column, parameter, field in (
            (4, FROM_FIELD, fields.begin),
            (5, TO_FIELD, fields.end),
            (6, KNOWN_FIELD, fields.known),
        )  # fmt: skip
    ]
    return ClosureRows(
        name, crs, words, [row[1] for row in rows], [row[2] for row in rows],
        np.array([row[3] for row in rows], dtype=np.int8), columns[0], columns[1], fields.road or "", columns[2],
    )  # fmt: skip


def _way(feature: QgsFeature, field: str | None, layer: str) -> int:
    word = id_text(feature[field]).casefold() if field else ""
    if word not in WAYS:
        raise LayerError(
            f"{DIRECTION_FIELD}: feature {feature.id()} of “{layer}” has “{feature[field]}” in the field “{field}”. "
            f"Write forward or backward (as the road is drawn), or both."
        )
    return WAYS[word]
