"""How good each site is by itself: people in reach, mean travel time, a score, and ranks from it."""

from __future__ import annotations

import numpy as np


def in_reach(people: np.ndarray, minutes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the people who can reach each site, (s,) int64, and their mean travel time, (s,) minutes, NaN for nobody.

    Parameters
    ----------
    people : ndarray of int, shape (z,)
    minutes : ndarray, shape (z, s)
        Infinite where the site is out of reach.
    """
    reach = np.isfinite(minutes)
    count = people @ reach
    total = people @ np.where(reach, minutes, 0.0)
    mean = np.full(len(count), np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return count.astype(np.int64), mean


def scores(people: np.ndarray, minutes: np.ndarray, room: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Return the score of each site, shape (s,): the part of the need it could meet by itself, counted by nearness.

    ``score_p = 100 / F * Σ_i y_i * t*_i / t_ip``: F people in all; y_i the people of zone i when the site is filled
    with the people in its reach, nearest first, up to its room; t_ip their travel time and t*_i that of the zone to
    its nearest usable site. 100: takes everybody and is nearest for everybody; someone for whom another site is
    twice as near counts half. The score does not depend on which sites are chosen.

    Parameters
    ----------
    people : ndarray of int, shape (z,)
    minutes : ndarray, shape (z, s)
        Infinite where out of reach.
    room : ndarray, shape (s,)
    usable : ndarray of bool, shape (s,)
        Sites that were not rejected; the others score 0.

    Examples
    --------
    The first site takes all 10 people, who have half as far to the second, which has room for 5.

    >>> import numpy as np
    >>> scores(np.array([10]), np.array([[4.0, 2.0]]), np.array([10.0, 5.0]), np.array([True, True])).tolist()
    [50.0, 50.0]
    """
    out = np.zeros(len(room))
    total = float(people.sum())
    if total <= 0.0 or not usable.any():
        return out
    nearest = minutes[:, usable].min(axis=1)
    for j in np.flatnonzero(usable):
        order = np.argsort(minutes[:, j], kind="stable")
        order = order[np.isfinite(minutes[order, j])]
        before = np.cumsum(people[order]) - people[order]
        taken = np.clip(room[j] - before, 0.0, people[order])
        time = minutes[order, j]
        nearness = np.divide(nearest[order], time, out=np.ones(len(order)), where=time > 0.0)
        out[j] = 100.0 * float(taken @ nearness) / total
    return out


def ranks(score: np.ndarray, status: list[str], names: list[str]) -> np.ndarray:
    """Return ranks from 1 for the selected sites by falling score, then the standby ones; 0 for rejected sites.

    Equal scores are ranked by the site's name.
    """
    group = {"selected": 0, "standby": 1}
    order = sorted(
        (j for j in range(len(score)) if status[j] in group),
        key=lambda j: (group[status[j]], -score[j], names[j]),
    )
    out = np.zeros(len(score), dtype=np.int64)
    out[order] = np.arange(1, len(order) + 1)
    return out
