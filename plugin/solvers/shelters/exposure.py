"""Who is at risk: people of each zone by the share of the zone that the hazard covers."""

from __future__ import annotations

import numpy as np

from ..rounding import largest_remainder


def people_at_risk(people: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return the people of each zone that are at risk, as whole people.

    A zone's people are taken to be spread evenly over it. The layer's total, field by field, is the sum of
    ``people * share`` rounded to a whole number; the zones are rounded to it by largest remainder, so no zone differs
    by a whole person from its own product and none exceeds its population.

    Parameters
    ----------
    people : ndarray of int, shape (z,) or (z, k)
        People of each zone (and class).
    share : ndarray, shape (z,)
        Part of each zone at risk, 0 to 1.

    Returns
    -------
    ndarray of int64, shape as ``people``

    Raises
    ------
    ValueError
        When a share is outside 0 to 1 or a count is negative.

    Examples
    --------
    Ten people in each of three zones, a third of each at risk: ten people in all.

    >>> people_at_risk([10, 10, 10], [1 / 3, 1 / 3, 1 / 3]).sum()
    10
    >>> people_at_risk([100, 40], [0.25, 1.0]).tolist()
    [25, 40]
    """
    people, share = np.asarray(people, dtype=np.int64), np.asarray(share, dtype=float)
    if np.any(~((share >= 0.0) & (share <= 1.0))):
        raise ValueError("a share at risk lies outside 0 to 1")
    if np.any(people < 0):
        raise ValueError("a number of people is negative")
    if people.ndim == 1:
        return largest_remainder(people * share)
    columns = [largest_remainder(people[:, k] * share) for k in range(people.shape[1])]
    return np.stack(columns, axis=1) if columns else np.zeros_like(people)
