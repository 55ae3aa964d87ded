"""Joining places to the network: at the nearest points along roads on which a trip may start, or end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
    """

    network: RoadNetwork
    node: np.ndarray
    distance: np.ndarray
    reasons: list[str]
    farther: np.ndarray


def join_points(
    network: RoadNetwork,
    xy: np.ndarray,
    max_distance: float,
    demand: Demand | None = None,
    closed: np.ndarray | None = None,
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

    Returns
    -------
    Joined
    """
    points = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
    demand = Demand(np.full(len(points), ORIGIN)) if demand is None else demand
    closed = np.zeros(len(points), dtype=bool) if closed is None else closed
    known = np.isfinite(points).all(axis=1)
    node_part = components(network.node_count, network.tail, network.head, strong=False)
    starts = network.piece_ends()[0]
    part = np.where(starts >= 0, node_part[starts], -1) if len(node_part) else np.empty(0, dtype=np.int64)
    usable = dict(zip((ORIGIN, DESTINATION), usable_pieces(network, node_part)))
    pieces = NearPieces(network)
    limit = min(max_distance, FARTHEST)
    asked = known & ~closed
    near = _of_roles(points, asked, demand.role, usable, lambda at, may: pieces.nearest_by_part(at, may, part, limit))
    part = parts_with_halves(pieces, points, near, np.logical_or(*usable.values()), part)
    near = closest(near, near.place, part[near.piece])
    chosen = choose_parts(near, part[near.piece], demand)
    taken = Near(*(column[chosen] for column in near))
    joins = np.zeros(len(points), dtype=bool)
    joins[taken.place] = True
    far = _of_roles(
        points, asked & ~joins, demand.role, usable, lambda at, may: pieces.nearest(at, np.flatnonzero(may))
    )
    distance = np.full(len(points), np.inf)
    for found in (taken, far):
        distance[found.place] = found.distance
    joined, node = _with_nodes(pieces, points, taken, usable, part, demand.role)
    reasons = [
        "" if node[k] >= 0 else _reason(bool(closed[k]), bool(known[k]), float(distance[k]), max_distance, role)
        for k, role in enumerate(demand.role.tolist())
    ]
    return Joined(joined, node, distance, reasons, _farther(pieces, points, taken))


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


def _with_nodes(
    pieces: NearPieces, xy: np.ndarray, taken: Near, usable: dict[int, np.ndarray], part: np.ndarray, role: np.ndarray
) -> tuple[RoadNetwork, np.ndarray]:
    """Return the network with the nodes (k,) of the places that join; each lies at its place's nearest point."""
    found = []
    for own, may in usable.items():
        mine = role[taken.place] == own
        found.append(points_of_places(pieces, xy, Near(*(column[mine] for column in taken)), may, part))
    place, piece, measure = (np.concatenate(column) for column in zip(*found))
    network, at = cut(pieces.network, piece, measure)
    order = np.argsort(place, kind="stable")
    bounds = np.searchsorted(place[order], np.arange(len(xy) + 1))
    points = [at[order[low:high]] for low, high in zip(bounds[:-1], bounds[1:])]
    spot = xy.copy()
    spot[taken.place] = pieces.points(taken.piece, pieces.measures(taken.piece, xy[taken.place]))
    return connect(network, points, role, spot)


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
