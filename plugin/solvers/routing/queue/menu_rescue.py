"""Fewer people caught with at most so many ways a pair of origin and destination: ways for those who stay.

Where the ways of a pair bring some of its trips in time and the others not, the way by which few go makes room for the
one by which most of those who stay would arrive in the traffic of the rest; who went by it stays first. Then as many as
can come back on the ways that there are, and the exact evaluation says whether fewer people are caught.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from ...control import Control
from ..shared.descent import rank
from ..shared.menu import MenuRoutes, Wanted
from ..shared.routes import Routes
from ..shared.ways import NO_WAY, ways_of
from .adjoint import traffic_of
from .judge import Planned
from .menu_moves import MenuMoves
from .rescue import rescued
from .ways_in_time import EarliestWays, MenuWays

OTHERS = (12, 60, 250)  # by effort: other ways that are tried
TRIES = 8  # plans by which a way is judged
TURNS = 3  # times that ways of a pair are tried in vain


class OtherWays:
    """Changes of the ways on a menu."""

    def __init__(self, moves: MenuMoves, control: Control) -> None:
        self.moves, self.maker, self.control = moves, moves.maker, control
        self.anywhere = EarliestWays(moves.problem, moves.roads, moves.free.trees)
        self.on_menu = MenuWays(moves.roads, moves.departure)

    def improved(self, plan: Planned) -> Planned:
        """Return the best plan found by other ways, one after the other, from one with a menu.

        Raises
        ------
        Cancelled
            When the user stops.
        """
        plan = rescued(self.moves, plan, self.on_menu, self.control)
        people, in_vain = self.moves.problem.people, np.zeros(len(self.maker.pairs), dtype=np.int64)
        for _ in range(self.control.effort.pick(*OTHERS)):
            lost = np.flatnonzero(~plan.run.arrived)
            waits = np.bincount(self.maker.pair[lost], weights=people[lost], minlength=len(in_vain)) / (1.0 + in_vain)
            waits[in_vain >= TURNS] = 0.0
            pair = int(np.argmax(waits))
            if not waits[pair] or self.control.effort.passed():
                break
            start = self.with_another(plan, pair, int(in_vain[pair]))
            trial = plan if start is None else rescued(self.moves, start, self.on_menu, self.control, TRIES)
            if rank(trial) < rank(plan):
                plan = trial
                in_vain[:] = 0
            else:
                in_vain[pair] += 1
        return rescued(self.moves, plan, self.on_menu, self.control)

    def with_another(self, plan: Planned, pair: int, turn: int) -> Planned | None:
        """Return the plan with the way that most of those of a ``pair`` who stay would take, in the place of the
        one that ``turn`` others are used less than; None where they find none.
        """
        menu = cast(MenuRoutes, plan.routes)
        parts = [part for part, other in zip(menu.parts, menu.pair.tolist()) if other == pair]
        load = menu.load()[menu.pair == pair]
        if len(parts) >= self.maker.most:
            dropped = np.argsort(load, kind="stable")[turn % len(parts)]
            parts.pop(int(dropped))
            plan = self.judged(plan, menu, {**menu.wanted(len(self.maker.pairs)), pair: parts})
        lost = np.flatnonzero(~plan.run.arrived & (self.maker.pair == pair))
        traffic = traffic_of(self.moves.roads, plan.run)
        who = self.anywhere.look(plan.routes, traffic, lost, self.control)
        part = self.most_wanted(who)
        known = {each.tobytes() for each in parts}
        if part is None or part.tobytes() in known or not self.maker.serve_all(pair, [*parts, part]):
            return None
        menu = cast(MenuRoutes, plan.routes)
        return self.judged(plan, menu, {**menu.wanted(len(self.maker.pairs)), pair: [*parts, part]})

    def most_wanted(self, who: np.ndarray) -> np.ndarray | None:
        """Return the common part of the ways just found that most people take, None where there is no way."""
        if not len(who):
            return None
        few, each = self.moves.problem.only(who), np.arange(len(who), dtype=np.int32)
        ways = ways_of(few, Routes(np.r_[0, np.cumsum(self.anywhere.size)], self.anywhere.arcs, each))
        mine = ways.of_trip != NO_WAY
        if not mine.any():
            return None
        return ways.part(int(np.argmax(np.bincount(ways.of_trip[mine], weights=few.people[mine]))))

    def judged(self, plan: Planned, before: MenuRoutes, wanted: Wanted) -> Planned:
        """Return a plan with other ways, by which everybody goes who has his still; the others stay."""
        menu = self.maker.menu(wanted, before)
        of_trip, there = menu.going_on(before)
        stays = ~plan.run.arrived | (~there & (before.way[before.of_trip] != NO_WAY))
        return self.moves.judged(menu.taking(of_trip).staying(np.flatnonzero(stays)), self.control)
