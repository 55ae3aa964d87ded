"""Travel on empty roads from each origin to each site, by the door that is quickest from there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..control import Control
from ..rounding import whole_below
from .doors import Doors
from .network import RoadNetwork
from .shortest_paths import Travel, travel


@dataclass(frozen=True)
class DoorTravel:
    """What lies between origins and sites; infinite, or -1, where there is no way.

    Attributes
    ----------
    road : Travel
        Seconds and metres (o, s) of the road alone.
    access : (o, s) float64
        Straight metres between origin and road, and between road and door, together.
    access_seconds : (o, s) float64
        How long they take.
    door, point : (o, s) int64
        The door taken, and the node at which it is reached.
    """

    road: Travel
    access: np.ndarray
    access_seconds: np.ndarray
    door: np.ndarray
    point: np.ndarray

    @property
    def seconds(self) -> np.ndarray:
        """Seconds (o, s) from door to door, access included."""
        return self.road.seconds + self.access_seconds

    def without(self, sites: np.ndarray) -> DoorTravel:
        """Return the same with no way to the sites of a mask (s,)."""
        if not sites.any():
            return self
        far = np.where(sites, np.inf, 0.0)
        none = np.where(sites, -1, self.door), np.where(sites, -1, self.point)
        road = Travel(self.road.seconds + far, self.road.metres + far)
        return DoorTravel(road, self.access + far, self.access_seconds + far, *none)

    def access_to_nearest(self) -> np.ndarray:
        """Return the straight metres (o,) on the way to the site that is nearest in time; 0 where none is reached."""
        if not self.access.shape[1]:
            return np.zeros(len(self.access))
        access = self.access[np.arange(len(self.access)), np.argmin(self.seconds, axis=1)]
        return np.where(np.isfinite(access), access, 0.0)


def travel_to_doors(
    network: RoadNetwork,
    origins: np.ndarray,
    origin_access: np.ndarray,
    doors: Doors,
    speed: float,
    *,
    shortest: bool = False,
    ways: Travel | None = None,
    control: Control | None = None,
) -> DoorTravel:
    """Return the travel to the quickest door of each site, the ways between places and road included.

    Parameters
    ----------
    network : RoadNetwork
    origins : (o,) int
        Nodes, -1 for an origin that reaches nothing.
    origin_access : (o,) float64
        Straight metres between each origin and its road.
    doors : Doors
    speed : float
        Of the ways between places and road, m/s.
    shortest : bool
        Take the shortest road to any door instead, whatever the time and the way on foot.
    ways : Travel, optional
        From each origin to each point of a door; by default the best ways over all roads.

    Raises
    ------
    Cancelled
    """
    shape = (len(origins), len(doors.ids))
    found = DoorTravel(
        Travel(np.full(shape, np.inf), np.full(shape, np.inf)), np.full(shape, np.inf), np.full(shape, np.inf),
        np.full(shape, -1, dtype=np.int64), np.full(shape, -1, dtype=np.int64),
    )  # fmt: skip
    if not len(doors):
        return found
    if ways is None:
        ways = travel(network, origins, doors.point, network.length if shortest else None, control=control)
    far = doors.access[doors.point_door]
    value = ways.metres if shortest else ways.seconds + far / speed
    bounds = np.searchsorted(doors.site[doors.point_door], np.arange(shape[1] + 1))
    rows = np.arange(shape[0])
    for site, (low, high) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist())):
        if low == high:
            continue
        best = low + np.argmin(value[:, low:high], axis=1)
        reached = np.isfinite(value[rows, best])
        at, best = rows[reached], best[reached]
        found.road.seconds[at, site] = ways.seconds[at, best]
        found.road.metres[at, site] = ways.metres[at, best]
        found.access[at, site] = origin_access[at] + far[best]
        found.access_seconds[at, site] = found.access[at, site] / speed
        found.door[at, site] = doors.point_door[best]
        found.point[at, site] = doors.point[best]
    return found


def people_let_in(doors: Doors, minutes: float, people_per_vehicle: float) -> np.ndarray:
    """Return how many people (s,) int64 the doors of each site let in within so many minutes.

    Examples
    --------
    Two doors of 300 and 241 vehicles/h let in 541 / 2 vehicles of 2.5 people in half an hour: 676.25 people.

    >>> from dataclasses import replace
    >>> import numpy as np
    >>> two = replace(Doors.none(["a"]), site=np.array([0, 0]), capacity=np.array([300.0, 241.0]))
    >>> people_let_in(two, 30.0, 2.5).tolist()
    [676]
    """
    return whole_below(doors.site_capacity() * minutes / 60.0 * people_per_vehicle).astype(np.int64)
