"""When roads close, and where the hazard is when (spec of time against the hazard, section 14).

A hazard that moves reaches *parts* of a road, cut at the borders of its areas; a closure bars parts for a while. Roads
are not cut for that: a part is a stretch of an arc between two shares of its length, so capacity, room and queue are
those of the whole road, and a plan that nothing closes is the same to the last bit.

Entered at t, a vehicle is on a part from t + the free-flow time to its beginning until t + that to its end, on the last
stretch of the road until its exit. A road may be entered only if each part is open when it is reached at free flow; the
moment of closing is closed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

ARRIVED, TOO_LATE, QUEUED, CUT_OFF, AT_DESTINATION = range(5)  # what becomes of a trip
REASONS = ("", "too late to leave", "queue", "way cut off", "destination reached")


class Closings(NamedTuple):
    """When parts of arcs may not be driven, and when the hazard reaches places; k parts, n nodes.

    Roads that are closed for good from the beginning are not among the arcs at all.

    Attributes
    ----------
    arc : (k,) int32
        The directed arc, ascending; a part that several closings bar has a row for each.
    begin, end : (k,) float64
        Where the part begins and ends: shares of the arc in the direction of travel, 0 <= begin <= end <= 1.
    since, until : (k,) float64
        Seconds from t = 0, closed from ``since`` (-inf: from the beginning) until before ``until`` (inf: for good).
    catches : (k,) bool
        Whether the hazard closes it, for good, and catches who is on it at ``since``.
    start_reached : (n,) float64
        When the hazard reaches the junction or road point; who starts there and has not left is caught. inf: never.
    goal_reached : (n,) float64
        When the hazard reaches the destination whose node it is; inf: never, or it is safe at any time.
    """

    arc: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    since: np.ndarray
    until: np.ndarray
    catches: np.ndarray
    start_reached: np.ndarray
    goal_reached: np.ndarray

    @classmethod
    def none(cls, nodes: int) -> Closings:
        """Return closings of nothing."""
        no = np.empty(0)
        never = np.full(nodes, np.inf)
        return cls(no.astype(np.int32), no, no, no, no, no.astype(bool), never, never)

    def __bool__(self) -> bool:
        """Whether anything ever closes or is reached."""
        return bool(len(self.arc) or (self.start_reached < np.inf).any() or (self.goal_reached < np.inf).any())

    def ever(self, closes: np.ndarray | None = None) -> Closings:
        """Return the rows of parts that close at all, only on arcs that can (``closes`` (m,) bool, by default all)."""
        real = (self.since < np.inf) & (self.until > self.since)
        if closes is not None:
            real &= closes[self.arc]
        arc, begin, end, since, until, catches = (column[real] for column in self[:6])
        return Closings(arc, begin, end, since, until, catches, self.start_reached, self.goal_reached)

    def first(self) -> float:
        """Return the first moment at which anything closes or is reached; infinite where nothing ever is."""
        moments = self.since, self.start_reached, self.goal_reached
        return min(float(each.min(initial=np.inf)) for each in moments)
