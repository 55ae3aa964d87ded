#!/usr/bin/env python3
"""Make the project of the plan and draw its map: draw_map.py FOLDER, with FOLDER/evacuation.gpkg from scripts/demo.py.

A program of its own, so that QGIS's state dies with it. Reads FOLDER/map.json: title, subtitle, notes, and the name
of the water with the place (longitude, latitude) to write it at.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsDateTimeRange,
    QgsProject,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsVectorLayer,
)
from sample import playing
from sample.stories import START_TIME, STEP
from sample.styling import label, style_hazard, style_land, style_roads_plain

from demonstration.layout import export_map
from demonstration.width_key import street_widths

CRS = "EPSG:32719"
STREETS = "Streets of the plan: vehicles and delay"
# table, title, visible, expanded in the layer tree; from top to bottom
LAYERS = (
    ("shelter_load", "Open shelters: how full", True, True),
    ("unallocated", "People without a shelter", True, True),
    ("candidate_sites", "Candidate sites: status and reason", False, False),
    ("routes", "Routes", False, False),
    ("allocation", "Who goes where", False, False),
    ("road_flow", STREETS, True, True),
    ("flows", "Vehicles on the streets, by 5 minutes (for the temporal controller)", False, False),
    ("hazard", "Tsunami strip (illustrative)", True, True),
    ("zones_at_risk", "People who must leave", True, True),
    ("roads", "Other roads", True, True),
    ("zones", "Land (all zones)", True, False),
    ("clearance", "Clearance curve", False, False),
    ("unrouted", "Trips without a route", False, False),
)
GROUND = {"hazard": style_hazard, "roads": style_roads_plain, "zones": style_land}
SHELTER_LABEL = "\"shelter_id\" || '\\n' || format_number(\"load\", 0) || ' people'"


def build(folder: Path, texts: dict) -> QgsProject:
    """Return the project with the layers of evacuation.gpkg, styled as stored with them."""
    project = QgsProject.instance()
    project.setFileName(str(folder / "evacuation.qgz"))
    project.setCrs(QgsCoordinateReferenceSystem(CRS))
    project.setEllipsoid("EPSG:7030")
    project.setTitle(texts["title"])
    root = project.layerTreeRoot()
    for name, title, visible, expanded in LAYERS:
        layer = QgsVectorLayer(f"{folder / 'evacuation.gpkg'}|layername={name}", title, "ogr")
        if not layer.isValid():
            raise RuntimeError(f"evacuation.gpkg has no layer {name}")
        # Opening a layer loads the style that is stored in the file; QGIS 3.22 then forgets its temporal settings.
        layer.loadDefaultStyle()
        if name in GROUND:
            GROUND[name](layer)
        if name == "shelter_load":
            layer.setSubsetString('"load" > 0')  # the others stand by
            label(layer, SHELTER_LABEL, 7.5, "#000000", 2.2)
        if name == "zones_at_risk":
            layer.setOpacity(0.6)  # streets and strip shall stand out
        project.addMapLayer(layer, False)
        node = root.addLayer(layer)
        node.setItemVisibilityChecked(visible and layer.featureCount() > 0)
        node.setExpanded(expanded)
    project.viewSettings().setDefaultViewExtent(QgsReferencedRectangle(extent_of_plan(project), project.crs()))
    playing.set_time(project, START_TIME, duration_of_plan(project), STEP)
    return project


def duration_of_plan(project: QgsProject) -> QgsDateTimeRange:
    """Return the time from the first departure to the last arrival, which the temporal controller shall play."""
    routes = next(layer for layer in project.mapLayers().values() if layer.source().endswith("|layername=routes"))
    times = [routes.fields().indexFromName(name) for name in ("first_departure", "last_arrival")]
    return QgsDateTimeRange(routes.minimumValue(times[0]), routes.maximumValue(times[1]))


def extent_of_plan(project: QgsProject) -> QgsRectangle:
    """Return the extent of what matters: shelters, used streets and the strip."""
    found = []
    for name in ("shelter_load", "road_flow", "hazard"):
        layer = project.mapLayersByName(next(title for table, title, _, _ in LAYERS if table == name))[0]
        if layer.featureCount():
            transform = QgsCoordinateTransform(layer.crs(), project.crs(), project)
            found.append(transform.transformBoundingBox(layer.extent()))
    extent = QgsRectangle(found[0])
    for other in found[1:]:
        extent.combineExtentWith(other)
    extent.scale(1.06)
    return extent


def main() -> None:
    """Make FOLDER/evacuation.qgz and FOLDER/map.png."""
    folder = Path(sys.argv[1])
    texts = json.loads((folder / "map.json").read_text(encoding="utf-8"))
    application = QgsApplication([], False)
    application.initQgis()
    project = build(folder, texts)
    streets = project.mapLayersByName(STREETS)[0]
    export_map(project, {**texts, "widths": street_widths(streets)}, folder / "map.png")
    if not project.write():
        raise RuntimeError(f"evacuation.qgz: {project.error()}")
    project.clear()
    application.exitQgis()


if __name__ == "__main__":
    main()
