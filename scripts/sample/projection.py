"""From degrees to metres and back: WGS 84 and UTM zone 19 south."""

from __future__ import annotations

import numpy as np
import shapely
from osgeo import osr
from shapely.geometry.base import BaseGeometry

osr.UseExceptions()
DEGREES, METRES = 4326, 32719


def reference_system(code: int) -> osr.SpatialReference:
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(code)
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return reference


def _transform(source: int, target: int, geometry: BaseGeometry) -> BaseGeometry:
    transformation = osr.CoordinateTransformation(reference_system(source), reference_system(target))
    return shapely.transform(
        geometry, lambda xy: np.array(transformation.TransformPoints(xy.tolist()), dtype=float).reshape(-1, 3)[:, :2]
    )


def to_metres(geometry: BaseGeometry) -> BaseGeometry:
    """Return a WGS 84 geometry in UTM zone 19 south, metres."""
    return _transform(DEGREES, METRES, geometry)


def to_degrees(geometry: BaseGeometry) -> BaseGeometry:
    """Return a UTM zone 19 south geometry in WGS 84, degrees."""
    return _transform(METRES, DEGREES, geometry)
