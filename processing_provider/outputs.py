"""Writing an algorithm's layers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsProcessingContext, QgsWkbTypes

from ..plugin.layers.fields import Column
from ..plugin.layers.writing import write_rows
from . import styling
from .inputs import ReadingAlgorithm


class WritingAlgorithm(ReadingAlgorithm):
    """Base class: writes rows into outputs and gives them their style."""

    def write(
        self,
        parameters: dict[str, Any],
        name: str,
        context: QgsProcessingContext,
        columns: Sequence[Column],
        rows: Iterable[tuple[Any, Sequence[Any]]],
        geometry: QgsWkbTypes.Type | None = None,
        crs: QgsCoordinateReferenceSystem | None = None,
        style: str | None = None,
    ) -> str | None:
        """Open the sink of output ``name``, write ``rows`` of (geometry, values), close it and style the layer.

        ``geometry`` None writes a table. ``style`` names a file of resources/styles without its ending. Returns the
        destination id, or None when the (optional) output was not asked for.
        """
        destination = write_rows(self, parameters, name, context, columns, rows, geometry, crs)
        if destination is not None and style:
            styling.apply(destination, style, context)
        return destination
