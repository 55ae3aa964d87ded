#!/usr/bin/env python3
"""Make the ready projects of the sample city, resources/sample/*.qgz; run scripts/make_sample.py before.

    .venv/bin/python scripts/make_sample_project.py [folder]

Run with the oldest supported QGIS, so that every later one reads the projects. With a folder, a picture of each map is
drawn there as well.
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
    QgsMapLayer,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor
from sample import playing
from sample.project_file import write_project
from sample.stories import START_TIME, STEP, STORIES, Story
from sample.styling import STYLES

SAMPLE = ROOT / "resources" / "sample"
CRS = "EPSG:32719"


def build(folder: Path, story: Story) -> QgsProject:
    """Return the project of ``story`` with the layers of ``folder``, styled."""
    project = QgsProject.instance()
    project.setFileName(str(folder / f"{story.name}.qgs"))
    project.setCrs(QgsCoordinateReferenceSystem(CRS))
    project.setEllipsoid("EPSG:7030")
    project.setTitle(story.title)
    metadata = project.metadata()
    metadata.setTitle(project.title())
    metadata.setAbstract(story.abstract)
    metadata.setAuthor("Evacuation Planner")
    project.setMetadata(metadata)
    playing.set_time(project, START_TIME, playing.after(START_TIME, story.minutes), STEP)
    view = QgsRectangle()
    for name, title in story.layers:
        layer = open_layer(folder, name, title)
        if name in STYLES:
            STYLES[name](layer)
        project.addMapLayer(layer, False)
        entry = project.layerTreeRoot().addLayer(layer)
        entry.setExpanded(layer.isSpatial())
        entry.setItemVisibilityChecked(name not in story.hidden)
        if name in story.view:
            transform = QgsCoordinateTransform(layer.crs(), project.crs(), project)
            view.combineExtentWith(transform.transformBoundingBox(layer.extent()))
    view.scale(1.1)
    project.viewSettings().setDefaultViewExtent(QgsReferencedRectangle(view, project.crs()))
    return project


def open_layer(folder: Path, name: str, title: str) -> QgsMapLayer:
    """Return a table of the sample's GeoPackage, or a raster beside it, as a layer.

    Raises
    ------
    RuntimeError
        When it is not there.
    """
    if name.endswith(".tif"):
        layer = QgsRasterLayer(str(folder / name), title)
    else:
        layer = QgsVectorLayer(f"{folder / 'sample.gpkg'}|layername={name}", title, "ogr")
    if not layer.isValid():
        raise RuntimeError(f"no layer {name} in {folder}: run scripts/make_sample.py first")
    return layer


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
    """Make the projects, and the pictures when asked for."""
    application = QgsApplication([], False)
    application.initQgis()
    # QGIS changes the header of a GeoPackage that it opens: work beside a copy, keep the projects only.
    with tempfile.TemporaryDirectory() as folder:
        for name in ("sample.gpkg", "elevation.tif"):
            shutil.copy(SAMPLE / name, folder)
        for story in STORIES:
            file = f"{story.name}.qgz"
            project = build(Path(folder), story)
            write_project(project, Path(folder) / file)
            if len(sys.argv) > 1:
                draw(project, Path(sys.argv[1]) / f"{story.name}.png")
            project.clear()
            shutil.copy(Path(folder) / file, SAMPLE / file)
            print(SAMPLE / file)
    application.exitQgis()


if __name__ == "__main__":
    main()
