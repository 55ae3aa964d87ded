"""Write the styles of allocatemetroresources' outputs into resources/styles.

Run with QGIS's Python:  QT_QPA_PLATFORM=offscreen python tools/styles/allocatemetroresources.py
Colours are of Okabe and Ito's set and ColorBrewer's YlOrRd, which colour-blind readers can tell apart.
"""

from __future__ import annotations

import sys

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsGraduatedSymbolRenderer,
    QgsLineSymbol,
    QgsMarkerLineSymbolLayer,
    QgsMarkerSymbol,
    QgsPalLayerSettings,
    QgsProperty,
    QgsRendererCategory,
    QgsRendererRange,
    QgsSymbolLayer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor, QFont
from writing import write_styles

LATE = (
    (0.0, 0.0, "#0072b2", "on time (width: units sent)"),
    (0.0, 5.0, "#fecc5c", "up to 5 min late"),
    (5.0, 10.0, "#fd8d3c", "5 - 10 min late"),
    (10.0, 20.0, "#e31a1c", "10 - 20 min late"),
    (20.0, 1e9, "#800026", "more than 20 min late"),
)
LEFT = (
    (0.0, 0.0, "#d55e00", "nothing left in stock"),
    (0.0, 25.0, "#fecc5c", "up to 25 % of the units left"),
    (25.0, 99.99, "#9ecae1", "25 - 100 % left"),
    (99.99, 100.0, "#0072b2", "not called upon"),
)
MISSING = (("missing", "#d55e00", "units missing"), ("late", "#e69f00", "no unit on time"))

# The types sent along one way lie on the same line, so they are drawn side by side.
BESIDE = (
    '(array_find(array_sort(array_distinct(array_agg("resource"))), "resource")'
    ' - (count_distinct("resource") - 1) / 2.0) * 1.6'
)
WIDTH = 'scale_exp("quantity", 0, maximum("quantity"), 0.4, 3, 0.6)'
ONE_OF_PLACE = '$id = minimum($id, "{place}")'


def deliveries() -> QgsVectorLayer:
    """Lines to the incident: colour by delay, width by units."""
    layer = QgsVectorLayer(
        "LineString?field=resource:string&field=quantity:integer&field=late_minutes:double", "deliveries", "memory"
    )
    ranges = []
    for low, high, colour, label in LATE:
        symbol = QgsLineSymbol.createSimple({"color": colour, "width": "1.2", "capstyle": "round"})
        line = symbol.symbolLayer(0)
        line.setDataDefinedProperty(QgsSymbolLayer.Property.PropertyStrokeWidth, QgsProperty.fromExpression(WIDTH))
        line.setDataDefinedProperty(QgsSymbolLayer.Property.PropertyOffset, QgsProperty.fromExpression(BESIDE))
        arrow = QgsMarkerLineSymbolLayer(True, 3.0)
        arrow.setPlacement(QgsMarkerLineSymbolLayer.Placement.CentralPoint)
        arrow.setSubSymbol(
            QgsMarkerSymbol.createSimple(
                {
                    "name": "filled_arrowhead",
                    "color": colour,
                    "outline_color": "white",
                    "outline_width": "0.2",
                    "size": "3",
                }
            )
        )
        arrow.setDataDefinedProperty(QgsSymbolLayer.Property.PropertyOffset, QgsProperty.fromExpression(BESIDE))
        symbol.appendSymbolLayer(arrow)
        ranges.append(QgsRendererRange(low, high, symbol, label))
    layer.setRenderer(QgsGraduatedSymbolRenderer("late_minutes", ranges))
    settings = _text('"quantity" || \' \' || "resource"')
    settings.placement = QgsPalLayerSettings.Placement.Line
    layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
    layer.setLabelsEnabled(True)
    return layer


def stocks() -> QgsVectorLayer:
    """Rescue points coloured by what is left of all types together, labelled with what is left of each."""
    layer = QgsVectorLayer(
        "Point?field=station_id:string&field=resource:string&field=inventory:integer&field=remaining:integer",
        "stocks",
        "memory",
    )
    ranges = []
    for low, high, colour, label in LEFT:
        symbol = QgsMarkerSymbol.createSimple(
            {"name": "square", "color": colour, "outline_color": "#1c1c1c", "outline_width": "0.3", "size": "4"}
        )
        ranges.append(QgsRendererRange(low, high, symbol, label))
    share = '100.0 * sum("remaining", "station_id") / sum("inventory", "station_id")'
    layer.setRenderer(QgsGraduatedSymbolRenderer(share, ranges))
    rows = (
        "concatenate(to_string(\"remaining\") || ' ' || \"resource\" || ' left', \"station_id\", concatenator:='\\n')"
    )
    _label(layer, f"\"station_id\" || '\\n' || {rows}", "station_id")
    return layer


def shortages() -> QgsVectorLayer:
    """Incidents that are short of something, with what."""
    layer = QgsVectorLayer(
        "Point?field=incident_id:string&field=resource:string&field=unmet:integer&field=reason:string",
        "shortages",
        "memory",
    )
    categories = []
    for value, colour, label in MISSING:
        symbol = QgsMarkerSymbol.createSimple(
            {"name": "triangle", "color": colour, "outline_color": "#1c1c1c", "outline_width": "0.3", "size": "5"}
        )
        categories.append(QgsRendererCategory(value, symbol, label))
    kind = "if(sum(\"unmet\", \"incident_id\") > 0, 'missing', 'late')"
    layer.setRenderer(QgsCategorizedSymbolRenderer(kind, categories))
    line = 'if("unmet" > 0, to_string("unmet") || \' \' || "resource" || \' missing\', "resource" || \' late\')'
    rows = f"concatenate({line}, \"incident_id\", concatenator:='\\n')"
    _label(layer, f"\"incident_id\" || '\\n' || {rows}", "incident_id")
    return layer


def _text(expression: str) -> QgsPalLayerSettings:
    settings = QgsPalLayerSettings()
    settings.fieldName = expression
    settings.isExpression = True
    form = QgsTextFormat()
    form.setFont(QFont("Open Sans"))  # comes with every QGIS
    form.setSize(8)
    form.setColor(QColor("#1c1c1c"))
    buffer = QgsTextBufferSettings()
    buffer.setEnabled(True)
    buffer.setSize(0.8)
    buffer.setColor(QColor("white"))
    form.setBuffer(buffer)
    settings.setFormat(form)
    return settings


def _label(layer: QgsVectorLayer, expression: str, place: str) -> None:
    """Label each place once, though it has a feature for each type."""
    settings = _text(expression)
    settings.dist = 2.5
    properties = settings.dataDefinedProperties()
    shown = QgsProperty.fromExpression(ONE_OF_PLACE.format(place=place))
    properties.setProperty(QgsPalLayerSettings.Property.Show, shown)
    settings.setDataDefinedProperties(properties)
    layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
    layer.setLabelsEnabled(True)


def styles() -> dict[str, QgsVectorLayer]:
    """Return the layers whose styles are written, by name."""
    made = {"output": deliveries(), "output_stations": stocks(), "output_unmet": shortages()}
    return {f"allocatemetroresources_{name}": layer for name, layer in made.items()}


if __name__ == "__main__":
    sys.exit(write_styles(styles))
