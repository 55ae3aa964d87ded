"""Where sites without surveyed entrances may be entered: at roads that meet their border or run beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..dependencies import require
from .closures import TOUCH
from .cutting import SAME_PLACE, measures_of
from .near_pieces import NearPieces
from .network import RoadNetwork
from .reach import Reach

PURPOSE = "finding where shelters can be entered"
BESIDE = 15.0  # m: a road this near runs beside the site
APART = 50.0  # m: doors of one site are at least this far from each other


class GuessedDoors(NamedTuple):
    """Doors on pieces.

    Attributes
    ----------
    site, piece : (d,) int64
    measure : (d,) float64
        Metres along the piece, as drawn.
    distance : (d,) float64
        Metres from the site's border.
    """

    site: np.ndarray
    piece: np.ndarray
    measure: np.ndarray
    distance: np.ndarray


def guess_doors(
    network: RoadNetwork, sites: Sequence[bytes], usable: np.ndarray, starts: np.ndarray, most: int
) -> GuessedDoors:
    """Choose at most ``most`` doors of each site, those that let most vehicles in first.

    A door lies where a road that can be reached from a start without crossing the site meets its border, or, of a road
    that runs beside it within :data:`BESIDE`, in the middle of the longest stretch that does; at least :data:`APART`
    from another door of the site. It lets in what the directed pieces that enter it, and that can be reached so, let
    pass. Of equal ones that on the road with the lowest id, and there the first along it.

    Parameters
    ----------
    network : RoadNetwork
    sites : sequence of bytes
        Valid polygons in the network's CRS, well-known binary.
    usable : (p,) bool
        Pieces on which a door may lie.
    starts : (k,) int
        Nodes at which people start.
    most : int
    """
    if not len(sites) or not network.piece_count:
        return _doors([])
    shapely = require("shapely", PURPOSE)
    shapes = shapely.from_wkb(list(sites))
    pieces = NearPieces(network)
    around = shapely.buffer(shapes, BESIDE)
    site, piece = shapely.STRtree(pieces.lines).query(around, predicate="intersects")
    core = shapely.buffer(shapes, -TOUCH)
    crossing = shapely.intersects(core[site], pieces.lines[piece])
    near = usable[piece]
    access = _Access(pieces, core, starts, (site[crossing], piece[crossing]), piece[near])
    spots = _spots(pieces, shapes, around, site[near], piece[near])
    rank = np.argsort(np.argsort(np.array(network.road_ids, dtype=object), kind="stable"), kind="stable")
    found: list[tuple[int, int, float, float]] = []
    order = np.argsort(spots.site, kind="stable")
    bounds = np.searchsorted(spots.site[order], np.arange(len(shapes) + 1))
    for k in np.flatnonzero(np.diff(bounds)).tolist():
        rows = order[bounds[k] : bounds[k + 1]]
        flow = np.array([access.capacity(k, int(spots.piece[r]), float(spots.measure[r])) for r in rows.tolist()])
        open_, flow = rows[flow > 0], flow[flow > 0]
        best = np.lexsort(
            (spots.measure[open_], spots.piece[open_], rank[network.piece_road[spots.piece[open_]]], -flow)
        )
        xy = pieces.points(spots.piece[open_], spots.measure[open_])
        taken: list[int] = []
        for j in best.tolist():
            if len(taken) < most and all(np.hypot(*(xy[j] - xy[t])) >= APART for t in taken):
                taken.append(j)
        found += [(k, *(column[open_[j]].item() for column in spots[1:])) for j in taken]
    return _doors(found)


def _doors(rows: list[tuple[int, int, float, float]]) -> GuessedDoors:
    site, piece, measure, distance = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    return GuessedDoors(site.astype(np.int64), piece.astype(np.int64), measure, distance)


def _spots(
    pieces: NearPieces, shapes: np.ndarray, around: np.ndarray, site: np.ndarray, piece: np.ndarray
) -> GuessedDoors:
    """Return where near pieces (c,) meet the border of their sites, or else the middle of where they run beside it."""
    shapely = require("shapely", PURPOSE)
    lines = pieces.lines[piece]
    meets = shapely.intersects(lines, shapes[site])
    border = shapely.boundary(shapes)
    xy, of = shapely.get_coordinates(shapely.intersection(lines[meets], border[site[meets]]), return_index=True)
    met = np.flatnonzero(meets)[of]
    apart = np.flatnonzero(~meets)
    stretch, of = shapely.get_parts(shapely.intersection(lines[apart], around[site[apart]]), return_index=True)
    size = shapely.length(stretch)
    longest = np.lexsort((np.arange(len(of)), -size, of))
    longest = longest[np.unique(of[longest], return_index=True)[1]]
    longest = longest[size[longest] > 0]
    middle = shapely.get_coordinates(shapely.line_interpolate_point(stretch[longest], 0.5, normalized=True))
    row = np.concatenate([met, apart[of[longest]]])
    where = np.concatenate([xy, middle]).reshape(-1, 2)
    far = shapely.distance(shapely.points(where), shapes[site[row]])
    return GuessedDoors(site[row], piece[row], pieces.measures(piece[row], where), far)


class _Access:
    """What can enter at a place on a piece, from a start, without crossing the site."""

    def __init__(
        self,
        pieces: NearPieces,
        core: np.ndarray,
        starts: np.ndarray,
        crossed: tuple[np.ndarray, np.ndarray],
        near: np.ndarray,
    ) -> None:
        """Take pairs of a site and a piece that crosses it, and the pieces on which places will be asked about."""
        network = pieces.network
        self._network, self._core = network, core
        self._first, self._last = network.piece_ends()
        self._length = require("shapely", PURPOSE).length(pieces.lines)
        road = np.flatnonzero(network.is_road)
        self._arc = np.full((network.piece_count, 2), -1, dtype=np.int64)
        self._arc[network.piece[road], np.where(network.forward[road], 0, 1)] = road
        closed = np.zeros(network.arc_count, dtype=bool)
        ends = np.zeros(network.node_count, dtype=bool)
        ends[self._first[near]] = ends[self._last[near]] = True
        closed[ends[network.tail]] = True
        crossing: dict[int, set[int]] = defaultdict(set)  # arcs that cross a site
        for k, p in zip(*(column.tolist() for column in crossed)):
            crossing[k].update(arc for arc in self._arc[p].tolist() if arc >= 0)
        closed[[arc for arcs in crossing.values() for arc in arcs]] = True
        self._crossing = dict(crossing)
        self._reach = Reach(network, starts, closed)

    def capacity(self, site: int, piece: int, measure: float) -> float:
        """Return vehicles/h that can enter at a place without passing it; 0 where nobody comes to it."""
        crossing = self._crossing.get(site, set())
        if measure <= SAME_PLACE or measure >= self._length[piece] - SAME_PLACE:
            node = int(self._first[piece] if measure <= SAME_PLACE else self._last[piece])
            arcs = [arc for arc in self._reach.entering(node).tolist() if arc not in crossing]
            without = crossing.union(self._reach.leaving(node).tolist())
        else:
            arcs = [arc for way, arc in enumerate(self._arc[piece].tolist()) if arc >= 0 and
                    (arc not in crossing or self._outside(site, piece, measure, way))]  # fmt: skip
            without = crossing.union(self._arc[piece].tolist())
        network = self._network
        return sum(
            float(network.capacity[arc])
            for arc in arcs
            if network.piece[arc] >= 0 and self._reach.comes_to(int(network.tail[arc]), without)
        )

    def _outside(self, site: int, piece: int, measure: float, way: int) -> bool:
        """Whether the stretch of a crossing piece that leads to a place, as drawn (0) or against (1), is outside."""
        shapely = require("shapely", PURPOSE)
        network = self._network
        xy = network.piece_xy[network.piece_start[piece] : network.piece_start[piece + 1]]
        along = measures_of(xy)
        here = np.array([[np.interp(measure, along, xy[:, axis]) for axis in (0, 1)]])
        stretch = np.vstack([xy[along < measure], here]) if way == 0 else np.vstack([here, xy[along > measure]])
        return not shapely.intersects(self._core[site], shapely.linestrings(stretch))
