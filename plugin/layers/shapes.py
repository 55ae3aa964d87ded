"""Points and polygons as a layer brings them: mended, inside the map, where their reference system can have them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureIterator,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsRectangle,
    QgsWkbTypes,
)

from ..solvers.control import Control, never
from .antimeridian import GEOGRAPHIC, seam_of, split_at_seam
from .database_sources import DatabaseRows
from .errors import LayerError
from .mending import polygons_of
from .transforming import transform_each

FARTHEST_EAST = 540.0  # degrees; some data count longitudes from 0 to 360
LOOK_EVERY = 0.2  # seconds between two looks at the cancel button
ROUNDING = 0.001  # degrees beyond a pole


class Features:
    """The features of a source; going through them stops soon after the user asked to.

    Parameters
    ----------
    iterator : QgsFeatureIterator
    control : Control
    database : DatabaseRows or None
        Of a source in PostgreSQL: all its rows are read and put into the order of their key before one is given.
    """

    def __init__(self, iterator: QgsFeatureIterator, control: Control, database: DatabaseRows | None = None) -> None:
        self.nextFeature = iterator.nextFeature  # for loops that look for themselves
        self.database = database  # they see to the order and the end
        self.expected = database.expected() if database is not None else None
        self._iterator, self._control = iterator, control

    def __iter__(self) -> Iterator[QgsFeature]:
        return self._one_by_one() if self.database is None else iter(self._in_order(self.database))

    def _one_by_one(self) -> Iterator[QgsFeature]:
        looked = time.monotonic()
        for feature in self._iterator:
            now = time.monotonic()
            if now - looked > LOOK_EVERY:
                looked = now
                self._control.stop_if_cancelled()
            yield feature

    def _in_order(self, database: DatabaseRows) -> list[QgsFeature]:
        found = list(self._one_by_one())
        database.refuse_incomplete(len(found), self.expected)
        key_of = database.key_of()
        keys = [feature.id() if key_of is None else key_of(feature) for feature in found]
        order = database.order(keys)
        found = found if order is None else [found[k] for k in order]
        if key_of is not None:
            for k, feature in enumerate(found, start=1):
                feature.setId(key_of(feature) if database.whole else k)
        return found


def features_of(source: QgsProcessingFeatureSource, request: QgsFeatureRequest | None = None) -> Features:
    """Return a source's features without QGIS's geometry-validity check (invalid ones are mended here).

    A source that an algorithm reads carries ``cancelled``, which is asked on the way, and ``database`` where it is in
    PostgreSQL.
    """
    flag = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks
    request = request or QgsFeatureRequest()
    database = getattr(source, "database", None)
    iterator = None
    if database is not None:
        database.ask_for_key(request)
        iterator = database.iterator(request)
    if iterator is None:
        iterator = source.getFeatures(request, flag)
    return Features(iterator, Control(cancelled=getattr(source, "cancelled", never)), database)


def empty_box() -> QgsRectangle:
    """Return a box around nothing, to be widened; QGIS before 3.34 makes one at the origin."""
    box = QgsRectangle()
    if not hasattr(box, "setNull"):
        box.setMinimal()
    return box


def widen(box: QgsRectangle, other: QgsRectangle) -> None:
    """Make ``box`` hold ``other`` too; QGIS before 3.34 combines no box with one that is a point at the origin."""
    box.setXMinimum(min(box.xMinimum(), other.xMinimum()))
    box.setYMinimum(min(box.yMinimum(), other.yMinimum()))
    box.setXMaximum(max(box.xMaximum(), other.xMaximum()))
    box.setYMaximum(max(box.yMaximum(), other.yMaximum()))


class ShapeReader:
    """Gives the usable shape of each feature of a point or polygon layer, or the reason why there is none.

    Raises
    ------
    LayerError
        When the layer has features and no reference system.
    """

    def __init__(self, source: QgsProcessingFeatureSource, parameter: str) -> None:
        self._layer = f"{parameter}: “{source.sourceName()}”"
        self.crs = source.sourceCrs()
        if not self.crs.isValid() and source.featureCount() != 0:  # some formats keep none without features
            raise LayerError(
                f"{self._layer} has no coordinate reference system. Set it in the layer's properties (Source)."
            )
        self.polygons = QgsWkbTypes.geometryType(source.wkbType()) == QgsWkbTypes.GeometryType.PolygonGeometry
        self._seam = seam_of(self.crs)
        self._across: list[str] = []
        self._extent = empty_box()

    def shape_of(self, feature: QgsFeature) -> tuple[QgsGeometry | None, str]:
        """Return (shape, "") or (None, reason).

        Raises
        ------
        LayerError
            When the coordinates cannot be degrees though the layer says so.
        """
        if not feature.hasGeometry() or feature.geometry().isEmpty():
            return None, "no geometry"
        shape = QgsGeometry(feature.geometry())
        box = shape.boundingBox()
        if not all(math.isfinite(v) for v in (box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum())):
            return None, "coordinates that are not numbers"
        if self.crs.isGeographic():
            corners = np.array([(box.xMinimum(), box.yMinimum()), (box.xMaximum(), box.yMaximum())])
            refuse_metres(self._layer, self.crs, corners, f"feature {feature.id()} lies at ")
        widen(self._extent, box)
        if self._seam is not None:
            inside = split_at_seam(shape, self._seam)  # before mending, to which a ring along a parallel is a line
            if inside is not shape:
                self._across.append(str(feature.id()))
                shape = inside
        if self.polygons:
            shape = polygons_of(shape)
        if shape.isNull() or shape.isEmpty() or shape.pointOnSurface().isNull():
            return None, "a geometry that could not be mended"
        if self.polygons and shape.area() <= 0.0:
            return None, "a polygon without area"
        return shape, ""

    def say_where(self, feedback: QgsProcessingFeedback) -> None:
        """Log which shapes were read as crossing the edge of the map; warn of numbers that may be degrees."""
        if self._across:
            feedback.pushInfo(
                f"{self._layer}: feature(s) {', '.join(self._across[:10])} were read as crossing 180 degrees and cut "
                f"there ({len(self._across)} in all)."
            )
        self._warn_of_degrees(feedback)

    def _warn_of_degrees(self, feedback: QgsProcessingFeedback) -> None:
        """Warn where a projected layer holds numbers up to 360 by 90, outside the area its reference system is for."""
        box, use = self._extent, self.crs.bounds()
        largest = QgsRectangle(-360.0, -90.0, 360.0, 90.0)
        if self.crs.isGeographic() or use.isEmpty() or box.xMaximum() < box.xMinimum() or not largest.contains(box):
            return
        if _outside(box, self.crs, use):
            feedback.pushWarning(
                f"{self._layer} has coordinates like ({box.xMinimum():g}, {box.yMinimum():g}), which look like degrees "
                f"and are not where its reference system {self.crs.authid()} is used. If they are degrees, set the "
                f"layer's coordinate reference system in its properties (Source), such as EPSG:4326."
            )


def refuse_metres(layer: str, crs: QgsCoordinateReferenceSystem, xy: np.ndarray, feature: str = "") -> None:
    """Look at positions (k, 2) of a layer whose reference system is geographic.

    Raises
    ------
    LayerError
        When they cannot be degrees; the text begins with ``layer`` and names the position.
    """
    wrong = (np.abs(xy[:, 1]) > 90.0 + ROUNDING) | (np.abs(xy[:, 0]) > FARTHEST_EAST)
    if wrong.any():
        x, y = xy[np.flatnonzero(wrong)[0]].tolist()
        raise LayerError(
            f"{layer} has coordinates that cannot be degrees of its reference system {crs.authid()}: {feature}"
            f"({x:.8g}, {y:.8g}). Set the layer's right coordinate reference system in its properties (Source)."
        )


def _outside(box: QgsRectangle, crs: QgsCoordinateReferenceSystem, use: QgsRectangle) -> bool:
    """Tell whether the middle of ``box`` lies outside an area of use given in degrees, or nowhere on the earth."""
    middle = np.array([[box.center().x(), box.center().y()]])
    geographic = QgsCoordinateReferenceSystem(GEOGRAPHIC)
    x, y = transform_each(middle, crs, geographic, QgsCoordinateTransformContext())[0].tolist()
    if not use.yMinimum() <= y <= use.yMaximum():  # NaN without an image
        return True
    wide = use.xMaximum() - use.xMinimum()  # below 0 where the area crosses 180 degrees
    return (x - use.xMinimum()) % 360.0 > (wide if wide >= 0.0 else wide + 360.0)
