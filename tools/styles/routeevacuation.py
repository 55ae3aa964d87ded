"""Write the styles of routeevacuation's outputs into resources/styles.

Run as  QT_QPA_PLATFORM=offscreen .venv/bin/python tools/styles/routeevacuation.py
Colours are of Okabe and Ito's set and ColorBrewer's YlOrRd, which colour-blind readers can tell apart. The temporal
settings let QGIS's temporal controller play the evacuation: a route shows from its first departure to its last arrival,
a road from the first vehicle on it to the last, a flow in its interval, who is caught from that moment on.
"""

from __future__ import annotations

import sys

from qgis.core import (
    Qgis,
    QgsCategorizedSymbolRenderer,
    QgsFeatureRequest,
    QgsGraduatedSymbolRenderer,
    QgsLineSymbol,
    QgsMarkerSymbol,
    QgsProperty,
    QgsRendererCategory,
    QgsRendererRange,
    QgsSingleSymbolRenderer,
    QgsSymbolLayer,
    QgsVectorLayer,
)
from writing import KINDS, shown_between, write_styles

DELAYS = (
    (0.0, 0.1, "#7fa6c9", "no delay to speak of (width: vehicles)"),
    (0.1, 1.0, "#fed976", "0.1 - 1 vehicle-hours of delay"),
    (1.0, 5.0, "#fd8d3c", "1 - 5 vehicle-hours"),
    (5.0, 20.0, "#e31a1c", "5 - 20 vehicle-hours"),
    (20.0, 1e9, "#800026", "more than 20 vehicle-hours"),
)
DETOURS = (
    (0.0, 1.1, "#0072b2", "at most 1.1 times the fastest time (width: vehicles)"),
    (1.1, 1.5, "#56b4e9", "1.1 - 1.5 times"),
    (1.5, 2.0, "#e69f00", "1.5 - 2 times"),
    (2.0, 4.0, "#d55e00", "2 - 4 times"),
    (4.0, 1e9, "#800026", "more than 4 times"),
)

LOSSES = (
    (0.0, 0.01, "#7fa6c9", "no delay to speak of in the interval (width: vehicles that enter)"),
    (0.01, 0.1, "#fed976", "0.01 - 0.1 vehicle-hours of delay"),
    (0.1, 0.5, "#fd8d3c", "0.1 - 0.5 vehicle-hours"),
    (0.5, 2.0, "#e31a1c", "0.5 - 2 vehicle-hours"),
    (2.0, 1e9, "#800026", "more than 2 vehicle-hours"),
)
RANKS = (
    (0, 10, "#800026", "4.5", "the ten junctions where most vehicles merge or cross"),
    (10, 50, "#fd8d3c", "3", "the next forty"),
    (50, 1e9, "#fed976", "1.8", "others"),
)
MARGINS = (
    (-1e9, 120.0, "#7f0000", "less than 2 minutes before the hazard is there (width: vehicles)"),
    (120.0, 300.0, "#d7301f", "2 - 5 minutes"),
    (300.0, 600.0, "#fc8d59", "5 - 10 minutes"),
    (600.0, 1200.0, "#a8ddb5", "10 - 20 minutes"),
    (1200.0, 1e9, "#2a9d8f", "20 minutes and more"),
    (1e9, 1e10, "#4d4d4d", "the hazard reaches no place on the way"),
)
FATES = (
    ("too late to leave", "#d55e00", "triangle", "too late to leave (size: people)"),
    ("queue", "#cc79a7", "circle", "caught in a queue"),
    ("way cut off", "#0072b2", "diamond", "the way is cut off"),
    ("destination reached", "#000000", "square", "the hazard comes to where they go"),
)
FATE_SIZE = 'scale_exp(coalesce("people", 0), 0, max(maximum("people"), 1), 2, 6, 0.6)'
SHARE = 'coalesce("peak_flow" / nullif("capacity", 0), 0)'
DOOR_LOADS = (
    (0.0, 0.001, "#bdbdbd", "door: nobody comes in (black edge: guessed)"),
    (0.001, 0.5, "#56b4e9", "less than half of its capacity (size: vehicles)"),
    (0.5, 0.95, "#e69f00", "half to 95 %"),
    (0.95, 1e9, "#d55e00", "full"),
)
DOOR_SIZE = 'scale_exp(coalesce("vehicles", 0), 0, max(maximum("vehicles"), 1), 2, 6, 0.6)'
WIDTH = 'scale_exp("vehicles", 0, maximum("vehicles"), {least}, {most}, 0.6)'


