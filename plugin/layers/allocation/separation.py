"""How far the shelters are from the zones: by a table, by the road network, or in a straight line."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from qgis.core import QgsPointXY, QgsProcessingContext, QgsProcessingFeedback

from ...solvers.control import Control
from ...solvers.modes import BOTH, BY_CAR, ON_FOOT
from ..measuring import distance_area
from ..speaking import speak_of
from ..transforming import transform_xy
from .groups import Groups, Shelters

if TYPE_CHECKING:
    from ...solvers.roads.door_travel import DoorTravel
    from ..roads.door_travel import DoorUse
    from ..roads.doors import SitesJoined
    from ..roads.options import ReadNetwork

BY_LENGTH, BY_TIME = 0, 1


class RoadsByMode(NamedTuple):
    """The roads of those who drive and of those who walk; one alone where all travel alike, or nobody in that way."""

    car: RoadsToDoors | None
    foot: RoadsToDoors | None


class RoadsToDoors(NamedTuple):
    """The roads, the longest straight way to them (m), how the doors of shelters count, when people leave all zones.

    ``leave`` (m,) are seconds from t = 0: a way that the hazard or a closure cuts then does not count.
    """

    read: ReadNetwork
    max_snap_distance: float
    doors: DoorUse
    leave: np.ndarray


@dataclass(frozen=True)
class Separation:
    """What lies between zones and shelters.

    Attributes
    ----------
    kilometres : (m, n) float64
        Infinite where there is no way. A row for each zone; where some walk, for each by car and then for each on foot
        (:attr:`.groups.Groups.row`), and so in the other arrays and dicts.
    minutes : (m, n) float64 or None
        From place to door, access included. Infinite where there is no way; None where times are not known.
    unjoined : dict of int to str
        Why zones, by position, could not be joined to the roads, where these give the ways.
    access, access_minutes : (m, n) float64 or None
        Straight metres between places and road, both ends together, and the minutes that they take; as ``minutes``.
    doors : (n,) int64 or None
        Number of doors of each shelter; None without roads.
    let_in : (n,) int64 or None
        People whom they let in in DOOR_MINUTES; None where doors set no limit.
    cut : dict of int to str
        What cuts every way of zones, by position, that would reach a shelter without it: hazard, closures, barriers.
    """

    kilometres: np.ndarray
    minutes: np.ndarray | None
    unjoined: dict[int, str] = field(default_factory=dict)
    access: np.ndarray | None = None
    access_minutes: np.ndarray | None = None
    doors: np.ndarray | None = None
    let_in: np.ndarray | None = None
    cut: dict[int, str] = field(default_factory=dict)

    def impedance(self, kind: int) -> np.ndarray:
        """Return d[m, n] of [E] 3.2: kilometres, or minutes where ``kind`` is BY_TIME."""
        if kind == BY_TIME and self.minutes is not None:
            return np.where(np.isfinite(self.kilometres), self.minutes, np.inf)
        return self.kilometres

    def room(self, capacity: np.ndarray) -> np.ndarray:
        """Return the people (n,) whom each shelter with ``capacity`` (n,) may take."""
        return capacity if self.let_in is None else np.minimum(capacity, self.let_in)

    def within(self, kilometres: float, minutes: float) -> np.ndarray:
        """Return which pairs (m, n) can be reached within both limits (infinite: no limit)."""
        inside = np.isfinite(self.kilometres) & (self.kilometres <= kilometres)
        if self.minutes is not None:
            inside &= self.minutes <= minutes
        return inside


def of_both(car: Separation, foot: Separation) -> Separation:
    """Return the rows of those who drive and, behind them, of those who walk; doors are those of vehicles."""
    count = len(car.kilometres)

    def rows(one: np.ndarray | None, other: np.ndarray | None) -> np.ndarray | None:
        if one is None and other is None:
            return None
        none = np.full(car.kilometres.shape, np.inf)
        return np.concatenate([none if one is None else one, none if other is None else other])

    return Separation(
        np.concatenate([car.kilometres, foot.kilometres]),
        rows(car.minutes, foot.minutes),
        {**car.unjoined, **{count + m: why for m, why in foot.unjoined.items()}},
        rows(car.access, foot.access),
        rows(car.access_minutes, foot.access_minutes),
        foot.doors if car.doors is None else car.doors,
        car.let_in,
        {**car.cut, **{count + m: why for m, why in foot.cut.items()}},
    )


def by_mode(
    roads: RoadsByMode,
    kind: int,
    groups: Groups,
    shelters: Shelters,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> Separation:
    """Return :func:`over_network` of all, or of those who drive and of those who walk, each over their own network.

    Raises
    ------
    LayerError, Cancelled
        As :func:`over_network`.
    """
    if not groups.by_mode:
        one = roads.foot if roads.car is None else roads.car
        return (
            nowhere(groups, shelters)
            if one is None
            else over_network(one, kind, groups, shelters, context, feedback, control)
        )
    found = []
    for name, own, walks, part in (
        ("By car", roads.car, False, control.part(0.0, 0.5)), ("On foot", roads.foot, True, control.part(0.5, 1.0)),
    ):  # fmt: skip
        few = groups.only(groups.on_foot == walks)
        if own is None or not len(few.sizes):
            found.append(nowhere(few, shelters))
            continue
        speak_of(feedback, ON_FOOT if walks else BY_CAR)
        feedback.pushInfo(f"{name}:")
        found.append(over_network(own, kind, few, shelters, context, feedback, part))
    speak_of(feedback, BOTH)
    return of_both(*found)


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
    roads: RoadsToDoors,
    kind: int,
    groups: Groups,
    shelters: Shelters,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> Separation:
    """Return lengths and least free-flow times; a place that cannot join the network reaches nothing.

    Minutes, and access, are always those of the fastest way to the quickest door. Kilometres are those of the shortest
    road to any door where ``kind`` is BY_LENGTH, else those of the fastest way; so they are where roads close in time,
    for the shortest road may be cut by then.

    Raises
    ------
    LayerError
        When no entrance is that of a shelter.
    Cancelled
    """
    from ..roads.door_travel import quickest, tell_access, tell_of_doors
    from ..roads.doors import join_sites
    from ..roads.open_ground import Leaving

    peopled = np.unique(groups.zone)
    zones = groups.zones.subset(peopled)
    people = np.bincount(groups.zone, weights=groups.sizes, minlength=len(groups.zones))[peopled]
    use = roads.doors
    rules = replace(use.rules, elsewhere=shelters.all_ids - set(shelters.places.ids))
    joined = join_sites(
        roads.read, zones, [shelters.places], rules, roads.max_snap_distance, context, feedback, people=people,
        leaving=Leaving(roads.leave[peopled], use.access_speed),
    )  # fmt: skip
    share = 0.5 if kind == BY_LENGTH else 1.0
    fastest = quickest(joined, use, control.part(0.0, share), leave=roads.leave[peopled])
    metres = fastest.road.metres
    if kind == BY_LENGTH and not joined.read.danger:
        metres = quickest(joined, use, control.part(share, 1.0), shortest=True).road.metres
    starts, let_in = joined.origins, use.let_in(joined)
    tell_of_doors(shelters.places.ids, shelters.capacity, let_in, use.minutes, feedback)
    tell_access("ZONES", "zone(s)", zones.ids, fastest.access_to_nearest(), people, feedback)
    unjoined = {
        m: reason for m, node, reason in zip(peopled.tolist(), starts.node.tolist(), starts.reasons) if node < 0
    }

    def of_all(values: np.ndarray) -> np.ndarray:
        every = nowhere(groups, shelters).kilometres
        every[peopled] = values
        return every

    return Separation(
        of_all(metres / 1000.0),
        of_all(fastest.seconds / 60.0),
        unjoined,
        of_all(fastest.access),
        of_all(fastest.access_seconds / 60.0),
        joined.doors.counts(),
        let_in,
        _cut(joined, fastest, peopled),
    )


def _cut(joined: SitesJoined, fastest: DoorTravel, peopled: np.ndarray) -> dict[int, str]:
    """Return what cuts every way of the zones that join the roads and reach no shelter."""
    from ..roads.door_travel import why_cut_off

    lost = np.flatnonzero((joined.origins.node >= 0) & ~np.isfinite(fastest.seconds).any(axis=1))
    sites = len(joined.node)
    reasons = why_cut_off(joined, np.repeat(lost, sites), np.tile(np.arange(sites), len(lost)))
    found = (next((why for why in reasons[k * sites : (k + 1) * sites] if why), "") for k in range(len(lost)))
    return {int(peopled[k]): why for k, why in zip(lost.tolist(), found) if why}
