"""The parameters and outputs of ``dispatchfleet``."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)

from ...base import EvacuationAlgorithm
from ...effort_parameters import ROUTING_SECONDS, add_effort
from ...field_parameters import add_field
from ...result_parameters import add_numbers, add_report
from ..roads.hazard_parameters import add_closures, add_hazard, add_known_fields, add_rule_field, add_start_time
from ..roads.network_parameters import add_network_parameters
from ..roads.road_attributes import ROAD_CAPACITY_FIELD
from . import names

_KIND = QgsProcessingParameterField.DataType
_INTEGER = QgsProcessingParameterNumber.Type.Integer
_PLACES = [QgsProcessing.SourceType.TypeVectorAnyGeometry]
_MOMENT = "minutes after the start time, or date and time"


def add_fleet_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add requests, vehicles, shelters, how they are planned for, roads, and what closes these."""
    _add_requests(algorithm)
    _add_vehicles(algorithm)
    _add_shelters(algorithm)
    _add_planning(algorithm)
    add_network_parameters(algorithm, capacity=ROAD_CAPACITY_FIELD, factor=False, travel=False)
    add_hazard(
        algorithm,
        "Polygons that become dangerous (below). From then on no vehicle drives on their roads, and nobody can be "
        "fetched from there. Nobody is brought to a shelter that they ever reach, unless its rule is “vertical”.",
    )
    add_closures(algorithm)
    add_known_fields(algorithm)
    add_rule_field(algorithm, names.SHELTERS)
    add_start_time(algorithm)
    algorithm.parameterDefinition("START_TIME").setHelp(
        "Date and time of t = 0, when the first period begins. Empty: the earliest date and time at which a request is "
        "ready or known or a vehicle is available; if there is none, 2000-01-01 00:00. Times without an offset from "
        "universal time are local time of it, whatever the computer's zone."
    )
    add_effort(algorithm, ROUTING_SECONDS)
    _add_pyvrp(algorithm)
    algorithm.add_number(
        names.SEED, algorithm.tr("Seed"), 1, "Of what is drawn in the search. The same seed gives the same tours.",
        kind=_INTEGER, advanced=True,
    )  # fmt: skip


def _add_requests(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(names.REQUESTS, tr("Requests"), _PLACES),
        "Points (or polygons) where people ask to be fetched. A vehicle stops at the nearest road.",
    )
    for name, title, default, kind, text in (
        (names.REQUEST_ID_FIELD, tr("Request id field"), "request_id", _KIND.Any,
         "Names a request. Default: the field “request_id” if there is one, else the feature id."),
        (names.PEOPLE_FIELD, tr("People field"), "people", _KIND.Numeric,
         "How many people are to be fetched, wheelchairs included. More than a vehicle can take are divided. Default: "
         "the field “people”."),
        (names.READY_FIELD, tr("Ready from"), "ready_time", _KIND.Any,
         f"From when on they can be fetched, and wait: {_MOMENT}. Empty: the start time. Default: the field "
         "“ready_time” if there is one."),
        (names.KNOWN_FIELD, tr("Known from"), "known_time", _KIND.Any,
         f"When the request becomes known: {_MOMENT}; later than ready is the normal case. What becomes known within a "
         "period waits for the plan of the next one. Empty: known from the start. Default: the field “known_time” if "
         "there is one."),
        (names.WHEELCHAIR_FIELD, tr("Wheelchairs field"), "wheelchairs", _KIND.Numeric,
         "How many of the people use a wheelchair and need a place for it. Empty: nobody. Default: the field "
         "“wheelchairs” if there is one."),
        (names.PROBABILITY_FIELD, tr("Probability field"), "probability", _KIND.Numeric,
         "Below 1: the request is only expected, with this probability, until it becomes known. Plans reckon with it "
         "until LOOK_AHEAD periods after it is ready, "
         "but no tour for it starts before it is known; without a moment at which it becomes known it never comes "
         "true, and its people count neither as served nor as unserved. 0: nobody reckons with it. Empty: 1. Default: "
         "the field “probability” if there is one."),
    ):  # fmt: skip
        add_field(algorithm, name, title, default, names.REQUESTS, kind, text, advanced=False)


def _add_vehicles(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(names.FLEET, tr("Vehicles"), _PLACES),
        "Points where vehicles stand at first, such as depots; a row is one or several vehicles of a kind.",
    )
    for name, title, default, kind, text in (
        (names.FLEET_ID_FIELD, tr("Vehicle id field"), "fleet_id", _KIND.Any,
         "Names a row; its vehicles are called “id-1”, “id-2” and so on. Default: the field “fleet_id” if there is "
         "one, else the feature id."),
        (names.VEHICLES_FIELD, tr("Vehicles field"), "vehicles", _KIND.Numeric,
         "How many vehicles the row is. Empty: 1. Default: the field “vehicles” if there is one."),
        (names.SEATS_FIELD, tr("Seats field"), "seats", _KIND.Numeric,
         "How many people each takes at most, wheelchairs included. Empty: 40. Default: the field “seats” if there is "
         "one."),
        (names.WHEELCHAIR_PLACES_FIELD, tr("Places for wheelchairs field"), "wheelchair_places", _KIND.Numeric,
         "How many of these may be wheelchairs. Empty: none. Default: the field “wheelchair_places” if there is one."),
        (names.AVAILABLE_FIELD, tr("Available from"), "available_time", _KIND.Any,
         f"From when on they may drive: {_MOMENT}. Empty: from the start time. Default: the field “available_time” if "
         "there is one."),
    ):  # fmt: skip
        add_field(algorithm, name, title, default, names.FLEET, kind, text, advanced=False)


