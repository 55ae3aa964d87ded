"""When a hazard reaches places and roads, in the reference system of the roads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsRectangle,
)

from ...solvers.dependencies import require
from ...solvers.roads.areas_along import earliest, stretches_inside
from ...solvers.roads.cells_along import ArrivalGrid, parts_on_grid
from ...solvers.roads.network import RoadNetwork
from ...solvers.roads.road_closings import RoadClosings
from ..errors import LayerError
from ..mending import polygons_of
from ..moments import Start
from ..round_earth import seen_from, to_geographic
from ..transforming import transform_vertices
from .arrival_raster import read_raster
from .hazard_layers import HazardLayers, seconds_or_never

SAMPLES = 60  # places along each side of the box around a polygon that is held against a raster
PURPOSE = "telling when the hazard comes"


@dataclass(frozen=True)
class Arrivals:
    """When a hazard comes.

    Attributes
    ----------
    crs : QgsCoordinateReferenceSystem
        Of the roads.
    areas : list of bytes
        Polygons in ``crs``, well-known binary, one for each moment.
    seconds : (a,) float64
        When each becomes dangerous, from t = 0 and not before it.
    grid : ArrivalGrid or None
        The same as a raster.
    grid_crs : QgsCoordinateReferenceSystem
    context : QgsProcessingContext
    """

    crs: QgsCoordinateReferenceSystem
    areas: list[bytes]
    seconds: np.ndarray
    grid: ArrivalGrid | None
    grid_crs: QgsCoordinateReferenceSystem
    context: QgsProcessingContext = field(compare=False)

    @classmethod
    def of_area(cls, area: QgsGeometry, crs: QgsCoordinateReferenceSystem, context: QgsProcessingContext) -> Arrivals:
        """Return what holds of an area in the working CRS ``crs`` that is dangerous from t = 0 on."""
        return cls(crs, [bytes(area.asWkb().data())], np.zeros(1), None, crs, context)

    def at(self, xy: np.ndarray) -> np.ndarray:
        """Return when the hazard reaches positions (k, 2) of the working CRS: s from t = 0, infinite for never.

        On a border the hazard counts as there.
        """
        out = np.full(len(xy), np.inf)
        if self.grid is not None:
            return self.grid.at(self._on_grid(xy))
        known = np.flatnonzero(np.isfinite(xy).all(axis=1))
        if not len(self.areas) or not len(known):
            return out
        shapely = require("shapely", PURPOSE)
        area, place = shapely.STRtree(shapely.points(xy[known])).query(self._shapes(), predicate="intersects")
        np.minimum.at(out, known[place], self.seconds[area])
        return out

    def covered(self, xy: np.ndarray) -> np.ndarray:
        """Return which positions (k, 2) of the working CRS lie on the raster, where there is one; else all."""
        if self.grid is None:
            return np.ones(len(xy), dtype=bool)
        place, (rows, columns) = self.grid.cells(self._on_grid(xy)), self.grid.seconds.shape
        return np.asarray(((place >= 0.0) & (place <= (columns, rows))).all(axis=1))

    def over(self, shapes: list[QgsGeometry]) -> np.ndarray:
        """Return the earliest moment (k,) at which the hazard reaches anything of polygons in the working CRS."""
        out = np.full(len(shapes), np.inf)
        if self.grid is not None:
            for k, shape in enumerate(shapes):
                out[k] = self._over_grid(shape)
            return out
        if not len(self.areas) or not shapes:
            return out
        shapely = require("shapely", PURPOSE)
        places = shapely.from_wkb([bytes(shape.asWkb().data()) for shape in shapes])
        area, place = shapely.STRtree(places).query(self._shapes(), predicate="intersects")
        np.minimum.at(out, place, self.seconds[area])
        return out

    def place_in(self, wkb: bytes) -> np.ndarray | None:
        """Return a place (2,) in a polygon of the working CRS, well-known binary, that the hazard reaches; None: none.

        In the middle of the part that it reaches, as far as that has one.
        """
        shapely = require("shapely", PURPOSE)
        own = shapely.from_wkb(wkb)
        if self.grid is not None:
            inner = _places_inside(own)
            inner = inner[np.isfinite(self.at(inner))]
            return inner[np.argmin(((inner - inner.mean(axis=0)) ** 2).sum(axis=1))] if len(inner) else None
        part = shapely.intersection(own, shapely.union_all(self._shapes())) if self.areas else shapely.Point()
        if shapely.area(part) <= 0.0:
            return None
        place: np.ndarray = shapely.get_coordinates(shapely.point_on_surface(part))[0]
        return place

    def along(self, network: RoadNetwork) -> RoadClosings:
        """Return the stretches of road that the hazard reaches, each with its earliest moment."""
        if self.grid is not None:
            parts, seconds = parts_on_grid(network, self.grid, self._on_grid)
        else:
            parts, seconds = earliest(network, stretches_inside(network, self.areas, border=True), self.seconds)
        return RoadClosings.of_parts(network, parts, seconds, catches=True)

    def _shapes(self) -> np.ndarray:
        shapely = require("shapely", PURPOSE)
        return np.asarray(shapely.from_wkb(self.areas))

    def _on_grid(self, xy: np.ndarray) -> np.ndarray:
        return transform_vertices(xy, self.crs, self.grid_crs, self.context.transformContext())

    def _over_grid(self, shape: QgsGeometry) -> float:
        """Return the earliest moment in the cells below a polygon's border and below places inside it."""
        shapely = require("shapely", PURPOSE)
        grid, own = self.grid, shapely.from_wkb(bytes(shape.asWkb().data()))
        if grid is None or shapely.is_empty(own):
            return float("inf")
        rings = shapely.get_rings(shapely.get_parts(own))
        found = [float(self.at(_places_inside(own)).min(initial=np.inf))]
        for ring in rings:
            xy = self._on_grid(shapely.get_coordinates(ring))
            found.append(float(grid.along(xy[:-1], xy[1:]).min(initial=np.inf)))
        return min(found)