def roads() -> QgsVectorLayer:
    """Used roads: colour by delay, width by vehicles, the two directions side by side (traffic on the right)."""
    fields = "field=vehicles:integer&field=delay_s:double&field=first_entry:datetime&field=last_exit:datetime"
    layer = QgsVectorLayer(f"LineString?{fields}", "roads", "memory")
    width = WIDTH.format(least=0.25, most=3)
    ranges = [QgsRendererRange(low, high, _line(colour, width, True), label) for low, high, colour, label in DELAYS]
    layer.setRenderer(_graduated('"delay_s" / 3600.0', ranges, '"delay_s"'))
    shown_between(layer, "first_entry", "last_exit")
    return layer


def routes() -> QgsVectorLayer:
    """Routes: colour by travel time over the fastest, width by vehicles."""
    fields = "field=vehicles:integer&field=detour:double&field=first_departure:datetime&field=last_arrival:datetime"
    layer = QgsVectorLayer(f"LineString?{fields}", "routes", "memory")
    width = WIDTH.format(least=0.2, most=1.6)
    ranges = [QgsRendererRange(low, high, _line(colour, width, False), label) for low, high, colour, label in DETOURS]
    layer.setRenderer(_graduated('"detour"', ranges, '"detour"'))
    layer.setOpacity(0.7)
    shown_between(layer, "first_departure", "last_arrival")
    return layer


def margins() -> QgsVectorLayer:
    """Routes with a hazard that comes: colour by the least margin, light where it is large; width by vehicles."""
    fields = "field=vehicles:integer&field=margin_s:double&field=first_departure:datetime&field=last_arrival:datetime"
    layer = QgsVectorLayer(f"LineString?{fields}", "routes", "memory")
    width = WIDTH.format(least=0.3, most=1.8)
    ranges = [QgsRendererRange(low, high, _line(colour, width, False), label) for low, high, colour, label in MARGINS]
    layer.setRenderer(_graduated('coalesce("margin_s", 2e9)', ranges, '-coalesce("margin_s", 2e9)'))
    layer.setOpacity(0.8)
    shown_between(layer, "first_departure", "last_arrival")
    return layer


def caught() -> QgsVectorLayer:
    """Those caught: shape and colour by the reason, size by people; there from the moment on."""
    fields = "field=people:integer&field=reason_code:string&field=time:datetime"
    layer = QgsVectorLayer(f"Point?{fields}", "caught", "memory")
    renderer = QgsCategorizedSymbolRenderer(
        "reason_code", [QgsRendererCategory(code, _fate(colour, shape), label) for code, colour, shape, label in FATES]
    )
    renderer.setOrderBy(QgsFeatureRequest.OrderBy([QgsFeatureRequest.OrderByClause('"people"', False)]))
    renderer.setOrderByEnabled(True)
    layer.setRenderer(renderer)
    temporal = layer.temporalProperties()
    temporal.setMode(Qgis.VectorTemporalMode.FeatureDateTimeStartAndEndFromFields)
    temporal.setStartField("time")
    temporal.setIsActive(True)
    return layer


def unrouted() -> QgsVectorLayer:
    """Trips without a route: a dashed line."""
    layer = QgsVectorLayer("LineString?field=people:integer&field=reason:string", "unrouted", "memory")
    symbol = QgsLineSymbol.createSimple({"color": "#000000", "width": "0.6", "line_style": "dash"})
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))
    return layer


def flows() -> QgsVectorLayer:
    """Flows: colour by the delay in the interval, width by those who enter; the temporal controller plays them."""
    fields = "field=entered:integer&field=delay_s:double&field=begin:datetime&field=end:datetime"
    layer = QgsVectorLayer(f"LineString?{fields}", "flows", "memory")
    width = WIDTH.format(least=0.25, most=3).replace("vehicles", "entered")
    ranges = [QgsRendererRange(low, high, _line(colour, width, True), label) for low, high, colour, label in LOSSES]
    layer.setRenderer(_graduated('"delay_s" / 3600.0', ranges, '"delay_s"'))
    shown_between(layer, "begin", "end")
    return layer


