"""Doors: the places at which vehicles enter a destination, and what each lets in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .network import RoadNetwork
from .reach import Reach


@dataclass(frozen=True)
class DoorPoints:
    """Doors as nodes on the roads, ordered by site.

    Attributes
    ----------
    site : (d,) int64
        Number of the site, ascending.
    points : list of (c,) int
        The nodes of each door: one, or those of both carriageways.
    guessed : (d,) bool
        Whether it is not surveyed.
    limit : (d,) float64
        Most vehicles/h, infinite where nobody says.
    access : (d,) float64
        Straight metres from the road to the entrance.
    names : list of str
        As the entrance is called, "" for a guessed one.
    """

    site: np.ndarray
    points: list[np.ndarray]
    guessed: np.ndarray
    limit: np.ndarray
    access: np.ndarray
    names: list[str]

    def __len__(self) -> int:
        return len(self.site)


@dataclass(frozen=True)
class Doors:
    """The doors of all sites, ordered by site.

    Attributes
    ----------
    ids : list of str
        Of the sites.
    site : (d,) int64
        Position of each door's site in ``ids``, ascending.
    number : (d,) int64
        From 1 within the site.
    names : list of str
        As the entrance is called, "" for a guessed one.
    node : (d,) int64
        A node of each door on the roads: where to draw it.
    guessed : (d,) bool
        Whether it is not surveyed.
    capacity : (d,) float64
        Vehicles/h: the sum over the directed pieces that enter it and that some origin can reach without passing a
        door of the same site.
    access : (d,) float64
        Straight metres from the road to the entrance.
    arc, arc_door : (a,) int64
        Those pieces as arcs, each with its door; by door, then arc.
    point, point_door : (c,) int64
        All nodes of doors, likewise.
    """

    ids: list[str]
    site: np.ndarray
    number: np.ndarray
    names: list[str]
    node: np.ndarray
    guessed: np.ndarray
    capacity: np.ndarray
    access: np.ndarray
    arc: np.ndarray
    arc_door: np.ndarray
    point: np.ndarray
    point_door: np.ndarray

    def __len__(self) -> int:
        return len(self.site)

    @classmethod
    def none(cls, ids: Sequence[str] = ()) -> Doors:
        """Return sites that have no doors."""
        whole, real = np.empty(0, dtype=np.int64), np.empty(0)
        return cls(list(ids), whole, whole, [], whole, np.empty(0, dtype=bool), real, real, whole, whole, whole, whole)

    def counts(self) -> np.ndarray:
        """Return the number of doors (s,) of each site."""
        return np.bincount(self.site, minlength=len(self.ids))

    def site_capacity(self) -> np.ndarray:
        """Return what all doors (s,) of each site let in, vehicles/h."""
        return np.bincount(self.site, weights=self.capacity, minlength=len(self.ids))

    def door_at(self, site: np.ndarray, node: np.ndarray) -> np.ndarray:
        """Return the door (k,) that a trip to ``site`` (k,) takes that comes to ``node`` (k,) last; -1 for none.

        A node of -1 is none: such a trip drives nowhere.
        """
        if not len(self.point):
            return np.full(len(site), -1, dtype=np.int64)
        span = np.int64(max(int(self.point.max()), int(np.max(node, initial=0))) + 1)
        key = self.site[self.point_door] * span + self.point
        order = np.argsort(key, kind="stable")
        asked = np.asarray(site, dtype=np.int64) * span + node
        at = np.minimum(np.searchsorted(key[order], asked), len(key) - 1)
        return np.where((key[order][at] == asked) & (np.asarray(node) >= 0), self.point_door[order][at], -1)


def merged(given: DoorPoints) -> tuple[DoorPoints, list[tuple[int, int]]]:
    """Let doors of one site that have a node in common be one.

    Returns
    -------
    doors : DoorPoints
        Each node belongs to one door of a site; a door keeps the name, and the shorter way, of its first; limits of
        doors that became one add up.
    pairs : list of (int, int)
        Doors, as given, that went into another, with that one.
    """
    owner: dict[tuple[int, int], int] = {}
    into = np.arange(len(given))
    for k, (site, points) in enumerate(zip(given.site.tolist(), given.points)):
        known = [owner[site, node] for node in points.tolist() if (site, node) in owner]
        into[k] = min(known) if known else k
        for node in points.tolist():
            owner.setdefault((site, node), int(into[k]))
    if (into == np.arange(len(given))).all():
        return given, []
    limit, access = np.zeros(len(given)), np.full(len(given), np.inf)
    np.add.at(limit, into, given.limit)
    np.minimum.at(access, into, given.access)
    kept = np.flatnonzero(into == np.arange(len(given)))
    nodes: list[list[int]] = [[] for _ in range(len(given))]
    for (_, node), door in owner.items():
        nodes[door].append(node)
    few = kept.tolist()
    doors = DoorPoints(
        given.site[kept],
        [np.array(sorted(nodes[k]), dtype=np.int64) for k in few],
        given.guessed[kept],
        limit[kept],
        access[kept],
        [given.names[k] for k in few],
    )
    return doors, [(k, int(into[k])) for k in np.flatnonzero(into != np.arange(len(given))).tolist()]


def doors_of(
    network: RoadNetwork, ids: Sequence[str], given: DoorPoints, starts: np.ndarray
) -> tuple[RoadNetwork, Doors]:
    """Return the doors with their capacities, and the network with the limits put on its pieces.

    A limit L below the sum of the capacities c of the pieces that enter a door gives each of them ``c * L / sum``; the
    lower, where a piece enters doors of several sites.

    Parameters
    ----------
    network : RoadNetwork
    ids : list of str
        Of the sites.
    given : DoorPoints
        No two doors of a site have a node in common (:func:`merged`).
    starts : (s,) int
        Nodes at which trips start.
    """
    if not len(given):
        return network, Doors.none(ids)
    counts = np.array([len(points) for points in given.points])
    point = np.concatenate(given.points).astype(np.int64)
    point_door = np.repeat(np.arange(len(given)), counts)
    at_door = np.zeros(network.node_count, dtype=bool)
    at_door[point] = True
    road = network.is_road
    reach = Reach(network, starts, at_door[network.tail] & road)
    own: dict[int, set[int]] = {}  # arcs that leave a door, by site
    for node, door in zip(point.tolist(), point_door.tolist()):
        own.setdefault(int(given.site[door]), set()).update(reach.leaving(node).tolist())
    entering: list[tuple[int, int]] = []
    for node, door in zip(point.tolist(), point_door.tolist()):
        passed = own[int(given.site[door])]
        entering += [
            (door, arc)
            for arc in reach.entering(node).tolist()
            if road[arc] and arc not in passed and reach.comes_to(int(network.tail[arc]), passed)
        ]
    pairs = np.array(sorted(entering), dtype=np.int64).reshape(-1, 2)
    arc_door, arc = pairs.T
    total = np.bincount(arc_door, weights=network.capacity[arc], minlength=len(given))
    limited = total > given.limit
    share = np.divide(given.limit, total, where=limited, out=np.ones(len(total)))
    capacity = network.capacity.copy()
    np.minimum.at(capacity, arc, network.capacity[arc] * share[arc_door])
    first = np.r_[0, np.cumsum(counts)[:-1]]
    begin = np.searchsorted(given.site, given.site)
    doors = Doors(
        list(ids), given.site, np.arange(len(given)) - begin + 1, given.names, point[first], given.guessed,
        np.bincount(arc_door, weights=capacity[arc], minlength=len(given)), given.access, arc, arc_door, point,
        point_door,
    )  # fmt: skip
    return replace(network, capacity=capacity), doors
