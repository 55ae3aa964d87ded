"""The field that names the roads: chosen, or the one that the closures speak of."""

from __future__ import annotations

from typing import Any

from qgis.core import NULL, QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback

from ...base import EvacuationAlgorithm

CLOSURES = "CLOSURES"
CLOSURES_ROAD_FIELD = "CLOSURES_ROAD_FIELD"
NETWORK_ID_FIELD = "NETWORK_ID_FIELD"
USUAL_NAME = "road_id"


def ids_of_closures(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    network: QgsProcessingFeatureSource,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> str | None:
    """Return the field “road_id” of the roads where none was chosen and a row of CLOSURES names its road; else None.

    Ids of features are nothing that a table of closures would speak of.
    """
    if parameters.get(NETWORK_ID_FIELD) not in (None, NULL) or not _named(algorithm, parameters, context):
        return None
    name = next((name for name in network.fields().names() if name.casefold() == USUAL_NAME), None)
    if name is not None:
        text = "{name}: using the field {field} of “{layer}”, since CLOSURES names roads by their ids."
        feedback.pushInfo(
            algorithm.tr(text).format(name=NETWORK_ID_FIELD, field=name, layer=network.sourceName())
        )  # fmt: skip
    return name


def _named(algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> bool:
    """Return whether any row of CLOSURES has the id of a road."""
    from ....plugin.layers.shapes import features_of
    from ....plugin.layers.values import id_text

    if algorithm.parameterDefinition(CLOSURES) is None:
        return False
    source = algorithm.source(parameters, CLOSURES, context)
    if source is None:
        return False
    quiet = QgsProcessingFeedback(False)
    field = algorithm.field(parameters, CLOSURES_ROAD_FIELD, source, context, quiet, required=False)
    return field is not None and any(id_text(feature[field]) for feature in features_of(source))
