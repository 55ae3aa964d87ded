"""The road network's parameters, the same in every algorithm that uses one; names as in QGIS's network analysis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)

from ....plugin.solvers.control import Control
from ....plugin.solvers.roads.osm import SPEED_UNITS
from ...base import EvacuationAlgorithm
from .road_attributes import add_attribute_parameters, road_field

if TYPE_CHECKING:
    from ....plugin.layers.roads.options import NetworkOptions, ReadNetwork

EMPTY_ROADS = {"LANES_FIELD": "plays no part: travel times are those of empty roads."}
_DOUBLE = QgsProcessingParameterNumber.Type.Double


def add_network_parameters(
    algorithm: EvacuationAlgorithm, optional: bool = False, capacity: bool = True, places: bool = True
) -> None:
    """Add the road network's parameters to an algorithm.

    ``optional`` lets NETWORK be left out. ``capacity`` False leaves out the roads' CAPACITY_FIELD: it plays no part
    in travel time, and an algorithm with shelters has a CAPACITY_FIELD of its own. ``places`` False leaves out
    BARRIERS and MAX_SNAP_DISTANCE, for an algorithm that routes nobody.
    """
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            "NETWORK", tr("Road network"), [QgsProcessing.SourceType.TypeVectorLine], optional=optional
        ),
        "Lines, in any CRS. Roads meet where they share a vertex; a crossing without a shared vertex is a bridge.",
    )
    add_attribute_parameters(algorithm, capacity)
    _add_joining(algorithm)
    if places:
        _add_places(algorithm)


def _add_joining(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        road_field("NETWORK_ID_FIELD", tr("Road id field"), None, QgsProcessingParameterField.DataType.Any),
        "Field that names a road in outputs and messages. Default: the feature id.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber("TOLERANCE", tr("Tolerance (m)"), _DOUBLE, 0.01, minValue=0.0),
        "Joins the end of a line to another end or to any vertex within this distance. Inner vertices join only where "
        "they are equal.",
        advanced=True,
    )


def _add_places(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            "BARRIERS", tr("Closed areas"), [QgsProcessing.SourceType.TypeVectorPolygon], optional=True
        ),
        "Polygons that close the stretches of road inside them, cut at their border. A place inside one is not joined "
        "to the roads and comes back without a route.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber(
            "MAX_SNAP_DISTANCE", tr("Longest way to a road (m)"), _DOUBLE, 500.0, minValue=0.0
        ),
        "A place farther than this from the nearest road on which its trips can start, or end, is given back as not "
        "routable. Where the roads fall into parts that are not connected, all places join the part that serves most "
        "people, save those whom their nearest roads serve as well.",
        advanced=True,
    )


def _has_road_capacity(algorithm: EvacuationAlgorithm) -> bool:
    """Whether CAPACITY_FIELD is the roads', not the shelters'."""
    definition = algorithm.parameterDefinition("CAPACITY_FIELD")
    return definition is not None and definition.parentLayerParameterName() == "NETWORK"


def network_options(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    source: QgsProcessingFeatureSource,
    idle: Mapping[str, str],
) -> NetworkOptions:
    """Read the parameters added by :func:`add_network_parameters`; ``idle`` as in :func:`read_network_parameter`.

    Raises
    ------
    QgsProcessingException
        When a field that was named is not in the layer.
    """
    from ....plugin.layers.roads.options import NetworkOptions

    def field(name: str) -> str | None:
        if name not in idle:
            return algorithm.field(parameters, name, source, context, feedback, required=False)
        # Nothing may say that such a field is used.
        silent = QgsProcessingFeedback(False)
        chosen = algorithm.field(parameters, name, source, context, silent, required=False)
        if chosen is not None:
            feedback.pushInfo(f"{name}: “{chosen}” {idle[name]}")
        return chosen

    def text(name: str) -> str:
        return str(algorithm.parameterAsString(parameters, name, context) or "").strip()

    def number(name: str) -> float:
        return float(algorithm.parameterAsDouble(parameters, name, context))

    return NetworkOptions(
        direction_field=field("DIRECTION_FIELD"),
        value_forward=text("VALUE_FORWARD"),
        value_backward=text("VALUE_BACKWARD"),
        value_both=text("VALUE_BOTH"),
        default_direction=algorithm.parameterAsEnum(parameters, "DEFAULT_DIRECTION", context),
        speed_field=field("SPEED_FIELD"),
        default_speed=number("DEFAULT_SPEED"),
        tolerance=number("TOLERANCE"),
        id_field=field("NETWORK_ID_FIELD"),
        lanes_field=field("LANES_FIELD"),
        capacity_field=field("CAPACITY_FIELD") if _has_road_capacity(algorithm) else None,
        default_lane_capacity=number("DEFAULT_LANE_CAPACITY"),
        max_snap_distance=number("MAX_SNAP_DISTANCE"),
        speed_unit=SPEED_UNITS[algorithm.parameterAsEnum(parameters, "SPEED_UNIT", context)],
        length_field=field("LENGTH_FIELD"),
        class_field=field("ROAD_CLASS_FIELD"),
        all_lines=algorithm.parameterAsBoolean(parameters, "ALL_LINES", context),
        use_tags=algorithm.parameterAsBoolean(parameters, "USE_TAGS", context),
    )


def read_network_parameter(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
    idle: Mapping[str, str] = EMPTY_ROADS,
    needed: bool = True,
) -> ReadNetwork | None:
    """Read the layer of NETWORK, without the roads BARRIERS close; None where an optional one is not set.

    ``idle`` names the fields that play no part in this algorithm, or only a small one, each with the end of a sentence
    that says so; by default those that travel times on empty roads do not depend on. Where nobody is to travel
    (``needed`` False) a layer without features gives an empty network with a warning.

    Raises
    ------
    LayerError
        When the layer has no usable road or no CRS.
    QgsProcessingException
        When the layer cannot be opened or a field is not in it.
    Cancelled
    """
    from ....plugin.layers.roads.network import no_roads, read_network

    source = algorithm.source(parameters, "NETWORK", context)
    if source is None:
        return None
    if not needed and source.featureCount() == 0:
        feedback.pushWarning(algorithm.tr("NETWORK: “{layer}” has no roads.").format(layer=source.sourceName()))
        return no_roads(source)
    options = network_options(algorithm, parameters, context, feedback, source, idle)
    barriers = algorithm.source(parameters, "BARRIERS", context)
    if barriers is not None and not barriers.sourceCrs().isValid() and barriers.featureCount() != 0:
        raise QgsProcessingException(
            algorithm.tr(
                "BARRIERS: the layer “{layer}” has no coordinate reference system. Set one in its properties."
            ).format(layer=barriers.sourceName())
        )
    return read_network(source, options, barriers, context, feedback, control)
