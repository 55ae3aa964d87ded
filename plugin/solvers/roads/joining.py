"""Joining places to the network: at the nearest points along roads on which a trip may start, or end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..graph.components import components
from .carriageways import parts_with_halves, points_of_places
from .connectors import DESTINATION, ORIGIN, connect
from .cutting import cut
from .near_pieces import Near, NearPieces, closest, together
from .network import RoadNetwork
from .one_part import Demand, choose_parts
from .usable import usable_pieces

# A road counts as nearer than the one joined when it is so by more than this (m).
CLEARLY_NEARER = 0.01
FARTHEST = 1e8  # m: no limit beyond
ACTS = {ORIGIN: "left", DESTINATION: "reached"}


@dataclass(frozen=True)
class Joined:
    """Places joined to a network.

    Attributes
    ----------
    network : RoadNetwork
        The network with a node at each place's nearest points, and one of its own, with connectors, for a place that
        has several (:mod:`.connectors`); nodes of the network given keep their numbers.
    node : (k,) int32
        Each place's node, -1 where it could not be joined.
    distance : (k,) float64
        Metres from the place to the road it joins; where ``node`` is -1 to its nearest usable road, infinite when
        there is none.
    reasons : list of str
        Why a place could not be joined; empty where it was.
    farther : (k,) float64
        Metres by which a joined place passed over a nearer road: one on which its trips cannot start, or end, or in
        another part of the network. 0 where it joined the nearest.
    points : list of (c,) int
        The nodes on the roads at which each place is joined, ascending; none for a place that is not.
    """

    network: RoadNetwork
    node: np.ndarray
    distance: np.ndarray
    reasons: list[str]
    farther: np.ndarray
    points: list[np.ndarray]

    def only(self, places: np.ndarray) -> Joined:
        """Return the same of some places (indices, in order)."""
        few = places.tolist()
        return Joined(
            self.network,
            self.node[places],
            self.distance[places],
            [self.reasons[k] for k in few],
            self.farther[places],
            [self.points[k] for k in few],
        )

    def without(self, reasons: dict[int, str]) -> Joined:
        """Return the same places, some of which are not joined after all, with the reason."""
        node, told, points = self.node.copy(), list(self.reasons), list(self.points)
        for k, reason in reasons.items():
            node[k], told[k], points[k] = -1, reason, self.points[k][:0]
        return Joined(self.network, node, self.distance, told, self.farther, points)


class OnRoads(NamedTuple):
    """Places of which it is known where on the roads they are.

    Attributes
    ----------
    place, piece : (c,) int64
        A place may have several pieces.
    measure : (c,) float64
        Metres along the piece, as drawn; NaN for a place that takes part in the choice of the network's part alone and
        gets no node.
    """

    place: np.ndarray
    piece: np.ndarray
    measure: np.ndarray

    @classmethod
    def none(cls) -> OnRoads:
        """Return no place."""
        return cls(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))


def join_points(
    network: RoadNetwork,
    xy: np.ndarray,
    max_distance: float,
    demand: Demand | None = None,
    closed: np.ndarray | None = None,
    on_roads: OnRoads | None = None,
    site: np.ndarray | None = None,
) -> Joined:
    """Join places to the nearest points along roads on which a trip may start, or end.

    Which roads these are is said by :func:`.components.usable_pieces`, which part of the network is taken by
    :mod:`.one_part`, and which carriageways besides the nearest by :mod:`.carriageways`. A piece is cut at a point and
    a node added; at its end the node there is taken; places with the same points share nodes. Lengths are shared in
    proportion.

    Parameters
    ----------
    network : RoadNetwork
    xy : (k, 2)
        Places in metres of the working CRS; NaN for a place without a position.
    max_distance : float
        Metres beyond which a place is not joined.
    demand : Demand, optional
        Who goes between the places; by default all are origins.
    closed : (k,) bool, optional
        Places in closed areas, which are not joined.
    on_roads : OnRoads, optional
        Places that are not to be joined to the nearest road, but where it says.
    site : (k,) int, optional
        Places with one number, all of one role, are one site: they share a node, with all their points. By default
        each place is alone.

    Returns
    -------
    Joined
    """
    points = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
    demand = Demand(np.full(len(points), ORIGIN)) if demand is None else demand
    closed = np.zeros(len(points), dtype=bool) if closed is None else closed
    on_roads = OnRoads.none() if on_roads is None else on_roads
    known = np.isfinite(points).all(axis=1)
    searched = known & ~closed
    searched[on_roads.place] = False
    node_part = components(network.node_count, network.tail, network.head, strong=False)
    starts = network.piece_ends()[0]
    part = np.where(starts >= 0, node_part[starts], -1) if len(node_part) else np.empty(0, dtype=np.int64)
    usable = dict(zip((ORIGIN, DESTINATION), usable_pieces(network, node_part)))
    pieces = NearPieces(network)
    limit = min(max_distance, FARTHEST)
    near = _of_roles(
        points, searched, demand.role, usable, lambda at, may: pieces.nearest_by_part(at, may, part, limit)
    )
    near = together([near, Near(on_roads.place, on_roads.piece, np.zeros(len(on_roads.place)))])
    part = parts_with_halves(pieces, points, near, np.logical_or(*usable.values()), part)
    near = closest(near, near.place, part[near.piece])
    chosen = choose_parts(near, part[near.piece], demand)
    taken = Near(*(column[chosen] for column in near))
    joins = np.zeros(len(points), dtype=bool)
    joins[taken.place] = True
    far = _of_roles(
        points, searched & ~joins, demand.role, usable, lambda at, may: pieces.nearest(at, np.flatnonzero(may))
    )
    distance = np.full(len(points), np.inf)
    for each in (taken, far):
        distance[each.place] = each.distance
    place, piece, measure = _points(pieces, points, taken, usable, part, demand.role, on_roads)
    spot = points.copy()
    spot[taken.place] = pieces.points(taken.piece, pieces.measures(taken.piece, points[taken.place]))
    joined, at = cut(network, piece, measure)
    own = _by_place(place, at, len(points))
    joined, node = _one_node(joined, own, demand.role, spot, site)
    reasons = [
        "" if node[k] >= 0 else _reason(bool(closed[k]), bool(known[k]), float(distance[k]), max_distance, role)
        for k, role in enumerate(demand.role.tolist())
    ]
    return Joined(joined, node, distance, reasons, _farther(pieces, points, taken), own)


def _of_roles(
    points: np.ndarray,
    asked: np.ndarray,
    role: np.ndarray,
    usable: dict[int, np.ndarray],
    find: Callable[[np.ndarray, np.ndarray], Near],
) -> Near:
    """Find pieces near the ``asked`` (k,) places, for each role among those it can use."""
    groups = []
    for each, may in usable.items():
        own = np.flatnonzero(asked & (role == each))
        found = find(points[own], may)
        groups.append(found._replace(place=own[found.place]))
    return together(groups)


def _points(
    pieces: NearPieces,
    xy: np.ndarray,
    taken: Near,
    usable: dict[int, np.ndarray],
    part: np.ndarray,
    role: np.ndarray,
    on_roads: OnRoads,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return ``(place, piece, measure)`` (c,) of all points on the roads at which places join."""
    there = ~np.isnan(on_roads.measure)
    found = [(on_roads.place[there], on_roads.piece[there], on_roads.measure[there])]
    near = ~np.isin(taken.place, on_roads.place)
    for own, may in usable.items():
        mine = near & (role[taken.place] == own)
        found.append(points_of_places(pieces, xy, Near(*(column[mine] for column in taken)), may, part))
    place, piece, measure = (np.concatenate(column) for column in zip(*found))
    return place, piece, measure


