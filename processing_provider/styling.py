"""Styles for result layers: stored with the file for headless users, set on the layer when it is loaded."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    QgsDataSourceUri,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProcessingUtils,
    QgsVectorLayer,
)
from qgis.PyQt.QtXml import QDomDocument

from ..plugin.layers.database import PROVIDER, postgres_uri
from ..plugin.layers.passwords import without_passwords
from .identity import NamedAlgorithm

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


def apply(
    destination: str, style: str, context: QgsProcessingContext, feedback: QgsProcessingFeedback | None = None
) -> None:
    """Give the output ``destination`` the style ``style`` (a file of resources/styles, without its ending).

    The style is saved into a GeoPackage or database (table layer_styles) or as a .qml beside another file, so that it
    reaches a headless user; a layer that will be loaded gets it from a post-processor, which must outlive the algorithm
    and is therefore kept in this module.
    """
    qml = STYLES / f"{style}.qml"
    if context.willLoadLayerOnCompletion(destination):
        processor = StylePostProcessor(qml)
        _POST_PROCESSORS[destination] = processor
        context.layerToLoadOnCompletionDetails(destination).setPostProcessor(processor)
    uri = postgres_uri(destination)
    if uri is not None:
        _save_into_database(uri, qml, style, feedback or QgsProcessingFeedback(False))
        return
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
        _save_inside(layer, style)
    elif Path(path).is_file():
        layer.saveNamedStyle(str(Path(path).with_suffix(".qml")))


def _save_into_database(uri: QgsDataSourceUri, qml: Path, style: str, feedback: QgsProcessingFeedback) -> None:
    """Save a style into PostgreSQL; a role that may not make or change layer_styles there gets its table without."""
    layer = QgsVectorLayer(uri.uri(False), style, PROVIDER)
    load(layer, str(qml))
    why = _save_inside(layer, style) if layer.isValid() else layer.error().message()
    if why:
        text = NamedAlgorithm.tr("The style of “{table}” was not saved into layer_styles: {why}")
        feedback.pushWarning(without_passwords(text.format(table=uri.table(), why=why)))


def _save_inside(layer: QgsVectorLayer, style: str) -> str:
    """Save a layer's style beside it, in place of one of that name; return what went wrong, "" for nothing."""
    name = style[:30]  # longer names do not fit the column
    _forget(layer, name)
    if hasattr(layer, "saveStyleToDatabaseV2"):  # from QGIS 3.44 on
        return str(layer.saveStyleToDatabaseV2(name, "", True, "")[1])
    return str(layer.saveStyleToDatabase(name, "", True, "") or "")


def _forget(layer: QgsVectorLayer, name: str) -> None:
    """Delete a style of that name of an earlier run, else QGIS 3.22 asks in a window whether to overwrite it."""
    count, ids, names, _, _ = layer.listStylesInDatabase()
    for number, there in list(zip(ids, names))[:count]:
        if there == name:
            layer.deleteStyleFromDatabase(number)
