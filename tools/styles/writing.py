"""Write styles into resources/styles; label layers, and show them in time, alike."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsPalLayerSettings,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor, QFont

STYLES = Path(__file__).resolve().parents[2] / "resources" / "styles"
KINDS = QgsVectorLayer.StyleCategory
LOOKS = KINDS.Symbology | KINDS.Labeling


def write_styles(make: Callable[[], Mapping[str, QgsVectorLayer]], kinds: KINDS = LOOKS) -> int:
    """Write the style of each layer that ``make`` gives, by name; return 1 where one cannot be written, else 0."""
    application = QgsApplication([], False)
    application.initQgis()
    made, failed = dict(make()), 0
    for name, layer in made.items():
        message, good = layer.saveNamedStyle(str(STYLES / f"{name}.qml"), kinds)
        if not good:
            print(message, file=sys.stderr)
            failed = 1
    del layer
    made.clear()
    application.exitQgis()
    return failed


def labelled(layer: QgsVectorLayer, expression: str, around: float | None = None) -> None:
    """Label a layer by an expression, with a halo; ``around`` a point, at so many millimetres, where that is given."""
    text, halo = QgsTextFormat(), QgsTextBufferSettings()
    text.setFont(QFont("Open Sans"))  # comes with every QGIS
    text.setSize(8)
    text.setColor(QColor("#222222"))
    halo.setEnabled(True)
    halo.setSize(0.8)
    text.setBuffer(halo)
    settings = QgsPalLayerSettings()
    settings.fieldName, settings.isExpression = expression, True
    settings.setFormat(text)
    if around is not None:
        settings.placement, settings.dist = QgsPalLayerSettings.Placement.AroundPoint, around
    layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
    layer.setLabelsEnabled(True)


def shown_between(layer: QgsVectorLayer, begin: str, end: str) -> None:
    """Have the temporal controller show each feature from the moment in ``begin`` until that in ``end``."""
    temporal = layer.temporalProperties()
    temporal.setMode(Qgis.VectorTemporalMode.FeatureDateTimeStartAndEndFromFields)
    temporal.setStartField(begin)
    temporal.setEndField(end)
    temporal.setLimitMode(Qgis.VectorTemporalLimitMode.IncludeBeginExcludeEnd)
    temporal.setIsActive(True)
