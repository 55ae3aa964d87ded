"""Write the style of mendroads' output into resources/styles.

Run with QGIS's Python:  QT_QPA_PLATFORM=offscreen python tools/styles/mendroads.py
Colours are of Okabe and Ito's set, widths differ besides.
"""

from __future__ import annotations

import sys
from pathlib import Path

from qgis.core import QgsApplication, QgsLineSymbol, QgsRuleBasedRenderer, QgsVectorLayer

STYLES = Path(__file__).resolve().parents[2] / "resources" / "styles"

DONE = (
    ("\"mended\" LIKE '%merged%'", "#d55e00", 0.9, "merged with a road drawn on top of it"),
    ("\"mended\" LIKE '%split%'", "#0072b2", 0.7, "split where another road meets it"),
    ("\"mended\" LIKE '%joined%'", "#009e73", 0.7, "an end joined"),
)


def roads() -> QgsVectorLayer:
    """Roads by what was done to them."""
    layer = QgsVectorLayer("LineString?field=road_id:string&field=mended:string", "mended", "memory")
    root = QgsRuleBasedRenderer.Rule(None)
    for condition, colour, width, label in DONE:
        symbol = QgsLineSymbol.createSimple({"color": colour, "width": str(width), "capstyle": "round"})
        root.appendChild(QgsRuleBasedRenderer.Rule(symbol, 0, 0, condition, label))
    plain = QgsLineSymbol.createSimple({"color": "#888888", "width": "0.3", "capstyle": "round"})
    root.appendChild(QgsRuleBasedRenderer.Rule(plain, 0, 0, "ELSE", "as it was"))
    layer.setRenderer(QgsRuleBasedRenderer(root))
    return layer


def main() -> int:
    """Write the style."""
    application = QgsApplication([], False)
    application.initQgis()
    layer = roads()
    message, done = layer.saveNamedStyle(str(STYLES / "mendroads_output.qml"))
    print(message)
    del layer
    application.exitQgis()
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
