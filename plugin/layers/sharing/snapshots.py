"""Layers as they are at one moment, to be read in any thread: made on the thread that owns the layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureRequest,
    QgsFields,
    QgsMapLayer,
    QgsProcessingUtils,
    QgsRasterLayer,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
    QgsWkbTypes,
)
from qgis.PyQt.QtXml import QDomDocument, QDomNode

from ..destinations import FileTarget, input_target
from ..errors import LayerError
from ..passwords import has_password, without_passwords

_SCRATCH = ("memory", "virtual")  # providers whose layers go with the session


@dataclass(frozen=True)
class Snapshot:
    """A vector layer, a table or a raster.

    Attributes
    ----------
    name : str
        What the user calls it.
    id : str
        The layer's id in its project.
    source, provider : str
        Where it is read from, without passwords.
    needs_password : bool
        Whether the source had one.
    target : FileTarget or None
        The file, and the table in it.
    scratch : bool
        Whether it goes with the session: in memory, or in QGIS's folder for temporary files.
    crs : QgsCoordinateReferenceSystem
    style : str
        QML, without passwords.
    fields : QgsFields
    kind : QgsWkbTypes.Type or None
        None is a raster.
    count : int
        Features, -1 for unknown.
    shown, stored : callable or None
        Give the features with joins and what is not saved yet, and those that the provider holds.
    raster : QgsRasterLayer or None
    """

    name: str
    id: str
    source: str
    provider: str
    needs_password: bool
    target: FileTarget | None
    scratch: bool
    crs: QgsCoordinateReferenceSystem
    style: str
    fields: QgsFields
    kind: Any
    stored_fields: QgsFields
    edited: bool = False
    shown: Callable[[], Iterable[QgsFeature]] | None = None
    stored: Callable[[], Iterable[QgsFeature]] | None = None
    raster: QgsRasterLayer | None = None

    @property
    def is_table(self) -> bool:
        """Whether it is a vector layer without shapes."""
        return self.kind == QgsWkbTypes.Type.NoGeometry

    def same_source(self, other: Snapshot) -> bool:
        """Whether both are read from one place."""
        if self.target is not None and other.target is not None:
            return self.target.same_file(other.target) and self.target.table == other.target.table
        return (self.provider, self.source) == (other.provider, other.source)


def snapshot(layer: QgsMapLayer, parameter: str) -> Snapshot:
    """Return a layer as it is now.

    Raises
    ------
    LayerError
        When it cannot be read, or is neither vector layer, table nor raster.
    """
    if not layer.isValid():
        raise LayerError(f"{parameter}: “{layer.name()}” cannot be read. Mend its source or leave it out.")
    if not isinstance(layer, (QgsVectorLayer, QgsRasterLayer)):
        raise LayerError(
            f"{parameter}: “{layer.name()}” is neither a vector layer, a table nor a raster; leave it out."
        )
    provider, target = layer.dataProvider(), input_target(layer)
    if layer.project() is None and provider.name() not in _SCRATCH:
        layer.loadDefaultStyle()  # Processing opens layers without
    common = {
        "name": _name(layer, target),
        "id": layer.id(),
        "source": without_passwords(layer.source()),
        "provider": provider.name(),
        "needs_password": has_password(layer.source()),
        "target": target,
        "scratch": provider.name() in _SCRATCH or _is_temporary(target),
        "crs": layer.crs(),
        "style": style_of(layer),
    }
    if isinstance(layer, QgsRasterLayer):
        return Snapshot(**common, fields=QgsFields(), kind=None, stored_fields=QgsFields(), raster=layer.clone())
    shown, stored = QgsVectorLayerFeatureSource(layer), provider.featureSource()
    return Snapshot(
        **common,
        fields=layer.fields(),
        kind=layer.wkbType(),
        stored_fields=provider.fields(),
        edited=layer.isModified(),
        shown=lambda: shown.getFeatures(QgsFeatureRequest()),
        stored=lambda: stored.getFeatures(QgsFeatureRequest()),
    )


def _name(layer: QgsMapLayer, target: FileTarget | None) -> str:
    """Return what the user calls a layer; one that was opened by its path alone is called after its table."""
    name = str(layer.name())
    opened = target is not None and target.table and name == Path(target.path).stem
    return target.table if opened and target is not None else name


def _is_temporary(target: FileTarget | None) -> bool:
    """Whether a file lies in the folder that QGIS empties when it closes."""
    if target is None:
        return False
    return Path(QgsProcessingUtils.tempFolder()).resolve() in Path(target.path).resolve().parents


def style_of(layer: QgsMapLayer) -> str:
    """Return a layer's style as QML; passwords in the sources of its forms and joins are taken out."""
    document = QDomDocument()
    layer.exportNamedStyle(document)
    text = str(document.toString())
    if without_passwords(text) == text.strip():
        return text
    _clean(document)
    return str(document.toString())


def _clean(node: QDomNode) -> None:
    attributes = node.attributes()
    for k in range(attributes.count()):
        one = attributes.item(k)
        one.setNodeValue(without_passwords(one.nodeValue()))
    if node.isText() or node.isCDATASection():
        node.setNodeValue(without_passwords(node.nodeValue()))
    child = node.firstChild()
    while not child.isNull():
        _clean(child)
        child = child.nextSibling()
