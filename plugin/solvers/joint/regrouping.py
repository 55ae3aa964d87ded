"""Whole groups as near as possible to a plan of single vehicles, by what its prices say of each destination.

A plan of single vehicles uses all doors and streets alike, so that at its prices a group costs much the same wherever
it goes; what tells destinations apart is the queue that the group makes there itself. Prices are right for a vehicle
more or less; beside them counts the square of how many more or fewer vehicles come than in that plan, times half the
time between two arrivals: by so much the waiting behind a door grows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..control import Control
from ..routing.queue.network import SECOND, QueueRoads, microseconds
from ..routing.shared.routes import Routes
from .assignment import Assignment
from .choices import Choices
from .group_moves import headways
from .judge import Planned, destinations_of
from .outlook import MOST_MOMENTS, joined
from .placing import Groups, deal, finite_room, people_of, send_groups
from .problem import ROUNDING, JointProblem
from .reach import Reach
from .search import JointMoves
from .stepwise import with_empty

MOST_CELLS = 20_000_000  # nodes and moments of the costs to go that are held at once
MOST_DESTINATIONS = 100  # that are priced: those to which most go


class Prices(NamedTuple):
    """What the plan of single vehicles says.

    Attributes
    ----------
    cost : (g, n) float64
        Of a whole group at each destination, vehicle-seconds; infinite where that is not known.
    size, people : (g,) float64
        Vehicles and people of those who can go anywhere.
    """

    cost: np.ndarray
    size: np.ndarray
    people: np.ndarray


class Regrouping:
    """Makes a plan of whole groups of one of single vehicles.

    Parameters
    ----------
    choices : Choices
        With the division of groups that is asked for.
    placed : (k,) int64
        The vehicles of the plan.
    plan : Planned
        Of them alone.
    found_by : JointMoves
        The moves that found it, with their prices of the rooms.
    """

    def __init__(
        self, problem: JointProblem, roads: QueueRoads, reach: Reach, choices: Choices, placed: np.ndarray,
        plan: Planned, found_by: JointMoves,
    ) -> None:  # fmt: skip
        self.problem, self.reach, self.choices, self.placed, self.plan = problem, reach, choices, placed, plan
        together = np.ones(len(placed), dtype=bool)
        self.moves = JointMoves(found_by.problem, roads, found_by.aim, choices.stuck_seconds, together)
        self.moves.price = found_by.price.copy()
        self.moves.at(plan)
        self.count = np.bincount(destinations_of(plan), minlength=problem.destinations)
        self.headway = headways(plan, problem.destinations) / SECOND

    def plan_of_groups(self, known: list[np.ndarray], control: Control) -> tuple[np.ndarray, Routes]:
        """Return destinations (t,) of groups, whole or divided as asked, and the routes of those who have one.

        Parameters
        ----------
        known : list of (t,)
            Destinations of plans of groups that the assignment may begin with.

        Raises
        ------
        Cancelled, SolverError
        """
        problem, reach = self.problem, self.reach
        prices = self.prices(control.part(0.0, 0.5))
        sizes = people_of(problem, reach.somewhere)
        usable = reach.whole(problem.groups)
        groups = Groups(sizes, finite_room(problem.room, float(sizes.sum())), _of_a_person(prices, usable), usable)
        people = send_groups(groups, self.choices.split, control)
        dealt = deal(problem, reach, people, reach.somewhere & (problem.people > 0))
        plans = [self.exchanged(plan, prices, usable, control) for plan in (with_empty(problem, reach, dealt), *known)]
        destination = min(plans, key=lambda plan: (-float(problem.people[plan[0] >= 0].sum()), plan[1]))[0]
        return destination, self.ways(destination, control.part(0.5, 1.0))

    def prices(self, control: Control) -> Prices:
        """Return what the plan says of all groups at the destinations to which most go."""
        problem, moves = self.problem, self.moves
        able = np.flatnonzero(self.reach.somewhere)
        group, node = problem.group[able], problem.network.source[able]
        time = microseconds(problem.network.departure[able])
        size = np.bincount(group, minlength=problem.groups).astype(np.float64)
        people = np.bincount(group, weights=problem.people[able], minlength=problem.groups)
        cost = np.full((problem.groups, problem.destinations), np.inf)
        for numbers in self._batches(np.argsort(-self.count, kind="stable")[:MOST_DESTINATIONS]):
            moves.look_at(self.plan, numbers, control)
            for end, field in moves.fields.items():
                each = moves.outlook.cost_from(field, node, time)
                cost[:, end] = np.bincount(group, weights=each, minlength=problem.groups)
        dislike = np.where(
            np.isfinite(moves.offset), moves.offset, 0.0
        )  # who must not go somewhere is told apart later
        cost += dislike * (people / moves.aim.unit)[:, None] + moves.price * people[:, None]
        return Prices(cost / SECOND, size, people)

    def exchanged(
        self, destination: np.ndarray, prices: Prices, usable: np.ndarray, control: Control
    ) -> tuple[np.ndarray, float]:
        """Return a better plan (t,) by moves and exchanges of undivided groups, and what all pay there."""
        problem = self.problem
        low, high = np.full(problem.groups, problem.destinations), np.full(problem.groups, -1)
        able = self.reach.somewhere
        np.minimum.at(low, problem.group[able], destination[able])
        np.maximum.at(high, problem.group[able], destination[able])
        cost = np.where(usable, prices.cost, np.inf)
        undivided = (low == high) & (high >= 0)
        undivided[undivided] = np.isfinite(cost[undivided, high[undivided]])
        some = np.flatnonzero(undivided)
        to = destination[destination >= 0]
        more = np.bincount(to, minlength=problem.destinations) - self.count.astype(np.float64)
        left = problem.room * (1.0 + ROUNDING) - problem.load(destination)
        search = Assignment(cost[some], prices.size[some], prices.people[some], high[some], more, left, self.headway)
        search.improve(control)
        high[some] = search.at
        then = np.where(able & undivided[problem.group], high[problem.group], destination).astype(np.int32)
        return then, search.value() + self._of_others(prices, then, undivided)

    def _of_others(self, prices: Prices, destination: np.ndarray, undivided: np.ndarray) -> float:
        """Return what the vehicles of divided groups pay by the prices; the most of all where that is not known."""
        others = (destination >= 0) & ~undivided[self.problem.group]
        each = prices.cost / np.maximum(prices.size, 1.0)[:, None]
        most = float(np.max(each, where=np.isfinite(each), initial=0.0))
        pays = each[self.problem.group[others], destination[others]]
        return float(np.where(np.isfinite(pays), pays, most).sum())

    def ways(self, destination: np.ndarray, control: Control) -> Routes:
        """Return routes of the vehicles with a ``destination`` (t,): their own where they stay, else of least cost."""
        routes, now, to = self.plan.routes, destinations_of(self.plan), destination[self.placed]
        of_vehicle = np.full(self.problem.vehicles, -1, dtype=np.int64)
        stays = to == now
        of_vehicle[self.placed[stays]] = routes.of_trip[stays]
        size, arcs = np.diff(routes.indptr), routes.arcs
        changed = np.flatnonzero(~stays & (to >= 0))
        parts = [
            part
            for numbers in self._batches(np.unique(to[changed]))
            for part in self._walked(numbers, changed, to[changed], control)
        ]
        if parts:
            trips, _, _, hops, roads = joined(parts)
            of_vehicle[self.placed[trips]] = len(size) + np.arange(len(trips))
            size, arcs = np.r_[size, hops], np.r_[arcs, roads]
        alone = np.flatnonzero((destination >= 0) & (of_vehicle < 0))
        quickest = self.reach.ways(self.problem.network.only(alone), destination[alone], control)
        of_vehicle[alone] = len(size) + quickest.of_trip
        indptr = np.r_[0, np.cumsum(np.r_[size, np.diff(quickest.indptr)])]
        return Routes(indptr, np.r_[arcs, quickest.arcs], of_vehicle[destination >= 0].astype(np.int32))

    def _walked(
        self, numbers: list[int], trips: np.ndarray, to: np.ndarray, control: Control
    ) -> list[tuple[np.ndarray, ...]]:
        """Return ways of least cost of those of ``trips`` (k,) that go ``to`` (k,) one of the destinations."""
        moves, parts = self.moves, []
        if not set(numbers) <= set(moves.fields):
            moves.look_at(self.plan, numbers, control)
        for end in numbers:
            parts += moves.walked_at_once(trips[to == end], end, control)
        return parts

    def _batches(self, numbers: np.ndarray) -> list[list[int]]:
        """Return the numbers of destinations in parts whose costs to go are held at once."""
        moments = MOST_MOMENTS + 2
        count = max(1, MOST_CELLS // (len(self.moves.outlook.views) * moments * self.problem.network.nodes))
        return [numbers[k : k + count].tolist() for k in range(0, len(numbers), count)]


def _of_a_person(prices: Prices, usable: np.ndarray) -> np.ndarray:
    """Return the cost (g, n) of a person, in [0, 1] from the cheapest destination of each group."""
    each = np.where(usable, prices.cost, np.inf) / np.maximum(prices.people, ROUNDING)[:, None]
    least = np.min(each, axis=1, initial=np.inf, keepdims=True)
    with np.errstate(invalid="ignore"):
        more = each - least
    known = np.isfinite(more)
    most = float(np.max(more, where=known, initial=0.0))
    return np.where(known, more / most if most > 0 else 0.0, 1.0)
