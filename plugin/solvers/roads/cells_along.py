"""The cells of a grid of moments that roads touch: parts of pieces with the earliest moment on each."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..graph.stars import spread_rows
from .network import RoadNetwork
from .road_closings import PieceParts

LONGEST_PART = 50.0  # m


class ArrivalGrid(NamedTuple):
    """When something reaches each cell of a grid.

    Attributes
    ----------
    seconds : (h, w) float64
        From t = 0, rows from the top; infinite where it never does.
    left, top : float
        The upper left corner.
    width, height : float
        Of a cell, above 0.
    """

    seconds: np.ndarray
    left: float
    top: float
    width: float
    height: float

    def cells(self, xy: np.ndarray) -> np.ndarray:
        """Return positions (k, 2) in columns and rows from the upper left corner."""
        return np.column_stack([(xy[:, 0] - self.left) / self.width, (self.top - xy[:, 1]) / self.height])

    def at(self, xy: np.ndarray) -> np.ndarray:
        """Return the seconds (k,) at positions (k, 2); infinite outside the grid and for NaN."""
        return self._of_cells(self.cells(np.asarray(xy, dtype=np.float64).reshape(-1, 2)))

    def _of_cells(self, place: np.ndarray) -> np.ndarray:
        rows, columns = self.seconds.shape
        there = np.isfinite(place).all(axis=1)
        column, row = np.floor(np.where(there[:, None], place, -1.0)).astype(np.int64).T
        there &= (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        out = np.full(len(place), np.inf)
        out[there] = self.seconds[row[there], column[there]]
        return out

    def along(self, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Return the earliest seconds (k,) in the cells that straight segments between positions (k, 2) pass."""
        place, other = self.cells(first), self.cells(last)
        out = np.minimum(self._of_cells(place), self._of_cells(other))
        rows, columns = self.seconds.shape
        known = np.isfinite(place).all(axis=1) & np.isfinite(other).all(axis=1)
        low, high = np.minimum(place, other), np.maximum(place, other)
        near = np.flatnonzero(
            known & (high[:, 0] >= 0) & (low[:, 0] <= columns) & (high[:, 1] >= 0) & (low[:, 1] <= rows)
        )
        place, step = place[near], other[near] - place[near]
        segment, share = _line_crossings(place, step)
        segment = np.concatenate([segment, np.arange(len(near)), np.arange(len(near))])
        share = np.concatenate([share, np.zeros(len(near)), np.ones(len(near))])
        order = np.lexsort((share, segment))
        segment, share = segment[order], share[order]
        follows = np.flatnonzero(np.diff(segment) == 0)
        middle = (share[follows] + share[follows + 1]) / 2.0
        own = segment[follows]
        np.minimum.at(out, near[own], self._of_cells(place[own] + step[own] * middle[:, None]))
        return out


def _line_crossings(place: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ``(segment, share)`` of all crossings of segments with the lines between cells, which are one apart."""
    segments, shares = [], []
    for axis in (0, 1):
        begin, move = np.floor(place[:, axis]), step[:, axis]
        count = np.abs(np.floor(place[:, axis] + move) - begin).astype(np.int64)
        segment, number = spread_rows(np.zeros(len(place), dtype=np.int64), count)
        line = np.where(move[segment] > 0, begin[segment] + 1 + number, begin[segment] - number)
        segments.append(segment)
        shares.append(np.clip((line - place[segment, axis]) / move[segment], 0.0, 1.0))
    return np.concatenate(segments), np.concatenate(shares)


def parts_on_grid(
    network: RoadNetwork, grid: ArrivalGrid, moved: Callable[[np.ndarray], np.ndarray], longest: float = LONGEST_PART
) -> tuple[PieceParts, np.ndarray]:
    """Return the pieces that a grid ever reaches in equal parts of at most ``longest`` metres, and their moments.

    Parameters
    ----------
    network : RoadNetwork
    grid : ArrivalGrid
    moved : callable
        Takes positions (k, 2) of the network's CRS into the grid's; NaN for those without an image.
    longest : float

    Returns
    -------
    parts : PieceParts
        Only those that are ever reached.
    seconds : (k,) float64
        The earliest in any cell that the part touches.
    """
    steps = np.hypot(*np.diff(network.piece_xy, axis=0).T) if len(network.piece_xy) else np.empty(0)
    size = np.diff(network.piece_start)
    owner = np.repeat(np.arange(network.piece_count), size)
    along = np.concatenate([[0.0], np.cumsum(steps)])[: len(owner)]
    along = along - along[network.piece_start[:-1]][owner] if len(owner) else along
    whole = np.maximum(along[network.piece_start[1:] - 1], np.finfo(float).tiny)
    count = np.maximum(np.ceil(network.piece_lengths() / longest - 1e-9), 1).astype(np.int64)
    inner, number = spread_rows(np.ones(network.piece_count, dtype=np.int64), count - 1)
    mark = whole[inner] * number / count[inner]
    base = np.concatenate([[0.0], np.cumsum(whole + 1.0)])[:-1]
    flat = base[owner] + along
    cuts = np.column_stack([np.interp(base[inner] + mark, flat, network.piece_xy[:, axis]) for axis in (0, 1)])
    piece = np.concatenate([owner, inner])
    place = np.concatenate([along, mark])
    xy = np.vstack([network.piece_xy, cuts])
    order = np.lexsort((place, piece))
    piece, place, xy = piece[order], place[order], moved(xy[order])
    follows = np.flatnonzero(np.diff(piece) == 0)
    seconds = grid.along(xy[follows], xy[follows + 1])
    own = piece[follows]
    middle = (place[follows] + place[follows + 1]) / 2.0
    part = np.minimum((middle / whole[own] * count[own]).astype(np.int64), count[own] - 1)
    before = np.cumsum(count) - count
    first = np.full(int(count.sum()), np.inf)
    np.minimum.at(first, before[own] + part, seconds)
    reached = np.flatnonzero(np.isfinite(first))
    of = np.repeat(np.arange(network.piece_count), count)[reached]
    at = reached - before[of]
    return PieceParts(of, at / count[of], (at + 1) / count[of]), first[reached]
