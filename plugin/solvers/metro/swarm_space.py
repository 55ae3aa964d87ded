"""The swarm's search space: what coordinates stand for, what a position's fitness is, and the repair step (ours)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .problem import MetroProblem


@dataclass(frozen=True)
class Rows:
    """Sums over groups of coordinates: one row for each group, coordinate ``order[start[r]]`` the first of row r."""

    order: np.ndarray
    start: np.ndarray

    @classmethod
    def of(cls, *keys: np.ndarray) -> Rows:
        """Group the coordinates by equal keys, each of shape (v,); rows rise with the keys, the first one leading."""
        order = np.lexsort(keys[::-1])
        changes = np.zeros(len(order), dtype=bool)
        changes[:1] = True
        for key in keys:
            changes[1:] |= np.diff(key[order]) != 0
        return cls(order, np.flatnonzero(changes))

    @property
    def first(self) -> np.ndarray:
        """One coordinate of each row."""
        return self.order[self.start]

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Return the sums of ``values``, shape (n, v), by row, shape (n, rows)."""
        return np.add.reduceat(values[:, self.order], self.start, axis=1)


@dataclass(frozen=True)
class SwarmSpace:
    """Coordinates v, each the units of type k from rescue point i to incident j.

    Attributes
    ----------
    problem : MetroProblem
    station, incident, resource : ndarray of int, shape (v,)
    upper : ndarray, shape (v,)
        Largest position: the stock, or x_max where that is less and enough.
    cost : ndarray, shape (v,)
        Combined unit cost.
    ceiling : float
        Above the fitness of every position; added to a violation, it puts every infeasible particle behind every
        feasible one, which is Deb's first rule.
    demands, stocks : Rows
        Coordinates grouped by (j, k) and by (i, k).
    wanted, stock : ndarray, shape (rows,)
        Demand and inventory of those rows.
    timely : ndarray of float, shape (v,)
        1 where the way is within the limit.
    must_be_on_time : ndarray of bool, shape (rows,)
        Demands that need a unit on time.
    out_of_reach : float
        Units demanded to which no coordinate leads.
    widened : tuple of str
        Types for which x_max was too small to meet the demand and gave way.
    """

    problem: MetroProblem
    station: np.ndarray
    incident: np.ndarray
    resource: np.ndarray
    upper: np.ndarray
    cost: np.ndarray
    ceiling: float
    demands: Rows
    stocks: Rows
    wanted: np.ndarray
    stock: np.ndarray
    timely: np.ndarray
    must_be_on_time: np.ndarray
    out_of_reach: float
    widened: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return len(self.station)

    @classmethod
    def of(cls, problem: MetroProblem, x_max: float, on_time: np.ndarray | None = None) -> SwarmSpace:
        """Build the space of a problem: a coordinate for every way from a stock to a demand within reach.

        ``on_time``, shape (j, k), says which demands need a unit on time; by default those that can have one.
        """
        exists = problem.reachable[:, :, None] & (problem.inventory > 0)[:, None, :] & (problem.demand > 0)[None, :, :]
        i, j, k = np.nonzero(exists)
        demands, stocks = Rows.of(j, k), Rows.of(i, k)
        row_j, row_k = j[demands.first], k[demands.first]
        wanted = problem.demand[row_j, row_k].astype(float)
        stock = problem.inventory[i, k].astype(float)
        upper = np.minimum(stock, np.floor(x_max))
        short = np.unique(row_k[demands.sum(upper[None])[0] < wanted]) if len(i) else row_k
        upper = np.where(np.isin(k, short), stock, upper)
        timely = problem.on_time[i, j].astype(float)
        must = demands.sum(timely[None])[0] > 0 if len(i) else np.zeros(0, dtype=bool)
        if on_time is not None:
            must = must & on_time[row_j, row_k]
        cost = problem.combined_cost[i, j, k]
        return cls(
            problem, i, j, k, upper, cost, float(upper @ cost) + 1.0, demands, stocks, wanted,
            problem.inventory[i[stocks.first], k[stocks.first]].astype(float), timely, must,
            float(problem.demand.sum() - wanted.sum()), tuple(problem.resources[r] for r in short),
        )  # fmt: skip

    def value(self, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return fitness and constraint violation of positions, shape (n, v) to (n,) each.

        The violation is the sum of missing units, units beyond the stock, and 1 for each demanded type of which no
        unit arrives on time.
        """
        whole = np.rint(position)
        missing = np.maximum(self.wanted - self.demands.sum(whole), 0.0).sum(axis=1)
        beyond = np.maximum(self.stocks.sum(whole) - self.stock, 0.0).sum(axis=1)
        late = ((self.demands.sum(whole * self.timely) < 1.0) & self.must_be_on_time).sum(axis=1)
        return whole @ self.cost, missing + beyond + late + self.out_of_reach

    def units(self, position: np.ndarray) -> np.ndarray:
        """Return a position, shape (v,), as whole units, shape (i, j, k)."""
        problem = self.problem
        shape = (len(problem.stations), len(problem.incidents), len(problem.resources))
        units = np.zeros(shape, dtype=np.int64)
        units[self.station, self.incident, self.resource] = np.rint(position).astype(np.int64)
        return units


class Repair:
    """Mends positions of a swarm; [M] has no such step.

    For one incident after the other, and each type: units beyond the stock still there are dropped; surplus is
    trimmed from the dearest rescue point on; what is missing is filled up from the cheapest on; and where nothing is
    on time, the cheapest rescue point within the limit takes over one unit of the dearest one used. All particles and
    types go at once.

    Parameters
    ----------
    problem : MetroProblem
    space : SwarmSpace
        The coordinates to mend.
    """

    def __init__(self, problem: MetroProblem, space: SwarmSpace) -> None:
        stations, incidents, types = len(problem.stations), len(problem.incidents), len(problem.resources)
        self.demand = problem.demand.astype(float)
        self.inventory = problem.inventory.astype(float).ravel()
        upper = np.zeros((stations, incidents, types))
        upper[space.station, space.incident, space.resource] = space.upper
        # Slot s of type k at incident j is the rescue point at rank s in order of cost, unreachable ones last.
        order = np.argsort(problem.combined_cost, axis=0, kind="stable")
        slot = np.empty_like(order)
        np.put_along_axis(slot, order, np.arange(stations)[:, None, None] * np.ones_like(order), axis=0)
        self.slots = (stations, types)
        self.upper = [np.take_along_axis(upper, order, axis=0)[:, j].ravel() for j in range(incidents)]
        self.stock = [(order[:, j] * types + np.arange(types)).ravel() for j in range(incidents)]
        self.timely = [problem.on_time[order[:, j], j] for j in range(incidents)]
        self.coordinates = [np.flatnonzero(space.incident == j) for j in range(incidents)]
        self.columns = [
            slot[space.station[v], j, space.resource[v]] * types + space.resource[v]
            for j, v in enumerate(self.coordinates)
        ]

    def __call__(self, position: np.ndarray) -> np.ndarray:
        """Return mended whole-unit positions, shape (n, v)."""
        mended = np.rint(position)
        left = np.broadcast_to(self.inventory, (len(position), len(self.inventory))).copy()
        for j, (coordinates, columns) in enumerate(zip(self.coordinates, self.columns)):
            room = np.minimum(left[:, self.stock[j]], self.upper[j])
            sent = np.zeros_like(room)
            sent[:, columns] = mended[:, coordinates]
            sent = self._mend(np.minimum(sent, room), room, j)
            left[:, self.stock[j]] -= sent
            mended[:, coordinates] = sent[:, columns]
        return mended

    def _mend(self, sent: np.ndarray, room: np.ndarray, j: int) -> np.ndarray:
        """Mend one incident; ``sent`` and ``room`` have the shape (n, slots times types)."""
        sent, room = sent.reshape(-1, *self.slots), room.reshape(-1, *self.slots)
        demand = self.demand[j]
        before = np.cumsum(sent, axis=1) - sent
        sent = np.minimum(sent, np.maximum(demand - before, 0.0))
        free = room - sent
        missing = (demand - sent.sum(axis=1))[:, None, :]
        before = np.cumsum(free, axis=1) - free
        sent += np.minimum(free, np.maximum(missing - before, 0.0))
        self._one_on_time(sent, room, self.timely[j])
        return sent.reshape(len(sent), -1)

    @staticmethod
    def _one_on_time(sent: np.ndarray, room: np.ndarray, timely: np.ndarray) -> None:
        """Move one unit to a rescue point on time where none is; arrays (n, slots, types), ``timely`` without n."""
        used = sent > 0
        wanting = used.any(axis=1) & ~(used & timely).any(axis=1)
        if not wanting.any():
            return
        able = timely & (room > sent)
        particle, resource = np.nonzero(wanting & able.any(axis=1))
        dearest = sent.shape[1] - 1 - np.argmax(used[:, ::-1], axis=1)
        cheapest = np.argmax(able, axis=1)
        sent[particle, dearest[particle, resource], resource] -= 1.0
        sent[particle, cheapest[particle, resource], resource] += 1.0
