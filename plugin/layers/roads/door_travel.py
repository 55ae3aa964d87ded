"""How far sites are by their quickest doors, and how many people these let in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from qgis.core import QgsProcessingFeedback

from ...solvers.control import Control
from ...solvers.naming import first_of
from ...solvers.roads.door_travel import DoorTravel, people_let_in, travel_to_doors
from ...solvers.roads.shortest_paths import Travel, fastest_paths, reverse_trees
from ...solvers.safety.earliest_ways import EarliestWays, earliest_ways
from .doors import ACCESS_ON_FOOT, SitesJoined
from .entrances import DoorRules
from .joining import NOTABLE

CUT_IN_TIME = "the hazard or a closure cuts every way for who leaves at the order"


@dataclass(frozen=True)
class DoorUse:
    """How the doors of sites count.

    Attributes
    ----------
    rules : DoorRules
        Where they are.
    access_speed : float
        Between place and road, m/s.
    minutes : float or None
        In which all who come have to be let in (DOOR_MINUTES); None: doors set no limit.
    people_per_vehicle : float
    """

    rules: DoorRules = field(default_factory=DoorRules)
    access_speed: float = ACCESS_ON_FOOT
    minutes: float | None = None
    people_per_vehicle: float = 2.5

    def let_in(self, joined: SitesJoined) -> np.ndarray | None:
        """Return the people (s,) int64 whom the doors of each site let in in time; None where nobody asks."""
        if self.minutes is None:
            return None
        return people_let_in(joined.doors, self.minutes, self.people_per_vehicle)


def quickest(
    joined: SitesJoined, use: DoorUse, control: Control, *, shortest: bool = False, leave: np.ndarray | None = None
) -> DoorTravel:
    """Return the travel from each origin to each site by its quickest door, or by the shortest road to any.

    Where roads close in time or the hazard comes, only a way counts that stays open for who leaves each origin at
    ``leave`` (o,) seconds from t = 0 (by default at t = 0), the quickest of these in either case.

    Raises
    ------
    Cancelled
    """
    origins, ways = joined.origins, None
    if joined.read.danger:
        found = ways_in_time(joined, leave, joined.doors.point, control)
        ways = Travel(found.seconds, found.metres)
    return travel_to_doors(
        joined.read.network, origins.node, origins.distance, joined.doors, use.access_speed, shortest=shortest,
        ways=ways, control=control,
    )  # fmt: skip


def ways_in_time(
    joined: SitesJoined,
    leave: np.ndarray | None,
    goals: np.ndarray,
    control: Control,
    pairs: Collection[tuple[int, int]] = (),
) -> EarliestWays:
    """Return the quickest ways that stay open from each origin to nodes, with the arcs of the ``pairs``.

    Raises
    ------
    Cancelled
    """
    network, origins = joined.read.network, joined.origins.node
    closings = joined.read.danger.closings_on(network, np.empty(0, dtype=np.int64), np.empty(0))
    return earliest_ways(
        network.tail, network.head, network.free_flow, closings, origins,
        np.zeros(len(origins)) if leave is None else leave, goals, network.length, pairs, control,
    )  # fmt: skip


def routes_to_doors(
    joined: SitesJoined, leave: np.ndarray, origin: np.ndarray, point: np.ndarray, control: Control
) -> list[np.ndarray]:
    """Return the arcs of the quickest way of each pair (k,) of an origin and a node of a door.

    As in :func:`quickest`, of the ways that stay open for who leaves each origin at ``leave`` (o,).

    Raises
    ------
    Cancelled
    """
    if not joined.read.danger:
        pairs = list(zip(joined.origins.node[origin].tolist(), point.tolist()))
        return fastest_paths(joined.read.network, pairs, control=control)
    goals, which = np.unique(point, return_inverse=True)
    wanted = list(zip(origin.tolist(), which.ravel().tolist()))
    found = ways_in_time(joined, leave, goals, control, wanted)
    return [found.paths[pair] for pair in wanted]


def why_cut_off(joined: SitesJoined, origin: np.ndarray, site: np.ndarray) -> list[str]:
    """Return what cuts the way of each pair (k,) of an origin and a site that has none; "" where none was ever there.

    Barriers and closures for good are named; else it is the hazard or a closure for a while.
    """
    read, node, goal = joined.read, joined.origins.node[origin], joined.node[site]
    both = (node >= 0) & (goal >= 0)
    closers = read.danger.taken.closers(read.network, node, goal)
    out = [f"the way is closed by {first_of(names)}" if names else "" for names in closers]
    if read.danger and both.any():
        few, column = np.unique(goal[both], return_inverse=True)
        open_at_first = np.full(len(origin), np.inf)
        open_at_first[both] = reverse_trees(read.network, few)[column.ravel(), node[both]]
        for k in np.flatnonzero(np.isfinite(open_at_first)).tolist():
            out[k] = CUT_IN_TIME
    return out


def tell_of_doors(
    ids: Sequence[str],
    room: np.ndarray,
    let_in: np.ndarray | None,
    minutes: float | None,
    feedback: QgsProcessingFeedback,
) -> None:
    """Log at which sites the doors let in fewer people (s,) than there is ``room`` (s,) for."""
    if let_in is None or minutes is None:
        return
    tight = np.flatnonzero(let_in < room)
    named = [f"{ids[j]} ({let_in[j]:,} of {room[j]:,.0f})" for j in tight.tolist()]
    feedback.pushInfo(
        f"DOOR_MINUTES: in {minutes:g} minutes the doors of {len(tight)} of {len(ids)} site(s) let in fewer people "
        f"than there is room for" + (f": {first_of(named)}." if named else ".")
    )


def tell_access(
    parameter: str,
    what: str,
    names: Sequence[str],
    access: np.ndarray,
    people: np.ndarray | None,
    feedback: QgsProcessingFeedback,
) -> None:
    """Log how many of ``what`` have a long straight way (k,) between their places and the roads; NaN is none."""
    far = np.flatnonzero(np.nan_to_num(access) > NOTABLE)
    if not len(far):
        return
    worst = int(far[np.argmax(access[far])])
    with_people = "" if people is None else f" with {int(people[far].sum()):,} people"
    feedback.pushInfo(
        f"{parameter}: {len(far)} {what}{with_people} have more than {NOTABLE:g} m between places and road, both ends "
        f"together; most {access[worst]:,.0f} m ({names[worst]})."
    )
