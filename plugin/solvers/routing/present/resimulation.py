"""A schedule whose routes are changed one by one; what follows is exact, and takes as long as it affects vehicles."""

from __future__ import annotations

import numpy as np

from ...control import Control, Slices
from ..shared.problem import RoutingProblem
from ..shared.routes import rows_at
from ..shared.schedule import Schedule
from .resimulation_change import begin_change, follow_effects, forget, no_effects
from .resimulation_record import NO_ARC, record_of
from .resimulation_update import ENTRY_MOVED, EXIT_MOVED, drop_moved, first_ending, mark_moved, merge_hops, merge_order


class LiveSchedule:
    """Schedule of all trips of a problem.

    Attributes
    ----------
    record : Record
        Rows and lists. A trip's hops are the places ``record.start`` to ``record.end`` of its row.
    order : (k,) int32
        The hops in the order in which they end.
    followed : int
        Events handled by all evaluations so far: a measure of the work.
    """

    def __init__(self, problem: RoutingProblem, schedule: Schedule, control: Control | None = None) -> None:
        control = control or Control()
        self.problem, self.followed = problem, 0
        self._lay_out(schedule, control)

    def _lay_out(self, schedule: Schedule, control: Control | None = None) -> None:
        control = control or Control()
        spare = (len(schedule.arc) + self.problem.trips) // 4 + 2 * _longest(np.diff(schedule.indptr))
        self.record, self.order = record_of(self.problem, schedule, spare, control)
        places = len(self.record.arc)
        self._used, self._row = places - spare, (-1, places - spare, places - spare)
        self._effects = no_effects(self.problem.trips, self.problem.arcs, places)
        self._moved = np.zeros(places, dtype=np.uint8)

    def own_time(self, trip: int) -> float:
        """Return the travel time of a trip in seconds."""
        record = self.record
        return float(record.entry[record.end[trip]] - record.entry[record.start[trip]])

    def gain(self, hop: int, removed: int, new: np.ndarray, control: Control | None = None) -> float:
        """Return the vehicle-seconds that all save if ``new`` arcs take the place of ``removed`` ones from ``hop`` on.

        Parameters
        ----------
        hop : int
            Place of a hop in the row of a trip.
        new : (c,) int
            Arcs that lead from where the removed ones begin to where they end.

        Raises
        ------
        Cancelled
            When the user stops.
        """
        control = control or Control()
        record, effects, trip = self.record, self._effects, int(self.record.trip[hop])
        forget(effects)
        first, last = record.start[trip], record.end[trip]
        own = self._used + int(hop - first)
        end = own + len(new) + int(last - hop) - removed
        row = slice(self._used, end + 1)
        record.arc[row] = np.concatenate([record.arc[first:hop], new, record.arc[hop + removed : last + 1]])
        record.entry[self._used : own] = record.entry[first:hop]
        record.trip[row] = trip
        self._row = (trip, own, end)
        begin_change(record, effects, trip, hop, own)
        slices = Slices(20_000)
        while effects.counts[0] > 0:
            control.stop_if_cancelled()
            follow_effects(self.problem.cost, record, effects, trip, own, slices.next())
        self.followed += int(effects.counts[3])
        trips = effects.trips[: effects.counts[1]]
        ends = record.end[trips]
        return float((record.entry[ends] - effects.entry[np.where(trips == trip, end, ends)]).sum())

    def keep(self) -> tuple[np.ndarray, np.ndarray]:
        """Make the change whose gain was asked for last; return the arcs and the trips that it alters."""
        record, effects, moved = self.record, self._effects, self._moved
        trip, own, end = self._row
        trips = effects.trips[: effects.counts[1]].copy()
        hops = np.empty(int((record.end[trips] - record.start[trips]).sum()), dtype=np.int64)
        hops = hops[: mark_moved(record, effects, trip, moved, hops)]
        places = effects.places[: effects.counts[2]]
        record.entry[places] = effects.entry[places]
        arcs = self._arcs_of(hops, places)
        dropped = [self._per_arc(hops[moved[hops] & mark != 0]) for mark in (ENTRY_MOVED, EXIT_MOVED)]
        record.start[trip], record.end[trip] = self._used, end
        places = np.concatenate([np.arange(self._used, own, dtype=np.int32), places])
        begun, ended = places[record.arc[places] >= 0], places[places > record.start[record.trip[places]]] - 1
        order = np.empty(len(self.order) - int(dropped[1].sum()) + len(ended), dtype=np.int32)
        merge_order(record, self.order, moved, ended, order)
        self.order, size = order, record.table.size - dropped[0] + self._per_arc(begun)
        self._used = end + 1
        if (size > record.table.room).any() or len(record.arc) - end - 1 < _longest(record.end - record.start):
            self._lay_out(self.schedule())
            return arcs, trips
        self._update_lists(arcs, begun, ended, dropped)
        record.table.size[:] = size
        moved[hops] = 0
        forget(effects)
        return arcs, trips

    def _update_lists(self, arcs: np.ndarray, begun: np.ndarray, ended: np.ndarray, dropped: list[np.ndarray]) -> None:
        """Take moved hops out of the lists of ``arcs``, and those that have begun and ended in."""
        record, table = self.record, self.record.table
        drop_moved(record, self._moved, ENTRY_MOVED, record.entering, table.entries, arcs)
        drop_moved(record, self._moved, EXIT_MOVED, record.leaving, table.exits, arcs)
        for new, list_of, offset, values, gone in (
            (begun, record.entering, 0, table.entries, dropped[0]),
            (ended, record.leaving, 1, table.exits, dropped[1]),
        ):
            by_arc = new[np.argsort(record.arc[new], kind="stable")]
            merge_hops(record, by_arc, list_of, offset, values, table.size - gone)

    def _arcs_of(self, *places: np.ndarray) -> np.ndarray:
        arcs = np.unique(self.record.arc[np.concatenate(places)])
        return arcs[arcs != NO_ARC]

    def _per_arc(self, hops: np.ndarray) -> np.ndarray:
        return np.bincount(self.record.arc[hops], minlength=self.problem.arcs)

    def first_ending(self, moment: float) -> int:
        """Return the position in ``order`` of the first hop that ends at or after a ``moment``."""
        return int(first_ending(self.record, self.order, moment))

    def schedule(self) -> Schedule:
        """Return the schedule as it is now, recorded but for the timetable."""
        record, trips = self.record, self.problem.trips
        hops = record.end - record.start
        indptr = np.r_[0, np.cumsum(hops)].astype(np.int64)
        of = record.trip[self.order]
        return Schedule(
            indptr,
            rows_at(record.start, hops, record.arc),
            rows_at(record.start, hops, record.entry),
            record.entry[record.end],
            order=(self.order + (indptr[:trips] - record.start)[of]).astype(np.int32),
        )


def _longest(hops: np.ndarray) -> int:
    """Return the places that the longest row takes when an arc is added."""
    return int(hops.max(initial=0)) + 8
