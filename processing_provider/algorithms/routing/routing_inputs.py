"""What the parameters of ``routeevacuation`` say, read once: numbers, choices, and the rows of its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from qgis.core import QgsGeometry, QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback

from ....plugin.layers.speaking import speak_of
from ....plugin.solvers.control import Control
from ....plugin.solvers.effort import Effort
from ....plugin.solvers.errors import SolverError
from ....plugin.solvers.modes import BOTH, BY_CAR, CAR, FOOT, ON_FOOT
from ....plugin.solvers.routing.shared.choices import (
    BPR,
    COST_NAMES,
    CUMULATIVE,
    FLOW_MODEL_NAMES,
    LINEAR,
    METHOD_NAMES,
    NO_COST,
    QUEUE,
    SYSTEM_OPTIMAL,
    USUAL_COST,
    refuse_method,
    refuse_mismatch,
)
from ....plugin.solvers.routing.shared.vehicles import last_departure
from ...base import EvacuationAlgorithm
from ...effort_parameters import read_effort
from ...inputs import named_fields
from ..roads.hazard_parameters import HazardParameters
from ..roads.network_parameters import NetworkParameters
from ..roads.road_attributes import CAPACITY_FIELD, LANES_FIELD
from ..roads.travel_parameters import walks
from . import names
from .end_parameters import EndParameters
from .routing_parameters import BACKGROUND_FIELDS, TRIP_FIELDS

if TYPE_CHECKING:
    from ....plugin.layers.roads.options import ReadNetwork
    from ....plugin.layers.routing.background import BackgroundRows
    from ....plugin.layers.routing.case import CostChoice, Departures, RoutingCase, RoutingRows
    from ....plugin.layers.routing.trips import TripRows
    from ....plugin.solvers.routing.result import RoutingResult
    from ....plugin.solvers.routing.shared.problem import RoutingProblem

IDLE_IN_QUEUES = (names.ALPHA, names.BPR_A, names.BPR_B, names.ANALYSIS_PERIOD, names.EPSILON)
ONLY_IN_QUEUES = (names.STUCK_SECONDS, names.REROUTE_MINUTES)
NO_BACKGROUND = "BACKGROUND: cars hinder nobody on foot in this model; the table plays no part."
USUAL_PERIOD = 60.0  # minutes that count as the analysis period where neither it nor the departure window is given


@dataclass(frozen=True)
class RoutingParameters:
    """What the parameters of ``routeevacuation`` say, read once.

    Attributes
    ----------
    method : int
        As in :mod:`plugin.solvers.routing.shared.choices`.
    choice : CostChoice
        Flow model and cost function.
    epsilon : float
        Least gain of a change with the refined method, as a fraction of the route's own time.
    max_routes : int
        Most ways from an origin to a destination with system optimal, 0 for any number.
    certify : bool
        Whether a lower bound is asked for.
    effort : Effort
        How thoroughly to search.
    rows : RoutingRows
        Trips and background traffic, and the date and time of t = 0.
    departures : Departures
        How departures are spread.
    roads : NetworkParameters
        How the roads are read.
    ends : EndParameters
        Where trips start and end.
    danger : HazardParameters
        The hazard, whose people are counted while they are inside, and closures.
    """

    method: int
    choice: CostChoice
    epsilon: float
    max_routes: int
    certify: bool
    effort: Effort
    rows: RoutingRows
    departures: Departures
    roads: NetworkParameters
    ends: EndParameters
    danger: HazardParameters

    @classmethod
    def read(
        cls,
        algorithm: EvacuationAlgorithm,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> RoutingParameters:
        """Read the parameters, the trips and the background traffic; nothing of the roads but their fields.

        Raises
        ------
        QgsProcessingException, LayerError
            When a layer cannot be opened, a field is not in it, or a value in it is not usable.
        """
        danger = HazardParameters.read(algorithm, parameters, context, feedback)
        rows = _rows(algorithm, parameters, danger, context, feedback)
        choice = _choice(algorithm, parameters, context)
        refuse_walkers(choice.flow_model, rows.trips)
        refuse_timed(choice.flow_model, danger, rows.trips)
        _name_idle(algorithm, parameters, choice.flow_model, context, feedback)
        idle, travel = idle_fields(choice, algorithm), rows.trips.travel
        if travel == ON_FOOT and rows.background is not None:
            feedback.pushWarning(NO_BACKGROUND)
            rows = replace(rows, background=None)
        roads = NetworkParameters.read(algorithm, parameters, context, feedback, idle, bool(len(rows.trips)), travel)
        ends = EndParameters.read(algorithm, parameters, context, feedback, travel)
        rows = replace(rows, trips=rows.trips.named(ends.origin_names, ends.destination_names))
        return cls(
            algorithm.parameterAsEnum(parameters, names.METHOD, context),
            choice,
            algorithm.parameterAsDouble(parameters, names.EPSILON, context),
            algorithm.parameterAsInt(parameters, names.MAX_ROUTES, context),
            algorithm.parameterAsBoolean(parameters, names.CERTIFY, context),
            read_effort(algorithm, parameters, context),
            rows,
            read_departures(algorithm, parameters, context),
            roads,
            ends,
            danger,
        )

    def cases(
        self, context: QgsProcessingContext, feedback: QgsProcessingFeedback, control: Control
    ) -> list[RoutingCase]:
        """Read the roads and join the trips to them: one case, or that of vehicles and that of people on foot.

        Raises
        ------
        LayerError
            When the roads are not usable, or a departure lies before t = 0.
        Cancelled
        """
        danger, trips = self.danger.at(self.rows.start), self.rows.trips
        if trips.travel != BOTH:
            read = self.roads.network(context, feedback, control, danger)
            return [self._case(read, self.rows, context, feedback)]
        reads, walks = self.roads.networks(context, feedback, control, danger), trips.on_foot
        cases = []
        for read, own, words in zip(reads, (~walks, walks), ("By car and bus", "On foot")):
            feedback.pushInfo(EvacuationAlgorithm.tr(words) + ":")
            few = replace(self.rows, trips=trips.only(np.flatnonzero(own)))
            cases.append(self._case(read, few, context, feedback))
        return cases

    def case(self, context: QgsProcessingContext, feedback: QgsProcessingFeedback, control: Control) -> RoutingCase:
        """Read the roads and join the trips to them, all of one network.

        Raises
        ------
        LayerError, Cancelled
            As :meth:`cases`.
        """
        return self.cases(context, feedback, control)[0]

    def by_vehicle(self, feedback: QgsProcessingFeedback) -> RoutingParameters:
        """Return the same without the people on foot, who are counted in the log.

        Raises
        ------
        SolverError
            When all are.
        """
        trips = self.rows.trips
        if trips.travel == BY_CAR:
            return self
        walks = trips.on_foot
        if walks.all():
            raise SolverError(f"MODE_FIELD: everybody in “{trips.name}” is on foot, and this is for vehicles.")
        feedback.pushInfo(f"MODE_FIELD: {int(trips.people[walks].sum()):,} people on foot are left out.")
        return replace(self, rows=replace(self.rows, trips=trips.only(np.flatnonzero(~walks))))

    def solved(self, problem: RoutingProblem, control: Control, certify: bool | None = None) -> RoutingResult:
        """Return routes by the method and flow model of the parameters; ``certify`` where that is not theirs.

        Raises
        ------
        SolverError, Cancelled
        """
        from ....plugin.solvers.routing.solve import solve

        return solve(
            problem,
            method=self.method,
            flow_model=self.choice.flow_model,
            epsilon=self.epsilon,
            max_routes=self.max_routes,
            certify=self.certify if certify is None else certify,
            period=self.choice.period,
            stuck_seconds=self.choice.stuck_seconds,
            reroute_minutes=self.choice.reroute_minutes,
            control=control,
        )

    def _case(
        self, read: ReadNetwork, rows: RoutingRows, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> RoutingCase:
        from ....plugin.layers.routing.case import routing_case

        speak_of(feedback, ON_FOOT if read.on_foot else BY_CAR)
        feedback.setProgressText(EvacuationAlgorithm.tr("Joining the trips to the roads"))
        rows = replace(rows, ends=self.ends.layers(self._danger(read, context, feedback), read.on_foot))
        case = routing_case(read, rows, self.departures, self.choice, self.roads.max_snap_distance, context, feedback)
        return replace(case, staying=self.ends.staying)

    def _danger(
        self, read: ReadNetwork, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> QgsGeometry | None:
        """Return the hazard and its buffer in the working CRS, None without a hazard."""
        from ....plugin.layers.closing.hazard import read_hazard
        from ....plugin.layers.positions import box_around

        if self.danger.hazard is None:
            return None
        near = box_around(read.network.node_xy)
        return read_hazard(self.danger.hazard, read.crs, context, feedback, near=near).area


def refuse_walkers(flow_model: int, trips: TripRows) -> None:
    """Raise SolverError where people walk under a flow model that is for cars."""
    if flow_model == CUMULATIVE and trips.on_foot.any():
        raise SolverError(
            "FLOW_MODEL 1 (cumulative) delays people by how many pass a road in the whole period, a form for cars; "
            "it does not go with people on foot (TRAVEL_MODE 1, or MODE_FIELD). Choose FLOW_MODEL 2 (queue) or 0 "
            "(present)."
        )


def refuse_timed(flow_model: int, danger: HazardParameters, trips: TripRows) -> None:
    """Raise SolverError where a hazard, a closure for a while or an order meets a flow model that knows no time."""
    if flow_model != CUMULATIVE:
        return
    if danger.hazard is not None and danger.hazard.moves:
        raise SolverError(
            f"{danger.hazard.parameter}: “{danger.hazard.name}” has arrivals, but FLOW_MODEL 1 (cumulative) knows no "
            "time. Choose FLOW_MODEL 2 (queue) or 0 (present), or empty HAZARD_TIME_FIELD."
        )
    if danger.closures is not None and danger.closures.timed:
        raise SolverError(
            f"CLOSURES: “{danger.closures.name}” has closures with a beginning or an end, but FLOW_MODEL 1 "
            "(cumulative) knows no time. Choose FLOW_MODEL 2 (queue) or 0 (present), or empty CLOSURES_FROM_FIELD and "
            "CLOSURES_TO_FIELD."
        )
    for column in (trips.order, trips.origin_order):
        if column is not None and any(moment is not None for moment in column.moments):
            raise SolverError(
                f"ORDER_TIME_FIELD: “{column.layer}” has orders in “{column.field}”, but FLOW_MODEL 1 (cumulative) "
                "knows no time. Choose FLOW_MODEL 2 (queue) or 0 (present), or empty ORDER_TIME_FIELD."
            )


def chosen_cost(
    algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> tuple[int, int]:
    """Return the numbers of the flow model and of the cost function, by default the one that goes with the model."""
    flow_model = algorithm.parameterAsEnum(parameters, names.FLOW_MODEL, context)
    if not _given(parameters, names.COST):
        return flow_model, USUAL_COST[flow_model]
    return flow_model, algorithm.parameterAsEnum(parameters, names.COST, context)


def refuse_choices(algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
    """Raise SolverError where method, flow model and cost function do not go together."""
    flow_model, cost = chosen_cost(algorithm, parameters, context)
    if flow_model == QUEUE and _given(parameters, names.COST):
        raise SolverError(NO_COST)
    refuse_mismatch(flow_model, cost)
    refuse_method(flow_model, algorithm.parameterAsEnum(parameters, names.METHOD, context))


def _given(parameters: dict[str, Any], name: str) -> bool:
    return parameters.get(name) not in (None, "")


def _name_idle(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    flow_model: int,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> None:
    """Log which numbers were given, other than their default, that play no part under flow model and method."""
    method = algorithm.parameterAsEnum(parameters, names.METHOD, context)
    without_limit = () if method == SYSTEM_OPTIMAL else (names.MAX_ROUTES,)
    idle = [
        name
        for name in (*(IDLE_IN_QUEUES if flow_model == QUEUE else ONLY_IN_QUEUES), *without_limit)
        if _given(parameters, name)
        and algorithm.parameterAsDouble(parameters, name, context) != algorithm.parameterDefinition(name).defaultValue()
    ]
    if idle:
        text = algorithm.tr("Play no part under FLOW_MODEL {model}, METHOD {method}: {names}.")
        feedback.pushInfo(
            text.format(model=FLOW_MODEL_NAMES[flow_model], method=METHOD_NAMES[method], names=", ".join(idle))
        )


def idle_fields(choice: CostChoice, algorithm: EvacuationAlgorithm) -> dict[str, str]:
    """Return which road fields the congestion function leaves out, with what is said of each."""
    cost = choice.kind
    if cost == BPR or choice.flow_model == QUEUE:
        return {}
    text = algorithm.tr(
        "plays no part in routes and times: congestion is {cost}. It only serves to see afterwards which roads are "
        "over capacity. (A capacity of 0 still closes a road.)"
    )
    idle = {CAPACITY_FIELD: text.format(cost=COST_NAMES[cost])}
    if cost == LINEAR:
        text = algorithm.tr("plays no part in routes and times: congestion is {cost}.")
        idle[LANES_FIELD] = text.format(cost=COST_NAMES[cost])
    return idle


def _choice(algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> CostChoice:
    from ....plugin.layers.routing.case import CostChoice

    if _given(parameters, names.ANALYSIS_PERIOD):
        minutes = algorithm.parameterAsDouble(parameters, names.ANALYSIS_PERIOD, context)
    else:
        departures = read_departures(algorithm, parameters, context)
        minutes = last_departure(departures.window, departures.profile) / 60.0
    return CostChoice(
        *chosen_cost(algorithm, parameters, context),
        algorithm.parameterAsDouble(parameters, names.ALPHA, context),
        algorithm.parameterAsDouble(parameters, names.BPR_A, context),
        algorithm.parameterAsDouble(parameters, names.BPR_B, context),
        60.0 * (minutes if minutes > 0 else USUAL_PERIOD),
        algorithm.parameterAsDouble(parameters, names.STUCK_SECONDS, context),
        algorithm.parameterAsDouble(parameters, names.REROUTE_MINUTES, context),
    )


def read_departures(
    algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> Departures:
    """Read what :func:`.routing_parameters.add_departures` added."""
    from ....plugin.layers.routing.case import Departures

    return Departures(
        60.0 * algorithm.parameterAsDouble(parameters, names.DEPARTURE_WINDOW, context),
        algorithm.parameterAsEnum(parameters, names.DEPARTURE_PROFILE, context),
        algorithm.parameterAsInt(parameters, names.SEED, context),
    )


def _rows(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    danger: HazardParameters,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> RoutingRows:
    """Read the background and the trips; the date and time of t = 0 may come from either."""
    from ....plugin.layers.moments import start_time
    from ....plugin.layers.routing.case import RoutingRows

    background = background_rows(algorithm, parameters, context, feedback)
    trips = _trips(algorithm, parameters, context, feedback)
    others = [] if background is None else [background.time]
    window = 60.0 * algorithm.parameterAsDouble(parameters, names.DEPARTURE_WINDOW, context)
    given = algorithm.moment(parameters, names.START_TIME, context)
    start = start_time(given, trips.moments, others, feedback, danger.moments, window)
    return RoutingRows(trips, start, background)


def _trips(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> TripRows:
    from ....plugin.layers.routing.end_layers import orders_in
    from ....plugin.layers.routing.trips import Seats, TripFields, read_trips

    source = algorithm.source(parameters, names.TRIPS, context)
    origins = algorithm.source(parameters, names.ORIGINS, context)
    own, of_origin = _order_fields(algorithm, parameters, (source, origins), context, feedback)
    others = (algorithm.field(parameters, name, source, context, feedback, False) for name in TRIP_FIELDS[:-1])
    modes = algorithm.field(parameters, names.MODE_FIELD, source, context, feedback, False)
    seats = Seats(
        *(algorithm.parameterAsDouble(parameters, n, context) for n in (names.PEOPLE_PER_VEHICLE, names.SEATS_PER_BUS)),
        FOOT if walks(algorithm, parameters, context) else CAR,
    )
    trips = read_trips(source, TripFields(*others, own, modes), seats, feedback)
    if trips.on_foot.any():
        feedback.pushInfo(
            f"{int(trips.people[trips.on_foot].sum()):,} of {int(trips.people.sum()):,} people are on foot: each is a "
            "“vehicle” of his own, whatever PEOPLE_PER_VEHICLE."
        )
    if origins is not None and of_origin is not None:
        key = algorithm.field(parameters, names.ORIGINS_ID_FIELD, origins, context, QgsProcessingFeedback(False), False)
        trips = trips.ordered(*orders_in(origins, key, of_origin))
    if not len(trips):
        feedback.pushWarning(algorithm.tr("TRIPS: there is nobody to route; the outputs are empty."))
    return trips


def _order_fields(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    sources: Sequence[QgsProcessingFeatureSource | None],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> list[str | None]:
    """Return the field with orders of trips and of polygons, None where there is none.

    It is one parameter for both: only a field that neither has is missing.
    """
    wanted = (named_fields(parameters, names.ORDER_TIME_FIELD, context, False) or [""])[0].casefold()
    usual = [name.casefold() for name in algorithm.default_names(names.ORDER_TIME_FIELD)]
    has = [
        source is not None
        and bool({name.casefold() for name in source.fields().names()} & {wanted, *usual[: not wanted]})
        for source in sources
    ]
    return [
        algorithm.field(parameters, names.ORDER_TIME_FIELD, source, context, feedback, False)
        if source is not None and (there or not (any(has) or number))
        else None
        for number, (source, there) in enumerate(zip(sources, has))
    ]


def background_rows(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> BackgroundRows | None:
    """Read the table of background traffic, None without one."""
    from ....plugin.layers.routing.background import read_background

    source = algorithm.source(parameters, names.BACKGROUND, context)
    if source is None:
        return None
    if walks(algorithm, parameters, context) and algorithm.parameterDefinition(names.MODE_FIELD) is None:
        feedback.pushWarning(NO_BACKGROUND)
        return None
    fields = {
        key: str(algorithm.field(parameters, name, source, context, feedback)) for key, name, _ in BACKGROUND_FIELDS
    }
    return read_background(source, fields, feedback)
