"""Where the roads lie: a metric working CRS for them, and lengths on the ellipsoid."""

from __future__ import annotations

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsDistanceArea,
    QgsEllipsoidUtils,
    QgsPointXY,
    QgsProcessingContext,
    QgsUnitTypes,
)

from ...solvers.roads.geodesic import segment_lengths
from ..transforming import transform_vertices

WGS84_ELLIPSOID = "EPSG:7030"
TRUE_TO_SCALE = 0.01  # a projected CRS in metres is worked in when its lengths are right to this share
UTM_REACH = 6.0  # degrees of longitude from the zone's central meridian; the scale is within 0.5 % there


def ellipsoid_of(context: QgsProcessingContext, crs: QgsCoordinateReferenceSystem) -> str:
    """Return the project's ellipsoid, or the CRS's where the project has none, or WGS 84's."""
    for acronym in (context.ellipsoid(), crs.ellipsoidAcronym()):
        if acronym not in ("", "NONE", None) and QgsEllipsoidUtils.ellipsoidParameters(acronym).valid:
            return str(acronym)
    return WGS84_ELLIPSOID


def longitude_latitude(
    xy: np.ndarray, crs: QgsCoordinateReferenceSystem, ellipsoid: str, context: QgsCoordinateTransformContext
) -> np.ndarray:
    """Return positions (k, 2) as longitude and latitude in degrees on an ellipsoid."""
    if crs.isGeographic() and in_units(crs, "degrees") and crs.ellipsoidAcronym() == ellipsoid:
        return xy
    target = QgsEllipsoidUtils.ellipsoidParameters(ellipsoid).crs
    if not target.isValid():
        target = QgsCoordinateReferenceSystem("EPSG:4326")
    return transform_vertices(xy, crs, target, context)


def in_units(crs: QgsCoordinateReferenceSystem, name: str) -> bool:
    """Whether a CRS measures in "degrees" or "meters"."""
    return bool(QgsUnitTypes.encodeUnit(crs.mapUnits()) == name)


def step_lengths(lonlat: np.ndarray, spot: np.ndarray, start: np.ndarray, ellipsoid: str) -> np.ndarray:
    """Return the ellipsoidal metres (k,) from each vertex to the next of its line; 0 for the last of a line.

    Parameters
    ----------
    lonlat : (u, 2)
        Longitude and latitude of the spots, degrees.
    spot : (k,) int
        The spot of each vertex.
    start : (q + 1,) int
        Offsets of the lines' vertices.
    ellipsoid : str
    """
    followed = np.ones(len(spot), dtype=bool)
    followed[start[1:] - 1] = False
    here = np.flatnonzero(followed)
    a, b = lonlat[spot[here]], lonlat[spot[here + 1]]
    shape = QgsEllipsoidUtils.ellipsoidParameters(ellipsoid)
    flattening = 1 - shape.semiMinor / shape.semiMajor
    length = segment_lengths(a[:, 0], a[:, 1], b[:, 0], b[:, 1], shape.semiMajor, flattening)
    lost = np.flatnonzero(np.isnan(length))
    if len(lost):
        measure = QgsDistanceArea()  # copes with nearly opposite points
        measure.setEllipsoid(ellipsoid)
        for k in lost:
            length[k] = measure.measureLine(QgsPointXY(*a[k].tolist()), QgsPointXY(*b[k].tolist()))
    steps = np.zeros(len(spot))
    steps[here] = length
    return steps


def working_crs(
    crs: QgsCoordinateReferenceSystem, xy: np.ndarray, spot: np.ndarray, lonlat: np.ndarray, step: np.ndarray
) -> QgsCoordinateReferenceSystem:
    """Choose a CRS in metres for the roads.

    The layer's own where it is in metres and true to scale; else the UTM zone of the middle; else, where the roads
    reach beyond that, an equal-area projection about their middle.
    """
    if not crs.isGeographic() and in_units(crs, "meters") and _true_to_scale(xy, spot, step):
        return crs
    longitude, latitude = lonlat[:, 0], lonlat[:, 1]
    turn = np.radians(longitude)
    about = float(np.degrees(np.arctan2(np.sin(turn).mean(), np.cos(turn).mean())))
    offset = (longitude - about + 180) % 360 - 180  # so that roads on both sides of the date line stay together
    middle = about + (offset.min() + offset.max()) / 2
    middle = (middle + 180) % 360 - 180
    centre = float(latitude.min() + latitude.max()) / 2
    zone = min(int((middle + 180) // 6) + 1, 60)
    reach = np.abs((longitude - (zone * 6 - 183) + 180) % 360 - 180).max()
    if reach <= UTM_REACH and latitude.min() >= -80 and latitude.max() <= 84:
        utm = QgsCoordinateReferenceSystem(f"EPSG:{(32600 if centre >= 0 else 32700) + zone}")
        if utm.isValid():
            return utm
    return QgsCoordinateReferenceSystem.fromProj(
        f"+proj=laea +lat_0={centre:.6f} +lon_0={middle:.6f} +datum=WGS84 +units=m +no_defs"
    )


def _true_to_scale(xy: np.ndarray, spot: np.ndarray, step: np.ndarray) -> bool:
    sample = np.flatnonzero(step > 1.0)
    if len(sample) == 0:
        return False
    planar = np.hypot(*(xy[spot[sample + 1]] - xy[spot[sample]]).T)
    low, high = np.quantile(planar / step[sample], [0.01, 0.99])
    return bool(low > 1 - TRUE_TO_SCALE and high < 1 + TRUE_TO_SCALE)


def name_of(crs: QgsCoordinateReferenceSystem) -> str:
    """Return a CRS's name for the log."""
    if crs.authid():
        return f"{crs.authid()} ({crs.description()})"
    return str(crs.toProj())
