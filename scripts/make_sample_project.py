#!/usr/bin/env python3
"""Make resources/sample/sample.qgz, the ready project of the sample city; run scripts/make_sample.py before.

    .venv/bin/python scripts/make_sample_project.py [picture.png]

Run with the oldest supported QGIS, so that every later one reads the project. With a path, a picture of the map is
drawn as well.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["QT_HASH_SEED"] = "0"  # Qt writes attributes of XML in an order of chance otherwise
sys.path.insert(0, str(ROOT / "scripts"))

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsReferencedRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor
from sample.project_file import write_project
from sample.styling import STYLES

SAMPLE = ROOT / "resources" / "sample"
CRS = "EPSG:32719"
ABSTRACT = (
    "The sample city of the Evacuation Planner: a far-field tsunami warning, hours of notice, people leave the strip "
    "along the bay by car. Sites and hazard are illustrative, not official. Roads © OpenStreetMap contributors (ODbL), "
    "by way of AequilibraE; pedestrian counts: Heart of the City Auckland (CC BY 4.0), borrowed. See README.md."
)
# name, title in the layer tree; from top to bottom
LAYERS = (
    ("entrances", "Entrances of the shelters (illustrative)"),
    ("sites", "Candidate shelters (illustrative)"),
    ("hazard", "Tsunami strip (illustrative)"),
    ("roads", "Roads"),
    ("zones", "Zones: people"),
    ("counts", "Hourly pedestrian counts (borrowed from Auckland)"),
    ("occupancy", "People to expect at the sites"),
)


def build(folder: Path) -> QgsProject:
    """Return the project of the sample in ``folder``, layers styled."""
    project = QgsProject.instance()
    project.setFileName(str(folder / "sample.qgs"))
    project.setCrs(QgsCoordinateReferenceSystem(CRS))
    project.setEllipsoid("EPSG:7030")
    project.setTitle("Sample city: La Serena and Coquimbo")
    metadata = project.metadata()
    metadata.setTitle(project.title())
    metadata.setAbstract(ABSTRACT)
    metadata.setAuthor("Evacuation Planner")
    project.setMetadata(metadata)
    for name, title in LAYERS:
        layer = QgsVectorLayer(f"{folder / 'sample.gpkg'}|layername={name}", title, "ogr")
        if not layer.isValid():
            raise RuntimeError(f"no layer {name} in {folder / 'sample.gpkg'}: run scripts/make_sample.py first")
        if name in STYLES:
            STYLES[name](layer)
        project.addMapLayer(layer, False)
        project.layerTreeRoot().addLayer(layer).setExpanded(name not in ("counts", "occupancy"))
    view = project.mapLayersByName("Tsunami strip (illustrative)")[0]
    transform = QgsCoordinateTransform(view.crs(), project.crs(), project)
    extent = transform.transformBoundingBox(view.extent())
    extent.combineExtentWith(
        transform.transformBoundingBox(project.mapLayersByName("Candidate shelters (illustrative)")[0].extent())
    )
    extent.scale(1.1)
    project.viewSettings().setDefaultViewExtent(QgsReferencedRectangle(extent, project.crs()))
    return project


def draw(project: QgsProject, picture: Path) -> None:
    """Draw the project's default view."""
    settings = QgsMapSettings()
    settings.setDestinationCrs(project.crs())
    settings.setLayers([layer for layer in project.layerTreeRoot().checkedLayers() if layer.isSpatial()])
    settings.setExtent(project.viewSettings().defaultViewExtent())
    settings.setOutputSize(QSize(1400, 1500))
    settings.setOutputDpi(130)
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(str(picture))


def main() -> None:
    """Make the project, and the picture when asked for."""
    application = QgsApplication([], False)
    application.initQgis()
    # QGIS changes the header of a GeoPackage that it opens: work beside a copy, keep the project only.
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(SAMPLE / "sample.gpkg", folder)
        project = build(Path(folder))
        write_project(project, Path(folder) / "sample.qgz")
        if len(sys.argv) > 1:
            draw(project, Path(sys.argv[1]))
        project.clear()
        shutil.copy(Path(folder) / "sample.qgz", SAMPLE / "sample.qgz")
    print(SAMPLE / "sample.qgz")
    application.exitQgis()


if __name__ == "__main__":
    main()
