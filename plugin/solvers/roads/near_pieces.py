"""Which pieces of a network lie near places, and where on them the nearest point is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..dependencies import require
from .network import RoadNetwork

POOLED = 500  # pieces: parts of a network with fewer are searched together
PAIRS_AT_ONCE = 2000  # places whose surroundings are looked at in one go


class Near(NamedTuple):
    """Pairs of a place and a piece near it.

    Attributes
    ----------
    place, piece : (c,) int64
    distance : (c,) float64
        Metres.
    """

    place: np.ndarray
    piece: np.ndarray
    distance: np.ndarray


class NearPieces:
    """The pieces of a network as lines in a spatial index.

    Attributes
    ----------
    network : RoadNetwork
    lines : (p,) array of shapely lines
    """

    def __init__(self, network: RoadNetwork) -> None:
        self._shapely = require("shapely", "joining places to roads")
        self.network = network
        line = np.repeat(np.arange(network.piece_count), np.diff(network.piece_start))
        self.lines = self._shapely.linestrings(network.piece_xy, indices=line)

    def measures(self, pieces: np.ndarray, xy: np.ndarray) -> np.ndarray:
        """Return the metres (c,) along each piece, as drawn, of its point nearest to a position (c, 2)."""
        return np.nan_to_num(self._shapely.line_locate_point(self.lines[pieces], self._shapely.points(xy)))

    def lengths(self, pieces: np.ndarray) -> np.ndarray:
        """Return the planar metres (c,) of pieces."""
        metres: np.ndarray = self._shapely.length(self.lines[pieces])
        return metres

    def points(self, pieces: np.ndarray, measures: np.ndarray) -> np.ndarray:
        """Return the positions (c, 2) at metres along pieces."""
        return self._shapely.get_coordinates(self._shapely.line_interpolate_point(self.lines[pieces], measures))

    def nearest(self, xy: np.ndarray, chosen: np.ndarray, limit: float | None = None) -> Near:
        """Return for each position (k, 2) the nearest of the ``chosen`` pieces, if one lies within ``limit`` metres.

        Of several equally near ones the lowest.
        """
        if not len(chosen) or not len(xy):
            return together([])
        tree = self._shapely.STRtree(self.lines[chosen])
        # All ties are asked for and the lowest piece taken: which one comes first is up to the tree.
        pairs, far = tree.query_nearest(
            self._shapely.points(xy), max_distance=limit or None, all_matches=True, return_distance=True
        )
        near = far <= (np.inf if limit is None else limit)
        found = Near(pairs[0][near], chosen[pairs[1][near]], far[near])
        return closest(found, found.place)

    def within(self, xy: np.ndarray, chosen: np.ndarray, reach: np.ndarray) -> Near:
        """Return all pairs of a position (k, 2) and one of the ``chosen`` pieces within its ``reach`` (k,) metres."""
        found: list[Near] = []
        if not len(chosen):
            return together(found)
        tree = self._shapely.STRtree(self.lines[chosen])
        for first in range(0, len(xy), PAIRS_AT_ONCE):
            at, wide = xy[first : first + PAIRS_AT_ONCE], reach[first : first + PAIRS_AT_ONCE, None]
            pairs = tree.query(self._shapely.box(*(at - wide).T, *(at + wide).T))
            pieces = chosen[pairs[1]]
            far = self._shapely.distance(self._shapely.points(at)[pairs[0]], self.lines[pieces])
            near = far <= wide[pairs[0], 0]
            found.append(Near(pairs[0][near] + first, pieces[near], far[near]))
        return together(found)

    def nearest_by_part(self, xy: np.ndarray, usable: np.ndarray, part: np.ndarray, limit: float) -> Near:
        """Return for each position (k, 2) the nearest usable piece of each part within ``limit`` metres.

        ``usable`` (p,) bool and ``part`` (p,) int are of the pieces.
        """
        chosen = np.flatnonzero(usable)
        parts, size = np.unique(part[chosen], return_counts=True)
        small = np.isin(part[chosen], parts[size < POOLED])
        found = [self.nearest(xy, chosen[part[chosen] == k], limit) for k in parts[size >= POOLED].tolist()]
        found.append(self.within(xy, chosen[small], np.full(len(xy), limit)))
        pairs = together(found)
        return closest(pairs, pairs.place, part[pairs.piece])


def together(groups: Sequence[Near]) -> Near:
    """Return the pairs of several groups one after the other."""
    none = Near(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))
    return Near(*(np.concatenate(column) for column in zip(none, *groups)))


def closest(pairs: Near, *keys: np.ndarray) -> Near:
    """Return the nearest pair of each combination of keys (c,), of equal ones that with the lowest piece."""
    order = np.lexsort((pairs.piece, pairs.distance, *reversed(keys)))
    new = np.zeros(len(order), dtype=bool)
    new[:1] = True
    for key in keys:
        new[1:] |= np.diff(key[order]) != 0
    return Near(*(column[order[new]] for column in pairs))
