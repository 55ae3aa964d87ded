"""The end of the search of *system optimal* on a small problem where something closes: changes by one or two trips.

Who is caught hangs on single vehicles in ways that marginal costs do not show: one that takes the long way round lets
another pass in time, though it would lose by it itself. Where trips and ways are few, all changes of one trip and of
two together are tried by the exact run until none of them is better.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import cast

import numpy as np

from ...control import Control
from ..shared.descent import rank
from ..shared.menu import MenuRoutes
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes
from .judge import Judge, Planned

MOST_PLANS = (1000, 4000, 20_000)  # by effort: plans that a round may try; there is no exchange where there are more
MOST_ROUNDS = 12


def matters(judge: Judge, plan: Planned) -> bool:
    """Return whether anything closes, or the hazard comes anywhere, before everybody has arrived."""
    bars, places = judge.roads.bars, judge.places
    if plan.caught:
        return True
    moments = [bars.since, bars.catch_time, *([] if places is None else [places.start_reached])]
    first = min((int(each.min()) for each in moments if len(each)), default=None)
    return first is not None and first < plan.run.until()


def offsets(sizes: list[int] | np.ndarray) -> np.ndarray:
    """Return the offsets of rows of these ``sizes``."""
    return np.r_[0, np.cumsum(sizes)].astype(np.int64)


def simple_ways(problem: RoutingProblem, most: int) -> list[list[list[int]]] | None:
    """Return of each trip all ways that pass no node twice; None where they are more than ``most`` together."""
    star = problem.star()
    arcs = [star.arc[a:b].tolist() for a, b in zip(star.indptr[:-1].tolist(), star.indptr[1:].tolist())]
    head, known = problem.head.tolist(), {}
    found, count = [], 0
    for ends in zip(problem.source.tolist(), problem.destination.tolist()):
        if ends not in known:
            ways: list[list[int]] = []
            seek: list[tuple[int, list[int], frozenset[int]]] = [(ends[0], [], frozenset(ends[:1]))]
            tried = 0
            while seek:
                node, way, seen = seek.pop()
                tried += 1
                if node == ends[1]:
                    ways.append(way)
                    continue
                if tried > 50 * most:
                    return None
                seek += [(head[arc], [*way, arc], seen | {head[arc]}) for arc in arcs[node] if head[arc] not in seen]
            known[ends] = ways
        count += len(known[ends])
        if count > most:
            return None
        found.append(known[ends])
    return found


class Exchange:
    """Changes of one and of two trips among the routes that each may take.

    Trip t may take ``count[t]`` routes from number ``first[t]`` on, which are rows of ``indptr`` and ``arcs``.
    """

    def __init__(
        self, judge: Judge, indptr: np.ndarray, arcs: np.ndarray, first: np.ndarray, count: np.ndarray, control: Control
    ) -> None:
        self.judge, self.control = judge, control
        self.indptr, self.arcs, self.first, self.count = indptr, arcs, first, count.tolist()
        self.known: dict[tuple[int, ...], tuple[float, float]] = {}

    @classmethod
    def among(cls, judge: Judge, ways: list[list[list[int]]], control: Control) -> Exchange:
        """Return the changes among lists of ``ways`` (t,)."""
        flat = [way for own in ways for way in own]
        count = np.array([len(own) for own in ways], dtype=np.int64)
        arcs = np.array([arc for way in flat for arc in way], dtype=np.int32)
        return cls(judge, offsets([len(way) for way in flat]), arcs, offsets(count)[:-1], count, control)

    def plans(self) -> int:
        """Return the number of plans that a round tries at most."""
        alone = sum(self.count)
        return alone + (alone * alone - sum(count * count for count in self.count)) // 2

    def routes(self, taken: list[int]) -> Routes:
        return Routes(self.indptr, self.arcs, (self.first + taken).astype(np.int32))

    def taken_in(self, routes: Routes) -> list[int] | None:
        """Return which of its ways each trip takes; None where one takes another, or none of them."""
        numbers = []
        for trip in range(len(self.count)):
            own = self.judge.roads.is_road[routes.of(trip)]
            way = routes.of(trip)[own].tolist()
            same = [k for k in range(self.count[trip]) if self._driven(int(self.first[trip]) + k) == way]
            if not same:
                return None
            numbers.append(same[0])
        return numbers

    def _driven(self, route: int) -> list[int]:
        arcs = self.arcs[self.indptr[route] : self.indptr[route + 1]]
        return arcs[self.judge.roads.is_road[arcs]].tolist()

    def improved(self, plan: Planned) -> Planned:
        """Return the best plan that changes of one trip and of two lead to."""
        taken = self.taken_in(plan.routes)
        if taken is None:
            return plan
        for _ in range(MOST_ROUNDS):
            better = self._step(plan, taken)
            if better is None:
                break
            plan, taken = better
        return plan

    def _step(self, plan: Planned, taken: list[int]) -> tuple[Planned, list[int]] | None:
        """Return the best change of one trip; where there is none, the best of two; None for none."""
        trips = range(len(taken))
        singles = ({trip: way} for trip in trips for way in range(self.count[trip]) if way != taken[trip])
        pairs = (
            {one: a, other: b}
            for one in trips for other in range(one)
            for a, b in product(range(self.count[one]), range(self.count[other]))
            if a != taken[one] and b != taken[other]
        )  # fmt: skip
        for changes in (singles, pairs):
            least, chosen = rank(plan), taken
            for change in changes:
                trial = [change.get(trip, way) for trip, way in enumerate(taken)]
                found = self.worth(trial)
                if found < least:
                    least, chosen = found, trial
            if chosen is not taken:
                return self.judge.judged(self.routes(chosen), self.control), chosen
        return None

    def worth(self, taken: list[int]) -> tuple[float, float]:
        """Return by what the plan is compared in which everybody takes the way ``taken`` (t,)."""
        key = tuple(taken)
        if key not in self.known:
            self.control.stop_if_cancelled()
            self.known[key] = rank(self.judge.judged(self.routes(taken), self.control))
        return self.known[key]


def exchanged(judge: Judge, plan: Planned, starts: list[Routes], control: Control) -> list[Planned]:
    """Return ``plan`` and ``starts`` as far as changes of one or two trips improve them, or ``plan`` where those are
    too many, or nothing closes before it is over.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    most = control.effort.pick(*MOST_PLANS)
    ways = simple_ways(judge.problem, most) if matters(judge, plan) else None
    if ways is None:
        return [plan]
    exchange = Exchange.among(judge, ways, control)
    if exchange.plans() > most:
        return [plan]
    return [exchange.improved(each) for each in [plan, *(judge.judged(routes, control) for routes in starts)]]


def exchanged_on_menu(judge: Judge, plan: Planned, control: Control) -> Planned:
    """Return a plan of a menu as far as changes of one or two trips on the menu improve it; as it is where those are
    too many, or nothing closes before it is over.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    if not matters(judge, plan):
        return plan
    menu = cast(MenuRoutes, plan.routes)
    first = menu.start[menu.stop]
    exchange = Exchange(judge, menu.indptr, menu.arcs, first, menu.start[menu.stop + 1] - first, control)
    if exchange.plans() > control.effort.pick(*MOST_PLANS):
        return plan
    found = exchange.improved(plan)
    return replace(found, routes=menu.taking(found.routes.of_trip))
