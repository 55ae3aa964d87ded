"""Write the styles of rollinghorizon's own layers into resources/styles.

Run as  QT_QPA_PLATFORM=offscreen .venv/bin/python tools/styles/rolling.py
Who is told anew: a point at the turn-off, as large as the people are many; blue who is told at the origin, orange who
is on the road, of Okabe and Ito's set, which colour-blind readers can tell apart, and of another shape besides.
"""

from __future__ import annotations

import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsCategorizedSymbolRenderer,
    QgsMarkerSymbol,
    QgsPalLayerSettings,
    QgsProperty,
    QgsRendererCategory,
    QgsSymbolLayer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor, QFont

STYLES = Path(__file__).resolve().parents[2] / "resources" / "styles"
FIELDS = "field=place:string&field=people:integer&field=minute:double&field=new_road_name:string"
PLACES = (("at the origin", "circle", "#0072b2"), ("on the road", "diamond", "#e69f00"))
SIZE = 'scale_exp("people", 1, 500, 2.2, 8, 0.5)'
LEAST = 25  # people from which on there is a text
LABEL = (
    f'CASE WHEN "people" >= {LEAST} THEN \'min \' || to_string(round("minute")) || \': \' || to_string("people") || '
    "' by ' || coalesce(\"new_road_name\", '') END"
)


def told() -> QgsVectorLayer:
    """Points at the turn-offs, with people and the new road where there is room for the text."""
    layer = QgsVectorLayer(f"Point?{FIELDS}", "told", "memory")
    categories = []
    for place, shape, colour in PLACES:
        symbol = QgsMarkerSymbol.createSimple(
            {"name": shape, "color": colour, "outline_color": "#333333", "outline_width": "0.2", "size": "3"}
        )
        symbol.symbolLayer(0).setDataDefinedProperty(
            QgsSymbolLayer.Property.PropertySize, QgsProperty.fromExpression(SIZE)
        )
        symbol.setOpacity(0.8)
        categories.append(QgsRendererCategory(place, symbol, f"told {place}"))
    layer.setRenderer(QgsCategorizedSymbolRenderer("place", categories))
    text, halo = QgsTextFormat(), QgsTextBufferSettings()
    text.setFont(QFont("Open Sans"))  # comes with every QGIS
    text.setSize(8)
    text.setColor(QColor("#222222"))
    halo.setEnabled(True)
    halo.setSize(0.8)
    text.setBuffer(halo)
    settings = QgsPalLayerSettings()
    settings.fieldName, settings.isExpression = LABEL, True
    settings.setFormat(text)
    layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
    layer.setLabelsEnabled(True)
    return layer


def main() -> int:
    """Write all styles."""
    application = QgsApplication([], False)
    application.initQgis()
    layer = told()
    kinds = QgsVectorLayer.StyleCategory.Symbology | QgsVectorLayer.StyleCategory.Labeling
    message, good = layer.saveNamedStyle(str(STYLES / "rollinghorizon_output_changes.qml"), kinds)
    if not good:
        print(message, file=sys.stderr)
    del layer
    application.exitQgis()
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
