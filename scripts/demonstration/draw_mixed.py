#!/usr/bin/env python3
"""Draw the map of a plan in which some walk and some drive: draw_mixed.py FOLDER PICTURE.

A program of its own, so that QGIS's state dies with it. Reads FOLDER/mixed.gpkg and FOLDER/map.json (title, subtitle,
notes, and the name of the water with the place to write it at).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PIL import Image
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsLineSymbol,
    QgsProject,
    QgsProperty,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsRuleBasedRenderer,
    QgsSymbolLayer,
    QgsVectorLayer,
)
from sample.styling import label, style_hazard, style_land, style_roads_plain

from demonstration.layout import export_map

CRS = "EPSG:32719"
WIDEST = 3.0  # mm
PIXELS = 1200
WIDTH = '0.25 + {widest} * sqrt("vehicles" / {most})'
STEPS = (100, 500, 2_000, 5_000)
WORDS = {"foot": "on foot", "car": "by car"}
# table, title, mode, in the legend; from top to bottom
LAYERS = (
    ("shelter_load", "Open shelters: how full", "", True),
    ("road_flow", "Streets on which people walk", "foot", True),
    ("road_flow", "Streets on which people drive", "car", True),
    ("hazard", "Tsunami strip (illustrative)", "", True),
    ("roads", "Other roads", "", True),
    ("zones", "Land (all zones)", "", False),
)
GROUND = {"hazard": style_hazard, "roads": style_roads_plain, "zones": style_land}
LOOKS = {  # of what is seen in grey as well: walkers dashed and dark above drivers pale
    "foot": {"color": "#005f46", "line_style": "dot", "capstyle": "flat"},
    "car": {"color": "#e69f00", "line_style": "solid", "capstyle": "round"},
}


def style_mode(layer: QgsVectorLayer, mode: str, most: float) -> None:
    """Draw streets the wider the more vehicles, or walkers, take them by this mode."""
    symbol = QgsLineSymbol.createSimple({"width": "0.8", **LOOKS[mode]})
    width = QgsProperty.fromExpression(WIDTH.format(widest=WIDEST, most=most))
    symbol.symbolLayer(0).setDataDefinedProperty(QgsSymbolLayer.Property.PropertyStrokeWidth, width)
    rules = QgsRuleBasedRenderer(QgsLineSymbol())
    only = rules.rootRule().children()[0]
    only.setSymbol(symbol)
    only.setFilterExpression(f"\"mode\" = '{mode}'")
    only.setLabel(WORDS[mode])
    layer.setRenderer(rules)


def build(folder: Path, texts: dict) -> tuple[QgsProject, list[tuple[int, float]]]:
    """Return the project of the map, and the widths (mm) of streets by vehicles or walkers."""
    project = QgsProject.instance()
    project.setCrs(QgsCoordinateReferenceSystem(CRS))
    project.setEllipsoid("EPSG:7030")
    project.setTitle(texts["title"])
    root, boxes, most = project.layerTreeRoot(), list[QgsRectangle](), 1.0
    for name, title, mode, told in LAYERS:
        layer = QgsVectorLayer(f"{folder / 'mixed.gpkg'}|layername={name}", title, "ogr")
        if not layer.isValid():
            raise RuntimeError(f"mixed.gpkg has no layer {name}")
        layer.loadDefaultStyle()
        if mode:
            most = max(most, layer.maximumValue(layer.fields().lookupField("vehicles")))
            style_mode(layer, mode, most)
        if name in GROUND:
            GROUND[name](layer)
        if name == "shelter_load":
            label(layer, "\"shelter_id\" || '\\n' || format_number(\"load\", 0) || ' people'", 7.5, "#000000", 2.2)
        if name in ("shelter_load", "road_flow", "hazard"):
            to_map = QgsCoordinateTransform(layer.crs(), project.crs(), project)
            boxes.append(to_map.transformBoundingBox(layer.extent()))
        project.addMapLayer(layer, False)
        root.addLayer(layer).setExpanded(told)
    extent = QgsRectangle(boxes[0])
    for box in boxes[1:]:
        extent.combineExtentWith(box)
    extent.scale(1.06)
    project.viewSettings().setDefaultViewExtent(QgsReferencedRectangle(extent, project.crs()))
    return project, [(count, 0.25 + WIDEST * (count / most) ** 0.5) for count in STEPS if count <= most]


def main() -> None:
    """Draw the map at PICTURE."""
    folder, target = Path(sys.argv[1]), Path(sys.argv[2])
    texts = json.loads((folder / "map.json").read_text(encoding="utf-8"))
    application = QgsApplication([], False)
    application.initQgis()
    project, widths = build(folder, texts)
    whole = folder / "map.png"
    export_map(project, {**texts, "widths": widths, "unit": "vehicles or walkers"}, whole)
    with Image.open(whole) as image:
        height = round(image.height * PIXELS / image.width)
        image.convert("RGB").resize((PIXELS, height), Image.Resampling.LANCZOS).quantize(128).save(
            target, optimize=True
        )
    project.clear()
    application.exitQgis()


if __name__ == "__main__":
    main()
