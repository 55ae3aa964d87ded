"""Writing an algorithm's layers and reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessingContext,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterFeatureSink,
    QgsProperty,
    QgsWkbTypes,
)

from ..plugin.layers.destinations import table_destination
from ..plugin.layers.fields import Column
from ..plugin.layers.writing import write_rows
from ..plugin.solvers.control import Cancelled, stop_if
from . import styling
from .inputs import ReadingAlgorithm
from .layer_checks import output_targets


class WritingAlgorithm(ReadingAlgorithm):
    """Base class: writes rows into outputs and gives them their style; remembers which files stand."""

    def __init__(self) -> None:
        super().__init__()
        self.standing: list[str] = []

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
        destination id, or None when the (optional) output was not asked for. Of several outputs to one GeoPackage
        each becomes a table with the output's name.
        """
        parameters = self._with_tables(parameters, context)
        destination = write_rows(self, parameters, name, context, self.feedback, columns, rows, geometry, crs)
        if destination is not None and name in output_targets(self, parameters, context):
            self._wrote(name, destination)
        if destination is not None and style:
            styling.apply(destination, style, context)
        return destination

    @contextmanager
    def reporting(self, name: str, path: str) -> Iterator[None]:
        """Enclose the writing of the report of output ``name``: nothing stays of it where the run was cancelled."""
        stop_if(self.feedback.isCanceled)
        yield
        if self.feedback.isCanceled():
            Path(path).unlink(missing_ok=True)
            raise Cancelled
        self._wrote(name, path)

    def _wrote(self, name: str, path: str) -> None:
        """Remember that the file of output ``name`` is complete."""
        self.standing.append(f"{name} ({path})")

    def _with_tables(self, parameters: dict[str, Any], context: QgsProcessingContext) -> dict[str, Any]:
        """Return the parameters with a table named where several outputs go to one GeoPackage; makes the folders."""
        sinks = {
            name: target
            for name, target in output_targets(self, parameters, context).items()
            if isinstance(self.parameterDefinition(name), QgsProcessingParameterFeatureSink)
        }
        for target in sinks.values():
            Path(target.path).parent.mkdir(parents=True, exist_ok=True)
        files = Counter(str(Path(target.path).resolve()) for target in sinks.values() if target.has_tables)
        out = dict(parameters)
        for name, target in sinks.items():
            if target.table or files[str(Path(target.path).resolve())] < 2:
                continue
            text = table_destination(target.path, name.lower())
            if isinstance(out[name], QgsProcessingOutputLayerDefinition):
                changed = QgsProcessingOutputLayerDefinition(out[name])
                changed.sink = QgsProperty.fromValue(text)
                out[name] = changed
            else:
                out[name] = text
        return out
