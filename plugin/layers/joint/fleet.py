"""The vehicles of a joint plan: where each starts, and what is sent together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...solvers.roads.reach import ReachesNode
from ...solvers.routing.shared.vehicles import vehicles_of
from ..errors import LayerError
from ..routing.trips import MOST_VEHICLES
from .demand import ZONES, Demand
from .ground import Ground
from .options import JointOptions


class Fleet(NamedTuple):
    """The vehicles of a joint plan and what is sent together.

    Attributes
    ----------
    source : (v,) int64
        Node where each starts.
    part : (v,) int64
        What each is sent with.
    parent : (h,) int64
        The group of each part.
    reach : (h, n) bool
        Destinations to which the whole of a part has a way.
    """

    source: np.ndarray
    part: np.ndarray
    parent: np.ndarray
    reach: np.ndarray


def fleet_on(ground: Ground, source: np.ndarray, group: np.ndarray) -> Fleet:
    """Return what is sent together: groups, or parts of one that no exit is open to together.

    Who is on his way to an exit does not pass another. Where that parts the roads inside, the vehicles of a group that
    can reach the same exits are a part of it.
    """
    where = ground.targets
    if where.count or not where.exits or not len(group):
        parent, part = np.unique(group, return_inverse=True)
        return Fleet(source, part, parent, np.ones((len(parent), len(where)), dtype=bool))
    few, which = np.unique(source, return_inverse=True)
    ways = ReachesNode(ground.read.network)
    can = np.column_stack([ways.can(few, target) for target in ground.node.tolist()])
    keys = np.column_stack([group, np.packbits(can, axis=1)[which].astype(np.int64)])
    rows, first, part = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return Fleet(source, part.ravel(), rows[:, 0], can[which[first]])


def vehicles_on(demand: Demand, ground: Ground, options: JointOptions) -> tuple[np.ndarray, np.ndarray]:
    """Return where each vehicle starts (v,), and its group (v,); groups that join no road have none."""
    place, starts = demand.place, ground.starts
    count = vehicles_of(demand.groups.sizes, options.in_vehicle(demand.groups.on_foot))
    if count.sum() > MOST_VEHICLES:
        raise LayerError(
            f"{ZONES}: the {int(demand.groups.sizes.sum()):,} people take {int(count.sum()):,} vehicles, more than the "
            f"{MOST_VEHICLES:,} that can be routed. Check GROUP_FIELDS and PEOPLE_PER_VEHICLE."
        )
    count = np.where(starts.joined[place] & bool(len(ground.node)), count, 0)
    names, seed = demand.zones.ids, options.departures.seed
    source = starts.sources(ground.read.network, names, place, count, ground.node, seed)
    return source, np.repeat(np.arange(len(place)), count)
