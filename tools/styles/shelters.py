"""Write the styles of zonesatrisk's and recommendshelters' outputs into resources/styles.

Run as  QT_QPA_PLATFORM=offscreen .venv/bin/python tools/styles/shelters.py
Colours are of Okabe and Ito's set and ColorBrewer's PuRd, which colour-blind readers can tell apart; the status of a
site is told by its shape as well.
"""

from __future__ import annotations

import sys

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsCentroidFillSymbolLayer,
    QgsDataDefinedSizeLegend,
    QgsFillSymbol,
    QgsGraduatedSymbolRenderer,
    QgsLineSymbol,
    QgsMarkerSymbol,
    QgsProperty,
    QgsRendererCategory,
    QgsRendererRange,
    QgsSizeScaleTransformer,
    QgsSymbol,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor, QFont
from writing import labelled, write_styles

# The population fields may have any name; zones with others than the default ones are drawn by their share.
PEOPLE = (
    "coalesce(attribute($currentfeature, 'children') + attribute($currentfeature, 'adults') "
    "+ attribute($currentfeature, 'elderly'), attribute($currentfeature, 'population'))"
)
CLASSES = (
    (0, 500, "#f1eef6", "up to 500 people at risk"),
    (500, 1_500, "#d7b5d8", "500 - 1,500 people at risk"),
    (1_500, 3_000, "#df65b0", "1,500 - 3,000 people at risk"),
    (3_000, 5_000, "#dd1c77", "3,000 - 5,000 people at risk"),
    (5_000, 1e9, "#980043", "more than 5,000 people at risk"),
)

SHARES = (
    (0, 25, "#f1eef6", "up to 25 % of the zone at risk"),
    (25, 50, "#d7b5d8", "25 - 50 % of the zone at risk"),
    (50, 75, "#df65b0", "50 - 75 % of the zone at risk"),
    (75, 99.95, "#dd1c77", "75 - 99 % of the zone at risk"),
    (99.95, 1e9, "#980043", "the whole zone at risk"),
)
SITES = "field=site_id:string&field=status:string&field=rank:integer&field=residual:integer"
STATUS = (
    ("selected", "Selected shelter", "#0072b2", "circle"),
    ("standby", "Standby: usable, not needed", "#e69f00", "diamond"),
    ("rejected", "Rejected (reason in the table)", "#444444", "cross_fill"),
)
WIDTHS = (
    (0, 100, 0.25, "up to 100 people"),
    (100, 500, 0.6, "100 - 500 people"),
    (500, 1_000, 1.0, "500 - 1,000 people"),
    (1_000, 2_500, 1.6, "1,000 - 2,500 people"),
    (2_500, 1e9, 2.4, "more than 2,500 people"),
)
LARGEST_ROOM, SMALLEST, LARGEST = 10_000, 2.4, 8.0  # people, mm, mm
ROOMS = (1_000, 5_000, 10_000)


def zones(kind: str, value: str, classes: tuple[tuple[float, float, str, str], ...]) -> QgsVectorLayer:
    """Zones by people at risk, or by the share of the zone."""
    layer = QgsVectorLayer(f"{kind}?field=share_at_risk:double", "zones", "memory")
    ranges = []
    for low, high, colour, label in classes:
        look = {"color": colour, "outline_color": "#5b2a5e", "outline_width": "0.25"}
        symbol: QgsSymbol
        if kind == "Point":
            symbol = QgsMarkerSymbol.createSimple({**look, "name": "square", "size": "3"})
        else:
            symbol = QgsFillSymbol.createSimple(look)
        symbol.setOpacity(0.7)
        ranges.append(QgsRendererRange(low, high, symbol, label))
    layer.setRenderer(QgsGraduatedSymbolRenderer(value, ranges))
    return layer


