"""The joint plan: from the cheapest flow and the step-wise plan by moves of vehicles and of groups."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..control import Control
from ..routing.queue.network import SECOND, QueueRoads
from ..routing.shared.descent import Optimum, descend
from ..routing.shared.menu_moves import limit_catches, too_many_ways
from ..routing.shared.routes import Routes, rerouted, rows_at
from .aims import Aim, Value
from .choices import Choices
from .evaluate import plan_of_routes, ways_of_plan
from .exchange import exchanged, kept_home
from .fields import LARGE
from .fluid import FlowNetwork, cheapest, fluid_routes, least_time
from .group_moves import GroupMoves
from .judge import JointRoutes, Planned, destinations_of, joint_routes, to_destinations
from .kinds import BY_VEHICLE
from .limited import few_ways, limited_plan
from .placing import place_vehicles
from .problem import ROUNDING, JointProblem
from .reach import Reach
from .regrouping import Regrouping
from .result import JointPlan
from .search import JointMoves

STEPS = (10, 40, 250)  # by effort: plans that are tried
FEW_STEPS = (10, 30, 150)  # the same among few ways
ELSEWHERE_STEPS = (4, 12, 60)  # that move vehicles or groups to other destinations by few ways
FULL_SIZE = 4_000_000  # moves of a plan above which fewer are tried
LEAST_STEPS = 6
GROUP_STEPS = (4, 20, 120)  # that move single groups and vehicles, from a plan of groups
WIDE = 10  # ways a pair among which a search goes further than among all


class Start(NamedTuple):
    """A plan to begin with: its vehicles, their routes and destinations, in that order, and its numbers."""

    vehicles: np.ndarray
    planned: Planned
    moves: JointMoves
    people: float

    def among_few(self, problem: JointProblem, roads: QueueRoads, choices: Choices, control: Control) -> Start:
        """Return the start with the better ways that a search among a few a pair finds, everybody to where he goes."""
        destination = np.full(problem.vehicles, -1, dtype=np.int32)
        destination[self.vehicles] = destinations_of(self.planned)
        tries = steps_of(control.effort.pick(*FEW_STEPS), len(self.planned.run.moment))
        (found, _), _ = few_ways(
            problem.trips(destination), roads, self.moves.aim, self.planned, WIDE, choices.stuck_seconds, tries, control
        )
        if not found.planned.value < self.planned.value:
            return self
        return self._replace(planned=to_destinations(found.planned, destinations_of(self.planned)))

    def by_safe_ways(self, some: JointProblem, reach: Reach, control: Control) -> Start:
        """Return the start with those it catches on the ways that arrive in time on empty roads, if that is better."""
        routes, caught = joint_routes(self.planned.routes), np.flatnonzero(~self.planned.run.arrived)
        safe = reach.ways(some.network.only(caught), routes.destination[caught], control)
        size = safe.hops()
        arcs = rows_at(safe.indptr[:-1][safe.of_trip], size, safe.arcs)
        other = rerouted(routes, caught, np.r_[0, np.cumsum(size)], arcs)
        changed = JointRoutes(other.indptr, other.arcs, other.of_trip, routes.destination)
        planned = self.moves.judged(changed, control)
        return self._replace(planned=min(planned, self.planned, key=lambda plan: plan.value))

    @property
    def rank(self) -> tuple[float, Value]:
        """Smaller is better: most people who arrive, then fewest caught, then the aim."""
        return self.planned.caught - self.people, self.planned.value


def search_together(
    problem: JointProblem,
    roads: QueueRoads,
    reach: Reach,
    choices: Choices,
    known: list[tuple[np.ndarray, Routes]],
    control: Control,
) -> tuple[Start, Optimum[Planned]] | None:
    """Return the best start and the best plan found from it, without a limit on ways; None where nobody can go.

    Groups follow the plan of single vehicles, as near as whole ones can.

    Parameters
    ----------
    known : list of (destination (t,), routes of those who have one)
        Plans that are starts too.

    Raises
    ------
    Cancelled, SolverError
    """
    flow = Flow(FlowNetwork(problem, roads, reach.allowed.any(axis=0)), reach.somewhere)
    alone = choices if choices.free else replace(choices, unit=BY_VEHICLE)
    starts = [_start(problem, roads, reach, alone, flow.least, where, routes, control) for where, routes in known]
    flowing = _flow_plan(problem, reach, alone, flow, control)
    starts.append(_start(problem, roads, reach, alone, flow.least, *flowing, control))
    best = _best(starts)
    if best is None:
        return None
    size = len(best.planned.run.moment)
    tries = steps_of(control.effort.pick(*STEPS), size)
    found = descend(best.moves, best.planned, tries, control.part(0.1, 1.0 if choices.free else 0.4))
    if choices.free:
        return best, found
    regrouping = Regrouping(problem, roads, reach, choices, best.vehicles, found.planned, best.moves)
    destination, routes = regrouping.plan_of_groups([where for where, _ in known], control.part(0.4, 0.5))
    groups = _start(problem, roads, reach, choices, flow.least, destination, routes, control)
    if groups is not None:
        groups = groups.among_few(problem, roads, choices, control.part(0.5, 0.8))
    starts = [_start(problem, roads, reach, choices, flow.least, where, routes, control) for where, routes in known]
    best = _best([*starts, groups])
    if best is None:
        return None
    if best is groups and choices.max_routes:  # moves without a limit would leave the few ways
        return best, Optimum(best.planned, ((control.effort.elapsed, best.planned.seconds),), found.used_up)
    tries = steps_of(control.effort.pick(*(GROUP_STEPS if best is groups else STEPS)), size)
    return best, descend(best.moves, best.planned, tries, control.part(0.8, 1.0))


def _best(starts: list[Start | None]) -> Start | None:
    return min((start for start in starts if start is not None), key=lambda start: start.rank, default=None)


def joint_plan(
    problem: JointProblem,
    roads: QueueRoads,
    reach: Reach,
    choices: Choices,
    stepwise: JointPlan,
    control: Control,
    final_widths: bool = True,
) -> tuple[JointPlan, tuple[tuple[float, float], ...], bool]:
    """Return the joint plan, never worse than ``stepwise``; how its value fell; whether the counted work ran out.

    Without ``final_widths`` walkers have those of another plan, and who is caught by a limit on ways is not told.

    Raises
    ------
    Cancelled, SolverError
    """
    if not reach.somewhere.any():
        return stepwise, (), False
    known = [ways_of_plan(problem, stepwise, reach, control)]
    searched = search_together(problem, roads, reach, choices, known, control.part(0.0, 0.5))
    if searched is None:
        return stepwise, (), False
    best, found = searched
    final, used_up = found.planned, found.used_up
    values = [best.planned.value.aim, *best.moves.judge.kept]
    history = tuple((seconds, value) for (seconds, _), value in zip(found.history, values))
    if choices.free and not choices.max_routes:  # of groups it was done before
        final = best._replace(planned=final).among_few(problem, roads, choices, control.part(0.5, 0.7)).planned
        history = (*history, (control.effort.elapsed, final.value.aim))
    destination = np.full(problem.vehicles, -1, dtype=np.int32)
    unlimited: float | None = final.run.total() / SECOND
    warnings: tuple[str, ...] = ()
    if choices.max_routes:
        tries, others = (
            steps_of(control.effort.pick(*steps), len(final.run.moment)) for steps in (FEW_STEPS, ELSEWHERE_STEPS)
        )
        few = limited_plan(best.moves, final, choices.max_routes, tries, others, control.part(0.5, 0.9))
        total, caught = final.run.total(), final.caught
        final, history, used_up = few.planned, few.history, few.used_up
        unlimited = min(total, final.run.total()) / SECOND if caught == final.caught else None
        warnings = tuple(text for text in (too_many_ways(few.exceeding, choices.max_routes),) if text)
        lost = float(problem.people[reach.lost].sum())
        if final_widths:
            warnings += limit_catches(choices.max_routes, lost + final.caught, lost + caught)
    destination[best.vehicles] = destinations_of(final)
    destination, final = kept_home(problem, roads, choices, destination, final, control)
    if not choices.max_routes:
        bound, starts = _bound(problem, choices, destination), [(destination, final.routes), *known]
        better = exchanged(problem, roads, reach, choices, bound, starts, control.part(0.9, 0.95))
        destination, final = better or (destination, final)
    plan = plan_of_routes(
        problem, reach, roads, choices, destination, final.routes, final.run, history, unlimited, warnings,
        control.unseen(),
    )  # fmt: skip
    if stepwise.better_than(plan):
        control.log("Together nothing better was found than step-wise: the step-wise plan is the answer.")
        plan = stepwise
    return plan, history, used_up


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
    destination = place_vehicles(problem, reach, preference, destination, control)
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


def _start(
    problem: JointProblem,
    roads: QueueRoads,
    reach: Reach,
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
    start = Start(vehicles, planned, moves, float(some.people.sum()))
    return start.by_safe_ways(some, reach, control) if planned.caught else start


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
