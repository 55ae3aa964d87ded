"""Moves of trips to the ways of least marginal cost through the whole network, by the adjoint of the exact run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...control import Control
from ...graph.stars import ReverseStar
from ..shared.descent import drawn
from ..shared.problem import RoutingProblem
from ..shared.routes import Routes, rerouted
from ..shared.trees import Trees
from .judge import Judge, Planned
from .marginal import fill_to_go, find_ways, grid_of, price_ways
from .network import SECOND, QueueRoads

GRID_STEP, MOST_MOMENTS = 300 * SECOND, 64  # of the cost to go
TABLES = 1_000_000_000  # bytes that tables of the cost to go may take at once
LEAST_GAIN = 0.002  # of the marginal cost of its way, for a trip to move
BLOCK = 2_000_000  # roads of ways that are found at once


class Found(NamedTuple):
    """New ways of some trips.

    Attributes
    ----------
    trips : (k,) int64
    indptr : (k + 1,) int64, arcs : (h,) int32
        Their ways, without connectors.
    gain : (k,) float64
        Vehicle-microseconds that the move of this one trip saves, by the adjoint.
    """

    trips: np.ndarray
    indptr: np.ndarray
    arcs: np.ndarray
    gain: np.ndarray


class FreeMoves(Judge):
    """Moves to any way through the network."""

    def __init__(self, problem: RoutingProblem, roads: QueueRoads, trees: Trees, stuck_seconds: float) -> None:
        super().__init__(problem, roads, stuck_seconds)
        self.trees = trees
        self.star, self.reverse = problem.star(), ReverseStar(problem.nodes, problem.tail, problem.head)
        self.goals = trees.destinations
        self.tables: dict[int, np.ndarray] = {}
        self.step = GRID_STEP
        self.turn = 0

    @property
    def rounds(self) -> int:
        """How often one has to look anew to have seen all destinations."""
        return len(self.goals) // max(len(self.tables), 1) + 1

    def renew(self, plan: Planned, control: Control) -> None:
        """Work out the cost to go to the next destinations, as many as memory allows."""
        until = int(plan.run.arrival().max(initial=0))
        self.step = max(GRID_STEP, -(-until // MOST_MOMENTS))
        moments = int(until // self.step) + 2
        grid = grid_of(self.roads, self.traffic, self.step, moments)
        each = 4 * moments * self.problem.nodes
        count = int(min(max(TABLES // each, 1), len(self.goals)))
        keys = np.empty(4 * self.problem.arcs + 4)
        items = np.empty(len(keys), dtype=np.int64)
        self.tables = {}
        for k in range(self.turn, self.turn + count):
            control.stop_if_cancelled()
            row = k % len(self.goals)
            table = np.empty((moments, self.problem.nodes), dtype=np.float32)
            table[-1] = self.trees.seconds[row] * SECOND
            star = self.reverse
            fill_to_go(self.roads, grid, star.indptr, star.arc, star.tail, int(self.goals[row]), table, keys, items)
            self.tables[row] = table
        self.turn = (self.turn + count) % len(self.goals)

    def found(self, planned: Planned, trips: np.ndarray, control: Control) -> Found:
        """Return better ways of those of ``trips`` that have one, with what it gains."""
        traffic = self.traffic
        own = np.empty(len(trips))
        price_ways(self.roads, traffic, planned.run.plan, trips, own)
        self.to_be_moved(planned, trips, own)
        row = self.trees.row[trips]
        sizes, gains, who, arcs = [], [], [], []
        seen = np.empty(self.problem.nodes, dtype=np.int64)
        for goal, table in self.tables.items():
            some = np.flatnonzero(row == goal)
            hops, cost, seen[:] = np.empty(len(some), dtype=np.int64), np.empty(len(some)), -1
            done = 0
            while done < len(some):
                control.stop_if_cancelled()
                way = np.empty(max(BLOCK, 2 * self.problem.nodes), dtype=np.int32)
                before = done
                done = find_ways(
                    self.roads, traffic, self.step, self.star, self.problem.head, table, trips[some],
                    self.problem.source, int(self.goals[goal]), self.departure, seen, done, way, hops, cost,
                )  # fmt: skip
                size = np.maximum(hops[before:done], 0)
                gain = np.where(hops[before:done] > 0, own[some[before:done]] - cost[before:done], 0.0)
                good = gain > LEAST_GAIN * own[some[before:done]]
                arcs.append(way[: size.sum()][np.repeat(good, size)])
                sizes.append(size[good])
                gains.append(gain[good])
                who.append(trips[some[before:done]][good])
        return Found(
            _joined(who, np.int64), np.r_[0, np.cumsum(_joined(sizes, np.int64))], _joined(arcs, np.int32),
            _joined(gains, np.float64),
        )  # fmt: skip

    def moved(
        self, plan: Planned, looking: np.ndarray, count: int, draws: np.random.Generator, control: Control
    ) -> Routes | None:
        """Return the plan with at most ``count`` of the trips ``looking`` moved to better ways."""
        found = self.found(plan, self.looking(plan, looking), control)
        if not len(found.trips):
            return None
        size = np.diff(found.indptr)
        take = np.zeros(len(size), dtype=bool)
        take[drawn(found.gain, count, draws)] = True
        moved = np.r_[0, np.cumsum(size[take])]
        return rerouted(plan.routes, found.trips[take], moved, found.arcs[np.repeat(take, size)])


def _joined(parts: list[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate(parts) if parts else np.empty(0, dtype=kind)
