"""The joint plan: from the cheapest flow and the step-wise plan by moves of vehicles and of groups."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..allocation.objective import normalised
from ..control import Control
from ..routing.queue.network import SECOND, QueueRoads
from ..routing.shared.descent import Optimum, descend
from ..routing.shared.menu_moves import too_many_ways
from ..routing.shared.routes import Routes
from .aims import Aim, Value
from .choices import Choices
from .evaluate import plan_of_routes
from .fields import LARGE
from .fluid import FlowNetwork, cheapest, fluid_routes, least_time
from .group_moves import GroupMoves
from .limited import few_ways
from .placing import Groups, deal, finite_room, people_of, place_vehicles, send_groups
from .problem import ROUNDING, JointProblem
from .reach import Reach
from .result import JointPlan
from .search import JointMoves, JointRoutes, Planned, destinations_of
from .stepwise import impedance_of, with_empty

STEPS = (10, 40, 250)  # by effort: plans that are tried
FEW_STEPS = (10, 30, 150)  # the same among few ways
FULL_SIZE = 4_000_000  # moves of a plan above which fewer are tried
LEAST_STEPS = 6


class Start(NamedTuple):
    """A plan to begin with: its vehicles, their routes and destinations, in that order, and its numbers."""

    vehicles: np.ndarray
    planned: Planned
    moves: JointMoves
    people: float

    @property
    def rank(self) -> tuple[float, Value]:
        """Smaller is better."""
        return -self.people, self.planned.value


def search_together(
    problem: JointProblem,
    roads: QueueRoads,
    reach: Reach,
    choices: Choices,
    known: list[tuple[np.ndarray, Routes]],
    control: Control,
) -> tuple[Start, Optimum[Planned]] | None:
    """Return the best start and the best plan found from it, without a limit on ways; None where nobody can go.

    Parameters
    ----------
    known : list of (destination (t,), routes of those who have one)
        Plans that are starts too.

    Raises
    ------
    Cancelled, SolverError
    """
    flow = Flow(FlowNetwork(problem, roads, reach.allowed.any(axis=0)), reach.somewhere)
    plans: list[tuple[np.ndarray, Routes]] = [*known, _flow_plan(problem, reach, choices, flow, control)]
    starts = [_start(problem, roads, choices, flow.least, where, routes, control) for where, routes in plans]
    best = min((start for start in starts if start is not None), key=lambda start: start.rank, default=None)
    if best is None:
        return None
    tries = steps_of(control.effort.pick(*STEPS), len(best.planned.run.moment))
    return best, descend(best.moves, best.planned, tries, control.part(0.1, 1.0))


def joint_plan(
    problem: JointProblem, roads: QueueRoads, reach: Reach, choices: Choices, stepwise: JointPlan, control: Control
) -> tuple[JointPlan, tuple[tuple[float, float], ...], bool]:
    """Return the joint plan, never worse than ``stepwise``; how its value fell; whether the counted work ran out.

    Raises
    ------
    Cancelled, SolverError
    """
    if not reach.somewhere.any():
        return stepwise, (), False
    known = [(stepwise.destination, stepwise.routing.routes)]
    searched = search_together(
        problem, roads, reach, choices, known, control.part(0.0, 0.6 if choices.max_routes else 0.9)
    )
    if searched is None:
        return stepwise, (), False
    best, found = searched
    values, free, moves = [best.planned.value.aim, *best.moves.kept], found.planned, len(best.planned.run.moment)
    destination = np.full(problem.vehicles, -1, dtype=np.int32)
    destination[best.vehicles] = destinations_of(free)
    unlimited = free.run.total() / SECOND
    warnings: tuple[str, ...] = ()
    if choices.max_routes:
        (found, exceeding), kept = few_ways(
            problem.trips(destination), roads, best.moves.aim, free, choices.max_routes,
            choices.stuck_seconds, steps_of(control.effort.pick(*FEW_STEPS), moves), control.part(0.6, 0.9),
        )  # fmt: skip
        values = [found.planned.value.aim] if not kept else [*kept]
        unlimited = min(unlimited, found.planned.run.total() / SECOND)
        warnings = tuple(text for text in (too_many_ways(exceeding, choices.max_routes),) if text)
    history = tuple((seconds, value) for (seconds, _), value in zip(found.history[-len(values) :], values))
    plan = plan_of_routes(
        problem, reach, roads, choices, destination, found.planned.routes, found.planned.run, history, unlimited,
        warnings, control.unseen(),
    )  # fmt: skip
    if stepwise.better_than(plan):
        control.log("Together nothing better was found than step-wise: the step-wise plan is the answer.")
        plan = stepwise
    return plan, history, found.used_up


def steps_of(tries: int, moves: int) -> int:
    """Return how many plans to try: fewer of very large ones."""
    return max(min(tries, LEAST_STEPS), int(tries * min(1.0, FULL_SIZE / max(moves, 1))))


class Flow:
    """The least time in which the vehicles can flow to the destinations, or as many as find room.

    Attributes
    ----------
    most : int
        Vehicles that find room.
    least : float
        Seconds.
    """

    def __init__(self, net: FlowNetwork, vehicles: np.ndarray) -> None:
        self.net, self.roads = net, net.roads
        problem = net.problem
        start = np.searchsorted(net.starts, problem.network.source[vehicles])
        self.supply = np.bincount(start, minlength=len(net.starts))
        mean = float(problem.people[vehicles].mean())
        room = problem.room[net.open]
        each = max(mean, ROUNDING)
        self.places = np.where(np.isfinite(room), np.floor(np.minimum(room, LARGE) / each + ROUNDING), LARGE)
        longest = float(np.max(problem.network.departure, initial=0.0)) + 3600.0
        self.most = net.most(np.full(len(self.roads.travel), LARGE), self.supply, self.places)
        self.least = least_time(
            lambda seconds: net.most(self.passes(seconds), self.supply, self.places), self.most, 0.0, longest
        )

    def passes(self, seconds: float) -> np.ndarray:
        """Return how many vehicles each road (m,) lets out in so many seconds."""
        roads = self.roads
        passes = np.floor(seconds * SECOND / np.maximum(roads.headway, 1))
        return np.minimum(np.where(roads.is_road, passes, LARGE), LARGE)


def _flow_plan(
    problem: JointProblem, reach: Reach, choices: Choices, flow: Flow, control: Control
) -> tuple[np.ndarray, Routes]:
    """Return destinations (t,) and routes of the placed vehicles made of the cheapest flow."""
    net, network = flow.net, problem.network
    somewhere = reach.somewhere
    destination = np.full(problem.vehicles, -1, dtype=np.int32)
    ways = Routes(np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.int32), np.zeros(0, dtype=np.int32))
    able = np.flatnonzero(somewhere)
    of_vehicle = np.full(problem.vehicles, -1, dtype=np.int64)
    if flow.most and np.isfinite(flow.least):
        passes = flow.passes(flow.least)
        paths = cheapest(net, passes, flow.supply, flow.places, flow.roads.travel / SECOND, flow.most, control)
        ways, ends = fluid_routes(net, paths, network.source[able])
        destination[able] = ends
        of_vehicle[able] = np.where(ends >= 0, ways.of_trip, -1)
    wish = destination.copy()
    preference = choices.preference_seconds * problem.dissatisfaction
    if choices.free:
        destination = place_vehicles(problem, reach, preference, destination, control)
    else:
        destination = _groups_like(problem, reach, choices, destination, preference, control)
    placed = np.flatnonzero(destination >= 0)
    alone = placed[(destination[placed] != wish[placed]) | (of_vehicle[placed] < 0)]
    some = network.only(alone)
    quickest = reach.ways(some, destination[alone], control)
    of_vehicle[alone] = ways.count + quickest.of_trip
    routes = Routes(
        np.r_[ways.indptr, ways.indptr[-1] + quickest.indptr[1:]],
        np.r_[ways.arcs, quickest.arcs],
        of_vehicle[placed].astype(np.int32),
    )
    return destination, routes


def _groups_like(
    problem: JointProblem, reach: Reach, choices: Choices, wish: np.ndarray, preference: np.ndarray, control: Control
) -> np.ndarray:
    """Return destinations (t,) of whole groups as near as possible to the ``wish`` (t,) of their vehicles."""
    somewhere = reach.somewhere
    sizes = people_of(problem, somewhere)
    usable = reach.whole(problem.groups)
    wanted = np.zeros((problem.groups, problem.destinations))
    some = np.flatnonzero((wish >= 0) & somewhere)
    np.add.at(wanted, (problem.group[some], wish[some]), problem.people[some])
    share = wanted / np.maximum(wanted.sum(axis=1, keepdims=True), 1.0)
    minutes = np.where(usable, impedance_of(problem, reach) + preference / 60.0, np.inf)
    cost = 1.0 - share + NEARER * normalised(np.where((sizes > 0)[:, None], minutes, np.inf))
    room = finite_room(problem.room, float(sizes.sum()))
    people = send_groups(Groups(sizes, room, cost, usable), choices.split, control)
    destination = deal(problem, reach, people, somewhere & (problem.people > 0))
    return with_empty(problem, reach, destination)


NEARER = 0.5  # of a group's whole wish: what the difference between the nearest and farthest destination weighs


def _start(
    problem: JointProblem,
    roads: QueueRoads,
    choices: Choices,
    least: float,
    destination: np.ndarray,
    routes: Routes,
    control: Control,
) -> Start | None:
    """Return a plan to begin with; None where it places nobody."""
    vehicles = np.flatnonzero(destination >= 0)
    if not len(vehicles):
        return None
    some = problem.only(vehicles)
    aim = Aim(some, choices, least if np.isfinite(least) else 0.0)
    bound = _bound(problem, choices, destination)[vehicles]
    kind = GroupMoves if bound.any() else JointMoves
    moves = kind(some, roads, aim, choices.stuck_seconds, bound, choices.seed)
    planned = moves.judged(JointRoutes(routes.indptr, routes.arcs, routes.of_trip, destination[vehicles]), control)
    return Start(vehicles, planned, moves, float(some.people.sum()))


def _bound(problem: JointProblem, choices: Choices, destination: np.ndarray) -> np.ndarray:
    """Return which vehicles (t,) cannot change their destination alone: those of groups that are not divided."""
    if choices.free:
        return np.zeros(problem.vehicles, dtype=bool)
    placed = np.flatnonzero((destination >= 0) & (problem.people > 0))
    table = np.zeros((problem.groups, problem.destinations), dtype=bool)
    table[problem.group[placed], destination[placed]] = True
    left = np.zeros(problem.groups, dtype=bool)
    left[problem.group[(destination < 0) & (problem.people > 0)]] = True
    divided = (table.sum(axis=1) > 1) | (left & table.any(axis=1))
    return ~divided[problem.group]
