"""Room in a shelter: area standards, safe capacity and what the people already there leave of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import SolverError
from ..rounding import MOST_PEOPLE, whole_below

SQUARE_FOOT = 0.09290304  # square metres, exact by the international foot


@dataclass(frozen=True)
class AreaStandard:
    """Floor or ground area that one person needs: a name, square metres (None: given by the user) and its source."""

    name: str
    area: float | None
    source: str


AREA_STANDARDS = (
    AreaStandard("Custom (area per person below)", None, "your own value"),
    AreaStandard("Emergency stay, 1.0 m²", 1.0, "planning value for some hours in an open place"),
    AreaStandard("Emergency stay, 2.0 m²", 2.0, "planning value for a night, with room to lie down"),
    AreaStandard("Short stay, 2.0 m²", 2.0, "planning value for some days"),
    AreaStandard("Long stay, 3.5 m² (Sphere)", 3.5, "Sphere Handbook, covered living space"),
    AreaStandard("20 ft²", 20 * SQUARE_FOOT, "US practice for short stays (American Red Cross, publication 4496)"),
    AreaStandard("40 ft²", 40 * SQUARE_FOOT, "US practice for long stays (American Red Cross, publication 4496)"),
)


def area_per_person(standard: int, custom: float) -> float:
    """Return the square metres per person of a standard (index into :data:`AREA_STANDARDS`), or the custom value."""
    area = AREA_STANDARDS[standard].area
    return custom if area is None else area


def safe_capacity(area: np.ndarray, per_person: float, usable_share: float) -> np.ndarray:
    """Return ``S_p = floor(usable_share * area / area_per_person)`` in people.

    Parameters
    ----------
    area : ndarray, shape (s,)
        Square metres.
    per_person : float
        Square metres a person needs, above 0.
    usable_share : float
        Part of the area that people can use, above 0 and up to 1.

    Returns
    -------
    ndarray of int64, shape (s,)

    Raises
    ------
    SolverError
        When an argument is out of its range.

    Examples
    --------
    70 % of 100 m² at 2 m² a person is room for 35; of 9 m² it is 3.15, so 3.

    >>> safe_capacity([100.0, 9.0], 2.0, 0.7).tolist()
    [35, 3]
    """
    area = np.asarray(area, dtype=float)
    if not per_person > 0.0:
        raise SolverError(f"AREA_PER_PERSON is {per_person:g} m²; it must be above 0.")
    if not 0.0 < usable_share <= 1.0:
        raise SolverError(f"USABLE_SHARE is {usable_share:g}; it must be above 0 and at most 1.")
    if np.any(~(area >= 0.0)):
        raise SolverError("AREA_FIELD: an area is negative or missing.")
    people = whole_below(usable_share * area / per_person)
    if np.any(people > MOST_PEOPLE):
        raise SolverError(f"AREA_FIELD: {float(area.max()):g} m² is more than a site can have. Correct the value.")
    return people.astype(np.int64)


def residual_capacity(capacity: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return ``Q_p = max(0, S_p - P_p)``: the room that the people predicted to be there leave.

    Parameters
    ----------
    capacity, predicted : ndarray of int, shape (s,)
    """
    return np.maximum(0, np.asarray(capacity, dtype=np.int64) - np.asarray(predicted, dtype=np.int64))
