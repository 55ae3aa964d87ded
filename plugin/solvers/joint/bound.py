"""What no plan can undercut, whoever goes where and by whatever streets.

By the time T at most so many vehicles can have arrived as can flow from their starts to the destinations when each road
lets out those that it can by then: the first that can be there, and one more each headway, all early enough to arrive
by T; each start gives those that could arrive on empty roads; each destination takes its room. The greatest flow over T
bounds every arrival from below, the last one and the sum. Source: as for the quickest transshipment (Hoppe and Tardos
2000), with the roads' time windows as capacities.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_matrix, vstack

from ..control import Control
from ..graph.reverse_tree import grow_tree
from ..graph.stars import ReverseStar
from ..mip.linear import LinearProgram
from ..routing.queue.bounds import least_headway
from ..routing.queue.network import SECOND, QueueRoads, microseconds
from ..routing.shared.trees import reverse_trees
from .choices import Choices
from .fields import LARGE
from .fluid import FlowNetwork
from .kinds import CLEARANCE, HAZARD
from .problem import ROUNDING, JointProblem
from .reach import Reach

MOMENTS = (40, 120, 400)  # by effort: times at which the flow is worked out
PATTERNS = 12  # sets of allowed destinations that are looked at alone
HALVINGS = 40  # of the time in which the least clearance lies
MOST_PAIRS = 300_000  # of places where vehicles start and destinations, beyond which rooms are not looked at
SAFETY = 1e-7  # of a linear program's optimum, by which it may be above the true one
FLUID, EMPTY = "flows through roads and into rooms over time", "empty roads, room and preferences"
STAYS = "least time inside on empty roads"


class Bound(NamedTuple):
    """A proved bound of the aim's value and its name."""

    value: float
    name: str


class Arrivals:
    """How many vehicles can have arrived by any time.

    Parameters
    ----------
    open_ones : (n,) bool
        Destinations that these vehicles may go to.
    """

    def __init__(self, problem: JointProblem, roads: QueueRoads, open_ones: np.ndarray) -> None:
        network = problem.network
        self.net, self.roads = FlowNetwork(problem, roads, open_ones), roads
        self.headway = np.maximum(least_headway(roads), 1)
        departure = microseconds(network.departure)
        travel = roads.travel.astype(np.float64)
        nodes, root = network.nodes, network.nodes
        first = np.full(len(self.net.starts), np.inf)
        start = np.searchsorted(self.net.starts, network.source)
        np.minimum.at(first, start, departure.astype(np.float64))
        before = _distances(  # along the arcs, from all starts at their first departures
            nodes + 1, np.r_[network.head, self.net.starts], np.r_[network.tail, np.full(len(first), root)],
            np.r_[travel, first], root,
        )  # fmt: skip
        ends = problem.node[self.net.open]
        self.rest = _distances(
            nodes + 1, np.r_[network.tail, ends], np.r_[network.head, np.full(len(ends), root)],
            np.r_[travel, np.zeros(len(ends))], root,
        )  # fmt: skip
        self.window = before[network.tail] + travel + self.rest[network.head]
        ready = departure + self.rest[network.source]
        order = np.lexsort((ready, start))
        self.ready, self.bounds = ready[order], np.searchsorted(start[order], np.arange(len(first) + 1))
        people = np.sort(problem.people)
        fit = np.searchsorted(np.cumsum(people), problem.room[self.net.open] * (1.0 + ROUNDING), side="right")
        self.places = np.where(np.isfinite(problem.room[self.net.open]), fit, LARGE)

    def by(self, moment: float) -> int:
        """Return the most vehicles that can have arrived by ``moment``, microseconds."""
        slack = moment - self.window
        passes = np.where(slack >= 0, np.floor(np.maximum(slack, 0.0) / self.headway) + 1.0, 0.0)
        passes[~self.roads.is_road] = np.where(np.isfinite(self.window[~self.roads.is_road]), LARGE, 0)
        supply = np.array(
            [np.searchsorted(self.ready[a:b], moment, side="right") for a, b in zip(self.bounds[:-1], self.bounds[1:])],
            dtype=np.int64,
        )
        return self.net.most(np.minimum(passes, LARGE), supply, self.places)

    def before(self, vehicles: int, high: float) -> float:
        """Return a moment, microseconds, before which ``vehicles`` cannot all have arrived; 0 where that is not known.

        ``high``: a moment by which they can.
        """
        low = 0.0
        if not vehicles or self.by(low) >= vehicles:
            return 0.0
        for _ in range(HALVINGS):
            middle = np.floor(0.5 * (low + high))
            if middle <= low:
                break
            if self.by(middle) < vehicles:
                low = middle
            else:
                high = middle
        return low + 1.0  # moments are whole microseconds

    def each(self, vehicles: int, last: float, moments: int, control: Control) -> np.ndarray:
        """Return before when the first, second, ... of ``vehicles`` (k,) cannot have arrived, microseconds."""
        earliest = np.zeros(vehicles)
        for moment in np.linspace(0.0, last, moments).tolist():
            control.stop_if_cancelled()
            earliest[min(self.by(np.floor(moment)), vehicles) :] = np.floor(moment) + 1.0
        return earliest


def _distances(nodes: int, tail: np.ndarray, head: np.ndarray, cost: np.ndarray, root: int) -> np.ndarray:
    """Return the least cost (nodes,) from every node to ``root`` along arcs, all but the root's own."""
    star = ReverseStar(nodes, tail.astype(np.int32), head.astype(np.int32))
    least, toward = np.empty(nodes), np.empty(nodes, dtype=np.int32)
    grow_tree(star.indptr, star.arc, star.tail, np.ascontiguousarray(cost[star.arc]), root, least, toward)
    return least


