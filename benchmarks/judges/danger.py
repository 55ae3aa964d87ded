"""Roads that close and a hazard that comes, for judges that know neither: when which piece is shut, whom it catches.

No judge has anybody stay where the hazard finds him, so in all of them he drives off: he is found by where he is at
that moment, and counts as caught whatever comes after.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evacuation_planner.plugin.solvers.routing.queue.bars import NEVER
from evacuation_planner.plugin.solvers.routing.queue.network import SECOND, QueueRoads


@dataclass(frozen=True)
class Danger:
    """When k pieces are shut, where the hazard comes to p parts of pieces, and to the t origins; seconds.

    Attributes
    ----------
    shut_arc : (k,) int64
    shut_since, shut_until : (k,) float64
        Nobody may enter from then until before then; infinite for good.
    part_arc : (p,) int64
    part_begin, part_end : (p,) float64
        Shares of the piece, in travel direction.
    part_since : (p,) float64
    start_reached : (t,) float64
    """

    shut_arc: np.ndarray
    shut_since: np.ndarray
    shut_until: np.ndarray
    part_arc: np.ndarray
    part_begin: np.ndarray
    part_end: np.ndarray
    part_since: np.ndarray
    start_reached: np.ndarray

    @classmethod
    def of(cls, roads: QueueRoads, start_reached: np.ndarray) -> Danger:
        """Return what the queue model is told, in seconds; ``start_reached`` (t,) s."""
        bars = roads.bars
        count = np.diff(bars.start)
        ends = np.where(bars.until == NEVER, np.inf, bars.until / SECOND)
        travel = np.maximum(roads.travel[bars.catch_arc], 1)
        whole = bars.catch_end == NEVER
        return cls(
            np.repeat(np.arange(len(count)), count), bars.since / SECOND, ends, bars.catch_arc.astype(np.int64),
            bars.catch_begin / travel, np.where(whole, 1.0, bars.catch_end / travel), bars.catch_time / SECOND,
            start_reached,
        )  # fmt: skip


@dataclass(frozen=True)
class Passages:
    """Who drove on which piece when: rows by vehicle and place on its way; seconds, ``left`` infinite for ever."""

    trip: np.ndarray
    arc: np.ndarray
    entered: np.ndarray
    left: np.ndarray


def caught_at(danger: Danger, passages: Passages, free_flow: np.ndarray, departure: np.ndarray) -> np.ndarray:
    """Return when the hazard finds each trip (t,) at its origin or on a road, infinite for who is never found.

    On a road he is where he would be at free flow, at its end until he leaves it.
    """
    trips = len(departure)
    first = np.full(trips, np.inf)
    np.minimum.at(first, passages.trip, passages.entered)
    found = np.where(danger.start_reached < first, danger.start_reached, np.inf)
    order = np.argsort(passages.arc, kind="stable")
    arc = passages.arc[order]
    for e, begin, end, since in zip(danger.part_arc, danger.part_begin, danger.part_end, danger.part_since):
        rows = order[np.searchsorted(arc, e) : np.searchsorted(arc, e, side="right")]
        entered, left = passages.entered[rows], passages.left[rows]
        until = left if end >= 1.0 else np.minimum(entered + end * free_flow[e], left)
        on = (entered + begin * free_flow[e] <= since) & (since < until)
        np.minimum.at(found, passages.trip[rows[on]], since)
    return found
