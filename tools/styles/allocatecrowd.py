"""Write the styles of allocatecrowd's outputs into resources/styles.

Run as  QT_QPA_PLATFORM=offscreen .venv/bin/python tools/styles/allocatecrowd.py
Colours are of Okabe and Ito's set and ColorBrewer's YlOrRd, which colour-blind readers can tell apart.
"""

from __future__ import annotations

import sys

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsFillSymbol,
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
from writing import labelled, write_styles

WIDTHS = (
    (0, 100, 0.25, "up to 100 people"),
    (100, 500, 0.6, "100 - 500 people"),
    (500, 1_000, 1.0, "500 - 1,000 people"),
    (1_000, 2_500, 1.6, "1,000 - 2,500 people"),
    (2_500, 1e9, 2.4, "more than 2,500 people"),
)
SHELTER_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#6b4c1e")
FULL = (
    (0.0, 0.0, "#ffffff", "not used"),
    (0.0, 50.0, "#ffffb2", "up to 50 % full"),
    (50.0, 80.0, "#fecc5c", "50 - 80 % full"),
    (80.0, 95.0, "#fd8d3c", "80 - 95 % full"),
    (95.0, 1e9, "#bd0026", "95 - 100 % full"),
)
REASONS = (
    ("capacity", "#d55e00", "No room left in the shelters in reach"),
    ("group larger than any shelter in reach", "#cc79a7", "Group larger than any shelter in reach"),
    ("no shelter in reach", "#000000", "No shelter in reach"),
)


def allocation_lines() -> QgsVectorLayer:
    """Lines from zone to shelter: width by people, a colour for each shelter."""
    layer = QgsVectorLayer("LineString?field=shelter_id:string&field=people:integer", "allocation", "memory")
    palette = ",".join(f"'{colour}'" for colour in SHELTER_COLOURS)
    place = 'array_find(array_sort(array_distinct(array_agg("shelter_id"))), "shelter_id")'
    colour = QgsProperty.fromExpression(f"array_get(array({palette}), {place} % {len(SHELTER_COLOURS)})")
    ranges = []
    for low, high, width, label in WIDTHS:
        symbol = QgsLineSymbol.createSimple({"color": "#808080", "width": str(width), "capstyle": "round"})
        symbol.symbolLayer(0).setDataDefinedProperty(QgsSymbolLayer.Property.PropertyStrokeColor, colour)
        symbol.setOpacity(0.75)
        ranges.append(QgsRendererRange(low, high, symbol, label))
    layer.setRenderer(QgsGraduatedSymbolRenderer("people", ranges))
    return layer


def shelters(kind: str) -> QgsVectorLayer:
    """Shelters coloured by utilisation, labelled with id, load and capacity."""
    fields = "field=shelter_id:string&field=load:integer&field=capacity:integer&field=utilisation:double"
    layer = QgsVectorLayer(f"{kind}?{fields}", "shelters", "memory")
    ranges = [QgsRendererRange(low, high, _shape(kind, colour), label) for low, high, colour, label in FULL]
    layer.setRenderer(QgsGraduatedSymbolRenderer('100 * coalesce("utilisation", 0)', ranges))
    text = (
        "coalesce(attribute($currentfeature, 'shelter_name'), \"shelter_id\")"
        " || '\\n' || format_number(\"load\", 0) || ' of ' || format_number(\"capacity\", 0)"
    )
    labelled(layer, text, around=2.5)
    return layer


def unallocated(kind: str) -> QgsVectorLayer:
    """Zones with people left out, by reason."""
    layer = QgsVectorLayer(f"{kind}?field=people:integer&field=reason:string", "unallocated", "memory")
    categories = [QgsRendererCategory(value, _shape(kind, colour, 0.6), label) for value, colour, label in REASONS]
    layer.setRenderer(QgsCategorizedSymbolRenderer("reason", categories))
    labelled(layer, "format_number(\"people\", 0) || ' left out'", around=2.5)
    return layer


def _shape(kind: str, colour: str, opacity: float = 1.0) -> QgsSymbol:
    outline = {"color": colour, "outline_color": "#222222", "outline_width": "0.3", "outline_style": "solid"}
    if kind == "Point":
        symbol: QgsSymbol = QgsMarkerSymbol.createSimple({**outline, "name": "square", "size": "4"})
    else:
        symbol = QgsFillSymbol.createSimple(outline)
    symbol.setOpacity(opacity)
    return symbol


def styles() -> dict[str, QgsVectorLayer]:
    """Return the layers whose styles are written, by name."""
    made = {
        "output": allocation_lines(),
        "output_shelters": shelters("Point"),
        "output_shelters_polygon": shelters("Polygon"),
        "output_unallocated": unallocated("Polygon"),
        "output_unallocated_point": unallocated("Point"),
    }
    return {f"allocatecrowd_{name}": layer for name, layer in made.items()}


if __name__ == "__main__":
    sys.exit(write_styles(styles))
