"""A plan of few ways: a menu of common parts for each pair of origin and destination, and who takes which.

From the ways of some plan those with most load and least overlap are taken, at most so many a pair, and from every
junction of the origin the approach to each of them. A start that reaches none of them gets its own way, in the place of
another one where all starts are still served, else besides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ...control import Control
from .approach import Approaches
from .problem import RoutingProblem
from .routes import Routes
from .ways import NO_WAY, Ways, pairs_of, ways_of

MOST_CANDIDATES = 30  # ways of a pair that are looked at, those with most load


Part = np.ndarray
Wanted = dict[int, list[Part]]  # common parts by pair


@dataclass(frozen=True)
class MenuRoutes(Routes):
    """Routes of which every trip can take those from its start by the ways of its pair.

    Attributes
    ----------
    way : (r,) int64
        Way of each route, NO_WAY for one that drives no road.
    start : (s + 1,) int64
        Routes from each stop, a start and destination with trips: ``start[s]`` to ``start[s + 1]``.
    stop : (t,) int64
        Stop of each trip.
    parts : tuple of (k,) int32
        Common part of each way.
    pair : (w,) int64
        Pair of each way.
    """

    way: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    parts: tuple[np.ndarray, ...]
    pair: np.ndarray

    def taking(self, of_trip: np.ndarray) -> MenuRoutes:
        """Return the same menu with other routes taken."""
        return replace(self, of_trip=of_trip.astype(np.int32))

    def staying(self, trips: np.ndarray) -> MenuRoutes:
        """Return the same menu with ``trips`` (k,) on a route without arcs, which no stop offers."""
        of_trip = self.of_trip.copy()
        if self.count > self.start[-1]:  # there is one already
            of_trip[trips] = self.count - 1
            return self.taking(of_trip)
        of_trip[trips] = self.count
        indptr, way = np.r_[self.indptr, self.indptr[-1]], np.r_[self.way, NO_WAY]
        return replace(self, indptr=indptr, way=way, of_trip=of_trip)

    def wanted(self, pairs: int) -> Wanted:
        """Return the common parts of the ways by pair."""
        wanted: Wanted = {pair: [] for pair in range(pairs)}
        for part, pair in zip(self.parts, self.pair.tolist()):
            wanted[pair].append(part)
        return wanted

    def going_on(self, before: MenuRoutes) -> tuple[np.ndarray, np.ndarray]:
        """Return of each trip (t,) its route here by the way that it takes ``before``, and whether there is one."""
        still = self.numbers()
        now = np.array([*(still.get(key, NO_WAY) for key in before.keys()), NO_WAY])  # noqa: SIM118 (a method)
        wish, first = now[before.way[before.of_trip]], self.start[self.stop]
        of_trip = first.copy()
        there = np.zeros(len(wish), dtype=bool)
        for k in range(int(np.diff(self.start).max(initial=0))):
            same = (first + k < self.start[self.stop + 1]) & (wish != NO_WAY)
            same[same] = self.way[first[same] + k] == wish[same]
            of_trip[same] = first[same] + k
            there |= same
        return of_trip, there

    def load(self) -> np.ndarray:
        """Return the trips (w,) on each way."""
        way = self.way[self.of_trip]
        return np.bincount(way[way != NO_WAY], minlength=len(self.parts))

    def keys(self) -> list[tuple[int, bytes]]:
        """Return what tells each way from all others: its pair, and its common part in bytes."""
        return [(pair, part.tobytes()) for pair, part in zip(self.pair.tolist(), self.parts)]

    def numbers(self) -> dict[tuple[int, bytes], int]:
        """Return the number of each way by its key."""
        return {key: number for number, key in enumerate(self.keys())}


class Pair(NamedTuple):
    """A pair of origin and destination: its stops, where they are, and a trip of it."""

    origin: int
    stops: np.ndarray
    node: np.ndarray


class MenuMaker:
    """Makes menus for the trips of one problem; approaches are found once."""

    def __init__(self, problem: RoutingProblem, most: int) -> None:
        self.problem, self.most = problem, most
        self.pair = pairs_of(problem)
        key = self.pair * np.int64(problem.nodes) + problem.source
        _, first, stop = np.unique(key, return_index=True, return_inverse=True)
        self.stop, self.pair_of_stop, node = stop.ravel(), self.pair[first], problem.source[first]
        bounds = np.searchsorted(self.pair_of_stop, np.arange(int(self.pair.max(initial=-1)) + 2))
        self.pairs = [
            Pair(int(problem.origin[first[a]]), np.arange(a, b), node[a:b])
            for a, b in zip(bounds[:-1].tolist(), bounds[1:].tolist())
        ]
        self.order = np.argsort(self.stop, kind="stable")
        self.trips_from = np.r_[0, np.cumsum(np.bincount(self.stop, minlength=len(first)))]
        self._approaches = Approaches(problem)
        self._found: dict[tuple[int, bytes], list[np.ndarray | None]] = {}

    def approach(self, pair: int, part: Part) -> list[np.ndarray | None]:
        """Return the route by a way from each stop of its pair, None from where the way cannot be taken."""
        key = pair, part.tobytes()
        if key not in self._found:
            of_pair = self.pairs[pair]
            before = self._approaches.to(part, of_pair.origin, of_pair.node)
            self._found[key] = [None if arcs is None else np.concatenate([arcs, part]) for arcs in before]
        return self._found[key]

    def limited(self, routes: Routes, control: Control) -> MenuRoutes:
        """Return the plan of few ways that is nearest to ``routes``: trips stay on ways that are kept."""
        ways = ways_of(self.problem, routes)
        load = np.bincount(ways.of_trip[ways.of_trip != NO_WAY], minlength=len(ways.pair))
        by_pair = np.argsort(ways.pair, kind="stable")
        bounds = np.searchsorted(ways.pair[by_pair], np.arange(len(self.pairs) + 1))
        wanted: Wanted = {}
        for pair in range(len(self.pairs)):
            control.stop_if_cancelled()
            few = by_pair[bounds[pair] : bounds[pair + 1]]
            kept = self._kept(pair, ways, few[np.argsort(-load[few], kind="stable")], load, routes)
            wanted[pair] = [ways.part(k) for k in kept]
        return self.dealt(self.menu(wanted, routes), ways, load)

    def _kept(self, pair: int, ways: Ways, few: np.ndarray, load: np.ndarray, routes: Routes) -> list[int]:
        """Return the ways (of ``few``, most load first) that a pair keeps."""
        kept = _apart(ways, few[:MOST_CANDIDATES], load, self.problem.length, self.most)
        while True:
            served = [[arcs is not None for arcs in self.approach(pair, ways.part(k))] for k in kept]
            lost = self.pairs[pair].stops[~np.any(served, axis=0)] if kept else self.pairs[pair].stops
            own = self._own_ways(lost, ways)
            own = own[~np.isin(own, kept)]
            if not len(own):
                break
            kept.append(int(own[np.argmax(load[own])]))
        for k in sorted(kept, key=lambda k: int(load[k])):
            others = [j for j in kept if j != k]
            if len(kept) > self.most and self.serve_all(pair, [ways.part(j) for j in others]):
                kept = others
        return kept

    def serve_all(self, pair: int, parts: list[Part]) -> bool:
        served = np.zeros(len(self.pairs[pair].stops), dtype=bool)
        for part in parts:
            served |= np.array([arcs is not None for arcs in self.approach(pair, part)])
        return bool(served.all())

    def _own_ways(self, stops: np.ndarray, ways: Ways) -> np.ndarray:
        """Return the ways that the trips from ``stops`` take in a plan."""
        if not len(stops):
            return np.empty(0, dtype=np.int64)
        own = np.unique(np.concatenate([ways.of_trip[self.trips_of(stop)] for stop in stops.tolist()]))
        return own[own != NO_WAY]

    def trips_of(self, stop: int) -> np.ndarray:
        """Return the trips from a stop, in their order."""
        return self.order[self.trips_from[stop] : self.trips_from[stop + 1]]

    def menu(self, wanted: Wanted, routes: Routes) -> MenuRoutes:
        """Return the menu of the common parts ``wanted``; stops that no approach serves keep a route of ``routes``.

        Everybody takes the first route.
        """
        parts: list[Part] = []
        pair_of_way: list[int] = []
        rows: list[list[tuple[int, np.ndarray]]] = [[] for _ in self.pair_of_stop]
        for pair, some in sorted(wanted.items()):
            for part in some:
                for stop, arcs in zip(self.pairs[pair].stops.tolist(), self.approach(pair, part)):
                    if arcs is not None:
                        rows[stop].append((len(parts), arcs))
                parts.append(part)
                pair_of_way.append(pair)
        number = {(pair, part.tobytes()): k for k, (pair, part) in enumerate(zip(pair_of_way, parts))}
        for stop, row in enumerate(rows):
            if not row:
                row.append(self._as_it_is(stop, routes, number))
        size = [len(row) for row in rows]
        flat = [each for row in rows for each in row]
        hops = [len(arcs) for _, arcs in flat]
        start = np.r_[0, np.cumsum(size)].astype(np.int64)
        return MenuRoutes(
            np.r_[0, np.cumsum(hops)].astype(np.int64),
            np.concatenate([arcs for _, arcs in flat]).astype(np.int32) if flat else np.empty(0, dtype=np.int32),
            start[self.stop].astype(np.int32),
            np.array([way for way, _ in flat], dtype=np.int64), start, self.stop, tuple(parts),
            np.array(pair_of_way, dtype=np.int64),
        )  # fmt: skip

    def _as_it_is(self, stop: int, routes: Routes, number: dict[tuple[int, bytes], int]) -> tuple[int, np.ndarray]:
        """Return the way, if it is one of the menu, and the route that most trips of a stop take."""
        taken, count = np.unique(routes.of_trip[self.trips_of(stop)], return_counts=True)
        count = np.where(np.diff(routes.indptr)[taken] > 0, count, 0)  # rather than to stay
        arcs, pair = routes.route(int(taken[np.argmax(count)])), int(self.pair_of_stop[stop])
        ends = (arcs[k:].tobytes() for k in range(len(arcs)))
        return next((number[pair, end] for end in ends if (pair, end) in number), NO_WAY), arcs

    def kept(self, routes: Routes, control: Control) -> MenuRoutes:
        """Return the same as :meth:`limited`, but who would have to take another way than in ``routes`` stays."""
        menu, ways = self.limited(routes, control), ways_of(self.problem, routes)
        same = self._same(menu, ways)[ways.of_trip]
        return menu.staying(np.flatnonzero((same < 0) | (same != menu.way[menu.of_trip])))

    def _same(self, menu: MenuRoutes, ways: Ways) -> np.ndarray:
        """Return which way of the menu each way of a plan is, -2 for none; the last for NO_WAY."""
        place = menu.numbers()
        own = [place.get((pair, ways.part(k).tobytes()), -2) for k, pair in enumerate(ways.pair.tolist())]
        return np.array([*own, -2], dtype=np.int64)

    def dealt(self, menu: MenuRoutes, ways: Ways, load: np.ndarray) -> MenuRoutes:
        """Return the menu with every trip on its own way of a plan, where that is in it, else dealt by ``load``."""
        same = self._same(menu, ways)
        share, given = np.ones(len(menu.parts)), np.zeros(len(menu.parts))
        share[same[:-1][same[:-1] >= 0]] += load[same[:-1] >= 0]
        wish, of_trip = same[ways.of_trip], menu.of_trip.copy()
        for trip in range(self.problem.trips):
            first, last = menu.start[self.stop[trip]], menu.start[self.stop[trip] + 1]
            if last - first == 1:
                continue
            choices = menu.way[first:last]
            at = np.flatnonzero(choices == wish[trip])
            take = int(at[0]) if len(at) else int(np.argmin((given[choices] + 1.0) / share[choices]))
            given[choices[take]] += 1.0
            of_trip[trip] = first + take
        return menu.taking(of_trip)


def _apart(ways: Ways, few: np.ndarray, load: np.ndarray, length: np.ndarray, most: int) -> list[int]:
    """Return at most so many of the ways ``few``: those with most load and least overlap with the ones before."""
    left = few.tolist()
    if len(left) <= most:
        return left
    kept: list[int] = []
    taken = np.empty(0, dtype=np.int32)
    while left and len(kept) < most:
        worth = []
        for k in left:
            part = ways.part(k)
            metres = length[part]
            new = metres[~np.isin(part, taken)].sum() / metres.sum() if metres.sum() > 0 else 1.0
            worth.append(load[k] * new)
        best = left.pop(int(np.argmax(worth)))
        kept.append(best)
        taken = np.concatenate([taken, ways.part(best)])
    return kept
