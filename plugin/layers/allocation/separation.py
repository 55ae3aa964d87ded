"""How far the shelters are from the zones: by a table, by the road network, or in a straight line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsPointXY, QgsProcessingContext, QgsProcessingFeedback

from ...solvers.control import Control
from ..measuring import distance_area
from ..transforming import transform_xy
from .groups import Groups, Shelters

if TYPE_CHECKING:
    from ..roads.options import ReadNetwork

BY_LENGTH, BY_TIME = 0, 1


@dataclass(frozen=True)
class Separation:
    """What lies between zones and shelters.

    Attributes
    ----------
    kilometres : (m, n) float64
        Infinite where there is no way.
    minutes : (m, n) float64 or None
        Infinite where there is no way; None where times are not known.
    unjoined : dict of int to str
        Why zones, by position, could not be joined to the roads, where these give the ways.
    """

    kilometres: np.ndarray
    minutes: np.ndarray | None
    unjoined: dict[int, str] = field(default_factory=dict)

    def impedance(self, kind: int) -> np.ndarray:
        """Return d[m, n] of [E] 3.2: kilometres, or minutes where ``kind`` is BY_TIME."""
        if kind == BY_TIME and self.minutes is not None:
            return np.where(np.isfinite(self.kilometres), self.minutes, np.inf)
        return self.kilometres

    def within(self, kilometres: float, minutes: float) -> np.ndarray:
        """Return which pairs (m, n) can be reached within both limits (infinite: no limit)."""
        inside = np.isfinite(self.kilometres) & (self.kilometres <= kilometres)
        if self.minutes is not None:
            inside &= self.minutes <= minutes
        return inside


def nowhere(groups: Groups, shelters: Shelters) -> Separation:
    """Return a separation in which nothing is in reach, for when there is nobody to go."""
    return Separation(np.full((len(groups.zones), len(shelters.capacity)), np.inf), None)


def straight_line(
    groups: Groups, shelters: Shelters, context: QgsProcessingContext, feedback: QgsProcessingFeedback, control: Control
) -> Separation:
    """Return ellipsoidal straight-line distances."""
    crs = groups.zones.crs
    feedback.pushInfo("Neither DISTANCES nor NETWORK is given: distances are straight lines on the ellipsoid.")
    measure = distance_area(crs, context)
    ends = transform_xy(shelters.places.xy, shelters.places.crs, crs, context.transformContext())
    targets = [QgsPointXY(x, y) for x, y in ends.tolist()]
    kilometres = nowhere(groups, shelters).kilometres
    for m in np.unique(groups.zone).tolist():
        control.stop_if_cancelled()
        start = QgsPointXY(*groups.zones.xy[m].tolist())
        kilometres[m] = [measure.measureLine(start, end) / 1000.0 for end in targets]
    return Separation(kilometres, None)


def over_network(
    read: ReadNetwork,
    max_snap_distance: float,
    kind: int,
    groups: Groups,
    shelters: Shelters,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> Separation:
    """Return lengths and least free-flow times; a place that cannot join the network reaches nothing.

    Minutes are always those of the fastest route. Kilometres are those of the shortest route where ``kind`` is
    BY_LENGTH, else those of the fastest.
    """
    from ...solvers.roads.shortest_paths import travel
    from ..roads.joining import join_places

    peopled = np.unique(groups.zone)
    zones = groups.zones.subset(peopled)
    people = np.bincount(groups.zone, weights=groups.sizes, minlength=len(groups.zones))[peopled]
    places = [zones, shelters.places]
    joined, (starts, ends) = join_places(read, places, max_snap_distance, context, feedback, people=people)
    roads = joined.network
    share = 0.5 if kind == BY_LENGTH else 1.0
    fastest = travel(roads, starts.node, ends.node, control=control.part(0.0, share))
    metres = fastest.metres
    if kind == BY_LENGTH:
        shortest = travel(roads, starts.node, ends.node, roads.length, control=control.part(share, 1.0))
        metres = shortest.metres
    kilometres, minutes = nowhere(groups, shelters).kilometres, nowhere(groups, shelters).kilometres
    kilometres[peopled] = metres / 1000.0
    minutes[peopled] = fastest.seconds / 60.0
    unjoined = {
        m: reason for m, node, reason in zip(peopled.tolist(), starts.node.tolist(), starts.reasons) if node < 0
    }
    return Separation(kilometres, minutes, unjoined)
