#!/usr/bin/env python3
"""Make resources/metro/sample/nanjing.qgz, the ready project of the metro case; run make_metro_sample.py before.

    .venv/bin/python scripts/make_metro_project.py [picture.png]

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

from make_sample_project import draw
from qgis.core import (
    QgsApplication,
    QgsCategorizedSymbolRenderer,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsLayerTreeGroup,
    QgsLineSymbol,
    QgsMarkerSymbol,
    QgsProject,
    QgsReferencedRectangle,
    QgsRendererCategory,
    QgsSingleSymbolRenderer,
    QgsVectorLayer,
)
from sample.project_file import write_project
from sample.styling import label

SAMPLE = ROOT / "resources" / "metro" / "sample"
CRS = "EPSG:32650"
ABSTRACT = (
    "A fire at Andemen, Nanjing: the case study of Lu and Sun, Sustainability 2020, 12(16), 6380. The rescue points, "
    "their stocks and costs, and the travel times are reconstructed, that is made up so that the published answer is "
    "the unique optimum; positions of metro stations are approximate. See README.md."
)
# name, title in the layer tree; from top to bottom
LAYERS = (
    ("incidents", "Incident"),
    ("rescue_points", "Rescue points (reconstructed)"),
    ("metro_stations", "Metro stations (approximate)"),
    ("metro_intervals", "Metro lines"),
    ("supply", "Supply (reconstructed)"),
    ("demand", "Demand (published)"),
    ("travel", "Travel (reconstructed)"),
)
# Examples beside the case, in a group of their own that is switched off.
EXAMPLES = (
    ("scenario_fire", "Scenario: fire at Andemen"),
    ("scenario_flood", "Scenario: flood, two incidents"),
    ("scenario_arson", "Scenario: arson at Xinjiekou"),
    ("scenario_infection", "Scenario: infection at Nanjing South"),
    ("candidates", "Ten candidate rescue points"),
    ("candidates_supply", "Supply of the candidates"),
    ("demand_ten_types", "Demand of ten types"),
)
LINE_COLOURS = {"1": "#0072b2", "2": "#d55e00", "3": "#009e73", "10": "#cc79a7"}


def style_incidents(layer: QgsVectorLayer) -> None:
    """Draw the incident as a star."""
    symbol = {"name": "star", "color": "#d55e00", "outline_color": "#1c1c1c", "outline_width": "0.3", "size": "7"}
    layer.setRenderer(QgsSingleSymbolRenderer(QgsMarkerSymbol.createSimple(symbol)))


def style_rescue_points(layer: QgsVectorLayer) -> None:
    """Draw rescue points as squares with their ids."""
    symbol = {"name": "square", "color": "#f0e442", "outline_color": "#1c1c1c", "outline_width": "0.4", "size": "4.5"}
    layer.setRenderer(QgsSingleSymbolRenderer(QgsMarkerSymbol.createSimple(symbol)))
    label(layer, "station_id", 11, "#1c1c1c", 2.5)


def style_candidates(layer: QgsVectorLayer) -> None:
    """Draw candidates as hollow squares with their ids, so that the case's points stand out from them."""
    symbol = {"name": "square", "color": "white", "outline_color": "#1c1c1c", "outline_width": "0.5", "size": "4"}
    layer.setRenderer(QgsSingleSymbolRenderer(QgsMarkerSymbol.createSimple(symbol)))
    label(layer, "station_id", 9, "#444444", 2.5)


def style_stations(layer: QgsVectorLayer) -> None:
    """Draw transfer stations larger; name each once."""
    categories = []
    for value, size, text in (("yes", "2.6", "Transfer station"), ("no", "1.6", "Station")):
        symbol = {"name": "circle", "color": "white", "outline_color": "#1c1c1c", "outline_width": "0.3", "size": size}
        categories.append(QgsRendererCategory(value, QgsMarkerSymbol.createSimple(symbol), text))
    layer.setRenderer(QgsCategorizedSymbolRenderer("transfer", categories))
    label(layer, 'if($id = minimum($id, "station"), "station", \'\')', 7, "#444444", 1.2)


def style_intervals(layer: QgsVectorLayer) -> None:
    """Draw each metro line in a colour of its own."""
    categories = []
    for line, colour in LINE_COLOURS.items():
        symbol = QgsLineSymbol.createSimple({"color": colour, "width": "0.8", "capstyle": "round"})
        categories.append(QgsRendererCategory(line, symbol, f"Line {line}"))
    layer.setRenderer(QgsCategorizedSymbolRenderer("line", categories))


STYLES = {
    "incidents": style_incidents,
    "rescue_points": style_rescue_points,
    "metro_stations": style_stations,
    "metro_intervals": style_intervals,
    "candidates": style_candidates,
    **{name: style_incidents for name, _ in EXAMPLES if name.startswith("scenario_")},
}


def add_layer(project: QgsProject, group: QgsLayerTreeGroup, folder: Path, name: str, title: str) -> None:
    """Add a layer of the GeoPackage at the end of a group of the layer tree, styled."""
    layer = QgsVectorLayer(f"{folder / 'nanjing.gpkg'}|layername={name}", title, "ogr")
    if not layer.isValid():
        raise RuntimeError(f"no layer {name} in {folder / 'nanjing.gpkg'}: run scripts/make_metro_sample.py first")
    if name in STYLES:
        STYLES[name](layer)
    project.addMapLayer(layer, False)
    group.addLayer(layer)


def build(folder: Path) -> QgsProject:
    """Return the project of the case in ``folder``, layers styled."""
    project = QgsProject.instance()
    project.setFileName(str(folder / "nanjing.qgs"))
    project.setCrs(QgsCoordinateReferenceSystem(CRS))
    project.setEllipsoid("EPSG:7030")
    project.setTitle("Metro emergency: a fire at Andemen, Nanjing (reconstructed)")
    metadata = project.metadata()
    metadata.setTitle(project.title())
    metadata.setAbstract(ABSTRACT)
    metadata.setAuthor("Evacuation Planner")
    project.setMetadata(metadata)
    root = project.layerTreeRoot()
    for name, title in LAYERS:
        add_layer(project, root, folder, name, title)
    group = root.addGroup("Examples beside the case")
    for name, title in EXAMPLES:
        add_layer(project, group, folder, name, title)
    group.setItemVisibilityChecked(False)
    group.setExpanded(False)
    view = project.mapLayersByName("Rescue points (reconstructed)")[0]
    extent = QgsCoordinateTransform(view.crs(), project.crs(), project).transformBoundingBox(view.extent())
    extent.scale(1.3)
    project.viewSettings().setDefaultViewExtent(QgsReferencedRectangle(extent, project.crs()))
    return project


def main() -> None:
    """Make the project, and the picture when asked for."""
    application = QgsApplication([], False)
    application.initQgis()
    # QGIS changes the header of a GeoPackage that it opens: work beside a copy, keep the project only.
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(SAMPLE / "nanjing.gpkg", folder)
        project = build(Path(folder))
        write_project(project, Path(folder) / "nanjing.qgz")
        if len(sys.argv) > 1:
            draw(project, Path(sys.argv[1]))
        project.clear()
        shutil.copy(Path(folder) / "nanjing.qgz", SAMPLE / "nanjing.qgz")
    print(SAMPLE / "nanjing.qgz")
    application.exitQgis()


if __name__ == "__main__":
    main()
