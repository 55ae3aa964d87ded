"""The repair step, ours: makes a particle keep to the stocks and meet the demand, cheapest rescue point first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .problem import MetroProblem

if TYPE_CHECKING:
    from .swarm_space import SwarmSpace


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
        # Slot s of type k at incident j is the rescue point at place s in order of cost, unreachable ones last.
        order = np.argsort(problem.combined_cost, axis=0, kind="stable")
        slot = np.empty_like(order)
        np.put_along_axis(slot, order, np.arange(stations)[:, None, None] * np.ones_like(order), axis=0)
        self.slots = (stations, types)
        self.upper = [np.take_along_axis(upper, order, axis=0)[:, j].ravel() for j in range(incidents)]
        self.stock = [(order[:, j] * types + np.arange(types)).ravel() for j in range(incidents)]
        self.timely = [problem.on_time[order[:, j], j] for j in range(incidents)]
        self.coordinates = [np.flatnonzero(space.incident == j) for j in range(incidents)]
        self.place = [
            slot[space.station[v], j, space.resource[v]] * types + space.resource[v]
            for j, v in enumerate(self.coordinates)
        ]

    def __call__(self, position: np.ndarray) -> np.ndarray:
        """Return mended whole-unit positions, shape (n, v)."""
        mended = np.rint(position)
        left = np.broadcast_to(self.inventory, (len(position), len(self.inventory))).copy()
        for j, (coordinates, place) in enumerate(zip(self.coordinates, self.place)):
            room = np.minimum(left[:, self.stock[j]], self.upper[j])
            sent = np.zeros_like(room)
            sent[:, place] = mended[:, coordinates]
            sent = self._mend(np.minimum(sent, room), room, j)
            left[:, self.stock[j]] -= sent
            mended[:, coordinates] = sent[:, place]
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