def doors() -> QgsVectorLayer:
    """Doors: size by vehicles, colour by the share of the capacity that the fullest quarter of an hour takes."""
    fields = "field=vehicles:integer&field=peak_flow:integer&field=capacity:double&field=guessed:integer"
    layer = QgsVectorLayer(f"Point?{fields}", "doors", "memory")
    ranges = [QgsRendererRange(low, high, _door(colour), label) for low, high, colour, label in DOOR_LOADS]
    layer.setRenderer(_graduated(SHARE, ranges, '"vehicles"'))
    return layer


def junctions() -> QgsVectorLayer:
    """Junctions: the first ten by rank large and dark, the next forty smaller, the others small and pale."""
    layer = QgsVectorLayer("Point?field=rank:integer&field=vehicles:integer", "junctions", "memory")
    ranges = [
        QgsRendererRange(
            low,
            high,
            QgsMarkerSymbol.createSimple(
                {"name": "diamond", "color": colour, "size": size, "outline_color": "#ffffff", "outline_width": "0.3"}
            ),
            label,
        )
        for low, high, colour, size, label in RANKS
    ]
    renderer = _graduated('"rank"', ranges, '"rank"')
    renderer.setOrderBy(QgsFeatureRequest.OrderBy([QgsFeatureRequest.OrderByClause('"rank"', False)]))
    layer.setRenderer(renderer)
    return layer


def _door(colour: str) -> QgsMarkerSymbol:
    """Return a square, larger for more vehicles; a white edge for a surveyed door, a black one for a guessed one."""
    symbol = QgsMarkerSymbol.createSimple(
        {"name": "square", "color": colour, "size": "3", "outline_color": "#ffffff", "outline_width": "0.3"}
    )
    mark = symbol.symbolLayer(0)
    mark.setDataDefinedProperty(QgsSymbolLayer.Property.PropertySize, QgsProperty.fromExpression(DOOR_SIZE))
    edge = QgsProperty.fromExpression("if(\"guessed\" = 1, '#000000', '#ffffff')")
    mark.setDataDefinedProperty(QgsSymbolLayer.Property.PropertyStrokeColor, edge)
    return symbol


def _fate(colour: str, shape: str) -> QgsMarkerSymbol:
    """Return a mark, larger for more people."""
    symbol = QgsMarkerSymbol.createSimple(
        {"name": shape, "color": colour, "size": "4", "outline_color": "#ffffff", "outline_width": "0.3"}
    )
    size = QgsProperty.fromExpression(FATE_SIZE)
    symbol.symbolLayer(0).setDataDefinedProperty(QgsSymbolLayer.Property.PropertySize, size)
    return symbol


def _graduated(expression: str, ranges: list[QgsRendererRange], order: str) -> QgsGraduatedSymbolRenderer:
    """Return a renderer that draws the greatest values last, so that they lie on top."""
    renderer = QgsGraduatedSymbolRenderer(expression, ranges)
    renderer.setOrderBy(QgsFeatureRequest.OrderBy([QgsFeatureRequest.OrderByClause(order, True)]))
    renderer.setOrderByEnabled(True)
    return renderer


def _line(colour: str, width: str, beside: bool) -> QgsLineSymbol:
    """Return a line as wide as the expression says; ``beside`` draws it to the right of the road's middle."""
    symbol = QgsLineSymbol.createSimple(
        {"color": colour, "width": "0.8", "capstyle": "flat" if beside else "round", "joinstyle": "round"}
    )
    stroke = symbol.symbolLayer(0)
    stroke.setDataDefinedProperty(QgsSymbolLayer.Property.PropertyStrokeWidth, QgsProperty.fromExpression(width))
    if beside:
        offset = QgsProperty.fromExpression(f"({width}) / 2 + 0.1")
        stroke.setDataDefinedProperty(QgsSymbolLayer.Property.PropertyOffset, offset)
    return symbol


def styles() -> dict[str, QgsVectorLayer]:
    """Return the layers whose styles are written, by name."""
    made = {
        "output": routes(),
        "output_margin": margins(),
        "output_caught": caught(),
        "output_roads": roads(),
        "output_doors": doors(),
        "output_flows": flows(),
        "output_junctions": junctions(),
        "output_unrouted": unrouted(),
    }
    return {f"routeevacuation_{name}": layer for name, layer in made.items()}


if __name__ == "__main__":
    sys.exit(write_styles(styles, KINDS.Symbology | KINDS.Rendering | KINDS.Temporal))
