"""Attribute tables read as columns of plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.core import QgsFeatureRequest, QgsProcessingFeatureSource

from .errors import LayerError
from .shapes import features_of
from .values import plain


def read_table(source: QgsProcessingFeatureSource, parameter: str, columns: Mapping[str, str]) -> dict[str, list[Any]]:
    """Return the named columns of a layer or table as lists, NULL as None.

    Parameters
    ----------
    columns : mapping
        From the key wanted in the result to the field's name.

    Raises
    ------
    LayerError
        When a field is missing.
    """
    there = source.fields()
    index = {}
    for key, name in columns.items():
        index[key] = there.indexFromName(name)
        if index[key] < 0:
            raise LayerError(
                f"{parameter}: “{source.sourceName()}” has no field “{name}”. "
                f"Its fields are: {', '.join(there.names())}."
            )
    request = QgsFeatureRequest()
    request.setFlags(QgsFeatureRequest.Flag.NoGeometry)
    request.setSubsetOfAttributes(sorted(set(index.values())))
    out: dict[str, list[Any]] = {key: [] for key in columns}
    for feature in features_of(source, request):
        values = feature.attributes()
        for key, i in index.items():
            out[key].append(plain(values[i]))
    return out
