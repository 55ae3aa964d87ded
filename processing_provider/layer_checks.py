"""What is asked of an algorithm's inputs and outputs before any work: kinds of layers, and files that stay whole."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsRasterLayer,
    QgsVectorLayer,
)

from ..plugin.layers.destinations import (
    FileTarget,
    destination_text,
    file_target,
    input_layer,
    input_target,
    why_not_writable,
)
from ..plugin.layers.passwords import without_passwords
from .identity import NamedAlgorithm

_tr = NamedAlgorithm.tr


def wrong_layer(algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
    """Return what is wrong with the first input that is a layer of another kind, or none, "" for nothing."""
    for definition in algorithm.parameterDefinitions():
        if isinstance(definition, QgsProcessingParameterMultipleLayers):
            for value in listed_layers(parameters.get(definition.name())):
                if input_layer(value, context) is None:
                    shown = without_passwords(str(value))
                    return _tr("{name}: “{value}” is no layer that can be opened.").format(
                        name=definition.name(), value=shown
                    )
        if not isinstance(definition, QgsProcessingParameterFeatureSource):
            continue
        layer = input_layer(parameters.get(definition.name()), context)
        if layer is not None and not isinstance(layer, QgsVectorLayer):
            kind = _tr("a raster") if isinstance(layer, QgsRasterLayer) else _tr("no vector layer")
            text = _tr("{name}: “{layer}” is {kind}; a vector layer or table is needed.")
            return text.format(name=definition.name(), layer=layer.name(), kind=kind)
    return ""


def wrong_destination(
    algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> str:
    """Return what is wrong with the first output that would destroy an input or another output, "" for none."""
    targets = output_targets(algorithm, parameters, context)
    for name, target in list(targets.items()):
        if isinstance(algorithm.parameterDefinition(name), QgsProcessingParameterFolderDestination):
            del targets[name]  # a folder: files of other outputs may lie in it
            target = FileTarget(str(Path(target.path) / "file"))
        why = why_not_writable(target.path)
        if why:
            return f"{name}: {why}"
        definition = algorithm.parameterDefinition(name)
        is_table = isinstance(definition, QgsProcessingParameterFeatureSink) and not definition.hasGeometry()
        if is_table and not target.holds_tables:
            text = _tr("{name} is a table; “{path}” holds shapes only. Choose a .gpkg or .csv.")
            return text.format(name=name, path=target.path)
    text = _tr("{one} and {other} are the same file, “{path}”{table}; give each its own.")
    for (one, target), (other, second) in combinations(targets.items(), 2):
        if target.clashes(second):
            return text.format(one=one, other=other, path=target.path, table=_table(target))
    for name, read in input_targets(algorithm, parameters, context):
        for output, target in targets.items():
            if target.clashes(read):
                text = _tr("{output} would overwrite {name}, “{path}”{table}; give it another place.")
                return text.format(output=output, name=name, path=read.path, table=_table(read))
    return ""


def output_targets(
    algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> dict[str, FileTarget]:
    """Return the files of the outputs that were asked for, by parameter.

    Of several layers for one GeoPackage each has a table, named after the output where none is given; a model's outputs
    are called “step:NAME”.
    """
    found, layers = {}, []
    for definition in algorithm.destinationParameterDefinitions():
        target = file_target(destination_text(parameters.get(definition.name()), context))
        if target is not None:
            found[definition.name()] = target
            if isinstance(definition, QgsProcessingParameterFeatureSink) and target.has_tables:
                layers.append(definition.name())
    shared = {one for one in layers for other in layers if one != other and found[one].same_file(found[other])}
    for name in shared:
        if not found[name].table:
            found[name] = FileTarget(found[name].path, name.rpartition(":")[2].lower())
    return found


def input_targets(
    algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> list[tuple[str, FileTarget]]:
    """Return the files of the inputs, by parameter."""
    found = []
    for definition in algorithm.parameterDefinitions():
        name, target = definition.name(), None
        if isinstance(definition, QgsProcessingParameterMultipleLayers):
            layers = (input_layer(value, context) for value in listed_layers(parameters.get(name)))
            files = (input_target(layer) for layer in layers if layer is not None)
            found += [(name, FileTarget(file.path)) for file in files if file is not None]
        elif isinstance(definition, QgsProcessingParameterFeatureSource):
            layer = input_layer(parameters.get(name), context)
            target = None if layer is None else input_target(layer)
        elif isinstance(definition, QgsProcessingParameterFile) and isinstance(parameters.get(name), str):
            target = FileTarget(parameters[name]) if parameters[name] else None
        if target is not None:
            found.append((name, target))
    return found


def listed_layers(value: Any) -> list[Any]:
    """Return the values of a parameter for several layers, [] for none."""
    if value in (None, "", [], ()):
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _table(target: FileTarget) -> str:
    return _tr(" (table “{table}”)").format(table=target.table) if target.table else ""