def _by_place(place: np.ndarray, at: np.ndarray, count: int) -> list[np.ndarray]:
    """Return the different nodes of each place, from pairs (c,) of a place and a node."""
    order = np.argsort(place, kind="stable")
    bounds = np.searchsorted(place[order], np.arange(count + 1))
    return [np.unique(at[order[low:high]]) for low, high in zip(bounds[:-1], bounds[1:])]


def _one_node(
    network: RoadNetwork, points: list[np.ndarray], role: np.ndarray, spot: np.ndarray, site: np.ndarray | None
) -> tuple[RoadNetwork, np.ndarray]:
    """Return the network with the node (k,) of each place that joins, one for all places of a site."""
    if site is None:
        return connect(network, points, role, spot)
    numbers, first, group = np.unique(site, return_index=True, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    bounds = np.searchsorted(group.ravel()[order], np.arange(len(numbers) + 1))
    every = [
        np.unique(np.concatenate([points[k] for k in order[low:high].tolist()]))
        for low, high in zip(bounds[:-1], bounds[1:])
    ]
    connected, node = connect(network, every, role[first], spot[first])
    joins = np.array([len(own) > 0 for own in points], dtype=bool)
    return connected, np.where(joins, node[group.ravel()], -1).astype(np.int32)


def _farther(pieces: NearPieces, xy: np.ndarray, taken: Near) -> np.ndarray:
    """Return by how many metres (k,) a road that a place did not take is nearer than the one it took."""
    nearest = pieces.nearest(xy[taken.place], np.arange(pieces.network.piece_count))
    farther = np.zeros(len(xy))
    more = taken.distance[nearest.place] - nearest.distance
    farther[taken.place[nearest.place]] = np.where(more > CLEARLY_NEARER, more, 0.0)
    return farther


def _reason(closed: bool, known: bool, distance: float, max_distance: float, role: int) -> str:
    if closed:
        return "inside a barrier"
    if not known:
        return "it has no position that can be compared with the roads"
    if not np.isfinite(distance):
        return f"the network has no road that can be {ACTS[role]}"
    return f"{distance:,.0f} m from the nearest road that can be {ACTS[role]} (limit {max_distance:,.0f} m)"
