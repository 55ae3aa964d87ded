"""Who is at risk: people of each zone by the share of the zone that the hazard covers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..rounding import largest_remainder


class Exposure(NamedTuple):
    """Whole people by zone (z,), or zone and class (z, k): at risk, of these who refuse, outside who leave untold."""

    at_risk: np.ndarray
    refusing: np.ndarray
    shadow: np.ndarray

    @property
    def leaving(self) -> np.ndarray:
        """Who leaves, told or not."""
        return self.at_risk - self.refusing + self.shadow

    def column(self, k: int) -> Exposure:
        """Return the people of one class, where they have two axes."""
        return Exposure(*(people[:, k] for people in self))

    def together(self) -> Exposure:
        """Return the people of all classes together."""
        return Exposure(*(people.sum(axis=1) for people in self))


def exposure_of(people: np.ndarray, share: np.ndarray, compliance: np.ndarray, outside: np.ndarray) -> Exposure:
    """Return who of the people of each zone leaves, whole people, nobody lost.

    Parameters
    ----------
    people : (z,) or (z, k) int
    share : (z,)
        Part of each zone at risk.
    compliance : (z,)
        Part of those at risk who do as they are told.
    outside : (z,)
        Part of those not at risk who leave too.

    Raises
    ------
    ValueError
        When a part is outside 0 to 1 or a count is negative.

    Examples
    --------
    A zone half at risk, where nine of ten do as they are told and a tenth of the others leaves too:

    >>> exposure_of(np.array([200]), np.array([0.5]), np.array([0.9]), np.array([0.1]))
    Exposure(at_risk=array([100]), refusing=array([10]), shadow=array([10]))
    """
    at_risk = people_at_risk(people, share)
    refusing = people_at_risk(at_risk, 1.0 - np.asarray(compliance, dtype=float))
    return Exposure(at_risk, refusing, people_at_risk(np.asarray(people) - at_risk, outside))


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
    people, share = _checked(people, share, "a share at risk")
    if people.ndim == 1:
        return largest_remainder(people * share)
    columns = [largest_remainder(people[:, k] * share) for k in range(people.shape[1])]
    return np.stack(columns, axis=1) if columns else np.zeros_like(people)


def on_foot(leaving: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return how many of the people who leave each zone are on foot, by class, as whole people.

    In each zone they are the sum over its classes of ``part * leaving``, rounded half up, and shared over the classes
    by largest remainder: no class differs by a whole person from its own product, and none has more on foot than leave.

    Parameters
    ----------
    leaving : (z, k) int
    part : (z,) or (z, k)
        Part of each zone's people, or of those of each class, who have no car, 0 to 1.

    Returns
    -------
    (z, k) int64

    Raises
    ------
    ValueError
        When a part is outside 0 to 1 or a count is negative.

    Examples
    --------
    A third of 10 children and 11 adults have no car: seven people.

    >>> on_foot(np.array([[10, 11]]), np.array([1 / 3]))
    array([[3, 4]])
    """
    leaving, part = _checked(leaving, part, "a part on foot")
    product = leaving * (part[:, None] if part.ndim == 1 else part)
    return np.array([largest_remainder(row) for row in product], dtype=np.int64).reshape(leaving.shape)


def _checked(people: np.ndarray, part: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    people, part = np.asarray(people, dtype=np.int64), np.asarray(part, dtype=float)
    if np.any(~((part >= 0.0) & (part <= 1.0))):
        raise ValueError(f"{name} lies outside 0 to 1")
    if np.any(people < 0):
        raise ValueError("a number of people is negative")
    return people, part
