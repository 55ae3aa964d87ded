"""An allocation built from layers: groups, shelters, preferences and distances as one problem for the solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Callable

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback

from ...solvers.allocation.objective import (
    BY_PEOPLE,
    NEAR_IS_GOOD,
    Objective,
    normalised,
    preference_by_distance,
)
from ...solvers.allocation.problem import WHERE_NEEDED, AllocationProblem
from ...solvers.control import Control
from ..closing.hazard_layers import HazardLayers
from .checks import explain_shortage, explain_shortage_by_doors
from .columns import CarriedOn, NameFields, carried_on
from .groups import Groups, Shelters, outside_hazard, read_groups, read_shelters
from .preferences import KeyedTable, read_distances, read_preferences
from .separation import BY_LENGTH, RoadsByMode, Separation, by_mode, nowhere, of_both, straight_line


@dataclass(frozen=True)
class AllocationSources:
    """Where people, shelters and what lies between them are written; what is a callable is asked for when needed.

    Attributes
    ----------
    zones, shelters : QgsProcessingFeatureSource
    zone_id, shelter_id : str or None
        Fields that name them; None: by feature id.
    classes : sequence of str
        Fields of the zones with people, one a class.
    foot : sequence of str or None
        Those of them who are on foot; by default all that are named so. None: all people travel alike.
    capacity : callable
        Returns the shelters' field with their room, or None; asked with whether somebody needs it.
    names : callable
        Returns the NameFields.
    preferences : callable
        Returns the KeyedTable, or None.
    distances : callable
        Returns the KeyedTable of kilometres, or None; asked only where somebody can go somewhere, as ``roads`` is.
    roads : callable
        Returns the RoadsByMode, or None; asked with the groups and a control for reading the network.
    hazard : HazardLayers or None
    rule : callable
        Returns the shelters' field that says which are safe from the hazard at any time, or None.
    """

    zones: QgsProcessingFeatureSource
    shelters: QgsProcessingFeatureSource
    zone_id: str | None
    shelter_id: str | None
    classes: Sequence[str]
    foot: Sequence[str] | None
    capacity: Callable[[bool], str | None]
    names: Callable[[], NameFields] = NameFields
    preferences: Callable[[], KeyedTable | None] = lambda: None
    distances: Callable[[], KeyedTable | None] = lambda: None
    roads: Callable[[Groups, Control], RoadsByMode | None] = lambda groups, control: None
    hazard: HazardLayers | None = None
    rule: Callable[[], str | None] = lambda: None


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
    split : int
        Whether groups may be divided: ``WHOLE``, ``WHERE_NEEDED`` or ``FREE``.
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
    split: int = WHERE_NEEDED

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
    carried : CarriedOn
        What the outputs keep of both layers.
    separation : Separation
    preference : (g, n) float64
    objective : Objective
    problem : AllocationProblem
    said : list of str
        Why some people cannot be sheltered, as far as that can be seen beforehand.
    """

    groups: Groups
    shelters: Shelters
    carried: CarriedOn
    separation: Separation
    preference: np.ndarray
    objective: Objective
    problem: AllocationProblem
    said: list[str]

    @property
    def kilometres(self) -> np.ndarray:
        """Distance of each group to each shelter, km, shape (g, n), infinite where there is no way."""
        return self.separation.kilometres[self.groups.row]


def build_case(
    sources: AllocationSources,
    options: AllocationOptions,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> AllocationCase:
    """Return the problem of these layers and tables; who cannot be sheltered is said in the log.

    Raises
    ------
    LayerError
        As the functions of :mod:`.groups` and :mod:`.preferences`, and as reading the roads.
    Cancelled
    """
    groups = read_groups(sources.zones, sources.zone_id, sources.classes, sources.foot, context, feedback)
    somebody = bool(len(groups.sizes))
    capacity = sources.capacity(somebody and sources.shelters.featureCount() != 0)
    shelters = read_shelters(sources.shelters, sources.shelter_id, capacity, somebody, context, feedback)
    shelters = outside_hazard(shelters, sources.hazard, sources.rule(), context, feedback)
    if not somebody:
        feedback.pushWarning("ZONES: there are no people to allocate; the outputs are empty.")
    carried = carried_on(groups, shelters, sources.names(), feedback)
    preference = read_preferences(sources.preferences(), groups, shelters, options.known_preference, feedback)
    separation = _separation(sources, options.impedance, groups, shelters, context, feedback, control)
    kilometres = separation.kilometres[groups.row]
    if options.preference_decay is not None:
        falling = preference_by_distance(kilometres, options.preference_decay)
        preference = np.where(np.isnan(preference), falling, preference)
    objective = Objective(
        1.0 - preference,
        normalised(separation.impedance(options.impedance)[groups.row], options.normalisation),
        groups.sizes,
        options.weight_preference,
        options.weight_distance,
        options.weight_by,
    )
    limits = options.max_distance, options.max_travel_time
    allowed = separation.within(*limits)[groups.row]
    limited = bool(np.isfinite(limits).any())
    room = separation.room(shelters.capacity)
    by_doors = bool(groups.on_foot.any()) and separation.let_in is not None
    explain = explain_shortage_by_doors if by_doors else explain_shortage
    said = explain(groups, shelters, room, allowed, options.split, limited, feedback)
    problem = AllocationProblem(groups.sizes, room, objective.cost, allowed, options.split, inside=shelters.capacity)
    if by_doors and separation.let_in is not None:  # who walks enters anywhere
        problem = replace(
            problem, capacity=shelters.capacity, inside=None, let_in=separation.let_in.astype(float),
            drives=~groups.on_foot,
        )  # fmt: skip
    return AllocationCase(groups, shelters, carried, separation, preference, objective, problem, said)


def _separation(
    sources: AllocationSources,
    kind: int,
    groups: Groups,
    shelters: Shelters,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> Separation:
    """Return kilometres by the table, the network or the straight line, and minutes where there is a network."""

    def for_all(one: Separation) -> Separation:
        return of_both(one, one) if groups.by_mode else one

    if not len(groups.sizes) or not len(shelters.places):
        return for_all(nowhere(groups, shelters))
    table = sources.distances()
    kilometres = None if table is None else read_distances(table, groups, shelters, feedback)
    found = sources.roads(groups, control.part(0.0, 0.5))
    if found is None:
        if kilometres is not None:
            return for_all(Separation(kilometres, None))
        return for_all(straight_line(groups, shelters, context, feedback, control.unseen()))
    over = by_mode(found, kind, groups, shelters, context, feedback, control.part(0.5, 1.0))
    if kilometres is None:
        return over
    feedback.pushInfo("Kilometres are those of DISTANCES, minutes those of NETWORK.")
    return replace(over, kilometres=for_all(Separation(kilometres, None)).kilometres, unjoined={})
