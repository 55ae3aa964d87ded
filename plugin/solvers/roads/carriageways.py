"""The carriageways that a place joins besides its nearest road."""

from __future__ import annotations

import numpy as np

from .cutting import SAME_PLACE
from .near_pieces import Near, NearPieces, closest
from .network import RoadNetwork

AS_NEAR = 1.0  # m: roads that are this little farther than the nearest are as near
MEDIAN = 30.0  # m: the two halves of a dual carriageway lie within this of each other
WINDOW = 10.0  # m: a road's direction at a point is that from this far before it to this far behind
OPPOSITE = -np.cos(np.radians(30.0))  # cosine between the directions of two halves, at most
BESIDE = np.cos(np.radians(45.0))  # cosine between a half's direction and the way across, at most
NEARER = 1e-6  # m


def one_ways(network: RoadNetwork) -> np.ndarray:
    """Return for each piece (p,) 1 when it is open only as drawn, -1 only against, else 0."""
    way = np.zeros(network.piece_count, dtype=np.int64)
    road = network.is_road
    np.add.at(way, network.piece[road], np.where(network.forward[road], 1, -1))
    return way


def points_of_places(
    pieces: NearPieces, xy: np.ndarray, nearest: Near, usable: np.ndarray, part: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return ``(place, piece, measure)`` (c,) of all points of the roads at which places join.

    Besides its nearest road a place joins those that are as near (within :data:`AS_NEAR`), and where one of these is a
    half of a dual carriageway the other half.

    Parameters
    ----------
    pieces : NearPieces
    xy : (k, 2)
        Places, metres.
    nearest : Near
        The nearest usable piece of each place that joins.
    usable : (p,) bool
        Pieces that may be joined.
    part : (p,) int
        The part of the network each piece is in; all points of a place lie in one.
    """
    chosen = np.flatnonzero(usable)
    near = pieces.within(xy[nearest.place], chosen, nearest.distance + AS_NEAR)
    same = part[near.piece] == part[nearest.piece[near.place]]
    near = Near(nearest.place[near.place[same]], near.piece[same], near.distance[same])
    measure = pieces.measures(near.piece, xy[near.place])
    keep = ~_ends_of_nearer(pieces.network, near, measure)
    place, piece, measure = near.place[keep], near.piece[keep], measure[keep]
    other = _other_halves(pieces, chosen, part, piece, measure)
    return (
        np.concatenate([place, place[other.place]]),
        np.concatenate([piece, other.piece]),
        np.concatenate([measure, pieces.measures(other.piece, pieces.points(piece, measure)[other.place])]),
    )


def parts_with_halves(
    pieces: NearPieces, xy: np.ndarray, near: Near, usable: np.ndarray, part: np.ndarray
) -> np.ndarray:
    """Return the part (p,) of each piece, one number for parts that are the halves of one dual carriageway.

    Two halves that nothing connects are still one road for a place beside them.

    Parameters
    ----------
    pieces, xy, usable, part
        See :func:`points_of_places`.
    near : Near
        The pieces that the places may join; each place's nearest is looked at.
    """
    if len(near.piece) == 0 or (part[near.piece] == part[near.piece[0]]).all():
        return part
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    own = closest(near, near.place)
    measure = pieces.measures(own.piece, xy[own.place])
    halves = _other_halves(pieces, np.flatnonzero(usable), np.zeros_like(part), own.piece, measure)
    count = int(part.max()) + 1
    pairs = (np.ones(len(halves.piece)), (part[own.piece[halves.place]], part[halves.piece]))
    label = connected_components(coo_matrix(pairs, shape=(count, count)), directed=False)[1]
    one: np.ndarray = np.where(part >= 0, label[part], part).astype(np.int64)
    return one


def _ends_of_nearer(network: RoadNetwork, near: Near, measure: np.ndarray) -> np.ndarray:
    """Return which pairs (c,) meet their piece at an end from which a nearer piece of the same place leads on.

    Such a piece is the nearer road's continuation, or a side street of it, and no carriageway beside it.
    """
    start, end = network.piece_ends()
    first, last = start[near.piece], end[near.piece]
    piece_xy = network.piece_xy
    steps = np.hypot(*np.diff(piece_xy, axis=0).T) if len(piece_xy) > 1 else np.empty(0)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    total = along[network.piece_start[near.piece + 1] - 1] - along[network.piece_start[near.piece]]
    node = np.where(measure <= SAME_PLACE, first, np.where(measure >= total - SAME_PLACE, last, -1))
    # the least distance of a place to any piece at each node
    key = np.concatenate([near.place * np.int64(network.node_count) + ends for ends in (first, last)])
    keys, inverse = np.unique(key, return_inverse=True)
    least = np.full(len(keys), np.inf)
    np.minimum.at(least, inverse.ravel(), np.tile(near.distance, 2))
    asked = np.flatnonzero(node >= 0)
    at = np.searchsorted(keys, near.place[asked] * np.int64(network.node_count) + node[asked])
    ends_there = np.zeros(len(node), dtype=bool)
    ends_there[asked] = least[at] < near.distance[asked] - NEARER
    return ends_there


def _other_halves(
    pieces: NearPieces, chosen: np.ndarray, part: np.ndarray, piece: np.ndarray, measure: np.ndarray
) -> Near:
    """Return for points on pieces (c,), as their numbers, the other half of their dual carriageway where there is one.

    Both are one-way, lie side by side within :data:`MEDIAN` and lead in roughly opposite directions.
    """
    way = one_ways(pieces.network)
    asked = np.flatnonzero(way[piece] != 0)
    here = pieces.points(piece[asked], measure[asked])
    found = pieces.within(here, chosen[way[chosen] != 0], np.full(len(asked), MEDIAN))
    own = asked[found.place]
    at = pieces.measures(found.piece, here[found.place])
    across = pieces.points(found.piece, at) - here[found.place]
    direction = _directions(pieces, piece[own], measure[own]) * way[piece[own], None]
    other = _directions(pieces, found.piece, at) * way[found.piece, None]
    fits = (
        (part[found.piece] == part[piece[own]])
        & ((direction * other).sum(axis=1) <= OPPOSITE)
        & (np.abs((direction * across).sum(axis=1)) <= BESIDE * np.hypot(*across.T) + NEARER)
    )
    halves = Near(own[fits], found.piece[fits], found.distance[fits])
    return closest(halves, halves.place)


def _directions(pieces: NearPieces, piece: np.ndarray, measure: np.ndarray) -> np.ndarray:
    """Return the unit direction (c, 2), as drawn, of pieces about a point on them; 0 where they have none."""
    step = pieces.points(piece, measure + WINDOW) - pieces.points(piece, np.maximum(measure - WINDOW, 0.0))
    size = np.hypot(*step.T)
    return step / np.where(size > 0, size, 1.0)[:, None]
