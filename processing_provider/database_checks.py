"""What is asked of inputs and outputs in PostgreSQL before any work: that they can be read and made, and stay apart."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from qgis.core import (
    QgsDataSourceUri,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingParameterFeatureSource,
    QgsProcessingUtils,
    QgsVectorLayer,
)

from ..plugin.layers.database import PROVIDER, connected, postgres_uri
from ..plugin.layers.database_tables import Relation, TableTarget, relation_to_make, relations_of, table_target
from ..plugin.layers.destinations import destination_text, input_value
from ..plugin.solvers.errors import SolverError
from .identity import NamedAlgorithm

_tr = NamedAlgorithm.tr


def wrong_table(algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
    """Return what is wrong with the first input or output that is in PostgreSQL, "" for nothing.

    A table that another session has locked, or that the role may not read, is known here: opening it would wait without
    end, or say nothing.
    """
    read: dict[str, set[Relation]] = {}
    try:
        for name, uri in _inputs(algorithm, parameters, context):
            read[name] = relations_of(uri, f"{name}: “{uri.table() or uri.database()}”")
            if not _opens(parameters[name], context):
                text = _tr(
                    "{name}: QGIS cannot open “{table}”. A view or query needs key='...', a column of whole numbers, "
                    "each once; a column with several kinds of shapes needs type=... and srid=...."
                )
                return text.format(name=name, table=uri.table())
        made = {name: _relation(target, name) for name, target in _outputs(algorithm, parameters, context)}
    except SolverError as error:
        return str(error)
    for (one, first), (other, second) in combinations(made.items(), 2):
        if (first.database, first.name) == (second.database, second.name):
            text = _tr("{one} and {other} are the same table, “{table}”; give each its own.")
            return text.format(one=one, other=other, table=first.name)
    for output, relation in made.items():
        for name, relations in read.items():
            if relation.oid and (relation.database, relation.oid) in {(r.database, r.oid) for r in relations}:
                text = _tr("{output} would overwrite “{table}”, from which {name} is read; give it another place.")
                return text.format(output=output, table=relation.name, name=name)
    return ""


def _relation(target: TableTarget, name: str) -> Relation:
    about = f"{name}: “{target.name}”"
    with connected(target.uri, about, "write") as connection:
        try:
            return relation_to_make(connection, target)
        except SolverError as error:
            raise SolverError(f"{name}: {error}") from None


def _outputs(
    algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> list[tuple[str, TableTarget]]:
    found = []
    for definition in algorithm.destinationParameterDefinitions():
        target = table_target(destination_text(parameters.get(definition.name()), context))
        if target is not None:
            found.append((definition.name(), target))
    return found


def _inputs(
    algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> list[tuple[str, QgsDataSourceUri]]:
    """Return the provider strings of the inputs in PostgreSQL, by parameter; none is opened for that."""
    found = []
    for definition in algorithm.parameterDefinitions():
        if isinstance(definition, QgsProcessingParameterFeatureSource):
            value = input_value(parameters.get(definition.name()), context)
            layer = value
            if isinstance(value, str):
                layer = QgsProcessingUtils.mapLayerFromString(value, context, False)
            if isinstance(layer, QgsVectorLayer):
                uri = QgsDataSourceUri(layer.source()) if layer.providerType() == PROVIDER else None
            else:
                uri = postgres_uri(value) if isinstance(value, str) else None
            if uri is not None:
                found.append((definition.name(), uri))
    return found


def _opens(value: Any, context: QgsProcessingContext) -> bool:
    """Whether QGIS opens an input; a layer that is open already stays as it is."""
    value = input_value(value, context)
    return not isinstance(value, str) or QgsProcessingUtils.mapLayerFromString(value, context) is not None
