"""Joining places to the network: at the nearest point along a road that can be left and reached."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..dependencies import require
from .components import usable_pieces
from .cutting import cut
from .network import RoadNetwork

# A road counts as nearer than the one joined when it is so by more than this (m).
CLEARLY_NEARER = 0.01


@dataclass(frozen=True)
class Joined:
    """Places joined to a network.

    Attributes
    ----------
    network : RoadNetwork
        The network with a node at each place's nearest point; nodes of the network given keep their numbers.
    node : (k,) int32
        Each place's node, -1 where it could not be joined.
    distance : (k,) float64
        Metres from the place to its nearest usable road, infinite when there is none; also where ``node`` is -1.
    reasons : list of str
        Why a place could not be joined; empty where it was.
    passed_over : (k,) bool
        Whether a joined place has a nearer road, which cannot be left and reached.
    """

    network: RoadNetwork
    node: np.ndarray
    distance: np.ndarray
    reasons: list[str]
    passed_over: np.ndarray


def join_points(network: RoadNetwork, xy: np.ndarray, max_distance: float) -> Joined:
    """Join places to the nearest point along a road that can be left and reached.

    A road qualifies when both ends of its piece lie in one strongly connected component of real size
    (:func:`.components.usable_nodes`). The piece is cut there and a node added; at its end the node there is taken;
    places with the same nearest point share a node. Lengths are shared in proportion.

    Parameters
    ----------
    network : RoadNetwork
    xy : (k, 2)
        Places in metres of the working CRS; NaN for a place without a position.
    max_distance : float
        Metres beyond which a place is not joined.

    Returns
    -------
    Joined
    """
    points = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
    known = np.isfinite(points).all(axis=1)
    usable = usable_pieces(network)
    piece, measure, distance = _nearest(network, points, known, usable)
    near = known & (distance <= max_distance)
    any_distance = distance
    if not usable.all():
        _, _, any_distance = _nearest(network, points, near, np.ones(network.piece_count, dtype=bool))
    node = np.full(len(points), -1, dtype=np.int32)
    joined, node[near] = cut(network, piece[near], measure[near])
    reasons = ["" if near[k] else _reason(bool(known[k]), float(distance[k]), max_distance) for k in range(len(points))]
    passed_over = near & (any_distance < distance - CLEARLY_NEARER)
    return Joined(joined, node, distance, reasons, passed_over)


def _reason(known: bool, distance: float, max_distance: float) -> str:
    if not known:
        return "it has no position that can be compared with the roads"
    if not np.isfinite(distance):
        return "the network has no road that can be left and reached"
    return f"{distance:,.0f} m from the nearest road that can be left and reached (limit {max_distance:,.0f} m)"


def _nearest(
    network: RoadNetwork, points: np.ndarray, asked: np.ndarray, candidate: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each asked point the nearest candidate piece, the measure (m) along it, and the distance (m)."""
    shapely = require("shapely", "joining places to roads")
    piece = np.zeros(len(points), dtype=np.int64)
    measure = np.zeros(len(points))
    distance = np.full(len(points), np.inf)
    chosen = np.flatnonzero(candidate)
    wanted = np.flatnonzero(asked)
    if len(chosen) == 0 or len(wanted) == 0:
        return piece, measure, distance
    size = np.diff(network.piece_start)
    vertex = np.repeat(candidate, size)
    line_of_vertex = np.repeat(np.arange(len(chosen)), size[chosen])
    lines = shapely.linestrings(network.piece_xy[vertex], indices=line_of_vertex)
    tree = shapely.STRtree(lines)
    places = shapely.points(points[wanted])
    # All ties are asked for and the lowest piece taken: which one comes first is up to the tree.
    pairs, far = tree.query_nearest(places, all_matches=True, return_distance=True)
    order = np.lexsort((pairs[1], far, pairs[0]))
    asker, first = np.unique(pairs[0][order], return_index=True)
    hit = pairs[1][order][first]
    piece[wanted[asker]] = chosen[hit]
    distance[wanted[asker]] = far[order][first]
    measure[wanted[asker]] = np.nan_to_num(shapely.line_locate_point(lines[hit], places[asker]))
    return piece, measure, distance
