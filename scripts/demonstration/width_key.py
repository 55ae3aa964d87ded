"""The part of the legend that QGIS does not draw for lines: what the width of a street means."""

from __future__ import annotations

from qgis.core import (
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeature,
    QgsRenderContext,
    QgsSymbolLayer,
    QgsVectorLayer,
)

STEPS = (100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)


def street_widths(layer: QgsVectorLayer, field: str = "vehicles") -> list[tuple[int, float]]:
    """Return (vehicles, width in mm) for round numbers up to the layer's largest, by the layer's own style.

    Empty when the width of its lines does not depend on the data.
    """
    symbol = layer.renderer().symbols(QgsRenderContext())[0]
    rule = symbol.symbolLayer(symbol.symbolLayerCount() - 1).dataDefinedProperties()
    width = rule.property(QgsSymbolLayer.Property.PropertyStrokeWidth)
    largest = layer.maximumValue(layer.fields().lookupField(field))
    if not width.isActive() or not largest:
        return []
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    expression = QgsExpression(width.asExpression())
    found = []
    for value in [step for step in STEPS if step <= largest][-4::]:
        feature = QgsFeature(layer.fields())
        feature[field] = value
        context.setFeature(feature)
        found.append((value, float(expression.evaluate(context))))
    return found
