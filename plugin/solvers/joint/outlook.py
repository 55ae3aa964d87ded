"""What the marginal costs of a plan say: what it costs to go to destinations, what ways cost, and which cost least."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..control import Control
from ..graph.stars import ReverseStar
from ..routing.queue.adjoint import Traffic, traffic_of
from ..routing.queue.events import Plan
from ..routing.queue.marginal import Grid, grid_of
from ..routing.queue.network import SECOND, QueueRoads
from ..routing.queue.simulation import QueueRun
from .aims import Aim
from .fields import fill_field, fill_whole, price_trips, walk
from .judge import Planned
from .problem import JointProblem

GRID_STEP, MOST_MOMENTS = 300 * SECOND, 64  # of the cost to go
LEAST_GAIN = 0.002  # of what a trip costs, for it to move
BLOCK = 2_000_000  # roads of ways that are found at once


class Field(NamedTuple):
    """Cost to go to the cheapest of some destinations.

    Attributes
    ----------
    tables : tuple of (g, n) float32
        One for each view.
    offset : (d,) float64
        What it costs a vehicle of mean weight to go to each destination, infinite where it is none of them.
    """

    tables: tuple[np.ndarray, ...]
    offset: np.ndarray


ToPay = Callable[[np.ndarray, np.ndarray], np.ndarray]  # of trips (k,) at destinations (k,)


class Outlook:
    """Costs to go from everywhere to some destinations at moments a step apart, and ways that follow them.

    Parameters
    ----------
    problem : JointProblem
        Of the placed vehicles alone.
    departure : (t,) int64
        When each vehicle leaves, microseconds.

    Attributes
    ----------
    views : tuple of Traffic
        The marginal costs of the plan looked at; each leaves out some queues.
    step : int
        Between the moments, microseconds.
    """

    def __init__(self, problem: JointProblem, roads: QueueRoads, aim: Aim, departure: np.ndarray) -> None:
        network = problem.network
        self.problem, self.roads, self.aim, self.departure = problem, roads, aim, departure
        self.star, self.reverse = network.star(), ReverseStar(network.nodes, network.tail, network.head)
        self.goal = np.full(network.nodes, -1, dtype=np.int32)
        self.goal[problem.node] = np.arange(problem.destinations)
        self.views: tuple[Traffic, ...] = ()
        self.grids: list[Grid] = []
        self.step, self.moments = GRID_STEP, 2
        self.terminal = np.zeros(2)

    def at(self, run: QueueRun, worth: np.ndarray) -> None:
        """Take the marginal costs of a ``run``; ``worth`` is what a delay of each of its moves costs."""
        merged, first = (traffic_of(self.roads, run, worth, merged) for merged in (True, False))
        whole = np.empty(len(first.value))
        fill_whole(self.roads, first, whole)
        self.views = merged, first, first._replace(value=whole)

    def look(self, plan: Planned) -> None:
        """Work out the marginal costs of each view at moments a step apart, until all of ``plan`` have arrived."""
        until = int(plan.run.arrival().max(initial=0))
        self.step = max(GRID_STEP, -(-until // MOST_MOMENTS))
        self.moments = int(until // self.step) + 2
        self.terminal = self.aim.terminal(self.step, self.moments)
        self.grids = [grid_of(self.roads, view, self.step, self.moments) for view in self.views]

    def field(self, offset: np.ndarray) -> Field:
        """Return the cost to go to the cheapest of the destinations with a finite ``offset`` (d,)."""
        problem, star = self.problem, self.reverse
        some = np.flatnonzero(np.isfinite(offset))
        tables = []
        keys = np.empty(4 * problem.network.arcs + 4 + len(some))
        items = np.empty(len(keys), dtype=np.int64)
        for grid in self.grids:
            table = np.empty((self.moments, problem.network.nodes), dtype=np.float32)
            fill_field(
                self.roads, grid, self.aim.rate, star.indptr, star.arc, star.tail, problem.node[some].astype(np.int64),
                offset[some], self.terminal, table, keys, items,
            )  # fmt: skip
            tables.append(table)
        return Field(tuple(tables), offset)

    def cost_at(self, field: Field, trips: np.ndarray) -> np.ndarray:
        """Return the cost to go (k,) of ``trips`` from their starts at their departures, at mean weight."""
        return self.cost_from(field, self.problem.network.source[trips], self.departure[trips])

    def cost_from(self, field: Field, node: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Return the cost to go (k,) from each ``node`` at each ``time``, microseconds, at mean weight."""
        g = np.minimum(time // self.step, len(self.terminal) - 2)
        share = np.minimum((time - g * self.step) / self.step, 1.0)
        cost = np.zeros(len(node))
        for table in field.tables:  # each view leaves out some queues
            here, then = table[g, node].astype(np.float64), table[g + 1, node].astype(np.float64)
            with np.errstate(invalid="ignore"):
                value = here + share * (then - here)
            cost = np.maximum(cost, np.where(np.isfinite(value), value, np.inf))
        return cost

    def priced(self, plan: Plan, trips: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Return what the ways of ``trips`` (k,) in ``plan`` cost everybody, by the dearer of the two views."""
        cost = np.empty(len(trips))
        price_trips(
            self.roads,
            self.views[:2],
            self.views[2],
            self.step,
            self.aim.rate,
            self.terminal,
            plan,
            trips,
            weight,
            cost,
        )
        return cost

    def walked(
        self, field: Field, view: int, trips: np.ndarray, now: np.ndarray, to_pay: ToPay, control: Control
    ) -> tuple[np.ndarray, ...]:
        """Return trips, ends, present costs, numbers of roads and roads of those who find a better way in a view.

        ``now`` (k,) is what the trips cost where they go now, ``to_pay`` what they pay at a destination besides.
        """
        count, network = len(trips), self.problem.network
        hops, end = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int32)
        own, others = np.zeros((2, count))
        seen = np.full(network.nodes, -1, dtype=np.int64)
        found: list[tuple[np.ndarray, ...]] = []
        done = 0
        while done < count:
            control.stop_if_cancelled()
            way, before = np.empty(max(BLOCK, 2 * network.nodes), dtype=np.int32), done
            done = walk(
                self.roads, self.views[view], self.step, self.aim.rate, self.terminal, self.star, network.head,
                field.tables[view], trips, network.source, self.goal, field.offset, self.departure, self.aim.weight,
                seen, done, way, hops, end, own, others,
            )  # fmt: skip
            rows = slice(before, done)
            size = np.maximum(hops[rows], 0)
            there = hops[rows] >= 0
            some = trips[rows]
            at = np.where(there, end[rows], 0)
            cost = np.where(there, own[rows] + others[rows] + to_pay(some, at), np.inf)
            present = now[rows]
            least = np.where(np.isfinite(present), LEAST_GAIN * np.abs(present), 0.0)
            good = there & (cost < present - least)
            found.append(
                (some[good], end[rows][good], now[rows][good], size[good], way[: size.sum()][np.repeat(good, size)])
            )
        if not found:
            none = np.empty(0, dtype=np.int64)
            return none, none.astype(np.int32), np.empty(0), none, none.astype(np.int32)
        return joined(found)


def joined(parts: list[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
    """Return the columns of several tables as one table."""
    return tuple(np.concatenate(column) for column in zip(*parts))
