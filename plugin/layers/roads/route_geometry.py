"""Stretches of the network, and lines that could not be used, as geometries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsPointXY, QgsProcessingContext

from ...solvers.roads.problem import UNUSABLE
from ..transforming import line_geometry, transform_vertices
from .options import ReadNetwork

TOGETHER = 20_000  # vertices transformed in one call


def arcs_geometries(
    read: ReadNetwork,
    chains: Iterable[Sequence[int] | np.ndarray],
    target: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
) -> Iterator[QgsGeometry]:
    """Yield chains of arcs as lines in travel order, in the CRS ``target``; null for no arcs."""
    return lines_in(read, (read.network.path_xy(chain) for chain in chains), target, context)


def lines_in(
    read: ReadNetwork,
    vertices: Iterable[np.ndarray],
    target: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
) -> Iterator[QgsGeometry]:
    """Yield vertices (v, 2) of the working CRS as lines in the CRS ``target``; null for no vertices.

    They are transformed many at a time, but made as they are asked for, so that whoever writes them can stop.
    """
    held: list[np.ndarray] = []
    count = 0
    for xy in vertices:
        held.append(xy)
        count += len(xy)
        if count >= TOGETHER:
            yield from _lines(read, held, target, context)
            held, count = [], 0
    yield from _lines(read, held, target, context)


def _lines(
    read: ReadNetwork,
    vertices: list[np.ndarray],
    target: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
) -> list[QgsGeometry]:
    if not vertices:
        return []
    size = np.array([len(xy) for xy in vertices])
    moved = transform_vertices(np.concatenate(vertices), read.crs, target, context.transformContext())
    parts = np.split(moved, np.cumsum(size)[:-1])
    return [line_geometry(xy) if len(xy) else QgsGeometry() for xy in parts]


def points_in(
    read: ReadNetwork,
    xy: Sequence[tuple[float, float]],
    target: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
) -> Iterator[QgsGeometry]:
    """Yield positions of the working CRS as points in the CRS ``target``."""
    positions = np.array(xy, dtype=np.float64).reshape(-1, 2)
    moved = transform_vertices(positions, read.crs, target, context.transformContext())
    for x, y in moved.tolist():
        yield QgsGeometry.fromPointXY(QgsPointXY(x, y))


def piece_geometries(
    read: ReadNetwork, target: QgsCoordinateReferenceSystem, context: QgsProcessingContext
) -> Iterator[QgsGeometry]:
    """Yield the network's pieces as drawn, in the CRS ``target``."""
    network = read.network
    moved = transform_vertices(network.piece_xy, read.crs, target, context.transformContext())
    offsets = network.piece_start.tolist()
    for first, last in zip(offsets[:-1], offsets[1:]):
        yield line_geometry(moved[first:last])


def rejected_problems(read: ReadNetwork) -> list[tuple[QgsGeometry | None, tuple[Any, ...]]]:
    """Return a row (geometry in the layer's CRS, (problem, road_id, detail)) for each; None without a position."""
    rows: list[tuple[QgsGeometry | None, tuple[Any, ...]]] = []
    listed = [(UNUSABLE, road, reason) for road, reason in read.rejected] + read.left_out
    for values, xy in zip(listed, np.concatenate([read.rejected_xy, read.left_out_xy])):
        known = bool(np.isfinite(xy).all())
        shape = QgsGeometry.fromPointXY(QgsPointXY(*xy.tolist())) if known else None
        rows.append((shape, values))
    return rows
