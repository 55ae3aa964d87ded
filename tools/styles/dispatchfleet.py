"""Write the styles of dispatchfleet's outputs into resources/styles.

Run as  QT_QPA_PLATFORM=offscreen .venv/bin/python tools/styles/dispatchfleet.py
Tours: colour by how long people waited, width by people; stops by their kind; who is not served, crosses. Colours are
of Okabe and Ito's set, which colour-blind readers can tell apart. The temporal controller plays tours from start to
end, stops from arrival to departure.
"""

from __future__ import annotations

import sys

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsGraduatedSymbolRenderer,
    QgsLineSymbol,
    QgsMarkerSymbol,
    QgsProperty,
    QgsRendererCategory,
    QgsRendererRange,
    QgsSymbol,
    QgsSymbolLayer,
    QgsVectorLayer,
)
from writing import KINDS, shown_between, write_styles

WAITS = (
    (0.0, 10.0, "#0072b2", "at most 10 minutes of waiting on average (width: people)"),
    (10.0, 20.0, "#56b4e9", "10 - 20 minutes"),
    (20.0, 40.0, "#e69f00", "20 - 40 minutes"),
    (40.0, 60.0, "#d55e00", "40 - 60 minutes"),
    (60.0, 1e9, "#800026", "more than an hour"),
)
STOPS = (
    ("start", "square", "#4d4d4d", "where a tour starts"),
    ("request", "circle", "#0072b2", "people get in (size: people)"),
    ("shelter", "pentagon", "#009e73", "people get out (size: people)"),
)
WIDTH = 'scale_exp("people", 0, maximum("people"), 0.3, 1.6, 0.6)'
SIZE = 'scale_exp("on" + "off", 0, maximum("on" + "off"), 1.4, 5, 0.5)'
LOST = 'scale_exp("people", 0, maximum("people"), 2, 6, 0.5)'
SIZE_OF, WIDTH_OF = QgsSymbolLayer.Property.PropertySize, QgsSymbolLayer.Property.PropertyStrokeWidth


def tours() -> QgsVectorLayer:
    """Tours by the mean wait of those whom they fetch."""
    fields = "field=people:integer&field=waiting:double&field=start:datetime&field=end:datetime"
    layer = QgsVectorLayer(f"LineString?{fields}", "tours", "memory")
    ranges = []
    for low, high, colour, label in WAITS:
        symbol = QgsLineSymbol.createSimple({"color": colour, "width": "0.6", "capstyle": "round"})
        ranges.append(QgsRendererRange(low, high, _scaled(symbol, WIDTH_OF, WIDTH), label))
    layer.setRenderer(QgsGraduatedSymbolRenderer('coalesce("waiting" / nullif("people", 0), 0)', ranges))
    layer.setOpacity(0.7)
    shown_between(layer, "start", "end")
    return layer


def stops() -> QgsVectorLayer:
    """Stops by their kind."""
    fields = "field=kind:string&field=on:integer&field=off:integer&field=arrival:datetime&field=departure:datetime"
    layer = QgsVectorLayer(f"Point?{fields}", "stops", "memory")
    categories = []
    for kind, shape, colour, label in STOPS:
        symbol = _marker(shape, colour)
        categories.append(QgsRendererCategory(kind, _scaled(symbol, SIZE_OF, SIZE), label))
    layer.setRenderer(QgsCategorizedSymbolRenderer("kind", categories))
    shown_between(layer, "arrival", "departure")
    return layer


def unserved() -> QgsVectorLayer:
    """Who was not served: a cross, pale where nobody ever asked."""
    layer = QgsVectorLayer("Point?field=people:integer&field=reason:string", "unserved", "memory")
    categories = []
    for never, colour, label in (
        (0, "#d55e00", "not served (size: people)"), (1, "#bdbdbd", "expected, but never asked to be fetched")
    ):  # fmt: skip
        symbol = QgsMarkerSymbol.createSimple(
            {"name": "cross2", "outline_color": colour, "outline_width": "0.7", "size": "3"}
        )
        categories.append(QgsRendererCategory(never, _scaled(symbol, SIZE_OF, LOST), label))
    layer.setRenderer(QgsCategorizedSymbolRenderer("if(\"reason\" LIKE 'expected only%', 1, 0)", categories))
    return layer


def _marker(shape: str, colour: str) -> QgsMarkerSymbol:
    return QgsMarkerSymbol.createSimple(
        {"name": shape, "color": colour, "outline_color": "#ffffff", "outline_width": "0.2", "size": "2"}
    )


def _scaled(symbol: QgsSymbol, what: QgsSymbolLayer.Property, by: str) -> QgsSymbol:
    symbol.symbolLayer(0).setDataDefinedProperty(what, QgsProperty.fromExpression(by))
    return symbol


def layers() -> dict[str, QgsVectorLayer]:
    """The layers by the names of their styles."""
    output = "dispatchfleet_output"
    return {output: tours(), f"{output}_stops": stops(), f"{output}_unserved": unserved()}


if __name__ == "__main__":
    sys.exit(write_styles(layers, KINDS.Symbology | KINDS.Rendering | KINDS.Temporal))
