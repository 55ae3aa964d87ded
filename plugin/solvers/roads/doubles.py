"""Roads drawn more than once: pieces that coincide become one, direction by direction.

OpenStreetMap exports write a two-way street once for each direction; layers put together from several sources have
streets twice. A direction open in any copy is open; its lanes and its capacity are the largest of the copies open that
way, its speed is the lowest. Copies on another level (:mod:`.levels`) are other roads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..dependencies import require
from .network import FORWARD_WAY, DrawnPieces, RoadNetwork, Ways, arcs_on_pieces
from .splitting import Pieces, gather, numbered

ALONG = 1e-6  # m; so that a vertex put on a straight line by another program lies on it, whatever the tolerance


@dataclass(frozen=True)
class Coinciding:
    """Which pieces are drawn on top of others, (p,) each.

    Attributes
    ----------
    leader : int64
        The first of the pieces drawn in one place, itself for a piece drawn once.
    flipped : bool
        Whether a piece is drawn against its leader.
    """

    leader: np.ndarray
    flipped: np.ndarray


def coinciding(pieces: Pieces, level: np.ndarray, tolerance: float) -> Coinciding:
    """Find the pieces between the same two nodes that lie within the tolerance of each other all along.

    Parameters
    ----------
    pieces : Pieces
    level : (r,) int
        Level of each road, at least 0; pieces of different levels never coincide.
    tolerance : float
        Metres.
    """
    count = len(pieces)
    leader, flipped = np.arange(count), np.zeros(count, dtype=bool)
    low, high = (f(pieces.start, pieces.end).astype(np.int64) for f in (np.minimum, np.maximum))
    key = (low * len(pieces.node_xy) + high) * (int(level.max(initial=0)) + 1) + level[pieces.road]
    order = np.argsort(key, kind="stable")
    while len(order):
        opens = np.ones(len(order), dtype=bool)
        opens[1:] = key[order[1:]] != key[order[:-1]]
        first = order[opens][np.cumsum(opens) - 1]
        asked = np.flatnonzero(~opens)
        mine, its = order[asked], first[asked]
        same = _coincide(pieces, mine, its, max(tolerance, ALONG))
        leader[mine[same]] = its[same]
        flipped[mine[same]] = _against(pieces, mine[same], its[same])
        order = mine[~same]
    return Coinciding(leader, flipped)


def _coincide(pieces: Pieces, mine: np.ndarray, its: np.ndarray, reach: float) -> np.ndarray:
    """Return whether the pieces of each pair, which have the same ends, lie within ``reach`` of each other."""
    size = np.diff(pieces.offset)
    same = (size[mine] == 2) & (size[its] == 2)
    asked = np.flatnonzero(~same)
    if len(asked):
        shapely = require("shapely", "finding the roads that are drawn twice")
        a, b = pieces.shapes(mine[asked]), pieces.shapes(its[asked])
        same[asked] = shapely.hausdorff_distance(a, b) <= reach
    return same


def _against(pieces: Pieces, mine: np.ndarray, its: np.ndarray) -> np.ndarray:
    """Return whether the first piece of each pair runs against the second."""
    against = pieces.start[mine] != pieces.start[its]
    ring = np.flatnonzero((pieces.start[mine] == pieces.end[mine]) & ~against)
    for k in ring.tolist():
        against[k] = _area(pieces, mine[k]) * _area(pieces, its[k]) < 0
    return against


def _area(pieces: Pieces, piece: int) -> float:
    """Return twice the area a closed piece encloses, m2; positive where it runs counter-clockwise."""
    x, y = (pieces.xy[pieces.offset[piece] : pieces.offset[piece + 1]] - pieces.xy[pieces.offset[piece]]).T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())


def merge_doubles(
    network: RoadNetwork, pieces: Pieces, level: np.ndarray, tolerance: float, has_speed: np.ndarray
) -> RoadNetwork:
    """Merge the pieces that are drawn on top of each other, direction by direction.

    The first copy stays, with its road, its drawing and its length; the others are kept in
    :attr:`.network.RoadNetwork.copies`. A node that only copies made of an inner vertex is taken out again, so that the
    network is the one the first copies alone would have given.

    Parameters
    ----------
    network : RoadNetwork
        Arcs on ``pieces``.
    pieces : Pieces
    level : (r,) int
    tolerance : float
        Metres, see :func:`coinciding`.
    has_speed : (r,) bool
        Whether a road's speed is its own; a default counts only where no copy open that way has one.
    """
    found = coinciding(pieces, level, tolerance)
    copy = found.leader != np.arange(len(pieces))
    if not copy.any():
        return network
    ways = ways_of(network, found, has_speed)
    kept = np.flatnonzero(~copy)
    touched = np.zeros(len(pieces), dtype=bool)
    touched[found.leader[copy]] = True
    follows = _only_copies_between(pieces, kept, touched, ways)
    run = np.cumsum(~follows) - 1
    run_of = np.empty(len(pieces), dtype=np.int64)
    run_of[kept] = run
    first, last = kept[~follows], kept[np.append(~follows, True)[1:]]
    size = np.diff(pieces.offset)[kept] - follows
    vertex = gather(pieces.offset[kept] + follows, size)
    used, start, end = numbered(pieces.start[first], pieces.end[last], len(pieces.node_xy))
    left = DrawnPieces(
        node_xy=pieces.node_xy[used],
        start=start,
        end=end,
        length=np.bincount(run, weights=pieces.length[kept]),
        road=pieces.road[first],
        offset=np.concatenate([[0], np.cumsum(np.bincount(run, weights=size))]),
        xy=pieces.xy[vertex],
    )
    of_left = Ways(ways.open[first], ways.speed[first], ways.lanes[first], ways.capacity[first])
    return replace(
        arcs_on_pieces(left, of_left, network.road_ids),
        piece_begin=network.piece_begin[first],
        copies=_copies(network, found, touched, run_of),
    )


def ways_of(network: RoadNetwork, found: Coinciding, has_speed: np.ndarray) -> Ways:
    """Return what the directions of each leading piece have, of all its copies together; see :func:`merge_doubles`."""
    shape = (network.piece_count, 2)
    at = (found.leader[network.piece], np.where(network.forward != found.flipped[network.piece], 0, 1))
    is_open = np.zeros(shape, dtype=bool)
    is_open[at] = True
    lanes, capacity = np.zeros(shape), np.zeros(shape)
    np.maximum.at(lanes, at, network.lanes)
    np.maximum.at(capacity, at, network.capacity)
    own, replaced = np.full(shape, np.inf), np.full(shape, np.inf)
    given = has_speed[network.piece_road[network.piece]]
    np.minimum.at(own, at, np.where(given, network.speed, np.inf))
    np.minimum.at(replaced, at, network.speed)
    return Ways(is_open, np.where(np.isfinite(own), own, replaced), lanes, capacity)


def _equal_ways(ways: Ways, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return whether the pieces of each pair (k,) have the same both ways."""
    return np.logical_and.reduce(
        [(c[one] == c[other]).all(axis=1) for c in (ways.open, ways.speed, ways.lanes, ways.capacity)]
    )


