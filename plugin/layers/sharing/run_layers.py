"""Which layers a run read and which it wrote, found by the values of its command."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from qgis.core import QgsProcessingContext, QgsProcessingParameterDefinition, QgsProcessingUtils

from ..destinations import FileTarget, destination_text, file_target
from ..passwords import without_passwords
from .command import Command
from .database_layers import database_layer, place_in_database, source_uri
from .snapshots import Snapshot, snapshot

_LAYERS = frozenset({"source", "vector", "raster", "layer", "multilayer"})
_FILES = frozenset({"file"})
_MEMORY = ("memory:", "TEMPORARY_OUTPUT")


@dataclass(frozen=True)
class RunInput:
    """An input of a run.

    Attributes
    ----------
    parameter : str
    value : str
        As the command has it.
    layer : Snapshot or None
    path : str
        The file of a parameter that takes one, "" else.
    why : str
        Why there is neither, "" where there is one.
    selected : bool
        Whether the run read the selected features only.
    """

    parameter: str
    value: str
    layer: Snapshot | None = None
    path: str = ""
    why: str = ""
    selected: bool = False


def inputs_of(command: Command, layers: Sequence[Snapshot], context: QgsProcessingContext) -> list[RunInput]:
    """Return the layers and files that a run read, in the order of its parameters.

    A value that names a layer of ``layers``, by id, source or file, means that one; others are looked for in the
    project of ``context`` and on disk. Called on the thread that owns the layers.
    """
    algorithm = command.definition()
    out = []
    for definition in algorithm.parameterDefinitions() if algorithm is not None else ():
        kind = definition.type()
        if kind not in _LAYERS | _FILES:
            continue
        for text, selected in _texts(command.value(definition.name())):
            if kind in _FILES:
                there = os.path.isfile(text)
                path, why = (os.path.abspath(text), "") if there else ("", "there is no such file")
                out.append(RunInput(definition.name(), text, None, path, why))
                continue
            layer, why = _layer_of(text, layers, context)
            out.append(RunInput(definition.name(), without_passwords(text), layer, "", why, selected))
    return out


def _texts(value: Any) -> Iterator[tuple[str, bool]]:
    """Yield the layers that a parameter's value names, and whether only their selected features were read."""
    if isinstance(value, dict):
        chosen = bool(value.get("selected_only") or value.get("selected_features_only"))
        for text, _ in _texts(value.get("source") or value.get("val")):
            yield text, chosen
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str) and value:
        yield value, False


def _layer_of(text: str, layers: Sequence[Snapshot], context: QgsProcessingContext) -> tuple[Snapshot | None, str]:
    for layer in layers:
        if text == layer.id or same_source(text, layer.source):
            return layer, ""
    project = context.project()
    open_there = [] if project is None else project.mapLayers().values()
    found = next((one for one in open_there if same_source(text, without_passwords(one.source()))), None)
    why = "no layer of this id or source can be opened here"
    if found is None and text.startswith(_MEMORY):
        return None, "it is not among LAYERS"
    if found is None and source_uri(text) is not None:
        found, why = database_layer(text, "")
    elif found is None:
        found = QgsProcessingUtils.mapLayerFromString(text, context)
    if found is None or not found.isValid():
        return None, why
    read = snapshot(found, "COMMAND")
    return next((layer for layer in layers if layer.id == read.id or layer.same_source(read)), read), ""


def same_source(one: str, other: str) -> bool:
    """Whether two sources without passwords are one."""
    place = place_in_database(one)
    return one == other or (place is not None and place == place_in_database(other))


def output_of(command: Command, layer: Snapshot) -> str:
    """Return the name of the output that a layer is, "" where the command does not show it.

    By the file or source that the command or its results name; else by the output's title, as QGIS calls a result.
    """
    algorithm = command.definition()
    definitions = [] if algorithm is None else algorithm.destinationParameterDefinitions()
    for definition in definitions:
        if any(_means(text, layer) for text in _destinations(command, definition)):
            return str(definition.name())
    titles = [one.name() for one in definitions if one.description().casefold() == layer.name.casefold()]
    return str(titles[0]) if len(titles) == 1 else ""


def _destinations(command: Command, definition: QgsProcessingParameterDefinition) -> Iterator[str]:
    for value in (command.results.get(definition.name()), command.parameters.get(definition.name())):
        if isinstance(value, dict):
            value = value.get("sink") or value.get("val")
        if isinstance(value, str) and value:
            yield destination_text(value, QgsProcessingContext())


def _means(text: str, layer: Snapshot) -> bool:
    if text in (layer.id, layer.source):
        return True
    target: FileTarget | None = None if text.startswith(_MEMORY) else file_target(text)
    if target is None or layer.target is None or not layer.target.same_file(target):
        return False
    return not (target.table and layer.target.table) or target.table == layer.target.table