def lower_bound(
    problem: JointProblem,
    roads: QueueRoads,
    reach: Reach,
    choices: Choices,
    sheltered: float,
    last: float,
    control: Control | None = None,
) -> Bound:
    """Return a bound of the aim's value that no plan that shelters as many people undercuts.

    Parameters
    ----------
    sheltered : float
        People that the plan places.
    last : float
        Seconds from t = 0 by which the plan has everybody there.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    able = np.flatnonzero(reach.somewhere)
    some = problem.only(able)
    if not len(able) or sheltered <= 0:
        return Bound(0.0, EMPTY)
    people = np.sort(some.people)[::-1]
    vehicles = int(np.searchsorted(np.cumsum(people), sheltered * (1.0 - ROUNDING))) + 1
    everybody = sheltered >= people.sum() * (1.0 - ROUNDING)
    if choices.aim == CLEARANCE:
        return Bound(_clearance(some, roads, reach, able, vehicles, everybody, last, control), FLUID)
    seconds = _seconds(problem, roads, reach, choices.aim, control)
    if choices.aim == HAZARD:
        return Bound(_transport(problem, reach, able, seconds, sheltered, control), STAYS)
    dislike = choices.preference_seconds * problem.dissatisfaction[reach.group]
    best = Bound(_transport(problem, reach, able, seconds + dislike, sheltered, control), EMPTY)
    if everybody:
        arrivals = Arrivals(some, roads, reach.allowed[np.unique(reach.cell[able])].any(axis=0))
        moments = control.effort.pick(*MOMENTS)
        earliest = arrivals.each(vehicles, last * SECOND, moments, control.part(0.3, 1.0)) / SECOND
        fluid = float(people[:vehicles] @ earliest) - float(some.people @ some.network.departure)
        if choices.preference_seconds > 0 and problem.dissatisfaction.any():
            fluid += _transport(problem, reach, able, dislike, sheltered, control)
        if fluid > best.value:
            best = Bound(fluid, FLUID)
    return best


def _clearance(
    some: JointProblem,
    roads: QueueRoads,
    reach: Reach,
    able: np.ndarray,
    vehicles: int,
    everybody: bool,
    last: float,
    control: Control,
) -> float:
    """Return before when the last vehicle cannot be there, seconds: of all, and of those with the same choice."""
    cell = reach.cell[able]
    high = last * SECOND
    best = Arrivals(some, roads, reach.allowed[np.unique(cell)].any(axis=0)).before(vehicles, high)
    patterns = np.unique(reach.allowed[np.unique(cell)], axis=0)
    if everybody and 1 < len(patterns) <= PATTERNS:
        for k, pattern in enumerate(patterns):
            control.progress(k / len(patterns), "")
            control.stop_if_cancelled()
            mine = np.flatnonzero((reach.allowed[cell] <= pattern).all(axis=1) & (some.people > 0))
            if len(mine):
                best = max(best, Arrivals(some.only(mine), roads, pattern).before(len(mine), high))
    return best / SECOND


def _seconds(problem: JointProblem, roads: QueueRoads, reach: Reach, aim: int, control: Control) -> np.ndarray:
    """Return the least seconds (c, n) of travel, or inside the hazard, from each cell to each destination."""
    weight = roads.travel / SECOND
    if aim == HAZARD and problem.hazard is not None:
        inside = problem.hazard
        arc = np.repeat(np.arange(problem.network.arcs), np.diff(inside.indptr))
        weight = weight * np.bincount(arc, weights=inside.end - inside.begin, minlength=problem.network.arcs)
    trees = reverse_trees(problem.network.bound_for(problem.node), weight, control)
    return trees.seconds[reach.column][:, reach.source].T


def _transport(
    problem: JointProblem, reach: Reach, able: np.ndarray, cost: np.ndarray, sheltered: float, control: Control
) -> float:
    """Return the least person-seconds when ``sheltered`` people go somewhere at ``cost`` (c, n) a person."""
    people = np.bincount(reach.cell[able], weights=problem.people[able], minlength=len(cost))
    row, to = np.nonzero(reach.allowed & (people > 0)[:, None])
    pairs, cells = len(row), len(cost)
    if not pairs:
        return 0.0
    if pairs > MOST_PAIRS:  # without the rooms
        least = np.where(reach.allowed, cost, np.inf).min(axis=1)
        order = np.argsort(least, kind="stable")
        order = order[np.isfinite(least[order])]
        before = np.r_[0.0, np.cumsum(people[order])[:-1]]
        return float(np.clip(sheltered - before, 0.0, people[order]) @ least[order]) * (1.0 - SAFETY)
    each = coo_matrix((np.ones(pairs), (row, np.arange(pairs))), shape=(cells, pairs)).tocsr()
    rooms = coo_matrix((np.ones(pairs), (to, np.arange(pairs))), shape=(problem.destinations, pairs)).tocsr()
    every = coo_matrix((np.ones(pairs), (np.zeros(pairs, dtype=int), np.arange(pairs)))).tocsr()
    program = LinearProgram(
        cost[row, to], np.zeros(pairs), people[row], vstack([each, rooms, every]).tocsr(),
        np.r_[np.full(cells + problem.destinations, -np.inf), sheltered * (1.0 - ROUNDING)],
        np.r_[people, problem.room * (1.0 + ROUNDING), np.inf],
    )  # fmt: skip
    found = program.solve(control)
    return found.objective * (1.0 - SAFETY) if found is not None else 0.0
