"""The made-up height of the ground: it rises from the bay by terraces, with a hill on the peninsula and the valley of
the Elqui. Nobody has measured any of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely
from osgeo import gdal
from shapely.geometry import LineString, Point

from .flood import AXIS
from .hazard import shore
from .projection import METRES, reference_system, to_metres
from .zones import Zone

gdal.UseExceptions()
LABEL = "Illustrative ground height, m: made up from the distance to the shore, not measured"
CELL = 100.0  # metres
NODATA = -9999.0
BESIDE = 150.0  # m beyond the zones up to which there are heights
# Distance from the shore and height, metres: the strip, the scarp behind it, a terrace, the next scarp, the plain.
PROFILE = (
    (0, 1), (200, 3), (400, 5), (600, 7), (800, 11), (1000, 18), (1300, 28), (2400, 34), (3000, 55), (5000, 80),
    (9000, 180), (20000, 350),
)  # fmt: skip
HILL = ((-71.3440, -29.9520), 90.0, 700.0)  # of the peninsula: place, height and breadth, m
DRY = (800.0, 1_400.0)  # m from the shore between which the hill begins
VALLEY = (0.75, 600.0)  # of the Elqui: what it takes of the height, and its breadth, m
WAVES = (0.15, 2_600.0, 3_700.0)  # share by which the height goes up and down, and over how many metres


def heights(zones: Sequence[Zone]) -> tuple[np.ndarray, float, float]:
    """Return the heights (rows from the north, m, ``NODATA`` away from the zones) and the north-west corner."""
    land = shapely.union_all([to_metres(zone.geometry) for zone in zones], grid_size=0.01).buffer(BESIDE)
    west, south, east, north = np.array(land.bounds) // CELL * CELL
    x = np.arange(west, east + CELL, CELL) + CELL / 2
    y = np.arange(north + CELL, south - CELL / 2, -CELL) - CELL / 2
    east_of, north_of = (grid.ravel() for grid in np.meshgrid(x, y))
    points = shapely.points(east_of, north_of)
    inland = shapely.distance(points, shore(list(zones)))
    height = np.interp(inland, *np.array(PROFILE, dtype=float).T)
    share, across, along = WAVES
    height *= 1.0 + share * np.sin(2 * np.pi * east_of / across) * np.cos(2 * np.pi * north_of / along)
    place, top, breadth = HILL
    away = shapely.distance(points, to_metres(Point(place)))
    rise = np.clip((inland - DRY[0]) / (DRY[1] - DRY[0]), 0.0, 1.0)
    height += top * np.exp(-((away / breadth) ** 2)) * rise
    taken, breadth = VALLEY
    height *= 1.0 - taken * np.exp(-((shapely.distance(points, to_metres(LineString(AXIS))) / breadth) ** 2))
    height = np.where(shapely.contains_xy(land, east_of, north_of), height.round(1), NODATA)
    return height.reshape(len(y), len(x)).astype(np.float32), float(x[0] - CELL / 2), float(y[0] + CELL / 2)


def write_elevation(path: Path, zones: Sequence[Zone]) -> None:
    """Write the heights as a GeoTIFF, byte for byte the same on every run of the same GDAL."""
    values, west, north = heights(zones)
    draft = path.with_suffix(".draft.tif")
    rows, columns = values.shape
    options = ["COMPRESS=DEFLATE", "PREDICTOR=3", "ZLEVEL=9"]
    raster = gdal.GetDriverByName("GTiff").Create(str(draft), columns, rows, 1, gdal.GDT_Float32, options)
    raster.SetGeoTransform((west, CELL, 0.0, north, 0.0, -CELL))
    raster.SetProjection(reference_system(METRES).ExportToWkt())
    raster.SetMetadata({"TIFFTAG_IMAGEDESCRIPTION": LABEL, "illustrative": "yes"})
    band = raster.GetRasterBand(1)
    band.SetDescription(LABEL)
    band.SetUnitType("m")
    band.SetNoDataValue(NODATA)
    band.WriteArray(values)
    del band, raster
    os.replace(draft, path)
