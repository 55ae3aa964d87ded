"""Ways: what the routes of an origin's trips to a destination have in common, told to people as one.

A way begins with the first piece after the last one that ends inside the origin's area, at a point with the first. Ways
that are the same from at most :data:`SAME_AFTER` metres after their beginnings on are one; what they share, up to the
destination's door, is the *common part*. Of all groupings by common parts the one with the fewest is taken.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...kernels import compiled
from .problem import RoutingProblem
from .routes import Routes, rows_at

SAME_AFTER = 500.0  # m
NO_WAY = -1


class Legs(NamedTuple):
    """Routes by the origin from which they are driven, and where they may be cut.

    Attributes
    ----------
    route, pair : (l,) int64
        Route, and number of the pair of origin and destination, of each leg.
    of_trip : (t,) int64
        Leg of each trip.
    begin, latest : (l,) int64
        Places in the route: where the way begins, and the last one at which a common part may begin; -1 for a leg that
        drives no road.
    """

    route: np.ndarray
    pair: np.ndarray
    of_trip: np.ndarray
    begin: np.ndarray
    latest: np.ndarray


class Ways(NamedTuple):
    """The ways of a plan.

    Attributes
    ----------
    of_trip : (t,) int64
        Way of each trip, NO_WAY for one that drives no road.
    begin, cut : (t,) int64
        Places in the trip's route where its way, and where the common part begins; 0 without a way.
    pair : (w,) int64
        Number of the pair of origin and destination of each way, as in :func:`pairs_of`.
    indptr : (w + 1,) int64, arcs : (k,) int32
        The common parts.
    """

    of_trip: np.ndarray
    begin: np.ndarray
    cut: np.ndarray
    pair: np.ndarray
    indptr: np.ndarray
    arcs: np.ndarray

    def part(self, way: int) -> np.ndarray:
        """Return the arcs of the common part of a way."""
        return self.arcs[self.indptr[way] : self.indptr[way + 1]]


def pairs_of(problem: RoutingProblem) -> np.ndarray:
    """Return the number (t,) of each trip's pair of origin and destination."""
    key = problem.origin * np.int64(problem.nodes) + problem.destination
    return np.unique(key, return_inverse=True)[1].ravel().astype(np.int64)


def roads_among(problem: RoutingProblem) -> np.ndarray:
    """Return which arcs (m,) are roads and not connectors; all where no arc has a capacity."""
    real = np.isfinite(problem.capacity)
    return real if real.any() else np.ones(problem.arcs, dtype=bool)


def metres_of(problem: RoutingProblem) -> np.ndarray:
    """Return the lengths (m,) of arcs; infinite where none is known, so that a way begins with its first piece."""
    return problem.length if problem.length.any() else np.full(problem.arcs, np.inf)


def legs_of(problem: RoutingProblem, routes: Routes) -> Legs:
    """Return the routes by origin, with where they may be cut."""
    pair = pairs_of(problem)
    pairs = int(pair.max(initial=-1)) + 1
    key, first, of_trip = np.unique(
        routes.of_trip * np.int64(max(pairs, 1)) + pair, return_index=True, return_inverse=True
    )
    route, origin = routes.of_trip[first].astype(np.int64), problem.origin[first]
    begin, latest = np.empty((2, len(key)), dtype=np.int64)
    fill_cuts(
        routes.indptr, routes.arcs, route, origin, np.argsort(origin, kind="stable"), problem.head, metres_of(problem),
        roads_among(problem), problem.inside.start, problem.inside.node, np.zeros(problem.nodes, dtype=np.int64),
        begin, latest,
    )  # fmt: skip
    return Legs(route, pair[first], of_trip.ravel(), begin, latest)


