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
from qgis.PyQt.QtXml import QDomDocument

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
        load(layer, self._qml)
        layer.triggerRepaint()


def load(layer: QgsVectorLayer, qml: str) -> None:
    """Give ``layer`` the style of a .qml file.

    ``QgsVectorLayer.loadNamedStyle`` would prefer a style that an earlier run has stored in the layer's GeoPackage.
    """
    document = QDomDocument()
    if document.setContent(Path(qml).read_text(encoding="utf-8") if Path(qml).is_file() else ""):
        layer.importNamedStyle(document)


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
        load(layer, str(qml))
        return
    _save_beside(destination, qml, style)


def _save_beside(destination: str, qml: Path, style: str) -> None:
    layer = QgsVectorLayer(destination, style, "ogr")
    if not layer.isValid():
        return
    load(layer, str(qml))
    path = destination.split("|")[0]
    if path.lower().endswith(".gpkg"):
        name = style[:30]  # longer names do not fit the column
        _forget(layer, name)
        save = getattr(layer, "saveStyleToDatabaseV2", layer.saveStyleToDatabase)  # the former from QGIS 3.44 on
        save(name, "", True, "")
    elif Path(path).is_file():
        layer.saveNamedStyle(str(Path(path).with_suffix(".qml")))


def _forget(layer: QgsVectorLayer, name: str) -> None:
    """Delete a style of that name of an earlier run, else QGIS 3.22 asks in a window whether to overwrite it."""
    count, ids, names, _, _ = layer.listStylesInDatabase()
    for number, there in list(zip(ids, names))[:count]:
        if there == name:
            layer.deleteStyleFromDatabase(number)