def _places_inside(shape: Any) -> np.ndarray:
    """Return places (k, 2) of an even grid over a shapely polygon that lie in it."""
    shapely = require("shapely", PURPOSE)
    if shapely.is_empty(shape):
        return np.empty((0, 2))
    west, south, east, north = shapely.bounds(shape).tolist()
    x, y = np.linspace(west, east, SAMPLES), np.linspace(south, north, SAMPLES)
    inner = np.column_stack([np.repeat(x, SAMPLES), np.tile(y, SAMPLES)])
    return np.asarray(inner[shapely.intersects(shape, shapely.points(inner))])


def arrivals_of(
    hazard: HazardLayers,
    start: Start,
    crs: QgsCoordinateReferenceSystem,
    near: QgsRectangle,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Arrivals:
    """Return when a hazard comes to roads in ``crs`` that lie in the box ``near``.

    Of polygons that overlap the earliest counts. One without a moment never comes: it closes nothing.

    Raises
    ------
    LayerError
        A moment more than 7 days before or 30 days after t = 0, or a layer that has no image in ``crs``.
    """
    nothing = np.empty(0)
    if hazard.raster is not None:
        grid = read_raster(hazard.raster, hazard.unit, near, crs, context.transformContext(), feedback)
        return Arrivals(crs, [], nothing, grid, hazard.crs, context)
    if hazard.arrival is None:
        return Arrivals(crs, [], nothing, None, crs, context)
    seconds = seconds_or_never(hazard.arrival.seconds(start, feedback))
    moments = np.unique(seconds[np.isfinite(seconds)])
    areas, kept = [], []
    for moment in moments.tolist():
        own = [hazard.shapes[k] for k in np.flatnonzero(seconds == moment).tolist()]
        shape = _seen(hazard, QgsGeometry.unaryUnion(own), crs, near, context)
        if not (shape.isNull() or shape.isEmpty()):
            areas.append(bytes(shape.asWkb().data()))
            kept.append(moment)
    there = int((seconds == 0.0).sum())
    if there:
        feedback.pushInfo(f"HAZARD_TIME_FIELD: {there} polygon(s) of “{hazard.name}” are there from START_TIME on.")
    return Arrivals(crs, areas, np.array(kept), None, crs, context)


def _seen(
    hazard: HazardLayers,
    shape: QgsGeometry,
    crs: QgsCoordinateReferenceSystem,
    near: QgsRectangle,
    context: QgsProcessingContext,
) -> QgsGeometry:
    if hazard.crs == crs:
        return polygons_of(shape)
    transforms = context.transformContext()
    try:
        return polygons_of(seen_from(to_geographic(shape, hazard.crs, transforms), crs, near, transforms))
    except LayerError as error:
        raise LayerError(
            f"{hazard.parameter}: “{hazard.name}”: {error}. Check the reference systems of the layers."
        ) from error