def _only_copies_between(pieces: Pieces, kept: np.ndarray, touched: np.ndarray, ways: Ways) -> np.ndarray:
    """Return whether each kept piece goes on from the one before it at a node that only its copies made."""
    meeting = np.bincount(np.concatenate([pieces.start[kept], pieces.end[kept]]), minlength=len(pieces.node_xy))
    before, here = kept[:-1], kept[1:]
    follows = np.zeros(len(kept), dtype=bool)
    follows[1:] = (
        (here == before + 1)
        & (pieces.line[here] == pieces.line[before])
        & (meeting[pieces.start[here]] == 2)
        & (touched[here] | touched[before])
        & _equal_ways(ways, before, here)
    )
    return follows


def _copies(network: RoadNetwork, found: Coinciding, touched: np.ndarray, run_of: np.ndarray) -> np.ndarray:
    """Return (piece, road, ways, against) of all roads drawn along the merged pieces, as RoadNetwork keeps them."""
    ways = np.zeros(network.piece_count, dtype=np.int64)
    way = np.where(network.forward != found.flipped[network.piece], FORWARD_WAY, 3 - FORWARD_WAY)
    np.bitwise_or.at(ways, network.piece, way)
    drawn = touched[found.leader]
    rows = np.column_stack([run_of[found.leader[drawn]], network.piece_road[drawn], ways[drawn]])
    pair, first, row = np.unique(rows[:, :2], axis=0, return_index=True, return_inverse=True)
    both = np.zeros(len(pair), dtype=np.int64)
    np.bitwise_or.at(both, row.ravel(), rows[:, 2])
    return np.column_stack([pair, both, found.flipped[drawn][first]])


def drawn_on(network: RoadNetwork) -> list[tuple[int, int, list[int]]]:
    """Return (road, road it is drawn on top of, pieces) for each two roads that were merged, by road."""
    found: dict[tuple[int, int], list[int]] = {}
    for piece, road, *_ in network.copies.tolist():
        first = int(network.piece_road[piece])
        if road != first:
            found.setdefault((road, first), []).append(piece)
    return [(road, first, pieces) for (road, first), pieces in sorted(found.items())]
