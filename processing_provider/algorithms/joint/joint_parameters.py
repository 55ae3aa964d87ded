"""The parameters and outputs of ``jointplan``, most of them those of the steps that it takes together."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
)

from ....plugin.solvers.joint.kinds import BY_GROUP, TIME
from ....plugin.solvers.joint.kinds import PREFERENCE_SECONDS as USUAL_PREFERENCE_SECONDS
from ...base import EvacuationAlgorithm
from ...effort_parameters import ROUTING_SECONDS, add_effort
from ..allocation import names as allocation
from ..allocation.allocation_parameters import add_limits, add_people_and_shelters, add_preferences, add_split
from ..roads.door_parameters import add_access_speed, add_door_minutes, add_entrance_parameters
from ..roads.hazard_parameters import add_closures, add_hazard, add_rule_field, add_start_time
from ..roads.network_parameters import add_network_parameters, add_road_name_field
from ..roads.road_attributes import ROAD_CAPACITY_FIELD
from ..routing.routing_parameters import (
    add_background,
    add_certify,
    add_departures,
    add_max_routes,
    add_queue_numbers,
    add_routing_outputs,
)
from . import names

LONGEST_PREFERENCE = 604_800.0  # s: a week
NUMBERS = {
    names.VALUE: "Value of the aim: person-seconds, or for clearance seconds until everybody has arrived",
    names.STEPWISE_VALUE: "The same of the step-wise plan",
    names.STEPWISE_CAUGHT: "People caught by the step-wise plan",
    names.STEPWISE_TIME: "Total travel time of the step-wise plan (vehicle- or person-seconds)",
    names.STEPWISE_CLEARANCE: "Seconds until everybody has arrived by the step-wise plan",
    allocation.ALLOCATED: "People who have a place and arrive",
    allocation.UNALLOCATED: "People who have none, without those who are caught",
}


def add_joint_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add all inputs of ``jointplan``."""
    add_people_and_shelters(
        algorithm,
        "Points or polygons, such as the sites of “Recommend shelters”. Where there is a field “status”, those that "
        "are “selected” are used, and those “standby” if the plan may; never the others, nor any that the hazard "
        "reaches. A polygon is entered at its doors. Without shelters everybody goes to the safe exits of the hazard.",
    )
    _add_standby(algorithm)
    add_hazard(
        algorithm,
        "Polygons from which everybody must go. Its safe exits are destinations where there are no shelters, or if "
        "“Safe exits” is chosen. Zones have their people at the junctions inside it, where they have some there; the "
        "clearance table counts who is still inside. With an arrival (below) its roads close then, and who is still "
        "there is caught.",
    )
    add_closures(algorithm)
    add_rule_field(algorithm, allocation.SHELTERS)
    _add_choices(algorithm)
    add_preferences(algorithm)
    add_limits(algorithm)
    add_network_parameters(algorithm, capacity=ROAD_CAPACITY_FIELD)
    add_road_name_field(algorithm)
    add_entrance_parameters(algorithm)
    add_access_speed(algorithm)
    add_door_minutes(algorithm, "Of vehicles, and for DOOR_MINUTES: on average.")
    add_queue_numbers(algorithm)
    add_start_time(algorithm)
    add_departures(algorithm)
    add_background(algorithm)
    add_certify(
        algorithm,
        "Proves how far the plan can be from the best possible one: a lower bound of the aim's value that prices the "
        "roads and the room of the shelters.",
    )
    add_max_routes(algorithm)
    add_effort(algorithm, ROUTING_SECONDS)


def _add_standby(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterBoolean(names.USE_STANDBY, tr("Shelters standing by may be used"), True),
        "The joint plan may use shelters with the status “standby” as well. The step-wise plan beside it uses the "
        "selected ones alone.",
    )
    algorithm.add(
        QgsProcessingParameterBoolean(names.EXITS, tr("Safe exits are destinations"), False),
        "Besides shelters: the places where roads lead out of the hazard (and its buffer; parts nearer to each other "
        "than 200 m are one) and from which the largest part of the roads outside can be reached without entering "
        "again. They have no limit of room and pass what their road passes; queues beyond them are not modelled. Who "
        "starts outside is safe when he leaves, who lives in the hazard more than 100 m from any road, once he is "
        "there. Needs the hazard.",
    )


def _add_choices(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterEnum(names.UNIT, tr("What is sent to one shelter"), [tr("A group"), tr("A vehicle")],
            defaultValue=BY_GROUP,
        ),
        "A group: all of it goes to one shelter, unless it has to be divided. A vehicle: neighbours may go to "
        "different shelters, which is quicker.",
    )  # fmt: skip
    algorithm.add(
        QgsProcessingParameterBoolean(names.KEEP_TOGETHER, tr("Families stay together"), True),
        "Yes: all people of a zone are one group and share vehicles, whatever their class. No: each class of a zone is "
        "a group of its own.",
    )
    add_split(algorithm, " Plays no part where vehicles are sent.")
    algorithm.add(
        QgsProcessingParameterEnum(names.AIM, tr("Aim"), [tr("Time: least travel time and dissatisfaction"),
            tr("Clearance: earliest last arrival, then time"), tr("Hazard: least time of people in it, then time")],
            defaultValue=TIME,
        ),
        "What is made small once as many people as possible have a place. Time: for each person the seconds of travel, "
        "and those below times one minus the preference. The hazard as aim needs the hazard.",
    )  # fmt: skip
    algorithm.add_number(
        names.PREFERENCE_SECONDS,
        tr("What preferences weigh (s)"),
        USUAL_PREFERENCE_SECONDS,
        "Seconds of travel that one person's full dissatisfaction (1 - preference) weighs; 0 looks at time alone.",
        least=0.0,
        most=LONGEST_PREFERENCE,
    )


def add_joint_outputs(algorithm: EvacuationAlgorithm) -> None:
    """Add the layers, the report and the numbers that ``jointplan`` gives back."""
    tr, table = algorithm.tr, QgsProcessing.SourceType.TypeVectorAnyGeometry
    for name, title, text in (
        (
            names.OUTPUT_ALLOCATION,
            tr("Allocation"),
            "Lines from zone to shelter or exit with the people of each class who go there.",
        ),
        (
            allocation.OUTPUT_SHELTERS,
            tr("Load of the shelters"),
            "The shelters and exits with load, capacity, utilisation (0..1), doors, and whom these let in.",
        ),
        (allocation.OUTPUT_UNALLOCATED, tr("People without a place"), "Zones and classes left out, with the reason."),
    ):
        algorithm.add(QgsProcessingParameterFeatureSink(name, title, table), text)
    add_routing_outputs(algorithm)
    for name, title in NUMBERS.items():
        algorithm.addOutput(QgsProcessingOutputNumber(name, tr(title)))
