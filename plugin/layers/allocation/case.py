"""An allocation built from layers: groups, shelters, preferences and distances as one problem for the solver."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qgis.core import QgsProcessingFeedback

from ...solvers.allocation.objective import (
    BY_PEOPLE,
    NEAR_IS_GOOD,
    Objective,
    normalised,
    preference_by_distance,
)
from ...solvers.allocation.problem import AllocationProblem
from .checks import explain_shortage
from .groups import Groups, Shelters
from .separation import BY_LENGTH, Separation


@dataclass(frozen=True)
class AllocationOptions:
    """What counts and how far people may go, named as the parameters of ``allocatecrowd``.

    Attributes
    ----------
    default_preference : float
        From 0 to 1, of pairs of which nothing is known.
    preference_decay : float or None
        Kilometres at which such a preference falls to 0.37, in place of the default; None: it does not fall.
    impedance : int
        ``BY_LENGTH`` or ``BY_TIME``.
    normalisation : int
        ``NEAR_IS_GOOD`` or ``AS_PRINTED``.
    weight_preference, weight_distance : float
    weight_by : int
        ``BY_GROUPS`` or ``BY_PEOPLE``.
    max_distance, max_travel_time : float
        Kilometres and minutes, infinite for no limit.
    split_groups : bool
        Whether groups may be divided.
    """

    default_preference: float = 0.5
    preference_decay: float | None = None
    impedance: int = BY_LENGTH
    normalisation: int = NEAR_IS_GOOD
    weight_preference: float = 1.0
    weight_distance: float = 1.0
    weight_by: int = BY_PEOPLE
    max_distance: float = float("inf")
    max_travel_time: float = float("inf")
    split_groups: bool = False

    @property
    def known_preference(self) -> float | None:
        """Preference of a pair that is not in the table, None where it follows from the distance."""
        return self.default_preference if self.preference_decay is None else None


@dataclass(frozen=True)
class AllocationCase:
    """A problem for :func:`...solvers.allocation.allocate.solve`, and what its groups and shelters are in the layers.

    Attributes
    ----------
    groups : Groups
    shelters : Shelters
    separation : Separation
    preference : (g, n) float64
    objective : Objective
    problem : AllocationProblem
    said : list of str
        Why some people cannot be sheltered, as far as that can be seen beforehand.
    """

    groups: Groups
    shelters: Shelters
    separation: Separation
    preference: np.ndarray
    objective: Objective
    problem: AllocationProblem
    said: list[str]

    @property
    def kilometres(self) -> np.ndarray:
        """Distance of each group to each shelter, km, shape (g, n), infinite where there is no way."""
        return self.separation.kilometres[self.groups.zone]


def build_case(
    groups: Groups,
    shelters: Shelters,
    preference: np.ndarray,
    separation: Separation,
    options: AllocationOptions,
    feedback: QgsProcessingFeedback,
) -> AllocationCase:
    """Return the problem of these groups and shelters; who cannot be sheltered is said in the log.

    Parameters
    ----------
    preference : (g, n) float64
        NaN where it follows from the distance, as :func:`.preferences.read_preferences` returns it.
    separation : Separation
        By zones, of :mod:`.separation`.
    """
    kilometres = separation.kilometres[groups.zone]
    if options.preference_decay is not None:
        falling = preference_by_distance(kilometres, options.preference_decay)
        preference = np.where(np.isnan(preference), falling, preference)
    objective = Objective(
        1.0 - preference,
        normalised(separation.impedance(options.impedance)[groups.zone], options.normalisation),
        groups.sizes,
        options.weight_preference,
        options.weight_distance,
        options.weight_by,
    )
    limits = options.max_distance, options.max_travel_time
    allowed = separation.within(*limits)[groups.zone]
    limited = bool(np.isfinite(limits).any())
    said = explain_shortage(groups, shelters, allowed, options.split_groups, limited, feedback)
    problem = AllocationProblem(groups.sizes, shelters.capacity, objective.cost, allowed, options.split_groups)
    return AllocationCase(groups, shelters, separation, preference, objective, problem, said)
