"""The rest of a plan that is being driven, and moves of it: everybody from the next junction, or from the origin, on.

The past is kept as it is; each trial is simulated exactly from the moment on, from where everybody is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from ..control import Control
from ..routing.queue.bars import NEVER, moments_of
from ..routing.queue.events import Plan
from ..routing.queue.free_moves import Found, FreeMoves
from ..routing.queue.judge import Planned
from ..routing.queue.marginal import LOST
from ..routing.queue.network import SECOND, roads_of
from ..routing.queue.places import Places, places_of
from ..routing.queue.safe_ways import safe_ways
from ..routing.queue.simulation import QueueRun
from ..routing.shared.descent import drawn, rank
from ..routing.shared.problem import RoutingProblem
from ..routing.shared.routes import Routes, distinct, rerouted, rows_at
from ..routing.shared.trees import Trees, reverse_trees
from .running import Running, joined, roads_only


class Rooms(NamedTuple):
    """Shelters that may be chosen anew: their nodes (s,), ascending, and the people (s,) for whom there is room."""

    node: np.ndarray
    room: np.ndarray


@dataclass(frozen=True)
class Bound(Routes):
    """The rest of the ways (a,) with the node (a,) of the destination to which each leads."""

    goal: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int32))


@dataclass(frozen=True)
class Rest(Planned):
    """The rest of a plan, judged: ``run`` is of those that go on, from where they are; ``whole`` of everybody.

    Attributes
    ----------
    goal : (a,) int32
        Where each goes.
    person_time : float
        Person-seconds from departure to arrival of all that arrive.
    """

    goal: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    person_time: float = 0.0
    whole: QueueRun | None = None

    @property
    def seconds(self) -> float:
        """What is compared: here people count, not vehicles."""
        return self.person_time


class Ahead(NamedTuple):
    """What lies ahead at a moment, as it is known.

    Attributes
    ----------
    now : int
        Microseconds.
    base : Running
        The plan, stopped at ``now``, on the roads as they are known.
    problem : RoutingProblem
        All trips on those roads, with the destinations that they have now.
    active : (a,) int64
        The trips that go on.
    hops : (a,) int64
        Roads of its way that each has driven or is on.
    rest : RoutingProblem
        The active trips from where they can turn, when they can be there at the soonest.
    """

    now: int
    base: Running
    problem: RoutingProblem
    active: np.ndarray
    hops: np.ndarray
    rest: RoutingProblem

    @classmethod
    def of(cls, running: Running, problem: RoutingProblem, now: int, fixed: np.ndarray) -> Ahead:
        """Return what lies ahead of a plan stopped at ``now`` on the roads of ``problem``, but for ``fixed`` (t,)."""
        base = running.copy(roads_of(problem), places_of(problem), now)
        active = np.flatnonzero(base.goes_on & ~fixed)
        hop, plan = base.hop[active], base.plan
        source = problem.source[active].copy()
        on = hop >= 0
        source[on] = problem.head[plan.arc[plan.first[active[on]] + hop[on]]]
        ready = base.ready(now)[active] / SECOND
        rest = replace(problem.only(active), source=source, departure=ready)
        return cls(now, base, problem, active, hop + 1, rest)

    def kept(self, routes: Routes) -> Routes:
        """Return the rest of whole ways (t,) that begin as those driven."""
        first, size, arcs = roads_only(routes, self.base.roads.is_road)
        begin, left = first[self.active] + self.hops, size[self.active] - self.hops
        return distinct(np.r_[0, np.cumsum(left)].astype(np.int64), rows_at(begin, left, arcs), self.rest.source)

    def trees(self, goals: np.ndarray) -> Trees:
        """Return the free-flow times to the destinations of the active trips and to ``goals`` (s,)."""
        rest, some = self.rest, np.resize(self.rest.source, len(goals)) if len(self.active) else goals
        every = replace(
            rest, source=np.r_[rest.source, some].astype(np.int32),
            destination=np.r_[rest.destination, goals].astype(np.int32),
        )  # fmt: skip
        found = reverse_trees(every)
        return Trees(found.destinations, found.row[: len(self.active)], found.seconds, found.toward)


class RestMoves(FreeMoves):
    """Moves of the rest of a plan to better ways, also to other shelters where ``rooms`` are given."""

    def __init__(self, ahead: Ahead, rooms: Rooms | None, stuck_seconds: float) -> None:
        trees = ahead.trees(np.empty(0, dtype=np.int32) if rooms is None else rooms.node)
        super().__init__(ahead.rest, ahead.base.roads, trees, stuck_seconds)
        self.ahead, self.rooms = ahead, rooms

    def judged(self, routes: Routes, control: Control) -> Rest:
        """Return the rest of the ways with the exact run from now on."""
        ahead = self.ahead
        goal = routes.goal if isinstance(routes, Bound) else ahead.rest.destination
        places = self._places(goal)
        ways = joined(ahead.base.plan, ahead.hops, ahead.active, routes, self.roads.is_road)
        running = ahead.base.copy(self.roads, places, ahead.now).turned(ways, places, ahead.active, ahead.now)
        running.drive(NEVER, control.unseen())
        run, people = running.run, ahead.problem.people
        time = float(people @ (run.arrival() - run.plan.departure)) / SECOND
        return Rest(routes, self._view(run, routes), float(people[~run.arrived].sum()), goal, time, run)

    def better(self, one: Planned, other: Planned) -> bool:
        """Return whether to prefer ``one``: fewer people caught, then fewer person-seconds."""
        return rank(one) < rank(other)

    def at(self, plan: Planned) -> None:
        """Take the marginal costs of the whole run."""
        whole = plan.whole if isinstance(plan, Rest) else None
        super().at(plan if whole is None else replace(plan, run=whole))

    def moved(
        self, plan: Planned, looking: np.ndarray, count: int, draws: np.random.Generator, control: Control
    ) -> Routes | None:
        """Return the plan with at most ``count`` of the trips ``looking`` moved to better ways."""
        if self.rooms is None or not isinstance(plan, Rest):
            return super().moved(plan, looking, count, draws, control)
        looking, trees = self.looking(plan, looking), self.trees
        offers: list[tuple[int, Found]] = []
        for row in sorted(self.tables):
            self.trees = replace(trees, row=np.full(len(trees.row), row, dtype=trees.row.dtype))
            try:
                offers.append((int(self.goals[row]), self.found(plan, looking, control)))
            finally:
                self.trees = trees
        return self._taken(plan, offers, count, draws)

    def rescued(self, plan: Rest, control: Control) -> Routes | None:
        """Return the plan with those who do not arrive sent the quickest way in time on empty roads, to any shelter.

        None where nobody has one, or no shelter may be chosen.
        """
        lost = np.flatnonzero(~plan.run.arrived)
        if self.rooms is None or not len(lost):
            return None
        offers: list[tuple[int, Found]] = []
        for node in self.rooms.node.tolist():
            problem = self.problem.only(lost).bound_for(np.full(len(lost), node))
            trees = reverse_trees(problem, control=control)
            reach = np.isfinite(trees.seconds[0][problem.source])
            trees = Trees(trees.destinations, trees.row[reach], trees.seconds, trees.toward)
            ways = safe_ways(problem.only(np.flatnonzero(reach)), self.roads, trees, control.unlogged())
            who = np.flatnonzero(ways.there)
            first, size, arcs = roads_only(ways.routes, self.roads.is_road)
            took = ways.routes.sums(self.problem.cost.free_flow)[ways.routes.of_trip]
            offers.append(
                (
                    node,
                    Found(
                        lost[reach][who], np.r_[0, np.cumsum(size[who])].astype(np.int64),
                        rows_at(first[who], size[who], arcs).astype(np.int32), LOST - took[who],
                    ),
                )
            )  # fmt: skip
        return self._taken(plan, offers, len(lost), np.random.default_rng(0))

    def _taken(
        self, plan: Rest, offers: list[tuple[int, Found]], count: int, draws: np.random.Generator
    ) -> Routes | None:
        """Return the plan with at most ``count`` trips on the best way offered to a shelter that has room for them."""
        trips = np.concatenate([each.trips for _, each in offers])
        gain = np.concatenate([each.gain for _, each in offers])
        goal = np.repeat([node for node, _ in offers], [len(each.trips) for _, each in offers])
        size = np.concatenate([np.diff(each.indptr) for _, each in offers])
        first = np.r_[0, np.cumsum(size)][:-1]
        arcs = np.concatenate([each.arcs for _, each in offers])
        left, people = self._left(plan.goal), self.rest_people
        chosen: dict[int, int] = {}
        bound = plan.goal.copy()
        for k in np.argsort(-gain, kind="stable").tolist():
            trip, node = int(trips[k]), int(goal[k])
            if trip in chosen or (node != bound[trip] and left.get(node, 0.0) < people[trip]):
                continue
            chosen[trip] = k
            if node != bound[trip]:  # who leaves makes room only once he is taken: below
                left[node] -= people[trip]
        rows = np.array(sorted(chosen.values()), dtype=np.int64)
        if not len(rows):
            return None
        rows = rows[np.sort(drawn(gain[rows], count, draws))]
        bound[trips[rows]] = goal[rows]
        changed = rerouted(
            plan.routes, trips[rows], np.r_[0, np.cumsum(size[rows])].astype(np.int64),
            rows_at(first[rows], size[rows], arcs),
        )  # fmt: skip
        return Bound(changed.indptr, changed.arcs, changed.of_trip, bound)

    @property
    def rest_people(self) -> np.ndarray:
        """People (a,) of the trips that go on."""
        return self.problem.people

    def fits(self, goal: np.ndarray) -> bool:
        """Return whether shelters have room where those that go on go to ``goal`` (a,); as many as come now fit."""
        now = self._left(self.problem.destination)
        return all(left >= min(now[node], 0.0) for node, left in self._left(goal).items())

    def _left(self, bound: np.ndarray) -> dict[int, float]:
        """Return the room that each shelter has left when everybody comes, those that go on to ``bound`` (a,)."""
        if self.rooms is None:
            return {}
        ahead = self.ahead
        goal = ahead.problem.destination.copy()
        goal[ahead.active] = bound
        comes = ahead.base.state.fate == 0
        used = np.bincount(goal[comes], ahead.problem.people[comes], ahead.problem.nodes)
        return dict(zip(self.rooms.node.tolist(), (self.rooms.room - used[self.rooms.node]).tolist()))

    def _places(self, goal: np.ndarray) -> Places | None:
        """Return what all trips must know of their places when those that go on go to ``goal`` (a,)."""
        places = self.ahead.base.places
        if places is None or self.rooms is None or not len(places.goal_reached):
            return places
        reached = places.goal_reached.copy()
        reached[self.ahead.active] = moments_of(self.problem.closings.goal_reached)[goal]
        return places._replace(goal_reached=reached)

    def _view(self, run: QueueRun, routes: Routes) -> QueueRun:
        """Return the run of the rest: from the exit of the road that each is on."""
        active, plan = self.ahead.active, run.plan
        first, hops, arcs = roads_only(routes, self.roads.is_road)
        size = np.where(hops > 0, hops + 1, 0)
        rest = Plan(
            self.departure, first.astype(np.int64), hops.astype(np.int64), np.ascontiguousarray(arcs),
            np.r_[0, np.cumsum(size)].astype(np.int64), size=plan.size[active] if len(plan.size) else plan.size,
        )  # fmt: skip
        return replace(
            run, plan=rest, moment=rows_at(plan.move[:-1][active] + self.ahead.hops, size, run.moment),
            order=run.order[:0], fate=run.fate[active], caught=run.caught[active],
        )  # fmt: skip
