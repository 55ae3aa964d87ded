"""The layers that say where a hazard is and when it comes: polygons, or a raster of arrivals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsRasterLayer,
    QgsRectangle,
    QgsWkbTypes,
)

from ..errors import LayerError
from ..moments import MomentColumn, Start, known_seconds, moment_column
from ..positions import shapes_of
from .arrival_raster import check_raster, reached_area, read_raster

PARAMETER, TIME_FIELD, KNOWN_FIELD = "HAZARD", "HAZARD_TIME_FIELD", "HAZARD_KNOWN_FIELD"
MINUTE = 60.0


@dataclass(frozen=True)
class HazardLayers:
    """A hazard as its layers give it.

    Attributes
    ----------
    source : QgsProcessingFeatureSource or None
        Polygons; None for a raster.
    shapes : list of QgsGeometry
        Its valid polygons, in its own reference system.
    arrival : MomentColumn or None
        When each of them becomes dangerous; None where no field says it.
    raster : QgsRasterLayer or None
    unit : float
        Seconds of the raster's unit.
    buffer : float
        Metres around the hazard that are to be left, too.
    known : MomentColumn or None
        When each polygon becomes known; None, empty values and rasters: from the start.
    """

    source: QgsProcessingFeatureSource | None
    shapes: list[QgsGeometry]
    arrival: MomentColumn | None
    raster: QgsRasterLayer | None
    unit: float
    buffer: float
    known: MomentColumn | None = None

    @property
    def parameter(self) -> str:
        """Name of the parameter that gives it."""
        return PARAMETER if self.raster is None else "HAZARD_RASTER"

    @property
    def name(self) -> str:
        """The layer's name."""
        return str(self.raster.name() if self.source is None else self.source.sourceName())

    @property
    def crs(self) -> QgsCoordinateReferenceSystem:
        """The layer's reference system."""
        return self.raster.crs() if self.source is None else self.source.sourceCrs()

    @property
    def extent(self) -> QgsRectangle:
        """The box around it in its own reference system."""
        return self.raster.extent() if self.source is None else self.source.sourceExtent()

    @property
    def moves(self) -> bool:
        """Whether any of it has a moment at which it comes."""
        if self.raster is not None:
            return True
        return self.arrival is not None and any(moment is not None for moment in self.arrival.moments)

    def known_from(self, start: Start, feedback: QgsProcessingFeedback) -> np.ndarray:
        """Return the seconds (k,) from which each polygon is known, -inf from the start; see :func:`known_seconds`."""
        return known_seconds(self.known, len(self.shapes), start, feedback)

    def only(self, rows: np.ndarray) -> HazardLayers:
        """Return some of the polygons (k,), by number."""
        few = rows.tolist()
        arrival, known = (None if each is None else each.of(few) for each in (self.arrival, self.known))
        return replace(self, shapes=[self.shapes[k] for k in few], arrival=arrival, known=known)

    def whole_area(
        self,
        near: QgsRectangle,
        crs: QgsCoordinateReferenceSystem,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> QgsGeometry:
        """Return all that the hazard ever reaches in its own reference system; of a raster what is around ``near``.

        ``near`` is a box in ``crs``.
        """
        if self.raster is not None:
            grid = read_raster(self.raster, self.unit, near, crs, context.transformContext(), feedback)
            return reached_area(grid)
        return QgsGeometry.unaryUnion(self.shapes) if self.shapes else QgsGeometry()


def read_hazard_layers(
    source: QgsProcessingFeatureSource | None,
    time_field: str | None,
    raster: QgsRasterLayer | None,
    unit: float,
    buffer: float,
    feedback: QgsProcessingFeedback,
    known_field: str | None = None,
) -> HazardLayers | None:
    """Read the polygons of a hazard with their moments, or take a raster; None without either.

    Raises
    ------
    LayerError
        Both are given, no polygons, no reference system, coordinates that it cannot have, or a moment that is none.
    """
    if source is not None and raster is not None:
        raise LayerError(
            "HAZARD and HAZARD_RASTER: both are given, and they may contradict each other. Give the polygons, or the "
            "raster of arrivals."
        )
    if raster is not None:
        check_raster(raster)
        return HazardLayers(None, [], None, raster, unit, buffer)
    if source is None:
        return None
    if QgsWkbTypes.geometryType(source.wkbType()) != QgsWkbTypes.GeometryType.PolygonGeometry:
        raise LayerError(f"{PARAMETER}: “{source.sourceName()}” holds no polygons. Choose a polygon layer.")
    features = shapes_of(source, PARAMETER, feedback)
    shapes = [shape for _, shape in features]
    if not shapes:
        feedback.pushWarning(f"{PARAMETER}: “{source.sourceName()}” has no polygon; nothing lies inside the hazard.")
    column = known = None
    names = [f"feature {feature.id()}" for feature, _ in features]
    if time_field:
        values = [feature[time_field] for feature, _ in features]
        column = moment_column(values, names, TIME_FIELD, source.sourceName(), time_field, MINUTE)
        empty = sum(moment is None for moment in column.moments)
        if empty:
            feedback.pushInfo(
                f"{TIME_FIELD}: {empty} of {len(shapes)} polygon(s) of “{source.sourceName()}” have no arrival; they "
                f"count as there from the start, for who is inside, and close no road."
            )
    if known_field:
        values = [feature[known_field] for feature, _ in features]
        known = moment_column(values, names, KNOWN_FIELD, source.sourceName(), known_field, MINUTE)
    return HazardLayers(source, shapes, column, None, unit, buffer, known)


def moments_of(hazard: HazardLayers | None) -> list[MomentColumn]:
    """Return the column of arrivals, none where there is none."""
    return [] if hazard is None or hazard.arrival is None else [hazard.arrival]


def seconds_or_never(seconds: np.ndarray) -> np.ndarray:
    """Return moments of arrival (k,) with those before t = 0 as 0, and infinite where there is none."""
    return np.where(np.isfinite(seconds), np.maximum(seconds, 0.0), np.inf)
