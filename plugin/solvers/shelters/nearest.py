"""The nearest shelters of every zone by travel time, the quick look of [E] section 5.3 (Tables 6 and 7, Figure 12)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Nearest:
    """Pairs of a zone and one of its nearest shelters, by zone, nearest first.

    Attributes
    ----------
    zone, shelter : ndarray of int, shape (p,)
    rank : ndarray of int, shape (p,)
        From 1, the nearest.
    missing_zone, missing_shelter : ndarray of int, shape (q,)
        Pairs without a route, of those zones that reach fewer shelters than were asked for.
    """

    zone: np.ndarray
    shelter: np.ndarray
    rank: np.ndarray
    missing_zone: np.ndarray
    missing_shelter: np.ndarray


def nearest(seconds: np.ndarray, metres: np.ndarray, k: int) -> Nearest:
    """Choose the ``k`` nearest shelters of each zone, all for ``k`` = 0.

    Parameters
    ----------
    seconds, metres : ndarray, shape (z, s)
        Travel time and length of the fastest routes, infinite where there is none.
    k : int

    Notes
    -----
    Equal times are ordered by length, then by the order of the shelters, so that the same input gives the same plan.

    Examples
    --------
    The second zone reaches one shelter only.

    >>> import numpy as np
    >>> seconds = np.array([[60.0, 30.0], [np.inf, 90.0]])
    >>> found = nearest(seconds, seconds * 10.0, 2)
    >>> list(zip(found.zone.tolist(), found.shelter.tolist(), found.rank.tolist()))
    [(0, 1, 1), (0, 0, 2), (1, 1, 1)]
    >>> (found.missing_zone.tolist(), found.missing_shelter.tolist())
    ([1], [0])
    """
    zones, shelters = seconds.shape
    wanted = shelters if k <= 0 else min(k, shelters)
    columns = np.broadcast_to(np.arange(shelters), seconds.shape)
    order = np.lexsort((columns, metres, seconds), axis=1)[:, :wanted]
    reached = np.isfinite(np.take_along_axis(seconds, order, axis=1))
    zone, position = np.nonzero(reached)
    short = reached.sum(axis=1) < wanted
    missing_zone, missing_shelter = np.nonzero(~np.isfinite(seconds) & short[:, None])
    return Nearest(zone, order[zone, position], position + 1, missing_zone, missing_shelter)