def _add_shelters(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(names.SHELTERS, tr("Shelters"), _PLACES),
        "Points or polygons to which people are brought, such as the output of “Allocate people to shelters”. Where "
        "there is a field “status”, only those with the status “selected” count. A vehicle stops at the road nearest "
        "to the point, or to the polygon's point on surface.",
    )
    for name, title, default, kind, text in (
        (names.SHELTER_ID_FIELD, tr("Shelter id field"), "shelter_id", _KIND.Any,
         "Names a shelter. Default: “shelter_id”, else “site_id”, else the feature id."),
        (names.CAPACITY_FIELD, tr("Capacity field (people)"), "residual", _KIND.Numeric,
         "For how many people a shelter has room. Default: “residual”, else “capacity”."),
        (names.LOAD_FIELD, tr("Load field (people)"), "load", _KIND.Numeric,
         "How many people are there or come by themselves: the fleet has capacity less load. Empty: nobody. Default: "
         "the field “load” if there is one, as in the shelters of “Allocate people to shelters”."),
    ):  # fmt: skip
        add_field(algorithm, name, title, default, names.SHELTERS, kind, text, advanced=False)


def _add_planning(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add_number(
        names.PERIOD_MINUTES, tr("Period (minutes)"), 15.0,
        "At the start of each period a plan is made, and the tours that start in it are carried out. The paper gives "
        "no length; this is ours.", least=0.1,
    )  # fmt: skip
    algorithm.add_number(
        names.LOOK_AHEAD, tr("Look ahead (periods)"), 3,
        "How many periods a plan looks ahead: it reckons with the requests that are ready by then. 1: myopic.",
        least=1, kind=_INTEGER,
    )  # fmt: skip
    algorithm.add(
        QgsProcessingParameterBoolean(names.WAIT_FOR_PERIOD, tr("Vehicles wait for the next period"), True),
        "A vehicle that finishes inside a period waits at its last shelter until the next begins, as in the paper. No: "
        "it goes on at once with what the plan of the period has for it. The report says what waiting costs.",
    )
    algorithm.add_number(
        names.BOARDING_SECONDS, tr("Getting in or out (s a person)"), 4.0,
        "A person in a wheelchair takes 60 s.", advanced=True,
    )  # fmt: skip
    algorithm.add_number(
        names.STOP_MINUTES, tr("Each stop besides (minutes)"), 2.0,
        "What a stop takes besides getting in or out, at requests and at shelters.", advanced=True,
    )  # fmt: skip
    algorithm.add_number(
        names.LAST_MINUTE, tr("Last arrival (minutes after the start)"), None,
        "After it nobody is brought to a shelter. Empty: until all who can be are served.",
    )  # fmt: skip


def _add_pyvrp(algorithm: EvacuationAlgorithm) -> None:
    algorithm.add(
        QgsProcessingParameterBoolean(names.USE_PYVRP, algorithm.tr("Start from PyVRP, too"), False),
        "The plan of each period is searched once more from tours of PyVRP, a package for Python 3.11 and later that "
        "knows only driving; kept where it is better by our own aim, period by period. The whole game may end better "
        "or worse for it: which plan is better is judged by what is known then.",
        advanced=True,
    )


def add_fleet_outputs(algorithm: EvacuationAlgorithm) -> None:
    """Add layers, report and numbers."""
    tr, kinds = algorithm.tr, QgsProcessing.SourceType
    for name, title, kind, text in (
        (names.OUTPUT, tr("Tours"), kinds.TypeVectorLine,
         "A line along the roads for each tour: vehicle, times, people, shelter, driving, waiting."),
        (names.OUTPUT_STOPS, tr("Stops"), kinds.TypeVectorPoint,
         "Where each tour starts and stops, in order, with arrival and departure, who gets in and out, and how many "
         "are aboard."),
        (names.OUTPUT_UNSERVED, tr("Requests not served"), kinds.TypeVectorPoint,
         "Who was not brought to a shelter, by request, with the reason."),
        (names.OUTPUT_PERIODS, tr("Periods"), kinds.TypeVector,
         "A table: for each period what had become known, what was planned, and what was carried out."),
    ):  # fmt: skip
        algorithm.add(QgsProcessingParameterFeatureSink(name, title, kind, None, name != names.OUTPUT), text)
    add_report(
        algorithm,
        "Who is served when, what waiting for the next period costs, and what knowing everything from the start would "
        "be worth.",
    )
    add_numbers(
        algorithm,
        {
            names.SERVED: tr("People brought to shelters"),
            names.UNSERVED: tr("People not served"),
            names.LAST_ARRIVAL: tr("Last arrival (minutes after the start)"),
            names.WAITING: tr("Waiting until aboard (person-minutes)"),
            names.PERFECT_INFORMATION: tr("The same when everything is known from the start (person-minutes)"),
        },
    )
