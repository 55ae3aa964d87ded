"""Scratch layers of any kind, and a log that keeps what is said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from qgis.core import QgsFeature, QgsGeometry, QgsProcessingFeedback, QgsVectorLayer


class Log(QgsProcessingFeedback):
    """Keeps sentences and warnings, and the last error."""

    def __init__(self) -> None:
        super().__init__(False)
        self.info: list[str] = []
        self.warnings: list[str] = []
        self.error = ""

    def reportError(self, error: str, fatalError: bool = False) -> None:
        self.error = error

    def pushInfo(self, text: str) -> None:
        self.info.append(text)

    def pushWarning(self, text: str) -> None:
        self.warnings.append(text)

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.info + self.warnings)


def memory(
    name: str, kind: str, fields: str, rows: Iterable[tuple[str | None, Sequence[Any]]] = (), crs: str = "EPSG:4326"
) -> QgsVectorLayer:
    """Return a layer of rows (shape as text or None, values); ``fields`` are ``name:type`` with spaces between."""
    uri = "None?" if kind == "None" else f"{kind}?crs={crs}"
    layer = QgsVectorLayer(uri + "".join(f"&field={one}" for one in fields.split()), name, "memory")
    assert layer.isValid()
    for shape, values in rows:
        feature = QgsFeature(layer.fields())
        feature.setAttributes(list(values))
        if shape:
            feature.setGeometry(QgsGeometry.fromWkt(shape))
        assert layer.dataProvider().addFeature(feature), layer.dataProvider().lastError()
    layer.updateExtents()
    return layer
