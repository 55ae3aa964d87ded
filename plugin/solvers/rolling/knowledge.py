"""What is known of closings at a moment, and what the roads then look like to who plans."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..routing.queue.bars import SECOND, moments_of
from ..routing.queue.network import microseconds
from ..routing.shared.closings import Closings


class Knowledge(NamedTuple):
    """From when what closes and what the hazard reaches is known; k rows of the closings, n nodes, l levels.

    Attributes
    ----------
    row : (k,) float64
        From when each row of the closings is known, s from t = 0; -inf from the start.
    since : (l,) float64
        From when the moments below are what is known, ascending; the first -inf.
    start_reached, goal_reached : (l, n) float64
        As of :class:`.Closings`, as they are known; the last are the truth.
    """

    row: np.ndarray
    since: np.ndarray
    start_reached: np.ndarray
    goal_reached: np.ndarray

    @classmethod
    def of_closures(cls, truth: Closings, row: np.ndarray) -> Knowledge:
        """Return that the rows become known at ``row`` (k,) s, and places that the hazard reaches from the start."""
        return cls(row, np.array([-np.inf]), truth.start_reached[None], truth.goal_reached[None])

    def moments(self) -> np.ndarray:
        """Return when something becomes known, s after t = 0, ascending, each once."""
        found = np.unique(np.concatenate([self.row, self.since]))
        return found[(found > 0.0) & np.isfinite(found)]

    def news(self, after: float, until: float) -> bool:
        """Return whether anything becomes known after a moment and until another, s; -inf: since the start."""
        moments = self.moments()
        return bool(((moments > after) & (moments <= until)).any())

    def closings_at(self, truth: Closings, moment: int, travel: np.ndarray) -> Closings:
        """Return what who plans at ``moment`` (microseconds) reckons with; ``travel`` (m,) are the roads' times.

        What has acted before the moment acts as it did: the past is what it was. What is not known yet bars nobody from
        the moment on, but for a hazard that has come: where it is, it is seen.
        """
        known = (self.row <= moment / SECOND) | (truth.catches & (moments_of(truth.since) <= moment))
        ahead = np.rint(truth.begin * travel[truth.arc]).astype(np.int64)
        begun = moments_of(truth.since) - ahead < moment
        lasts = np.minimum(truth.until, (moment + ahead) / SECOND)
        kept = known | begun
        until, catches = np.where(known, truth.until, lasts), truth.catches & known
        columns = (truth.arc, truth.begin, truth.end, truth.since, until, catches)
        level = int(np.searchsorted(self.since, moment / SECOND, side="right")) - 1
        reached = (
            np.where(microseconds(np.where(real < np.inf, real, 0.0)) < moment, np.minimum(real, told), told)
            for real, told in (
                (truth.start_reached, self.start_reached[level]), (truth.goal_reached, self.goal_reached[level]),
            )
        )  # fmt: skip
        return Closings(*(column[kept] for column in columns), *reached)
