"""When every vehicle is where: what every evaluation of routes hands back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .routes import rows_at
from .timetable import Timetable


@dataclass(frozen=True)
class Schedule:
    """When every vehicle is where.

    Attributes
    ----------
    indptr : (t+1,) int64
        Offsets of the trips into ``arc`` and ``entry``.
    arc : (k,) int32
        Arcs in travel order.
    entry : (k,) float64
        Seconds at which the arc is entered; it is left when the next one is entered or at the arrival.
    arrival : (t,) float64
        Seconds at which the destination is reached; the departure for a trip without arcs.
    table : Timetable, optional
        The entries and exits of every arc, when they were recorded.
    order : (k,) int32, optional
        The hops (positions in ``arc``) in the order in which they ended, when it was recorded.
    """

    indptr: np.ndarray
    arc: np.ndarray
    entry: np.ndarray
    arrival: np.ndarray
    table: Timetable | None = None
    order: np.ndarray | None = None

    def unrecorded(self) -> Schedule:
        """Return the same without what was recorded."""
        return Schedule(self.indptr, self.arc, self.entry, self.arrival)

    def only(self, trips: np.ndarray) -> Schedule:
        """Return the same of some ``trips`` (k,), in this order, without what was recorded."""
        size = np.diff(self.indptr)[trips]
        arc, entry = (rows_at(self.indptr[:-1][trips], size, values) for values in (self.arc, self.entry))
        return Schedule(np.r_[0, np.cumsum(size)].astype(np.int64), arc, entry, self.arrival[trips])

    def exits(self) -> np.ndarray:
        """Return the seconds (k,) at which each arc is left."""
        leave = np.empty_like(self.entry)
        leave[:-1] = self.entry[1:]
        used = self.indptr[1:] > self.indptr[:-1]
        leave[self.indptr[1:][used] - 1] = self.arrival[used]
        return leave

    def last(self) -> float:
        """Return the last moment at which anybody enters a road or arrives; 0 of nobody."""
        return max((float(moments.max()) for moments in (self.entry, self.arrival) if len(moments)), default=0.0)
