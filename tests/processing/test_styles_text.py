"""Attribute values in map tips are text: what a layer says never becomes markup."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

from qgis.core import QgsExpression, QgsExpressionContext, QgsExpressionContextUtils, QgsFeature, QgsVectorLayer

from evacuation_planner.processing_provider.identity import RESOURCES

HOSTILE = "<img src=x onerror=alert(1)> & <b>bold</b>"


@pytest.mark.parametrize("path", sorted((RESOURCES / "styles").glob("*.qml")), ids=lambda path: path.stem)
def test_map_tips_show_markup_as_text(path, qgis_app):
    text = path.read_text(encoding="utf-8")
    if "<mapTip></mapTip>" in text or "<mapTip" not in text:
        return
    kind = ("Point", "LineString", "Polygon")[int(text.split("<layerGeometryType>")[1][0])]
    columns = "&".join(f"field={name}:string" for name in ("problem", "road_id", "detail", "name", "reason"))
    layer = QgsVectorLayer(f"{kind}?{columns}", "tips", "memory")
    message, good = layer.loadNamedStyle(str(path))
    assert good, message
    feature = QgsFeature(layer.fields())
    feature.setAttributes([HOSTILE] * layer.fields().count())
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(feature)
    shown = QgsExpression.replaceExpressionText(layer.mapTipTemplate(), context)
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; &lt;b&gt;bold&lt;/b&gt;" in shown
    assert "<img" not in shown
