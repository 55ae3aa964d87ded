"""The parameters and outputs of ``routeevacuation``, as its dialog shows them; :mod:`.routing_inputs` reads them."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)

from ....plugin.solvers.routing.shared.choices import MAX_ROUTES as USUAL_MAX_ROUTES
from ....plugin.solvers.routing.shared.choices import QUEUE, SYSTEM_OPTIMAL
from ....plugin.solvers.routing.shared.choices import REROUTE_MINUTES as USUAL_REROUTE_MINUTES
from ....plugin.solvers.routing.shared.choices import STUCK_SECONDS as USUAL_STUCK_SECONDS
from ....plugin.solvers.routing.shared.vehicles import UNIFORM
from ...base import EvacuationAlgorithm
from ...effort_parameters import ROUTING_SECONDS, add_effort
from ...field_parameters import add_field
from ...result_parameters import add_report
from ..roads.hazard_parameters import add_closures, add_hazard, add_rule_field, add_start_time
from ..roads.network_parameters import add_network_parameters, add_road_name_field
from ..roads.road_attributes import add_junction_delay
from . import names
from .end_parameters import add_end_parameters

DOUBLE, INTEGER = QgsProcessingParameterNumber.Type.Double, QgsProcessingParameterNumber.Type.Integer
ANY, NUMERIC = QgsProcessingParameterField.DataType.Any, QgsProcessingParameterField.DataType.Numeric

# What a field of the background table holds, its parameter, its default name.
BACKGROUND_FIELDS = (
    ("road", names.BACKGROUND_ROAD_FIELD, "road_id"),
    ("time", names.BACKGROUND_TIME_FIELD, "time"),
    ("value", names.BACKGROUND_VALUE_FIELD, "value"),
)
TRIP_FIELDS = (
    names.ORIGIN_ID_FIELD, names.DESTINATION_ID_FIELD, names.COUNT_FIELD, names.OCCUPANCY_FIELD, names.DEPARTURE_FIELD,
    names.ORDER_TIME_FIELD,
)  # fmt: skip
NUMBERS = {
    names.CAUGHT: "People caught by the hazard, or whose way closes",
    names.TOTAL_TIME: "Total travel time (vehicle- or person-seconds)",
    names.FREE_FLOW_TIME: "Sum of everybody's fastest time on empty roads (vehicle- or person-seconds)",
    names.INDIVIDUAL_TIME: "Total travel time if each takes its own shortest path (vehicle- or person-seconds)",
    names.INDIVIDUAL_CAUGHT: "People caught if each takes its own shortest path",
    names.PERSON_TIME: "Total travel time (person-seconds)",
    names.REDUCTION: "Reduction against individual routes (%)",
    names.INFORMED_TIME: "Total travel time of drivers with navigation and no plan (vehicle- or person-seconds)",
    names.INFORMED_CAUGHT: "People caught of drivers with navigation and no plan",
    names.REDUCTION_INFORMED: "Reduction against drivers with navigation and no plan (%)",
    names.INFORMED_CLEARANCE: "Seconds until the last driver with navigation and no plan has arrived",
    names.UNLIMITED_TIME: "Total travel time of the best plan without a limit on routes (vehicle- or person-seconds)",
    names.LOWER_BOUND: "Lower bound of the total travel time (vehicle- or person-seconds)",
    names.GAP: "Gap to the lower bound (%)",
    names.CLEARANCE_TIME: "Seconds until everybody has arrived",
    names.CLEARANCE_LOW: "The same by these routes at 120 % of all capacities (s)",
    names.CLEARANCE_HIGH: "The same by these routes at 80 % of all capacities (s)",
    names.CLEARANCE_BOUND: "Seconds before which no plan of these trips can have everybody out",
    names.CLEARANCE_FLOOR: "Seconds that the roads of this plan need at least to pass its traffic at their capacity",
    names.CLEARANCE_90: "Seconds until 90 % of the people have arrived",
    names.CLEARANCE_95: "Seconds until 95 % of the people have arrived",
    names.ACCESS_MINUTES_95: "Minutes between place and road at both ends together, 95th percentile of the people",
    names.MAX_DETOUR: "Largest travel time (under queue: on empty roads) over own fastest time",
    names.DETOUR_95: "Travel time (under queue: on empty roads) over own fastest time, 95th percentile",
    names.DELAY_95: "Seconds above own fastest time, the wait at the origin counted, 95th percentile of the people",
    names.LEAST_MARGIN: "Least time between leaving a place and the hazard's arrival there, of those who arrive (s)",
    names.OVER_CAPACITY_ROADS: "Directed road pieces over capacity",
    names.ORIGIN_WAIT: "Time spent waiting to enter the first road (vehicle- or person-seconds)",
    names.FORCED: "Vehicles, or people on foot, let into a full road that nobody had entered for STUCK_SECONDS",
    names.RINGS: "Rings of full roads that were opened so",
    names.VEHICLES: "Vehicles, or people on foot, routed",
    names.ROUTED: "People routed",
    names.UNROUTED: "People not routed",
    names.BY_BUS: "People who arrive by bus",
}


def add_routing_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add all inputs of ``routeevacuation``."""
    _add_trips(algorithm)
    add_end_parameters(algorithm)
    _add_model(algorithm)
    _add_times(algorithm)
    _add_solver(algorithm)
    add_network_parameters(algorithm)
    add_junction_delay(algorithm)
    add_road_name_field(algorithm)
    _add_surroundings(algorithm)


