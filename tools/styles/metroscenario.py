"""Write the style of metroscenario's incidents into resources/styles.

Run with QGIS's Python:  QT_QPA_PLATFORM=offscreen python tools/styles/metroscenario.py
Colours are of Okabe and Ito's set, which colour-blind readers can tell apart; each type has a shape of its own too.
"""

from __future__ import annotations

import sys

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsMarkerSymbol,
    QgsPalLayerSettings,
    QgsRendererCategory,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor, QFont
from writing import write_styles

TYPES = (
    ("natural disaster", "#0072b2", "triangle"),
    ("production safety", "#d55e00", "star"),
    ("social security", "#cc79a7", "diamond"),
    ("public health", "#009e73", "cross_fill"),
)


def incidents() -> QgsVectorLayer:
    """Incidents by emergency type, labelled with the station and the stranded people."""
    fields = "field=incident_id:string&field=emergency_type:string&field=station:string&field=stranded:string"
    layer = QgsVectorLayer(f"Point?{fields}", "incidents", "memory")
    categories = []
    for value, colour, shape in TYPES:
        symbol = QgsMarkerSymbol.createSimple(
            {"name": shape, "color": colour, "outline_color": "#1c1c1c", "outline_width": "0.3", "size": "7"}
        )
        categories.append(QgsRendererCategory(value, symbol, value))
    layer.setRenderer(QgsCategorizedSymbolRenderer("emergency_type", categories))
    settings = QgsPalLayerSettings()
    settings.fieldName = "\"incident_id\" || if(\"stranded\" <> '0', '\\n' || \"stranded\" || ' people stranded', '')"
    settings.isExpression = True
    settings.dist = 3
    form = QgsTextFormat()
    form.setFont(QFont("Open Sans"))  # comes with every QGIS
    form.setSize(9)
    form.setColor(QColor("#1c1c1c"))
    buffer = QgsTextBufferSettings()
    buffer.setEnabled(True)
    buffer.setSize(0.8)
    buffer.setColor(QColor("white"))
    form.setBuffer(buffer)
    settings.setFormat(form)
    layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
    layer.setLabelsEnabled(True)
    return layer


if __name__ == "__main__":
    sys.exit(write_styles(lambda: {"metroscenario_output_incidents": incidents()}))
