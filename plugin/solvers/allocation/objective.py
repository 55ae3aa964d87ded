"""The objective of [E] 3.2: dissatisfaction and distance, each weighted, by groups or by people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEAR_IS_GOOD, AS_PRINTED = 0, 1
BY_GROUPS, BY_PEOPLE = 0, 1


def normalised(impedance: np.ndarray, form: int = NEAR_IS_GOOD) -> np.ndarray:
    """Return d' in [0, 1] of each pair, 0 where unreachable or where all pairs are equally far.

    ``NEAR_IS_GOOD`` is ``(d - d_min) / (d_max - d_min)``. [E] eq. 11 prints ``(d_max - d) / (d_max - d_min)``, under
    which far shelters win; ``AS_PRINTED`` keeps that form so that the paper's tables can be reproduced.

    Parameters
    ----------
    impedance : (g, n) float64
        Kilometres or minutes of non-empty groups, infinite where there is no way. No limit has been applied: d_min and
        d_max are those of all reachable pairs.

    Examples
    --------
    >>> normalised(np.array([[2.0, 10.0], [np.inf, 4.0]])).tolist()
    [[0.0, 1.0], [0.0, 0.25]]
    """
    reachable = np.isfinite(impedance)
    out = np.zeros(impedance.shape)
    if not reachable.any():
        return out
    least, greatest = impedance[reachable].min(), impedance[reachable].max()
    if greatest > least:
        d = impedance[reachable]
        out[reachable] = ((greatest - d) if form == AS_PRINTED else (d - least)) / (greatest - least)
    return out


def preference_by_distance(kilometres: np.ndarray, decay: float) -> np.ndarray:
    """Return ``exp(-d / decay)``, the preference of a pair of which nothing else is known: 1 next door, 0 out of reach.

    An exponential deterrence as in spatial interaction models (Wilson 1971); it is not in [E], which takes preferences
    as given.

    Parameters
    ----------
    kilometres : (g, n) float64
        Infinite where there is no way.
    decay : float
        Kilometres at which the preference has fallen to 0.37, above 0.

    Examples
    --------
    >>> preference_by_distance(np.array([0.0, 5.0, np.inf]), 5.0).round(2).tolist()
    [1.0, 0.37, 0.0]
    """
    return np.exp(-np.asarray(kilometres, dtype=float) / decay)


@dataclass(frozen=True)
class Objective:
    """``Z = w_p Z1 + w_d Z2`` ([E] eq. 3, 12 and 13).

    Attributes
    ----------
    dissatisfaction : (g, n) float64
        beta = 1 - preference.
    distance : (g, n) float64
        d', see :func:`normalised`.
    sizes : (g,) int64
    weight_preference, weight_distance : float
    weight_by : int
        ``BY_GROUPS`` as in the paper, or ``BY_PEOPLE``: each term counts its people.
    """

    dissatisfaction: np.ndarray
    distance: np.ndarray
    sizes: np.ndarray
    weight_preference: float = 1.0
    weight_distance: float = 1.0
    weight_by: int = BY_PEOPLE

    @property
    def cost(self) -> np.ndarray:
        """Cost of sending the whole of a group to a shelter, shape (g, n)."""
        term = self.weight_preference * self.dissatisfaction + self.weight_distance * self.distance
        return term * self.sizes[:, None] if self.weight_by == BY_PEOPLE else term

    def parts(self, people: np.ndarray) -> tuple[float, float]:
        """Return (Z1, Z2) of an allocation (g, n); a divided group counts at the shares of its people."""
        weight = people.astype(float)
        if self.weight_by == BY_GROUPS:
            weight /= np.maximum(self.sizes, 1)[:, None]
        return float((weight * self.dissatisfaction).sum()), float((weight * self.distance).sum())
