"""Writing an algorithm's layers and reports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsField,
    QgsProcessingContext,
    QgsProcessingOutputLayerDefinition,
    QgsProperty,
)

from ..plugin.layers.database_tables import table_target
from ..plugin.layers.destinations import FileTarget, table_destination
from ..plugin.layers.fields import Column
from ..plugin.layers.on_foot import said_of_people
from ..plugin.layers.writing import OutputLayer, write_layer
from ..plugin.solvers.control import Control
from ..plugin.solvers.dependencies import require
from ..plugin.solvers.errors import Cancelled
from . import styling
from .inputs import ReadingAlgorithm
from .layer_checks import output_targets

TRAVEL_MODE = "TRAVEL_MODE"


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
        layer: OutputLayer,
    ) -> str | None:
        """Open the sink of output ``name``, write the layer's rows, close it and style the layer.

        Returns the destination id, or None when the (optional) output was not asked for. Of several outputs to one
        GeoPackage each becomes a table with the output's name.
        """
        target = output_targets(self, parameters, context).get(name)
        if target is not None:
            parameters = into_table(target, name, parameters)
        if self.on_foot(parameters, context):
            layer = replace(layer, columns=[on_foot(column) for column in layer.columns])
        destination = write_layer(self, parameters, name, context, self.feedback, layer)
        table = table_target(destination or "")
        if destination is not None and (target is not None or table is not None):
            self._wrote(name, destination if table is None else table.name)
        if destination is not None and layer.style:
            styling.apply(destination, layer.style, context, self.feedback)
        return destination

    def report_path(self, parameters: dict[str, Any], name: str, context: QgsProcessingContext) -> str:
        """Return the path of the report of output ``name``, "" for none.

        What the report needs is asked for here, before the work, not after.

        Raises
        ------
        MissingDependency
        """
        path = self.parameterAsFileOutput(parameters, name, context)
        if path:
            require("jinja2", "writing HTML reports")
            require("matplotlib", "drawing charts")
        return str(path)

    @contextmanager
    def reporting(self, name: str, path: str) -> Iterator[None]:
        """Enclose the writing of the report of output ``name``: nothing stays of it where the run was cancelled."""
        Control(cancelled=self.feedback.isCanceled).stop_if_cancelled()
        yield
        if self.feedback.isCanceled():
            Path(path).unlink(missing_ok=True)
            raise Cancelled
        self._wrote(name, path)

    def on_foot(self, parameters: dict[str, Any], context: QgsProcessingContext) -> bool:
        """Whether the vehicles of this run are people on foot."""
        if self.parameterDefinition(TRAVEL_MODE) is None:
            return False
        return bool(self.parameterAsEnum(parameters, TRAVEL_MODE, context) == 1)

    def _wrote(self, name: str, path: str) -> None:
        """Remember that the file of output ``name`` is complete."""
        self.standing.append(f"{name} ({path})")


def on_foot(column: Column | QgsField) -> Column | QgsField:
    """Return a column whose comment says of people what it said of vehicles; fields of inputs stay."""
    if not isinstance(column, Column):
        return column
    return replace(column, comment=said_of_people(column.comment))


def into_table(target: FileTarget, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters with output ``name`` going to the table of ``target``; makes the folder."""
    Path(target.path).parent.mkdir(parents=True, exist_ok=True)
    given = parameters[name]
    text = given.sink.staticValue() if isinstance(given, QgsProcessingOutputLayerDefinition) else given
    if not target.table or str(text).startswith("ogr:"):
        return parameters
    value: Any = table_destination(target.path, target.table)
    if isinstance(given, QgsProcessingOutputLayerDefinition):
        sink, value = value, QgsProcessingOutputLayerDefinition(given)
        value.sink = QgsProperty.fromValue(sink)
    return {**parameters, name: value}
