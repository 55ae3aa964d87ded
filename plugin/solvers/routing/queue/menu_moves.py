"""Moves of trips among the ways of a menu, at most so many a pair of origin and destination.

Now and then ways of least marginal cost that many would gain by take the place of those that few use.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np

from ...control import Control
from ..shared.menu import MenuMaker, MenuRoutes
from ..shared.menu_moves import moved_on_menu
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes
from ..shared.trees import Trees
from ..shared.ways import NO_WAY, ways_of
from .free_moves import LEAST_GAIN, FreeMoves
from .judge import Judge, Planned
from .marginal import price_menu, price_ways
from .network import QueueRoads

EXCHANGE = 5  # every so manieth step exchanges ways
ASKED = 0.1  # of the trips look for ways that are not on the menu
EXCHANGED = 0.2  # of the pairs get another way in one step


class Offer(NamedTuple):
    """A way off the menu: its pair, common part, and the vehicle-microseconds that those asked would save."""

    pair: int
    part: np.ndarray
    gain: float


class MenuMoves(Judge):
    """Moves among the ways of a menu, and exchanges of ways."""

    rounds = EXCHANGE

    def __init__(
        self, problem: RoutingProblem, roads: QueueRoads, trees: Trees, maker: MenuMaker, stuck_seconds: float
    ) -> None:
        super().__init__(problem, roads, stuck_seconds)
        self.maker = maker
        self.free = FreeMoves(problem, roads, trees, stuck_seconds)
        self.turn = 0

    def renew(self, plan: Planned, control: Control) -> None:
        """Nothing: the menu's ways need no cost to go."""

    def moved(
        self, plan: Planned, looking: np.ndarray, count: int, draws: np.random.Generator, control: Control
    ) -> Routes | None:
        """Return the plan with ways exchanged, or with at most ``count`` of the trips ``looking`` on better ones."""
        menu = cast(MenuRoutes, plan.routes)
        self.turn += 1
        if self.turn % EXCHANGE == 0:
            return self.exchanged(plan, menu, draws, control)
        return moved_on_menu(self, plan, self.looking(plan, looking), count, draws)

    def best(self, plan: Planned, menu: MenuRoutes, trips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the route (k,) of the menu that costs all least, and what that saves; 0 where it is not worth it."""
        best, (cost, own) = menu.of_trip[trips].astype(np.int64), np.empty((2, len(trips)))
        price_ways(self.roads, self.traffic, plan.run.plan, trips, own)
        self.to_be_moved(plan, trips, own)
        price_menu(
            self.roads, self.traffic, menu.indptr, menu.arcs, menu.start, menu.stop, self.departure, trips, own, best,
            cost,
        )  # fmt: skip
        gain = np.where((own - cost > LEAST_GAIN * own) & (best != menu.of_trip[trips]), own - cost, 0.0)
        return best, gain

    def exchanged(
        self, plan: Planned, menu: MenuRoutes, draws: np.random.Generator, control: Control
    ) -> MenuRoutes | None:
        """Return the plan with the ways that are most wanted instead of those least used, None where none is wanted."""
        offers = self.offers(plan, menu, draws, control)
        if not offers:
            return None
        load = menu.load()
        wanted = menu.wanted(len(self.maker.pairs))
        numbers: dict[int, list[int]] = {pair: [] for pair in wanted}
        for way, pair in enumerate(menu.pair.tolist()):
            numbers[pair].append(way)
        for offer in offers:
            kept = sorted(numbers[offer.pair], key=lambda way: int(load[way]))
            if len(kept) >= self.maker.most:
                kept = kept[1:]
            parts = [menu.parts[way] for way in sorted(kept)] + [offer.part]
            if self.maker.serve_all(offer.pair, parts):
                wanted[offer.pair] = parts
        return self.carried(plan, menu, self.maker.menu(wanted, menu))

    def carried(self, plan: Planned, before: MenuRoutes, menu: MenuRoutes) -> MenuRoutes:
        """Return the new menu with everybody on the way he had, where it still is, else on the best one for all."""
        trips = np.arange(len(before.of_trip))
        best, cost = menu.start[menu.stop].copy(), np.full(len(trips), np.inf)
        price_menu(
            self.roads, self.traffic, menu.indptr, menu.arcs, menu.start, menu.stop, self.departure, trips, cost, best,
            np.empty(len(trips)),
        )  # fmt: skip
        of_trip, there = menu.going_on(before)
        carried = menu.taking(np.where(there, of_trip, best))
        stays = np.flatnonzero(~plan.run.arrived & (plan.run.plan.hops == 0))
        return carried.staying(stays) if len(stays) else carried

    def offers(self, plan: Planned, menu: MenuRoutes, draws: np.random.Generator, control: Control) -> list[Offer]:
        """Return the best way off the menu for each of the pairs that would gain most, the best first."""
        self.free.traffic = self.traffic
        self.free.renew(plan, control)
        looking = self.looking(plan, np.flatnonzero(draws.random(self.problem.trips) < ASKED))
        found = self.free.found(plan, looking, control)
        if not len(found.trips):
            return []
        _, known = self.best(plan, menu, found.trips)
        more = np.maximum(found.gain - known, 0.0)
        each = np.arange(len(found.trips), dtype=np.int32)
        ways = ways_of(self.problem.only(found.trips), Routes(found.indptr, found.arcs, each))
        mine = ways.of_trip != NO_WAY
        gain = np.bincount(ways.of_trip[mine], weights=more[mine], minlength=len(ways.pair))
        first = np.zeros(len(ways.pair), dtype=np.int64)
        first[ways.of_trip[mine][::-1]] = found.trips[mine][::-1]
        best: dict[int, Offer] = {}
        on_menu = menu.numbers()
        for way in np.argsort(-gain, kind="stable").tolist():
            pair, part = int(self.maker.pair[first[way]]), ways.part(way)
            if gain[way] > 0 and pair not in best and (pair, part.tobytes()) not in on_menu:
                best[pair] = Offer(pair, part, float(gain[way]))
        return list(best.values())[: max(1, int(EXCHANGED * len(self.maker.pairs)))]
