"""Small layers for tests of zonesatrisk and recommendshelters, and a feedback that remembers."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsGeometry,
    QgsProcessingFeedback,
    QgsVectorLayer,
)

UTM = "EPSG:32719"
EAST, NORTH = 280_000.0, 6_690_000.0


class Log(QgsProcessingFeedback):
    """Keeps what an algorithm says; ``stop_at`` cancels at the first text that contains it."""

    def __init__(self, stop_at: str = "") -> None:
        super().__init__(False)
        self.warnings: list[str] = []
        self.said: list[str] = []
        self.stop_at = stop_at

    def pushWarning(self, warning: str) -> None:
        self.warnings.append(warning)

    def pushInfo(self, info: str) -> None:
        self.said.append(info)

    def setProgressText(self, text: str) -> None:
        if self.stop_at and self.stop_at in text:
            self.cancel()

    def warned(self, *words: str) -> bool:
        """Whether one warning holds all the words."""
        return any(all(word in warning for word in words) for warning in self.warnings)


def make_layer(
    kind: str, fields: str, rows: list[tuple[str | None, list[Any]]], name: str, crs: str = UTM
) -> QgsVectorLayer:
    """Return a memory layer from rows of (WKT in UTM zone 19S or None, values), in ``crs`` ("" for none)."""
    layer = QgsVectorLayer(f"{kind}?{f'crs={crs}&' if crs and kind != 'None' else ''}{fields}", name, "memory")
    if not crs:
        layer.setCrs(QgsCoordinateReferenceSystem())
    transform = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem(UTM),
        QgsCoordinateReferenceSystem(crs or UTM),
        QgsCoordinateTransformContext(),
    )
    features = []
    for wkt, values in rows:
        feature = QgsFeature(layer.fields())
        if wkt is not None:
            shape = QgsGeometry.fromWkt(wkt)
            if crs not in ("", UTM):
                shape = shape.densifyByDistance(20.0)
                shape.transform(transform)
            feature.setGeometry(shape)
        feature.setAttributes(values)
        features.append(feature)
    assert layer.dataProvider().addFeatures(features)[0]
    layer.updateExtents()
    return layer


def box(x0: float, y0: float, x1: float, y1: float) -> str:
    """Return a rectangle as WKT, metres from the corner of the made-up town."""
    ring = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
    return "POLYGON((" + ",".join(f"{EAST + x} {NORTH + y}" for x, y in ring) + "))"


def point(x: float, y: float) -> str:
    """Return a point as WKT, metres from the corner of the made-up town."""
    return f"POINT({EAST + x} {NORTH + y})"


def rows_of(layer: QgsVectorLayer) -> list[dict[str, Any]]:
    """Return a layer's features as dictionaries, NULL as None."""
    names = layer.fields().names()
    return [
        {name: (None if value is None or str(value) == "NULL" else value) for name, value in zip(names, f.attributes())}
        for f in layer.getFeatures()
    ]
