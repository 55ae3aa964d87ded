"""Field definitions that work from QGIS 3.22 (QVariant types) to 4 (QMetaType)."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import Qgis, QgsField

try:
    from qgis.PyQt.QtCore import QMetaType
except ImportError:  # pragma: no cover
    QMetaType = None
from qgis.PyQt.QtCore import QVariant

_OLD = {"int": "LongLong", "float": "Double", "text": "String", "datetime": "DateTime"}
_NEW = {"int": "LongLong", "float": "Double", "text": "QString", "datetime": "QDateTime"}


@dataclass(frozen=True)
class Column:
    """A column of an output: its name, kind ('int', 'float', 'text' or 'datetime') and a comment with the unit."""

    name: str
    kind: str
    comment: str = ""


def make_field(column: Column) -> QgsField:
    """Return the QgsField of a column."""
    if Qgis.QGIS_VERSION_INT >= 33800:
        kind = getattr(QMetaType.Type, _NEW[column.kind])
    else:
        kind = getattr(QVariant, _OLD[column.kind])
    field = QgsField(column.name, kind)
    field.setComment(column.comment)
    return field