def _add_trips(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(names.TRIPS, tr("Trips"), [QgsProcessing.SourceType.TypeVectorLine]),
        "Lines from origin to destination, such as the output of “Allocate people to shelters”; only their two ends "
        "count. Each feature is a group of people who go the same way at the choice of the planner.",
    )
    for name, title, default, text in (
        (names.ORIGIN_ID_FIELD, tr("Origin id field"), "zone_id", "Names the origin. Default: “zone_id” if there is "
         "one, else the feature id."),
        (names.DESTINATION_ID_FIELD, tr("Destination id field"), "shelter_id", "Names the destination. Default: "
         "“shelter_id” if there is one, else the feature id."),
    ):  # fmt: skip
        add_field(algorithm, name, title, default, names.TRIPS, ANY, text)
    text = "How many people make the trip. Default: the field “people” if there is one, else one person a feature."
    add_field(algorithm, names.COUNT_FIELD, tr("People field"), "people", names.TRIPS, NUMERIC, text)
    algorithm.add_number(
        names.PEOPLE_PER_VEHICLE,
        tr("People in a vehicle"),
        2.5,
        "A group takes as many vehicles as it fills; its people are dealt over them evenly, so that none is empty.",
        least=1.0,
    )
    text = "People in a vehicle of this feature, instead of the number above; empty values take that number."
    add_field(algorithm, names.OCCUPANCY_FIELD, tr("People in a vehicle by feature"), None, names.TRIPS, NUMERIC, text)
    add_modes(algorithm)


def add_modes(algorithm: EvacuationAlgorithm) -> None:
    """Add how the people of each trip travel."""
    tr = algorithm.tr
    add_field(
        algorithm, names.MODE_FIELD, tr("Mode of travel by feature"), "mode", names.TRIPS, ANY,
        "car, foot or bus; where filled it wins over TRAVEL_MODE. Walkers take ways of their own, on pavements 3 m "
        "wide beside cars, and hinder no vehicle, nor do vehicles hinder them. A bus takes 2.5 places on the road "
        "(with queue). Each mode is planned by itself; destinations are those of the trips. Default: “mode” if there "
        "is one.",
    )  # fmt: skip
    algorithm.add_number(
        names.SEATS_PER_BUS,
        tr("People in a bus"),
        40.0,
        "Of trips by bus, where “People in a vehicle by feature” does not tell.",
        least=1.0,
        advanced=True,
    )


