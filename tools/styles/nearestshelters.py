"""Write the style of nearestshelters' routes into resources/styles.

Run as  QT_QPA_PLATFORM=offscreen .venv/bin/python tools/styles/nearestshelters.py
Colours are of ColorBrewer's YlGnBu, which colour-blind readers can tell apart; a farther shelter has a thinner line.
"""

from __future__ import annotations

import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsGraduatedSymbolRenderer,
    QgsLineSymbol,
    QgsRendererRange,
    QgsVectorLayer,
)

STYLES = Path(__file__).resolve().parents[2] / "resources" / "styles"
TIMES = (
    (0, 5, "#081d58", "1.3", "up to 5 minutes"),
    (5, 10, "#225ea8", "1.0", "5 - 10 minutes"),
    (10, 20, "#1d91c0", "0.8", "10 - 20 minutes"),
    (20, 40, "#41b6c4", "0.55", "20 - 40 minutes"),
    (40, 1e9, "#7fcdbb", "0.4", "more than 40 minutes"),
)


def routes() -> QgsVectorLayer:
    """Routes by travel time, the fastest on top."""
    layer = QgsVectorLayer("LineString?field=rank:integer&field=minutes:double", "routes", "memory")
    ranges = []
    for level, (low, high, colour, width, label) in enumerate(reversed(TIMES)):
        symbol = QgsLineSymbol.createSimple({"color": colour, "width": width, "capstyle": "round"})
        symbol.symbolLayer(0).setRenderingPass(level)
        ranges.insert(0, QgsRendererRange(low, high, symbol, label))
    renderer = QgsGraduatedSymbolRenderer("minutes", ranges)
    renderer.setUsingSymbolLevels(True)
    layer.setRenderer(renderer)
    return layer


def main() -> int:
    """Write the style."""
    application = QgsApplication([], False)
    application.initQgis()
    layer = routes()
    message, good = layer.saveNamedStyle(
        str(STYLES / "nearestshelters_output.qml"), QgsVectorLayer.StyleCategory.Symbology
    )
    if not good:
        print(message, file=sys.stderr)
    del layer
    application.exitQgis()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
