"""Small cases for the tests of the hazard that moves and of closures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from osgeo import gdal, osr
from qgis.core import QgsApplication, QgsProcessingContext, QgsRasterLayer, QgsVectorLayer

from evacuation_planner.plugin.layers.routing.case import RoutingCase
from evacuation_planner.processing_provider.algorithms.routing.routing_inputs import RoutingParameters
from tests.processing.routing_layers import UTM, Log, at, layer, roads, trips


def box(west: float, south: float, east: float, north: float) -> str:
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return "POLYGON((" + ", ".join(at(*corner) for corner in corners) + "))"


def hazard(rows: list[tuple[str, object]], kind: str = "double", name: str = "hazard_arrival") -> QgsVectorLayer:
    """Polygons with an arrival."""
    return layer("Polygon", f"&field={name}:{kind}", [(wkt, [value]) for wkt, value in rows], "flood")


def closures(kind: str, rows: list[tuple[str | None, list]], fields: str = "") -> QgsVectorLayer:
    fields = fields or "&field=closed_from:double&field=closed_to:double&field=road_id:string&field=way:string"
    return layer(kind, fields, rows, "works")


def raster(
    folder: Path, values: np.ndarray, west: float, north: float, cell: float, crs: str = UTM, *, name: str
) -> QgsRasterLayer:
    """A raster with the upper left corner at (west, north) and no data where a value is -9999."""
    path = folder / f"{name}.tif"
    data = gdal.GetDriverByName("GTiff").Create(str(path), values.shape[1], values.shape[0], 1, gdal.GDT_Float32)
    data.SetGeoTransform((west, cell, 0, north, 0, -cell))
    system = osr.SpatialReference()
    system.ImportFromEPSG(int(crs.split(":")[1]))
    data.SetProjection(system.ExportToWkt())
    band = data.GetRasterBand(1)
    band.SetNoDataValue(-9999.0)
    band.WriteArray(values.astype(np.float32))
    data = None
    found = QgsRasterLayer(str(path), path.stem)
    assert found.isValid()
    return found


def case_of(**parameters: object) -> tuple[RoutingCase, Log]:
    """The problem that ``routeevacuation`` would solve, and what was said on the way."""
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("evacuation:routeevacuation")
    context, log = QgsProcessingContext(), Log()
    values = {"TRIPS": trips(), "NETWORK": roads(), "NETWORK_ID_FIELD": "road_id", **parameters}
    algorithm.feedback = log
    given = RoutingParameters.read(algorithm, values, context, log)
    return given.case(context, log, algorithm.control(log)), log


def closed(case: RoutingCase) -> list[tuple[str, bool, float, float, float, float, bool]]:
    """Road, direction, begin, end, since, until and whether the hazard catches, of each closed part."""
    network, found = case.read.network, case.problem.closings
    return sorted(
        (
            network.arc_road(int(arc)), bool(network.forward[arc]), round(float(a), 6), round(float(b), 6),
            float(since), float(until), bool(catches),
        )
        for arc, a, b, since, until, catches in zip(*found[:6])
    )  # fmt: skip