def _add_model(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterEnum(
            names.METHOD,
            tr("Method"),
            [
                tr("Individual: each its own shortest path"),
                tr("Greedy: all advance together (Algorithm 2)"),
                tr("Refined: greedy, then Add, Drop, Swap (Algorithm 3)"),
                tr("System optimal: least total travel time"),
                tr("Informed: nobody plans, drivers have navigation (with queue)"),
            ],
            defaultValue=SYSTEM_OPTIMAL,
        ),
        "Individual: everybody on the way that is quickest on empty roads, whatever happens. Informed: nobody plans, "
        "but drivers see the queues when they leave and every few minutes; what a plan brings is told against them. "
        "Greedy and refined (not with queue) are those of the paper. Under queue greedy sees the queue on the next "
        "piece of road only and gains next to nothing; under present refined tries the changes that an estimate calls "
        "promising, and misses some on dense roads. System optimal searches for the least total travel time of all; "
        "it asks some people to go around, and under queue is never worse than individual, greedy and informed.",
    )
    algorithm.add(
        QgsProcessingParameterEnum(
            names.FLOW_MODEL, tr("Flow model"), [tr("Present: vehicles on the road at the moment of entry"),
            tr("Cumulative: all vehicles that use the road"),
            tr("Queue: roads with capacity and room, on which vehicles queue")], defaultValue=QUEUE,
        ),
        "Queue simulates every vehicle in time: a road lets so many vehicles out an hour and holds so many, and a full "
        "one holds up the road before. Take it for a plan. Present and cumulative are the two readings of the paper, "
        "in which no road has a limit, so that times come out too short where roads fill up. Present simulates every "
        "vehicle in time, a road slows by the vehicles on it; cumulative is a static assignment: every vehicle on a "
        "road counts, whatever the time.",
    )  # fmt: skip
    add_queue_numbers(algorithm)
    algorithm.add(
        QgsProcessingParameterEnum(
            names.COST,
            tr("Congestion"),
            [tr("Linear (the paper)"), tr("Density (with present)"), tr("BPR (with cumulative)")],
            optional=True,
        ),
        "Present and cumulative: how a road slows down as it fills; leave it empty under queue. Empty: density with "
        "present, BPR with cumulative. Linear reproduces the paper: it counts vehicles whatever a road's length or "
        "lanes, so the result depends on how roads are split and no road has a limit.",
    )
    algorithm.add_number(
        names.ALPHA, tr("Linear: slow-down by each vehicle"), 0.02, "t = t_w (1 + ALPHA f).", advanced=True
    )
    algorithm.add_number(names.BPR_A, tr("BPR: factor"), 0.15, "t = t_w (1 + BPR_A (v / c) ^ BPR_B).", advanced=True)
    algorithm.add_number(names.BPR_B, tr("BPR: exponent"), 4.0, "t = t_w (1 + BPR_A (v / c) ^ BPR_B).", advanced=True)
    algorithm.add_number(
        names.ANALYSIS_PERIOD,
        tr("Analysis period (minutes)"),
        None,
        "Cumulative: the time over which the vehicles of a road are spread, for vehicles per hour. Empty: the "
        "departure window, with Rayleigh twice that.",
        least=0.01,
        advanced=True,
    )


def add_queue_numbers(algorithm: EvacuationAlgorithm) -> None:
    """Add the numbers of the queue model."""
    tr = algorithm.tr
    algorithm.add_number(
        names.STUCK_SECONDS,
        tr("Queue: stuck after (s)"),
        USUAL_STUCK_SECONDS,
        "Where nobody has entered a full road for this long, though somebody wants to, one vehicle is let in. Such a "
        "road stands still or, as in large jams, moves more slowly than that: FORCED counts both, RINGS those where "
        "full roads waited for each other in a ring, which the log names. 0: no road is ever full, none spills back.",
        advanced=True,
    )
    algorithm.add_number(
        names.REROUTE_MINUTES,
        tr("Queue: informed drivers look again after (minutes)"),
        USUAL_REROUTE_MINUTES,
        "Drivers with navigation look for a better way when they leave, and then, first in the queue of a road, "
        "whenever this long has passed. They change where that saves more than 5 % of what remains and 60 s.",
        advanced=True,
    )


