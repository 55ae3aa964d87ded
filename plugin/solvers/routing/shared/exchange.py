"""The end of a search on a small problem where something closes: all changes of one trip and of two together.

Who is caught hangs on single vehicles in ways that marginal costs do not show: one that takes the long way round lets
another pass in time, though it would lose by it itself. Where trips and ways are few, all these changes are tried by
the exact evaluation until none of them is better.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Callable, Generic, TypeVar

import numpy as np

from .descent import Judged, rank
from .problem import RoutingProblem
from .routes import Routes

MOST_ROUNDS = 12

P = TypeVar("P", bound=Judged)
Way = tuple[int, ...]


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
    """Changes of one and of two trips among the ``ways`` (t,) that each may take, as ``judged`` evaluates them."""

    def __init__(self, judged: Callable[[Routes], P], ways: list[list[Way]]) -> None:
        self.judged = judged
        self.number = [{way: k for k, way in enumerate(own)} for own in ways]
        self.known: dict[tuple[int, ...], P] = {}
        flat = [way for own in ways for way in own]
        self.count = [len(own) for own in ways]
        self.first = np.r_[0, np.cumsum(self.count)][:-1]
        self.indptr = np.r_[0, np.cumsum([len(way) for way in flat])].astype(np.int64)
        self.arcs = np.array([arc for way in flat for arc in way], dtype=np.int32)

    def plans(self) -> int:
        """Return the number of plans that a round tries at most."""
        alone = sum(self.count)
        return alone + (alone * alone - sum(count * count for count in self.count)) // 2

    def improved(self, plan: P) -> P:
        """Return the best plan that changes of one trip and of two lead to; ``plan`` if it takes other ways."""
        ways = [tuple(plan.routes.of(trip).tolist()) for trip in range(len(self.count))]
        if any(way not in own for way, own in zip(ways, self.number)):
            return plan
        taken: tuple[int, ...] | None = tuple(own[way] for way, own in zip(ways, self.number))
        for _ in range(MOST_ROUNDS):
            if taken is None:
                break
            plan = self._plan(taken)
            taken = self._best(self._singles(taken), taken) or self._best(self._pairs(taken), taken)
        return plan

    def _plan(self, taken: tuple[int, ...]) -> P:
        if taken not in self.known:
            self.known[taken] = self.judged(Routes(self.indptr, self.arcs, (self.first + taken).astype(np.int32)))
        return self.known[taken]

    def _best(self, changes: Iterator[dict[int, int]], taken: tuple[int, ...]) -> tuple[int, ...] | None:
        """Return the ways taken after the best of the changes, None where none is better."""
        least, chosen = rank(self._plan(taken)), None
        for change in changes:
            trial = tuple(change.get(trip, way) for trip, way in enumerate(taken))
            found = rank(self._plan(trial))
            if found < least:
                least, chosen = found, trial
        return chosen

    def _singles(self, taken: tuple[int, ...]) -> Iterator[dict[int, int]]:
        for trip, count in enumerate(self.count):
            yield from ({trip: way} for way in range(count) if way != taken[trip])

    def _pairs(self, taken: tuple[int, ...]) -> Iterator[dict[int, int]]:
        for one in range(len(taken)):
            for other in range(one):
                for a, b in product(range(self.count[one]), range(self.count[other])):
                    if a != taken[one] and b != taken[other]:
                        yield {one: a, other: b}
