"""The road network's parameters, the same in every algorithm that uses one; names as in QGIS's network analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..plugin.solvers.control import IsCancelled, Progress
from ..plugin.solvers.roads.osm import SPEED_UNITS
from .base import EvacuationAlgorithm

if TYPE_CHECKING:
    from ..plugin.layers.roads.network import NetworkOptions, ReadNetwork

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
    _add_class(algorithm)
    _add_direction(algorithm)
    _add_speed(algorithm)
    _add_lanes(algorithm, capacity)
    _add_length(algorithm)
    _add_joining(algorithm)
    if places:
        _add_places(algorithm)


def _field(name: str, description: str, default: str | None, kind: Any) -> QgsProcessingParameterField:
    return QgsProcessingParameterField(name, description, default, "NETWORK", kind, optional=True)


def _add_class(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        _field("ROAD_CLASS_FIELD", tr("Road class field"), "highway", QgsProcessingParameterField.DataType.Any),
        "OpenStreetMap's class of the line. Lines without a class (rivers, railways) and classes that are not for cars "
        "(footway, path, steps, track, construction …; resources/roads/classes.csv) are left out and counted in the "
        "log. So are roads whose motorcar, motor_vehicle, vehicle or access tag (the most specific counts) is no, "
        "agricultural, forestry, emergency, military, psv or bus; private, destination and customers stay, for people "
        "leave from there. Where no value is a class of OpenStreetMap's, every line is a road. MATSim's “modes” may be "
        "given, too. Default: the field “highway” if there is one.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterBoolean("ALL_LINES", tr("Take every line for a road"), defaultValue=False),
        "Keeps the lines that would be left out by class or access.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterBoolean("USE_TAGS", tr("Read tags kept in one field"), defaultValue=True),
        "OpenStreetMap files opened in QGIS keep most tags in one field (other_tags). Yes: highway, oneway, maxspeed, "
        "lanes, junction and access are read there where the layer has no field of that name.",
        advanced=True,
    )


def _add_direction(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        _field("DIRECTION_FIELD", tr("Direction field"), "oneway", QgsProcessingParameterField.DataType.Any),
        "Field that tells one-way roads. Where the three values below are left empty, OpenStreetMap's values (yes, no, "
        "-1, 1, true, false, reversible) are understood, and other makers' (B/F/T, FT/TF/N, B/F/R, B/H/T, Y/N, “Both”, "
        "“With”, “Against” …) where every value fits one such coding; the log says how they are read. F and T alone, N "
        "alone and numbers other than 1, 0, -1 can mean several things: give the three values. Motorways and "
        "roundabouts without a value are one-way as drawn. Default: the field “oneway” if there is one.",
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
        _field("SPEED_FIELD", tr("Speed field"), "maxspeed", QgsProcessingParameterField.DataType.Any),
        "Speed, in the unit below. OpenStreetMap's texts (“50”, “30 mph”, “50;30”: the lowest) are understood. A speed "
        "of 0 closes a road, where fewer than 5 % of the roads have it; else it counts as missing. Default: the field "
        "“maxspeed” if there is one.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterEnum("SPEED_UNIT", tr("Unit of the speed field"), list(SPEED_UNITS), defaultValue=0),
        "Unit of the speed field's numbers. A text that names its unit (“30 mph”) keeps that. The log warns where the "
        "speeds look like another unit.",
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
        "Number of lanes, both directions together as in OpenStreetMap; halved on two-way roads (3 lanes: 1.5 each "
        "way), but never below one each way. Roads without a usable number have one lane a direction. Default: the "
        "field “lanes” if there is one.",
        advanced=True,
    )
    if capacity:
        kind = QgsProcessingParameterField.DataType.Any
        algorithm.add(
            _field("CAPACITY_FIELD", tr("Capacity field (vehicles/h)"), "capacity", kind),
            "Vehicles per hour and direction. Roads without a usable number have their lanes times the default "
            "capacity; “1,500” can be read two ways and is none. 0 closes a road, where fewer than 5 % of the roads "
            "have it; else it counts as missing. To close roads for certain use BARRIERS. Default: the field "
            "“capacity” if there is one.",
            advanced=True,
        )
    algorithm.add(
        QgsProcessingParameterNumber(
            "DEFAULT_LANE_CAPACITY", tr("Default capacity of a lane (vehicles/h)"), _DOUBLE, 900.0, minValue=1.0
        ),
        "Vehicles per hour of one lane where the capacity field gives none.",
        advanced=True,
    )


def _add_length(algorithm: EvacuationAlgorithm) -> None:
    algorithm.add(
        _field("LENGTH_FIELD", algorithm.tr("Length field (m)"), None, QgsProcessingParameterField.DataType.Any),
        "Metres of each whole feature, where its length is not that of its drawing (MATSim's “length”); its pieces "
        "share it in proportion. Roads without a length above 0 are as long as drawn. Default: as drawn, on the "
        "ellipsoid.",
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
        "people.",
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
    progress: Progress,
    cancelled: IsCancelled,
) -> ReadNetwork | None:
    """Read the layer of NETWORK, without the roads BARRIERS close; None where an optional one is not set.

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