def _add_times(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    add_start_time(algorithm)
    text = (
        "The moment itself at which all vehicles of a feature leave: seconds after the start time, or date and time. "
        "Empty values take the order and the window."
    )
    add_field(algorithm, names.DEPARTURE_FIELD, tr("Departure field"), None, names.TRIPS, ANY, text)
    text = (
        "When the order to leave reaches the feature's people: minutes after the start time, or date and time. Their "
        "departures are spread over the departure window from then on. Empty values take that of the polygon of the "
        "origin, in a field of the same name, else the start time. Default: “order_time” if there is one."
    )
    add_field(algorithm, names.ORDER_TIME_FIELD, tr("Order time field"), "order_time", names.TRIPS, ANY, text)
    add_departures(algorithm)


def add_departures(algorithm: EvacuationAlgorithm) -> None:
    """Add how departures are spread."""
    tr = algorithm.tr
    algorithm.add_number(
        names.DEPARTURE_WINDOW,
        tr("Departure window (minutes)"),
        60.0,
        "Vehicles without a departure of their own leave within this time after the order, else after the start time.",
    )
    algorithm.add(
        QgsProcessingParameterEnum(
            names.DEPARTURE_PROFILE, tr("Departures"), [tr("All at once"), tr("Evenly over the window"),
            tr("S-curve: slow, fast, slow"), tr("Rayleigh: slow, fast, a long tail")], defaultValue=UNIFORM,
        ),
        "How departures are spread over the window W. Rayleigh: the share that has left after t is "
        "1 - exp(-pi t² / W²), on average after half the window; 4.3 % leave later than W, the last by 2 W, which also "
        "counts where the window is a limit.",
    )  # fmt: skip
    text = "Seed of the draw of departures: the same seed gives the same plan."
    algorithm.add_number(names.SEED, tr("Seed"), 1, text, kind=INTEGER, advanced=True)


def _add_solver(algorithm: EvacuationAlgorithm) -> None:
    tr = algorithm.tr
    text = "Refined: a change must save more than this part of the route's own time."
    algorithm.add_number(names.EPSILON, tr("Refined: least gain of a change"), 0.02, text, advanced=True)
    add_certify(
        algorithm,
        "Proves how far the plan can be from the best possible one, with any method. Under queue it is the least that "
        "the doors of the destinations, and what all their vehicles must pass, need to let everybody through, or what "
        "prices on the exits of the busiest roads prove; CLEARANCE_BOUND comes with it. Under "
        "cumulative the bound of the convex relaxation; under present the free-flow bound (everybody alone on the "
        "road), which congestion keeps out of reach.",
    )
    add_max_routes(algorithm)
    add_effort(algorithm, ROUTING_SECONDS)


def add_max_routes(algorithm: EvacuationAlgorithm) -> None:
    """Add how many ways a plan may use."""
    algorithm.add_number(
        names.MAX_ROUTES,
        algorithm.tr("Most routes from an origin to a destination"),
        USUAL_MAX_ROUTES,
        "System optimal: as many ways as people can be told. A way counts from where it leaves the polygon of its "
        "origin; ways that are the same from 500 m on are one, doors of one destination are different ways. 0: no "
        "limit, some ways are then for a single vehicle. UNLIMITED_TIME says what the limit costs.",
        kind=INTEGER,
    )


def add_certify(algorithm: EvacuationAlgorithm, text: str) -> None:
    """Add whether a lower bound is asked for."""
    title = algorithm.tr("Give a lower bound")
    algorithm.add(QgsProcessingParameterBoolean(names.CERTIFY, title, True, True), text, advanced=True)


def add_background(algorithm: EvacuationAlgorithm) -> None:
    """Add the table of traffic that is there anyway."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            names.BACKGROUND, tr("Background traffic"), [QgsProcessing.SourceType.TypeVector], optional=True
        ),
        "Table of vehicles that are on a road anyway, such as a forecast, on the whole line and from a time on until "
        "the road's next time.",
        advanced=True,
    )
    words = {"road": tr("road"), "time": tr("time"), "value": tr("vehicles")}
    for key, name, default in BACKGROUND_FIELDS:
        text = f"Field of the background table with the {key}. Default: “{default}” if there is one."
        if key == "time":
            text += " Seconds after the start time, or date and time."
        add_field(
            algorithm, name, tr("Background: {what}").format(what=words[key]), default, names.BACKGROUND, ANY, text
        )


def _add_surroundings(algorithm: EvacuationAlgorithm) -> None:
    add_background(algorithm)
    add_hazard(
        algorithm,
        "Polygons; the clearance table then counts who is still inside: at home, on the parts of roads inside, at a "
        "destination inside, and those without a route. With ORIGINS vehicles start at the junctions inside it, where "
        "a polygon has some. With an arrival (below) its roads close then, and who is still there is caught.",
    )
    add_closures(algorithm)
    add_rule_field(algorithm, names.DESTINATIONS)


def add_routing_outputs(algorithm: EvacuationAlgorithm) -> None:
    """Add the layers, the report and the numbers that ``routeevacuation`` gives back."""
    tr = algorithm.tr
    line, table = QgsProcessing.SourceType.TypeVectorLine, QgsProcessing.SourceType.TypeVector
    point = QgsProcessing.SourceType.TypeVectorPoint
    text = "OUTPUT_FLOWS: minutes of each interval, counted from t = 0."
    algorithm.add_number(
        names.FLOW_MINUTES, tr("Flows on roads: interval (minutes)"), 5.0, text, least=0.1, advanced=True
    )
    for name, title, kind, text in (
        (names.OUTPUT, tr("Routes"), line, "Each distinct route with its vehicles, people, times and detour."),
        (names.OUTPUT_ROADS, tr("Traffic on roads"), line, "Each used piece of road and direction with its vehicles, "
         "peak and delay, drawn in the direction of travel."),
        (names.OUTPUT_FLOWS, tr("Flows on roads"), line, "Each used piece, direction and interval of FLOW_MINUTES: who "
         "enters, who queues, what is lost, for the temporal controller to play."),
        (names.OUTPUT_JUNCTIONS, tr("Junctions"), point, "Where ways of the plan merge or cross (traffic on the "
         "right), most used first: there somebody must direct traffic for this plan to hold."),
        (names.OUTPUT_DOORS, tr("Doors"), point, "Doors of the destinations: what each can pass, who comes in by it, "
         "the longest queue before it."),
        (names.OUTPUT_CLEARANCE, tr("Clearance"), table, "People who wait to get onto the road, have departed, "
         "arrived, are on the road, have been caught and are still inside the hazard, over time."),
        (names.OUTPUT_CAUGHT, tr("People caught"), point, "Who is caught by the hazard, or stands before a road that "
         "is closed for good: of which trip, where, when and why."),
        (names.OUTPUT_VEHICLES, tr("Plan: vehicles"), table, "Every vehicle with its times and its route. With the "
         "next table it is the plan, which other algorithms read."),
        (names.OUTPUT_PATHS, tr("Plan: paths"), table, "Every route as stretches of roads, in metres along each."),
        (names.OUTPUT_UNROUTED, tr("Trips without a route"), line, "What could not be routed, with the reason."),
    ):  # fmt: skip
        optional = name != names.OUTPUT
        algorithm.add(QgsProcessingParameterFeatureSink(name, title, kind, None, optional), text)
    add_report(algorithm, "Figures, clearance curve, bottlenecks, fairness and the limits of the model.")
    for name, title in NUMBERS.items():
        algorithm.addOutput(QgsProcessingOutputNumber(name, tr(title)))
