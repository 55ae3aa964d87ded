"""Attribute values in map tips are text: what a layer says never becomes markup."""

from __future__ import annotations

import numpy as np
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


# How colours look to who sees no green, and to who sees no red (Machado, Oliveira and Fernandes 2009), linear RGB.
UNSEEN = (
    np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]),
    np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
)
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lightness_and_hue(rgb: np.ndarray) -> np.ndarray:
    """CIELAB of linear RGB."""
    ratio = XYZ @ rgb / np.array([0.9505, 1.0, 1.089])
    x, y, z = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("style", ["margin", "caught"])
def test_red_and_green_of_margins_and_reasons_are_told_apart_by_the_colour_blind(style, qgis_app):
    kind, fields = ("LineString", "margin_s:double") if style == "margin" else ("Point", "reason_code:string")
    layer = QgsVectorLayer(f"{kind}?field={fields}&field=people:integer&field=vehicles:integer", "style", "memory")
    message, good = layer.loadNamedStyle(str(RESOURCES / "styles" / f"routeevacuation_output_{style}.qml"))
    assert good, message
    shown = layer.renderer().ranges() if style == "margin" else layer.renderer().categories()
    raw = np.array([each.symbol().color().getRgbF()[:3] for each in shown])
    linear = np.where(raw <= 0.04045, raw / 12.92, ((raw + 0.055) / 1.055) ** 2.4)
    assert len(linear) == (6 if style == "margin" else 4)
    for seen in (np.eye(3), *UNSEEN):
        colours = [lightness_and_hue(np.clip(seen @ colour, 0, 1)) for colour in linear]
        apart = [np.linalg.norm(a - b) for k, a in enumerate(colours) for b in colours[:k]]
        assert min(apart) > 15.0  # 2.3 is the least that anybody notices
