"""What lies between zones and all destinations of a joint plan on empty roads."""

from __future__ import annotations

import numpy as np

from ...solvers.control import Control
from ...solvers.roads.shortest_paths import travel
from ..allocation.separation import Separation
from .demand import Demand
from .ground import Ground
from .options import JointOptions


def every_way(
    over: Separation,
    demand: Demand,
    ground: Ground,
    options: JointOptions,
    source: np.ndarray,
    group: np.ndarray,
    control: Control,
) -> Separation:
    """Return what lies between zones and all destinations.

    To shelters that is what ``over`` says, from the zone's point; to exits, and from a zone whose point is far from any
    road, the mean over its vehicles. Who starts outside is where he goes, and goes nowhere else.
    """
    where, starts = ground.targets, ground.starts
    rows_of_zones = len(demand.groups.zones) * len(starts.site_access)
    kilometres, minutes, access = (np.full((rows_of_zones, len(where)), np.inf) for _ in range(3))
    if over.minutes is not None and over.access is not None:
        for table, known in ((kilometres, over.kilometres), (minutes, over.minutes), (access, over.access)):
            table[:, : where.count] = known
    unknown = np.isinf(kilometres[demand.peopled]).all(axis=1) & starts.joined & ~starts.outside
    least = 0 if unknown.any() else where.count
    few, which = np.unique(source, return_inverse=True)
    ways = travel(ground.read.network, few, ground.node[least : where.count + where.exits], control=control)
    own = demand.place[group]
    order = np.argsort(own, kind="stable")
    bounds = np.searchsorted(own[order], np.arange(len(unknown) + 1))
    for k, m in enumerate(demand.peopled.tolist()):
        if starts.outside[k] or not starts.joined[k]:
            for table in (kilometres, minutes, access):
                table[m] = np.inf
                if starts.outside[k]:
                    table[m, where.outside] = 0.0
            continue
        columns = np.arange(0 if unknown[k] else where.count, where.count + where.exits)
        rows = which[order[bounds[k] : bounds[k + 1]]]
        kilometres[m, columns] = _means(ways.metres[rows][:, columns - least]) / 1000.0
        access[m, columns] = starts.access[k] + starts.site_access[starts.half[k], columns]
        walk = access[m, columns] / options.doors.access_speed
        minutes[m, columns] = (_means(ways.seconds[rows][:, columns - least]) + walk) / 60.0
    doors = np.r_[starts.doors.counts(), np.zeros(len(where) - len(starts.doors.ids), dtype=np.int64)]
    let_in = None if over.let_in is None else np.r_[over.let_in, np.full(len(where) - where.count, np.inf)]
    unjoined = {int(demand.peopled[k]): starts.reasons[k] for k in np.flatnonzero(~starts.joined).tolist()}
    walks = access / options.doors.access_speed / 60.0
    return Separation(kilometres, minutes, unjoined, access, walks, doors, let_in)


def _means(values: np.ndarray) -> np.ndarray:
    """Return the mean (e,) of the finite values (v, e) of each column, infinite where there is none."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1), np.inf)
