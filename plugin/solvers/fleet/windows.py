"""Windows of time in which the same arcs are open, so that who leaves and arrives within one meets nothing closed.

A window is as long as it can be: any longer one would have another closed arc. Windows overlap: while a road is closed
from 10:00 to 11:00, one window ends at 10:00, one begins at 11:00, and one without that road lasts for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .arrays import MILLISECONDS, NEVER

WITHIN = (0.0, *np.geomspace(10.0, 7200.0, 30).tolist(), np.inf)  # s


class ArcsClosed(NamedTuple):
    """Arcs (k,) that are closed for a while or for good.

    Attributes
    ----------
    arc : (k,) int64
    since, until : (k,) float64
        Seconds from t = 0, from ``since`` (-inf: always) until before ``until`` (inf: for good).
    known : (k,) float64
        From when that is known; -inf from the start.
    """

    arc: np.ndarray
    since: np.ndarray
    until: np.ndarray
    known: np.ndarray

    @classmethod
    def none(cls) -> ArcsClosed:
        """Return no arcs."""
        return cls(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0), np.empty(0))

    def only(self, chosen: np.ndarray) -> ArcsClosed:
        """Return the ``chosen`` ones, a mask or numbers."""
        return ArcsClosed(*(column[chosen] for column in self))

    def lengthened(self, within: float) -> ArcsClosed:
        """Return them closed at fewer moments, never for a shorter time: no road is open here that is closed in truth.

        Moments at which roads close are put together with the first of those less than ``within`` seconds apart, and
        moments at which they open with the last. What is known before a road closes is known before it does so here.

        Examples
        --------
        >>> three = ArcsClosed(np.arange(3), np.array([0.0, 50.0, 70.0]), np.array([90.0, 100.0, np.inf]), np.zeros(3))
        >>> three.lengthened(60.0).since.tolist(), three.lengthened(60.0).until.tolist()
        ([0.0, 0.0, 70.0], [100.0, 100.0, inf])
        """
        since = _firsts(self.since, within)
        known = np.where(self.known <= self.since, np.minimum(self.known, since), self.known)
        return self._replace(since=since, until=-_firsts(-self.until, within), known=known)


class Window(NamedTuple):
    """A window of time in milliseconds, both ends included, and the arcs (c,) closed at any time in it, ascending."""

    opens: int
    closes: int
    closed: np.ndarray


def windows_of(closed: ArcsClosed, begin: float = 0.0) -> list[Window]:
    """Return all windows that are as long as they can be, by their end; no part before ``begin`` (s) matters.

    Examples
    --------
    An arc that is closed from the 10th second on, and one that is closed until the 20th:

    >>> both = ArcsClosed(np.array([3, 5]), np.array([10.0, -np.inf]), np.array([np.inf, 20.0]), np.full(2, -np.inf))
    >>> [(w.opens // 1000, w.closes // 1000, w.closed.tolist()) for w in windows_of(both) if w.closes < NEVER]
    [(-2305843009213694, 9, [5])]
    >>> [(w.opens, w.closed.tolist()) for w in windows_of(both) if w.closes == NEVER]
    [(-2305843009213693951, [3, 5]), (20000, [3])]
    """
    closed = closed.only(closed.until > begin)
    since = np.where(closed.since <= begin, -np.inf, closed.since)
    low, high = _milliseconds(since, np.floor), _milliseconds(closed.until, np.ceil)
    moments = np.unique(np.concatenate([low, high]))
    moments = moments[(moments > -NEVER) & (moments < NEVER)]
    opens, closes = np.r_[-NEVER, moments], np.r_[moments - 1, NEVER]
    arcs, column = np.unique(closed.arc, return_inverse=True)
    shut = np.zeros((len(opens), len(arcs)), dtype=bool)
    for k, own in enumerate(column.ravel().tolist()):
        shut[np.searchsorted(opens, low[k]) : np.searchsorted(opens, high[k]), own] = True
    found = [Window(int(opens[i]), int(closes[j]), arcs[both]) for i, j, both in _longest(shut)]
    return sorted(found, key=lambda window: (window.closes, window.opens))


def _longest(shut: np.ndarray) -> list[tuple[int, int, np.ndarray]]:
    """Return first and last interval, and what is shut (a,), of each stretch that a longer one would shut more in."""
    found, count = [], len(shut)
    for i in range(count):
        both = np.zeros(shut.shape[1], dtype=bool)
        for j in range(i, count):
            both = both | shut[j]
            if i and not (shut[i - 1] & ~both).any():
                break  # it could begin earlier, and so could all that go on longer
            if j + 1 == count or (shut[j + 1] & ~both).any():
                found.append((i, j, both))
    return found


def _milliseconds(seconds: np.ndarray, rounding: np.ufunc) -> np.ndarray:
    out = np.where(seconds < 0.0, -NEVER, NEVER)
    finite = np.isfinite(seconds)
    out[finite] = rounding(seconds[finite] * MILLISECONDS).astype(np.int64)
    return out


def _firsts(moments: np.ndarray, within: float) -> np.ndarray:
    """Return for each moment the first of those less than ``within`` seconds apart; infinite ones stay."""
    out, ordered = moments.copy(), np.unique(moments[np.isfinite(moments)])
    begin = 0
    while begin < len(ordered) and within > 0.0:
        first = ordered[begin]
        out[(moments >= first) & (moments < first + within)] = first
        begin = int(np.searchsorted(ordered, first + within))
    return out


def lengthened_as_needed(closed: ArcsClosed, levels: Sequence[float], most: int) -> tuple[float, list[list[Window]]]:
    """Return by how many seconds at most what is closed is lengthened so that sets are few, and the windows.

    Parameters
    ----------
    closed : ArcsClosed
    levels : sequence of float
        Moments at which plans are made with what is known then; windows are given for each, and for all closings from
        the beginning at last.
    most : int
        Of different sets of closed arcs.
    """
    for within in WITHIN:
        coarse = closed.lengthened(within)
        found = [windows_of(coarse.only(coarse.known <= level), max(level, 0.0)) for level in levels]
        found.append(windows_of(coarse))
        if len({window.closed.tobytes() for windows in found for window in windows}) <= most:
            break
    begins, ends = np.isfinite(closed.since), np.isfinite(closed.until)
    moved = np.concatenate([closed.since[begins] - coarse.since[begins], coarse.until[ends] - closed.until[ends]])
    return float(moved.max(initial=0.0)), found
