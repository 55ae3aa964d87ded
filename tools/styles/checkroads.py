"""Write the styles of checkroads' outputs into resources/styles.

Run with QGIS's Python:  QT_QPA_PLATFORM=offscreen python tools/styles/checkroads.py
Colours are of Okabe and Ito's set, shapes differ besides, so that colour-blind readers can tell the problems apart.
"""

from __future__ import annotations

import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsCategorizedSymbolRenderer,
    QgsLineSymbol,
    QgsMarkerLineSymbolLayer,
    QgsMarkerSymbol,
    QgsRendererCategory,
    QgsRuleBasedRenderer,
    QgsVectorLayer,
)

STYLES = Path(__file__).resolve().parents[2] / "resources" / "styles"

PROBLEMS = (
    ("component", "diamond", "#cc79a7", 3.4, "Part of the network off the main one"),
    ("dead_end", "cross_fill", "#d55e00", 3.2, "One-way road into or out of a dead end"),
    ("cannot_leave", "triangle", "#e69f00", 2.8, "Junction that cannot be left"),
    ("cannot_reach", "triangle", "#f0e442", 2.8, "Junction that cannot be reached"),
    ("near_miss", "star", "#0072b2", 3.2, "Road end that stops short of another road"),
    ("missing_speed", "circle", "#bbbbbb", 1.4, "No usable speed (default taken)"),
    ("absurd_speed", "circle", "#56b4e9", 2.4, "Absurd or unlikely speed"),
    ("duplicate", "square", "#009e73", 2.4, "Road drawn on top of another"),
    ("unusable", "pentagon", "#000000", 2.8, "Feature that cannot be used as a road"),
    ("closed_road", "cross2", "#d55e00", 2.8, "Road closed by a 0 or by its direction"),
    ("closes", "cross2", "#0072b2", 2.8, "Road that the hazard or a closure closes"),
    ("zero_value", "circle", "#e69f00", 2.0, "Speed or capacity of 0 (counts as missing)"),
    ("unknown_direction", "arrowhead", "#cc79a7", 2.8, "Direction that is not understood"),
    ("speed_unit", "hexagon", "#0072b2", 3.4, "Speeds look like another unit"),
    ("not_a_road", "circle", "#f2f2f2", 1.0, "Line that is no road for cars (left out)"),
)
MAIN = '"component" = 1'
SPEEDS = (
    ('"speed" < 30', "#c6dbef", 0.26, "below 30 km/h"),
    ('"speed" >= 30 AND "speed" < 50', "#6baed6", 0.3, "30 to below 50 km/h"),
    ('"speed" >= 50 AND "speed" < 80', "#2171b5", 0.5, "50 to below 80 km/h"),
    ('"speed" >= 80', "#08306b", 0.8, "80 km/h and more"),
)
ARROWS = 10_000  # arrows are drawn at scales larger than 1 : this
BESIDE = 1.1  # mm from the line to its arrows, on the right of who travels


def problems() -> QgsVectorLayer:
    """Points by kind of problem."""
    layer = QgsVectorLayer("Point?field=problem:string&field=road_id:string&field=detail:string", "problems", "memory")
    categories = []
    for value, shape, colour, size, label in PROBLEMS:
        symbol = QgsMarkerSymbol.createSimple(
            {
                "name": shape,
                "color": colour,
                "size": str(size),
                "outline_color": "#333333",
                "outline_width": "0.2",
            }
        )
        categories.append(QgsRendererCategory(value, symbol, label))
    layer.setRenderer(QgsCategorizedSymbolRenderer("problem", categories))
    layer.setMapTipTemplate(f"<b>{_escaped('problem')}</b> on road {_escaped('road_id')}<br>{_escaped('detail')}")
    return layer


def _escaped(field: str) -> str:
    """Return the expression that shows a field's text in HTML: what a layer says is text, never markup."""
    return f"[% replace(\"{field}\", map('&', '&amp;', '<', '&lt;', '>', '&gt;')) %]"


def network() -> QgsVectorLayer:
    """Pieces of the main part by speed, the other parts apart, arrows beside each direction that is open."""
    fields = "field=road_id:string&field=direction:string&field=length_m:double&field=speed:double"
    layer = QgsVectorLayer(f"LineString?{fields}&field=free_flow_s:double&field=component:integer", "network", "memory")
    root = QgsRuleBasedRenderer.Rule(None)
    off = QgsLineSymbol.createSimple({"color": "#d55e00", "width": "1.0", "capstyle": "round"})
    root.appendChild(_rule(off, '"component" > 1', "not connected to the main part"))
    for condition, colour, width, label in SPEEDS:
        line = QgsLineSymbol.createSimple({"color": colour, "width": str(width), "capstyle": "round"})
        root.appendChild(_rule(line, f"{MAIN} AND {condition}", label))
    arrows = _rule(_arrows(), "", "direction of travel, on the right; one-way: on one side only")
    arrows.setMinimumScale(ARROWS)
    root.appendChild(arrows)
    layer.setRenderer(QgsRuleBasedRenderer(root))
    return layer


def _rule(symbol: QgsLineSymbol, condition: str, label: str) -> QgsRuleBasedRenderer.Rule:
    return QgsRuleBasedRenderer.Rule(symbol, 0, 0, condition, label)


def _arrows() -> QgsLineSymbol:
    marker = QgsMarkerSymbol.createSimple(
        {"name": "filled_arrowhead", "color": "#333333", "size": "1.7", "outline_style": "no"}
    )
    along = QgsMarkerLineSymbolLayer(True, 12)
    along.setSubSymbol(marker)
    along.setOffset(BESIDE)
    symbol = QgsLineSymbol()
    symbol.changeSymbolLayer(0, along)
    return symbol


def main() -> int:
    """Write both styles."""
    application = QgsApplication([], False)
    application.initQgis()
    STYLES.mkdir(parents=True, exist_ok=True)
    good = True
    for name, layer in (("checkroads_output", problems()), ("checkroads_output_network", network())):
        message, done = layer.saveNamedStyle(str(STYLES / f"{name}.qml"))
        print(message)
        good = good and done
        del layer
    application.exitQgis()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
