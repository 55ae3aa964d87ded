"""Times of all hops put together by arc and sorted, looking often at whether the user wants to stop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...control import Control

SLICE = 500  # arcs between two looks


@dataclass(frozen=True)
class ByArc:
    """Hops grouped by arc.

    Attributes
    ----------
    order : (h,) int64
        The hops, those of one arc together.
    arc : (k,) int64
        The arcs that have a hop, ascending.
    bounds : (k+1,) int64
        Offsets of each arc's hops in ``order``.
    """

    order: np.ndarray
    arc: np.ndarray
    bounds: np.ndarray

    @property
    def count(self) -> np.ndarray:
        """Number of hops (k,) of each arc."""
        return np.diff(self.bounds)

    def sorted(self, seconds: np.ndarray, control: Control | None = None) -> np.ndarray:
        """Return ``seconds`` (h,) of the hops grouped by arc, ascending within each arc.

        Raises
        ------
        Cancelled
            When the user stops.
        """
        control = control or Control()
        out = seconds[self.order]
        for k, (first, last) in enumerate(zip(self.bounds[:-1].tolist(), self.bounds[1:].tolist())):
            if k % SLICE == 0:
                control.stop_if_cancelled()
            out[first:last].sort()
        return out


def by_arc(arc: np.ndarray, control: Control | None = None) -> ByArc:
    """Return the hops over ``arc`` (h,) grouped by it."""
    control = control or Control()
    control.stop_if_cancelled()
    count = np.bincount(arc)
    used = np.flatnonzero(count)
    return ByArc(np.argsort(arc, kind="stable"), used, np.r_[0, np.cumsum(count[used])].astype(np.int64))
