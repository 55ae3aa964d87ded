"""Styles for result layers: stored with the file for headless users, set on the layer when it is loaded."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProcessingUtils,
    QgsVectorLayer,
)

STYLES = Path(__file__).resolve().parent.parent / "resources" / "styles"
_POST_PROCESSORS: dict[str, StylePostProcessor] = {}


class StylePostProcessor(QgsProcessingLayerPostProcessorInterface):
    """Sets a .qml style on a layer when QGIS loads it."""

    def __init__(self, qml: Path) -> None:
        super().__init__()
        self._qml = str(qml)

    def postProcessLayer(
        self, layer: QgsVectorLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        layer.loadNamedStyle(self._qml)
        layer.triggerRepaint()


def apply(destination: str, style: str, context: QgsProcessingContext) -> None:
    """Give the output ``destination`` the style ``style`` (a file of resources/styles, without its ending).

    The style is saved into a GeoPackage (table layer_styles) or as a .qml beside another file, so that it reaches a
    headless user; a layer that will be loaded gets it from a post-processor, which must outlive the algorithm and is
    therefore kept in this module.
    """
    qml = STYLES / f"{style}.qml"
    if context.willLoadLayerOnCompletion(destination):
        processor = StylePostProcessor(qml)
        _POST_PROCESSORS[destination] = processor
        context.layerToLoadOnCompletionDetails(destination).setPostProcessor(processor)
    layer = QgsProcessingUtils.mapLayerFromString(destination, context, False)
    if isinstance(layer, QgsVectorLayer):
        layer.loadNamedStyle(str(qml))
        return
    _save_beside(destination, qml, style)


def _save_beside(destination: str, qml: Path, style: str) -> None:
    layer = QgsVectorLayer(destination, style, "ogr")
    if not layer.isValid():
        return
    layer.loadNamedStyle(str(qml))
    path = destination.split("|")[0]
    if path.lower().endswith(".gpkg"):
        layer.saveStyleToDatabase(style[:30], "", True, "")  # longer names do not fit the column
    elif Path(path).is_file():
        layer.saveNamedStyle(str(Path(path).with_suffix(".qml")))
