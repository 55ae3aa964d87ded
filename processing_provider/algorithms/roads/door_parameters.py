"""Parameters of the doors of shelters, the same in every algorithm that takes entrances; and of the way to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)

from ...base import EvacuationAlgorithm
from ...field_parameters import add_field
from .network_parameters import EMPTY_ROADS
from .road_attributes import add_junction_delay
from .travel_parameters import walks

if TYPE_CHECKING:
    from ....plugin.layers.roads.door_travel import DoorUse
    from ....plugin.layers.roads.entrances import DoorRules

ACCESS_SPEED = "ACCESS_SPEED"
DOOR_MINUTES = "DOOR_MINUTES"
ENTRANCES = "ENTRANCES"
ENTRANCES_CAPACITY_FIELD = "ENTRANCES_CAPACITY_FIELD"
ENTRANCES_ID_FIELD = "ENTRANCES_ID_FIELD"
MAX_DOORS = "MAX_DOORS"
PEOPLE_PER_VEHICLE = "PEOPLE_PER_VEHICLE"
SITE_ID, SHELTER_ID = "site_id", "shelter_id"  # default names of id fields: the first that is there

DOORS_ON_FOOT = 1000  # of a polygon: wherever a road leads in
_ANY, _NUMERIC = QgsProcessingParameterField.DataType.Any, QgsProcessingParameterField.DataType.Numeric
_INTEGER = QgsProcessingParameterNumber.Type.Integer


def add_entrance_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add the parameters of an algorithm that takes the entrances of shelters."""
    tr = algorithm.tr
    add_layer(
        algorithm, ENTRANCES, tr("Entrances"), [QgsProcessing.SourceType.TypeVectorPoint],
        "Points at which vehicles enter the destinations, surveyed. They are the doors of their destination; each "
        "joins its nearest road.",
    )  # fmt: skip
    add_field(
        algorithm, ENTRANCES_ID_FIELD, tr("Destination of the entrances"), SITE_ID, ENTRANCES, _ANY,
        "Id of the destination that an entrance belongs to. Default: “site_id”, else “shelter_id”.",
    )  # fmt: skip
    add_field(
        algorithm, ENTRANCES_CAPACITY_FIELD, tr("Capacity of the entrances (vehicles/h)"), None, ENTRANCES, _NUMERIC,
        "Most vehicles an hour that an entrance lets in, where that is less than its roads bring: a gate, a check. "
        "Empty values set no limit, 0 closes the entrance.",
    )  # fmt: skip
    algorithm.add_number(
        MAX_DOORS,
        tr("Most guessed doors"),
        2,
        "Of a destination polygon without surveyed entrances.",
        kind=_INTEGER,
        least=1,
        advanced=True,
    )


def add_access_speed(algorithm: EvacuationAlgorithm) -> None:
    """Add the speed between a place and its road."""
    tr = algorithm.tr
    algorithm.add_number(
        ACCESS_SPEED,
        tr("Speed between place and road (km/h)"),
        None,
        "How fast people get from a place to its road, and from the road to a door: access_minutes. Empty: "
        "1.1 m/s, a person on foot. The routing starts nobody later for it.",
        least=0.01,
        advanced=True,
    )


def add_door_minutes(algorithm: EvacuationAlgorithm, people: str = "On average; for DOOR_MINUTES.") -> None:
    """Add the time in which doors have to let everybody in, and what their vehicles/h follow from besides the roads.

    ``people`` explains PEOPLE_PER_VEHICLE.
    """
    tr = algorithm.tr
    algorithm.add_number(
        DOOR_MINUTES,
        tr("Everybody is let in within (minutes)"),
        None,
        "A shelter counts no more people than its doors let in within this time: vehicles/h of the roads that lead "
        "there, × minutes / 60 × people per vehicle. Needs the road network. Empty: doors are not looked at.",
        least=0.01,
    )
    algorithm.add_number(PEOPLE_PER_VEHICLE, tr("People per vehicle"), 2.5, people, least=1.0, advanced=True)
    add_junction_delay(algorithm)


def add_layer(algorithm: EvacuationAlgorithm, name: str, title: str, kinds: list[Any], text: str) -> None:
    """Add an optional layer of the kinds of features given."""
    algorithm.add(QgsProcessingParameterFeatureSource(name, title, kinds, optional=True), text, advanced=True)


def read_door_rules(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    on_foot: bool | None = None,
) -> DoorRules:
    """Read the parameters of :func:`add_entrance_parameters`, for walkers or for vehicles; by default by TRAVEL_MODE.

    Raises
    ------
    QgsProcessingException
        When the layer cannot be opened or a field is not in it.
    LayerError
    """
    from ....plugin.layers.roads.entrances import DoorRules, read_entrances

    source = algorithm.source(parameters, ENTRANCES, context)
    most = algorithm.parameterAsInt(parameters, MAX_DOORS, context)
    if on_foot is None:
        on_foot = walks(algorithm, parameters, context)
    if on_foot:  # walkers enter anywhere, but where an entrance is said to be theirs
        most = DOORS_ON_FOOT
    if source is None:
        return DoorRules(None, most)
    site = algorithm.fields(parameters, ENTRANCES_ID_FIELD, source, context, feedback, fallbacks=[[SHELTER_ID]])[0]
    limit = algorithm.field(parameters, ENTRANCES_CAPACITY_FIELD, source, context, feedback, required=False)
    return DoorRules(read_entrances(source, site, limit, context, feedback, on_foot), most)


def idle_fields(parameters: dict[str, Any]) -> Mapping[str, str]:
    """Return the fields of roads that play no part; none where doors are looked at: they let in what roads bring."""
    return EMPTY_ROADS if parameters.get(DOOR_MINUTES) in (None, "") else {}


def read_door_use(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    on_foot: bool | None = None,
) -> DoorUse:
    """Read the parameters of doors, of the way to them, and those of :func:`add_door_minutes` where there are any.

    ``on_foot`` as in :func:`read_door_rules`.

    Raises
    ------
    QgsProcessingException, LayerError
        As :func:`read_door_rules`.
    """
    from ....plugin.layers.roads.door_travel import DoorUse

    rules, speed = (
        read_door_rules(algorithm, parameters, context, feedback, on_foot),
        access_speed(algorithm, parameters, context),
    )
    if parameters.get(DOOR_MINUTES) in (None, ""):
        return DoorUse(rules, speed)
    if walks(algorithm, parameters, context) if on_foot is None else on_foot:
        feedback.pushInfo("DOOR_MINUTES: plays no part on foot: it counts doors for cars.")
        return DoorUse(rules, speed)
    minutes, people = (
        float(algorithm.parameterAsDouble(parameters, name, context)) for name in (DOOR_MINUTES, PEOPLE_PER_VEHICLE)
    )
    return DoorUse(rules, speed, minutes, people)


def access_speed(algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> float:
    """Return ACCESS_SPEED in m/s."""
    from ....plugin.layers.roads.doors import ACCESS_ON_FOOT

    if parameters.get(ACCESS_SPEED) in (None, ""):
        return ACCESS_ON_FOOT
    return float(algorithm.parameterAsDouble(parameters, ACCESS_SPEED, context)) / 3.6