def ways_of(problem: RoutingProblem, routes: Routes) -> Ways:
    """Return the ways of a plan, as few as its routes allow."""
    legs = legs_of(problem, routes)
    count = len(legs.route)
    left = routes.indptr[legs.route + 1] - routes.indptr[legs.route] - legs.latest
    order = np.lexsort((np.arange(count), -left, legs.pair))
    way, cut = np.full(count, NO_WAY, dtype=np.int64), np.zeros(count, dtype=np.int64)
    table = np.full(1 << int(2 * count + 2).bit_length(), -1, dtype=np.int64)
    longest = int((legs.latest - legs.begin).max(initial=0)) + 1
    leg_of_way, mark = np.empty((2, count), dtype=np.int64)
    found = match_ways(
        routes.indptr, routes.arcs, legs.route, legs.pair, order, legs.begin, legs.latest, table, mark, leg_of_way,
        np.empty(longest, dtype=np.int64), way, cut,
    )  # fmt: skip
    leader = leg_of_way[:found]
    first = routes.indptr[legs.route[leader]] + cut[leader]
    size = routes.indptr[legs.route[leader] + 1] - first
    trip = legs.of_trip
    return Ways(
        way[trip], np.maximum(legs.begin[trip], 0), cut[trip], legs.pair[leader], np.r_[0, np.cumsum(size)],
        rows_at(first, size, routes.arcs),
    )  # fmt: skip


@compiled
def fill_cuts(
    indptr, arcs, route, origin, order, head, length, real, inside_start, inside_node, mark, begin, latest
):  # fmt: skip
    """Fill where the way of each leg begins, and the last place at which its common part may begin.

    ``order`` (l,) has the legs of one origin together; ``mark`` (n,) zeros at first.
    """
    now = -1
    for leg in order:
        if origin[leg] != now:
            now = origin[leg]
            for j in range(inside_start[now], inside_start[now + 1]):
                mark[inside_node[j]] = now + 1
        first = indptr[route[leg]]
        last = indptr[route[leg] + 1] - 1
        while last >= first and not real[arcs[last]]:
            last -= 1
        begin[leg] = -1
        latest[leg] = -1
        if last < first:
            continue
        start = first
        for j in range(last, first - 1, -1):
            if mark[head[arcs[j]]] == now + 1:
                start = min(j + 1, last)
                break
        place = start
        metres = 0.0
        while place < last and metres + length[arcs[place]] <= SAME_AFTER:
            metres += length[arcs[place]]
            place += 1
        begin[leg] = start - first
        latest[leg] = place - first


@compiled
def match_ways(indptr, arcs, route, pair, order, begin, latest, table, mark, leader, hashes, way, cut):
    """Give every leg a way, the fewest ways that do; return how many.

    ``order`` (l,) has the legs of a pair together, those whose shortest possible common part has most arcs first: such
    a part serves all legs that can take it. ``table`` is a table of hashes, -1 at first, a power of two long; ``mark``
    and ``leader`` are filled with hash and first leg of each way.
    """
    count = 0
    mask = len(table) - 1
    for leg in order:
        if begin[leg] < 0:
            continue
        first = indptr[route[leg]]
        last = indptr[route[leg] + 1]
        value = pair[leg] + 1
        for j in range(last - 1, first + begin[leg] - 1, -1):
            value = (value * 1000003 + arcs[j] + 1) % 2305843009213
            if j - first <= latest[leg]:
                hashes[j - first - begin[leg]] = value
        for place in range(begin[leg], latest[leg] + 1):
            value = hashes[place - begin[leg]]
            slot = value & mask
            while table[slot] >= 0:
                number = table[slot]
                other = leader[number]
                start = indptr[route[other]] + cut[other]
                same = mark[number] == value and pair[other] == pair[leg]
                same = same and indptr[route[other] + 1] - start == last - first - place
                k = 0
                while same and k < last - first - place:
                    same = arcs[start + k] == arcs[first + place + k]
                    k += 1
                if same:
                    way[leg] = number
                    cut[leg] = place
                    break
                slot = (slot + 1) & mask
            if way[leg] >= 0:
                break
        if way[leg] < 0:
            value = hashes[latest[leg] - begin[leg]]
            slot = value & mask
            while table[slot] >= 0:
                slot = (slot + 1) & mask
            table[slot] = count
            mark[count] = value
            leader[count] = leg
            way[leg] = count
            cut[leg] = latest[leg]
            count += 1
    return count
