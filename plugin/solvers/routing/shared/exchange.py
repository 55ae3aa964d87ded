"""The end of a search on a small problem where something closes: all changes of one trip and of a few together.

Who is caught hangs on single vehicles in ways that marginal costs do not show: one that takes the long way round lets
another pass in time, though it would lose by it itself. Where trips and ways are few, all these changes are tried by
the exact evaluation until none of them is better.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, product
from typing import Generic, TypeVar

import numpy as np

from ...control import Control
from .descent import Judged, Judging, rank
from .problem import RoutingProblem
from .routes import Routes

MOST_ROUNDS = 12
MOST_PLANS = (1000, 4000, 20_000)  # by effort: plans that a round may try; there is no exchange where there are more

P = TypeVar("P", bound=Judged)
Way = tuple[int, ...]
Taken = tuple[int, ...]  # of each trip the number of its way


def simple_ways(problem: RoutingProblem, most: int) -> list[list[Way]] | None:
    """Return of each trip all ways that pass no node twice; None where they are more than ``most`` together."""
    if problem.trips > most:  # each has one at least
        return None
    star = problem.star()
    arcs = [star.arc[a:b].tolist() for a, b in zip(star.indptr[:-1].tolist(), star.indptr[1:].tolist())]
    head, known = problem.head.tolist(), {}
    found, count = [], 0
    for ends in zip(problem.source.tolist(), problem.destination.tolist()):
        if ends not in known:
            ways: list[Way] = []
            seek: list[tuple[int, Way, frozenset[int]]] = [(ends[0], (), frozenset(ends[:1]))]
            tried = 0
            while seek:
                node, way, seen = seek.pop()
                tried += 1
                if node == ends[1]:
                    ways.append(way)
                    continue
                if tried > 50 * most:
                    return None
                seek += [(head[arc], (*way, arc), seen | {head[arc]}) for arc in arcs[node] if head[arc] not in seen]
            known[ends] = ways
        count += len(known[ends])
        if count > most:
            return None
        found.append(known[ends])
    return found


class Exchange(Generic[P]):
    """Changes of one trip and of up to ``together`` at once among the routes that each may take.

    Trip t may take ``count[t]`` routes from number ``first[t]`` on, which are rows of ``indptr`` and ``arcs``. ``told``
    (m,) bool: the arcs by which routes are told apart, by default all.
    """

    def __init__(
        self,
        judge: Judging[P],
        routes: Routes,
        first: np.ndarray,
        count: np.ndarray,
        control: Control,
        told: np.ndarray | None = None,
        together: int = 2,
    ) -> None:
        self.judge, self.routes, self.control, self.told, self.together = judge, routes, control, told, together
        self.first, self.count = first, count.tolist()
        self.known: dict[Taken, tuple[float, float]] = {}

    @classmethod
    def among(
        cls,
        judge: Judging[P],
        ways: list[list[Way]],
        control: Control,
        told: np.ndarray | None = None,
        together: int = 2,
    ) -> Exchange[P]:
        """Return the changes among lists of ``ways`` (t,)."""
        flat = [way for own in ways for way in own]
        count = np.array([len(own) for own in ways], dtype=np.int64)
        first = np.r_[0, np.cumsum(count)][:-1]
        indptr = np.r_[0, np.cumsum([len(way) for way in flat])].astype(np.int64)
        arcs = np.array([arc for way in flat for arc in way], dtype=np.int32)
        return cls(judge, Routes(indptr, arcs, first.astype(np.int32)), first, count, control, told, together)

    @property
    def few(self) -> bool:
        """Whether a round tries no more plans than the effort allows."""
        return self._few(2)

    def _few(self, size: int) -> bool:
        """Whether changes of up to ``size`` trips at once are no more plans than the effort allows."""
        plans = [1] + [0] * size  # by how many trips change
        for count in self.count:
            plans = [plans[0]] + [plans[k] + plans[k - 1] * count for k in range(1, size + 1)]
        return sum(plans[1:]) <= self.control.effort.pick(*MOST_PLANS)

    def improved(self, plan: P) -> P:
        """Return the best plan that changes of one trip, or where none is better of more, lead to.

        ``plan`` itself where nothing is better, or it takes other ways.
        """
        taken = self._taken_in(plan.routes)
        for _ in range(MOST_ROUNDS):
            if taken is None:
                break
            sizes = (size for size in range(1, self.together + 1) if size < 3 or self._few(size))
            found = next(filter(None, (self._best(self._changes(taken, size), plan, taken) for size in sizes)), None)
            taken = None
            if found is not None:
                plan, taken = found
        return plan

    def _taken_in(self, routes: Routes) -> Taken | None:
        """Return which of its ways each trip takes; None where one takes none of them."""
        numbers = []
        for trip, (first, count) in enumerate(zip(self.first.tolist(), self.count)):
            way = self._driven(routes.of(trip))
            same = (k for k in range(count) if self._driven(self.routes.route(first + k)) == way)
            numbers.append(next(same, -1))
        return None if min(numbers, default=0) < 0 else tuple(numbers)

    def _driven(self, arcs: np.ndarray) -> list[int]:
        return (arcs if self.told is None else arcs[self.told[arcs]]).tolist()

    def _best(self, changes: Iterator[dict[int, int]], plan: P, taken: Taken) -> tuple[P, Taken] | None:
        """Return the plan after the best of the changes and the ways taken in it, None where none is better."""
        least, chosen = rank(plan), None
        for change in changes:
            trial = tuple(change.get(trip, way) for trip, way in enumerate(taken))
            if trial in self.known and self.known[trial] >= least:
                continue
            self.control.stop_if_cancelled()
            of_trip = (self.first + trial).astype(np.int32)
            found = self.judge.judged(Routes(self.routes.indptr, self.routes.arcs, of_trip), self.control)
            self.known[trial] = rank(found)
            if self.known[trial] < least:
                least, chosen = self.known[trial], (found, trial)
        return chosen

    def _changes(self, taken: Taken, size: int) -> Iterator[dict[int, int]]:
        """Yield the changes of ``size`` trips at once."""
        others = [[way for way in range(count) if way != own] for count, own in zip(self.count, taken)]
        for trips in combinations(range(len(taken)), size):
            for ways in product(*(others[trip] for trip in trips)):
                yield dict(zip(trips, ways))


def all_changes(
    problem: RoutingProblem, judge: Judging[P], control: Control, told: np.ndarray | None = None, together: int = 2
) -> Exchange[P] | None:
    """Return the changes of up to ``together`` trips among all ways of a problem; None where pairs are too many."""
    ways = simple_ways(problem, control.effort.pick(*MOST_PLANS))
    if ways is None:
        return None
    exchange = Exchange.among(judge, ways, control, told, together)
    return exchange if exchange.few else None


def exchanged(
    problem: RoutingProblem,
    judge: Judging[P],
    plans: Iterable[P],
    control: Control,
    told: np.ndarray | None = None,
    together: int = 2,
) -> list[P]:
    """Return ``plans`` as far as changes of up to ``together`` trips at once improve them.

    None where pairs are too many; where changes of more at once are, fewer change.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    exchange = all_changes(problem, judge, control, told, together)
    return [] if exchange is None else [exchange.improved(plan) for plan in plans]
