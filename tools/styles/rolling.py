"""Write the styles of rollinghorizon's own layers into resources/styles.

Run as  QT_QPA_PLATFORM=offscreen .venv/bin/python tools/styles/rolling.py
Who is told anew: a point at the turn-off, as large as the people are many; blue who is told at the origin, orange who
is on the road, of Okabe and Ito's set, which colour-blind readers can tell apart, and of another shape besides.
"""

from __future__ import annotations

import sys

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsMarkerSymbol,
    QgsProperty,
    QgsRendererCategory,
    QgsSymbolLayer,
    QgsVectorLayer,
)
from writing import labelled, write_styles

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
    labelled(layer, LABEL)
    return layer


if __name__ == "__main__":
    sys.exit(write_styles(lambda: {"rollinghorizon_output_changes": told()}))
