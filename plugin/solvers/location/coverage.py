"""How many people a set of sites can shelter: exact maximum flow from zones to sites, in whole units."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_flow

from ..control import Control
from ..errors import SolverError
from ..rounding import common_denominator, whole_below

FINEST_UNIT = 1000
LARGEST_DENOMINATOR = 12_000  # of room / (1 + reserve), where the reserve has up to two decimals of a percent
LARGEST_TOTAL = 2**30


class Coverage:
    """Answers, for any set of sites, how many people it shelters; zones with the same sites in reach are one group.

    Flows may split a person, because room is ``Q / (1 + reserve)``. Counting in the largest part of a person of which
    every room is a whole number (a sixth under a reserve of 20 %; a thousandth where there is no such part) makes the
    answer exact in integers, free of a solver's tolerance.

    Attributes
    ----------
    units : int
        Units a person.
    total : int
        People to shelter, in units.
    members : ndarray of int, shape (z,)
        Group of each zone.
    group_people : ndarray of int64, shape (g,)
        People of each group, in units.
    reach : ndarray of bool, shape (g, s)
    room : ndarray of int64, shape (s,)
        Room of each site in units, cut to the people in its reach.
    """

    def __init__(self, people: np.ndarray, reach: np.ndarray, room: np.ndarray) -> None:
        people = np.asarray(people, dtype=np.int64)
        room = np.asarray(room, dtype=float)
        total = int(people.sum())
        if total > LARGEST_TOTAL:
            raise SolverError(f"{total} people are more than can be planned for at once ({LARGEST_TOTAL}).")
        finest = max(1, LARGEST_TOTAL // max(total, 1))
        self.units = common_denominator(room, min(finest, LARGEST_DENOMINATOR)) or min(FINEST_UNIT, finest)
        self.total = total * self.units
        patterns, members = np.unique(reach, axis=0, return_inverse=True)
        self.members = members.ravel()
        self.reach = patterns.astype(bool)
        self.group_people = np.bincount(self.members, weights=people, minlength=len(patterns)).astype(np.int64)
        self.group_people *= self.units
        in_reach = self.reach.T @ self.group_people
        self.room = np.minimum(whole_below(room * self.units), in_reach).astype(np.int64)
        self._graph = self._network()

    def _network(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        groups, sites = self.reach.shape
        group, site = np.nonzero(self.reach)
        sink = 1 + groups + sites
        tail = np.concatenate([np.zeros(groups, dtype=int), 1 + group, 1 + groups + np.arange(sites)])
        head = np.concatenate([1 + np.arange(groups), 1 + groups + site, np.full(sites, sink)])
        flow = np.concatenate([self.group_people, np.minimum(self.group_people[group], self.room[site]), self.room])
        return tail, head, flow, sink

    def sheltered(self, chosen: np.ndarray) -> int:
        """Return the most units that the sites where ``chosen`` (bool, shape (s,)) can take in."""
        if not np.any(chosen) or self.total == 0:
            return 0
        tail, head, flow, sink = self._graph
        flow = flow.copy()
        flow[-len(chosen) :][~np.asarray(chosen, dtype=bool)] = 0
        open_arcs = flow > 0
        graph = csr_matrix(
            (flow[open_arcs].astype(np.int32), (tail[open_arcs], head[open_arcs])), shape=(sink + 1, sink + 1)
        )
        return int(maximum_flow(graph, 0, sink).flow_value)

    def without(self, chosen: np.ndarray, order: np.ndarray, target: int, control: Control) -> np.ndarray:
        """Return ``chosen``, (s,) bool, less each site of ``order``, one after the other, that ``target`` does without.

        Whole blocks are tried first: where all of a block can go, each of them can in turn.
        """
        chosen = chosen.copy()
        blocks = [order[chosen[order]]]
        while blocks:
            block = blocks.pop()
            if not len(block):
                continue
            control.stop_if_cancelled()
            chosen[block] = False
            if self.room[chosen].sum() >= target and self.sheltered(chosen) >= target:
                continue
            chosen[block] = True
            if len(block) > 1:
                half = len(block) // 2
                blocks += [block[half:], block[:half]]
        return chosen

    def people(self, units: int) -> float:
        """Return an amount in units as people."""
        return units / self.units
