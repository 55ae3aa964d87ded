"""The road network's parameters, the same in every algorithm that uses one; names as in QGIS's network analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..plugin.solvers.control import IsCancelled, Progress
from .base import EvacuationAlgorithm

if TYPE_CHECKING:
    from ..plugin.layers.roads.network import NetworkOptions, ReadNetwork

_DOUBLE = QgsProcessingParameterNumber.Type.Double


def add_network_parameters(algorithm: EvacuationAlgorithm, optional: bool = False, capacity: bool = True) -> None:
    """Add the road network's parameters to an algorithm.

    ``optional`` lets NETWORK be left out. ``capacity`` False leaves out the roads' CAPACITY_FIELD: it plays no part
    in travel time, and an algorithm with shelters has a CAPACITY_FIELD of its own.
    """
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            "NETWORK", tr("Road network"), [QgsProcessing.SourceType.TypeVectorLine], optional=optional
        ),
        "Lines, in any CRS. Roads meet where they share a vertex; a crossing without a shared vertex is a bridge.",
    )
    _add_direction(algorithm)
    _add_speed(algorithm)
    _add_lanes(algorithm, capacity)
    _add_joining(algorithm)


def _field(name: str, description: str, default: str | None, kind: Any) -> QgsProcessingParameterField:
    return QgsProcessingParameterField(name, description, default, "NETWORK", kind, optional=True)


def _add_direction(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        _field("DIRECTION_FIELD", tr("Direction field"), "oneway", QgsProcessingParameterField.DataType.Any),
        "Field that tells one-way roads. OpenStreetMap's values (yes, no, -1, 1, true, false, reversible) are "
        "understood where the three values below are left empty. Default: the field “oneway” if there is one.",
        advanced=True,
    )
    for name, description, text in (
        ("VALUE_FORWARD", tr("Value for the drawn direction"), "open in the direction in which the line was drawn"),
        ("VALUE_BACKWARD", tr("Value for the opposite direction"), "open against the direction of drawing"),
        ("VALUE_BOTH", tr("Value for both directions"), "open both ways"),
    ):
        algorithm.add(
            QgsProcessingParameterString(name, description, optional=True),
            f"Value of the direction field for a road that is {text}.",
            advanced=True,
        )
    algorithm.add(
        QgsProcessingParameterEnum(
            "DEFAULT_DIRECTION",
            tr("Default direction"),
            [tr("Forward direction"), tr("Backward direction"), tr("Both directions")],
            defaultValue=2,
        ),
        "Direction of roads without a direction field or with a value that is not understood.",
        advanced=True,
    )


def _add_speed(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        _field("SPEED_FIELD", tr("Speed field (km/h)"), "maxspeed", QgsProcessingParameterField.DataType.Any),
        "Speed in km/h. OpenStreetMap's texts (“50”, “30 mph”, “50;30”: the lowest) are understood. Default: the "
        "field “maxspeed” if there is one.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber("DEFAULT_SPEED", tr("Default speed (km/h)"), _DOUBLE, 40.0, minValue=0.1),
        "Speed of roads whose speed is missing, zero, negative, absurd or not understood; the log counts them.",
        advanced=True,
    )


def _add_lanes(algorithm: EvacuationAlgorithm, capacity: bool) -> None:
    tr = algorithm.tr
    algorithm.add(
        _field("LANES_FIELD", tr("Lanes field"), "lanes", QgsProcessingParameterField.DataType.Any),
        "Number of lanes, both directions together as in OpenStreetMap; halved on two-way roads. Roads without a "
        "usable number have one lane a direction. Default: the field “lanes” if there is one.",
        advanced=True,
    )
    if capacity:
        kind = QgsProcessingParameterField.DataType.Any
        algorithm.add(
            _field("CAPACITY_FIELD", tr("Capacity field (vehicles/h)"), "capacity", kind),
            "Vehicles per hour and direction. Roads without a usable number have their lanes times the default "
            "capacity. Default: the field “capacity” if there is one.",
            advanced=True,
        )
    algorithm.add(
        QgsProcessingParameterNumber(
            "DEFAULT_LANE_CAPACITY", tr("Default capacity of a lane (vehicles/h)"), _DOUBLE, 900.0, minValue=1.0
        ),
        "Vehicles per hour of one lane where the capacity field gives none.",
        advanced=True,
    )


def _add_joining(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        _field("NETWORK_ID_FIELD", tr("Road id field"), None, QgsProcessingParameterField.DataType.Any),
        "Field that names a road in outputs and messages. Default: the feature id.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber("TOLERANCE", tr("Tolerance (m)"), _DOUBLE, 0.01, minValue=0.0),
        "Joins the end of a line to another end or to any vertex within this distance. Inner vertices join only where "
        "they are equal.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            "BARRIERS", tr("Closed areas"), [QgsProcessing.SourceType.TypeVectorPolygon], optional=True
        ),
        "Polygons that close the pieces of road they meet (between two junctions), not the whole line.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber(
            "MAX_SNAP_DISTANCE", tr("Longest way to a road (m)"), _DOUBLE, 500.0, minValue=0.0
        ),
        "A place farther than this from the nearest road that can be left and reached is given back as not routable.",
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
) -> NetworkOptions:
    """Read the parameters added by :func:`add_network_parameters`.

    Raises
    ------
    QgsProcessingException
        When a field that was named is not in the layer.
    """
    from ..plugin.layers.roads.network import NetworkOptions

    def field(name: str) -> str | None:
        return algorithm.field(parameters, name, source, context, feedback, required=False)

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
    )


def read_network_parameter(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    progress: Progress,
    cancelled: IsCancelled,
) -> ReadNetwork | None:
    """Read the layer of NETWORK, without the pieces BARRIERS close; None where an optional one is not set.

    Raises
    ------
    LayerError
        When the layer has no usable road or no CRS.
    QgsProcessingException
        When the layer cannot be opened or a field is not in it.
    Cancelled
    """
    from ..plugin.layers.roads.network import read_network

    source = algorithm.source(parameters, "NETWORK", context)
    if source is None:
        return None
    options = network_options(algorithm, parameters, context, feedback, source)
    barriers = algorithm.source(parameters, "BARRIERS", context)
    if barriers is not None and not barriers.sourceCrs().isValid() and barriers.featureCount() != 0:
        raise QgsProcessingException(
            algorithm.tr(
                "BARRIERS: the layer “{layer}” has no coordinate reference system. Set one in its properties."
            ).format(layer=barriers.sourceName())
        )
    return read_network(source, options, barriers, context, feedback, progress, cancelled)
