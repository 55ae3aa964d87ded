"""Write the style of nearestshelters' routes into resources/styles.

Run as  QT_QPA_PLATFORM=offscreen .venv/bin/python tools/styles/nearestshelters.py
Colours are of viridis and of Okabe and Ito's set, which colour-blind readers can tell apart; a longer way has a thinner
line. A triangle marks the end of a route, at the shelter.
"""

from __future__ import annotations

import sys

from qgis.core import (
    QgsGraduatedSymbolRenderer,
    QgsLineSymbol,
    QgsMarkerLineSymbolLayer,
    QgsMarkerSymbol,
    QgsRendererRange,
    QgsTemplatedLineSymbolLayerBase,
    QgsVectorLayer,
)
from writing import KINDS, write_styles

TIMES = (
    (0, 3, "#440154", "1.2", "up to 3 minutes"),
    (3, 6, "#3b528b", "1.0", "3 - 6 minutes"),
    (6, 10, "#21918c", "0.8", "6 - 10 minutes"),
    (10, 20, "#e69f00", "0.65", "10 - 20 minutes"),
    (20, 1e9, "#d55e00", "0.5", "more than 20 minutes"),
)


def arrival(colour: str) -> QgsMarkerLineSymbolLayer:
    """A triangle at the end of the line, in its direction."""
    look = {
        "name": "filled_arrowhead",
        "color": colour,
        "outline_color": "#ffffff",
        "outline_width": "0.2",
        "size": "3.2",
    }
    marker = QgsMarkerLineSymbolLayer(True)
    marker.setPlacement(QgsTemplatedLineSymbolLayerBase.Placement.LastVertex)
    marker.setSubSymbol(QgsMarkerSymbol.createSimple(look))
    return marker


def routes() -> QgsVectorLayer:
    """Routes by travel time, the fastest on top."""
    layer = QgsVectorLayer("LineString?field=rank:integer&field=minutes:double", "routes", "memory")
    ranges = []
    for level, (low, high, colour, width, label) in enumerate(reversed(TIMES)):
        symbol = QgsLineSymbol.createSimple({"color": colour, "width": width, "capstyle": "round"})
        symbol.appendSymbolLayer(arrival(colour))
        for layer_of_symbol in (symbol.symbolLayer(0), symbol.symbolLayer(1)):
            layer_of_symbol.setRenderingPass(level)
        ranges.insert(0, QgsRendererRange(low, high, symbol, label))
    renderer = QgsGraduatedSymbolRenderer("minutes", ranges)
    renderer.setUsingSymbolLevels(True)
    layer.setRenderer(renderer)
    return layer


if __name__ == "__main__":
    sys.exit(write_styles(lambda: {"nearestshelters_output": routes()}, KINDS.Symbology))
