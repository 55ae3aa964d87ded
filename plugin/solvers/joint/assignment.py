"""Whole groups among destinations with prices, room and queues that grow with the square of who comes."""

from __future__ import annotations

import numpy as np

from ..control import Control

MOST_WORK = 200_000_000  # changes that are looked at
MOST_PAIRED = 1500  # groups, beyond which none change places
LEAST_GAIN = 1e-6  # of what all pay, for a change


class Assignment:
    """Groups at destinations, made better by the best move of one or exchange of two at a time.

    Parameters
    ----------
    cost : (g, n) float64
        Vehicle-seconds of each group at each destination by the prices; infinite where it must not go.
    size, people : (g,) float64
        Vehicles and people of each group.
    at : (g,) int64
        Where each is; its cost there is finite.
    more : (n,) float64
        Vehicles at each destination beyond those at which the prices are right.
    left : (n,) float64
        Room for so many people more.
    headway : (n,) float64
        Seconds that a vehicle more keeps each later one waiting.

    Examples
    --------
    Two groups of ten vehicles at a door of one vehicle in 2 s, and one a little farther:

    >>> cost = np.array([[100.0, 130.0], [100.0, 120.0]])
    >>> groups = Assignment(cost, np.full(2, 10.0), np.full(2, 20.0), np.zeros(2, dtype=int), np.array([20.0, 0.0]),
    ...                     np.array([0.0, 30.0]), np.full(2, 2.0))
    >>> groups.improve(Control())
    >>> groups.at.tolist(), groups.value()
    ([0, 1], 420.0)
    """

    def __init__(
        self, cost: np.ndarray, size: np.ndarray, people: np.ndarray, at: np.ndarray, more: np.ndarray,
        left: np.ndarray, headway: np.ndarray,
    ) -> None:  # fmt: skip
        self.cost, self.size, self.people, self.at = cost, size, people, at.astype(np.int64)
        self.more, self.left, self.headway = more.astype(np.float64), left.astype(np.float64), headway

    def value(self) -> float:
        """Return what all pay, vehicle-seconds."""
        return float(self.cost[np.arange(len(self.at)), self.at].sum() + 0.5 * self.headway @ self.more**2)

    def improve(self, control: Control) -> None:
        """Take the best change as long as there is one that pays.

        Raises
        ------
        Cancelled
            When the user stops.
        """
        work, count = 0, len(self.at)
        while count and work < MOST_WORK:
            control.stop_if_cancelled()
            least = LEAST_GAIN * max(self.value(), 1.0)
            moves = self.by_moving()
            work += moves.size
            group, to = np.unravel_index(np.argmax(moves), moves.shape)
            if moves[group, to] > least:
                self._send(int(group), int(to))
                continue
            if count > MOST_PAIRED:
                return
            pairs = self.by_exchanging()
            work += pairs.size
            group, other = np.unravel_index(np.argmax(pairs), pairs.shape)
            if pairs[group, other] <= least:
                return
            here, there = int(self.at[group]), int(self.at[other])
            self._send(int(group), there)
            self._send(int(other), here)

    def by_moving(self) -> np.ndarray:
        """Return what is saved (g, n) if each group goes to each destination; -inf where it cannot."""
        now, size = self.at, self.size[:, None]
        rows = np.arange(len(now))
        grows = self.headway * size * (self.more + 0.5 * size)
        falls = self.headway[now] * self.size * (self.more[now] - 0.5 * self.size)
        saved = (self.cost[rows, now] + falls)[:, None] - self.cost - grows
        can = self.people[:, None] <= self.left
        can[rows, now] = False
        return np.where(can, saved, -np.inf)

    def by_exchanging(self) -> np.ndarray:
        """Return what is saved (g, g) if two groups change places; -inf where they cannot."""
        now, rows = self.at, np.arange(len(self.at))
        there, own = self.cost[:, now], self.cost[rows, now]
        come = self.size[:, None] - self.size  # at the second's place; as many leave the first's
        grows = come * (self.headway * self.more)[now] + 0.5 * self.headway[now] * come**2
        saved = own[:, None] + own - there - there.T - grows - grows.T
        more = self.people[:, None] - self.people
        fits = more <= self.left[now]
        return np.where(fits & fits.T & (now[:, None] != now), saved, -np.inf)

    def _send(self, group: int, to: int) -> None:
        for place, sign in ((int(self.at[group]), -1.0), (to, 1.0)):
            self.more[place] += sign * self.size[group]
            self.left[place] -= sign * self.people[group]
        self.at[group] = to
