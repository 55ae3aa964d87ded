"""The road network's parameters, the same in every algorithm that uses one; names as in QGIS's network analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
from . import road_attributes as names
from .road_attributes import NETWORK, add_attribute_parameters, road_field
from .road_ids import NETWORK_ID_FIELD as NETWORK_ID_FIELD
from .road_ids import ids_of_closures
from .travel_parameters import IDLE_ON_FOOT, NO_PART_ON_FOOT, add_travel_parameters, read_travel

if TYPE_CHECKING:
    from ....plugin.layers.closing.danger import DangerLayers
    from ....plugin.layers.roads.options import NetworkOptions, ReadNetwork

BARRIERS = "BARRIERS"
MAX_SNAP_DISTANCE = "MAX_SNAP_DISTANCE"
TOLERANCE = "TOLERANCE"
NAME_FIELD = "NAME_FIELD"

EMPTY_ROADS = {
    names.LANES_FIELD: "plays no part: travel times are those of empty roads.",
    names.ROAD_CAPACITY_FIELD: "plays no part in travel times, which are those of empty roads. (A capacity of 0 still "
    "closes a road.)",
    **dict.fromkeys(
        (
            names.LANES_FORWARD_FIELD,
            names.LANES_BACKWARD_FIELD,
            names.CAPACITY_FORWARD_FIELD,
            names.CAPACITY_BACKWARD_FIELD,
        ),
        "plays no part in travel times, which are those of empty roads. (A 0 still closes its direction, a capacity "
        "opens it.)",
    ),
}
_DOUBLE = QgsProcessingParameterNumber.Type.Double


def add_network_parameters(
    algorithm: EvacuationAlgorithm,
    optional: bool = False,
    capacity: str = names.CAPACITY_FIELD,
    factor: bool = True,
    places: bool = True,
    travel: bool = True,
) -> None:
    """Add the road network's parameters to an algorithm.

    ``optional`` lets NETWORK be left out. ``capacity`` names the parameter of the roads' capacity field:
    ROAD_CAPACITY_FIELD beside shelters, whose capacity is CAPACITY_FIELD; "" leaves it out. ``factor`` False leaves out
    CAPACITY_FACTOR, for an algorithm in which capacities do not count. ``places`` False leaves out BARRIERS and
    MAX_SNAP_DISTANCE, for an algorithm that routes nobody. ``travel`` False leaves out TRAVEL_MODE and what goes with
    it, for an algorithm of cars alone.
    """
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            NETWORK, tr("Road network"), [QgsProcessing.SourceType.TypeVectorLine], optional=optional
        ),
        "Lines, in any CRS. Roads meet where they share a vertex; a crossing without a shared vertex is a bridge.",
    )
    add_attribute_parameters(algorithm, capacity, factor)
    if travel:
        add_travel_parameters(algorithm)
    _add_joining(algorithm)
    if places:
        _add_places(algorithm)


def add_road_name_field(algorithm: EvacuationAlgorithm) -> None:
    """Add NAME_FIELD to an algorithm that tells people which streets to take."""
    algorithm.add(
        road_field(NAME_FIELD, algorithm.tr("Street name field"), "name", QgsProcessingParameterField.DataType.Any),
        "What people call the road; a road without a name is called by its id. Default: “name”, if there is one.",
        advanced=True,
    )


def _add_joining(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        road_field(NETWORK_ID_FIELD, tr("Road id field"), None, QgsProcessingParameterField.DataType.Any),
        "Field that names a road in outputs and messages. Default: the feature id; where CLOSURES names roads by their "
        "ids, “road_id” if there is one.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber(TOLERANCE, tr("Tolerance (m)"), _DOUBLE, 0.01, minValue=0.0),
        "Joins the end of a line to another end or to any vertex within this distance. Inner vertices join only where "
        "they are equal.",
        advanced=True,
    )


def _add_places(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            BARRIERS, tr("Closed areas"), [QgsProcessing.SourceType.TypeVectorPolygon], optional=True
        ),
        "Polygons that close the stretches of road inside them, cut at their border. A place inside one is not joined "
        "to the roads and comes back without a route.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber(MAX_SNAP_DISTANCE, tr("Longest way to a road (m)"), _DOUBLE, 500.0, minValue=0.0),
        "A place farther than this from the nearest road on which its trips can start, or end, is given back as not "
        "routable. Where the roads fall into parts that are not connected, all places join the part that serves most "
        "people, save those whom their nearest roads serve as well.",
        advanced=True,
    )


@dataclass(frozen=True)
class NetworkParameters:
    """What the parameters of :func:`add_network_parameters` say, read once.

    Attributes
    ----------
    source : QgsProcessingFeatureSource
        The layer of NETWORK.
    options : NetworkOptions
        How it is read.
    barriers : QgsProcessingFeatureSource or None
        Areas that close roads.
    max_snap_distance : float
        Metres beyond which a place is not joined to the roads.
    is_empty : bool
        Whether the layer has no features and none are needed, for nobody travels.
    """

    source: QgsProcessingFeatureSource
    options: NetworkOptions
    barriers: QgsProcessingFeatureSource | None
    max_snap_distance: float
    is_empty: bool = False

    @classmethod
    def read(
        cls,
        algorithm: EvacuationAlgorithm,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        idle: Mapping[str, str] = EMPTY_ROADS,
        needed: bool = True,
        travel: int | None = None,
    ) -> NetworkParameters:
        """Read the parameters of an algorithm that has a network.

        ``idle`` names the fields that play no part in this algorithm, or only a small one, each with the end of a
        sentence that says so; by default those that travel times on empty roads do not depend on.
        Where nobody is to travel (``needed`` False) a layer without features is no error but a warning. ``travel``
        is that of :func:`.travel_parameters.read_travel`.

        Raises
        ------
        QgsProcessingException
            When the layer cannot be opened, a field is not in it or the barriers have no CRS.
        """
        found = cls.read_optional(algorithm, parameters, context, feedback, idle, needed, travel)
        if found is None:
            raise QgsProcessingException(algorithm.invalidSourceError(parameters, NETWORK))
        return found

    @classmethod
    def read_optional(
        cls,
        algorithm: EvacuationAlgorithm,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        idle: Mapping[str, str] = EMPTY_ROADS,
        needed: bool = True,
        travel: int | None = None,
    ) -> NetworkParameters | None:
        """Read the parameters as :meth:`read` does; None where an optional NETWORK was left out."""
        from ....plugin.layers.roads.options import NetworkOptions

        source = algorithm.source(parameters, NETWORK, context)
        if source is None:
            return None
        farthest = float(algorithm.parameterAsDouble(parameters, MAX_SNAP_DISTANCE, context))
        if not needed and source.featureCount() == 0:
            feedback.pushWarning(algorithm.tr("NETWORK: “{layer}” has no roads.").format(layer=source.sourceName()))
            return cls(source, NetworkOptions(), None, farthest, is_empty=True)
        options = _options(algorithm, parameters, context, feedback, source, idle, travel)
        return cls(source, options, _barriers(algorithm, parameters, context), farthest)

    def network(
        self,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        control: Control,
        danger: DangerLayers | None = None,
    ) -> ReadNetwork:
        """Read the layer as a network, without the roads that the barriers and closures close for good.

        Raises
        ------
        LayerError
            When the layer has no usable road or no CRS.
        Cancelled
        """
        from ....plugin.layers.closing.danger import DangerLayers
        from ....plugin.layers.roads.network import no_roads, read_network

        if self.is_empty:
            return no_roads(self.source)
        layers = DangerLayers() if danger is None else danger
        return read_network(self.source, self.options, self.barriers, context, feedback, control, layers)

    def networks(
        self,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        control: Control,
        danger: DangerLayers | None = None,
    ) -> tuple[ReadNetwork, ReadNetwork]:
        """Read the layer as the network of cars and as that of walkers, as :meth:`network` reads one.

        Raises
        ------
        LayerError, Cancelled
            As :meth:`network`.
        """
        from ....plugin.layers.closing.danger import DangerLayers
        from ....plugin.layers.roads.network import read_both_networks

        layers = DangerLayers() if danger is None else danger
        return read_both_networks(self.source, self.options, self.barriers, context, feedback, control, layers)


def _options(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    source: QgsProcessingFeatureSource,
    idle: Mapping[str, str],
    who: int | None,
) -> NetworkOptions:
    def field(name: str) -> str | None:
        others = [[names.OSM_LANES[name]]] if name in names.OSM_LANES else []
        # Nothing may say that a field is used that is idle.
        told = feedback if name not in idle else QgsProcessingFeedback(False)
        found = algorithm.fields(parameters, name, source, context, told, False, others)
        chosen = found[0] if found else None
        if name in idle and chosen is not None:
            feedback.pushInfo(f"{name}: “{chosen}” {idle[name]}")
        return chosen

    def text(name: str) -> str:
        return str(algorithm.parameterAsString(parameters, name, context) or "").strip()

    def number(name: str) -> float:
        return float(algorithm.parameterAsDouble(parameters, name, context))

    def number_or_none(name: str) -> float | None:
        return None if parameters.get(name) in (None, "") else number(name)

    def number_if_there(name: str, other: float) -> float:
        return other if algorithm.parameterDefinition(name) is None else number(name)

    capacity = _capacity_parameter(algorithm)
    travel = read_travel(algorithm, parameters, source, context, feedback, who)
    if travel.on_foot:
        idle = {**idle, **dict.fromkeys((*IDLE_ON_FOOT, *filter(None, [capacity])), NO_PART_ON_FOOT)}
    return replace(travel,
        direction_field=field(names.DIRECTION_FIELD),
        value_forward=text(names.VALUE_FORWARD),
        value_backward=text(names.VALUE_BACKWARD),
        value_both=text(names.VALUE_BOTH),
        default_direction=algorithm.parameterAsEnum(parameters, names.DEFAULT_DIRECTION, context),
        speed_field=field(names.SPEED_FIELD),
        default_speed=number_or_none(names.DEFAULT_SPEED),
        tolerance=number(TOLERANCE),
        id_field=field(NETWORK_ID_FIELD) or ids_of_closures(algorithm, parameters, source, context, feedback),
        lanes_field=field(names.LANES_FIELD),
        capacity_field=field(capacity) if capacity else None,
        lanes_each=(field(names.LANES_FORWARD_FIELD), field(names.LANES_BACKWARD_FIELD)),
        capacity_each=(field(names.CAPACITY_FORWARD_FIELD), field(names.CAPACITY_BACKWARD_FIELD)),
        default_lane_capacity=number_or_none(names.DEFAULT_LANE_CAPACITY),
        speed_unit=SPEED_UNITS[algorithm.parameterAsEnum(parameters, names.SPEED_UNIT, context)],
        length_field=field(names.LENGTH_FIELD),
        class_field=field(names.ROAD_CLASS_FIELD),
        all_lines=algorithm.parameterAsBoolean(parameters, names.ALL_LINES, context),
        use_tags=algorithm.parameterAsBoolean(parameters, names.USE_TAGS, context),
        road_classes=text(names.ROAD_CLASSES),
        use_classes=algorithm.parameterAsBoolean(parameters, names.USE_CLASSES, context),
        capacity_factor=number_if_there(names.CAPACITY_FACTOR, 1.0),
        junction_delay=number_if_there(names.JUNCTION_DELAY, 0.0),
        name_field=field(NAME_FIELD) if algorithm.parameterDefinition(NAME_FIELD) is not None else None,
    )  # fmt: skip


def _capacity_parameter(algorithm: EvacuationAlgorithm) -> str:
    """Return the parameter of the roads' capacity field; "" where there is none."""
    for name in (names.ROAD_CAPACITY_FIELD, names.CAPACITY_FIELD):
        definition = algorithm.parameterDefinition(name)
        if definition is not None and definition.parentLayerParameterName() == NETWORK:
            return name
    return ""


def _barriers(
    algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> QgsProcessingFeatureSource | None:
    if algorithm.parameterDefinition(BARRIERS) is None:
        return None
    barriers = algorithm.source(parameters, BARRIERS, context)
    if barriers is not None and not barriers.sourceCrs().isValid() and barriers.featureCount() != 0:
        raise QgsProcessingException(
            algorithm.tr(
                "BARRIERS: the layer “{layer}” has no coordinate reference system. Set one in its properties."
            ).format(layer=barriers.sourceName())
        )
    return barriers