def sites(kind: str, statuses: tuple[tuple[str, str, str, str], ...], text: str) -> QgsVectorLayer:
    """Sites by status, their size by the room left."""
    layer = QgsVectorLayer(f"{kind}?{SITES}", "sites", "memory")
    categories = [
        QgsRendererCategory(value, _site(kind, colour, shape), label) for value, label, colour, shape in statuses
    ]
    renderer = QgsCategorizedSymbolRenderer("status", categories)
    if kind == "Point":
        renderer.setSourceSymbol(_site(kind, "#bbbbbb", "circle"))  # the legend takes the sizes from it
        renderer.setDataDefinedSizeLegend(_size_legend())
    layer.setRenderer(renderer)
    labelled(layer, text)
    return layer


def catchments() -> QgsVectorLayer:
    """Lines from zone to site, their width by people."""
    layer = QgsVectorLayer("LineString?field=people:double", "catchments", "memory")
    ranges = []
    for low, high, width, label in WIDTHS:
        symbol = QgsLineSymbol.createSimple({"color": "#0072b2", "width": str(width), "capstyle": "round"})
        symbol.setOpacity(0.6)
        ranges.append(QgsRendererRange(low, high, symbol, label))
    layer.setRenderer(QgsGraduatedSymbolRenderer("people", ranges))
    return layer


def _marker(colour: str, shape: str) -> QgsMarkerSymbol:
    look = {"color": colour, "outline_color": "#ffffff", "outline_width": "0.3", "name": shape, "size": "3"}
    return QgsMarkerSymbol.createSimple(look)


def _site(kind: str, colour: str, shape: str) -> QgsSymbol:
    """Return a marker whose area grows with the room left; a polygon has it at its point on surface."""
    marker = _marker(colour, shape)
    size = QgsProperty.fromField("residual")
    size.setTransformer(
        QgsSizeScaleTransformer(
            QgsSizeScaleTransformer.ScaleType.Area, 0, LARGEST_ROOM, SMALLEST, LARGEST, SMALLEST, 1.0
        )
    )
    marker.setDataDefinedSize(size)
    if kind == "Point":
        return marker
    symbol = QgsFillSymbol.createSimple({"color": colour, "outline_color": colour, "outline_width": "0.3"})
    symbol.symbolLayer(0).setFillColor(QColor(*QColor(colour).getRgb()[:3], 90))
    middle = QgsCentroidFillSymbolLayer()
    middle.setPointOnSurface(True)
    middle.setPointOnAllParts(False)
    middle.setSubSymbol(marker)
    symbol.appendSymbolLayer(middle)
    return symbol


def _size_legend() -> QgsDataDefinedSizeLegend:
    legend = QgsDataDefinedSizeLegend()
    legend.setLegendType(QgsDataDefinedSizeLegend.LegendType.LegendSeparated)
    legend.setTitle("Room left (size)")
    legend.setFont(QFont("Open Sans"))
    legend.setSymbol(_marker("#bbbbbb", "circle"))
    legend.setClasses([QgsDataDefinedSizeLegend.SizeClass(room, f"{room:,} people") for room in ROOMS])
    return legend


def styles() -> dict[str, QgsVectorLayer]:
    """Return the layers whose styles are written, by name."""
    all_sites = "coalesce(attribute($currentfeature, 'shelter_name'), \"site_id\")"
    selected = all_sites + " || '\\nroom ' || format_number(\"residual\", 0)"
    made = {
        "zonesatrisk_output": zones("Polygon", PEOPLE, CLASSES),
        "zonesatrisk_output_point": zones("Point", PEOPLE, CLASSES),
        "zonesatrisk_output_share": zones("Polygon", "100 * share_at_risk", SHARES),
        "zonesatrisk_output_share_point": zones("Point", "100 * share_at_risk", SHARES),
        "recommendshelters_output": sites("Point", STATUS, all_sites),
        "recommendshelters_output_polygon": sites("Polygon", STATUS, all_sites),
        "recommendshelters_output_catchments": catchments(),
        "recommendshelters_output_selected": sites("Point", STATUS[:1], selected),
        "recommendshelters_output_selected_polygon": sites("Polygon", STATUS[:1], selected),
    }
    return made


if __name__ == "__main__":
    sys.exit(write_styles(styles))
