"""Requests, vehicles and shelters on the roads, and what becomes known when, as a game to be played."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ...solvers.control import Control
from ...solvers.fleet.problem import FleetProblem
from ...solvers.fleet.travel import Reached, RoadTravel, road_travel
from ...solvers.fleet.windows import ArcsClosed
from ...solvers.naming import first_of
from ...solvers.roads.network import RoadNetwork
from ..allocation.groups import Shelters
from ..closing.danger import Danger
from ..moments import Start
from ..roads.options import ReadNetwork
from .depots import FLEET, Depots
from .joining import Stops, join_stops
from .requests import Requests


@dataclass(frozen=True)
class FleetOptions:
    """How vehicles are planned for.

    Attributes
    ----------
    boarding, stop : float
        Seconds a person takes to get in or out, and a stop besides.
    period : float
        Seconds.
    look_ahead : int
        Periods.
    wait : bool
        Whether a vehicle that finishes inside a period waits until the next begins.
    last : float
        Seconds from t = 0 after which nobody arrives; infinite for no limit.
    """

    boarding: float
    stop: float
    period: float
    look_ahead: int
    wait: bool
    last: float


@dataclass(frozen=True)
class FleetSources:
    """What the layers say; ``room`` (s,) is what is free in each shelter, ``roads`` reads the network."""

    requests: Requests
    depots: Depots
    shelters: Shelters
    room: np.ndarray
    roads: Callable[[Control], ReadNetwork]
    start: Start
    max_snap_distance: float


@dataclass(frozen=True)
class FleetCase:
    """The game, and where it comes from.

    Attributes
    ----------
    sources : FleetSources
    read : ReadNetwork
        With nodes for all places.
    problem : FleetProblem
        Request k is request k of the sources; vehicles and shelters are those that join the roads.
    travel : RoadTravel
    xy : (p, 2) float64
        Of the places, in the working CRS.
    reasons : list of str
        Why each request joins no road; "" for those that do.
    vehicles : list of str
        What each vehicle is called.
    depot : (v,) int64
        Depot of each vehicle.
    shelter_ids : list of str
    """

    sources: FleetSources
    read: ReadNetwork
    problem: FleetProblem
    travel: RoadTravel
    xy: np.ndarray
    reasons: list[str]
    vehicles: list[str]
    depot: np.ndarray
    shelter_ids: list[str]

    @property
    def start(self) -> Start:
        """Date and time of t = 0."""
        return self.sources.start

    @property
    def real(self) -> np.ndarray:
        """Which requests come true (r,)."""
        return ~((self.problem.probability < 1.0) & np.isposinf(self.problem.known))


def fleet_case(
    sources: FleetSources,
    options: FleetOptions,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> FleetCase:
    """Read the roads, join all places, and work out the travel between them.

    Raises
    ------
    LayerError
        When the roads are not usable, or a moment lies far from t = 0.
    Cancelled
    """
    requests, depots = sources.requests, sources.depots
    ready, known = (
        requests.ready_seconds(sources.start, feedback), requests.known_seconds(sources.start, feedback)
    )  # fmt: skip
    available = depots.available_seconds(sources.start, feedback)
    read = sources.roads(control.part(0.0, 0.3))
    groups = [requests.places, depots.places, sources.shelters.places]
    people = [requests.people, np.zeros(len(depots.places)), np.zeros(len(sources.shelters.places))]
    stops = join_stops(read, groups, people, sources.max_snap_distance, context, feedback)
    read = stops.read
    travel = _travel(read, stops, options.period, control.part(0.3, 1.0))
    if travel.longer > 0.0:
        feedback.pushInfo(
            "HAZARD, CLOSURES: many moments at which roads close or open. So that tables of travel times stay few, "
            f"some are put together: roads close earlier and open later than they do, by up to "
            f"{travel.longer / 60.0:,.1f} minutes. No vehicle drives on a closed road; one may go round an open one."
        )
    stand, there = stops.place[1], stops.place[2]
    _tell_lost(depots, stand, feedback)
    depot = np.repeat(np.arange(len(stand)), np.where(stand >= 0, depots.vehicles, 0))
    joined = np.flatnonzero(there >= 0)
    probability, place = requests.probability.copy(), stops.place[0].copy()
    never = (probability <= 0.0) & np.isposinf(known)
    place[never] = -1  # nobody reckons with them
    probability[(probability <= 0.0) & ~never] = 1.0  # not before they are known
    problem = FleetProblem(
        place, requests.people, requests.wheelchairs, ready, known, probability, stand[depot], depots.seats[depot],
        depots.chairs[depot], available[depot], there[joined], sources.room[joined], travel.knowledge,
        options.boarding, options.stop, options.period, options.look_ahead, options.wait, options.last,
    )  # fmt: skip
    names = [name for d in np.flatnonzero(stand >= 0).tolist() for name in depots.names(d)]
    ids = [sources.shelters.places.ids[k] for k in joined.tolist()]
    return FleetCase(sources, read, problem, travel, stops.xy, stops.reasons[0], names, depot, ids)


def _tell_lost(depots: Depots, stand: np.ndarray, feedback: QgsProcessingFeedback) -> None:
    lost = np.flatnonzero(stand < 0)
    if not len(lost):
        return
    named = first_of([depots.places.ids[k] for k in lost.tolist()])
    who = "no vehicle can drive" if len(lost) == len(stand) else "their vehicles do not drive"
    feedback.pushWarning(
        f"{FLEET}: {int(depots.vehicles[lost].sum()):,} vehicle(s) stand at {len(lost)} place(s) that join no road, so "
        f"{who}: {named}."
    )


def _travel(read: ReadNetwork, stops: Stops, period: float, control: Control) -> RoadTravel:
    danger, network = read.danger, read.network
    closed, reached = ArcsClosed.none(), [Reached(-math.inf, np.full(len(stops.leave), np.inf))]
    if danger:
        closed, reached = _closed(danger, network), _reached(danger, network, stops.leave)
    return road_travel(network, stops.leave, stops.reach, closed, reached, period, control)


def _closed(danger: Danger, network: RoadNetwork) -> ArcsClosed:
    """Return the arcs that close; where the hazard is, it is seen, known before or not."""
    row, parts = danger.closings.rows_on(network)
    known = np.where(parts.catches, np.minimum(danger.known[row], parts.since), danger.known[row])
    return ArcsClosed(parts.arc.astype(np.int64), parts.since, parts.until, np.where(known > 0.0, known, -np.inf))


def _reached(danger: Danger, network: RoadNetwork, node: np.ndarray) -> list[Reached]:
    if not danger.levels:
        return [Reached(-math.inf, danger.start_reached(network)[node])]
    return [
        Reached(level.since, replace(danger, arrivals=level.arrivals).start_reached(network)[node])
        for level in danger.levels
    ]
