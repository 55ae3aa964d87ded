"""Who must leave and which shelters there are: the layers of a joint plan before the roads are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Callable

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback

from ...solvers.allocation.objective import preference_by_distance
from ...solvers.control import Control
from ...solvers.modes import BOTH, ON_FOOT
from ..allocation.columns import NameFields
from ..allocation.groups import Groups, Shelters, outside_hazard, read_groups, read_shelters
from ..allocation.preferences import KeyedTable, read_preferences
from ..closing.danger import DangerLayers
from ..moments import MomentColumn, Start
from ..places import Places
from ..roads.options import ReadNetwork
from ..routing.background import BackgroundRows
from ..times import ClockTime
from ..zone_orders import zone_orders
from .groups import apart, together
from .places import Targets, no_shelters

ZONES = "ZONES"


@dataclass(frozen=True)
class JointSources:
    """Where people, shelters, hazard and roads are written; what is a callable is asked for when needed.

    Attributes
    ----------
    zones : QgsProcessingFeatureSource
    shelters : QgsProcessingFeatureSource or None
        None: everybody goes to exits of the hazard.
    zone_id, shelter_id : str or None
        Fields that name them; None: by feature id.
    classes : sequence of str
        Fields of the zones with people, one a class.
    foot : sequence of str or None
        Those of them who are on foot; by default all that are named so. None: all people travel alike.
    capacity : callable
        Returns the shelters' field with their room, or None; asked with whether somebody needs it.
    names : NameFields
    preferences : callable
        Returns the KeyedTable, or None.
    danger : DangerLayers
        The hazard and closures; t = 0 is not known yet.
    rule : str or None
        Field of the shelters that says which are safe from the hazard at any time.
    window : float
        Seconds before the earliest closure or arrival at which t = 0 is where nothing else says it.
    start : ClockTime or None
        Date and time of t = 0, None where it follows from the layers.
    background : BackgroundRows or None
    roads : callable
        Returns the ReadNetwork, or that of vehicles and that of walkers; asked with whether somebody travels, who does
        (:attr:`Demand.travel`), t = 0, and a control.
    """

    zones: QgsProcessingFeatureSource
    shelters: QgsProcessingFeatureSource | None
    zone_id: str | None
    shelter_id: str | None
    classes: Sequence[str]
    foot: Sequence[str] | None
    capacity: Callable[[bool], str | None]
    names: NameFields
    preferences: Callable[[], KeyedTable | None]
    danger: DangerLayers
    rule: str | None
    window: float
    start: ClockTime | None
    background: BackgroundRows | None
    roads: Callable[[bool, int | None, Start, Control], tuple[ReadNetwork, ...]]


@dataclass(frozen=True)
class Demand:
    """Groups of people, the shelters that may be used, and the moments of the orders.

    Attributes
    ----------
    groups : Groups
        What is sent together: zone and class, or zone.
    classes : Groups
        Zone and class.
    weight : (g, c) float64
        How much each of ``classes`` counts in each of ``groups``.
    shelters : Shelters
    start : Start
        Date and time of t = 0.
    order : MomentColumn or None
        Of all zones.
    seconds : (m,) float64
        When the order comes to each zone, s from t = 0.
    travel : int or None
        BOTH where some drive and some walk, ON_FOOT where all without a car are everybody; None: as TRAVEL_MODE says.
    """

    groups: Groups
    classes: Groups
    weight: np.ndarray
    shelters: Shelters
    start: Start
    order: MomentColumn | None
    seconds: np.ndarray
    travel: int | None = None

    @property
    def somebody(self) -> bool:
        """Whether there is anybody to go."""
        return bool(len(self.groups.sizes))

    @property
    def peopled(self) -> np.ndarray:
        """Zones with people, ascending; behind those with people by car those with people on foot.

        They are numbered as :attr:`..allocation.groups.Groups.row` does.
        """
        return np.unique(self.groups.row)

    @property
    def zones(self) -> Places:
        """The same as places."""
        return self.groups.zones.subset(self.peopled % max(len(self.groups.zones), 1))

    @property
    def walks(self) -> np.ndarray:
        """Which of these are of people on foot beside others who drive."""
        return self.peopled >= len(self.groups.zones)

    @property
    def place(self) -> np.ndarray:
        """Position (g,) of each group's zone among these."""
        return np.searchsorted(self.peopled, self.groups.row)

    @property
    def people(self) -> np.ndarray:
        """People of each of these zones."""
        return np.bincount(self.groups.row, self.groups.sizes)[self.peopled]

    def preference(
        self,
        table: KeyedTable | None,
        default: float,
        decay: float | None,
        targets: Targets,
        kilometres: np.ndarray,
        feedback: QgsProcessingFeedback,
    ) -> np.ndarray:
        """Return the preference (c, n) of each zone and class for each destination.

        Parameters
        ----------
        table : KeyedTable or None
        default : float
            Where the table has none.
        decay : float or None
            Kilometres at which such a preference falls to 0.37, in place of the default.
        kilometres : (m, n) float64
            Of all zones, by car and on foot.

        Raises
        ------
        LayerError
            A value outside 0..1 or that is no number, or two values for the same three.
        """
        own = read_preferences(table, self.classes, targets.shelters, default if decay is None else None, feedback)
        if decay is not None:
            own = np.where(np.isnan(own), preference_by_distance(kilometres[self.classes.row], decay), own)
        if targets.outside >= 0:
            own[:, targets.outside] = 1.0
        return own

    def of_groups(self, preference: np.ndarray) -> np.ndarray:
        """Return the preference (g, n) of each group from those of zones and classes: the mean over its people."""
        return np.clip(self.weight @ preference, 0.0, 1.0)


def read_demand(
    sources: JointSources,
    keep_together: bool,
    standby: bool,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Demand:
    """Read zones and shelters; shelters that the hazard reaches are left out.

    Raises
    ------
    LayerError
        As reading the layers; an order before t = 0.
    """
    classes = read_groups(sources.zones, sources.zone_id, sources.classes, sources.foot, context, feedback)
    classes, travel = _who_travels(classes)
    groups, weight = (together if keep_together else apart)(classes)
    somebody = bool(len(groups.sizes))
    if not somebody:
        feedback.pushWarning(f"{ZONES}: there are no people to place; the outputs are empty.")
    others = [] if sources.background is None else [sources.background.time]
    start, order, seconds = zone_orders(
        sources.start, groups.zones, sources.names.order, sources.danger.moments, sources.window, feedback, others
    )
    shelters = _shelters(sources, standby, groups, context, feedback)
    return Demand(groups, classes, weight, shelters, start, order, seconds, travel)


def _who_travels(groups: Groups) -> tuple[Groups, int | None]:
    """Return the groups and who travels; where all are on foot nobody is marked, as with TRAVEL_MODE on foot."""
    if not groups.on_foot.any():
        return groups, None
    if not groups.on_foot.all():
        return groups, BOTH
    stranded = [each._replace(on_foot=False) for each in groups.stranded]
    return replace(groups, on_foot=np.zeros(len(groups.sizes), dtype=bool), stranded=stranded), ON_FOOT


def _shelters(
    sources: JointSources,
    standby: bool,
    groups: Groups,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Shelters:
    if sources.shelters is None:
        return no_shelters(groups.zones.crs)
    somebody = bool(len(groups.sizes))
    capacity = sources.capacity(somebody and sources.shelters.featureCount() != 0)
    found = read_shelters(sources.shelters, sources.shelter_id, capacity, somebody, context, feedback, standby=standby)
    return outside_hazard(found, sources.danger.hazard, sources.rule, context, feedback)
