"""Road layers in memory for tests, and reading them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameters,
    QgsVectorLayer,
)

from evacuation_planner.plugin.layers.roads.network import read_network
from evacuation_planner.plugin.layers.roads.options import NetworkOptions, ReadNetwork
from evacuation_planner.plugin.solvers.control import Control

ROADS = Path(__file__).resolve().parents[2] / "resources" / "sample" / "sample.gpkg"


class Log(QgsProcessingFeedback):
    """Keeps what is said."""

    def __init__(self) -> None:
        super().__init__(False)
        self.said: list[str] = []
        self.warned: list[str] = []

    def pushInfo(self, text: str) -> None:
        self.said.append(text)

    def pushWarning(self, text: str) -> None:
        self.warned.append(text)


def layer(
    lines: Sequence[Any],
    fields: str = "",
    values: Sequence[Sequence[Any]] | None = None,
    crs: str = "EPSG:32719",
    kind: str = "LineString",
) -> QgsVectorLayer:
    """Return a memory layer of WKT texts, geometries or None."""
    memory = QgsVectorLayer(f"{kind}?crs={crs}{fields}", "roads", "memory")
    features = []
    for k, line in enumerate(lines):
        feature = QgsFeature(memory.fields())
        if line is not None:
            feature.setGeometry(QgsGeometry.fromWkt(line) if isinstance(line, str) else line)
        if values is not None:
            feature.setAttributes(list(values[k]))
        features.append(feature)
    assert memory.dataProvider().addFeatures(features)[0]
    return memory


def source_of(memory: QgsVectorLayer, context: QgsProcessingContext) -> QgsProcessingFeatureSource:
    """Return a layer as Processing hands it to an algorithm."""
    definition = QgsProcessingParameterFeatureSource("NETWORK", "")
    return QgsProcessingParameters.parameterAsSource(definition, {"NETWORK": memory}, context)


def read(
    memory: QgsVectorLayer,
    barriers: QgsVectorLayer | None = None,
    log: Log | None = None,
    ellipsoid: str | None = None,
    **options: Any,
) -> ReadNetwork:
    """Read a layer as a network."""
    context = QgsProcessingContext()
    if ellipsoid is not None:
        context.setEllipsoid(ellipsoid)
    return read_network(
        source_of(memory, context),
        NetworkOptions(**options),
        source_of(barriers, context) if barriers is not None else None,
        context,
        log or Log(),
        Control(progress=lambda fraction, text="": None, cancelled=lambda: False),
    )
